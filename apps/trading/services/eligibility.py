"""Who may trade (ORD-4): the one place where an order asks for facts about a person and an instrument."""

from dataclasses import replace
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.accounts.types import KycStatus
from apps.chain import selectors as chain
from apps.chain.types import HolderState
from apps.common.errors import NotFound, Unprocessable
from apps.compliance import selectors as compliance
from apps.compliance.types import Investor, Security
from apps.tokens import selectors as tokens
from apps.tokens.services import Insider
from apps.tokens.types import Token, TokenStatus, TradingMode
from apps.trading.types import Instrument, Side


class NotListed(Unprocessable):
    """The token isn't traded on the order book."""

    code = "not_listed"


class AddressNotRegistered(Unprocessable):
    """The investor has no registered address on chain, so a trade could not be settled."""

    code = "address_not_registered"


def check(*, owner: UUID, side: Side, instrument: Instrument) -> None:
    """Refuse somebody who may not trade this side of this instrument.

    Whose identity check has expired may still sell (KYC-9), and what a security asks of its buyers isn't
    asked of who sells. An instrument that is no token asks for nothing but an approved identity check.

    Raises NotFound for a user who doesn't exist, NotListed, compliance's NotEligible with the rule's code,
    Insider, AddressNotRegistered.
    """
    investor, token = Investor.of(accounts.account(owner)), _token(instrument)
    security = Security()
    if side is Side.SELL and investor.kyc_status is KycStatus.EXPIRED:
        investor = replace(investor, kyc_status=KycStatus.APPROVED)
    if token is not None:
        _check_listed(token, next_step="Choose another instrument; open orders can be cancelled.")
        security = tokens.security_of(token) if side is Side.BUY else security
    compliance.require_eligible(investor, security)
    if token is not None:
        _check_person(owner, token)


def require_listed(instrument: Instrument) -> None:
    """Raise NotListed for the instrument of a token that isn't on the order book."""
    if (token := _token(instrument)) is not None:
        _check_listed(token, next_step="Bring the token back to the market; its trading resumes with it.")


def _token(instrument: Instrument) -> Token | None:
    try:
        return tokens.token(instrument.id)
    except NotFound:
        return None


def _check_listed(token: Token, *, next_step: str) -> None:
    if token.status is not TokenStatus.SECONDARY or token.trading_mode is not TradingMode.FULL_ORDERBOOK:
        raise NotListed(
            f"{token.terms.symbol} is not traded on the order book now.",
            next_step=next_step,
            status=str(token.status),
            trading_mode=str(token.trading_mode),
        )


def _check_person(owner: UUID, token: Token) -> None:
    if owner in tokens.insiders(token):
        raise Insider(
            "Members of the business that issues this can't trade it.",
            next_step="Choose another instrument.",
        )
    holder = chain.holders([owner]).get(owner)
    if holder is None or holder.state is not HolderState.REGISTERED:
        raise AddressNotRegistered(
            "Your address is not registered on chain yet, so a trade could not be settled.",
            next_step="Wait a few minutes after your identity check was approved, or write to support.",
            state=str(holder.state) if holder else "none",
        )
