"""One transaction from the queue to finality, and everything that can come between (CHN-3, CHN-4)."""

from datetime import timedelta

import pytest
from django.db import transaction
from eth_account import Account

from apps.chain import nonces, rules, selectors
from apps.chain.client import transactions as node
from apps.chain.models import Attempt, GasTransaction, Intent, Network, SignerAccount, Transaction
from apps.chain.sender import go_round, queue
from apps.chain.sender.carrier import FILLER_GAS, Carrier, limits
from apps.chain.sender.plans import PLANS
from apps.chain.sender.round import _job
from apps.chain.signer import signer
from apps.chain.types import BUMP_AFTER, IN_FLIGHT, Duty, IntentKind, IntentState, NetworkState
from apps.common.clock import now
from apps.common.ids import new_id
from apps.outbox.models import OutboxMessage
from apps.parameters import services as parameters
from apps.parameters.selectors import setting
from tests.chain import carry_out
from tests.chain import go_rounds as rounds

pytestmark = [pytest.mark.django_db, pytest.mark.spec("CHN-3")]

ON, OFF = True, False  # what a node takes has no keyword
STATES = ["queued", "assigned", "signed", "broadcast", "mined"]


@pytest.fixture
def holder(chain):
    return chain.holder()


@pytest.fixture
def suite(chain, holder):
    return chain.suite()


@pytest.fixture
def mint(chain, suite, holder):
    """A mint of 5 units that was asked for."""
    return Intent.objects.get(pk=chain.mint(suite, holder, 5))


def begun(intent) -> Transaction:
    """Begin an intent's transaction and nothing more."""
    job = _job(intent, signer())
    made = queue.begin(intent.pk, PLANS[job.kind](job), seen=job.seen, at=now())
    assert made is not None
    return made


def carrier(at=None) -> Carrier:
    """A carrier as a process that has just started would make it."""
    return Carrier(signer(), limits(), at or now())


def brought_to(state: str, intent) -> Transaction:
    """Bring an intent's transaction into a state, step by step, and stop there."""
    found = begun(intent)
    while found.state != state:
        assert carrier()._step(found)
        found.refresh_from_db()
    return found


def only(intent) -> Transaction:
    return Transaction.objects.get(intent=intent)


# -- killed between two states


@pytest.mark.parametrize("state", STATES)
def test_killed_in_any_state_the_mint_is_done_once(chain, suite, mint, state):
    stopped = brought_to(state, mint)
    carry_out()
    found = only(mint)
    assert (found.pk, found.state) == (stopped.pk, "confirmed")
    if stopped.nonce is not None:
        assert found.nonce == stopped.nonce
    assert chain.supply(suite.token) == 5
    mint.refresh_from_db()
    assert mint.state == IntentState.COMPLETED


def test_killed_after_sending_and_before_noting_it(chain, suite, mint):
    found = brought_to("signed", mint)
    node.send(bytes(Attempt.objects.get(transaction=found).raw))
    carry_out()
    assert only(mint).state == "confirmed"
    assert chain.supply(suite.token) == 5


def test_killed_after_sending_while_it_waits_in_the_pool(chain, suite, mint):
    chain.rpc("evm_setAutomine", OFF)
    found = brought_to("signed", mint)
    node.send(bytes(Attempt.objects.get(transaction=found).raw))
    carry_out()
    assert only(mint).state == "broadcast", "the node knows it already"
    chain.rpc("evm_mine")
    carry_out()
    assert only(mint).state == "confirmed"
    assert chain.supply(suite.token) == 5


def test_killed_after_finality_and_before_the_intent_is_completed(chain, suite, mint):
    found = brought_to("mined", mint)
    assert carrier()._step(found)
    mint.refresh_from_db()
    assert (only(mint).state, mint.state) == ("confirmed", IntentState.PROCESSING)
    carry_out()
    mint.refresh_from_db()
    assert mint.state == IntentState.COMPLETED
    assert chain.supply(suite.token) == 5


def test_everything_is_kept_before_the_next_act(chain, suite, mint):
    found = brought_to("assigned", mint)
    assert (found.nonce, found.signer) == (node.pending_count(found.signer), signer().address(Duty.AGENT))
    assert not Attempt.objects.filter(transaction=found).exists()
    found = brought_to_from(found, "signed")
    attempt = Attempt.objects.get(transaction=found)
    assert Account.recover_transaction(bytes(attempt.raw)) == found.signer
    assert (attempt.tx_hash, attempt.tried_at) == (found.tx_hash, None)
    assert chain.rpc("eth_getTransactionByHash", attempt.tx_hash) is None


