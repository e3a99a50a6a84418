"""The whole venue under the launcher: what each process is given, and a chain that is not the one it was."""

import tempfile
from pathlib import Path

import httpx
import psutil
import pytest

from launcher import procfile
from launcher.paths import CHECKOUT
from tests.functional.launcher.system import System, quick_place

BEHIND = 3
SIGNER = {"KEYSTORE_PASSWORD", "KEYSTORE_DIR", "SIGNER_BACKEND"}


@pytest.fixture
def system():
    """A launcher that the test may end, in a folder that any user may pass, as PostgreSQL needs."""
    with tempfile.TemporaryDirectory(prefix="alef-venue-", dir=quick_place()) as name:
        Path(name).chmod(0o755)
        system = System(Path(name))
        yield system
        system.close()


@pytest.mark.spec("OPS-1", "CHN-1", "CHN-2")
def test_a_first_start_deploys_the_platform_and_a_lost_chain_is_not_started_on(system):
    said = system.start_venue().wait_ready(180).said()
    assert said.index("Everything else") < said.index("Platform contracts") < said.index("Alef is ready")
    names = {entry.name for entry in procfile.load(CHECKOUT / "Procfile")}
    listed = system.listed()
    assert names | {"demo"} == set(listed) - {"postgres", "valkey", "anvil"}
    given = {name: set(psutil.Process(listed[name]["pid"]).environ()) for name in names}
    assert {name for name in names if given[name] & SIGNER} == {"chain"}
    web = system.variables_in_use()["PORT"]
    parts = httpx.get(f"http://127.0.0.1:{web}/readyz").json()["parts"]
    assert all(parts[name]["ok"] for name in ("contracts", "node", "chain", "indexer"))
    secrets = (system.state / "keys").iterdir()
    assert all(key.stat().st_mode & 0o077 == 0 for key in secrets)

    assert system.stop() == 0
    files = list(system.state.glob("anvil*.json"))
    assert files
    for file in files:
        file.unlink()
    assert system.start_venue().up.wait(60) == BEHIND
    assert "The chain is behind the database" in system.said()
    assert "Fix: " in system.said()
    assert "./alef.sh reset" in system.said()
    assert "Web" not in system.said(), "no process of ours was started"
    assert system.run("ps").returncode == 1
