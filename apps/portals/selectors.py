"""What every page shows around its content: the sidebar of this user's role."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts import personal_data
from apps.accounts import selectors as accounts
from apps.accounts.types import Account, KycStatus, Role, Verdict
from apps.businesses import selectors as businesses
from apps.common.errors import Unavailable
from apps.kyc import selectors as kyc
from apps.ledger import selectors as ledger
from apps.ledger.types import Balance
from apps.tokens import selectors as tokens
from apps.tokens.types import Token
from apps.trading import selectors as trading
from apps.trading.types import Instrument, Ticker
from apps.wallets import selectors as wallets

SHOWN = 5  # levels of each side on the first page


@dataclass(frozen=True, slots=True)
class Item:
    """A place in the sidebar; it is shown to those whom the access matrix lets in.

    `waiting` counts what waits there for somebody to act; `counted` names that where the title doesn't.
    """

    address: str
    title: str | Promise
    icon: str
    waiting: Callable[[], int] | None = None
    counted: str | Promise = ""


CUSTOMER: Sequence[tuple[str | Promise, Sequence[Item]]] = [
    (
        _("Overview"),
        [Item("home", _("Dashboard"), "layout-dashboard"), Item("wallet", _("Wallet"), "wallet")],
    ),
    (
        _("Securities"),
        [Item("offerings", _("Offerings"), "store"), Item("subscriptions", _("Subscriptions"), "ticket")],
    ),
    (
        pgettext_lazy("market", "Trading"),
        [
            Item("markets", _("Markets"), "chart-candlestick"),
            Item("orders", _("Orders"), "list-ordered"),
        ],
    ),
    (
        _("Issuing"),
        [Item("businesses", _("Businesses"), "building-2"), Item("tokens", _("Tokens"), "coins")],
    ),
    (
        _("You"),
        [Item("account", _("Account"), "user-round"), Item("kyc", _("Identity check"), "id-card")],
    ),
]
STAFF: Sequence[tuple[str | Promise, Sequence[Item]]] = [
    (_("Overview"), [Item("home", _("Dashboard"), "layout-dashboard")]),
    (_("People"), [Item("users", _("Users"), "users"), Item("presets", _("Team presets"), "shield-check")]),
    (_("Compliance"), [Item("kyc-queue", _("Identity checks"), "id-card", kyc.waiting)]),
    (
        _("Issuing"),
        [
            Item("staff-businesses", _("Businesses"), "building-2", businesses.waiting),
            Item("staff-tokens", _("Tokens"), "coins"),
            Item("staff-allocations", _("Pending payments"), "hand-coins", tokens.waiting_payments),
        ],
    ),
    (
        _("Money"),
        [
            Item("staff-deposits", _("Deposits"), "arrow-down-left", wallets.waiting_deposits),
            Item("staff-withdrawals", _("Withdrawals"), "arrow-up-right", wallets.waiting_withdrawals),
        ],
    ),
    (
        pgettext_lazy("market", "Trading"),
        [
            Item(
                *("staff-instruments", _("Instruments"), "chart-candlestick"),
                *(trading.count_halted, _("Halted markets")),
            ),
            Item("staff-orders", _("Orders"), "list-ordered"),
            Item(
                *("staff-trades", _("Trades"), "arrow-left-right"),
                *(trading.count_failed_settlements, _("Failed settlements")),
            ),
        ],
    ),
    (
        _("Chain"),
        [Item("chain", _("Network"), "blocks"), Item("gas", _("Gas"), "fuel")],
    ),
    (
        _("Records"),
        [
            Item("ledger", _("Ledger"), "scale"),
            Item("audit", _("Audit log"), "scroll-text"),
            Item("dead-letters", _("Dead letters"), "mail-open"),
        ],
    ),
    (
        _("Tools"),
        [
            Item("settings", _("Settings"), "sliders-horizontal"),
            Item("admin:index", _("Compliance workplace"), "briefcase"),
        ],
    ),
    (_("You"), [Item("account", _("Account"), "user-round")]),
]


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return what the layouts show of this user; nothing is read unless a template shows it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"role": "", "nav": []}
    data = SimpleLazyObject(lambda: personal_data.own(user.pk))
    return {
        "role": user.role,
        "nav": SimpleLazyObject(lambda: navigation(request, Role(user.role))),
        "account_name": SimpleLazyObject(lambda: data.full_name),
        "account_detail": SimpleLazyObject(lambda: data.email),
    }


def navigation(request: HttpRequest, role: Role) -> list[dict[str, Any]]:
    """Return the sidebar's groups with the items that this user may open; empty groups are left out."""
    groups = STAFF if role in {Role.ADMIN, Role.STAFF} else CUSTOMER
    shown = [{"title": title, "items": _items(request, items)} for title, items in groups]
    return [group for group in shown if group["items"]]


