"""One round of the sender: carry on what is under way, then see what each open intent needs next."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.chain import states
from apps.chain.client import transactions as node
from apps.chain.client.nodes import NodeUnavailable
from apps.chain.client.rpc import NodeRefused, Reverted
from apps.chain.models import Intent, Network, Transaction
from apps.chain.sender import queue
from apps.chain.sender.carrier import Carrier, limits
from apps.chain.sender.plans import PLANS
from apps.chain.sender.steps import Call, Done, Finished, Job, Wait
from apps.chain.signer import Signer
from apps.chain.types import Duty, IntentKind, NetworkState, TransactionState

AT_ONCE = 25  # intents of one kind that are looked at in a round, so that no kind holds up another
AGAIN = timedelta(seconds=1)  # until an intent that waits for something is looked at again

# What passes by itself. Any other error of the database is about the row in hand: a node may say anything.
_AWAY = (NodeUnavailable, OperationalError, InterfaceError)

log = structlog.get_logger(__name__)


def go_round(signer: Signer, *, at: datetime, go_on: Callable[[], bool] = lambda: True) -> bool:
    """Carry everything on as far as it goes now; return whether anything changed.

    One transaction's or intent's trouble is its own. `go_on` is asked between them.

    Raises NodeUnavailable, and what says that the database is away: then all of it waits, at no cost.
    """
    if not (_under_way().exists() or _open(at).exists()) or not _chain_is_ours():
        return False
    carrier = Carrier(signer, limits(), at)
    changed = False
    for found in _under_way().exclude(_held_back(at)).order_by("created_at"):
        if not go_on():
            return changed
        changed |= _guarded(lambda found=found: carrier.carry(found), what=str(found.pk))  # type: ignore[misc]
    for kind in PLANS:
        for intent in _open(at).filter(kind=kind).order_by("created_at")[:AT_ONCE]:
            if not go_on():
                return changed
            moved = _look(carrier, intent)
            changed |= bool(moved)
            if moved is None:  # its signer is busy, and the others of this kind need the same one
                break
    return changed


def _look(carrier: Carrier, intent: Intent) -> bool | None:
    """Ask an intent's plan and do what it says. None if its signer has too much under way."""
    job = _job(intent, carrier.signer)
    at, attempts = carrier.at, carrier.limits.attempts
    try:
        answer = PLANS[job.kind](job)
    except _AWAY:
        raise
    except (Reverted, NodeRefused) as refusal:
        queue.fail(intent.pk, str(refusal), attempts=attempts, at=at)
        return True
    except Exception as error:
        log.exception("chain.plan_failed", intent=str(intent.pk))
        queue.fail(intent.pk, f"{type(error).__name__}: {error}", attempts=attempts, at=at)
        return True
    match answer:
        case Wait(why):
            queue.put_off(intent.pk, why, until=at + AGAIN)
            return False
        case Done():
            return queue.complete(intent.pk, answer, seen=job.seen, at=at)
        case Call():
            return _begin(carrier, intent, answer, job.seen)


def _begin(carrier: Carrier, intent: Intent, call: Call, seen: int) -> bool | None:
    if _in_flight(call.duty) >= carrier.limits.in_flight:
        return None
    made = queue.begin(intent.pk, call, seen=seen, at=carrier.at)
    if made is None:
        return False
    _guarded(lambda: carrier.carry(made), what=str(made.pk))
    return True


def _guarded(act: Callable[[], bool], *, what: str) -> bool:
    """Run an act whose trouble is nobody else's. It is tried again in the next round."""
    try:
        return act()
    except _AWAY:
        raise
    except Exception as error:
        log.warning("chain.held_up", transaction=what, error=f"{type(error).__name__}: {error}"[:300])
        return False


def _job(intent: Intent, signer: Signer) -> Job:
    transactions = list(Transaction.objects.filter(intent=intent).order_by("number").defer("data"))
    return Job(
        id=intent.pk,
        kind=IntentKind(intent.kind),
        subject=intent.subject,
        arguments=intent.arguments,
        finished=tuple(_finished(transactions)),
        seen=len(transactions),
        signer=signer,
    )


def _finished(transactions: list[Transaction]) -> Iterator[Finished]:
    for each in transactions:
        if each.state == TransactionState.CONFIRMED and each.chain_id == settings.CHAIN_ID:
            yield Finished(each.step, each.tx_hash, each.block_number or 0, each.gas_used or 0)


def _under_way() -> QuerySet[Transaction]:
    return Transaction.objects.filter(state__in=states.TRANSACTION_OPEN, chain_id=settings.CHAIN_ID)


def _held_back(at: datetime) -> Q:
    return Q(state=TransactionState.QUEUED, intent__next_attempt_at__gt=at)


def _open(at: datetime) -> QuerySet[Intent]:
    """Return the intents whose time has come and that have no transaction under way."""
    under_way = Transaction.objects.filter(intent=OuterRef("pk"), state__in=states.TRANSACTION_OPEN)
    due = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=at)
    return Intent.objects.filter(~Exists(under_way), due, state__in=states.INTENT_OPEN)


def _in_flight(duty: Duty) -> int:
    return Transaction.objects.filter(
        state__in=states.IN_FLIGHT, duty=duty, chain_id=settings.CHAIN_ID
    ).count()


def _chain_is_ours() -> bool:
    """Tell whether the node has what we have seen final: otherwise nothing is sent (CHN-4)."""
    network = Network.objects.filter(chain_id=settings.CHAIN_ID).first()
    if network is None:
        return True
    if network.state == NetworkState.BEHIND:
        return False
    block = node.block(network.number)
    if block is None or block.hash != network.block_hash:
        log.warning("chain.behind", number=network.number, known=network.block_hash)
        return False
    return True
