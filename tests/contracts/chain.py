"""The chain as a test speaks to it: deploy, send, read, refuse, go back, let time pass."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from eth_abi.abi import decode
from web3 import Web3
from web3.contract import Contract
from web3.contract.contract import ContractFunction
from web3.exceptions import ContractCustomError, ContractLogicError
from web3.logs import DISCARD

from tests.contracts import artefacts

ZERO = "0x" + "0" * 40
GAS = 15_000_000
YES, NO = True, False  # what a contract takes has no keyword

Receipt = Any
Reason = tuple[str, tuple[Any, ...]]


@dataclass
class Chain:
    """A connection, and the accounts that the chain unlocks. Notes the gas of each act by its name."""

    url: str
    gas: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.w3: Any = Web3(Web3.HTTPProvider(self.url))
        self.accounts: list[str] = list(self.w3.eth.accounts)

    def deploy(self, name: str, *args: Any, by: str) -> Contract:
        """Deploy an artefact."""
        made = artefacts.artefact(name)
        factory = self.w3.eth.contract(abi=made["abi"], bytecode=made["bytecode"])
        receipt = self._mined(factory.constructor(*args).transact({"from": by, "gas": GAS}), f"deploy {name}")
        return self.at(name, receipt.contractAddress)

    def at(self, name: str, address: str) -> Contract:
        """Return a deployed contract, spoken to by an artefact's ABI."""
        contract: Contract = self.w3.eth.contract(address=address, abi=artefacts.artefact(name)["abi"])
        return contract

    def send(self, call: ContractFunction, *, by: str, gas: int = GAS, note: str = "") -> Receipt:
        """Send a call and return its receipt; a revert fails the test."""
        return self._mined(call.transact({"from": by, "gas": gas}), note or call.fn_name)

    def _mined(self, tx_hash: Any, note: str) -> Receipt:
        receipt = self.w3.eth.wait_for_transaction_receipt(tx_hash, timeout=20, poll_latency=0.002)
        if receipt.status != 1:
            raise AssertionError(f"{note} was reverted")
        self.gas[note] = receipt.gasUsed
        return receipt

    def now(self) -> int:
        """Return the time of the next block, more or less: that of the last one."""
        return int(self.w3.eth.get_block("latest")["timestamp"])

    def set_time(self, second: int) -> None:
        """Mine a block at that second; what is read next is read at it."""
        self.w3.provider.make_request("evm_setNextBlockTimestamp", [second])
        self.w3.provider.make_request("evm_mine", [])

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Go back, at the end, to how the chain is now."""
        snapshot = self.w3.provider.make_request("evm_snapshot", [])["result"]
        try:
            yield
        finally:
            self.w3.provider.make_request("evm_revert", [snapshot])


def events(contract: Contract, name: str, receipt: Receipt) -> list[dict[str, Any]]:
    """Return the arguments of one kind of event in a receipt."""
    found = contract.events[name]().process_receipt(receipt, errors=DISCARD)
    return [dict(one.args) for one in found if one.address == contract.address]


def refusal(call: ContractFunction, *, by: str, gas: int = GAS, abi: Any = None) -> Reason | str:
    """Return why a call would be reverted: a custom error and its arguments, or the suite's sentence."""
    return _refused(lambda: call.call({"from": by, "gas": gas}), abi or call.contract_abi)


def _refused(act: Callable[[], Any], abi: Any) -> Reason | str:
    try:
        act()
    except ContractCustomError as error:
        return reason(abi, bytes.fromhex(str(error.data).removeprefix("0x")))
    except ContractLogicError as error:
        return str(error.message).removeprefix("execution reverted: ")
    raise AssertionError("nothing was refused")


def reason(abi: Any, data: bytes) -> Reason:
    """Decode revert data: name and arguments of a custom error, or `Error` and its sentence."""
    name, types = errors_of(abi)[data[:4]]
    return name, tuple(decode(types, data[4:]))


def errors_of(abi: Any) -> dict[bytes, tuple[str, list[str]]]:
    """Return selector → name and argument types of an ABI's errors, and of the language's own."""
    found = {selector("Error(string)"): ("Error", ["string"])}
    for entry in abi:
        if entry["type"] == "error":
            types = [argument["type"] for argument in entry["inputs"]]
            found[selector(f"{entry['name']}({','.join(types)})")] = (entry["name"], types)
    return found


@cache
def selector(signature: str) -> bytes:
    """Return the first four bytes of a signature's hash."""
    return bytes(Web3.keccak(text=signature)[:4])


def text(code: bytes) -> str:
    """Return a bytes32 reason as text."""
    return code.rstrip(b"\0").decode("ascii")
