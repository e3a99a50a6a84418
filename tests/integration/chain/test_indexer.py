"""The indexer against a real chain: nothing left out, nothing twice, nothing of another chain."""

from dataclasses import replace
from io import StringIO
from threading import Thread
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from apps.audit.models import AuditEvent
from apps.chain import models, selectors, services
from apps.chain.client import NodeUnavailable
from apps.chain.indexer import Indexer
from apps.chain.indexer.reading import ChainChanged
from apps.chain.types import Block, NetworkState
from apps.common.clock import now
from apps.outbox.models import OutboxMessage
from tests.contracts import platform as steps
from tests.contracts.anvil import Anvil
from tests.contracts.chain import NO, YES, Chain
from tests.nodes import Node

pytestmark = [pytest.mark.django_db, pytest.mark.spec("CHN-5")]


@pytest.fixture(scope="session")
def deployed(tmp_path_factory):
    """A chain with the platform, and nobody on it yet."""
    with Anvil(tmp_path_factory.mktemp("anvil") / "anvil.log") as anvil:
        chain = Chain(anvil.url)
        yield steps.deploy_platform(chain, steps.keys(chain.accounts))


@pytest.fixture
def platform(deployed, settings):
    """The platform as the chain process notes it; the chain is put back afterwards."""
    settings.CHAIN_RPC_URLS = [deployed.chain.url]
    note(deployed)
    with deployed.chain.undone():
        yield deployed


@pytest.fixture
def node(platform, settings):
    """A node in front of the chain's own, which the test may spoil."""
    with Node(platform.chain.url).running() as node:
        settings.CHAIN_RPC_URLS = [node.url]
        yield node


def note(platform):
    contracts = {
        "TREXFactory": platform.factory,
        "IdFactory": platform.id_factory,
        "IdentityRegistryStorage": platform.storage,
        "Settlement": platform.settlement,
        "ClaimIssuer": platform.claim_issuer,
        "TestStablecoin": platform.stablecoin,
        **platform.modules,
    }
    for name, contract in contracts.items():
        found = created(platform.chain, contract.address)
        models.Contract.objects.create(
            chain_id=31337, name=name, address=contract.address, tx_hash=found.transactionHash.to_0x_hex()
        )


def created(chain, address):
    """Find the receipt of a contract's first event, which is of its deployment."""
    logs = chain.w3.eth.get_logs({"address": address, "fromBlock": 0})
    return chain.w3.eth.get_transaction_receipt(logs[0].transactionHash)


def suite(platform, name="ALEF"):
    """Deploy a token without rules; return what the chain process will note."""
    made = steps.deploy_suite(platform, name, [])
    receipt = created(platform.chain, made.token.address)
    row = models.Suite(
        token_id=uuid4(),
        chain_id=31337,
        token=made.token.address,
        identity_registry=made.registry.address,
        compliance=made.compliance.address,
        claim_topics=made.topics.address,
        trusted_issuers=made.issuers.address,
        tx_hash=receipt.transactionHash.to_0x_hex(),
        block_number=receipt.blockNumber,
        gas_used=receipt.gasUsed,
        deployed_at=now(),
    )
    return made, row


def holders(platform, count=2):
    wallets = platform.chain.accounts[20 : 20 + count]
    for wallet in wallets:
        steps.approve(platform, wallet, steps.UAE)
    return wallets


def mint(platform, token, wallet, units):
    platform.chain.send(token.functions.mint(wallet, units), by=platform.keys.agent)


def index(indexer=None, looks=500):
    """Look until nothing is left."""
    indexer = indexer or Indexer()
    for _ in range(looks):
        if not indexer.look():
            return indexer
    raise AssertionError("the indexer finds no end")


def turn_until_idle(settings):
    """Turn as the process does, without its rests."""
    indexer = Indexer()
    try:
        assert any(indexer._turn() == settings.CHAIN_INDEX_POLL for _ in range(200)), (
            "the indexer finds no end"
        )
    finally:
        indexer._seat.leave()


