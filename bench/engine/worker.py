"""One Python engine in a process of its own: answers each line on standard input with one line of JSON.

    load FILE SETUP COUNT   read COMMAND records; the first SETUP build the book, the next COUNT are timed
    round                   seconds for the timed part, on a new engine
    check                   what happened in all of it
    quit

`python -m bench.engine.worker NAME [FOLDER]`, where FOLDER is put on the path for packages of others.
"""

import json
import math
import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from bench.engine.flows import INSTRUMENT, Commands
from bench.engine.numbers import digest
from bench.engine.packages import ADAPTERS, Adapter
from matching import COMMAND, Engine, EventKind, Op

BATCH = 1000
STEPS = 20_000  # of the loop that tells how fast the processor is
NEW = int(Op.NEW)


class Quiet:
    """Waits for moments in which the processor is as fast as it was at its best."""

    def __init__(self) -> None:
        self.best = math.inf

    def wait(self) -> float:
        """Wait for such a moment, two seconds at most, and return the yardstick's nanoseconds then."""
        start = time.perf_counter()
        while (now := self.yardstick()) > self.best * 1.05 and time.perf_counter() - start < 2:
            pass
        return now

    def yardstick(self) -> float:
        """Return the nanoseconds of one step of plain arithmetic."""
        with Watch() as watch:
            sum(range(STEPS))
        now = watch.told()["processor_seconds"] * 1e9 / STEPS
        self.best = min(self.best, now)
        return now


class Watch:
    """Measures how long what is done within it takes: on the clock, and this thread on a processor."""

    def __init__(self) -> None:
        self._seconds = self._used = 0.0

    def __enter__(self) -> Self:
        self._start, self._processor = time.perf_counter(), time.thread_time()
        return self

    def __exit__(self, *_: object) -> None:
        self._used += time.thread_time() - self._processor
        self._seconds += time.perf_counter() - self._start

    def told(self) -> dict[str, float]:
        """Return the seconds of all times together."""
        return {"seconds": self._seconds, "processor_seconds": self._used}


QUIET = Quiet()


class Tally:
    """What happened, counted from EVENT records."""

    def __init__(self) -> None:
        self.counts = {"events": 0, "trades": 0, "volume": 0, "value": 0, "refused": 0, "trading": 0}
        self._digest = self._words = self._last = 0

    def add(self, events: Commands) -> None:
        """Count the events of one batch."""
        trades = events[events["kind"] == EventKind.TRADE]
        self.counts["events"] += len(events)
        self.counts["trades"] += len(trades)
        self.counts["volume"] += int(trades["quantity"].sum())
        self.counts["value"] += int((trades["quantity"] * trades["price"]).sum())
        self.counts["refused"] += int((events["kind"] == EventKind.REJECTED).sum())
        if len(trades):
            self.counts["trading"] += len(np.unique(trades["sequence"])) - (
                trades["sequence"][0] == self._last
            )
            self._last = int(trades["sequence"][-1])
        self._digest = digest(events.tobytes(), self._digest, self._words)
        self._words += len(events) * events.dtype.itemsize // 8

    def told(self) -> dict[str, Any]:
        """Return the counts and the digest of all events."""
        return {**{name: int(count) for name, count in self.counts.items()}, "digest": f"{self._digest:016x}"}


class Measured(ABC):
    """An engine and the commands that it is measured with."""

    def __init__(self, commands: Commands, setup: int) -> None:
        self.commands, self.setup = commands, setup

    @abstractmethod
    def round(self) -> dict[str, Any]:
        """Carry out all commands on a new engine, and say how long those behind the setup took."""

    @abstractmethod
    def check(self) -> dict[str, Any]:
        """Carry out all commands on a new engine, and say what happened."""


class Batches(Measured):
    """One of our engines, given batches of a thousand records."""

    engine = "compiled"

    def _opened(self) -> Engine:
        engine = Engine(self.engine)
        engine.open_instrument(INSTRUMENT)
        return engine

    def _batches(self) -> tuple[list[Commands], list[Commands]]:
        parts = self.commands[: self.setup], self.commands[self.setup :]
        first, second = ([part[at : at + BATCH] for at in range(0, len(part), BATCH)] for part in parts)
        return first, second

    def round(self) -> dict[str, Any]:
        """Time `submit_batch`; its events aren't looked at.

        Each batch is copied first to the place where the one before was, as in the driver of the core.
        """
        submit, (setup, timed) = self._opened().submit_batch, self._batches()
        for batch in setup:
            submit(batch)
        received, watch = np.empty(BATCH, COMMAND), Watch()
        before = QUIET.wait()
        for batch in timed:
            piece = received[: len(batch)]
            piece[:] = batch
            with watch:
                submit(piece)
        told = {**watch.told(), "commands": len(self.commands) - self.setup}
        return {**told, "yardstick_ns": max(before, QUIET.yardstick())}

    def check(self) -> dict[str, Any]:
        """Count and digest all events."""
        engine, tally, (setup, timed) = self._opened(), Tally(), self._batches()
        for batch in setup:
            tally.add(engine.submit_batch(batch))
        tally.counts["trading"] = 0
        for batch in timed:
            tally.add(engine.submit_batch(batch))
        return tally.told()


