"""CON-4: delivery versus payment. Security and cash move both or neither, whatever the cash token does."""

from enum import IntEnum

import pytest

from tests.contracts.chain import NO, YES, reason
from tests.contracts.world import CASH, START, World

pytestmark = pytest.mark.spec("CON-4")

PRICE = 5_000_000


class Manner(IntEnum):
    """How HostileCash behaves."""

    HONEST = 0
    RETURNS_NOTHING = 1
    RETURNS_FALSE = 2
    TAKES_FEE_FROM_RECEIVER = 3
    TAKES_FEE_FROM_PAYER = 4
    REVERTS = 5
    REVERTS_WITH_LONG_DATA = 6
    BURNS_GAS = 7
    REENTERS_SETTLE = 8
    REENTERS_SETTLE_ONE = 9


@pytest.fixture
def hostile(world: World):
    """A listed cash token that misbehaves on command; bob has plenty of it."""
    cash = world.chain.deploy("HostileCash", by=world.keys.owner)
    world.owner(cash.functions.mint(world.bob, CASH))
    world.owner(world.settlement.functions.setListed(cash.address, YES))
    return cash


def paid(world: World, cash=None, **changes):
    """A trade of alice's ten tokens against bob's cash."""
    cash = (cash or world.cash).address
    return world.trade(world.alice, world.bob, 10, cash=cash, cash_amount=PRICE, **changes)


def test_security_and_cash_change_hands_together(world: World):
    trade = paid(world)
    assert world.settled(world.settle(trade)) == [trade[0]]
    assert (world.has(world.alice), world.has(world.bob)) == (START - 10, START + 10)
    assert world.has(world.alice, world.cash) == CASH + PRICE
    assert world.has(world.bob, world.cash) == CASH - PRICE


@pytest.mark.parametrize("manner", [Manner.HONEST, Manner.RETURNS_NOTHING])
def test_cash_that_pays_in_full_is_good(world: World, hostile, manner):
    world.owner(hostile.functions.behave(manner))
    trade = paid(world, hostile)
    assert world.settled(world.settle(trade)) == [trade[0]]
    assert (world.has(world.alice, hostile), world.has(world.bob)) == (PRICE, START + 10)


@pytest.mark.parametrize(
    ("manner", "why"),
    [
        (Manner.RETURNS_FALSE, "SafeERC20FailedOperation"),
        (Manner.TAKES_FEE_FROM_RECEIVER, ("CashMismatch", (PRICE, PRICE - 1, PRICE))),
        (Manner.TAKES_FEE_FROM_PAYER, ("CashMismatch", (PRICE + 1, PRICE, PRICE))),
        (Manner.REVERTS, "0x"),
        (Manner.REVERTS_WITH_LONG_DATA, "0x"),
        (Manner.BURNS_GAS, ("TradeGasExhausted", (1_200_000,))),
    ],
)
def test_bad_cash_leaves_no_half(world: World, hostile, manner, why):
    world.owner(hostile.functions.behave(manner))
    bad, good = paid(world, hostile), paid(world)
    answer = world.settlement.functions.settle([bad]).call({"from": world.keys.operator})[0]
    receipt = world.settle(bad, good)
    assert world.settled(receipt) == [good[0]]
    assert (world.has(world.alice, hostile), world.has(world.bob, hostile)) == (0, CASH)
    assert (world.has(world.alice), world.has(world.bob)) == (START - 10, START + 10)
    if isinstance(why, tuple):
        assert reason(world.settlement.abi, answer) == why
    elif why != "0x":
        assert reason(world.settlement.abi, answer)[0] == why


def test_a_long_reason_is_cut(world: World, hostile):
    world.owner(hostile.functions.behave(Manner.REVERTS_WITH_LONG_DATA))
    answer = world.settlement.functions.settle([paid(world, hostile)]).call({"from": world.keys.operator})[0]
    assert (len(answer), answer[:4].hex()) == (260, "deadbeef")


@pytest.mark.parametrize(
    ("manner", "why"),
    [(Manner.REENTERS_SETTLE, "ReentrancyGuardReentrantCall"), (Manner.REENTERS_SETTLE_ONE, "NotSelf")],
)
def test_cash_cannot_settle_another_trade_meanwhile(world: World, hostile, manner, why):
    """Even a cash token that is an operator itself comes no further."""
    smuggled = world.trade(world.alice, world.erin, 500)
    world.owner(hostile.functions.smuggle(world.settlement.address, smuggled))
    world.owner(hostile.functions.behave(manner))
    world.owner(world.settlement.functions.setOperator(hostile.address, YES))
    trade = paid(world, hostile)
    assert world.settled(world.settle(trade)) == [trade[0]]
    assert reason(world.settlement.abi, hostile.functions.answer().call())[0] == why
    assert (world.has(world.alice), world.has(world.erin)) == (START - 10, START)


def test_a_buyer_without_the_cash_is_refused(world: World):
    call = world.cash.functions.transfer(world.erin, CASH - PRICE + 1)
    world.chain.send(call, by=world.bob)
    why = world.refused(paid(world))
    assert why == ("ERC20InsufficientBalance", (world.bob.lower(), PRICE - 1, PRICE))


def test_a_buyer_who_did_not_allow_it_is_refused(world: World):
    call = world.cash.functions.approve(world.settlement.address, PRICE - 1)
    world.chain.send(call, by=world.bob)
    why = world.refused(paid(world))
    assert why == ("ERC20InsufficientAllowance", (world.settlement.address.lower(), PRICE - 1, PRICE))


def test_a_refused_security_takes_no_cash(world: World):
    world.agent(world.free.token.functions.setAddressFrozen(world.alice, YES))
    assert world.refused(paid(world))[0] == "SellerFrozen"


@pytest.mark.parametrize("which", ["security", "cash"])
def test_cash_moves_only_against_listed_tokens(world: World, which):
    token = world.free.token if which == "security" else world.cash
    world.owner(world.settlement.functions.setListed(token.address, NO))
    assert world.refused(paid(world)) == ("NotListed", (token.address.lower(),))
    if which == "security":
        assert world.settled(world.settle(world.trade(world.alice, world.bob)))
