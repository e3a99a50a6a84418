"""A chain of this worker's own, with the platform on it, and the sender driven in this process.

What tests of other apps need, from the fixture `chain`:

    def test_it(chain, owner):
        holder = chain.holder(owner)              # registered: address, identity, KYC claim, storage
        suite = chain.suite(token_id)             # a deployed token; `terms=SuiteTerms(...)` for your own
        …                                         # your verbs write intents
        chain.carry_out()                         # and the chain process carries them out, until it is idle
        deliver_all()                             # tests/relay.py: your handlers of chain.* messages
        assert chain.units(suite.token, holder.address) == 5

The platform is deployed once for each worker; every test begins with it deployed and nothing else on the
chain. `bare_chain` has no platform. Tests that want no chain just write intents: nobody carries them out.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from django.conf import settings
from django.test import override_settings

from apps.chain import selectors, services
from apps.chain.client import transactions as node
from apps.chain.models import Contract, Intent, Transaction
from apps.chain.sender import go_round
from apps.chain.signer import make_keys, signer
from apps.chain.types import Holder, Suite, SuiteTerms
from apps.common.clock import now
from apps.common.db import opens_transaction
from apps.common.ids import new_id
from apps.common.types import Actor
from tests import database
from tests.contracts.anvil import Anvil

PASSWORD = "tests" * 8
TERMS = SuiteTerms(name="Test Security", symbol="TEST", decimals=0, supply_cap=1_000_000)
UAE = 784
ON = True  # what a node takes has no keyword
BY = Actor.system("tests")


def carry_out() -> None:
    """Go round until nothing changes any more. What waits for a pause after a refusal stays as it is."""
    while go_rounds() or _look_at_what_waits():
        pass


def go_rounds(at: datetime | None = None) -> bool:
    """Go round until nothing changes, as of an instant or of now; return whether anything did."""
    changed = False
    while go_round(signer(), at=at or now()) or (_is_being_mined() and go_round(signer(), at=at or now())):
        changed = True
    return changed


def _look_at_what_waits() -> bool:
    Intent.objects.exclude(waits_for="").update(next_attempt_at=now())
    return go_rounds()


def _is_being_mined() -> bool:
    """Wait for the block of what was sent: a node that mines at once does so just after it has answered."""
    url = settings.CHAIN_RPC_URLS[0]
    sent = list(Transaction.objects.filter(state="broadcast").values_list("tx_hash", flat=True))
    if not sent or not rpc(url, "anvil_getAutomine"):
        return False
    for _ in range(100):
        if all(rpc(url, "eth_getTransactionReceipt", each) for each in sent):
            return True
        time.sleep(0.01)
    return False


@dataclass(frozen=True)
class Chain:
    """What a test does with the chain."""

    url: str

    def carry_out(self) -> None:
        """Carry out all intents, until the sender is idle."""
        carry_out()

    def holder(self, owner: UUID | None = None, *, country: int = UAE) -> Holder:
        """Register an investor."""
        owner = owner or new_id()
        _in_transaction(services.request_holder, owner=owner, country=country)
        carry_out()
        return selectors.holders([owner])[owner]

    def suite(self, token_id: UUID | None = None, *, terms: SuiteTerms = TERMS) -> Suite:
        """Deploy a token."""
        token_id = token_id or new_id()
        _in_transaction(services.request_suite, token_id=token_id, terms=terms)
        carry_out()
        found = selectors.suite(token_id)
        assert found is not None, Intent.objects.get(subject=token_id).error
        return found

    def mint(self, suite: Suite, holder: Holder, units: int, *, mint_id: UUID | None = None) -> UUID:
        """Ask for a mint without carrying it out; return the intent's id."""
        asked = {"mint_id": mint_id or new_id(), "token_id": suite.token_id, "owner": holder.owner}
        made: UUID = _in_transaction(services.request_mint, units=units, **asked)
        return made

    def units(self, token: str, address: str) -> int:
        """Return what an address has of a token on chain, in base units."""
        return int(node.read(token, "balanceOf(address)", address, returns="uint256"))

    def supply(self, token: str) -> int:
        """Return a token's total supply on chain, in base units."""
        return int(node.read(token, "totalSupply()", returns="uint256"))

    def rpc(self, method: str, *parameters: Any) -> Any:
        """Ask the node directly, also for what only a development node does, such as `evm_mine`."""
        return rpc(self.url, method, *parameters)


def rpc(url: str, method: str, *parameters: Any) -> Any:
    """Ask a node; an error fails the test."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    answer = httpx.post(url, json=body, timeout=20).json()
    assert "error" not in answer, answer["error"]
    return answer["result"]


@pytest.fixture(scope="session")
def anvil(tmp_path_factory) -> Iterator[Anvil]:
    """A node of this worker's own."""
    with Anvil(tmp_path_factory.mktemp("anvil") / "anvil.log") as running:
        yield running


@pytest.fixture(scope="session")
def keystore(tmp_path_factory):
    """A folder with the keys of a development chain."""
    folder = tmp_path_factory.mktemp("keys")
    make_keys(folder, PASSWORD, development=True)
    return folder


@pytest.fixture(scope="session")
def platform_rows(anvil, keystore, django_db_setup, django_db_blocker) -> list[dict[str, Any]]:
    """Deploy the platform once, by the sender itself; return its contracts' rows and empty the database."""
    with django_db_blocker.unblock(), override_settings(**_settings(anvil.url, keystore)):
        _in_transaction(services.request_platform)
        carry_out()
        intent = Intent.objects.get()
        assert intent.state == "completed", f"{intent.state}: {intent.error}"
        rows = list(Contract.objects.values("chain_id", "name", "address", "tx_hash"))
        database.empty()
    return rows


@pytest.fixture
def chain(db, anvil, platform_rows, keystore, settings) -> Iterator[Chain]:
    """The chain with the platform deployed, and nothing else; it goes back to that at the end."""
    with _borrowed(anvil, keystore, settings) as chain:
        Contract.objects.bulk_create(Contract(**row) for row in platform_rows)
        yield chain


@pytest.fixture(scope="session")
def bare_anvil(tmp_path_factory) -> Iterator[Anvil]:
    """Another node, without the platform."""
    with Anvil(tmp_path_factory.mktemp("anvil") / "bare.log") as running:
        yield running


@pytest.fixture
def bare_chain(db, bare_anvil, keystore, settings) -> Iterator[Chain]:
    """A chain on which nothing is deployed."""
    with _borrowed(bare_anvil, keystore, settings) as chain:
        yield chain


@contextmanager
def _borrowed(anvil: Anvil, keystore: Any, settings: Any) -> Iterator[Chain]:
    for name, value in _settings(anvil.url, keystore).items():
        setattr(settings, name, value)
    snapshot = rpc(anvil.url, "evm_snapshot")
    try:
        yield Chain(anvil.url)
    finally:
        rpc(anvil.url, "evm_setAutomine", ON)
        rpc(anvil.url, "anvil_dropAllTransactions")
        assert rpc(anvil.url, "evm_revert", snapshot), "the test reverted the chain below its own beginning"


def _settings(url: str, keystore: Any) -> dict[str, Any]:
    return {"CHAIN_RPC_URLS": [url], "KEYSTORE_DIR": keystore, "KEYSTORE_PASSWORD": PASSWORD}


def _in_transaction(verb: Any, **arguments: Any) -> Any:
    @opens_transaction
    def run() -> Any:
        return verb(by=BY, at=now(), **arguments)

    return run()