class Reference(Batches):
    """The plain Python twin."""

    engine = "reference"


class OneByOne(Batches):
    """The compiled engine, called for each order: NEW and CANCEL only."""

    def __init__(self, commands: Commands, setup: int) -> None:
        super().__init__(commands, setup)
        names = ["op", "order_id", "account", "side", "price", "quantity", "order_type", "time_in_force"]
        self._rows = commands[names].tolist()

    def round(self) -> dict[str, Any]:
        """Time the calls, and the loop around them alone."""
        engine = self._opened()
        self._call(engine, self._rows[: self.setup])
        timed = self._rows[self.setup :]
        before = QUIET.wait()
        with Watch() as watch:
            self._call(engine, timed)
        yardstick = max(before, QUIET.yardstick())
        with Watch() as loop:
            for op, _, _, _, _, _, order_type, _ in timed:
                if op == NEW and order_type:
                    pass
        told = {**watch.told(), "commands": len(timed), "loop_seconds": loop.told()["processor_seconds"]}
        return {**told, "yardstick_ns": yardstick}

    @staticmethod
    def _call(engine: Engine, rows: list[tuple[int, ...]]) -> None:
        new, cancel = engine.new, engine.cancel  # type: ignore[attr-defined,unused-ignore]
        for op, order, account, side, price, quantity, order_type, time_in_force in rows:
            if op != NEW:
                cancel(INSTRUMENT, order, account)
            elif order_type or time_in_force:
                new(INSTRUMENT, order, account, account, side, price, quantity, order_type, time_in_force)
            else:
                new(INSTRUMENT, order, account, account, side, price, quantity)

    def check(self) -> dict[str, Any]:
        """Count and digest the events of each call."""
        engine, tally = self._opened(), Tally()
        for number, row in enumerate(self._rows):
            if number == self.setup:
                tally.counts["trading"] = 0
            self._call(engine, [row])
            events = engine.events().copy()  # type: ignore[attr-defined,unused-ignore]
            events["sequence"] = number + 1  # the calls above leave it out
            tally.add(events)
        return tally.told()


class Foreign(Measured):
    """A package of somebody else, given new limit orders and cancels."""

    def __init__(self, make: Callable[[], Adapter], commands: Commands, setup: int) -> None:
        super().__init__(commands, setup)
        self._make = make
        self._rows = commands[["op", "order_id", "side", "price", "quantity"]].tolist()

    def round(self) -> dict[str, Any]:
        """Time the calls through the adapter."""
        book = self._make()
        try:
            self._play(book, self._rows[: self.setup])
            timed = self._rows[self.setup :]
            before = QUIET.wait()
            with Watch() as watch:
                self._play(book, timed)
            told = {**watch.told(), "commands": len(timed)}
            return {**told, "yardstick_ns": max(before, QUIET.yardstick())}
        finally:
            book.close()

    @staticmethod
    def _play(book: Adapter, rows: list[tuple[int, ...]]) -> None:
        new, cancel = book.new, book.cancel
        for op, order, side, price, quantity in rows:
            if op == NEW:
                new(order, side, price, quantity)
            else:
                cancel(order)

    def check(self) -> dict[str, Any]:
        """Count what its answers tell of."""
        book = self._make()
        counts = {"trades": 0, "volume": 0, "value": 0}
        try:
            for op, order, side, price, quantity in self._rows:
                if op != NEW:
                    book.cancel(order)
                    continue
                for traded, at in book.fills(book.new(order, side, price, quantity)):
                    counts["trades"] += 1
                    counts["volume"] += traded
                    counts["value"] += traded * at
        finally:
            book.close()
        return counts if book.counts_trades else {**counts, "trades": None}


OURS: dict[str, type[Measured]] = {"compiled": Batches, "one-by-one": OneByOne, "reference": Reference}


def measured(name: str, path: str, setup: int, count: int) -> Measured:
    """Read a flow for an engine."""
    commands = np.fromfile(path, COMMAND, count=setup + count)
    if name in OURS:
        return OURS[name](commands, setup)
    return Foreign(ADAPTERS[name], commands, setup)


def main(name: str, *folders: str) -> None:
    """Answer requests until there are no more."""
    sys.path[:0] = folders
    answers = os.fdopen(os.dup(1), "w")  # what a package prints goes to standard error
    os.dup2(2, 1)
    engine: Measured | None = None
    for line in sys.stdin:
        what, *rest = line.split()
        if what == "quit":
            break
        if what == "load":
            engine = measured(name, rest[0], int(rest[1]), int(rest[2]))
            answer: dict[str, Any] = {"loaded": len(engine.commands)}
        else:
            assert engine is not None, "nothing is loaded"
            QUIET.best = min([QUIET.best, *map(float, rest)])
            answer = engine.round() if what == "round" else engine.check()
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
