"""How calls are written, refusals are read, and artefacts are compared."""

import json
import re

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from apps.chain.client import abi, artefacts, reasons
from apps.chain.client.abi import call_data, selector
from tests.architecture.source import ROOT
from tests.contracts import artefacts as installed

SIGNATURE = re.compile(r'"(\w+\([\w,()\[\]]*\))"')
ADDRESS = "0x" + "11" * 20


def known_functions() -> set[str]:
    names = [*installed.lock()["contracts"], *(path.stem for path in (ROOT / "contracts/abi").glob("*.json"))]
    entries = [entry for name in names for entry in installed.artefact(name)["abi"]]
    return {
        f"{entry['name']}({','.join(map(written, entry['inputs']))})"
        for entry in entries
        if entry["type"] in {"function", "event"}
    }


def written(argument) -> str:
    if not argument["type"].startswith("tuple"):
        return argument["type"]
    inner = ",".join(map(written, argument["components"]))
    return f"({inner}){argument['type'].removeprefix('tuple')}"


@pytest.mark.spec("CON-1")
def test_every_function_that_plans_call_is_one_of_the_contracts():
    folder = ROOT / "apps/chain/sender/plans"
    texts = [re.sub(r'"\s+"', "", path.read_text()) for path in folder.glob("*.py")]
    called = {found for text in texts for found in SIGNATURE.findall(text)}
    assert len(called) > 20
    assert called - known_functions() == set()


def test_a_call_is_its_selector_and_its_arguments():
    data = call_data("mint(address,uint256)", ADDRESS, 5)
    assert data == bytes.fromhex("40c10f19") + encode(["address", "uint256"], [ADDRESS, 5])
    assert call_data("init()") == keccak(text="init()")[:4]
    nested = call_data("f((uint8,uint8),(string,bytes[]))", (1, 2), ("x", [b"y"]))
    assert nested[4:] == encode(["(uint8,uint8)", "(string,bytes[])"], [(1, 2), ("x", [b"y"])])


def test_addresses_come_out_checksummed():
    lower = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
    assert abi.decode(["address"], encode(["address"], [lower])) == (
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    )


@pytest.mark.spec("CHN-3")
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (selector("Error(string)") + encode(["string"], ["Pausable: paused"]), "Pausable: paused"),
        (selector("Panic(uint256)") + encode(["uint256"], [0x11]), "arithmetic overflow"),
        (selector("Panic(uint256)") + encode(["uint256"], [0x77]), "panic 0x77"),
        (selector("AlreadySettled(uint256)") + encode(["uint256"], [9]), "AlreadySettled(9)"),
        (selector("Error(string)") + b"\x01", "Error with arguments that can't be read"),
        (b"\xde\xad\xbe\xef", "refused with deadbeef, which no ABI of ours knows"),
        (b"", "refused without reason"),
        (selector("Error(string)") + encode(["string"], ["a\x00b\n" * 500]), "ab" * 200),
    ],
)
def test_a_refusal_is_put_into_words(data, said):
    assert reasons.decoded(data) == said


@pytest.mark.parametrize(
    "error",
    [
        {"code": 3, "message": "execution reverted", "data": "0x08c379a0"},
        {"code": -32000, "message": "VM", "data": "Reverted 0x08c379a0"},
        {"code": -32000, "message": "VM", "data": {"data": "0x08c379a0"}},
    ],
)
def test_what_a_contract_said_is_found_wherever_a_node_puts_it(error):
    assert reasons.revert_data(error) == bytes.fromhex("08c379a0")


def test_what_is_no_refusal_of_a_contract_is_none():
    assert reasons.revert_data({"code": -32000, "message": "nonce too low"}) is None
    assert reasons.revert_data({"code": -32000, "message": "execution reverted"}) == b""


@pytest.mark.spec("CON-1")
def test_an_artefact_that_is_not_the_pinned_one_is_refused(settings, tmp_path):
    settings.CHAIN_ARTEFACTS = tmp_path
    artefacts._artefact.cache_clear()
    pin = installed.lock()["contracts"]["Token"]
    try:
        with pytest.raises(artefacts.ArtefactRefused, match="CHAIN_ARTEFACTS"):
            artefacts.creation_code("Token")
        place = tmp_path / pin["package"] / pin["artifact"]
        place.parent.mkdir(parents=True)
        made = dict(installed.suite("Token"))
        made["bytecode"] = made["bytecode"][:-2] + "00"
        place.write_text(json.dumps(made))
        artefacts._read.cache_clear()
        with pytest.raises(artefacts.ArtefactRefused, match="bytecode"):
            artefacts.creation_code("Token")
    finally:
        artefacts._artefact.cache_clear()
        artefacts._read.cache_clear()


def test_deployed_code_is_compared_without_its_immutables():
    made = installed.ours("Settlement")
    code = bytearray(bytes.fromhex(made["deployedBytecode"].removeprefix("0x")))
    start, length = made["immutables"][0]
    code[start : start + length] = b"\xff" * length
    assert artefacts.is_deployed("Settlement", bytes(code))
    code[0] ^= 1
    assert not artefacts.is_deployed("Settlement", bytes(code))
