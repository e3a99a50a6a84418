"""One instrument's desk: its book, its open orders, and the turn in which a batch of commands takes effect.

What is in memory is what the database says, or it is thrown away: nothing is ever repaired here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import redis
import structlog
from django.db import transaction

from apps.common.types import Actor
from apps.ledger import services as ledger
from apps.ledger.types import Balance
from apps.trading import client, feeds, postings, recording
from apps.trading.client import Envelope
from apps.trading.engine import Book, state_of
from apps.trading.recording import Wish
from apps.trading.rules import required
from apps.trading.sequencer import intake
from apps.trading.sequencer.intake import Asked
from apps.trading.sequencer.orders import OpenOrders
from apps.trading.sequencer.reach import touchable
from apps.trading.sequencer.telling import Teller
from apps.trading.sequencer.turn import Turn
from apps.trading.types import Answer, Batch, Party, Reason, VenueOp

CHECKPOINT = 10_000  # commands after which the state's hash and a snapshot are recorded
SEQUENCER = Actor.system("sequencer")

log = structlog.get_logger(__name__)

Told = list[tuple[Envelope, Answer]]


class Inconsistent(Exception):
    """The open orders, their holds and the journal don't say the same: a person must look at it."""


@dataclass(frozen=True, slots=True)
class InHand:
    """Where the batch in hand ends, and what it answers once it is recorded."""

    sequence: int
    position: str
    answers: Told

    def is_recorded_by(self, desk: "Desk") -> bool:
        """Tell whether a desk that was just opened begins where this batch ended."""
        return (desk.sequence, desk.position) == (self.sequence, self.position)


