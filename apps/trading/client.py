"""The way to a sequencer and back: an inbox for each instrument, a channel of answers for each process.

An inbox is a stream in Valkey. It may be lost: whoever was not answered sends again, and a resend is known
by its client_order_id. Numbers of instruments and accounts go through it, and no personal data.
"""

import json
import secrets
import struct
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import redis
import structlog

from apps.common.connections import valkey
from apps.common.errors import Unavailable
from apps.trading.engine import RECORD, Command, pack, unpack
from apps.trading.types import Answer, Fill, OrderStatus, Reason

WAIT = 5  # seconds that somebody waits for an answer
MAX_INBOX = 20_000  # commands that may wait in one inbox
START = "0-0"

log = structlog.get_logger(__name__)

_one = threading.Lock()
_META = struct.Struct("<16sqqQIHH")
_ADD = """
if redis.call('XLEN', KEYS[1]) + #ARGV - 1 > tonumber(ARGV[1]) then return 0 end
for i = 2, #ARGV do redis.call('XADD', KEYS[1], '*', 'c', ARGV[i]) end
return 1
"""


HEAD = RECORD + _META.size  # bytes before the client_order_id


@dataclass(frozen=True, slots=True)
class Envelope:
    """A command on its way. `deadline` and `expires_at` are Unix milliseconds, 0 for no expiry.

    `id` names the command; a new order gets it as its own. `reply` is the number of the process that waits,
    0 for nobody. `version` is what the sender of an amendment has read.
    """

    id: UUID
    command: Command
    deadline: int
    reply: int = 0
    client_order_id: str = ""
    expires_at: int = 0
    version: int = 0
    maker_bps: int = 0
    taker_bps: int = 0

    def to_bytes(self) -> bytes:
        """Write it as it stands in the inbox."""
        meta = _META.pack(
            self.id.bytes,
            self.deadline,
            self.expires_at,
            self.reply,
            self.version,
            self.maker_bps,
            self.taker_bps,
        )
        return pack(self.command) + meta + self.client_order_id.encode()


def envelopes(contents: Sequence[bytes]) -> list[Envelope]:
    """Read what stands in an inbox."""
    commands = unpack(b"".join(content[:RECORD] for content in contents))
    return [_envelope(command, content) for command, content in zip(commands, contents, strict=True)]


def _envelope(command: Command, content: bytes) -> Envelope:
    number, deadline, expires_at, reply, version, maker, taker = _META.unpack_from(content, RECORD)
    name = content[HEAD:].decode("ascii", "replace")
    return Envelope(UUID(bytes=number), command, deadline, reply, name, expires_at, version, maker, taker)


def send(instrument: int, messages: Iterable[Envelope]) -> None:
    """Put commands into an instrument's inbox, all or none.

    Raises Unavailable where the inbox is full or Valkey doesn't answer.
    """
    try:
        taken = _adder()(keys=[inbox(instrument)], args=[MAX_INBOX, *(each.to_bytes() for each in messages)])
    except redis.RedisError as error:
        raise Unavailable("Orders can't be taken now. Try again in a moment.") from error
    if not taken:
        raise Unavailable("Too many orders are waiting for this market. Try again in a moment.")


def ask(instrument: int, messages: Sequence[Envelope], *, wait: float = WAIT) -> list[Answer]:
    """Send commands and wait for the answers to all of them, at most `wait` seconds.

    Raises Unavailable where an answer doesn't come in time: what was asked may happen yet, or not.
    """
    return ask_several({instrument: messages}, wait=wait)


def ask_several(asked: Mapping[int, Sequence[Envelope]], *, wait: float = WAIT) -> list[Answer]:
    """Send commands to several instruments at once and wait for all answers; return them in this order.

    Raises Unavailable as `ask` does; then some may not have been sent at all.
    """
    messages = [message for those in asked.values() for message in those]
    replies = _replies()
    futures = replies.expect(messages)
    try:
        for instrument, those in asked.items():
            send(instrument, those)
        end = time.monotonic() + wait
        return [future.result(max(0.0, end - time.monotonic())) for future in futures]
    except NotInTime as error:
        raise Unavailable("The market didn't answer in time. Send the same order again.") from error
    finally:
        replies.forget(messages)


def reply_number() -> int:
    """Return the number of this process's channel of answers, listening from now on.

    Raises Unavailable while Valkey doesn't answer.
    """
    return _replies().ready()


def read(positions: Mapping[int, str], *, limit: int, block: int) -> dict[int, list[tuple[str, bytes]]]:
    """Return up to `limit` entries after each inbox's position, waiting `block` ms where there are none."""
    streams = {inbox(number): position for number, position in positions.items()}
    found = valkey().xread(streams, count=limit, block=block or None)
    numbers = {inbox(number): number for number in positions}
    return {
        numbers[name.decode()]: [(entry.decode(), fields.get(b"c", b"")) for entry, fields in entries]
        for name, entries in found
    }


