"""CON-2: the modules that keep a book: limits per investor, and how long tokens stay."""

import pytest

from tests.contracts import platform as steps
from tests.contracts.chain import ZERO, events
from tests.contracts.platform import UAE
from tests.contracts.world import START, World

pytestmark = pytest.mark.spec("CON-2")

DAY = 86_400
LIMITS, PERIOD = "HolderLimitsModule", "HoldingPeriodModule"


def held(world: World, wallet: str) -> int:
    """Return what the book says the investor of a wallet holds of `ruled`."""
    identity = world.identities[wallet].address
    return int(world.module(LIMITS).functions.heldBy(world.ruled.compliance.address, identity).call())


def investors(world: World) -> int:
    """Return how many investors the book counts in `ruled`."""
    return int(world.module(LIMITS).functions.limitsOf(world.ruled.compliance.address).call()[2])


def locked(world: World, wallet: str) -> int:
    """Return what is locked of a wallet in `ruled`."""
    return int(world.module(PERIOD).functions.lockedOf(world.ruled.compliance.address, wallet).call())


def second_wallet(world: World, of: str, wallet: str) -> None:
    """Let an investor have another wallet."""
    steps.store(world.platform, wallet, world.identities[of], UAE)


def move(world: World, seller: str, buyer: str, amount: int) -> None:
    """Settle a trade in `ruled`."""
    trade = world.trade(seller, buyer, amount, token=world.ruled.token.address)
    assert world.settled(world.settle(trade)) == [trade[0]]


def force(world: World, seller: str, buyer: str, amount: int) -> None:
    """Move tokens of `ruled` by court order."""
    call = world.ruled.token.functions.forcedTransfer(seller, buyer, amount)
    world.chain.send(call, by=world.keys.court)


# Limits per investor


def test_the_book_follows_every_movement(world: World):
    token = world.ruled.token
    assert (held(world, world.alice), investors(world)) == (START, 4)
    move(world, world.alice, world.bob, 300)
    world.chain.send(token.functions.transfer(world.bob, 100), by=world.alice)
    world.agent(token.functions.mint(world.dave, 50))
    world.agent(token.functions.burn(world.erin, START))
    force(world, world.dave, world.erin, 1)
    for wallet in (world.alice, world.bob, world.dave, world.erin):
        assert held(world, wallet) == world.has(wallet, token)
    assert investors(world) == 4


def test_nobody_holds_more_than_the_limit(world: World):
    world.rule(LIMITS, "setLimits", START + 100, 0)
    assert world.why(LIMITS, world.alice, world.bob, 100) == ""
    assert world.why(LIMITS, world.alice, world.bob, 101) == "max_balance_exceeded"
    assert world.why(LIMITS, ZERO, world.bob, 101) == "max_balance_exceeded"
    mint = world.ruled.token.functions.mint(world.bob, 101)
    assert world.refusal(mint, world.keys.agent) == "Compliance not followed"


def test_a_second_wallet_does_not_double_the_limit(world: World):
    world.rule(LIMITS, "setLimits", START + 100, 0)
    second_wallet(world, world.bob, world.mallory)
    assert world.why(LIMITS, world.alice, world.mallory, 101) == "max_balance_exceeded"
    assert world.why(LIMITS, world.bob, world.mallory, START) == ""
    move(world, world.bob, world.mallory, 400)
    assert held(world, world.bob) == START
    move(world, world.alice, world.mallory, 100)
    assert world.why(LIMITS, world.alice, world.bob, 1) == "max_balance_exceeded"
    assert investors(world) == 4


def test_a_lowered_limit_freezes_growth_and_lets_out(world: World):
    world.rule(LIMITS, "setLimits", 10, 2)
    assert world.why(LIMITS, world.alice, world.bob, 1) == "max_balance_exceeded"
    world.rule(LIMITS, "setLimits", 0, 2)
    assert world.why(LIMITS, world.alice, world.bob, START) == ""


def test_there_are_no_more_investors_than_the_limit(world: World):
    steps.approve(world.platform, world.mallory, UAE)
    world.rule(LIMITS, "setLimits", 0, 4)
    assert world.why(LIMITS, world.alice, world.mallory, 1) == "max_investors_reached"
    assert world.why(LIMITS, ZERO, world.mallory, 1) == "max_investors_reached"
    assert world.why(LIMITS, world.alice, world.bob, 1) == ""
    # one who leaves makes room for one who comes
    assert world.why(LIMITS, world.alice, world.mallory, START) == ""
    move(world, world.alice, world.mallory, START)
    assert investors(world) == 4
    world.agent(world.ruled.token.functions.burn(world.bob, START))
    assert (investors(world), world.why(LIMITS, world.dave, world.alice, 1)) == (3, "")


def test_one_who_left_the_registry_is_still_debited(world: World):
    remove = world.platform.storage.functions.removeIdentityFromStorage(world.alice)
    world.chain.send(remove, by=world.keys.registrar)
    force(world, world.alice, world.bob, START)
    assert (held(world, world.alice), held(world, world.bob), investors(world)) == (0, 2 * START, 3)


