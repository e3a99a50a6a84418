"""Asking for what must not fail quietly: which node answers, and what its errors mean.

The configured nodes are tried in order, beginning with the one that answered last. A node on another chain
is as good as none.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

import structlog
from django.conf import settings

from apps.chain.client.nodes import NodeUnavailable, _connect, _unavailable
from apps.chain.client.reasons import clean, decoded, revert_data

TIMEOUT = 5  # seconds
_BUSY = {-32005, 429}  # codes with which providers say "too many requests"

Question = tuple[str, Sequence[Any]]

log = structlog.get_logger(__name__)


class Reverted(Exception):
    """A contract refuses. The text is its reason, decoded."""


class NodeRefused(Exception):
    """The node itself refuses. The text is the node's own."""


class WrongNetwork(Exception):
    """A node is on another chain than the configured one."""


_preferred: dict[tuple[str, ...], str] = {}


def ask(method: str, *parameters: Any) -> Any:
    """Return one answer. Raises Reverted, NodeRefused, NodeUnavailable."""
    return ask_together((method, parameters))[0]


def ask_together(*questions: Question) -> list[Any]:
    """Return the answers of one node to several questions. Raises Reverted, NodeRefused, NodeUnavailable."""
    urls = tuple(settings.CHAIN_RPC_URLS)
    first = _preferred.get(urls, "")
    for url in sorted(urls, key=lambda each: each != first):
        try:
            _check_chain(url)
            answers = [_result(answer) for answer in _exchange(url, questions)]
        except (NodeUnavailable, WrongNetwork) as error:
            log.warning("chain.node_failed", number=urls.index(url), error=str(error)[:200])
            continue
        _preferred[urls] = url
        return answers
    raise _unavailable()


def check_network() -> None:
    """Make sure that every node that answers is on the configured chain. Raises WrongNetwork."""
    for url in settings.CHAIN_RPC_URLS:
        try:
            _check_chain(url)
        except NodeUnavailable:
            continue


def _exchange(url: str, questions: Sequence[Question]) -> list[Any]:
    """Put one question, or several as a batch. Whatever is no answer makes the node unavailable."""
    node = _connect(url, TIMEOUT)
    try:
        if len(questions) == 1:
            method, parameters = questions[0]
            return [node.make_request(cast("Any", method), list(parameters))]
        answers = node.make_batch_request([(cast("Any", method), list(each)) for method, each in questions])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unavailable(type(error).__name__) from error
    if not isinstance(answers, list) or len(answers) != len(questions):
        raise _unavailable("it takes no batches")
    return list(answers)


def _result(answer: Any) -> Any:
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        if not isinstance(answer, dict) or "result" not in answer:
            raise _unavailable("no answer that makes sense")
        return answer["result"]
    if error.get("code") in _BUSY:
        raise _unavailable("too many requests")
    data = revert_data(error)
    if data is not None:
        # A few nodes decode the sentence and drop the data.
        sentence = str(error.get("message", "")).partition("execution reverted:")[2].strip()
        raise Reverted(decoded(data) if data or not sentence else clean(sentence))
    raise NodeRefused(clean(str(error.get("message", error))))


def _check_chain(url: str) -> None:
    if (found := _chain_id(url)) != settings.CHAIN_ID:
        raise WrongNetwork(f"A node is on chain {found}, not on {settings.CHAIN_ID}. Check CHAIN_RPC_URLS.")


@cache
def _chain_id(url: str) -> int:
    return int(_result(_exchange(url, [("eth_chainId", [])])[0]), 16)
