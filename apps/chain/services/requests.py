"""Asking something of the chain: one row, in the transaction of the act that wants it (CHN-2).

The chain process carries it out and publishes `chain.intent_completed` or `chain.intent_failed`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.chain.models import Holder, Intent, Suite
from apps.chain.states import INTENT_OPEN
from apps.chain.types import PLATFORM_SUBJECT, IntentKind, SuiteTerms, TradeToSettle
from apps.common.db import needs_transaction, opens_transaction, rows
from apps.common.errors import Conflict
from apps.common.types import Actor


class SuiteMissing(Conflict):
    """The token's contracts are not deployed yet."""

    code = "suite_missing"


class HolderUnknown(Conflict):
    """The investor has no address on chain and none was asked for."""

    code = "holder_unknown"


@needs_transaction
def request_platform(*, by: Actor, at: datetime) -> UUID:
    """Ask for the contracts that are deployed once per network; return the intent's id, also of a repeat."""
    return _ask(IntentKind.PLATFORM, PLATFORM_SUBJECT, "platform", {}, by=by, at=at)


@opens_transaction
def deploy_platform(*, by: Actor, at: datetime) -> UUID:
    """Ask for the platform by itself; return the intent's id, also of a repeat."""
    return request_platform(by=by, at=at)


@needs_transaction
def request_holder(*, owner: UUID, country: int, by: Actor, at: datetime) -> UUID:
    """Ask for an investor's custodial address, identity, KYC claim and entry in the shared storage.

    `country` is the ISO 3166 numeric code of residence. Returns the intent's id, also of a repeat.
    """
    Holder.objects.get_or_create(owner=owner, defaults={"country": country, "created_at": at})
    return _ask(IntentKind.HOLDER, owner, f"holder:{owner}", {"country": country}, by=by, at=at)


@needs_transaction
def request_suite(*, token_id: UUID, terms: SuiteTerms, by: Actor, at: datetime) -> UUID:
    """Ask for a token's contracts (CON-1). Returns the intent's id, also of a repeat."""
    arguments = asdict(terms) | {"countries": list(terms.countries)}
    return _ask(IntentKind.SUITE, token_id, f"suite:{token_id}", arguments, by=by, at=at)


@needs_transaction
def request_mint(*, mint_id: UUID, token_id: UUID, owner: UUID, units: int, by: Actor, at: datetime) -> UUID:
    """Ask for `units` (base units) of a token at the owner's custodial address, once for this `mint_id`.

    Returns the intent's id, also of a repeat.

    Raises SuiteMissing, HolderUnknown.
    """
    if not Suite.objects.filter(pk=token_id).exists():
        raise SuiteMissing("The token's contracts are not deployed yet.", next_step="Deploy the token first.")
    if not Holder.objects.filter(pk=owner).exists():
        raise HolderUnknown("The investor has no address on chain.", next_step="Approve their KYC first.")
    arguments = {"token_id": str(token_id), "owner": str(owner), "units": units}
    return _ask(IntentKind.MINT, mint_id, f"mint:{mint_id}", arguments, by=by, at=at)


@needs_transaction
def request_settlement(
    *, batch_id: UUID, token_id: UUID, trades: Sequence[TradeToSettle], by: Actor, at: datetime
) -> UUID:
    """Ask for trades of one token to be settled, in this order, once for this `batch_id`.

    Each is settled or refused by itself; `selectors.settled(intent_id)` says which. Returns the intent's id,
    also of a repeat.

    Raises SuiteMissing, HolderUnknown.
    """
    if not Suite.objects.filter(pk=token_id).exists():
        raise SuiteMissing("The token's contracts are not deployed yet.", next_step="Deploy the token first.")
    owners = {owner for trade in trades for owner in (trade.seller, trade.buyer)}
    if Holder.objects.filter(pk__in=owners).count() < len(owners):
        raise HolderUnknown("An investor has no address on chain.", next_step="Approve their KYC first.")
    lines = [[str(each.id), str(each.seller), str(each.buyer), each.units] for each in trades]
    arguments = {"token_id": str(token_id), "trades": lines}
    return _ask(IntentKind.SETTLEMENT, batch_id, f"settlement:{batch_id}", arguments, by=by, at=at)


@needs_transaction
def request_market(*, token_id: UUID, change_id: UUID, open: bool, by: Actor, at: datetime) -> UUID:  # noqa: A002  # what it is
    """Ask for a token's market to be open or closed: its transfers, and at opening its place in Settlement.

    The last request for a token is what counts; it waits for those before it, which give up unless they have
    sent something. Returns the intent's id, also of a repeat.

    Raises SuiteMissing.
    """
    if not Suite.objects.filter(pk=token_id).exists():
        raise SuiteMissing("The token's contracts are not deployed yet.", next_step="Deploy the token first.")
    rows("SELECT pg_advisory_xact_lock(hashtext('chain.market'), hashtext(%s))", [str(token_id)])
    before = Intent.objects.filter(kind=IntentKind.MARKET, arguments__token_id=str(token_id))
    before = before.exclude(subject=change_id)
    # Looked at now, whatever pause they are in, so that they don't hold this one up.
    before.filter(state__in=INTENT_OPEN).update(next_attempt_at=at)
    arguments = {"token_id": str(token_id), "open": open, "number": before.count() + 1}
    return _ask(IntentKind.MARKET, change_id, f"market:{change_id}", arguments, by=by, at=at)


def _ask(
    kind: IntentKind, subject: UUID, key: str, arguments: Mapping[str, Any], *, by: Actor, at: datetime
) -> UUID:
    intent, _ = Intent.objects.get_or_create(
        business_key=key,
        defaults={
            "kind": kind,
            "subject": subject,
            "arguments": dict(arguments),
            "requested_by": f"{by.kind}:{by.id}"[:160],
            "created_at": at,
            "next_attempt_at": at,
        },
    )
    return intent.pk
