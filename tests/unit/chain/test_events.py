"""Logs are read as their contracts declare them, and what can't be read is kept as it is."""

import json

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from apps.chain.indexer import events
from apps.chain.types import Log
from tests.contracts import artefacts

SOMEBODY = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
TOKEN = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
MOCKS = {"HostileCash.json", "StubbornModule.json"}


def log(signature, *topics, data=b""):
    first = "0x" + keccak(text=signature).hex()
    return Log(TOKEN.lower(), (first, *topics), "0x" + data.hex(), 7, "0x" + "1" * 64, "0x" + "2" * 64, 3)


def word(address):
    return "0x" + address.lower().removeprefix("0x").rjust(64, "0")


def interfaces():
    """Go over every event that something we deploy declares: signature and number of indexed arguments."""
    ours = [path for path in (artefacts.CONTRACTS / "abi").glob("*.json") if path.name not in MOCKS]
    abis = [artefacts.suite(name)["abi"] for name in artefacts.lock()["contracts"]]
    abis += [json.loads(path.read_text())["abi"] for path in ours]
    for entry in (entry for abi in abis for entry in abi if entry["type"] == "event"):
        kinds = ",".join(kind(one) for one in entry["inputs"])
        yield f"{entry['name']}({kinds})", sum(one["indexed"] for one in entry["inputs"])


def kind(one):
    if not one["type"].startswith("tuple"):
        return one["type"]
    return f"({','.join(map(kind, one['components']))}){one['type'].removeprefix('tuple')}"


def test_every_event_that_our_contracts_declare_is_known():
    declared = {("0x" + keccak(text=signature).hex(), indexed) for signature, indexed in interfaces()}
    assert declared == set(events.declarations())


def test_arguments_are_read_by_name():
    event = events.read(
        log(
            "Transfer(address,address,uint256)",
            word(SOMEBODY),
            word(TOKEN),
            data=encode(["uint256"], [2**70]),
        )
    )
    assert (event.address, event.name) == (TOKEN, "Transfer")
    assert event.arguments == {"from": SOMEBODY, "to": TOKEN, "value": str(2**70)}


def test_an_indexed_text_is_its_hash():
    salt = "0x" + keccak(text="salt").hex()
    data = encode(["address"] * 5, [TOKEN] * 5)
    event = events.read(
        log(
            "TREXSuiteDeployed(address,address,address,address,address,address,string)",
            word(SOMEBODY),
            salt,
            data=data,
        )
    )
    assert event.arguments["salt"] == salt
    assert event.arguments["token"] == SOMEBODY


def test_lists_and_tuples_are_read():
    data = encode(["(uint64,uint64)[]"], [[(1, 2), (3, 4)]])
    event = events.read(log("ClosuresSet(address,(uint64,uint64)[])", word(TOKEN), data=data))
    assert event.arguments["closures"] == [["1", "2"], ["3", "4"]]
    data = encode(["bool"], [True])
    assert events.read(log("AgentSet(address,bool)", word(TOKEN), data=data)).arguments["allowed"] is True


@pytest.mark.parametrize(
    "strange",
    [
        log("Nothing(uint256)", data=encode(["uint256"], [1])),
        log("Transfer(address,address,uint256)", word(SOMEBODY), word(TOKEN), data=b"\x01"),
        log("Transfer(address,address,uint256)", word(SOMEBODY)),
        Log(TOKEN, (), "0x", 7, "0x" + "1" * 64, "0x" + "2" * 64, 3),
        log(
            "ClaimAdded(bytes32,uint256,uint256,address,bytes,bytes,string)",
            *[word(TOKEN)] * 3,
            data=encode(["uint256", "bytes", "bytes", "bytes"], [1, b"", b"", b"\xff\xfe"]),
        ),
    ],
    ids=["unknown", "cut off", "fewer topics", "no topic", "not UTF-8"],
)
def test_what_cannot_be_read_is_kept_as_it_is(strange):
    event = events.read(strange)
    assert event.name == ""
    assert event.arguments == {"topics": list(strange.topics), "data": strange.data}


def test_a_nul_does_not_stop_the_database():
    data = encode(["uint256", "bytes", "bytes", "string"], [1, b"", b"", "a\x00b"])
    declared = "ClaimAdded(bytes32,uint256,uint256,address,bytes,bytes,string)"
    event = events.read(log(declared, *[word(TOKEN)] * 3, data=data))
    assert event.arguments["uri"] == "a\ufffdb"
