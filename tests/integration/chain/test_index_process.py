"""The indexer as a process: killed again and again, doubled, ended; nothing is lost or comes twice."""

import os
import signal
import subprocess
import sys
import time

import pytest

from apps.chain import selectors
from apps.common import heartbeat
from tests.database import ROOT
from tests.integration.chain.test_indexer import (
    balances,
    deployed,
    holders,
    mint,
    places,
    platform,
    suite,
    truth,
)

__all__ = ["deployed", "platform"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("CHN-5")]

PATIENCE = 60  # seconds for whatever must happen


def until(true, what):
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"not within {PATIENCE} s: {what}"
        time.sleep(0.02)


@pytest.fixture
def start(platform, valkey, tmp_path):
    """Starts indexer processes on this test's database, which are all gone at its end."""
    started = []
    own = {"CHAIN_RPC_URLS": platform.chain.url, "CHAIN_LOG_RANGE": "2", "CHAIN_INDEX_POLL": "0.05"}

    def start():
        with (tmp_path / "indexer.log").open("ab") as log:
            command = [sys.executable, "manage.py", "indexer"]
            process = subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stdout=log, stderr=log)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def indexed():
    network = selectors.network()
    return network.indexed if network else -1


def test_a_killed_indexer_goes_on_where_it_was_and_one_told_to_end_ends(platform, start):
    made, row = suite(platform)
    row.save(force_insert=True)
    (wallet, *_) = holders(platform, 1)
    process, standby = start(), start()
    for units in range(1, 4):
        before = len(places())
        for _ in range(5):
            mint(platform, made.token, wallet, units)
        until(lambda before=before: len(places()) > before, "something was indexed")
        process.send_signal(signal.SIGKILL)
        process.wait()
        process, standby = standby, start()
    until(lambda: indexed() == platform.chain.w3.eth.block_number, "all blocks are indexed")
    until(lambda: not any(one.missing_from for one in selectors.watched()), "all contracts are caught up")
    assert places() == truth(platform.chain)
    assert selectors.register(row.token_id) == balances(made.token, [wallet]) == {wallet: 30}
    assert heartbeat.signs(["indexer"])["indexer"].pid in {process.pid, standby.pid}
    for one in (process, standby):
        one.send_signal(signal.SIGTERM)
        assert one.wait(PATIENCE) == 0
