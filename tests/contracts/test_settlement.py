"""CON-4: every check of a trade's security leg, in both directions."""

import pytest

from tests.contracts import platform as steps
from tests.contracts.chain import NO, YES, ZERO, events, text
from tests.contracts.world import START, World

pytestmark = pytest.mark.spec("CON-4")


def test_a_trade_moves_the_security(world: World):
    trade = world.trade(world.alice, world.bob, 250)
    receipt = world.settle(trade)
    assert (world.has(world.alice), world.has(world.bob)) == (START - 250, START + 250)
    assert events(world.settlement, "TradeSettled", receipt) == [
        {
            "tradeId": trade[0],
            "token": world.free.token.address,
            "seller": world.alice,
            "buyer": world.bob,
            "amount": 250,
            "cash": ZERO,
            "cashAmount": 0,
        }
    ]
    assert world.settlement.functions.settledIn(trade[0]).call() == receipt.blockNumber


def test_all_that_is_free_may_be_sold(world: World):
    world.agent(world.free.token.functions.freezePartialTokens(world.alice, 400))
    assert world.settled(world.settle(world.trade(world.alice, world.bob, START - 400)))
    assert world.has(world.alice) == 400


def test_a_token_with_every_rule_settles(world: World):
    trade = world.trade(world.alice, world.dave, 5, token=world.ruled.token.address)
    assert world.settled(world.settle(trade)) == [trade[0]]
    assert world.has(world.dave, world.ruled.token) == START + 5


def test_a_paused_token_is_refused(world: World):
    token = world.free.token
    trade = world.trade(world.alice, world.bob)
    world.agent(token.functions.pause())
    assert world.refused(trade) == ("TokenPaused", (token.address.lower(),))
    world.agent(token.functions.unpause())
    assert world.settled(world.settle(trade)) == [trade[0]]


@pytest.mark.parametrize(("frozen", "name"), [("alice", "SellerFrozen"), ("bob", "BuyerFrozen")])
def test_a_frozen_party_is_refused(world: World, frozen: str, name: str):
    wallet = getattr(world, frozen)
    trade = world.trade(world.alice, world.bob)
    world.agent(world.free.token.functions.setAddressFrozen(wallet, YES))
    assert world.refused(trade) == (name, (wallet.lower(),))
    world.agent(world.free.token.functions.setAddressFrozen(wallet, NO))
    assert world.settled(world.settle(trade)) == [trade[0]]


def test_more_than_the_balance_is_refused(world: World):
    why = world.refused(world.trade(world.alice, world.bob, START + 1))
    assert why == ("InsufficientFreeBalance", (world.alice.lower(), START, START + 1))


def test_partly_frozen_tokens_are_not_sold(world: World):
    world.agent(world.free.token.functions.freezePartialTokens(world.alice, 400))
    why = world.refused(world.trade(world.alice, world.bob, START - 399))
    assert why == ("InsufficientFreeBalance", (world.alice.lower(), START - 400, START - 399))
    assert world.free.token.functions.getFrozenTokens(world.alice).call() == 400


def test_a_buyer_who_was_never_approved_is_refused(world: World):
    why = world.refused(world.trade(world.alice, world.mallory))
    assert why == ("BuyerNotVerified", (world.mallory.lower(),))


def test_a_seller_who_left_the_registry_is_refused(world: World):
    leave(world, world.alice)
    why = world.refused(world.trade(world.alice, world.bob))
    assert why == ("SellerNotVerified", (world.alice.lower(),))


def test_a_seller_whose_claim_was_revoked_is_refused(world: World):
    revoke(world, world.alice)
    why = world.refused(world.trade(world.alice, world.bob))
    assert why == ("SellerNotVerified", (world.alice.lower(),))


def test_a_seller_is_verified_by_the_module_where_it_is_bound(world: World):
    leave(world, world.alice)
    why = world.refused(world.trade(world.alice, world.bob, token=world.ruled.token.address))
    module = world.module("EligibilityModule").address.lower()
    assert refused_by(why) == (module, "sender_not_verified")


def test_a_seller_is_verified_here_once_the_module_is_removed(world: World):
    module = world.module("EligibilityModule").address
    world.owner(world.ruled.compliance.functions.removeModule(module))
    leave(world, world.alice)
    why = world.refused(world.trade(world.alice, world.bob, token=world.ruled.token.address))
    assert why == ("SellerNotVerified", (world.alice.lower(),))


def test_a_module_refuses_and_its_reason_is_told(world: World):
    why = world.refused(world.trade(world.alice, world.carol, token=world.ruled.token.address))
    assert refused_by(why) == (world.module("EligibilityModule").address.lower(), "country_not_allowed")


