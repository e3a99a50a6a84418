"""The life of a listed token: paused and resumed, matured or delisted (TOK-2, TOK-9)."""

from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.chain import services as chain
from apps.common.db import needs_transaction, opens_transaction
from apps.common.ids import new_id
from apps.common.transitions import advance
from apps.common.types import Actor
from apps.outbox import services as outbox
from apps.outbox.types import MessageType
from apps.tokens import locks, models, rules, selectors, states
from apps.tokens.services.moving import move
from apps.tokens.types import (
    TOKEN_DELISTED,
    TOKEN_MATURED,
    TOKEN_PAUSED,
    TOKEN_RESUMED,
    Token,
    TokenStatus,
    TradingMode,
)


@opens_transaction
def pause(*, token_id: UUID, reason: str, by: Actor, at: datetime) -> Token:
    """Pause a token's market and its transfers on chain. Trades that aren't settled wait for the resumption.

    Raises NotFound, ReasonMissing, Conflict `invalid_transition`.
    """
    said = rules.tidy_reason(reason)
    row = locks.token(token_id)
    _change(row, TokenStatus.PAUSED, TOKEN_PAUSED, reason=said, by=by, at=at)
    chain.request_market(token_id=token_id, change_id=new_id(), open=False, by=by, at=at)
    return selectors.as_token(row)


@opens_transaction
def resume(*, token_id: UUID, reason: str, by: Actor, at: datetime) -> Token:
    """Open a paused market and its transfers on chain again.

    Raises NotFound, ReasonMissing, NotPaused.
    """
    said = rules.tidy_reason(reason)
    row = locks.token(token_id)
    rules.check_may_resume(TokenStatus(row.status))
    _change(row, TokenStatus.SECONDARY, TOKEN_RESUMED, reason=said, by=by, at=at)
    chain.request_market(token_id=token_id, change_id=new_id(), open=True, by=by, at=at)
    return selectors.as_token(row)


@opens_transaction
def mature(*, token_id: UUID, by: Actor, at: datetime) -> Token:
    """Bring a token to its end, once all of it is redeemed.

    Raises NotFound, Conflict `invalid_transition`, RedemptionOpen.
    """
    row = locks.token(token_id)
    token = selectors.as_token(row)
    advance(states.TOKEN, token.status, TokenStatus.MATURED)
    rules.check_may_mature(token, outstanding=selectors.outstanding(token))
    _change(row, TokenStatus.MATURED, TOKEN_MATURED, reason="", by=by, at=at)
    return selectors.as_token(row)


@opens_transaction
def delist(*, token_id: UUID, reason: str, by: Actor, at: datetime) -> Token:
    """Take a token off the market.

    Its open orders are cancelled by trading, which hears `token.delisted` and halts: orders are on a floor
    above. Transfers on chain are open afterwards, also of a token that was paused, so that trades done before
    can still be settled: nothing would open them later.

    Raises NotFound, ReasonMissing, Conflict `invalid_transition`.
    """
    said = rules.tidy_reason(reason)
    row = locks.token(token_id)
    was_paused = row.status == TokenStatus.PAUSED
    _change(row, TokenStatus.DELISTED, TOKEN_DELISTED, reason=said, by=by, at=at)
    if was_paused:
        chain.request_market(token_id=token_id, change_id=new_id(), open=True, by=by, at=at)
    return selectors.as_token(row)


@needs_transaction
def _change(
    row: models.Token, to: TokenStatus, told: MessageType, *, reason: str, by: Actor, at: datetime
) -> None:
    """Move a locked token on, with the trading mode that its status allows, and tell of it."""
    before = row.status
    move(row, to, by=by, at=at, reason=reason)
    is_traded = to is TokenStatus.SECONDARY
    row.trading_mode = TradingMode.FULL_ORDERBOOK if is_traded else TradingMode.PRIMARY_SUBSCRIPTION
    row.updated_at = at
    row.version += 1
    row.save(update_fields=["status", "trading_mode", "updated_at", "version"])
    audit.record(
        action=told.name.replace("token.", "tokens."),
        target_type="token",
        target_id=str(row.pk),
        before={"status": before},
        after={"status": row.status},
        reason=reason,
        by=by,
        at=at,
    )
    outbox.publish(
        type=told.name,
        key=str(row.pk),
        payload={"token_id": str(row.pk), "business_id": str(row.business_id)},
        at=at,
    )
