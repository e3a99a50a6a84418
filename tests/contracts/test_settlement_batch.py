"""CON-4: what a batch promises: isolation, order, roles, pause, and the gas that each trade gets."""

import pytest

from tests.contracts.chain import NO, YES, ZERO, events, reason
from tests.contracts.world import START, World

pytestmark = pytest.mark.spec("CON-4")

TRADE_GAS = 1_200_000
SINGLE_LIMIT = 500_000  # what one checked trade may cost, with every rule cold
LEG_LIMIT = 260_000  # what each of ten may cost in a token without modules


def test_one_bad_trade_does_not_stop_the_others(world: World):
    first, last = world.trade(world.alice, world.bob, 10), world.trade(world.dave, world.erin, 30)
    bad = world.trade(world.alice, world.mallory, 20)
    receipt = world.settle(first, bad, last)
    assert world.settled(receipt) == [first[0], last[0]]
    assert world.refusals(receipt) == {bad[0]: ("BuyerNotVerified", (world.mallory.lower(),))}
    assert world.balances(world.free.token) == {
        world.alice: START - 10,
        world.bob: START + 10,
        world.carol: START,
        world.dave: START - 30,
        world.erin: START + 30,
        world.mallory: 0,
    }


def test_trades_settle_in_order_so_that_one_may_rest_on_another(world: World):
    buy = world.trade(world.alice, world.bob, START)
    sell_on = world.trade(world.bob, world.carol, 2 * START)
    assert world.settled(world.settle(buy, sell_on)) == [buy[0], sell_on[0]]
    assert world.has(world.carol) == 3 * START


def test_a_call_without_a_transaction_tells_what_would_happen(world: World):
    good, bad = world.trade(world.alice, world.bob), world.trade(world.alice, world.mallory)
    answer = world.settlement.functions.settle([good, bad]).call({"from": world.keys.operator})
    assert answer[0] == b""
    assert reason(world.settlement.abi, answer[1])[0] == "BuyerNotVerified"
    assert world.has(world.alice) == START


def test_a_batch_has_a_size(world: World):
    settle = world.settlement.functions.settle
    assert world.refusal(settle([]), world.keys.operator) == ("EmptyBatch", ())
    trades = [world.trade(world.alice, world.bob)] * 101
    assert world.refusal(settle(trades), world.keys.operator) == ("BatchTooLarge", (101, 100))


@pytest.mark.parametrize("who", ["owner", "agent", "court", "registrar"])
def test_only_an_operator_settles(world: World, who: str):
    account = getattr(world.keys, who)
    call = world.settlement.functions.settle([world.trade(world.alice, world.bob)])
    assert world.refusal(call, account) == ("NotOperator", (account.lower(),))


def test_nobody_settles_one_trade_from_outside(world: World):
    call = world.settlement.functions.settleOne(world.trade(world.alice, world.bob))
    for account in (world.keys.owner, world.keys.operator):
        assert world.refusal(call, account) == ("NotSelf", (account.lower(),))


def test_keys_are_changed_without_a_gap(world: World):
    old, new = world.keys.operator, world.mallory
    world.owner(world.settlement.functions.setOperator(new, YES))
    for key in (old, new):
        assert world.settled(world.settle(world.trade(world.alice, world.bob), by=key))
    world.owner(world.settlement.functions.setOperator(old, NO))
    call = world.settlement.functions.settle([world.trade(world.alice, world.bob)])
    assert world.refusal(call, old) == ("NotOperator", (old.lower(),))


def test_only_the_owner_administers(world: World):
    functions = world.settlement.functions
    for call in (
        functions.setOperator(world.mallory, YES),
        functions.setListed(world.mallory, YES),
        functions.setTradeGas(TRADE_GAS),
        functions.unpause(),
        functions.transferOwnership(world.mallory),
        functions.renounceOwnership(),
    ):
        why = world.refusal(call, world.keys.operator)
        assert why == ("OwnableUnauthorizedAccount", (world.keys.operator.lower(),))


def test_ownership_moves_in_two_steps_and_is_never_given_up(world: World):
    functions = world.settlement.functions
    assert world.refusal(functions.renounceOwnership(), world.keys.owner) == ("OwnerRequired", ())
    world.owner(functions.transferOwnership(world.mallory))
    assert functions.owner().call() == world.keys.owner
    world.chain.send(functions.acceptOwnership(), by=world.mallory)
    assert functions.owner().call() == world.mallory