def test_a_wallet_that_changes_hands_takes_its_balance_along(world: World):
    change = world.platform.storage.functions.modifyStoredIdentity
    world.chain.send(change(world.alice, world.identities[world.bob].address), by=world.keys.registrar)
    world.rule(LIMITS, "setLimits", 2 * START, 0)
    assert world.why(LIMITS, world.dave, world.alice, 1) == "max_balance_exceeded"
    sync = world.module(LIMITS).functions.sync(world.ruled.compliance.address, world.alice)
    receipt = world.chain.send(sync, by=world.mallory)
    assert len(events(world.module(LIMITS), "WalletMoved", receipt)) == 1
    assert (held(world, world.alice), held(world, world.bob), investors(world)) == (0, 2 * START, 3)
    assert not events(world.module(LIMITS), "WalletMoved", world.chain.send(sync, by=world.mallory))


def test_a_wallet_that_changed_hands_is_counted_at_its_next_credit(world: World):
    change = world.platform.storage.functions.modifyStoredIdentity
    world.chain.send(change(world.alice, world.identities[world.bob].address), by=world.keys.registrar)
    move(world, world.dave, world.alice, 7)
    assert (held(world, world.alice), held(world, world.bob)) == (0, 2 * START + 7)
    assert investors(world) == 3


def test_a_first_credit_moves_no_wallet(world: World):
    steps.approve(world.platform, world.mallory, UAE)
    receipt = world.agent(world.ruled.token.functions.mint(world.mallory, 5))
    assert not events(world.module(LIMITS), "WalletMoved", receipt)
    assert investors(world) == 5


def test_a_stranger_cannot_be_synced_into_the_book(world: World):
    functions = world.module(LIMITS).functions
    world.chain.send(functions.sync(world.ruled.compliance.address, world.carol), by=world.mallory)
    assert investors(world) == 4
    free = functions.sync(world.free.compliance.address, world.alice)
    assert world.refusal(free, world.mallory) == "compliance not bound"


def test_a_book_begins_with_its_token(world: World):
    add = world.free.compliance.functions.addModule(world.module(LIMITS).address)
    why = "compliance is not suitable for binding to the module"
    assert world.refusal(add, world.keys.owner) == why
    remove = world.ruled.compliance.functions.removeModule(world.module(LIMITS).address)
    world.owner(remove)
    again = world.ruled.compliance.functions.addModule(world.module(LIMITS).address)
    assert world.refusal(again, world.keys.owner) == why


def test_a_book_that_missed_movements_is_not_taken_up_again(world: World):
    module, token = world.module(LIMITS).address, world.ruled.token
    world.owner(world.ruled.compliance.functions.removeModule(module))
    holders = [world.alice, world.bob, world.dave, world.erin]
    world.agent(token.functions.batchBurn(holders, [START] * 4))
    again = world.ruled.compliance.functions.addModule(module)
    assert token.functions.totalSupply().call() == 0
    why = "compliance is not suitable for binding to the module"
    assert world.refusal(again, world.keys.owner) == why


# Holding period


def test_minted_tokens_stay_for_the_period(world: World):
    world.rule(PERIOD, "setHoldingPeriod", 10 * DAY)
    world.agent(world.ruled.token.functions.mint(world.alice, 50))
    minted = world.chain.now()
    assert locked(world, world.alice) == 50
    assert world.why(PERIOD, world.alice, world.bob, START) == ""
    assert world.why(PERIOD, world.alice, world.bob, START + 1) == "holding_period"
    transfer = world.ruled.token.functions.transfer(world.bob, START + 1)
    assert world.refusal(transfer, world.alice) == "Transfer not possible"
    until = world.module(PERIOD).functions.lotsOf(world.ruled.compliance.address, world.alice).call()[0][1]
    assert until % DAY == 0
    assert 10 * DAY <= until - minted < 11 * DAY
    world.chain.set_time(until - 1)
    assert locked(world, world.alice) == 50
    world.chain.set_time(until)
    assert locked(world, world.alice) == 0
    move(world, world.alice, world.bob, START + 50)


def test_what_is_bought_is_free(world: World):
    world.rule(PERIOD, "setHoldingPeriod", 10 * DAY)
    move(world, world.alice, world.bob, 10)
    assert locked(world, world.bob) == 0


