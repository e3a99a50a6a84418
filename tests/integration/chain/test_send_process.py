"""The process itself: killed under load, one at a time, ended politely, refused with other keys."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from django.conf import settings
from django.db.models import Q

from apps.chain import services
from apps.chain.client.rpc import WrongNetwork
from apps.chain.models import Intent, SignerAccount, Transaction
from apps.chain.sender import KeyChanged, Sender
from apps.chain.signer import KeysMissing
from apps.chain.types import Duty, IntentState
from apps.common import heartbeat
from tests import database
from tests.chain import PASSWORD

ON, OFF = True, False  # what a node takes has no keyword
MINTS = Q(intent__kind="mint")
PATIENCE = 120  # seconds until a test gives up


@pytest.fixture
def start(tmp_path, chain, keystore, valkey):
    """Start chain processes on this worker's database and node; end them all."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "DATABASE_URL": database._renamed(os.environ["DATABASE_URL"], settings.DATABASES["default"]["NAME"]),
        "REDIS_URL": settings.REDIS_URL,
        "CHAIN_RPC_URLS": chain.url,
        "KEYSTORE_DIR": str(keystore),
        "KEYSTORE_PASSWORD": PASSWORD,
        "STATE": str(tmp_path),
    }
    started = []

    def run(**changes: str) -> "subprocess.Popen[bytes]":
        output = (tmp_path / f"{len(started)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "manage.py", "chain"],
            cwd=database.ROOT,
            env=environment | changes,
            stdout=output,
            stderr=output,
        )
        output.close()
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def wait_for(condition, what="") -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"not after {PATIENCE} s: {what or condition}"
        time.sleep(0.02)


def at_work() -> int | None:
    """Return the pid of the process that works."""
    sign = heartbeat.signs(["chain"])["chain"]
    return sign and sign.pid


def completed() -> int:
    return Intent.objects.filter(kind="mint", state=IntentState.COMPLETED).count()


@pytest.mark.spec("CHN-3", "CHN-2")
@pytest.mark.django_db(transaction=True)
def test_killed_again_and_again_under_load_every_mint_is_done_once(chain, start):
    holders, suite = [chain.holder(), chain.holder()], chain.suite()
    chance = random.Random(5)
    chain.rpc("evm_setAutomine", OFF)
    chain.rpc("evm_setIntervalMining", 1)
    wanted = {holder.address: 0 for holder in holders}
    for number in range(60):
        holder, units = holders[number % 2], chance.randint(1, 9)
        chain.mint(suite, holder, units)
        wanted[holder.address] += units
    for _ in range(4):
        process, before = start(), Transaction.objects.filter(MINTS).count()
        wait_for(lambda before=before: Transaction.objects.filter(MINTS).count() > before)
        time.sleep(chance.random() * 1.5)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 0 < completed() < 60 or Transaction.objects.filter(state="broadcast").exists()
    process = start()
    wait_for(lambda: completed() == 60, "60 mints")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    chain.rpc("evm_setIntervalMining", 0)
    assert {address: chain.units(suite.token, address) for address in wanted} == wanted
    assert chain.supply(suite.token) == sum(wanted.values())
    done = Transaction.objects.filter(MINTS, state="confirmed")
    assert done.count() == 60 == done.values("intent").distinct().count()
    nonces = sorted(done.values_list("nonce", flat=True))
    assert nonces == list(range(nonces[0], nonces[0] + 60)), "no gap, and none twice"


@pytest.mark.django_db(transaction=True)
def test_a_new_intent_is_taken_up_at_once_and_a_second_process_stands_by(chain, start):
    holder, suite = chain.holder(), chain.suite()
    first = start()
    wait_for(lambda: at_work() == first.pid, "a sign of life")
    second = start()
    chain.mint(suite, holder, 3)
    wait_for(lambda: completed() == 1)
    first.send_signal(signal.SIGKILL)
    first.wait()
    wait_for(lambda: at_work() == second.pid, "the second one's sign of life")
    chain.mint(suite, holder, 4)
    wait_for(lambda: completed() == 2)
    assert chain.supply(suite.token) == 7
    second.send_signal(signal.SIGINT)
    assert second.wait(20) == 0


@pytest.mark.spec("CHN-1")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"CHAIN_ID": "80002"}, "A node is on chain 31337, not on 80002."),
        ({"KEYSTORE_PASSWORD": "x" * 40}, "KEYSTORE_PASSWORD doesn't open"),
    ],
)
def test_it_does_not_start_with_another_chain_or_without_its_keys(start, tmp_path, changes, said):
    assert start(**changes).wait(PATIENCE) == 1
    assert said in (tmp_path / "0.log").read_text()


@pytest.mark.django_db
def test_a_sender_is_not_opened_with_what_is_not_ours(chain, settings, tmp_path):
    Sender()
    settings.CHAIN_ID = 1
    with pytest.raises(WrongNetwork):
        Sender()
    settings.CHAIN_ID = 31337
    SignerAccount.objects.create(chain_id=31337, duty=Duty.COURT, address="0x" + "11" * 20)
    with pytest.raises(KeyChanged, match="court"):
        Sender()
    settings.KEYSTORE_DIR = tmp_path
    with pytest.raises(KeysMissing):
        Sender()


@pytest.mark.spec("CHN-1")
@pytest.mark.django_db(transaction=True)
def test_without_a_node_it_waits_and_then_goes_on(chain, settings, valkey, system, at):
    services.deploy_platform(by=system, at=at)
    sender = Sender()
    settings.CHAIN_RPC_URLS = ["http://127.0.0.1:1"]
    thread = threading.Thread(target=sender.run)
    thread.start()
    try:
        wait_for(at_work)
        settings.CHAIN_RPC_URLS = [chain.url]
        wait_for(lambda: Intent.objects.get().state == IntentState.COMPLETED)
    finally:
        sender.stop()
        thread.join()
    assert Intent.objects.get().attempts == 0
