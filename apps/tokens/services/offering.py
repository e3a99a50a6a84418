"""The primary offering's beginning (TOK-5)."""

from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.businesses import selectors as businesses
from apps.common.db import opens_transaction
from apps.common.errors import Conflict
from apps.common.types import Actor
from apps.outbox import services as outbox
from apps.tokens import locks, rules, selectors
from apps.tokens.services.moving import move
from apps.tokens.types import OFFERING_STARTED, Token, TokenStatus, TradingMode


class NotDeployed(Conflict):
    """The token's contracts aren't final on chain yet."""

    code = "not_deployed"


@opens_transaction
def start_offering(
    *, token_id: UUID, primary_start: datetime, primary_end: datetime, by: Actor, at: datetime
) -> Token:
    """Open the primary offering of a deployed token, from its start until its end (TOK-5).

    Raises NotFound, Conflict `invalid_transition`, NotDeployed, InvalidPeriod, BusinessNotActive.
    """
    row = locks.token(token_id)
    move(row, TokenStatus.PRIMARY, by=by, at=at)
    if row.deployed_at is None:
        raise NotDeployed(
            "Its contracts are not on chain yet.", next_step="Deploy it, and wait until that is final."
        )
    rules.check_period(primary_start, primary_end, at=at)
    businesses.require_active(row.business_id)
    row.trading_mode = TradingMode.PRIMARY_SUBSCRIPTION
    row.primary_start, row.primary_end, row.updated_at = primary_start, primary_end, at
    row.version += 1
    row.save(
        update_fields=["status", "trading_mode", "primary_start", "primary_end", "updated_at", "version"]
    )
    audit.record(
        action="tokens.offering_started",
        target_type="token",
        target_id=str(token_id),
        before={"status": TokenStatus.DRAFT},
        after={"status": row.status, "primary_start": primary_start, "primary_end": primary_end},
        by=by,
        at=at,
    )
    outbox.publish(
        type=OFFERING_STARTED.name,
        key=str(token_id),
        payload={"token_id": str(token_id), "business_id": str(row.business_id)},
        at=at,
    )
    return selectors.as_token(row)
