"""CON-3: one identity per investor, approved once, good for every token; sell-only and removal."""

import pytest
from web3 import Web3

from tests.contracts import platform as steps
from tests.contracts.chain import NO, YES, events
from tests.contracts.platform import KYC, UAE
from tests.contracts.world import World

pytestmark = pytest.mark.spec("CON-3")


def verified(world: World, wallet: str) -> tuple[bool, bool]:
    """Say whether each token takes a wallet as verified."""
    return tuple(suite.registry.functions.isVerified(wallet).call() for suite in (world.ruled, world.free))


def test_approval_counts_for_every_token_that_there_is_and_that_will_be(world: World):
    assert verified(world, world.mallory) == (False, False)
    steps.approve(world.platform, world.mallory, UAE)
    assert verified(world, world.mallory) == (True, True)
    later = steps.deploy_suite(world.platform, "LATER", [])
    assert later.registry.functions.isVerified(world.mallory).call()
    assert later.registry.functions.investorCountry(world.mallory).call() == UAE
    world.agent(later.token.functions.mint(world.mallory, 5))
    assert world.has(world.mallory, later.token) == 5


def test_each_step_of_an_approval_is_needed(world: World):
    identity = steps.create_identity(world.platform, world.mallory, "person-1")
    assert verified(world, world.mallory) == (False, False)
    steps.store(world.platform, world.mallory, identity, UAE)
    assert verified(world, world.mallory) == (False, False)
    steps.add_claim(world.platform, identity)
    assert verified(world, world.mallory) == (True, True)


def test_all_tokens_share_one_storage(world: World):
    storage = world.platform.storage
    for suite in (world.ruled, world.free):
        assert suite.registry.functions.identityStorage().call() == storage.address
    bound = storage.functions.linkedIdentityRegistries().call()
    assert bound == [world.ruled.registry.address, world.free.registry.address]
    assert storage.functions.owner().call() == world.platform.factory.address


def test_an_identity_obeys_the_platform_alone(world: World):
    identity = world.identities[world.alice]
    managers = identity.functions.getKeysByPurpose(1).call()
    assert managers == [steps.key_of(world.keys.registrar)]
    claim_id = identity.functions.getClaimIdsByTopic(KYC).call()[0]
    for stranger in (world.alice, world.platform.id_factory.address):
        assert not identity.functions.keyHasPurpose(steps.key_of(stranger), 1).call()
    refused = "Permissions: Sender does not have claim signer key"
    assert world.refusal(identity.functions.removeClaim(claim_id), world.alice) == refused


def test_an_owner_gets_one_identity_and_a_wallet_one_owner(world: World):
    create = world.platform.id_factory.functions.createIdentityWithManagementKeys
    key = [steps.key_of(world.keys.registrar)]
    registrar = world.keys.registrar
    taken = f"owner-{world.alice}"
    assert world.refusal(create(world.mallory, taken, key), registrar) == "salt already taken"
    again = "wallet already linked to an identity"
    assert world.refusal(create(world.alice, "another", key), registrar) == again
    assert world.refusal(create(world.mallory, "another", key), world.keys.owner) == (
        "Ownable: caller is not the owner"
    )


def test_a_claim_that_another_key_signed_is_worth_nothing(world: World):
    identity = steps.create_identity(world.platform, world.mallory, "person-1")
    data = bytes(Web3.keccak(text="salted"))
    forged = steps.sign_claim(identity.address, data, world.keys.agent, world.chain.accounts)
    issuer = world.platform.claim_issuer.address
    add = identity.functions.addClaim(KYC, 1, issuer, forged, data, "")
    assert world.refusal(add, world.keys.registrar) == "invalid claim"


def test_a_claim_holds_a_hash_and_no_more(world: World):
    identity = world.identities[world.alice]
    claim_id = identity.functions.getClaimIdsByTopic(KYC).call()[0]
    _, _, issuer, _, data, uri = identity.functions.getClaim(claim_id).call()
    assert (issuer, len(data), uri) == (world.platform.claim_issuer.address, 32, "")


@pytest.mark.parametrize("way", ["removed", "revoked"])
def test_a_rejected_investor_is_out_of_every_token(world: World, way: str):
    if way == "removed":
        remove = world.platform.storage.functions.removeIdentityFromStorage(world.alice)
        receipt = world.chain.send(remove, by=world.keys.registrar)
        assert events(world.platform.storage, "IdentityUnstored", receipt)
    else:
        claim = world.identities[world.alice].functions
        claim_id = claim.getClaimIdsByTopic(KYC).call()[0]
        signature = claim.getClaim(claim_id).call()[3]
        world.owner(world.platform.claim_issuer.functions.revokeClaimBySignature(signature))
    assert verified(world, world.alice) == (False, False)
    mint = world.free.token.functions.mint(world.alice, 1)
    assert world.refusal(mint, world.keys.agent) == "Identity is not verified."


def test_only_the_registrar_writes_the_storage(world: World):
    identity = world.identities[world.alice].address
    add = world.platform.storage.functions.addIdentityToStorage(world.mallory, identity, UAE)
    refused = "AgentRole: caller does not have the Agent role"
    for other in (world.keys.owner, world.keys.agent, world.keys.operator, world.mallory):
        assert world.refusal(add, other) == refused


@pytest.mark.spec("CON-2")
@pytest.mark.spec("KYC-9")
def test_an_expired_investor_sells_and_does_not_receive(world: World):
    sell_only = world.module("SellOnlyModule").functions
    world.chain.send(sell_only.setSellOnly([world.alice], YES), by=world.keys.registrar)
    assert verified(world, world.alice) == (True, True)
    token = world.ruled.token
    buy = world.trade(world.bob, world.alice, 5, token=token.address)
    assert world.refused(buy)[0] == "ComplianceRefused"
    assert world.why("SellOnlyModule", world.bob, world.alice, 5) == "recipient_sell_only"
    mint = token.functions.mint(world.alice, 1)
    assert world.refusal(mint, world.keys.agent) == "Compliance not followed"
    sale = world.trade(world.alice, world.bob, 5, token=token.address)
    assert world.settled(world.settle(sale)) == [sale[0]]
    world.chain.send(sell_only.setSellOnly([world.alice], NO), by=world.keys.registrar)
    assert world.settled(world.settle(buy)) == [buy[0]]
