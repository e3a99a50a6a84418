"""The relay process: one loop that dispatches and delivers, and two threads for what may take its time."""

import threading
import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import connection, connections
from django.utils.module_loading import import_string

from apps.common import heartbeat
from apps.common.clock import now
from apps.common.seat import Seat
from apps.outbox.relay import deliveries
from apps.outbox.relay.courier import Courier
from apps.outbox.relay.handlers import Kind, describe

POLL = 0.05  # seconds between looks at an idle outbox
CHORES = 0.25  # seconds between chores
BEAT = 1.0  # seconds between signs of life
STANDBY = 0.5  # seconds between looks whether the other relay is gone
RECOVERY = 0.5  # seconds after an error before the next try

log = structlog.get_logger(__name__)


class Relay:
    """Runs until `stop`, or for ever: no error of a handler, the database or Valkey ends it."""

    def __init__(self) -> None:
        # Plain flags: a signal handler that sets an Event can deadlock with the wait that it interrupts.
        self._stopping = False
        self._working = False
        self._seat = Seat("outbox.relay")
        self._inside = Courier(Kind.INNER, Kind.OUTER, go_on=self._go_on_beating)
        self._outside = Courier(Kind.OUTSIDE, go_on=self._go_on)
        self._beaten = -BEAT

    def run(self) -> None:
        """Relay messages and do the chores until `stop` is called, then finish the message in hand."""
        others = [
            threading.Thread(target=self._loop, args=(self._turn_outside,), name="relay-outside"),
            threading.Thread(target=self._loop, args=(self._do_chores,), name="relay-chores"),
        ]
        for thread in others:
            thread.start()
        try:
            self._loop(self._turn)
        finally:
            self.stop()
            for thread in others:
                thread.join()
            self._seat.leave()

    def stop(self) -> None:
        """Ask the relay to end after the message in hand."""
        self._stopping = True

    def _loop(self, turn: Callable[[], float]) -> None:
        """Repeat a turn, which says how many seconds to rest after it, and survive whatever it raises."""
        try:
            while not self._stopping:
                try:
                    rest = turn()
                except Exception as error:  # the database is away, or it is a defect of ours
                    _recover(turn.__name__, error)
                    rest = RECOVERY
                time.sleep(rest)
        finally:
            connections.close_all()

    def _turn(self) -> float:
        if not self._has_seat():
            return STANDBY
        self._beat()
        dispatched = deliveries.dispatch(at=now())
        delivered = self._inside.round()
        return 0 if dispatched or delivered else POLL

    def _turn_outside(self) -> float:
        delivered = self._outside.round() if self._working else 0
        return 0 if delivered else POLL

    def _do_chores(self) -> float:
        for chore in settings.RELAY_CHORES if self._working else ():
            try:
                import_string(chore)(at=now())
            except Exception as error:  # one chore's failure is not the others'
                _recover(chore, error)
        return CHORES

    def _has_seat(self) -> bool:
        try:
            self._working = self._seat.take()
        except Exception:
            self._working = False
            self._seat.leave()
            raise
        return self._working

    def _go_on(self) -> bool:
        """Say between two messages whether to take the next one."""
        return self._working and not self._stopping

    def _go_on_beating(self) -> bool:
        self._beat()
        return self._go_on()

    def _beat(self) -> None:
        if time.monotonic() - self._beaten >= BEAT:
            heartbeat.beat("relay")
            self._beaten = time.monotonic()


def _recover(what: str, error: Exception) -> None:
    log.warning("relay.failed", what=what, error=describe(error))
    connection.close()
