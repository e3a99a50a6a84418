"""CON-2: what each of our modules refuses, why, and who may change its rules."""

from typing import Any

import pytest

from tests.contracts.chain import NO, YES, ZERO, events
from tests.contracts.platform import MODULES, SAUDI_ARABIA, UAE, USA
from tests.contracts.world import CAP, START, World

pytestmark = pytest.mark.spec("CON-2")

ANY, ONLY_LISTED, NONE_LISTED = 0, 1, 2
HOUR, DAY = 3_600, 86_400
REFUSED_MINT, REFUSED_TRANSFER = "Compliance not followed", "Transfer not possible"
LAST = 2**64 - 1

RULES: dict[str, tuple[str, list[Any]]] = {
    "EligibilityModule": ("setCountryRule", [ANY, []]),
    "SupplyCapModule": ("setSupplyCap", [1]),
    "TransferWindowModule": ("setClosures", [[]]),
    "HolderLimitsModule": ("setLimits", [1, 1]),
    "HoldingPeriodModule": ("setHoldingPeriod", [1]),
}


@pytest.mark.parametrize("name", RULES)
def test_only_a_tokens_owner_changes_its_rules(world: World, name: str):
    function, arguments = RULES[name]
    module = world.module(name)
    direct = module.functions[function](*arguments)
    for account in (world.keys.owner, world.keys.agent, world.mallory):
        assert world.refusal(direct, account) == "only bound compliance can call"
    data = module.encode_abi(function, args=arguments)
    through = world.ruled.compliance.functions.callModuleFunction(data, module.address)
    assert world.refusal(through, world.keys.agent) == "Ownable: caller is not the owner"
    world.owner(through)


@pytest.mark.parametrize("name", MODULES)
def test_only_a_bound_compliance_reports_what_happened(world: World, name: str):
    functions = world.module(name).functions
    acts = (
        functions.moduleTransferAction(world.alice, world.bob, 1),
        functions.moduleMintAction(world.alice, 1),
        functions.moduleBurnAction(world.alice, 1),
    )
    keeps_a_book = {"HolderLimitsModule": acts, "HoldingPeriodModule": acts, "SupplyCapModule": acts[1:2]}
    for act in keeps_a_book.get(name, ()):
        assert world.refusal(act, world.keys.owner) == "only bound compliance can call"


@pytest.mark.parametrize("name", MODULES)
def test_only_the_modules_owner_replaces_its_code(world: World, name: str):
    module = world.module(name)
    assert module.functions.name().call() == name
    assert module.functions.owner().call() == world.keys.owner
    code = world.chain.deploy(name, by=world.mallory)
    upgrade = module.functions.upgradeTo(code.address)
    assert world.refusal(upgrade, world.mallory) == "Ownable: caller is not the owner"
    world.owner(upgrade)
    assert module.functions.isComplianceBound(world.ruled.compliance.address).call()


def test_rules_of_one_token_bind_no_other(world: World):
    world.rule("TransferWindowModule", "setClosures", [[0, LAST]])
    assert world.why("TransferWindowModule", world.alice, world.bob, 1) == "transfers_closed"
    assert world.why("TransferWindowModule", world.alice, world.bob, 1, suite=world.free) == ""
    assert world.settled(world.settle(world.trade(world.alice, world.bob)))


# Eligibility


@pytest.mark.parametrize(
    ("rule", "countries", "reason"),
    [
        (ANY, [], ""),
        (ANY, [USA], ""),
        (ONLY_LISTED, [UAE, SAUDI_ARABIA], "country_not_allowed"),
        (ONLY_LISTED, [], "country_not_allowed"),
        (ONLY_LISTED, [USA], ""),
        (NONE_LISTED, [USA, UAE], "country_denied"),
        (NONE_LISTED, [UAE], ""),
        (NONE_LISTED, [], ""),
    ],
)
def test_the_receivers_country_must_be_allowed(world: World, rule, countries, reason):
    world.rule("EligibilityModule", "setCountryRule", rule, countries)
    assert world.why("EligibilityModule", world.alice, world.carol, 1) == reason
    assert world.why("EligibilityModule", ZERO, world.carol, 1) == reason
    mint = world.ruled.token.functions.mint(world.carol, 1)
    if reason:
        assert world.refusal(mint, world.keys.agent) == REFUSED_MINT
    else:
        world.agent(mint)


def test_a_country_rule_replaces_the_one_before(world: World):
    compliance = world.ruled.compliance.address
    listed = world.module("EligibilityModule").functions.isListed
    edges = [0, 1, 2, 254, 255, 256, 257, 511, 512, 513, 840, 1022, 1023, 1024, 1279]
    for countries in ([1, 255, 256, 511, 512, 1023], [840]):
        world.rule("EligibilityModule", "setCountryRule", ONLY_LISTED, countries)
        assert [code for code in edges if listed(compliance, code).call()] == countries


def test_a_holder_in_a_closed_country_may_still_leave(world: World):
    world.rule("EligibilityModule", "setCountryRule", NONE_LISTED, [UAE])
    assert world.why("EligibilityModule", world.alice, world.dave, 1) == ""
    assert world.why("EligibilityModule", world.dave, world.alice, 1) == "country_denied"