def places():
    return sorted(models.ChainEvent.objects.values_list("block_number", "log_index", "tx_hash"))


def truth(chain):
    """Return the places of everything that the watched contracts ever said."""
    addresses = [each.address for each in selectors.watched()]
    logs = chain.w3.eth.get_logs({"address": addresses, "fromBlock": 0})
    return sorted((log.blockNumber, log.logIndex, log.transactionHash.to_0x_hex()) for log in logs)


def balances(token, wallets):
    found = {wallet: token.functions.balanceOf(wallet).call() for wallet in wallets}
    return {wallet: units for wallet, units in found.items() if units}


def trade(platform, made):
    """Let everything happen to a token that a token can do."""
    first, second = holders(platform)
    agent = platform.keys.agent
    mint(platform, made.token, first, 100)
    for call in (
        made.token.functions.unpause(),
        made.token.functions.freezePartialTokens(first, 10),
        made.token.functions.unfreezePartialTokens(first, 4),
        made.token.functions.setAddressFrozen(second, YES),
        made.token.functions.setAddressFrozen(second, NO),
        made.token.functions.forcedTransfer(first, second, 30),
        made.token.functions.forcedTransfer(second, second, 7),
        made.token.functions.burn(second, 5),
        made.token.functions.pause(),
    ):
        platform.chain.send(call, by=agent)
    storage = platform.storage.functions
    for call in (storage.modifyStoredInvestorCountry(first, 682), storage.removeIdentityFromStorage(first)):
        platform.chain.send(call, by=platform.keys.registrar)
    return first, second


@pytest.mark.parametrize("blocks", [1, 7, 500])
def test_everything_is_kept_once_in_ranges_of_any_size(platform, settings, blocks):
    settings.CHAIN_LOG_RANGE = blocks
    made, row = suite(platform)
    row.save(force_insert=True)
    wallets = trade(platform, made)
    index()
    assert places() == truth(platform.chain)
    names = set(models.ChainEvent.objects.values_list("name", flat=True))
    assert "" not in names
    assert names >= {
        *("Transfer", "AddressFrozen", "TokensFrozen", "TokensUnfrozen", "Paused", "Unpaused"),
        *("IdentityStored", "IdentityUnstored", "CountryModified", "TREXSuiteDeployed", "WalletLinked"),
    }
    assert selectors.register(row.token_id) == balances(made.token, wallets)
    assert selectors.network().indexed == platform.chain.w3.eth.block_number
    before = places()
    index()
    assert places() == before


def test_what_a_contract_said_before_it_was_noticed_is_read_afterwards(platform):
    indexer = index()
    made, row = suite(platform)
    wallets = trade(platform, made)
    index(indexer)
    assert not models.ChainEvent.objects.filter(address=made.token.address).exists()
    row.save(force_insert=True)
    mint(platform, made.token, wallets[1], 3)  # in a block that is read together with what is missing
    index(indexer)
    mint(platform, made.token, wallets[1], 2)
    index(indexer)
    assert places() == truth(platform.chain)
    assert selectors.register(row.token_id) == balances(made.token, wallets)


def test_each_transfer_is_told_once_and_in_order(platform):
    made, row = suite(platform)
    row.save(force_insert=True)
    first, _ = holders(platform)
    for units in (1, 2, 3):
        mint(platform, made.token, first, units)
    platform.chain.send(platform.stablecoin.functions.mint(first, 9), by=platform.keys.owner)
    index()
    index()
    told = OutboxMessage.objects.filter(type="chain.transfer").order_by("pk")
    assert {message.key for message in told} == {str(row.token_id)}
    events = [models.ChainEvent.objects.get(pk=message.payload["event_id"]) for message in told]
    assert [event.arguments for event in events] == [
        {"from": services.NOBODY, "to": first, "value": str(units)} for units in (1, 2, 3)
    ]
    assert [event.tx_hash for event in events] == [message.payload["tx_hash"] for message in told]