class Desk:
    """Sequences one instrument while its lease is ours. Opening one raises Fenced and Inconsistent."""

    def __init__(self, number: int, *, epoch: int, batch_size: int) -> None:
        loaded = recording.load(number, epoch=epoch)
        self.instrument, self.epoch = loaded.instrument, loaded.epoch
        self.sequence, self.position = loaded.sequence, loaded.inbox_id
        self.batch_size = batch_size
        self.orders = OpenOrders(loaded.orders)
        self.book = _restored(loaded)
        self._parties: dict[int, Party] = {order.party.number: order.party for order in loaded.orders}
        self._fees = postings.fee_account(loaded.instrument).address
        self._teller = Teller()
        self._untold: Batch | None = None
        self.in_hand: InHand | None = None
        self._checkpoint = loaded.snapshot[0] if loaded.snapshot else 0

    def turn(self, entries: Sequence[tuple[str, bytes]], wishes: Sequence[Wish], *, at: datetime) -> Told:
        """Let what is asked for take effect and record it, in one transaction; return the answers.

        Raises Fenced, and whatever the database raises: then this desk is worth nothing any more.
        """
        self.in_hand = None
        batch = Batch(at=at, first=self.sequence + 1, last=self.sequence, inbox_id=self.position)
        if entries:
            batch.inbox_id = entries[-1][0]
        with transaction.atomic(durable=True):
            coming = intake.sort(intake.read(entries), self.instrument, at=at)
            asked = self._wished(batch, wishes) + self._known(coming)
            locked = self._lock(asked)
            turn = Turn(
                batch=batch,
                book=self.book,
                orders=self.orders,
                instrument=self.instrument,
                parties=self._parties,
                locked=locked,
            )
            for each in asked:
                turn.take(each)
            answers = coming.answers + turn.finish()
            answers += _followers(coming, answers)
            self._add_checkpoint(batch)
            self.in_hand = InHand(batch.last, batch.inbox_id, answers)
            recording.record(
                batch=batch, instrument=self.instrument, epoch=self.epoch, locked=locked, by=SEQUENCER
            )
        self._settle_in(batch)
        return answers

    def tell(self, answers: Told) -> None:
        """Answer whoever waits, trim the inbox, tell of the batch; what Valkey loses here, nobody needs."""
        try:
            client.finish(
                self.instrument.number,
                self.position,
                [(envelope.reply, answer) for envelope, answer in answers],
            )
            batch, self._untold = self._untold, None
            self._teller.tell(batch, instrument=self.instrument, orders=self.orders, sequence=self.sequence)
        except redis.RedisError as error:
            self._teller.told = feeds.LOST
            log.warning("trading.not_told", instrument=self.instrument.number, error=type(error).__name__)

    def keep_book(self) -> None:
        """Write the public book if it isn't there as we left it and told it. Raises redis.RedisError."""
        self._teller.keep(instrument=self.instrument, orders=self.orders, sequence=self.sequence)

    def _wished(self, batch: Batch, wishes: Sequence[Wish]) -> list[Asked]:
        """Return the commands of what the venue asks for; what is too much for one batch is asked again."""
        asked: list[Asked] = []
        for wish in wishes:
            commands = intake.wished(wish, self.orders, self.instrument)
            room = self.batch_size - len(asked)
            self._mark_frozen(wish)
            asked += map(intake.by_venue, commands[:room])
            if len(commands) > room:
                break
            batch.venue_done.append((wish.id, batch.first + len(asked) - 1))
        return asked

    def _mark_frozen(self, wish: Wish) -> None:
        if wish.account is not None and wish.op in {VenueOp.FREEZE, VenueOp.UNFREEZE}:
            self._load_parties({wish.account})
            if party := self._parties.get(wish.account):
                party.frozen = wish.op is VenueOp.FREEZE

    def _known(self, coming: intake.Sorted) -> list[Asked]:
        """Return what is asked by accounts that exist; others are told that theirs doesn't."""
        self._load_parties({each.command.account for each in coming.asked})
        known = []
        for each in coming.asked:
            if each.command.account in self._parties and each.command.instrument == self.instrument.number:
                known.append(each)
            else:
                coming.answers.append((each.envelope, Answer(each.envelope.id, Reason.UNKNOWN_ACCOUNT)))
        return known

    def _load_parties(self, numbers: set[int]) -> None:
        if missing := numbers - self._parties.keys():
            self._parties |= recording.parties(missing, self.instrument)

    def _lock(self, asked: Sequence[Asked]) -> dict[str, Balance]:
        """Lock the balances that may change, all at once."""
        if not asked:
            return {}
        addresses = touchable([each.command for each in asked], self.orders, self._parties)
        return ledger.lock_balances(accounts=addresses | {self._fees})

    def _add_checkpoint(self, batch: Batch) -> None:
        if batch.last - self._checkpoint >= CHECKPOINT:
            batch.state_hash, batch.snapshot = self.book.state_hash(), self.book.snapshot()

    def _settle_in(self, batch: Batch) -> None:
        """Take the batch as what the database says, now that it is committed."""
        self._untold = batch
        for order in batch.touched.values():
            order.held, order.used, order.is_new = order.reserved, 0, False
        self.sequence, self.position = batch.last, batch.inbox_id
        if batch.state_hash:
            self._checkpoint = batch.last
        if batch.state is not None:
            self.instrument = replace(self.instrument, state=batch.state)
        if batch.collar is not None:
            lowest, highest = batch.collar
            self.instrument = replace(self.instrument, lowest=lowest, highest=highest)


def _restored(loaded: recording.Loaded) -> Book:
    """Make the book from the open orders; it must be the one that the journal leads to.

    Raises Inconsistent.
    """
    book = Book(loaded.instrument.number)
    state = state_of(
        loaded.instrument, loaded.orders, last_order=loaded.last_order, last_price=loaded.last_price
    )
    book.restore(state)
    told = Book(loaded.instrument.number)
    sequence = 0
    if loaded.snapshot:
        sequence, content = loaded.snapshot
        told.restore(content)
    for commands, events in recording.journal_after(loaded.instrument.number, sequence):
        if told.replay(commands) != events:
            raise Inconsistent(f"instrument {loaded.instrument.number}: the journal doesn't replay")
    if book.state_hash() != told.state_hash():
        raise Inconsistent(f"instrument {loaded.instrument.number}: orders and journal differ")
    for order in loaded.orders:
        if order.held != required(order, loaded.instrument):
            raise Inconsistent(f"instrument {loaded.instrument.number}: a hold isn't what its order needs")
    return book


def _followers(coming: intake.Sorted, answers: Told) -> Told:
    """Answer those that were sent twice in one batch like the first of them."""
    known = {envelope.id: answer for envelope, answer in answers}
    return [
        (each, replace(known[first], command=each.id, repeated=True))
        for each, first in coming.followers
        if first in known
    ]