@pytest.mark.parametrize("who", ["operator", "owner"])
def test_an_operator_stops_settlement_and_only_the_owner_resumes_it(world: World, who: str):
    trade = world.trade(world.alice, world.bob)
    settle = world.settlement.functions.settle([trade])
    assert world.refusal(world.settlement.functions.pause(), world.mallory)[0] == "NotOperator"
    world.chain.send(world.settlement.functions.pause(), by=getattr(world.keys, who))
    assert world.refusal(settle, world.keys.operator) == ("EnforcedPause", ())
    world.owner(world.settlement.functions.unpause())
    assert world.settled(world.settle(trade)) == [trade[0]]


def test_the_gas_of_a_trade_has_bounds(world: World):
    set_gas = world.settlement.functions.setTradeGas
    for gas in (499_999, 5_000_001):
        assert world.refusal(set_gas(gas), world.keys.owner) == ("TradeGasOutOfRange", (gas,))
    receipt = world.owner(set_gas(500_000))
    assert events(world.settlement, "TradeGasSet", receipt) == [{"gas": 500_000}]
    assert world.settled(world.settle(world.trade(world.alice, world.bob)))


def test_too_little_gas_reverts_the_batch_and_blames_no_trade(world: World):
    """Whatever gas it is sent with, a batch settles every trade or reverts whole; no good one is refused."""
    trades = [world.trade(world.alice, world.bob) for _ in range(3)]
    settle = world.settlement.functions.settle(trades)
    outcomes = set()
    for gas in range(100_000, 2_300_000, 97_000):
        with world.chain.undone():
            sent = settle.transact({"from": world.keys.operator, "gas": gas})
            receipt = world.chain.w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.002)
            assert not world.refusals(receipt)
            assert len(world.settled(receipt)) == (3 if receipt["status"] else 0)
            outcomes.add(receipt["status"])
    assert outcomes == {0, 1}


def test_a_nodes_estimate_is_enough(world: World):
    trades = [world.trade(world.alice, world.bob) for _ in range(3)]
    settle = world.settlement.functions.settle(trades)
    estimate = settle.estimate_gas({"from": world.keys.operator})
    receipt = world.chain.send(settle, by=world.keys.operator, gas=estimate)
    assert len(world.settled(receipt)) == 3
    assert estimate > TRADE_GAS


def test_the_shortage_is_named(world: World):
    settle = world.settlement.functions.settle([world.trade(world.alice, world.bob)])
    name, (index, left, needed) = world.refusal(settle, world.keys.operator, gas=1_000_000)
    assert (name, index) == ("BatchGasTooLow", 0)
    assert left < needed == TRADE_GAS + TRADE_GAS // 63 + 60_000


def test_a_trade_that_burns_its_gas_does_not_burn_its_neighbours(world: World):
    stubborn = world.chain.deploy("StubbornModule", by=world.keys.owner)
    world.owner(world.free.compliance.functions.addModule(stubborn.address))
    world.owner(stubborn.functions.behave(3))
    good = world.trade(world.alice, world.dave, token=world.ruled.token.address)
    burning = [world.trade(world.alice, world.bob) for _ in range(2)]
    receipt = world.settle(burning[0], good, burning[1])
    assert world.settled(receipt) == [good[0]]
    assert set(world.refusals(receipt).values()) == {("TradeGasExhausted", (TRADE_GAS,))}
    assert receipt.gasUsed < 3 * TRADE_GAS + SINGLE_LIMIT


def test_a_cheaper_trade_is_not_taken_for_an_exhausted_one(world: World):
    world.owner(world.settlement.functions.setTradeGas(500_000))
    leaver = world.trade(world.alice, world.mallory, token=world.ruled.token.address)
    assert world.refused(leaver)[0] in {"BuyerNotVerified", "ComplianceRefused"}


def test_a_trade_stays_within_its_price(world: World):
    with world.chain.undone():
        single = world.settle(world.trade(world.alice, world.dave, token=world.ruled.token.address))
    assert single.gasUsed < SINGLE_LIMIT
    people = [world.alice, world.bob, world.carol, world.dave, world.erin]
    batch = [world.trade(people[i % 5], people[(i + 1) % 5]) for i in range(10)]
    receipt = world.settle(*batch)
    assert len(world.settled(receipt)) == 10
    assert receipt.gasUsed // 10 < LEG_LIMIT


def test_a_withdrawal_to_ones_own_wallet_is_a_trade_without_cash(world: World):
    """A custodial address needs no gas of its own: settlement moves its tokens."""
    own = world.mallory
    identity = world.identities[world.alice]
    store = world.platform.storage.functions.addIdentityToStorage(own, identity.address, 784)
    world.chain.send(store, by=world.keys.registrar)
    trade = world.trade(world.alice, own, 100, cash=ZERO)
    assert world.settled(world.settle(trade)) == [trade[0]]
    assert world.has(own) == 100
