"""Who acts: the one type that every verb of every app takes as `by`."""

from dataclasses import dataclass
from typing import Literal, Self


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a process that asks for something.

    `id` is a user's uuid as text, or the name of a process. `ip_digest` is a keyed digest, never an
    address, because what an actor did is kept longer than their personal data may be.
    """

    kind: Literal["user", "system", "anonymous"]
    id: str
    on_behalf_of: str = ""
    ip_digest: str = ""
    device: str = ""
    request_id: str = ""

    @classmethod
    def system(cls, process: str) -> Self:
        """Return the actor of a background process, for example `Actor.system("relay")`."""
        return cls(kind="system", id=process)