@pytest.mark.parametrize("country", [0, 1024, 65_535])
def test_a_country_that_is_none_cannot_be_listed(world: World, country: int):
    why = world.refused_rule("EligibilityModule", "setCountryRule", ONLY_LISTED, [UAE, country])
    assert why == ("CountryOutOfRange", (country,))


@pytest.mark.parametrize(
    ("rule", "reason"), [(ANY, ""), (ONLY_LISTED, "country_unknown"), (NONE_LISTED, "country_unknown")]
)
@pytest.mark.parametrize("country", [0, 2_000])
def test_an_unknown_country_is_allowed_only_where_countries_do_not_matter(
    world: World, rule, reason, country
):
    change = world.platform.storage.functions.modifyStoredInvestorCountry(world.bob, country)
    world.chain.send(change, by=world.keys.registrar)
    world.rule("EligibilityModule", "setCountryRule", rule, [UAE])
    assert world.why("EligibilityModule", world.alice, world.bob, 1) == reason


def test_both_sides_must_be_verified(world: World):
    reason = world.module("EligibilityModule").functions.reasonFor
    compliance = world.ruled.compliance.address
    unknown = reason(world.alice, world.mallory, 1, compliance).call()
    assert unknown.rstrip(b"\0") == b"recipient_not_verified"
    remove = world.platform.storage.functions.removeIdentityFromStorage(world.alice)
    world.chain.send(remove, by=world.keys.registrar)
    assert world.why("EligibilityModule", world.alice, world.bob, 1) == "sender_not_verified"


def test_a_transfer_outside_the_platform_meets_both_checks(world: World):
    """The token verifies the receiver, the module the sender; neither passes without the other."""
    token = world.ruled.token
    assert world.refusal(token.functions.transfer(world.mallory, 1), world.alice) == REFUSED_TRANSFER
    world.chain.send(token.functions.transfer(world.bob, 1), by=world.alice)
    remove = world.platform.storage.functions.removeIdentityFromStorage(world.alice)
    world.chain.send(remove, by=world.keys.registrar)
    assert world.refusal(token.functions.transfer(world.bob, 1), world.alice) == REFUSED_TRANSFER
    without_module = world.free.token.functions.transfer(world.bob, 1)
    world.chain.send(without_module, by=world.alice)


# Sell only


def test_one_entry_binds_in_every_token(world: World):
    module = world.module("SellOnlyModule")
    world.owner(world.free.compliance.functions.addModule(module.address))
    receipt = world.chain.send(
        module.functions.setSellOnly([world.alice, world.dave], YES), by=world.keys.registrar
    )
    assert [one["wallet"] for one in events(module, "SellOnlySet", receipt)] == [world.alice, world.dave]
    for suite in (world.ruled, world.free):
        assert world.why("SellOnlyModule", world.bob, world.alice, 1, suite=suite) == "recipient_sell_only"
        assert world.why("SellOnlyModule", ZERO, world.dave, 1, suite=suite) == "recipient_sell_only"
        assert world.why("SellOnlyModule", world.alice, world.bob, 1, suite=suite) == ""
    assert world.refused(world.trade(world.bob, world.alice))[0] == "ComplianceRefused"


def test_sell_only_may_be_said_twice(world: World):
    functions = world.module("SellOnlyModule").functions
    for sell_only in (True, True, False, False):
        world.chain.send(functions.setSellOnly([world.alice], sell_only), by=world.keys.registrar)
        assert functions.isSellOnly(world.alice).call() is sell_only


def test_only_its_agents_keep_the_list(world: World):
    functions = world.module("SellOnlyModule").functions
    entry = functions.setSellOnly([world.alice], YES)
    for other in (world.keys.owner, world.keys.agent, world.mallory):
        assert world.refusal(entry, other) == ("NotAgent", (other.lower(),))
    assert world.refusal(functions.setAgent(world.mallory, YES), world.keys.registrar) == (
        "Ownable: caller is not the owner"
    )
    world.owner(functions.setAgent(world.keys.registrar, NO))
    assert world.refusal(entry, world.keys.registrar)[0] == "NotAgent"


def test_the_list_grows_by_two_hundred_at_most(world: World):
    entry = world.module("SellOnlyModule").functions.setSellOnly
    assert world.refusal(entry([world.alice] * 201, YES), world.keys.registrar) == (
        "TooManyWallets",
        (201, 200),
    )
    world.chain.send(entry([world.alice] * 200, YES), by=world.keys.registrar)


# Transfer window


