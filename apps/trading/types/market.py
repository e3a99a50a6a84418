"""What is traded, and in which steps."""

from dataclasses import dataclass
from uuid import UUID

from apps.parameters.types import declare
from apps.trading.types.words import TradingState

BUYER_FEE = declare(
    "trading.buyer_fee",
    "What a buyer pays of a trade, where nothing else was agreed.",
    unit="basis points",
    default=0,
    maximum=1000,
)
SELLER_FEE = declare(
    "trading.seller_fee",
    "What a seller pays of a trade, where nothing else was agreed.",
    unit="basis points",
    default=25,
    maximum=1000,
)
OPEN_ORDERS = declare(
    "trading.open_orders",
    "How many orders one person may have open at a time.",
    unit="orders",
    default=200,
    minimum=1,
    maximum=1_000_000,
)


@dataclass(frozen=True, slots=True)
class FeeRates:
    """What the maker and the taker of a trade pay of it, in basis points (0 to 1000)."""

    maker: int
    taker: int


@dataclass(frozen=True, slots=True)
class NewInstrument:
    """What is needed to open an instrument.

    `tick` is in the smallest unit of `quote` for one whole unit of `asset`, `lot` in the smallest unit of
    `asset`; a tick times a lot must be worth a whole number of the quote's smallest unit. The collar's
    bounds are prices like the tick, 0 for none.
    """

    id: UUID
    symbol: str
    asset: str
    quote: str
    tick: int
    lot: int
    lowest: int = 0
    highest: int = 0


@dataclass(frozen=True, slots=True)
class Instrument:
    """A token as the market sees it. `number` is the engine's, `unit` what one tick times one lot costs."""

    id: UUID
    number: int
    symbol: str
    asset: str
    quote: str
    asset_decimals: int
    quote_decimals: int
    tick: int
    lot: int
    lowest: int
    highest: int
    buyer_fees: FeeRates
    seller_fees: FeeRates
    state: TradingState

    @property
    def unit(self) -> int:
        whole: int = 10**self.asset_decimals
        return self.tick * self.lot // whole
