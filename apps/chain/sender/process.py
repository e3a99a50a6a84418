"""The chain process: one loop that goes round and round, wherever it is the only one."""

import time

import structlog
from django.conf import settings
from django.db import connection, connections

from apps.chain import services
from apps.chain.client import NodeUnavailable
from apps.chain.client.rpc import check_network
from apps.chain.models import SignerAccount
from apps.chain.sender.round import go_round
from apps.chain.signer import Signer, signer
from apps.chain.types import Duty
from apps.common import heartbeat
from apps.common.clock import now
from apps.common.seat import Seat
from apps.common.types import Actor

BEAT = 1.0  # seconds between signs of life
STANDBY = 0.5  # seconds between looks whether the other sender is gone
RECOVERY = 0.5  # seconds after an error before the next try

log = structlog.get_logger(__name__)


class KeyChanged(Exception):
    """A duty's key is another one than it was. What it owns and its nonces belong to the old one."""


class Sender:
    """Runs until `stop`, or for ever: no error of a node or the database ends it."""

    def __init__(self) -> None:
        """Open the keys and make sure that they and the nodes are ours.

        Raises KeysMissing, KeyChanged, WrongNetwork.
        """
        self._signer = signer()
        _check_keys(self._signer)
        check_network()
        # A plain flag: a signal handler that sets an Event can deadlock with the wait that it interrupts.
        self._stopping = False
        self._seat = Seat("chain.sender")
        self._beaten = -BEAT
        self._asked = False

    def run(self) -> None:
        """Carry out intents until `stop` is called, then finish the step in hand."""
        try:
            while not self._stopping:
                try:
                    rest = self._turn()
                except Exception as error:  # no node, no database, or a defect of ours
                    _recover(error)
                    rest = RECOVERY
                time.sleep(rest)
        finally:
            self._seat.leave()
            connections.close_all()

    def stop(self) -> None:
        """Ask the sender to end after the step in hand."""
        self._stopping = True

    def _turn(self) -> float:
        if not self._has_seat():
            return STANDBY
        self._beat()
        self._ask_for_platform()
        changed = go_round(self._signer, at=now(), go_on=self._go_on)
        return 0 if changed else settings.CHAIN_POLL

    def _ask_for_platform(self) -> None:
        """Deploy the platform without being told where nothing is at stake."""
        if settings.DEVELOPMENT and not self._asked:
            services.deploy_platform(by=Actor.system("chain"), at=now())
            self._asked = True

    def _has_seat(self) -> bool:
        try:
            return self._seat.take()
        except Exception:
            self._seat.leave()
            raise

    def _go_on(self) -> bool:
        self._beat()
        return not self._stopping

    def _beat(self) -> None:
        if time.monotonic() - self._beaten >= BEAT:
            heartbeat.beat("chain")
            self._beaten = time.monotonic()


def _check_keys(opened: Signer) -> None:
    for account in SignerAccount.objects.filter(chain_id=settings.CHAIN_ID):
        if opened.address(Duty(account.duty)) != account.address:
            raise KeyChanged(
                f"The key of {account.duty} is not the one that has signed as {account.address}."
            )


def _recover(error: Exception) -> None:
    known = isinstance(error, NodeUnavailable)
    log.warning("chain.waits", error=str(error)[:300] if known else type(error).__name__, exc_info=not known)
    connection.close()
