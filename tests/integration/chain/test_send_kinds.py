"""The four kinds of intent, carried out from the first to the last transaction on a chain."""

import re

import pytest

from apps.audit.models import AuditEvent
from apps.chain import selectors, services
from apps.chain.client import abi, artefacts
from apps.chain.client import transactions as node
from apps.chain.models import Contract, GasTransaction, Intent, Transaction
from apps.chain.sender import go_round
from apps.chain.sender.plans import PLANS, platform
from apps.chain.sender.round import _job
from apps.chain.signer import signer
from apps.chain.types import (
    PLATFORM_SUBJECT,
    Duty,
    HolderState,
    IntentKind,
    IntentState,
    SuiteTerms,
)
from apps.common.clock import now
from apps.common.db import opens_transaction
from apps.common.ids import new_id
from apps.outbox.models import OutboxMessage
from tests.architecture.source import ROOT
from tests.chain import TERMS, UAE, carry_out

pytestmark = pytest.mark.django_db

INDIA = 356
NO = False  # what a node takes has no keyword


def told(subject) -> list[str]:
    return list(OutboxMessage.objects.filter(key=str(subject)).order_by("id").values_list("type", flat=True))


def contract(name: str) -> str:
    return Contract.objects.get(name=name).address


@opens_transaction
def ask_for_suite(token_id, terms, *, by, at):
    return services.request_suite(token_id=token_id, terms=terms, by=by, at=at)


@opens_transaction
def ask_for_holder(owner, country, *, by, at):
    return services.request_holder(owner=owner, country=country, by=by, at=at)


# -- platform


@pytest.mark.spec("CON-1", "CON-3", "CHN-3")
def test_the_platform_is_the_readmes_list(bare_chain, system, at):
    before = node.pending_count(signer().address(Duty.OWNER))
    services.deploy_platform(by=system, at=at)
    carry_out()
    intent = selectors.intent_of(IntentKind.PLATFORM, PLATFORM_SUBJECT)
    assert (intent.state, intent.error) == (IntentState.COMPLETED, "")
    text = (ROOT / "contracts/README.md").read_text()
    count = int(re.search(r"^(\d+) transactions, 48.4 M gas", text, re.MULTILINE)[1])
    assert len(intent.steps) == count == node.pending_count(signer().address(Duty.OWNER)) - before
    assert {step.duty for step in intent.steps} == {Duty.OWNER}
    assert intent.result["contracts"] == Contract.objects.count() == 29
    assert GasTransaction.objects.count() == count
    assert sum(GasTransaction.objects.values_list("gas_used", flat=True)) < 50_000_000
    assert told(PLATFORM_SUBJECT) == ["chain.intent_completed"]
    who = signer().address
    storage, factory = contract("IdentityRegistryStorage"), contract("TREXFactory")
    assert node.read(storage, "owner()", returns="address") == factory
    assert node.read(contract("IdFactory"), "owner()", returns="address") == who(Duty.REGISTRAR)
    settlement = contract("Settlement")
    assert node.read(settlement, "isOperator(address)", who(Duty.OPERATOR), returns="bool")
    for name in platform.IMPLEMENTATIONS:
        assert node.read(contract(f"{name} implementation"), "owner()", returns="address") == who(Duty.OWNER)


@pytest.mark.parametrize("rounds", [1, 7, 23, 45])
def test_a_platform_stopped_half_way_goes_on(bare_chain, system, at, rounds):
    before = node.pending_count(signer().address(Duty.OWNER))
    services.deploy_platform(by=system, at=at)
    for _ in range(rounds):
        go_round(signer(), at=now())
    assert selectors.intents()[0].state is IntentState.PROCESSING
    carry_out()
    assert selectors.intents()[0].state is IntentState.COMPLETED
    assert node.pending_count(signer().address(Duty.OWNER)) - before == 46


def test_what_the_chain_shows_is_not_done_again(chain, system, at):
    """All contracts are recorded and no transaction is: only what no contract tells is sent again."""
    services.deploy_platform(by=system, at=at)
    chain.carry_out()
    intent = selectors.intent_of(IntentKind.PLATFORM, PLATFORM_SUBJECT)
    assert intent.state is IntentState.COMPLETED
    assert [step.name for step in intent.steps] == ["TREXImplementationAuthority: setIAFactory"]


@pytest.mark.spec("CON-1")
def test_other_code_than_ours_is_not_accepted(chain, system, at):
    code = bytearray(node.code(contract("Anchor")))
    code[-1] ^= 1
    chain.rpc("anvil_setCode", contract("Anchor"), "0x" + code.hex())
    services.deploy_platform(by=system, at=at)
    chain.carry_out()
    intent = selectors.intent_of(IntentKind.PLATFORM, PLATFORM_SUBJECT)
    assert intent.state is IntentState.QUEUED
    assert "Anchor" in intent.error


def test_a_network_that_is_not_for_development_gets_no_stablecoin():
    steps = [step.step for step in platform.steps(development=False)]
    assert "deploy TestStablecoin" not in steps
    assert len(steps) == 45
    assert len(set(steps)) == 45, "steps are told apart by their names"