def test_a_days_mints_share_a_lot(world: World):
    world.rule(PERIOD, "setHoldingPeriod", 10 * DAY)
    world.chain.set_time((world.chain.now() // DAY + 1) * DAY + 60)
    for _ in range(3):
        world.agent(world.ruled.token.functions.mint(world.alice, 5))
    lots = world.module(PERIOD).functions.lotsOf(world.ruled.compliance.address, world.alice).call()
    assert [amount for amount, _ in lots] == [15]


def test_a_wallet_may_have_its_own_period(world: World):
    world.rule(PERIOD, "setWalletPeriod", world.alice, 700 * DAY)
    world.agent(world.ruled.token.functions.batchMint([world.alice, world.bob], [5, 5]))
    assert (locked(world, world.alice), locked(world, world.bob)) == (5, 0)
    world.rule(PERIOD, "setWalletPeriod", world.alice, 0)
    world.agent(world.ruled.token.functions.mint(world.alice, 5))
    assert locked(world, world.alice) == 5


def test_a_lock_is_set_and_released(world: World):
    until = world.chain.now() + DAY
    world.rule(PERIOD, "lock", world.alice, 600, until)
    assert world.why(PERIOD, world.alice, world.bob, 401) == "holding_period"
    too_much = world.refused_rule(PERIOD, "lock", world.alice, 401, until)
    assert too_much == ("LockExceedsBalance", (400, 401))
    too_late = world.refused_rule(PERIOD, "lock", world.alice, 1, world.chain.now())
    assert too_late == ("LockInPast", (world.chain.now(),))
    world.rule(PERIOD, "lock", world.alice, 400, until)
    assert locked(world, world.alice) == START
    world.rule(PERIOD, "release", world.alice)
    assert (locked(world, world.alice), world.why(PERIOD, world.alice, world.bob, START)) == (0, "")


def test_a_lock_is_not_shed_by_force(world: World):
    world.rule(PERIOD, "lock", world.alice, 600, world.chain.now() + DAY)
    world.rule(PERIOD, "lock", world.alice, 100, world.chain.now() + 2 * DAY)
    force(world, world.alice, world.bob, 300)
    assert (locked(world, world.alice), locked(world, world.bob)) == (700, 0)
    force(world, world.alice, world.bob, 50)
    assert (locked(world, world.alice), locked(world, world.bob)) == (650, 50)
    force(world, world.alice, world.bob, 650)
    assert (locked(world, world.alice), locked(world, world.bob)) == (0, 700)
    assert world.why(PERIOD, world.bob, world.alice, START + 301) == "holding_period"
    assert world.why(PERIOD, world.bob, world.alice, START + 300) == ""


def test_a_lock_outlives_a_time_without_the_module(world: World):
    """Tokens that left meanwhile are free; what stayed is locked, and no more goes along than is moved."""
    module = world.module(PERIOD).address
    world.rule(PERIOD, "lock", world.alice, 600, world.chain.now() + DAY)
    world.owner(world.ruled.compliance.functions.removeModule(module))
    move(world, world.alice, world.bob, START - 100)
    world.owner(world.ruled.compliance.functions.addModule(module))
    assert world.why(PERIOD, world.alice, world.bob, 1) == "holding_period"
    more = world.refused_rule(PERIOD, "lock", world.alice, 1, world.chain.now() + DAY)
    assert more == ("LockExceedsBalance", (0, 1))
    force(world, world.alice, world.dave, 10)
    assert (locked(world, world.alice), locked(world, world.dave)) == (90, 10)


def test_burnt_tokens_are_locked_no_more(world: World):
    world.rule(PERIOD, "lock", world.alice, 600, world.chain.now() + DAY)
    world.agent(world.ruled.token.functions.burn(world.alice, 500))
    assert locked(world, world.alice) == 500
    world.agent(world.ruled.token.functions.mint(world.alice, 100))
    assert world.why(PERIOD, world.alice, world.bob, 101) == "holding_period"


def test_a_wallet_has_room_for_so_many_lots(world: World):
    now = world.chain.now()
    for day in range(1, 33):
        world.rule(PERIOD, "lock", world.alice, 1, now + day * DAY)
    full = world.refused_rule(PERIOD, "lock", world.alice, 1, now + 100 * DAY)
    assert full == ("TooManyLots", (world.alice.lower(),))
    world.rule(PERIOD, "lock", world.alice, 1, now + 5 * DAY)
    world.rule(PERIOD, "setHoldingPeriod", 50 * DAY)
    assert world.why(PERIOD, ZERO, world.alice, 1) == "too_many_lots"
    mint = world.ruled.token.functions.mint(world.alice, 1)
    assert world.refusal(mint, world.keys.agent) == "Compliance not followed"
    world.chain.set_time(now + 2 * DAY)
    world.agent(mint)
    assert locked(world, world.alice) == 32


@pytest.mark.parametrize("function", ["setHoldingPeriod", "setWalletPeriod"])
def test_a_period_has_an_end(world: World, function: str):
    wallet = [world.alice] if function == "setWalletPeriod" else []
    world.rule(PERIOD, function, *wallet, 36_500 * DAY)
    why = world.refused_rule(PERIOD, function, *wallet, 36_500 * DAY + 1)
    assert why == ("PeriodTooLong", (36_500 * DAY + 1,))
    world.agent(world.ruled.token.functions.mint(world.alice, 1))
    assert locked(world, world.alice) == 1
