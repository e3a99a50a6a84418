"""What /readyz says while parts of the venue are missing, die, and come back."""

import time

import httpx
import pytest
from django.conf import settings

from tests.venue import opened

pytestmark = pytest.mark.spec("OBS-1", "OPS-2")


def missing(venue):
    answer = httpx.get(f"{venue.url}/readyz", timeout=10)
    assert answer.status_code == (503 if answer.json()["missing"] else 200)
    return answer.json()["missing"]


def wait_missing(venue, expected):
    end = time.monotonic() + 40
    said = None
    while time.monotonic() < end:
        try:
            said = missing(venue)
        except httpx.HTTPError as error:
            said = error
        if said == expected:
            return
        time.sleep(0.2)
    pytest.fail(f"waited for {expected}, the last answer was {said}")


def test_readyz_names_what_is_missing_until_it_is_back(django_db_setup, django_db_blocker, tmp_path):
    with django_db_blocker.unblock(), opened(tmp_path, name="health", offset=40) as venue:
        venue.start("web")
        wait_missing(venue, ["beat", "chain", "contracts", "indexer", "relay", "sequencer", "worker"])
        assert httpx.get(f"{venue.url}/healthz").json() == {"status": "ok"}
        venue.start("relay", "worker", "beat", "sequencer", "indexer")
        wait_missing(venue, ["chain", "contracts"])
        venue.start("chain")
        wait_missing(venue, [])
        venue.processes["relay"].kill()
        wait_missing(venue, ["relay"])
        venue.start("relay")
        wait_missing(venue, [])
        audit = venue.manage("audit_verify")
        ledger = venue.manage("ledger_verify")
        assert (audit.returncode, ledger.returncode) == (0, 0), (audit.stdout, ledger.stdout)


@pytest.mark.django_db
def test_a_dead_valkey_or_chain_is_named_and_breaks_nothing_else(client, monkeypatch):
    from apps.common import connections, heartbeat

    monkeypatch.setattr(settings, "CHAIN_RPC_URLS", ["http://127.0.0.1:1"])
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    connections.valkey.cache_clear()
    try:
        answer = client.get("/readyz")
        heartbeat.beat("tests")  # must not raise
    finally:
        connections.valkey.cache_clear()
    assert answer.status_code == 503
    assert set(answer.json()["missing"]) >= {"valkey", "node", *settings.PROCESSES}
    assert answer.json()["parts"]["database"] == {"ok": True}


@pytest.mark.django_db
def test_pids_are_told_in_development_only(client, valkey, settings):
    from apps.common import heartbeat

    for development in (True, False):
        settings.DEVELOPMENT = development
        heartbeat.beat("relay")
        told = client.get("/readyz").json()["parts"]["relay"]
        assert told["ok"]
        assert ("pid" in told) is development


@pytest.mark.django_db
def test_the_sequencer_tells_which_engine_matches(client, valkey):
    from apps.common import heartbeat
    from apps.trading import engine

    name, missing = engine.in_use()
    assert (name == "compiled") == (missing is None)
    heartbeat.beat("sequencer", engine=name)
    heartbeat.beat("relay")
    parts = client.get("/readyz").json()["parts"]
    assert parts["sequencer"]["engine"] == name
    assert "engine" not in parts["relay"]


@pytest.mark.django_db
@pytest.mark.spec("CHN-5")
def test_a_chain_behind_the_database_is_named(client, chain, at):
    from apps.chain.models import Network
    from apps.chain.types import NetworkState

    values = {"genesis_hash": "0x1", "number": 7, "block_hash": "0x2", "indexed_at": at}
    Network.objects.create(chain_id=31337, state=NetworkState.BEHIND, **values)
    assert "chain is behind the database" in client.get("/readyz").json()["missing"]
    assert "The chain is behind the database" in client.get("/status").content.decode()
