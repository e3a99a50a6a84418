"""Why a request isn't further, in a sentence and with what to do: the same on pages and in the API."""

from collections.abc import Mapping

from apps.wallets.types import DepositState, Reason, WaitsFor, Why, WithdrawalState


def _(text: str) -> str:
    """Mark a text for translation; the page that shows it translates."""
    return text


_REASONS: Mapping[str, str] = {
    Reason.NOTHING_CAME: _("No money with this reference has reached our account."),
    Reason.REPEATED_REQUEST: _("This request repeats another one of yours."),
    Reason.SENDER_DIFFERS: _("The money came from an account in another name, so it was sent back."),
    Reason.HOLDER_DIFFERS: _("The account you named is in another name than yours."),
    Reason.ACCOUNT_INVALID: _("The bank doesn't know the account you named."),
    Reason.RETURNED_BY_BANK: _("The receiving bank sent the money back."),
    Reason.NOT_ACCEPTED: _("We can't carry this out."),
}
_AGAIN = _("Check the details and make a new request, or write to us.")

_DEPOSIT: Mapping[DepositState, Why] = {
    DepositState.REQUESTED: Why(
        WaitsFor.YOU,
        _("We are waiting for your transfer."),
        _("Send the money from an account in your own name, with the reference as its text. Banks take one"
          " to three working days."),
    ),
    DepositState.RECEIVED: Why(
        WaitsFor.US,
        _("Your money has come, and we are checking it."),
        _("You need to do nothing. It is in your balance as soon as the check is done."),
    ),
    DepositState.CREDITED: Why(WaitsFor.NOBODY, _("What came is in your balance.")),
    DepositState.REJECTED: Why(WaitsFor.NOBODY, _("We closed this request."), _AGAIN),
    DepositState.REFUNDED: Why(WaitsFor.NOBODY, _("We sent the money back."), _AGAIN),
    DepositState.CANCELLED: Why(
        WaitsFor.NOBODY,
        _("You cancelled this request."),
        _("If you sent money with its reference all the same, we still find it."),
    ),
    DepositState.EXPIRED: Why(
        WaitsFor.NOBODY,
        _("No money came in time, so this request ended."),
        _("If you sent money with its reference, we still find it. Otherwise make a new request."),
    ),
}  # fmt: skip
_WITHDRAWAL: Mapping[WithdrawalState, Why] = {
    WithdrawalState.REQUESTED: Why(
        WaitsFor.YOU, _("This withdrawal is not confirmed yet."), _("Confirm or cancel it.")
    ),
    WithdrawalState.UNDER_REVIEW: Why(
        WaitsFor.US,
        _("A person checks every withdrawal before it is paid."),
        _("You need to do nothing. Until it is approved, you can cancel it."),
    ),
    WithdrawalState.APPROVED: Why(
        WaitsFor.US, _("It is approved, and goes to the bank with the next payments."), ""
    ),
    WithdrawalState.SENT: Why(
        WaitsFor.BANK,
        _("The bank has it. Transfers take one to three working days."),
        _("If it has not arrived after that, write to us and name its reference."),
    ),
    WithdrawalState.COMPLETED: Why(WaitsFor.NOBODY, _("The bank has paid it.")),
    WithdrawalState.REJECTED: Why(
        WaitsFor.NOBODY, _("We refused this withdrawal. The money is available again."), _AGAIN
    ),
    WithdrawalState.FAILED: Why(
        WaitsFor.NOBODY, _("The bank didn't pay it. The money is available again."), _AGAIN
    ),
    WithdrawalState.CANCELLED: Why(
        WaitsFor.NOBODY, _("You cancelled this withdrawal. The money is available again.")
    ),
}


def why_deposit(state: DepositState, reason: str = "") -> Why:
    """Say what a deposit in this state waits for; `reason` is the one that ended it, if any."""
    return _with(_DEPOSIT[state], reason)


def why_withdrawal(state: WithdrawalState, reason: str = "") -> Why:
    """Say what a withdrawal in this state waits for; `reason` is the one that ended it, if any."""
    return _with(_WITHDRAWAL[state], reason)


def _with(why: Why, reason: str) -> Why:
    return Why(why.waits_for, _REASONS.get(reason, why.sentence), why.next_step)