def brought_to_from(found: Transaction, state: str) -> Transaction:
    while found.state != state:
        assert carrier()._step(found)
        found.refresh_from_db()
    return found


# -- two at once


def test_what_two_senders_see_at_the_same_moment_is_begun_once(mint):
    job = _job(mint, signer())
    call = PLANS[job.kind](job)
    assert queue.begin(mint.pk, call, seen=job.seen, at=now())
    assert queue.begin(mint.pk, call, seen=job.seen, at=now()) is None


def test_a_sender_that_comes_late_begins_no_second_mint(chain, suite, mint):
    """It planned when nothing was sent; since then another sender has finished the mint."""
    job = _job(mint, signer())
    call = PLANS[job.kind](job)
    found = brought_to("mined", mint)
    assert carrier()._step(found)
    assert queue.begin(mint.pk, call, seen=job.seen, at=now()) is None
    carry_out()
    assert queue.begin(mint.pk, call, seen=1, at=now()) is None
    assert chain.supply(suite.token) == 5


def test_a_step_done_by_another_sender_is_not_done_again(mint):
    found = brought_to("signed", mint)
    assert queue.assign(found.pk, signer=found.signer, pending=0, gas_limit=1) is None
    stale = Transaction.objects.get(pk=found.pk)
    carry_out()
    assert queue.note_vanished(stale.pk) is False
    assert queue.supersede(stale.pk, "x", attempts=5, at=now()) is False
    assert only(mint).state == "confirmed"


# -- refusals


def test_a_predictable_refusal_spends_an_attempt_and_no_nonce(chain, suite, holder):
    agent = signer().address(Duty.AGENT)
    before = node.pending_count(agent)
    mint_id = new_id()
    chain.mint(suite, holder, 1_000_001, mint_id=mint_id)
    carry_out()
    intent = selectors.intent_of(IntentKind.MINT, mint_id)
    assert (intent.state, intent.attempts) == (IntentState.QUEUED, 1)
    assert intent.error
    assert [(step.state, step.nonce, step.error) for step in intent.steps] == [("dead", None, intent.error)]
    assert node.pending_count(agent) == before
    message = OutboxMessage.objects.get(key=str(mint_id))
    assert (message.type, message.payload["final"]) == ("chain.intent_failed", False)


def test_after_five_refusals_it_is_dead_and_said_so(chain, suite, holder):
    mint_id = new_id()
    chain.mint(suite, holder, 1_000_001, mint_id=mint_id)
    at = now()
    waits = []
    for _ in range(5):
        rounds(at)
        row = Intent.objects.get(subject=mint_id)
        waits.append((row.next_attempt_at - at).total_seconds())
        rounds(at + timedelta(milliseconds=900))
        assert Intent.objects.get(subject=mint_id).attempts == row.attempts, "its pause isn't over"
        at = max(row.next_attempt_at, at)
    assert waits[:4] == [1, 4, 15, 60]
    row = Intent.objects.get(subject=mint_id)
    assert (row.state, row.attempts) == (IntentState.DEAD, 5)
    told = OutboxMessage.objects.filter(key=str(mint_id)).order_by("id")
    assert [message.payload["final"] for message in told] == [False] * 4 + [True]
    rounds(at + timedelta(days=1))
    assert Transaction.objects.filter(intent=row).count() == 5


def test_a_refusal_in_the_block_is_decoded_and_tried_again_under_another_nonce(chain, holder):
    """Both pass the preflight; together they are more than the cap."""
    from apps.chain.types import SuiteTerms

    suite = chain.suite(terms=SuiteTerms("Small", "SML", 0, 10))
    mints = [chain.mint(suite, holder, 6), chain.mint(suite, holder, 6)]
    for mint in mints:
        brought_to("signed", Intent.objects.get(pk=mint))
    chain.rpc("evm_setAutomine", OFF)
    carry_out()
    chain.rpc("evm_mine")
    carry_out()
    first, second = (Intent.objects.get(pk=mint) for mint in mints)
    assert (first.state, second.state, second.attempts) == (IntentState.COMPLETED, IntentState.QUEUED, 1)
    found = only(second)
    assert found.state == "reverted"
    assert "ompliance" in found.error, found.error
    assert found.error == second.error
    assert GasTransaction.objects.filter(pk=found.pk).exists()
    assert chain.supply(suite.token) == 6