def newest(instrument: int) -> str:
    """Return the id of the newest entry that an inbox ever had, empty for an inbox that isn't there."""
    try:
        info = valkey().xinfo_stream(inbox(instrument))
    except redis.ResponseError:
        return ""
    return str(info["last-generated-id"].decode())


def waiting(positions: Mapping[int, str], *, limit: int) -> dict[int, tuple[int, int]]:
    """Return for each inbox how many entries stand after a position, counted up to `limit`, and when the
    oldest of them came, in Unix milliseconds (0 where there are none)."""
    pipeline = valkey().pipeline(transaction=False)
    for number, position in positions.items():
        pipeline.xrange(inbox(number), min=f"({position}", count=limit)
    return {
        number: (len(entries), int(entries[0][0].split(b"-")[0]) if entries else 0)
        for number, entries in zip(positions, pipeline.execute(), strict=True)
    }


def is_before(one: str, other: str) -> bool:
    """Tell whether an entry's id is lower than another's."""
    return tuple(map(int, one.split("-"))) < tuple(map(int, other.split("-")))


def finish(instrument: int, position: str, answers: Iterable[tuple[int, Answer]]) -> None:
    """Answer whoever waits, and forget the entries up to a position."""
    by_channel: dict[int, list[str]] = {}
    for channel, answer in answers:
        if channel:
            by_channel.setdefault(channel, []).append(_write(answer))
    pipeline = valkey().pipeline(transaction=False)
    for channel, parts in by_channel.items():
        pipeline.publish(_channel(channel), f"[{','.join(parts)}]")
    if position != START:
        pipeline.xtrim(inbox(instrument), minid=position, approximate=True)
    pipeline.execute()


def inbox(instrument: int) -> str:
    """Return the name of an instrument's stream."""
    return f"inbox:{instrument}"


def _channel(number: int) -> str:
    return f"replies:{number:x}"


@cache
def _adder() -> Any:
    return valkey().register_script(_ADD)


class Replies:
    """The one listener of this process, and who waits for which answer."""

    def __init__(self) -> None:
        self.number = secrets.randbits(63) or 1
        self._waiting: dict[UUID, Future[Answer]] = {}
        self._listening = threading.Event()
        threading.Thread(target=self._listen, name="replies", daemon=True).start()

    def ready(self) -> int:
        """Return the channel's number once somebody listens. Raises Unavailable."""
        if not self._listening.wait(WAIT):
            raise Unavailable("Orders can't be taken now. Try again in a moment.")
        return self.number

    def expect(self, messages: Iterable[Envelope]) -> list[Future[Answer]]:
        """Note who is waited for."""
        futures: list[Future[Answer]] = []
        for message in messages:
            future: Future[Answer] = Future()
            self._waiting[message.id] = future
            futures.append(future)
        return futures

    def forget(self, messages: Iterable[Envelope]) -> None:
        """Wait for these no longer."""
        for message in messages:
            self._waiting.pop(message.id, None)

    def _listen(self) -> None:
        while True:
            try:
                self._listen_once()
            except redis.RedisError as error:
                log.warning("trading.replies_lost", error=type(error).__name__)
            self._listening.clear()
            time.sleep(0.2)

    def _listen_once(self) -> None:
        with valkey().pubsub() as subscription:
            subscription.subscribe(_channel(self.number))
            while True:
                message = subscription.get_message(timeout=1.0)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    self._listening.set()
                elif message["type"] == "message":
                    self._deliver(message["data"])

    def _deliver(self, content: bytes) -> None:
        for answer in map(_read, json.loads(content)):
            future = self._waiting.pop(answer.command, None)
            if future is not None:
                future.set_result(answer)


def _replies() -> Replies:
    with _one:
        return _made()


@cache
def _made() -> Replies:
    return Replies()


def _write(answer: Answer) -> str:
    return json.dumps(
        [
            answer.command.hex,
            answer.code,
            answer.order_id.hex if answer.order_id else "",
            answer.status or "",
            answer.reason,
            answer.quantity,
            answer.filled,
            answer.remaining,
            answer.price,
            answer.version,
            answer.sequence,
            [[fill.trade_id.hex, fill.price, fill.quantity] for fill in answer.fills],
            answer.repeated,
        ]
    )


def _read(parts: list[Any]) -> Answer:
    command, code, order, status, reason, quantity, filled, remaining, price, version, *rest = parts
    sequence, fills, repeated = rest
    return Answer(
        UUID(hex=command),
        code,
        UUID(hex=order) if order else None,
        OrderStatus(status) if status else None,
        Reason(reason),
        quantity,
        filled,
        remaining,
        price,
        version,
        sequence,
        tuple(Fill(UUID(hex=trade), each, lots) for trade, each, lots in fills),
        repeated,
    )
