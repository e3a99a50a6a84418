"""The sequencer process: takes the leases that are free, and gives each of its desks a turn."""

import gc
import os
import socket
import time
from collections.abc import Sequence

import redis
import structlog
from django.db import InterfaceError, OperationalError, connection

from apps.common import heartbeat
from apps.common.clock import now
from apps.trading import client, engine, recording
from apps.trading.recording import Fenced, Wish
from apps.trading.sequencer.desk import Desk, Inconsistent

BATCH = 500  # commands that one batch takes at most
BLOCK = 20  # milliseconds that an idle process waits for commands
RENEWAL = 0.7  # seconds between renewals of the leases, looks for free ones, and signs of life
WISHES = 0.05  # seconds between looks at what the venue asks for
RECOVERY = 0.5  # seconds after an error before the next try
ALONE = 20  # turns with one command each after a batch that failed, to find the one that did it
POISON = 3  # times that a command may fail alone before it is answered as broken and left out

log = structlog.get_logger(__name__)


class Sequencer:
    """Runs until `stop`, or for ever: no error of the database or Valkey ends it."""

    def __init__(self, *, batch_size: int = BATCH, most: int = 0, holder: str = "") -> None:
        self.holder = holder or f"{socket.gethostname()[:40]}:{os.getpid()}"
        self.desks: dict[int, Desk] = {}
        self._batch_size, self._most = batch_size, most
        self._stopping = False
        self._renewed = self._wished = -RENEWAL
        self._careful: dict[int, int] = {}
        self._failed: dict[tuple[int, str], int] = {}

    def run(self) -> None:
        """Sequence until `stop` is called, then finish the batch in hand and give the leases up."""
        spare_collections()
        name, missing = engine.in_use()
        log.info("sequencer.started", engine=name, compiled_missing=missing)
        while not self._stopping:
            try:
                self.round(block=BLOCK)
            except Exception as error:  # the database is away, or it is a defect of ours
                _note("sequencer.failed", error)
                connection.close()
                time.sleep(RECOVERY)
        self.leave()

    def stop(self) -> None:
        """Ask the process to end after the batch in hand."""
        self._stopping = True

    def leave(self) -> None:
        """Give up every lease."""
        if self.desks:
            recording.leave({number: desk.epoch for number, desk in self.desks.items()})
        self.desks.clear()
        connection.close()

    def round(self, *, block: int = 0) -> int:
        """Keep the leases, and give each desk a turn that has something to do; return how many had."""
        self._keep_leases()
        wishes = self._read_wishes()
        entries = self._read_inboxes(block=0 if wishes else block)
        busy = [number for number in self.desks if number in entries or number in wishes]
        for number in busy:
            self._turn(number, entries.get(number, []), wishes.get(number, []))
        return len(busy)

    def _turn(self, number: int, entries: list[tuple[str, bytes]], wishes: Sequence[Wish]) -> None:
        desk = self.desks[number]
        if self._careful.get(number, 0) > 0:
            self._careful[number] -= 1
            entries = self._without_poison(desk, entries[:1])
        try:
            answers = desk.turn(entries, wishes, at=now())
        except Fenced:
            log.warning("sequencer.fenced", instrument=number)
            del self.desks[number]
        except Exception as error:
            _note("sequencer.batch_failed", error, instrument=number)
            self._recover(desk, entries, error)
        else:
            desk.tell(answers)

    def _recover(self, desk: Desk, entries: list[tuple[str, bytes]], error: Exception) -> None:
        """Throw the desk away and open it anew from the database.

        If its connection broke at the commit, the database knows whether the batch is in it: then whoever
        waits is answered, and nothing is done twice.
        """
        number = desk.instrument.number
        del self.desks[number]
        connection.close()
        if not isinstance(error, OperationalError | InterfaceError | redis.RedisError):
            self._careful[number] = ALONE
            if len(entries) == 1:
                key = (number, entries[0][0])
                self._failed[key] = self._failed.get(key, 0) + 1
        opened = self._open(number, desk.epoch)
        if opened and desk.in_hand and desk.in_hand.is_recorded_by(opened):
            opened.tell(desk.in_hand.answers)

    def _without_poison(self, desk: Desk, entries: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        """Leave out a command that has failed alone, again and again: the market goes on without it."""
        if entries and self._failed.get((desk.instrument.number, entries[0][0]), 0) >= POISON:
            log.error("sequencer.command_left_out", instrument=desk.instrument.number, entry=entries[0][0])
            return [(entries[0][0], b"")]
        return entries

    def _open(self, number: int, epoch: int) -> Desk | None:
        try:
            self.desks[number] = Desk(number, epoch=epoch, batch_size=self._batch_size)
        except Fenced:
            log.warning("sequencer.fenced", instrument=number)
            return None
        except Inconsistent:
            log.exception("sequencer.inconsistent", instrument=number)
            raise
        return self.desks[number]

    def _keep_leases(self) -> None:
        if time.monotonic() - self._renewed < RENEWAL:
            return
        self._renewed = time.monotonic()
        heartbeat.beat("sequencer", engine=engine.in_use()[0])
        at = now()
        held = recording.renew({number: desk.epoch for number, desk in self.desks.items()}, at=at)
        for number in self.desks.keys() - held:
            log.warning("sequencer.lease_lost", instrument=number)
            del self.desks[number]
        for number in recording.free_instruments(at=at):
            if self._most and len(self.desks) >= self._most:
                return
            epoch = recording.take(number, holder=self.holder, at=at)
            if epoch is not None:
                self._open(number, epoch)
        self._look_after_valkey()

    def _look_after_valkey(self) -> None:
        """Write books that were lost, and begin anew at the start of an inbox that was: its ids are lower."""
        try:
            for number, desk in self.desks.items():
                desk.keep_book()
                newest = client.newest(number)
                if newest and client.is_before(newest, desk.position):
                    log.warning("sequencer.inbox_lost", instrument=number)
                    desk.position = client.START
        except redis.RedisError as error:
            _note("sequencer.valkey_away", error)

    def _read_wishes(self) -> dict[int, list[Wish]]:
        if time.monotonic() - self._wished < WISHES or not self.desks:
            return {}
        self._wished = time.monotonic()
        return recording.venue_commands(self.desks, limit=self._batch_size)

    def _read_inboxes(self, *, block: int) -> dict[int, list[tuple[str, bytes]]]:
        if not self.desks:
            time.sleep(BLOCK / 1000)
            return {}
        positions = {number: desk.position for number, desk in self.desks.items()}
        try:
            return client.read(positions, limit=self._batch_size, block=block)
        except redis.RedisError as error:
            _note("sequencer.inbox_away", error)
            time.sleep(RECOVERY / 5)
            return {}


def spare_collections() -> None:
    """Have Python look for cycles rarely: orders live long and hold none, and there are many to look at."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _note(what: str, error: Exception, **about: object) -> None:
    log.warning(what, error=type(error).__name__, detail=str(error)[:200], **about)