def test_one_intents_trouble_is_its_own(chain, suite, holder):
    bad = [chain.mint(suite, holder, 1_000_001) for _ in range(30)]
    good = chain.mint(suite, holder, 2)
    rounds(now())
    assert Intent.objects.get(pk=good).state == IntentState.COMPLETED
    assert Intent.objects.filter(pk__in=bad, attempts=1).count() == 30


def test_a_plan_that_breaks_counts_as_a_refusal(chain, at):
    mint = Intent.objects.create(
        kind="mint", subject=new_id(), business_key="x", arguments={"token_id": "no uuid"}, created_at=at
    )
    carry_out()
    mint.refresh_from_db()
    assert (mint.state, mint.attempts) == (IntentState.QUEUED, 1)
    assert "ValueError" in mint.error


# -- nodes


def test_a_count_that_cannot_be_is_not_believed(chain, suite, mint, monkeypatch):
    """A nonce after transactions that don't exist would wait for them for ever."""
    monkeypatch.setattr(node, "pending_count", lambda address: 2**62)
    found = brought_to("queued", mint)
    assert not carrier()._step(found)
    mint.refresh_from_db()
    assert (only(mint).nonce, mint.attempts) == (None, 0)
    assert "transactions of a signer" in mint.waits_for
    monkeypatch.undo()
    Intent.objects.update(next_attempt_at=None)
    carry_out()
    assert chain.supply(suite.token) == 5


def test_a_count_is_believed_as_far_as_there_can_be_transactions():
    def take(pending):
        with transaction.atomic():
            return nonces.take(chain_id=31337, duty=Duty.AGENT, address="0x" + "ab" * 20, pending=pending)

    with pytest.raises(nonces.CountTooFar):
        take(nonces.FURTHEST_AT_FIRST + 1)
    assert take(7) == 7
    with pytest.raises(nonces.CountTooFar):
        take(9 + nonces.FURTHEST)
    assert (take(0), take(9 + nonces.FURTHEST)) == (8, 9 + nonces.FURTHEST)


@pytest.mark.spec("CHN-1")
def test_a_dead_node_is_passed_over_and_no_node_spends_no_attempt(chain, suite, mint, settings):
    alive = settings.CHAIN_RPC_URLS
    settings.CHAIN_RPC_URLS = ["http://127.0.0.1:1"]
    with pytest.raises(selectors.NodeUnavailable):
        go_round(signer(), at=now())
    mint.refresh_from_db()
    assert (mint.attempts, only(mint).nonce) == (0, None)
    settings.CHAIN_RPC_URLS = ["http://127.0.0.1:1", *alive]
    carry_out()
    assert chain.supply(suite.token) == 5


@pytest.mark.spec("CHN-1")
def test_a_node_of_another_chain_is_as_good_as_none(mint, settings):
    settings.CHAIN_ID = 80002
    from apps.chain.client.rpc import WrongNetwork, check_network

    with pytest.raises(WrongNetwork, match="31337"):
        check_network()
    with pytest.raises(selectors.NodeUnavailable):
        node.newest()


def test_nonces_are_given_out_once_and_follow_the_node(chain, suite, holder):
    agent = signer().address(Duty.AGENT)
    chain.mint(suite, holder, 1)
    carry_out()
    # Somebody uses the key beside us, as nobody should.
    chain.rpc("eth_sendTransaction", {"from": agent, "to": agent})
    chain.mint(suite, holder, 2)
    carry_out()
    nonces = list(Transaction.objects.filter(step="mint").order_by("nonce").values_list("nonce", flat=True))
    assert nonces[1] == nonces[0] + 2
    account = SignerAccount.objects.get(duty=Duty.AGENT)
    assert account.next_nonce == nonces[1] + 1 == node.pending_count(agent)
    assert chain.supply(suite.token) == 3


def test_a_nonce_that_something_else_has_used_up_supersedes_and_the_mint_is_done_once(chain, suite, mint):
    found = brought_to("signed", mint)
    chain.rpc("eth_sendTransaction", {"from": found.signer, "to": found.signer, "nonce": hex(found.nonce)})
    rounds(now())
    assert only(mint).state == "broadcast", "perhaps it was ours: that must be found out"
    rounds(now() + timedelta(seconds=BUMP_AFTER.default + 1))
    first = Transaction.objects.get(pk=found.pk)
    assert first.state == "superseded"
    mint.refresh_from_db()
    assert mint.attempts == 1
    rounds(now() + timedelta(seconds=120))
    mint.refresh_from_db()
    assert mint.state == IntentState.COMPLETED
    assert chain.supply(suite.token) == 5


