"""Nodes at their worst, and what the database itself doesn't let anybody do."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.chain.client import transactions as node
from apps.chain.client.abi import call_data
from apps.chain.client.nodes import NodeUnavailable
from apps.chain.client.rpc import NodeRefused, Reverted, ask
from apps.chain.models import Attempt, Contract, GasTransaction, Intent, Suite, Transaction
from apps.chain.sender import go_round
from apps.chain.signer import signer
from apps.chain.types import Duty, IntentState
from apps.common.clock import now
from tests.chain import carry_out, go_rounds
from tests.integration.chain.test_send_queue import brought_to, carrier, only
from tests.nodes import Node

pytestmark = pytest.mark.django_db


@pytest.fixture
def holder(chain):
    return chain.holder()


@pytest.fixture
def suite(chain):
    return chain.suite()


@pytest.fixture
def mint(chain, suite, holder):
    return Intent.objects.get(pk=chain.mint(suite, holder, 5))


@pytest.fixture
def between(chain, mint, settings):
    """A node in front of the good one; it is asked in its place."""
    with Node(chain.url).running() as running:
        settings.CHAIN_RPC_URLS = [running.url]
        yield running


def answers(method: str, change):
    """Return what alters the answers to one method, and leaves all others."""
    return lambda request, answer: (
        change(request, answer) if isinstance(request, dict) and request["method"] == method else answer
    )


def error(code: int, message: str):
    return lambda request, answer: {
        "jsonrpc": "2.0",
        "id": request["id"],
        "error": {"code": code, "message": message},
    }


def hang_up(request, answer):
    return None


@pytest.mark.spec("CHN-3")
def test_a_node_that_takes_it_and_hangs_up_gets_no_second_mint(chain, suite, mint, between):
    between.change = answers("eth_sendRawTransaction", hang_up)
    with pytest.raises(NodeUnavailable):
        go_round(signer(), at=now())
    assert only(mint).state == "signed", "whether it was taken isn't known"
    assert node.receipt([only(mint).tx_hash]) is not None, "and it was"
    between.change = lambda request, answer: answer
    carry_out()
    mint.refresh_from_db()
    assert (mint.state, mint.attempts) == (IntentState.COMPLETED, 0)
    assert chain.supply(suite.token) == 5


def test_what_only_the_node_refuses_waits_without_spending_an_attempt(chain, suite, mint, between):
    between.change = answers("eth_estimateGas", error(-32000, "insufficient funds for gas * price + value"))
    at = now()
    go_rounds(at)
    mint.refresh_from_db()
    assert (mint.attempts, only(mint).state) == (0, "queued")
    assert mint.waits_for == "the node: insufficient funds for gas * price + value"
    asked = len(between.asked)
    go_rounds(at)
    estimates = [each for each in between.asked[asked:] if each["method"] == "eth_estimateGas"]
    assert estimates == [], "it isn't asked all the time"
    between.change = lambda request, answer: answer
    carry_out()
    mint.refresh_from_db()
    assert (mint.state, mint.waits_for) == (IntentState.COMPLETED, "")
    assert chain.supply(suite.token) == 5


def test_a_signer_without_funds_waits_for_them(chain, suite, mint):
    agent = signer().address(Duty.AGENT)
    chain.rpc("anvil_setBalance", agent, "0x1")
    found = brought_to("signed", mint)
    assert carrier().carry(found) is False
    found.refresh_from_db()
    assert (found.state, "unds" in found.error) == ("signed", True)
    Attempt.objects.filter(transaction=found).update(tried_at=None)  # as if the pause were over
    chain.rpc("anvil_setBalance", agent, hex(10**20))
    carry_out()
    mint.refresh_from_db()
    assert (mint.state, mint.attempts, only(mint).error) == (IntentState.COMPLETED, 0, "")
    assert chain.supply(suite.token) == 5


@pytest.mark.spec("CHN-1")
def test_a_busy_node_is_passed_over(chain, mint, between, settings):
    between.change = error(-32005, "limit exceeded")
    with pytest.raises(NodeUnavailable):
        node.newest()
    settings.CHAIN_RPC_URLS = [between.url, chain.url]
    carry_out()
    mint.refresh_from_db()
    assert mint.state == IntentState.COMPLETED


@pytest.mark.spec("CHN-1")
@pytest.mark.parametrize("body", [{}, {"jsonrpc": "2.0", "id": 1}, [], "text"])
def test_an_answer_that_is_none_makes_the_node_unavailable(chain, between, body):
    assert node.newest()
    between.change = lambda request, answer: body
    with pytest.raises(NodeUnavailable):
        node.newest()


@pytest.mark.spec("CHN-1")
def test_a_network_without_a_base_fee_is_paid_by_gas_price(chain, suite, mint, between):
    def without(request, answer):
        answer["result"].pop("baseFeePerGas")
        return answer

    between.change = answers("eth_getBlockByNumber", without)
    carry_out()
    raw = bytes(Attempt.objects.get(transaction=only(mint)).raw)
    assert raw[0] >= 0xC0, "a legacy transaction is a list"
    assert chain.supply(suite.token) == 5


def test_an_old_node_that_knows_no_tip_is_asked_for_its_price(chain, mint, between):
    between.change = answers("eth_maxPriorityFeePerGas", error(-32601, "Method not found"))
    market = node.market()
    assert market.base_fee is not None
    assert market.tip >= 0
    carry_out()
    assert only(mint).state == "confirmed"


def test_a_node_that_looks_through_few_blocks_only_finds_no_event(chain, suite, between):
    between.change = answers("eth_getLogs", error(-32000, "block range is too wide"))
    factory = Contract.objects.get(name="TREXFactory").address
    event = "TREXSuiteDeployed(address,address,address,address,address,address,string)"
    assert node.receipt_of_event(factory, event, suite.token) is None
    between.change = lambda request, answer: answer
    found = node.receipt_of_event(factory, event, suite.token)
    assert (found.tx_hash, found.block_number) == (suite.tx_hash, suite.block_number)


def test_what_a_contract_and_what_a_node_refuses_are_told_apart(chain, suite):
    with pytest.raises(Reverted, match="AgentRole"):
        node.estimate(suite.token, call_data("pause()"), sender=signer().address(Duty.OWNER))
    with pytest.raises(Reverted, match="no such contract"):
        node.read("0x" + "99" * 20, "owner()", returns="address")
    with pytest.raises(NodeRefused):
        ask("eth_noSuchMethod")


# -- laws of the database


def test_an_intent_has_one_transaction_under_way(mint):
    found = brought_to("signed", mint)
    with pytest.raises(IntegrityError, match="chain_one_under_way"), transaction.atomic():
        again(found, number=2, state="queued")


@pytest.mark.spec("CHN-3")
def test_a_step_is_done_once_and_a_nonce_used_once(chain, mint):
    carry_out()
    found = only(mint)
    with pytest.raises(IntegrityError, match="chain_step_done_once"), transaction.atomic():
        again(found, number=2, state="confirmed", signer=found.signer, nonce=10_000)
    with pytest.raises(IntegrityError, match="chain_nonce_once"), transaction.atomic():
        again(found, number=2, step="x", state="reverted", signer=found.signer, nonce=found.nonce)
    with pytest.raises(IntegrityError, match="chain_nonce_before_sending"), transaction.atomic():
        again(found, number=2, step="x", state="broadcast")


@pytest.mark.parametrize("model", [Intent, Transaction, Attempt, Contract, Suite, GasTransaction])
def test_nothing_that_was_sent_is_forgotten(mint, model):
    carry_out()
    assert model.objects.exists()
    with pytest.raises(DatabaseError), transaction.atomic():
        model.objects.all()._raw_delete(using="default")


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Intent, {"arguments": {}}),
        (Intent, {"business_key": "another"}),
        (Transaction, {"data": b""}),
        (Transaction, {"to": ""}),
        (Attempt, {"raw": b""}),
        (Contract, {"address": "0x"}),
        (Suite, {"token": "0x"}),
    ],
)
def test_what_was_asked_and_sent_is_not_rewritten(mint, model, change):
    carry_out()
    with pytest.raises(DatabaseError), transaction.atomic():
        model.objects.update(**change)


def again(found: Transaction, **changes) -> Transaction:
    values = {
        "step": found.step,
        "chain_id": found.chain_id,
        "duty": found.duty,
        "data": b"",
        "created_at": now(),
    }
    return Transaction.objects.create(intent=found.intent, **values | changes)


@pytest.mark.parametrize("words", ["nul \x00 in it", "half a character \ud800"], ids=["nul", "surrogate"])
def test_words_that_no_database_keeps_hold_nobody_up(chain, suite, mint, between, words):
    between.change = answers("eth_estimateGas", error(-32000, words))
    go_rounds(now())
    mint.refresh_from_db()
    assert (mint.attempts, only(mint).state) == (0, "queued")
    assert mint.waits_for.startswith("the node: ")


def test_a_number_that_no_column_holds_is_the_trouble_of_one_transaction_alone(chain, suite, mint, between):
    def nonsense(request, answer):
        ours = answer["result"] and answer["result"]["to"] == suite.token.lower()
        return answer | {"result": answer["result"] | {"gasUsed": hex(2**200)}} if ours else answer

    between.change = answers("eth_getTransactionReceipt", nonsense)
    go_rounds(now())
    assert only(mint).state == "broadcast"
    assert chain.holder().state == "registered", "what comes after it goes on"
    between.change = lambda request, answer: answer
    carry_out()
    mint.refresh_from_db()
    assert (mint.state, mint.attempts) == (IntentState.COMPLETED, 0)
