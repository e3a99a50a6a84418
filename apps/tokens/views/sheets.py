"""What several pages show: a token's terms in words, its deployment in steps, its offering in numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.businesses import selectors as businesses
from apps.chain import selectors as chain
from apps.chain.types import Intent, IntentState, Step, Suite, TransactionState
from apps.common.fields import country_name
from apps.parameters import selectors as parameters
from apps.tokens import rules, selectors
from apps.tokens.forms import CLASSES, KINDS, country_names
from apps.tokens.types import COOLING_OFF_HOURS, Progress, Shares, Terms, Token, TokenStatus

Words = str | Promise

STAGES = (_("Requested"), _("Signed"), _("Sent"), _("Mined"), _("Confirmed"))
# How many of the stages are behind a transaction in each state.
_PASSED = {
    TransactionState.QUEUED: 1,
    TransactionState.ASSIGNED: 1,
    TransactionState.SIGNED: 2,
    TransactionState.BROADCAST: 3,
    TransactionState.MINED: 4,
    TransactionState.CONFIRMED: 5,
    TransactionState.REVERTED: 4,
    TransactionState.SUPERSEDED: 3,
    TransactionState.CANCELLED: 1,
    TransactionState.DEAD: 1,
}
_ENDED_BADLY = {
    TransactionState.REVERTED,
    TransactionState.SUPERSEDED,
    TransactionState.CANCELLED,
    TransactionState.DEAD,
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """The terms of a token as people read them. `cooling_off` in hours; empty `countries`: all of them."""

    terms: Terms
    cash_decimals: int
    shares: Shares
    kind: Words
    jurisdiction: str
    countries: list[str]
    classes: list[Words]
    cooling_off: int
    target: int


@dataclass(frozen=True, slots=True)
class Stage:
    """A named stage and how far it is: done, current, todo or failed; `value` is an address or a note."""

    title: Words
    state: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """One transaction with its stages."""

    step: Step
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Deployment:
    """How far a token's contracts are. `is_moving` while it changes by itself; `waits_for` says for what."""

    intent: Intent | None
    suite: Suite | None
    acts: tuple[Stage, ...]
    sendings: tuple[Sending, ...]
    has_failed: bool
    waits_for: str
    is_moving: bool
    explorer: str


@dataclass(frozen=True, slots=True)
class Offering:
    """An offering in numbers. `percent` of the units are sold, `reserved_percent` wait for their payment."""

    token: Token
    progress: Progress | None
    percent: int
    reserved_percent: int
    target: int
    is_open: bool
    is_moving: bool


def sheet_of(terms: Terms, *, cash_decimals: int) -> Sheet:
    """Return the terms in words."""
    shares = rules.divide_supply(terms)
    return Sheet(
        terms=terms,
        cash_decimals=cash_decimals,
        shares=shares,
        kind=KINDS[terms.kind],
        jurisdiction=country_name(terms.jurisdiction),
        countries=country_names(terms.eligible_countries),
        classes=[CLASSES.get(each, str(each)) for each in terms.eligible_classes],
        cooling_off=hours_of(terms),
        target=worth(terms, shares.primary),
    )


def hours_of(terms: Terms) -> int:
    """Return the hours of a retail investor's cooling-off."""
    own = terms.cooling_off_hours
    return parameters.value(COOLING_OFF_HOURS) if own is None else own


def worth(terms: Terms, units: int) -> int:
    """Return what base units cost at the offering's price, rounded down to whole money."""
    return units * terms.price_per_token // int(10**terms.decimals)


def names_of(business_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of businesses by id."""
    found = businesses.matching().filter(pk__in=set(business_ids))
    return dict(found.values_list("pk", "name"))


def offering_of(token: Token, *, at: datetime, counted: bool = False) -> Offering:
    """Return how far an offering is; `counted` with its investors and allocations."""
    whole = token.primary_allotment or 1
    return Offering(
        token=token,
        progress=selectors.progress(token.id) if counted else None,
        percent=token.tokens_sold * 100 // whole,
        reserved_percent=token.tokens_reserved * 100 // whole,
        target=worth(token.terms, token.primary_allotment),
        is_open=token.is_open(at),
        is_moving=token.status is TokenStatus.PRIMARY,
    )


def deployment_of(token_id: UUID) -> Deployment:
    """Return how far a token's contracts are, the five acts and each transaction's stages."""
    intent = selectors.deployment(token_id)
    suite = chain.suite(token_id)
    return Deployment(
        intent=intent,
        suite=suite,
        acts=_acts(intent, suite),
        sendings=tuple(map(_sending, intent.steps)) if intent else (),
        has_failed=intent is not None and _has_failed(intent),
        waits_for=intent.waits_for if intent else "",
        is_moving=intent is not None and intent.state in {IntentState.QUEUED, IntentState.PROCESSING},
        explorer=settings.CHAIN_EXPLORER,
    )


def paid_out_of(token: Token) -> dict[str, Any]:
    """Return what pages show of a listed token: what was handed out, and how its market is on chain."""
    if token.listed_at is None:
        return {}
    return {"granted": selectors.granted(token.id), "market": chain.market_of(token.id)}


def _sending(step: Step) -> Sending:
    return Sending(step, _stages(step))


def _acts(intent: Intent | None, suite: Suite | None) -> tuple[Stage, ...]:
    """Return the five acts of a deployment; one transaction of the factory does them all (TOK-4)."""
    state = _act_state(intent, suite)
    return (
        Stage(_("Identity registry"), state, suite.identity_registry if suite else ""),
        Stage(_("Compliance"), state, suite.compliance if suite else ""),
        Stage(_("Token"), state, suite.token if suite else ""),
        Stage(_("Agent for minting and freezing"), state),
        Stage(_("Agent for settlement"), state),
    )


def _act_state(intent: Intent | None, suite: Suite | None) -> str:
    if suite is not None:
        return "done"
    if intent is None:
        return "todo"
    if _has_failed(intent):
        return "failed"
    return "current" if intent.steps else "todo"


def _has_failed(intent: Intent) -> bool:
    """Tell whether the last try failed and none is under way."""
    queued_again = intent.state is IntentState.QUEUED and bool(intent.error)
    return intent.state is IntentState.DEAD or queued_again


def _stages(step: Step) -> tuple[Stage, ...]:
    passed = _PASSED[step.state]
    if step.state is TransactionState.DEAD and step.tx_hash:
        passed = 3
    following = "failed" if step.state in _ENDED_BADLY else "current"
    return tuple(
        Stage(title, "done" if number < passed else following if number == passed else "todo")
        for number, title in enumerate(STAGES)
    )
