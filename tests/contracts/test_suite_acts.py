"""CON-6 and TOK-8: what the token agent and the court key do, with the rights we give them."""

import pytest

from tests.contracts import platform as steps
from tests.contracts.chain import YES, events
from tests.contracts.platform import UAE
from tests.contracts.world import START, World

pytestmark = pytest.mark.spec("CON-6")

NO_AGENT = "AgentRole: caller does not have the Agent role"


def test_a_batch_is_minted_and_refused_as_one(world: World):
    token = world.free.token
    world.agent(token.functions.batchMint([world.alice, world.bob], [5, 7]))
    assert (world.has(world.alice), world.has(world.bob)) == (START + 5, START + 7)
    mixed = token.functions.batchMint([world.alice, world.mallory], [5, 7])
    assert world.refusal(mixed, world.keys.agent) == "Identity is not verified."


def test_tokens_are_burnt_frozen_ones_too(world: World):
    token = world.free.token
    world.agent(token.functions.freezePartialTokens(world.alice, START))
    receipt = world.agent(token.functions.burn(world.alice, 400))
    assert world.has(world.alice) == START - 400
    assert events(token, "TokensUnfrozen", receipt)[0]["_amount"] == 400
    over = token.functions.burn(world.alice, START)
    assert world.refusal(over, world.keys.agent) == "cannot burn more than balance"


def test_freezes_bind_the_holder(world: World):
    token = world.free.token
    send = token.functions.transfer(world.bob, 601)
    world.agent(token.functions.freezePartialTokens(world.alice, 400))
    assert world.refusal(send, world.alice) == "Insufficient Balance"
    world.agent(token.functions.unfreezePartialTokens(world.alice, 1))
    world.chain.send(send, by=world.alice)
    world.agent(token.functions.setAddressFrozen(world.alice, YES))
    assert world.refusal(token.functions.transfer(world.bob, 1), world.alice) == "wallet is frozen"


def test_a_pause_binds_everybody(world: World):
    token = world.free.token
    world.agent(token.functions.pause())
    assert world.refusal(token.functions.transfer(world.bob, 1), world.alice) == "Pausable: paused"
    world.agent(token.functions.unpause())
    world.chain.send(token.functions.transfer(world.bob, 1), by=world.alice)
    assert world.has(world.bob) == START + 1


def test_a_new_token_starts_paused(world: World):
    assert steps.deploy_suite(world.platform, "NEW", []).token.functions.paused().call()


@pytest.mark.spec("CON-1")
def test_a_token_has_our_agents_and_no_other(world: World):
    token = world.free.token
    agents = {world.settlement.address, world.keys.agent, world.keys.court}
    others = {world.keys.owner, world.keys.registrar, world.keys.operator, world.platform.factory.address}
    assert all(token.functions.isAgent(one).call() for one in agents)
    assert not any(token.functions.isAgent(one).call() for one in others)
    for owned in (token, world.free.registry, world.free.compliance, world.free.topics, world.free.issuers):
        assert owned.functions.owner().call() == world.keys.owner


@pytest.mark.spec("TOK-8")
def test_a_court_order_is_carried_out_with_its_own_key(world: World):
    forced = world.free.token.functions.forcedTransfer(world.alice, world.bob, 10)
    for other in (world.keys.owner, world.keys.operator, world.keys.registrar):
        assert world.refusal(forced, other) == NO_AGENT
    world.chain.send(forced, by=world.keys.court)
    assert world.has(world.bob) == START + 10


@pytest.mark.spec("TOK-8")
def test_a_lost_wallet_is_replaced_in_every_token(world: World):
    """The suite's own recovery works for one token of a shared storage only; these steps work for all."""
    lost, new = world.alice, world.mallory
    tokens = [world.ruled.token, world.free.token]
    identity = world.identities[lost]
    world.agent(tokens[1].functions.freezePartialTokens(lost, 300))
    steps.store(world.platform, new, identity, UAE)
    for token in tokens:
        frozen = token.functions.getFrozenTokens(lost).call()
        balance = world.has(lost, token)
        world.chain.send(token.functions.forcedTransfer(lost, new, balance), by=world.keys.court)
        if frozen:
            world.agent(token.functions.freezePartialTokens(new, frozen))
    remove = world.platform.storage.functions.removeIdentityFromStorage(lost)
    world.chain.send(remove, by=world.keys.registrar)
    assert [world.has(new, token) for token in tokens] == [START, START]
    assert tokens[1].functions.getFrozenTokens(new).call() == 300
    assert not world.free.registry.functions.isVerified(lost).call()


@pytest.mark.spec("TOK-8")
def test_the_suites_own_recovery_fails_for_the_second_token(world: World):
    lost, new, identity = world.alice, world.mallory, world.identities[world.alice]
    add_key = identity.functions.addKey(steps.key_of(new), 1, 1)
    world.chain.send(add_key, by=world.keys.registrar)
    recover = [
        suite.token.functions.recoveryAddress(lost, new, identity.address)
        for suite in (world.free, world.ruled)
    ]
    world.agent(recover[0])
    assert world.has(new) == START
    assert world.refusal(recover[1], world.keys.agent) == "address stored already"


def test_a_salt_deploys_one_token(world: World):
    with pytest.raises(AssertionError, match="deployTREXSuite was reverted"):
        steps.deploy_suite(world.platform, "FREE", [])
