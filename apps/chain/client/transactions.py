"""What the sender asks of a node: state, estimates, nonces, receipts, and to pass on signed bytes."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from eth_utils.address import to_checksum_address

from apps.chain.client.abi import call_data, decode, topic
from apps.chain.client.nodes import _log
from apps.chain.client.rpc import NodeRefused, Reverted, ask, ask_together
from apps.chain.types import Block, Log, Market, Receipt

FULL = False  # blocks come without their transactions


def read(to: str, signature: str, *arguments: Any, returns: str) -> Any:
    """Call a view that returns one value. Raises Reverted, also where no such contract stands."""
    answer = call(to, call_data(signature, *arguments))
    if not answer:
        raise Reverted(f"{signature} of {to} answers nothing: no such contract")
    return decode([returns], answer)[0]


def call(to: str, data: bytes, *, sender: str = "", block: int | None = None) -> bytes:
    """Execute without a transaction, as of a block or the newest one. Raises Reverted."""
    return _bytes(ask("eth_call", _request(to, data, sender), "latest" if block is None else hex(block)))


def call_together(to: str, calls: Sequence[bytes]) -> tuple[int, list[bytes]]:
    """Execute several calls on one node; return their answers, and a block that they saw at least.

    Raises Reverted if one of them is refused.
    """
    questions = [("eth_call", [_request(to, data, ""), "latest"]) for data in calls]
    number, *answers = ask_together(("eth_blockNumber", []), *questions)
    return int(number, 16), [_bytes(each) for each in answers]


def estimate(to: str, data: bytes, *, sender: str) -> int:
    """Return the gas that a transaction would use now. Raises Reverted: it would be refused."""
    return int(ask("eth_estimateGas", _request(to, data, sender)), 16)


def code(address: str) -> bytes:
    """Return the code deployed at an address."""
    return _bytes(ask("eth_getCode", address, "latest"))


def pending_count(address: str) -> int:
    """Return the next nonce of an address, as the node sees it with what waits in its pool."""
    return int(ask("eth_getTransactionCount", address, "pending"), 16)


def newest() -> Block:
    """Return the newest block."""
    return _block(ask("eth_getBlockByNumber", "latest", FULL))


def block(number: int) -> Block | None:
    """Return a block by its number, None if the node doesn't have it."""
    found = ask("eth_getBlockByNumber", hex(number), FULL)
    return _block(found) if found else None


def receipt(hashes: Sequence[str]) -> Receipt | None:
    """Return the receipt of whichever of a nonce's hashes was mined, None if none of them was."""
    found = ask_together(*(("eth_getTransactionReceipt", [each]) for each in hashes))
    return next((_receipt(each) for each in found if each and each.get("blockHash")), None)


def receipt_of_event(contract: str, signature: str, address: str) -> Receipt | None:
    """Return the receipt of the transaction whose event has an address as its first topic."""
    wanted = {
        "address": contract,
        "fromBlock": "0x0",
        "toBlock": "latest",
        "topics": [f"{topic(signature):#066x}", f"{int(address, 16):#066x}"],
    }
    try:
        found = ask("eth_getLogs", wanted)
    except NodeRefused:  # many nodes look through a few thousand blocks only
        return None
    return receipt([found[0]["transactionHash"]]) if found else None


def events(contract: str, signatures: Sequence[str], block: int) -> list[Log]:
    """Return what a contract said in one block, of these events."""
    wanted = {
        "address": contract,
        "fromBlock": hex(block),
        "toBlock": hex(block),
        "topics": [[f"{topic(signature):#066x}" for signature in signatures]],
    }
    return sorted(map(_log, ask("eth_getLogs", wanted)), key=lambda log: log.place)


def nonce_is_spent(address: str, nonce: int, hashes: Sequence[str], *, depth: int) -> bool:
    """Tell whether, `depth` blocks deep, a nonce is used up and by none of these hashes.

    One node answers all of it, so what it doesn't know of the hashes it would have to know.
    """
    number = int(ask("eth_blockNumber"), 16) - depth + 1
    if number < 0:
        return False
    questions = [("eth_getTransactionReceipt", [each]) for each in hashes]
    count, *receipts = ask_together(("eth_getTransactionCount", [address, hex(number)]), *questions)
    return int(count, 16) > nonce and not any(receipts)


def market() -> Market:
    """Return what gas costs now, in wei. A base fee of None means that the network has only gas prices."""
    base = ask("eth_getBlockByNumber", "latest", FULL).get("baseFeePerGas")
    if base is None:
        return Market(base_fee=None, tip=int(ask("eth_gasPrice"), 16))
    try:
        tip = int(ask("eth_maxPriorityFeePerGas"), 16)
    except NodeRefused:  # an old node: what it would ask in all, less the base fee
        tip = max(0, int(ask("eth_gasPrice"), 16) - int(base, 16))
    return Market(base_fee=int(base, 16), tip=tip)


def send(raw: bytes) -> None:
    """Pass on a signed transaction. Raises NodeRefused with the node's words, NodeUnavailable."""
    try:
        ask("eth_sendRawTransaction", "0x" + raw.hex())
    except Reverted as refusal:  # a development node may run it before it takes it
        raise NodeRefused(f"execution reverted: {refusal}") from None


def why_reverted(to: str, data: bytes, *, sender: str, found: Receipt, gas_limit: int) -> str:
    """Return why a mined transaction was reverted, as well as it can be found out by running it again."""
    try:
        call(to, data, sender=sender, block=found.block_number)
    except Reverted as refusal:
        return str(refusal)
    except NodeRefused as refusal:
        return f"reverted; {refusal}"
    return "out of gas" if found.gas_used >= gas_limit else "reverted, and would not be if it were run again"


def _request(to: str, data: bytes, sender: str) -> dict[str, str]:
    request = {"data": "0x" + data.hex()}
    if to:
        request["to"] = to
    if sender:
        request["from"] = sender
    return request


def _block(found: Any) -> Block:
    return Block(int(found["number"], 16), found["hash"], found["parentHash"])


def _receipt(found: Any) -> Receipt:
    created = found.get("contractAddress")
    return Receipt(
        tx_hash=found["transactionHash"],
        block_number=int(found["blockNumber"], 16),
        block_hash=found["blockHash"],
        succeeded=int(found["status"], 16) == 1,
        gas_used=int(found["gasUsed"], 16),
        gas_price=int(found.get("effectiveGasPrice") or "0x0", 16),
        contract_address=to_checksum_address(created) if created else "",
    )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def confirmations() -> int:
    """Return how many blocks make a transaction final, its own included."""
    return max(1, int(settings.CHAIN_CONFIRMATIONS))