@pytest.mark.spec("CHN-4")
def test_only_final_blocks_are_read(platform, settings):
    settings.CHAIN_CONFIRMATIONS = 3
    made, row = suite(platform)
    row.save(force_insert=True)
    first, _ = holders(platform)
    index()
    mint(platform, made.token, first, 5)
    index()
    assert selectors.network().indexed == platform.chain.w3.eth.block_number - 2
    assert selectors.register(row.token_id) == {}
    for _ in range(2):
        platform.chain.w3.provider.make_request("evm_mine", [])
    index()
    assert selectors.register(row.token_id) == {first: 5}


def test_a_range_is_kept_by_one_reader_only(platform, system, at):
    index()
    platform.chain.w3.provider.make_request("evm_mine", [])
    checkpoint, number = selectors.checkpoint(), platform.chain.w3.eth.block_number
    known = {"after": checkpoint, "events": [], "by": system, "at": at}
    last = Block(number, platform.chain.w3.eth.get_block(number).hash.to_0x_hex(), "")
    addresses = frozenset(each.address for each in selectors.watched())
    with pytest.raises(services.CheckpointMoved):
        services.keep_range(last=last, addresses=addresses - {platform.factory.address}, **known)
    assert selectors.checkpoint() == checkpoint, "a contract was added since: the range is read again"
    services.keep_range(last=last, addresses=addresses, **known)
    with pytest.raises(services.CheckpointMoved):
        services.keep_range(last=last, addresses=addresses, **known)


def test_what_was_missing_is_kept_by_one_reader_only(platform, system, at):
    with pytest.raises(AssertionError):
        index(looks=2)  # begin, and note what is missing
    models.WatchedContract.objects.update(missing_from=1)
    one = selectors.watched()[0]
    known = {"upto": selectors.checkpoint(), "events": [], "by": system, "at": at}
    services.keep_missing(contract=one, last=3, **known)
    with pytest.raises(services.CheckpointMoved):
        services.keep_missing(contract=one, last=3, **known)
    assert selectors.watched()[0] == replace(one, missing_from=4)
    moved = replace(known["upto"], block_hash="0x" + "0" * 64)
    with pytest.raises(services.CheckpointMoved):
        services.keep_missing(**known | {"upto": moved}, contract=selectors.watched()[0], last=5)


@pytest.mark.django_db(transaction=True)
def test_two_indexers_at_once_keep_nothing_twice(platform, settings):
    settings.CHAIN_LOG_RANGE = 2
    made, row = suite(platform)
    row.save(force_insert=True)
    wallets = trade(platform, made)

    def run():
        indexer, more = Indexer(), True
        while more:
            try:
                more = indexer.look()
            except services.CheckpointMoved:
                continue
        connections.close_all()

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    index()
    assert places() == truth(platform.chain)
    assert selectors.register(row.token_id) == balances(made.token, wallets)
    assert OutboxMessage.objects.filter(type="chain.transfer").count() == 4


def test_a_node_that_refuses_long_ranges_is_asked_for_shorter_ones(platform, node, settings):
    def change(request, answer):
        wanted = request["params"][0] if request["method"] == "eth_getLogs" else {}
        if wanted and int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) > 20:
            return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32005, "message": "too many"}}
        return answer

    node.change = change
    turn_until_idle(settings)
    assert places() == truth(platform.chain)


@pytest.mark.parametrize("spoilt", ["eth_getLogs", "eth_getBlockByNumber", "eth_chainId"])
def test_a_node_that_hangs_up_is_asked_again(platform, node, settings, spoilt):
    calls = 0

    def change(request, answer):
        nonlocal calls
        calls += request["method"] == spoilt
        return None if request["method"] == spoilt and calls % 20 == 1 else answer

    node.change = change
    with pytest.raises(NodeUnavailable):
        index()
    turn_until_idle(settings)
    assert places() == truth(platform.chain)