def has_queues(user: Any) -> bool:
    """Tell whether any place of the sidebar where work waits is open to this member of staff."""
    places = (item for _title, items in STAFF for item in items if item.waiting)
    return any(accounts.verdict(user, item.address) is Verdict.ALLOWED for item in places)


def _items(request: HttpRequest, items: Sequence[Item]) -> list[dict[str, Any]]:
    return [
        {
            "title": item.title,
            "url": reverse(item.address),
            "icon": item.icon,
            "count": item.waiting() if item.waiting else 0,
            "is_queue": item.waiting is not None,
            "counted": item.counted or item.title,
            "active": f"{request.path}/".startswith(f"{reverse(item.address).rstrip('/')}/"),
        }
        for item in items
        if accounts.verdict(request.user, item.address) is Verdict.ALLOWED
    ]


@dataclass(frozen=True, slots=True)
class NextStep:
    """One step of a customer's way in: `state` is done, current or todo, as a stepper shows it."""

    title: str | Promise
    note: str | Promise
    state: str
    url: str


def next_steps(account: Account) -> list[NextStep]:
    """Return a customer's way from the first log-in to a security; the first one not done is the next."""
    issuer = account.role is Role.ISSUER
    found = _issuer_steps(account) if issuer else _investor_steps(account)
    current = next((number for number, (_title, _note, done, _url) in enumerate(found) if not done), None)
    return [
        NextStep(
            title, note, "done" if done else "current" if number == current else "todo", reverse(address)
        )
        for number, (title, note, done, address) in enumerate(found)
    ]


@dataclass(frozen=True, slots=True)
class Holding:
    """Somebody's tokens that have a market, and what they are worth there at its last price.

    `value` is in the smallest unit of the quote, None while nothing was traded.
    """

    balance: Balance
    instrument: Instrument
    ticker: Ticker

    @property
    def value(self) -> int | None:
        """Return total × last price, without the fraction of a smallest unit."""
        whole: int = 10**self.instrument.asset_decimals
        return self.balance.total * self.ticker.last // whole if self.ticker.last else None


def holdings(balances: Sequence[Balance], *, at: datetime) -> list[Holding]:
    """Return those balances that are of tokens with a market."""
    markets = {instrument.asset: (instrument, ticker) for instrument, ticker in trading.tickers(at=at)}
    return [
        Holding(balance, *markets[balance.account.asset])
        for balance in balances
        if balance.account.asset in markets
    ]


@dataclass(frozen=True, slots=True)
class ShownMarket:
    """A market as the first page shows it: levels are (price, open quantity), best first."""

    instrument: Instrument
    ticker: Ticker
    bids: Sequence[tuple[int, int]]
    asks: Sequence[tuple[int, int]]


def shown_market(*, at: datetime) -> ShownMarket | None:
    """Return the market in which most was traded in 24 hours, None while none can be shown."""
    markets = trading.tickers(at=at)
    if not markets:
        return None
    instrument, ticker = max(markets, key=lambda each: each[1].volume * each[1].last)
    try:
        depth = trading.book(instrument, levels=SHOWN)
    except Unavailable:
        return None
    return ShownMarket(instrument, ticker, depth.bids, depth.asks)


_Step = tuple[str | Promise, str | Promise, bool, str]


def _identity_step(account: Account) -> _Step:
    waits = account.kyc_status in {KycStatus.PENDING, KycStatus.IN_REVIEW}
    note = _("We are looking at it.") if waits else _("A document and a picture of you, once for everything.")
    return _("Have your identity checked"), note, account.kyc_status is KycStatus.APPROVED, "kyc"


def issued_by(account: Account) -> list[Token]:
    """Return the tokens of the businesses that an issuer acts for, newest first."""
    if account.role is not Role.ISSUER:
        return []
    return tokens.tokens_of(*(business.id for business in businesses.of_member(account.id)))


def _investor_steps(account: Account) -> list[_Step]:
    paid_in = any(balance.total for balance in ledger.balances_of(str(account.id)))
    bought = bool(tokens.allocations_of(account.id) or trading.fills(account.id, limit=1))
    return [
        _identity_step(account),
        (_("Bring in money"), _("By a bank transfer with a reference of yours."), paid_in, "wallet-deposit"),
        (_("Subscribe to an offering"), _("See what is offered, and to whom."), bought, "offerings"),
    ]


def _issuer_steps(account: Account) -> list[_Step]:
    own = businesses.of_member(account.id)
    drafted = bool(tokens.tokens_of(*(business.id for business in own)))
    return [
        _identity_step(account),
        (_("Register your business"), _("An admin looks at it and approves it."), bool(own), "businesses"),
        (_("Draft a token"), _("Its terms, its price and how it is divided."), drafted, "tokens"),
    ]
