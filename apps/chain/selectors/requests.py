"""What was asked of the chain, how far it is, and what it cost."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from apps.chain import models
from apps.chain.states import INTENT_OPEN
from apps.chain.types import (
    Duty,
    GasSum,
    Intent,
    IntentKind,
    IntentState,
    Sent,
    Settled,
    SignedForm,
    Step,
    TransactionState,
)
from apps.common.errors import NotFound

MAX_PAGE = 100
_MODULE = re.compile(r"ComplianceRefused\(0x[0-9a-fA-F]{40}, ([a-z_]+)\)", re.ASCII)  # a module's own word
_ERROR = re.compile(r"([A-Z]\w*)\(", re.ASCII)  # InsufficientFreeBalance(0x…, 0, 5)
_HASH = re.compile(r"0x[0-9a-f]{64}", re.ASCII)
_CAPITALS = re.compile(r"(?<!^)(?=[A-Z])")


def intent(intent_id: UUID) -> Intent:
    """Return one thing that was asked for, with its steps. Raises NotFound."""
    found = with_steps(models.Intent.objects.filter(pk=intent_id))
    if not found:
        raise NotFound("Nothing like this was asked of the chain.")
    return found[0]


def intent_of(kind: IntentKind, subject: UUID) -> Intent | None:
    """Return what was asked for this subject with its steps, None if nothing was."""
    rows = models.Intent.objects.filter(kind=kind, subject=subject).order_by("-created_at")
    return next(iter(with_steps(rows[:1])), None)


def market_of(token_id: UUID) -> Intent | None:
    """Return the last change of a token's market that was asked for, None if nothing was."""
    rows = models.Intent.objects.filter(kind=IntentKind.MARKET, arguments__token_id=str(token_id))
    return next(iter(with_steps(rows.order_by("-arguments__number")[:1])), None)


def intents(*, kind: str = "", state: str = "", limit: int = MAX_PAGE) -> list[Intent]:
    """Return the newest intents that match, with their steps."""
    return with_steps(matching(kind=kind, state=state)[: min(limit, MAX_PAGE)])


def matching(*, kind: str = "", state: str = "") -> QuerySet[models.Intent]:
    """Return the intents that match, newest first, for whoever turns pages."""
    wanted = {name: value for name, value in (("kind", kind), ("state", state)) if value}
    return models.Intent.objects.filter(**wanted).order_by("-created_at", "-id")


def with_steps(rows: Iterable[models.Intent]) -> list[Intent]:
    """Return intents with their steps, which are read all at once."""
    rows = list(rows)
    steps: defaultdict[UUID, list[Step]] = defaultdict(list)
    found = models.Transaction.objects.filter(intent__in=[row.pk for row in rows]).order_by("number")
    for row in found.defer("data"):
        steps[row.intent_id].append(_step(row))
    return [_intent(row, steps[row.pk]) for row in rows]


def transactions_of(intent_id: UUID) -> list[Sent]:
    """Return the transactions of an intent in their order, each with every form that was signed of it."""
    rows = list(models.Transaction.objects.filter(intent=intent_id).order_by("number").defer("data"))
    ids = [row.pk for row in rows]
    forms: defaultdict[UUID, list[SignedForm]] = defaultdict(list)
    for form in models.Attempt.objects.filter(transaction__in=ids).order_by("created_at").defer("raw"):
        forms[form.transaction_id].append(_form(form))
    gas = {row.pk: row for row in models.GasTransaction.objects.filter(pk__in=ids)}
    return [_sent(row, gas.get(row.pk), forms[row.pk]) for row in rows]


def settled(intent_id: UUID) -> dict[UUID, Settled]:
    """Return what became of each trade of a settlement that is completed."""
    row = models.Intent.objects.get(pk=intent_id, kind=IntentKind.SETTLEMENT)
    ids = [line[0] for line in row.arguments["trades"]]
    return {UUID(each): as_settled(row.result[each]) for each in ids if each in row.result}


def as_settled(said: str) -> Settled:
    """Read what the chain's side wrote of one trade: a transaction's hash, why it was refused, or nothing."""
    if not said or _HASH.fullmatch(said):
        return Settled(said)
    if found := _MODULE.match(said):
        return Settled("", found[1], said)
    found = _ERROR.match(said)
    return Settled("", _CAPITALS.sub("_", found[1]).casefold() if found else "refused", said)


def counts() -> dict[IntentState, int]:
    """Return how many intents are in each state."""
    found = dict(models.Intent.objects.values_list("state").annotate(Count("pk")).order_by())
    return {state: found.get(state, 0) for state in IntentState}


def oldest_open() -> datetime | None:
    """Return since when the oldest intent waits that isn't done."""
    rows = models.Intent.objects.filter(state__in=INTENT_OPEN).order_by("created_at")
    return rows.values_list("created_at", flat=True).first()


def gas_sums() -> list[GasSum]:
    """Return what each kind of act has cost, and the sum of all; costs in wei."""
    rows = models.GasTransaction.objects.values_list("kind").annotate(
        Count("pk"), Sum("gas_used"), Sum("cost")
    )
    return [GasSum(kind, count, gas, int(cost)) for kind, count, gas, cost in rows.order_by("kind")]


def _intent(row: models.Intent, steps: Sequence[Step]) -> Intent:
    return Intent(
        id=row.pk,
        kind=IntentKind(row.kind),
        subject=row.subject,
        state=IntentState(row.state),
        attempts=row.attempts,
        error=row.error,
        result=row.result,
        created_at=row.created_at,
        completed_at=row.completed_at,
        next_attempt_at=row.next_attempt_at,
        waits_for=row.waits_for,
        steps=tuple(steps),
    )


def _step(row: models.Transaction) -> Step:
    return Step(
        row.step,
        row.number,
        Duty(row.duty),
        TransactionState(row.state),
        row.nonce,
        row.tx_hash,
        row.block_number,
        row.gas_used,
        row.error,
        row.created_at,
        row.confirmed_at,
    )


def _sent(row: models.Transaction, gas: models.GasTransaction | None, forms: Sequence[SignedForm]) -> Sent:
    return Sent(
        id=row.pk,
        step=_step(row),
        signer=row.signer,
        to=row.to,
        contract_address=row.contract_address,
        gas_limit=row.gas_limit,
        gas_price=int(gas.gas_price) if gas else None,
        cost=int(gas.cost) if gas else None,
        broadcast_at=row.broadcast_at,
        forms=tuple(forms),
    )


def _form(row: models.Attempt) -> SignedForm:
    return SignedForm(
        row.tx_hash, int(row.max_fee), int(row.priority_fee), row.filler, row.created_at, row.tried_at
    )
