"""When a token's market may be opened, what that does, and in what steps it is traded."""

from datetime import datetime

from apps.common import money
from apps.common.errors import Conflict, Invalid
from apps.tokens.rules.terms import divide_supply
from apps.tokens.types import AllocationType, GoLive, Progress, Terms, Token, TokenStatus

MAX_REASON = 200


class InvalidSteps(Invalid):
    """A tick or a lot in which the token can't be traded exactly; fields says which."""

    code = "invalid_steps"


class ReasonMissing(Invalid):
    """This act needs a reason, of at most 200 printable characters."""

    code = "reason_missing"


class NotPrimary(Conflict):
    """Only a token whose primary offering has begun comes to the market."""

    code = "not_primary"


class PaymentsPending(Conflict):
    """Some subscriptions are neither paid nor cancelled."""

    code = "payments_pending"


class MintsUnfinished(Conflict):
    """Some subscribed tokens are not on chain yet."""

    code = "mints_unfinished"


class SoftCapMissed(Conflict):
    """Less was raised than the offering's soft cap."""

    code = "soft_cap_missed"


class NotPaused(Conflict):
    """Only a paused market is resumed."""

    code = "not_paused"


class RedemptionOpen(Conflict):
    """Somebody still holds the token: its redemption isn't paid."""

    code = "redemption_open"


def check_may_list(token: Token, progress: Progress, *, at: datetime) -> None:
    """Raise unless the token's offering may be closed and its market opened now (TOK-2, TOK-5).

    Raises NotPrimary, PaymentsPending, SoftCapMissed, MintsUnfinished.
    """
    if token.status is not TokenStatus.PRIMARY or token.primary_start is None or at <= token.primary_start:
        raise NotPrimary(
            "Only a token that is in its primary offering comes to the market.",
            next_step=_BEFORE_PRIMARY.get(token.status, "There is nothing left to open."),
            status=str(token.status),
        )
    if progress.pending:
        raise PaymentsPending(
            f"{progress.pending} subscriptions wait for their payment.",
            next_step="Confirm them, or have them cancelled, first.",
            pending=progress.pending,
        )
    cap = token.terms.soft_cap
    if cap is not None and token.total_raised < cap:
        raised, wanted = (
            money.text(units, decimals=token.cash_decimals) for units in (token.total_raised, cap)
        )
        raise SoftCapMissed(
            f"{raised} {token.terms.raise_currency} were raised and the soft cap is {wanted}.",
            next_step="Wait for more subscriptions; below its soft cap an offering fails.",
            raised=raised,
            soft_cap=wanted,
        )
    if unfinished := progress.confirmed - progress.minted:
        raise MintsUnfinished(
            f"The tokens of {unfinished} allocations are not on chain yet; {progress.failed} of them failed.",
            next_step="Wait for the cooling-off and the mints, and have failed mints tried again.",
            unfinished=unfinished,
            failed=progress.failed,
        )


_BEFORE_PRIMARY = {
    TokenStatus.DRAFT: "Start its offering first.",
    TokenStatus.PRIMARY: "Wait until its offering begins.",
    TokenStatus.SECONDARY: "Its market is open already.",
    TokenStatus.PAUSED: "Resume its market instead.",
}


def go_live(token: Token, *, fee_bps: int, lock_up_days: int) -> GoLive:
    """Return what the opening of a token's market does: the fee is rounded half to even, and the platform's
    share comes out of the reserve."""
    shares = divide_supply(token.terms)
    fee = money.basis_points(token.total_raised, fee_bps)
    units = {
        AllocationType.PLATFORM: shares.platform,
        AllocationType.TEAM: shares.team,
        AllocationType.RESERVE: shares.reserve - shares.platform,
    }
    return GoLive(
        raised=token.total_raised,
        fee_bps=fee_bps,
        fee=fee,
        paid_out=token.total_raised - fee,
        shares={kind: amount for kind, amount in units.items() if amount},
        lock_up_days=lock_up_days,
        unsold=token.primary_allotment - token.tokens_sold,
    )


def check_steps(terms: Terms, *, tick: int, lot: int) -> None:
    """Raise InvalidSteps unless a tick (of the price of a token) times a lot (in base units) is money."""
    wrong = {}
    if not 0 < tick <= money.INT64_MAX:
        wrong["tick"] = ["A tick is at least one smallest unit of the currency."]
    if not 0 < lot <= terms.total_supply:
        wrong["lot"] = ["A lot is at least the smallest part of a token, and at most all of them."]
    if not wrong and tick * lot % 10**terms.decimals:
        wrong["lot"] = ["A tick times a lot must cost a whole number of the currency's smallest unit."]
    if wrong:
        raise InvalidSteps("It can't be traded in these steps.", fields=wrong)


def tidy_reason(reason: str) -> str:
    """Return a reason without needless spaces. Raises ReasonMissing."""
    said = " ".join(reason.split())
    if not said or len(said) > MAX_REASON or not said.isprintable():
        sentence = f"Say why, in at most {MAX_REASON} printable characters; name no person."
        raise ReasonMissing("A reason is needed.", fields={"reason": [sentence]})
    return said


def check_may_resume(status: TokenStatus) -> None:
    """Raise NotPaused unless the market is paused: the way from the offering to it is another one."""
    if status is not TokenStatus.PAUSED:
        raise NotPaused(f"Only a paused market is resumed, and this one is {status}.", status=str(status))


def check_may_mature(token: Token, *, outstanding: int) -> None:
    """Raise RedemptionOpen while anybody holds the token."""
    if outstanding:
        units = money.text(outstanding, decimals=token.terms.decimals)
        raise RedemptionOpen(
            f"{units} {token.terms.symbol} are outstanding, and no redemption of them was paid.",
            next_step="Redeem it first, or delist it.",
            outstanding=units,
        )
