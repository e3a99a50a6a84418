"""What a plan is given, and what it can answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.chain.signer import Signer
from apps.chain.types import Duty, IntentKind


@dataclass(frozen=True, slots=True)
class Finished:
    """A transaction of an intent that is final and did what it should."""

    step: str
    tx_hash: str
    block_number: int
    gas_used: int


@dataclass(frozen=True, slots=True)
class Job:
    """An intent as its plan sees it. `seen` counts its transactions of any state, so that two senders
    that look at the same moment can't both add one."""

    id: UUID
    kind: IntentKind
    subject: UUID
    arguments: Mapping[str, Any]
    finished: Sequence[Finished]
    seen: int
    signer: Signer

    def done(self, step: str) -> Finished | None:
        """Return the transaction that finished a step."""
        return next((each for each in self.finished if each.step == step), None)


@dataclass(frozen=True, slots=True)
class Call:
    """The next transaction: who sends what to whom. `contract` names what a deployment (no `to`) makes."""

    step: str
    duty: Duty
    to: str
    data: bytes
    contract: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something else has to happen first. It costs no attempt; `why` completes "waits for"."""

    why: str


@dataclass(frozen=True, slots=True)
class Done:
    """All of it is final. `record` writes what follows, in the transaction that completes the intent.

    `parts` is kept with the result but not audited: what became of each of many things.
    """

    result: Mapping[str, str | int]
    parts: Mapping[str, str] = field(default_factory=dict)
    record: Callable[[datetime], object] = field(default=lambda at: None)


Next = Call | Wait | Done
Plan = Callable[[Job], Next]
