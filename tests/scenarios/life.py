"""What the steps of the walk hand on, and how a step is written."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.scenarios.people import DEMO_PASSWORD, Chain, Listener, Person

CASH = "USD"
PAID_IN = "25000.00"
SHARES = {"first": 1200, "second": 300}
SUPPLY, PRICE = 10_000, 10


class Wrong(Exception):
    """What the walk found doesn't agree."""


def _new_run() -> str:
    return uuid4().hex[:6].upper()


@dataclass
class Life:
    """Everything that the steps hand on."""

    url: str
    chain: Chain
    run: str = field(default_factory=_new_run)
    people: dict[str, Person] = field(default_factory=dict)
    business: str = ""
    token: dict[str, Any] = field(default_factory=dict)
    listener: Listener | None = None

    def staff(self, email: str) -> Person:
        """Return one of the demo's staff, logged in once."""
        if email not in self.people:
            self.people[email] = Person(self.url, email).log_in(DEMO_PASSWORD)
        return self.people[email]

    @property
    def compliance(self) -> Person:
        return self.staff("compliance@alef.example")

    @property
    def finance(self) -> Person:
        return self.staff("finance@alef.example")

    @property
    def admin(self) -> Person:
        return self.staff("admin@alef.example")

    @property
    def auditor(self) -> Person:
        return self.staff("auditor@alef.example")

    @property
    def investors(self) -> dict[str, Person]:
        return {name: self.people[name] for name in SHARES}


class Part(list[tuple[str, Callable[[Life], str]]]):
    """Steps of the walk, by title, in their order."""

    def step(self, title: str) -> Callable[[Callable[[Life], str]], Callable[[Life], str]]:
        """Add a step; what it returns is printed beside it."""

        def add(act: Callable[[Life], str]) -> Callable[[Life], str]:
            self.append((title, act))
            return act

        return add


def every(person: Person, path: str, **query: Any) -> list[dict[str, Any]]:
    """Return the first hundred of a list."""
    found: list[dict[str, Any]] = person.get(path, page_size="100", **query)["results"]
    return found


def balance(person: Person, asset: str = CASH) -> dict[str, Any]:
    """Return what somebody has of an asset."""
    found: list[dict[str, Any]] = person.get("balances")["results"]
    return next(each for each in found if each["asset"] == asset)