def test_logs_of_other_blocks_are_not_kept(platform, node):
    index()
    platform.chain.send(
        platform.settlement.functions.setListed(platform.stablecoin.address, YES), by=platform.keys.owner
    )
    before = places(), selectors.checkpoint()

    def change(request, answer):
        if request["method"] == "eth_getLogs":
            for log in answer["result"]:
                log["blockHash"] = "0x" + "ab" * 32
        return answer

    node.change = change
    with pytest.raises(ChainChanged):
        Indexer().look()
    assert (places(), selectors.checkpoint()) == before


def test_the_next_block_must_follow_the_last_one(platform, node):
    index()
    platform.chain.w3.provider.make_request("evm_mine", [])
    before = selectors.checkpoint()

    def change(request, answer):
        if request["params"][:1] == [hex(before.number + 1)]:
            answer["result"]["parentHash"] = "0x" + "cd" * 32
        return answer

    node.change = change
    with pytest.raises(ChainChanged):
        Indexer().look()
    assert selectors.checkpoint() == before


def test_a_node_on_another_chain_is_not_asked(platform, node):
    index()

    def change(request, answer):
        return answer | {"result": "0x1"} if request["method"] == "eth_chainId" else answer

    node.change = change
    with pytest.raises(NodeUnavailable):
        Indexer().look()
    assert selectors.network().state is NetworkState.OK, "a wrong address is not the chain's fault"


def test_a_second_node_that_is_late_does_not_look_like_a_chain_gone_backwards(platform, node, settings):
    index()

    def change(request, answer):
        missing = request["method"] == "eth_getBlockByNumber" and request["params"][0] not in {
            "0x0",
            "latest",
        }
        return answer | {"result": None} if missing else answer

    node.change = change
    settings.CHAIN_RPC_URLS = [node.url, platform.chain.url]
    index()
    assert selectors.network().state is NetworkState.OK


def audited(action):
    return AuditEvent.objects.filter(action=action).count()


def test_a_chain_that_went_backwards_stops_the_indexer_and_is_said_once(platform, settings, tmp_path):
    suite(platform)[1].save(force_insert=True)
    index()
    before = places(), selectors.checkpoint()
    with Anvil(tmp_path / "anvil.log") as other:
        settings.CHAIN_RPC_URLS = [other.url]
        Chain(other.url).w3.provider.make_request("anvil_mine", [hex(before[1].number + 10)])
        for _ in range(3):
            assert Indexer().look() is False
        assert selectors.network().state is NetworkState.BEHIND
        assert (places(), selectors.checkpoint()) == before
        with pytest.raises(CommandError, match="behind the database") as refused:
            call_command("chain_check")
        assert refused.value.returncode == 3
    assert (audited("chain.behind"), audited("chain.caught_up")) == (1, 0)
    settings.CHAIN_RPC_URLS = [platform.chain.url]
    index()
    assert (selectors.network().state, audited("chain.caught_up")) == (NetworkState.OK, 1)
    assert places() == truth(platform.chain)


def test_a_chain_that_lost_its_newest_blocks_is_behind(platform):
    chain = platform.chain.w3.provider
    snapshot = chain.make_request("evm_snapshot", [])["result"]
    suite(platform)
    index()
    chain.make_request("evm_revert", [snapshot])
    assert Indexer().look() is False
    assert selectors.state() is NetworkState.BEHIND
    suite(platform, "OTHER")
    assert Indexer().look() is False
    assert selectors.state() is NetworkState.BEHIND, "as many blocks, but others"


def test_the_check_is_content_before_and_after_the_first_look(platform):
    out = StringIO()
    call_command("chain_check", stdout=out)
    index()
    call_command("chain_check", stdout=out)
    assert "nothing yet" in out.getvalue()
    assert f"block {selectors.checkpoint().number}" in out.getvalue()


def test_no_node_is_said_in_a_sentence(platform, settings):
    settings.CHAIN_RPC_URLS = ["http://127.0.0.1:1"]
    with pytest.raises(CommandError, match="No node of the chain answers") as refused:
        call_command("chain_check")
    assert refused.value.returncode == 1


def test_events_are_never_changed(platform, django_db_blocker):
    index()
    with pytest.raises(Exception, match="permission denied"):
        models.ChainEvent.objects.update(name="Other")
