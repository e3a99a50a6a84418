"""Who may import whom: the contracts of pyproject.toml, and the two that need no list of modules."""

import os
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOT, Finding, imported, name, python_files, report, tree


def importers(package: str, *, allowed: tuple[str, ...]) -> list[Finding]:
    """Find imports of `package` outside the allowed files and folders."""
    folders = ("apps", "bench", "config", "launcher", "matching", "tests")
    return [
        Finding(name(path), line, f"imports {module}")
        for path in python_files(*folders)
        if not name(path).startswith(allowed)
        for module, line in imported(tree(path))
        if module.partition(".")[0] == package
    ]


def lint_imports(folder: Path, config: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter in a folder, in a process of its own: it looks into classes that others patch."""
    run = "from importlinter.cli import lint_imports_command as run; run()"
    command = [sys.executable, "-c", run, "--config", config, "--no-cache", "--no-logo"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_contracts_of_pyproject_are_kept():
    linted = lint_imports(ROOT, "pyproject.toml")
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_only_the_chain_client_imports_web3():
    findings = importers("web3", allowed=("apps/chain/client", "tests/"))
    report(findings, "Only apps/chain/client.py talks to the chain's library; call apps.chain.services.")


def test_only_the_signer_has_the_library_of_keys():
    for package in ("eth_account", "eth_keyfile"):
        findings = importers(package, allowed=("apps/chain/signer", "tests/"))
        report(findings, "Only apps/chain/signer knows keys; hand it what is to be signed.")


def test_only_the_trading_engine_imports_matching():
    findings = importers("matching", allowed=("apps/trading/engine", "matching/", "tests/", "bench/"))
    report(findings, "Only apps/trading/engine.py knows the matching engine; call apps.trading.services.")


def test_the_front_door_contract_sees_a_breach(tmp_path):
    files = {
        "shop/ledger/models.py": "",
        "shop/ledger/services.py": "from shop.ledger import models",
        "shop/common/anything.py": "",
        "shop/trading/services.py": "from shop.ledger import services\nfrom shop.common import anything",
        "shop/trading/views.py": "from shop.ledger.models import Account",
        "contracts.toml": """
            [tool.importlinter]
            root_package = "shop"
            contract_types = ["public_surface: tests.architecture.public_surface.PublicSurfaceContract"]
            [[tool.importlinter.contracts]]
            name = "door"
            type = "public_surface"
            container = "shop"
            public = ["services", "types"]
            shared = ["common"]
        """,
    }
    for place, content in files.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(content)
    for folder in ("shop", "shop/ledger", "shop/common", "shop/trading"):
        (tmp_path / folder / "__init__.py").touch()
    linted = lint_imports(tmp_path, "contracts.toml")
    assert linted.returncode == 1, linted.stdout + linted.stderr
    breaches = [line.strip() for line in linted.stdout.splitlines() if " -> " in line]
    assert breaches == ["shop.trading.views -> shop.ledger.models"]