def test_our_code_and_the_suites_can_be_read():
    names = {step.artefact for step in platform.steps(development=True) if isinstance(step, platform.Deploy)}
    assert all(len(artefacts.creation_code(name)) < 49_152 for name in names), "EIP-3860"


# -- holder


@pytest.mark.spec("CON-3")
def test_an_investor_has_an_address_an_identity_a_claim_and_an_entry(chain):
    owner = new_id()
    holder = chain.holder(owner, country=INDIA)
    assert holder.state is HolderState.REGISTERED
    assert holder.address == signer().custody_address(0)
    storage = contract("IdentityRegistryStorage")
    assert node.read(storage, "storedIdentity(address)", holder.address, returns="address") == holder.identity
    assert node.read(storage, "storedInvestorCountry(address)", holder.address, returns="uint16") == INDIA
    intent = selectors.intent_of(IntentKind.HOLDER, owner)
    assert [(step.name, step.duty) for step in intent.steps] == [
        ("create the identity", Duty.REGISTRAR),
        ("add the claim", Duty.REGISTRAR),
        ("enter the storage", Duty.REGISTRAR),
    ]
    assert intent.result == {"address": holder.address, "identity": holder.identity}
    assert told(owner) == ["holder.registered", "chain.intent_completed"]
    event = AuditEvent.objects.get(action="chain.intent_completed")
    assert (event.target_id, event.actor_id) == (str(intent.id), "chain")
    suite = chain.suite()
    assert node.read(suite.identity_registry, "isVerified(address)", holder.address, returns="bool")


@pytest.mark.spec("CON-3")
def test_the_claim_holds_nothing_but_a_keyed_digest(chain):
    owner = new_id()
    holder = chain.holder(owner)
    topic = abi.topic("KYC")
    ids = node.call(holder.identity, abi.call_data("getClaimIdsByTopic(uint256)", topic))
    (claim,) = abi.decode(["bytes32[]"], ids)[0]
    answer = node.call(holder.identity, abi.call_data("getClaim(bytes32)", claim))
    *_, data, uri = abi.decode(["uint256", "uint256", "address", "bytes", "bytes", "string"], answer)
    assert (len(data), uri) == (32, "")
    assert data not in (abi.hashed(str(owner).encode()), abi.hashed(owner.bytes)), "anybody could guess it"


def test_every_investor_has_the_next_address(chain):
    addresses = [chain.holder().address for _ in range(3)]
    assert addresses == [signer().custody_address(index) for index in range(3)]


def test_what_is_there_of_an_investor_is_not_made_again(chain, system, at):
    """Somebody made the identity before: the database was put back to an older copy, say."""
    owner = new_id()
    wallet = signer().custody_address(0)
    data = abi.call_data(
        "createIdentityWithManagementKeys(address,string,bytes32[])",
        wallet,
        str(owner),
        [abi.key_of(signer().address(Duty.REGISTRAR))],
    )
    chain.rpc(
        "eth_sendTransaction",
        {
            "from": signer().address(Duty.REGISTRAR),
            "to": contract("IdFactory"),
            "data": "0x" + data.hex(),
        },
    )
    holder = chain.holder(owner)
    assert holder.state is HolderState.REGISTERED
    steps = [step.name for step in selectors.intent_of(IntentKind.HOLDER, owner).steps]
    assert steps == ["add the claim", "enter the storage"]


def test_an_investor_waits_for_the_platform_without_spending_attempts(bare_chain, system, at):
    owner = new_id()
    ask_for_holder(owner, UAE, by=system, at=at)
    carry_out()
    intent = selectors.intent_of(IntentKind.HOLDER, owner)
    assert (intent.state, intent.attempts, intent.steps) == (IntentState.QUEUED, 0, ())
    assert Intent.objects.get().waits_for == "the platform's contracts"
    services.deploy_platform(by=system, at=at)
    carry_out()
    done = selectors.intent_of(IntentKind.HOLDER, owner)
    assert (done.state, done.error) == (IntentState.COMPLETED, "")
    assert Intent.objects.get(subject=owner).waits_for == ""


# -- suite


@pytest.mark.spec("CON-1")
def test_a_token_has_its_terms_its_agents_and_the_shared_storage(chain):
    token_id = new_id()
    terms = SuiteTerms(name="Palm Sukuk", symbol="PALM", decimals=2, supply_cap=500, countries=(UAE,))
    suite = chain.suite(token_id, terms=terms)
    read = node.read
    assert read(suite.token, "name()", returns="string") == "Palm Sukuk"
    assert read(suite.token, "symbol()", returns="string") == "PALM"
    assert read(suite.token, "decimals()", returns="uint8") == 2
    assert read(suite.token, "paused()", returns="bool")
    who = signer().address
    for contract_ in (suite.token, suite.identity_registry, suite.compliance, suite.claim_topics):
        assert read(contract_, "owner()", returns="address") == who(Duty.OWNER)
    for agent in (contract("Settlement"), who(Duty.AGENT), who(Duty.COURT)):
        assert read(suite.token, "isAgent(address)", agent, returns="bool")
    assert read(suite.identity_registry, "isAgent(address)", who(Duty.REGISTRAR), returns="bool")
    storage = contract("IdentityRegistryStorage")
    assert read(suite.identity_registry, "identityStorage()", returns="address") == storage
    modules = abi.decode(["address[]"], node.call(suite.compliance, abi.call_data("getModules()")))[0]
    named = [contract(name).lower() for name in ("EligibilityModule", "SupplyCapModule", "SellOnlyModule")]
    assert list(modules) == named
    step = selectors.intent_of(IntentKind.SUITE, token_id).steps[0]
    assert (suite.tx_hash, suite.block_number, suite.gas_used) == (
        step.tx_hash,
        step.block_number,
        step.gas_used,
    )
    assert 3_000_000 < suite.gas_used < 4_200_000


