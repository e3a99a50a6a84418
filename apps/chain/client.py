"""The one door to a node. Only this module imports web3, and late: it takes a second to load."""

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from apps.chain.types import Head
from apps.common.errors import Unavailable

if TYPE_CHECKING:
    from web3 import Web3

TIMEOUT = 2  # seconds


class NodeUnavailable(Unavailable):
    """No configured node answers."""

    code = "chain_unavailable"


def head() -> Head:
    """Return the newest block of the first node that answers. Raises NodeUnavailable."""
    for url in settings.CHAIN_RPC_URLS:
        try:
            block = _connect(url).eth.get_block("latest")
            return Head(_chain_id(url), int(block["number"]), int(block["timestamp"]))
        except (OSError, ValueError, KeyError):
            continue
    raise NodeUnavailable(
        "No node of the chain answers.", next_step="Check CHAIN_RPC_URLS and the node's log."
    )


@cache
def _connect(url: str) -> "Web3":
    from web3 import Web3

    return Web3(Web3.HTTPProvider(url, request_kwargs={"timeout": TIMEOUT}))


@cache
def _chain_id(url: str) -> int:
    return int(_connect(url).eth.chain_id)