def test_a_transaction_that_may_still_be_mined_gets_no_second_nonce(chain, suite, mint):
    chain.rpc("evm_setAutomine", OFF)
    at = now()
    rounds(at)
    for hours in range(1, 30):
        rounds(at + timedelta(hours=hours))
    assert Transaction.objects.filter(intent=mint).count() == 1
    assert only(mint).state == "broadcast"
    chain.rpc("evm_mine")
    carry_out()
    assert chain.supply(suite.token) == 5


# -- fees and gas


def test_a_stuck_transaction_offers_more_under_the_same_nonce(chain, suite, mint):
    chain.rpc("evm_setAutomine", OFF)
    at = now()
    rounds(at)
    rounds(at + timedelta(seconds=BUMP_AFTER.default - 1))
    assert Attempt.objects.filter(transaction__intent=mint).count() == 1
    rounds(at + timedelta(seconds=BUMP_AFTER.default + 1))
    first, second = Attempt.objects.filter(transaction__intent=mint).order_by("created_at")
    assert second.max_fee * 1000 >= first.max_fee * 1125
    assert second.priority_fee * 1000 >= first.priority_fee * 1125
    assert second.tried_at, "it was sent at once"
    pool = chain.rpc("txpool_content")["pending"]
    (waiting,) = next(v for k, v in pool.items() if k.lower() == only(mint).signer.lower()).values()
    assert waiting["hash"] == second.tx_hash
    chain.rpc("evm_mine")
    carry_out()
    assert only(mint).tx_hash == second.tx_hash
    assert chain.supply(suite.token) == 5


def test_the_older_form_counts_if_it_is_the_one_that_was_mined(chain, suite, mint):
    chain.rpc("evm_setAutomine", OFF)
    found = brought_to("broadcast", mint)
    first = Attempt.objects.get(transaction=found)
    assert carrier()._raise_fees(found, first, filler=False)
    assert Attempt.objects.count() == 2 + 4, "the second one was kept and not sent"
    chain.rpc("evm_mine")
    carry_out()
    assert (only(mint).state, only(mint).tx_hash) == ("confirmed", first.tx_hash)
    assert chain.supply(suite.token) == 5


def test_no_fee_goes_beyond_the_cap(chain, suite, mint, system, at):
    change("chain.fee_cap", 3, by=system, at=at)
    chain.rpc("evm_setAutomine", OFF)
    moment = now()
    for minutes in range(30):
        rounds(moment + timedelta(minutes=2 * minutes))
    fees = Attempt.objects.filter(transaction__intent=mint).values_list("max_fee", flat=True)
    assert max(fees) <= 3 * rules.GWEI
    chain.rpc("evm_mine")
    carry_out()
    assert chain.supply(suite.token) == 5


def test_only_the_lowest_nonce_is_bumped(chain, suite, holder):
    chain.rpc("evm_setAutomine", OFF)
    for units in (1, 2, 3):
        chain.mint(suite, holder, units)
    at = now()
    rounds(at)
    rounds(at + timedelta(seconds=BUMP_AFTER.default + 1))
    counts = [
        Attempt.objects.filter(transaction=found).count()
        for found in Transaction.objects.filter(step="mint").order_by("nonce")
    ]
    assert counts == [2, 1, 1]


def test_what_needs_more_gas_than_the_cap_is_refused(mint, system, at):
    change("chain.gas_cap", 100_000, by=system, at=at)
    carry_out()
    mint.refresh_from_db()
    assert "chain.gas_cap" in mint.error
    assert only(mint).nonce is None


def test_the_gas_limit_is_the_estimate_and_a_quarter(chain, mint):
    found = brought_to("assigned", mint)
    estimate = node.estimate(found.to, bytes(found.data), sender=found.signer)
    assert found.gas_limit == estimate * 5 // 4


def test_what_no_node_takes_gives_its_nonce_to_a_filler(chain, suite, mint):
    """Its gas limit is below what any transaction costs: later nonces would wait for it for ever."""
    found = brought_to("assigned", mint)
    Transaction.objects.filter(pk=found.pk).update(gas_limit=1_000)
    rounds(now())
    assert Transaction.objects.get(pk=found.pk).state == "superseded"
    filler = Attempt.objects.get(transaction=found, filler=True)
    assert int(chain.rpc("eth_getTransactionReceipt", filler.tx_hash)["gasUsed"], 16) == FILLER_GAS
    mint.refresh_from_db()
    assert (mint.state, mint.attempts) == (IntentState.QUEUED, 1)
    assert mint.error
    rounds(now() + timedelta(seconds=2))
    mint.refresh_from_db()
    assert mint.state == IntentState.COMPLETED
    assert chain.supply(suite.token) == 5