@pytest.mark.spec("CON-2")
def test_only_the_named_countries_may_hold_it(chain):
    here, elsewhere = chain.holder(country=UAE), chain.holder(country=INDIA)
    limited = chain.suite(terms=SuiteTerms("Limited", "LTD", 0, 1_000, countries=(UAE,)))
    everywhere = chain.suite(terms=SuiteTerms("Everywhere", "ALL", 0, 1_000))
    for suite, holder, allowed in (
        (limited, here, True),
        (limited, elsewhere, False),
        (everywhere, elsewhere, True),
    ):
        intent = chain.mint(suite, holder, 5)
        chain.carry_out()
        state = Intent.objects.get(pk=intent).state
        assert (state == IntentState.COMPLETED) is allowed
        assert chain.units(suite.token, holder.address) == (5 if allowed else 0)


def test_a_token_that_the_factory_has_is_found_and_not_deployed_twice(chain, system, at):
    """It was deployed, and the database knows nothing of it: it was put back to an older copy, say."""
    token_id = new_id()
    ask_for_suite(token_id, TERMS, by=system, at=at)
    call = PLANS[IntentKind.SUITE](_job(Intent.objects.get(), signer()))
    owner = signer().address(Duty.OWNER)
    sent = chain.rpc("eth_sendTransaction", {"from": owner, "to": call.to, "data": "0x" + call.data.hex()})
    chain.carry_out()
    found = selectors.suite(token_id)
    assert found.tx_hash == sent
    assert node.read(found.token, "symbol()", returns="string") == TERMS.symbol
    assert selectors.intent_of(IntentKind.SUITE, token_id).steps == ()


# -- mint


@pytest.mark.spec("CON-6")
def test_units_are_minted_to_the_investors_address(chain):
    holder, suite = chain.holder(), chain.suite()
    mint_id = new_id()
    intent = chain.mint(suite, holder, 7, mint_id=mint_id)
    assert chain.mint(suite, holder, 7, mint_id=mint_id) == intent, "asking twice is asking once"
    chain.carry_out()
    done = selectors.intent_of(IntentKind.MINT, mint_id)
    assert (done.id, done.state, len(done.steps)) == (intent, IntentState.COMPLETED, 1)
    assert done.steps[0].duty is Duty.AGENT
    assert done.result == {"tx_hash": done.steps[0].tx_hash, "block_number": done.steps[0].block_number}
    assert chain.units(suite.token, holder.address) == chain.supply(suite.token) == 7


def test_a_mint_waits_for_its_investor(chain, system, at):
    suite, owner = chain.suite(), new_id()
    services_holder = ask_for_holder(owner, UAE, by=system, at=at)
    Intent.objects.filter(pk=services_holder).update(next_attempt_at=now().replace(year=2100))
    holder = selectors.holders([owner])[owner]
    intent = chain.mint(suite, holder, 3)
    chain.carry_out()
    row = Intent.objects.get(pk=intent)
    assert (row.state, row.attempts, row.waits_for) == ("queued", 0, "the investor's registration on chain")
    Intent.objects.filter(pk=services_holder).update(next_attempt_at=at)
    chain.carry_out()
    assert Intent.objects.get(pk=intent).state == IntentState.COMPLETED
    assert chain.units(suite.token, selectors.holders([owner])[owner].address) == 3


@pytest.mark.spec("CHN-3")
def test_intents_of_many_kinds_go_side_by_side(chain, system, at):
    holder, suite = chain.holder(), chain.suite()
    chain.rpc("evm_setAutomine", NO)
    tokens = [new_id(), new_id()]
    for token_id in tokens:
        ask_for_suite(token_id, TERMS, by=system, at=at)
    owner = new_id()
    ask_for_holder(owner, UAE, by=system, at=at)
    mints = [chain.mint(suite, holder, units) for units in (1, 2, 3)]
    while go_round(signer(), at=now()):
        pass
    under_way = Transaction.objects.filter(state="broadcast")
    assert sorted(under_way.values_list("duty", flat=True)) == [
        "agent",
        "agent",
        "agent",
        "owner",
        "owner",
        "registrar",
    ]
    for _ in range(4):
        chain.rpc("evm_mine")
        chain.carry_out()
    assert set(Intent.objects.values_list("state", flat=True)) == {"completed"}
    assert chain.supply(suite.token) == 6
    assert len(mints) == 3