@pytest.mark.parametrize(
    ("manner", "name", "arguments"), [(1, "ComplianceRefused", None), (2, "Error", ("stubborn",))]
)
def test_a_module_without_reasons_still_refuses(world: World, manner: int, name: str, arguments):
    stubborn = world.chain.deploy("StubbornModule", by=world.keys.owner)
    world.owner(world.free.compliance.functions.addModule(stubborn.address))
    trade = world.trade(world.alice, world.bob)
    world.owner(stubborn.functions.behave(manner))
    assert world.refused(trade) == (name, arguments or (stubborn.address.lower(), bytes(32)))
    world.owner(stubborn.functions.behave(0))
    assert world.settled(world.settle(trade)) == [trade[0]]


def test_a_token_that_has_not_made_settlement_its_agent_refuses(world: World):
    world.owner(world.free.token.functions.removeAgent(world.settlement.address))
    why = world.refused(world.trade(world.alice, world.bob))
    assert why == ("Error", ("AgentRole: caller does not have the Agent role",))


def test_what_is_no_token_is_refused(world: World):
    assert world.refused(world.trade(world.alice, world.bob, token=world.mallory)) == (
        "RefusedWithoutReason",
        (),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"id": bytes(32)},
        {"amount": 0},
        {"buyer": "alice"},
        {"cash": "stablecoin"},
        {"cash_amount": 5},
    ],
    ids=["no id", "no amount", "with oneself", "cash of nothing", "cash of no token"],
)
def test_a_senseless_trade_is_refused(world: World, changes):
    parties = {"seller": world.alice, "buyer": world.bob, "amount": 1} | changes
    if "cash" in changes:
        parties["cash"] = world.cash.address
    if "buyer" in changes:
        parties["buyer"] = world.alice
    assert world.refused(world.trade(**parties)) == ("InvalidTrade", ())


def test_a_trade_settles_once_for_ever(world: World):
    trade = world.trade(world.alice, world.bob, 10)
    block = world.settle(trade).blockNumber
    again = world.settle(trade)
    assert world.refusals(again) == {trade[0]: ("AlreadySettled", (block,))}
    other_terms = world.trade(world.bob, world.carol, 7, id=trade[0])
    assert world.refusals(world.settle(other_terms)) == {trade[0]: ("AlreadySettled", (block,))}
    assert (world.has(world.alice), world.has(world.bob)) == (START - 10, START + 10)


def test_a_trade_settles_once_within_a_batch(world: World):
    trade = world.trade(world.alice, world.bob, 10)
    receipt = world.settle(trade, trade)
    assert world.settled(receipt) == [trade[0]]
    assert world.refusals(receipt)[trade[0]][0] == "AlreadySettled"
    assert world.has(world.alice) == START - 10


def test_a_refused_trade_may_come_again(world: World):
    trade = world.trade(world.alice, world.bob, START + 1)
    world.refused(trade)
    world.agent(world.free.token.functions.mint(world.alice, 1))
    assert world.settled(world.settle(trade)) == [trade[0]]


def test_one_may_ask_before(world: World):
    ask = world.settlement.functions.requireTransferable
    free, ruled = world.free.token.address, world.ruled.token.address
    assert ask(free, world.alice, world.bob, START).call() == []
    unknown = world.refusal(ask(free, world.alice, world.mallory, 1), world.mallory)
    assert unknown == ("BuyerNotVerified", (world.mallory.lower(),))
    foreign = world.refusal(ask(ruled, world.alice, world.carol, 1), world.mallory)
    assert refused_by(foreign)[1] == "country_not_allowed"
    leave(world, world.alice)
    gone = world.refusal(ask(free, world.alice, world.bob, 1), world.mallory)
    assert gone == ("SellerNotVerified", (world.alice.lower(),))


def test_forced_transfer_alone_looks_at_nothing(world: World):
    """Why settlement exists: an agent's forced transfer passes a pause, all freezes and every module."""
    token = world.ruled.token
    for freeze in (
        token.functions.setAddressFrozen(world.alice, YES),
        token.functions.setAddressFrozen(world.carol, YES),
        token.functions.freezePartialTokens(world.alice, START),
        token.functions.pause(),
    ):
        world.agent(freeze)
    assert not world.ruled.compliance.functions.canTransfer(world.alice, world.carol, START).call()
    forced = token.functions.forcedTransfer(world.alice, world.carol, START)
    world.chain.send(forced, by=world.keys.court)
    assert world.has(world.carol, token) == START
    assert token.functions.getFrozenTokens(world.alice).call() == 0


def leave(world: World, wallet: str) -> None:
    """Take a wallet out of the registry of every token."""
    call = world.platform.storage.functions.removeIdentityFromStorage(wallet)
    world.chain.send(call, by=world.keys.registrar)


def revoke(world: World, wallet: str) -> None:
    """Revoke a wallet's KYC claim."""
    identity = world.identities[wallet]
    claim_id = identity.functions.getClaimIdsByTopic(steps.KYC).call()[0]
    signature = identity.functions.getClaim(claim_id).call()[3]
    world.owner(world.platform.claim_issuer.functions.revokeClaimBySignature(signature))


def refused_by(why) -> tuple[str, str]:
    """Return which module refused, and its reason as text."""
    name, (module, code) = why
    assert name == "ComplianceRefused"
    return module, text(code)