def test_transfers_are_closed_from_the_first_second_to_the_last(world: World):
    now = world.chain.now()
    world.rule(
        "TransferWindowModule", "setClosures", [[now + HOUR, now + 2 * HOUR], [now + DAY, now + DAY + 1]]
    )
    trade = world.trade(world.alice, world.bob, token=world.ruled.token.address)
    for at, reason in (
        (HOUR - 1, ""),
        (HOUR, "transfers_closed"),
        (2 * HOUR - 1, "transfers_closed"),
        (2 * HOUR, ""),
    ):
        world.chain.set_time(now + at)
        assert world.why("TransferWindowModule", world.alice, world.bob, 1) == reason, at
    world.chain.set_time(now + DAY)
    assert world.why("TransferWindowModule", world.alice, world.bob, 1) == "transfers_closed"
    assert world.why("TransferWindowModule", ZERO, world.bob, 1) == ""
    world.rule("TransferWindowModule", "setClosures", [[0, LAST]])
    assert world.refused(trade)[0] == "ComplianceRefused"
    world.agent(world.ruled.token.functions.mint(world.bob, 1))
    world.rule("TransferWindowModule", "setClosures", [])
    assert world.settled(world.settle(trade)) == [trade[0]]


@pytest.mark.parametrize(
    ("closures", "why"),
    [
        ([[5, 5]], ("EmptyClosure", (5, 5))),
        ([[1, 2], [6, 5]], ("EmptyClosure", (6, 5))),
        ([[1, 2]] * 17, ("TooManyClosures", (17, 16))),
    ],
)
def test_senseless_closures_are_refused(world: World, closures, why):
    assert world.refused_rule("TransferWindowModule", "setClosures", closures) == why
    compliance = world.ruled.compliance.address
    assert world.module("TransferWindowModule").functions.closuresOf(compliance).call() == []


# Supply cap


def test_no_more_is_minted_than_the_cap(world: World):
    minted = 4 * START
    assert world.ruled.token.functions.totalSupply().call() == minted
    for amount, reason in (
        (CAP - minted, ""),
        (CAP - minted + 1, "supply_cap_exceeded"),
        (2**256 - 1, "supply_cap_exceeded"),
    ):
        assert world.why("SupplyCapModule", ZERO, world.bob, amount) == reason
    mint = world.ruled.token.functions.mint
    assert world.refusal(mint(world.bob, CAP - minted + 1), world.keys.agent) == REFUSED_MINT
    world.agent(mint(world.bob, CAP - minted))
    assert world.refusal(mint(world.bob, 1), world.keys.agent) == REFUSED_MINT
    world.agent(world.ruled.token.functions.burn(world.bob, 10))
    world.agent(mint(world.bob, 10))


def test_a_batch_does_not_slip_past_the_cap(world: World):
    half = (CAP - 4 * START) // 2
    batch = world.ruled.token.functions.batchMint([world.alice, world.bob], [half, half + 1])
    assert world.refusal(batch, world.keys.agent) == REFUSED_MINT


def test_a_cap_lowered_below_the_supply_stops_minting_only(world: World):
    world.rule("SupplyCapModule", "setSupplyCap", 10)
    assert world.why("SupplyCapModule", ZERO, world.bob, 1) == "supply_cap_exceeded"
    assert world.why("SupplyCapModule", world.alice, world.bob, 10**9) == ""


def test_a_token_without_a_cap_is_not_minted(world: World):
    world.owner(world.free.compliance.functions.addModule(world.module("SupplyCapModule").address))
    assert world.why("SupplyCapModule", ZERO, world.bob, 1, suite=world.free) == "supply_cap_not_set"
    mint = world.free.token.functions.mint(world.bob, 1)
    assert world.refusal(mint, world.keys.agent) == REFUSED_MINT
    assert world.settled(world.settle(world.trade(world.alice, world.bob)))


def test_a_period_has_its_own_cap(world: World):
    start = world.chain.now() + 50
    token, compliance = world.ruled.token, world.ruled.compliance.address
    minted = world.module("SupplyCapModule").functions.mintedInPeriod
    world.rule("SupplyCapModule", "setPeriodCap", 100, start, DAY)
    assert world.why("SupplyCapModule", ZERO, world.bob, 1) == "period_not_started"
    world.chain.set_time(start)
    world.agent(token.functions.mint(world.bob, 60))
    assert minted(compliance).call() == 60
    assert world.why("SupplyCapModule", ZERO, world.bob, 40) == ""
    assert world.why("SupplyCapModule", ZERO, world.bob, 41) == "period_cap_exceeded"
    assert world.refusal(token.functions.mint(world.bob, 41), world.keys.agent) == REFUSED_MINT
    world.agent(token.functions.burn(world.bob, 60))
    assert world.why("SupplyCapModule", ZERO, world.bob, 41) == "period_cap_exceeded"
    world.chain.set_time(start + DAY - 1)
    assert world.why("SupplyCapModule", ZERO, world.bob, 41) == "period_cap_exceeded"
    world.chain.set_time(start + DAY)
    assert (minted(compliance).call(), world.why("SupplyCapModule", ZERO, world.bob, 100)) == (0, "")
    world.agent(token.functions.mint(world.bob, 100))
    assert world.why("SupplyCapModule", ZERO, world.bob, 1) == "period_cap_exceeded"
    world.rule("SupplyCapModule", "setPeriodCap", 0, 0, 0)
    assert world.why("SupplyCapModule", ZERO, world.bob, 1) == ""