@pytest.mark.spec("CHN-6")
def test_what_it_cost_is_written_down(chain, suite, mint):
    carry_out()
    found = only(mint)
    row = GasTransaction.objects.get(pk=found.pk)
    receipt = chain.rpc("eth_getTransactionReceipt", found.tx_hash)
    assert row.gas_used == int(receipt["gasUsed"], 16) == found.gas_used
    assert row.gas_price == int(receipt["effectiveGasPrice"], 16)
    assert (row.kind, row.step, row.cost) == ("mint", "mint", row.gas_used * row.gas_price)


def test_at_most_so_many_are_under_way_per_signer(chain, suite, holder, system, at):
    change(IN_FLIGHT.name, 3, by=system, at=at)
    chain.rpc("evm_setAutomine", OFF)
    for _ in range(8):
        chain.mint(suite, holder, 1)
    for expected in (3, 6, 8):
        rounds(now())
        assert Transaction.objects.filter(step="mint").count() == expected
        chain.rpc("evm_mine")
    carry_out()
    assert chain.supply(suite.token) == 8


# -- reorganisations


@pytest.mark.spec("CHN-4")
def test_it_is_final_only_when_its_block_is_deep_enough(chain, suite, mint, settings):
    settings.CHAIN_CONFIRMATIONS = 3
    rounds(now())
    assert only(mint).state == "mined"
    chain.rpc("evm_mine")
    rounds(now())
    assert only(mint).state == "mined"
    chain.rpc("evm_mine")
    carry_out()
    assert only(mint).state == "confirmed"


@pytest.mark.spec("CHN-4")
def test_a_transaction_whose_block_is_gone_is_sent_again_as_it_was(chain, suite, mint, settings):
    settings.CHAIN_CONFIRMATIONS = 3
    before = chain.rpc("evm_snapshot")
    rounds(now())
    was = only(mint)
    assert was.state == "mined"
    chain.rpc("evm_revert", before)
    assert chain.supply(suite.token) == 0
    rounds(now())
    found = only(mint)
    assert (found.nonce, found.tx_hash) == (was.nonce, was.tx_hash), "the same bytes"
    assert found.state == "mined"
    chain.rpc("anvil_mine", "0x3")
    carry_out()
    assert chain.supply(suite.token) == 5
    assert only(mint).state == "confirmed"


@pytest.mark.spec("CHN-4")
def test_a_transaction_that_moved_to_another_block_is_followed_there(chain, suite, mint, settings):
    settings.CHAIN_CONFIRMATIONS = 2
    before = chain.rpc("evm_snapshot")
    rounds(now())
    was = only(mint)
    chain.rpc("evm_revert", before)
    chain.rpc("evm_mine")
    node.send(bytes(Attempt.objects.get(transaction=was).raw))
    rounds(now())
    found = only(mint)
    assert found.block_number == was.block_number + 1
    assert found.block_hash != was.block_hash
    chain.rpc("evm_mine")
    carry_out()
    assert only(mint).state == "confirmed"
    assert chain.supply(suite.token) == 5


def test_what_the_pool_has_dropped_is_sent_again(chain, suite, mint):
    chain.rpc("evm_setAutomine", OFF)
    at = now()
    rounds(at)
    chain.rpc("anvil_dropAllTransactions")
    chain.rpc("evm_mine")
    rounds(at + timedelta(seconds=11))
    chain.rpc("evm_mine")
    carry_out()
    assert only(mint).state == "confirmed"
    assert chain.supply(suite.token) == 5


@pytest.mark.spec("CHN-4")
@pytest.mark.parametrize("noticed", [ON, OFF], ids=["by the indexer", "by nobody yet"])
def test_nothing_is_sent_on_a_chain_that_went_backwards(chain, suite, mint, settings, noticed):
    block = node.newest()
    network = Network.objects.create(
        chain_id=settings.CHAIN_ID,
        genesis_hash=node.block(0).hash,
        number=block.number,
        block_hash=block.hash,
        indexed_at=now(),
    )
    network.block_hash = block.hash if noticed else "0x" + "ab" * 32
    network.state = NetworkState.BEHIND if noticed else NetworkState.OK
    network.save()
    carry_out()
    assert not Transaction.objects.filter(intent=mint).exists()
    network.block_hash, network.state = block.hash, NetworkState.OK
    network.save()
    carry_out()
    assert chain.supply(suite.token) == 5


def change(name: str, value: int, *, by, at) -> None:
    version = setting(name).version
    parameters.change(name=name, value=value, version=version, reason="test", by=by, at=at)
