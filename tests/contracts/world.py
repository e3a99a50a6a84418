"""The world of these tests: the platform, two tokens, and a few people who may hold them."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from web3 import Web3
from web3.contract import Contract

from tests.contracts import platform as steps
from tests.contracts.chain import GAS, YES, ZERO, Chain, Reason, Receipt, events, reason, refusal
from tests.contracts.platform import SAUDI_ARABIA, UAE, USA, Keys, Platform, Suite

START = 1_000
CASH = 1_000_000_000
CAP = 1_000_000

Trade = tuple[bytes, str, str, str, int, str, int]
_ids = count(1)


@dataclass(frozen=True)
class World:
    """`ruled` is a token with every module of ours, `free` one with none; everybody named has 1,000 of both.

    carol lives where `ruled` may not be held, so she has none of it; mallory was never approved.
    """

    platform: Platform
    ruled: Suite
    free: Suite
    alice: str
    bob: str
    carol: str
    dave: str
    erin: str
    mallory: str
    identities: dict[str, Contract]

    @property
    def chain(self) -> Chain:
        return self.platform.chain

    @property
    def keys(self) -> Keys:
        return self.platform.keys

    @property
    def settlement(self) -> Contract:
        return self.platform.settlement

    @property
    def cash(self) -> Contract:
        return self.platform.stablecoin

    def module(self, name: str) -> Contract:
        """Return a compliance module."""
        return self.platform.modules[name]

    def trade(self, seller: str, buyer: str, amount: int = 1, **changes: Any) -> Trade:
        """Return a trade in `free`, with a new id and no cash; `changes` are token, cash, cash_amount, id."""
        trade_id = changes.get("id", Web3.keccak(text=f"trade {next(_ids)}"))
        token = changes.get("token", self.free.token.address)
        return (
            bytes(trade_id),
            token,
            seller,
            buyer,
            amount,
            changes.get("cash", ZERO),
            changes.get("cash_amount", 0),
        )

    def settle(self, *trades: Trade, by: str = "") -> Receipt:
        """Settle a batch."""
        call = self.settlement.functions.settle(list(trades))
        return self.chain.send(call, by=by or self.keys.operator)

    def settled(self, receipt: Receipt) -> list[bytes]:
        """Return the ids of the trades that a receipt settled."""
        return [one["tradeId"] for one in events(self.settlement, "TradeSettled", receipt)]

    def refusals(self, receipt: Receipt) -> dict[bytes, Reason]:
        """Return trade id → decoded reason of what a receipt refused; each code must be its reason's."""
        found = events(self.settlement, "TradeRefused", receipt)
        assert all(one["code"] == one["reason"][:4] for one in found)
        known = [*self.settlement.abi, *self.cash.abi]
        return {one["tradeId"]: reason(known, one["reason"]) for one in found}

    def refused(self, trade: Trade) -> Reason:
        """Settle one trade that must be refused and leave nothing moved; return its reason."""
        token = self.chain.at("Token", trade[1])
        before = self.balances(token), self.balances(self.cash)
        receipt = self.settle(trade)
        assert (self.balances(token), self.balances(self.cash)) == before
        assert self.settlement.functions.settledIn(trade[0]).call() == 0
        return self.refusals(receipt)[trade[0]]

    def balances(self, token: Contract) -> dict[str, int]:
        """Return what the named people have of a token; nobody has any of what is not a contract."""
        if not self.chain.w3.eth.get_code(token.address):
            return {}
        people = (self.alice, self.bob, self.carol, self.dave, self.erin, self.mallory)
        return {one: token.functions.balanceOf(one).call() for one in people}

    def has(self, wallet: str, token: Contract | None = None) -> int:
        """Return a balance, of `free` unless told otherwise."""
        return int((token or self.free.token).functions.balanceOf(wallet).call())

    def why(self, module: str, *move: Any, suite: Suite | None = None) -> str:
        """Return a module's reason for from, to, amount, empty if it allows it. Its answers must agree."""
        compliance = (suite or self.ruled).compliance.address
        code: bytes = self.module(module).functions.reasonFor(*move, compliance).call()
        assert self.module(module).functions.moduleCheck(*move, compliance).call() == (code == bytes(32))
        return code.rstrip(b"\0").decode("ascii")

    def agent(self, call: Any) -> Receipt:
        """Let the token agent send a call."""
        return self.chain.send(call, by=self.keys.agent)

    def owner(self, call: Any) -> Receipt:
        """Let the owner send a call."""
        return self.chain.send(call, by=self.keys.owner)

    def refusal(self, call: Any, by: str, gas: int = GAS) -> Any:
        """Return why a call would be reverted."""
        return refusal(call, by=by, gas=gas)

    def rule(self, module: str, function: str, *args: Any) -> None:
        """Change a rule of `ruled`."""
        self.owner(steps.setting(self.platform, self.ruled, module, function, *args))

    def refused_rule(self, module: str, function: str, *args: Any) -> Reason | str:
        """Return why a change of a rule of `ruled` would be reverted."""
        call = steps.setting(self.platform, self.ruled, module, function, *args)
        return refusal(call, by=self.keys.owner, abi=self.module(module).abi)


def build(chain: Chain) -> World:
    """Deploy everything and let everybody in."""
    who = steps.keys(chain.accounts)
    platform = steps.deploy_platform(chain, who)
    people = chain.accounts[10:16]
    alice, bob, carol, dave, erin, mallory = people
    countries = {alice: UAE, bob: UAE, carol: USA, dave: SAUDI_ARABIA, erin: UAE}
    identities = {wallet: steps.approve(platform, wallet, code) for wallet, code in countries.items()}
    ruled = steps.deploy_suite(platform, "RULED", rules(platform))
    free = steps.deploy_suite(platform, "FREE", [])
    for suite, holders in ((ruled, (alice, bob, dave, erin)), (free, tuple(countries))):
        mint = suite.token.functions.batchMint(list(holders), [START] * len(holders))
        chain.send(mint, by=who.agent)
        chain.send(suite.token.functions.unpause(), by=who.agent)
    for token in (ruled.token, free.token, platform.stablecoin):
        chain.send(platform.settlement.functions.setListed(token.address, YES), by=who.owner)
    for wallet in people:
        chain.send(platform.stablecoin.functions.mint(wallet, CASH), by=who.owner)
        approve = platform.stablecoin.functions.approve(platform.settlement.address, CASH)
        chain.send(approve, by=wallet)
    return World(platform, ruled, free, alice, bob, carol, dave, erin, mallory, identities)


def rules(platform: Platform) -> list[tuple[str, bytes]]:
    """Return the first rules of a token with every module: only two countries, a cap, and no other limit."""
    return [
        steps.rule(platform, "EligibilityModule", "setCountryRule", 1, [UAE, SAUDI_ARABIA]),
        steps.rule(platform, "SupplyCapModule", "setSupplyCap", CAP),
        steps.rule(platform, "TransferWindowModule", "setClosures", []),
        steps.rule(platform, "HolderLimitsModule", "setLimits", 0, 0),
        steps.rule(platform, "HoldingPeriodModule", "setHoldingPeriod", 0),
        ("SellOnlyModule", b""),
    ]
