"""CON-1: what is committed is what the sources make, and what is deployed is what is pinned."""

import hashlib
import json
import re
import shutil
import subprocess
from typing import Any

import pytest
from web3 import Web3

from tests.contracts import artefacts
from tests.contracts.platform import IMPLEMENTATIONS, MODULES
from tests.contracts.world import World

CONTRACTS = artefacts.CONTRACTS
OURS = sorted(path.stem for path in (CONTRACTS / "abi").glob("*.json"))
EIP1822 = int.from_bytes(
    Web3.keccak(text="PROXIABLE"), "big"
)  # where ONCHAINID's proxies keep their authority
EIP1967 = int.from_bytes(Web3.keccak(text="eip1967.proxy.implementation"), "big") - 1
LICENCE = "// SPDX-License-Identifier: GPL-3.0-only\n"


def source_hash(made: dict[str, Any]) -> str:
    """Compute, from what lies here now, the hash that a built file was given."""
    packages = json.loads((CONTRACTS / "package-lock.json").read_text())["packages"]
    depends = {
        "compiler": made["compiler"],
        "packages": [[name, packages[f"node_modules/{name}"]["integrity"]] for name in made["packages"]],
        "sources": [[name, artefacts.sha256((CONTRACTS / name).read_bytes())] for name in made["sources"]],
    }
    return hashlib.sha256(json.dumps(depends, separators=(",", ":")).encode()).hexdigest()


@pytest.mark.spec("CON-1")
@pytest.mark.parametrize("name", OURS)
def test_a_built_file_is_not_older_than_its_sources(name: str):
    made = artefacts.ours(name)
    assert made["contractName"] == name
    assert made["sourceName"] in made["sources"]
    assert made["sourceHash"] == source_hash(made), "abi/ is stale. Fix: npm run build in contracts/"


def test_a_changed_source_is_noticed():
    made = artefacts.ours("Settlement")
    assert source_hash(made | {"sources": ["src/anchor/Anchor.sol"]}) != made["sourceHash"]


@pytest.mark.spec("CON-1")
def test_every_contract_is_built():
    sources = [path.read_text() for path in (CONTRACTS / "src").rglob("*.sol")]
    written = {name for source in sources for name in re.findall(r"^contract (\w+)", source, re.MULTILINE)}
    assert set(OURS) == written


@pytest.mark.spec("CON-1")
def test_the_suites_compiler_is_kept_by_what_inherits_it():
    for source in (CONTRACTS / "src").rglob("*.sol"):
        text = source.read_text()
        is_of_the_suite = "@tokenysolutions/" in text or "compliance" in source.parts
        assert ("pragma solidity 0.8.17;" in text) == is_of_the_suite, source.name
        assert text.startswith(LICENCE), source.name


@pytest.mark.spec("CON-1")
@pytest.mark.skipif(
    not (CONTRACTS / "node_modules").is_dir() or not shutil.which("node"),
    reason="the compilers are installed only where contracts are built",
)
def test_building_again_gives_the_same_files():
    done = subprocess.run(
        ["node", "--liftoff-only", "build.mjs", "--check"],
        check=False,
        cwd=CONTRACTS,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.spec("CON-1")
def test_the_installed_suite_is_the_pinned_one():
    for name, pin in artefacts.lock()["packages"].items():
        installed = json.loads((artefacts.package(name) / "package.json").read_text())
        assert installed["version"] == pin["version"]
    for name in artefacts.lock()["contracts"]:
        assert artefacts.suite(name)["contractName"] == name


def test_another_suite_is_refused(monkeypatch):
    artefacts.suite.cache_clear()
    pins = json.loads(artefacts.LOCK.read_text())
    pins["contracts"]["Token"]["creation"] = "0" * 64
    monkeypatch.setattr(artefacts, "lock", lambda: pins)
    with pytest.raises(ValueError, match="Token: the installed bytecode is not the pinned one"):
        artefacts.suite("Token")


@pytest.mark.spec("CON-1")
def test_the_deployed_suite_is_the_pinned_one(world: World):
    """Code that we deploy, and code that the factories deploy for us."""
    platform, suite = world.platform, world.free
    deployed = {name: platform.implementations[name].address for name in IMPLEMENTATIONS} | {
        "TREXImplementationAuthority": platform.authority.address,
        "TREXFactory": platform.factory.address,
        "IdFactory": platform.id_factory.address,
        "ClaimIssuer": platform.claim_issuer.address,
        "IdentityRegistryStorageProxy": platform.storage.address,
        "TokenProxy": suite.token.address,
        "IdentityRegistryProxy": suite.registry.address,
        "ModularComplianceProxy": suite.compliance.address,
        "ClaimTopicsRegistryProxy": suite.topics.address,
        "TrustedIssuersRegistryProxy": suite.issuers.address,
        "IdentityProxy": world.identities[world.alice].address,
        "ModuleProxy": platform.modules["SellOnlyModule"].address,
        "IAFactory": stored_address(world, platform.authority.address, slot=4),
        "ImplementationAuthority": stored_address(world, world.identities[world.alice].address, slot=EIP1822),
    }
    identities = world.chain.at("ImplementationAuthority", deployed["ImplementationAuthority"])
    deployed["Identity"] = identities.functions.getImplementation().call()
    assert set(deployed) == set(artefacts.lock()["contracts"])
    for name, address in deployed.items():
        pin = artefacts.lock()["contracts"][name]
        code = bytes(world.chain.w3.eth.get_code(address))
        assert artefacts.sha256(artefacts.without(code, pin["immutables"])) == pin["runtime"], name


@pytest.mark.spec("CON-1")
def test_our_deployed_code_is_the_committed_one(world: World):
    platform = world.platform
    deployed = {
        name: stored_address(world, platform.modules[name].address, slot=EIP1967) for name in MODULES
    } | {
        "Settlement": platform.settlement.address,
        "TestStablecoin": platform.stablecoin.address,
        "Anchor": platform.anchor.address,
    }
    for name, address in deployed.items():
        made = artefacts.ours(name)
        code = bytes(world.chain.w3.eth.get_code(address))
        assert artefacts.without(code, made["immutables"]).hex() == made["deployedBytecode"][2:], name


@pytest.mark.spec("CON-1")
def test_no_implementation_can_be_taken_over(world: World):
    someone = world.mallory
    made = world.platform.implementations
    refused = "Initializable: contract is already initialized"
    for name in ("ClaimTopicsRegistry", "IdentityRegistryStorage", "TrustedIssuersRegistry"):
        assert world.refusal(made[name].functions.init(), someone) == refused
    assert world.refusal(made["ModularCompliance"].functions.init(), someone) == refused
    assert (
        world.refusal(made["IdentityRegistry"].functions.init(someone, someone, someone), someone) == refused
    )
    token = made["Token"].functions.init(someone, someone, "mine", "MINE", 0, someone)
    assert world.refusal(token, someone) == refused
    for name in MODULES:
        implementation = stored_address(world, world.module(name).address, slot=EIP1967)
        for module in (world.module(name), world.chain.at(name, implementation)):
            assert world.refusal(module.functions.initialize(), someone) == refused


def stored_address(world: World, contract: str, *, slot: int) -> str:
    """Read an address from a contract's storage."""
    word = bytes(world.chain.w3.eth.get_storage_at(contract, slot))
    return str(world.chain.w3.to_checksum_address(word[-20:]))
