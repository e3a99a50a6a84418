"""What is being invested at this moment: short reservations, one for each order or subscription.

An order waits in Valkey and is in no table yet, so two of them would not see each other there. Each first
says what it may cost, and then looks at what is in the tables and what others have said; what it said is
forgotten after its commit, or by itself. So something may count twice for a moment, and never not at all.

Of several that ask under one name at most one takes effect, and nobody knows which: the name counts as the
most that any of them asks for, and each forgets its own.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

import redis

from apps.common.connections import valkey
from apps.common.errors import Unavailable

SECONDS = 20  # longer than anybody waits for the market, or a transaction for its commit

_RESERVE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local total, mine, most = 0, {}, {}
local function name(field) return string.match(field, '/(.*)') end
for i = 2, #ARGV, 2 do
    mine[ARGV[i]] = true
    most[name(ARGV[i])] = tonumber(ARGV[i + 1])
end
local found = redis.call('HGETALL', KEYS[1])
for i = 1, #found, 2 do
    local amount, ends = string.match(found[i + 1], '(%d+):(%d+)')
    if tonumber(ends) <= now then redis.call('HDEL', KEYS[1], found[i])
    elseif not mine[found[i]] then
        local known = most[name(found[i])] or 0
        total = total + math.max(0, tonumber(amount) - known)
        most[name(found[i])] = math.max(known, tonumber(amount))
    end
end
local last = string.format('%.0f', now + ARGV[1] * 1000)
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1] .. ':' .. last) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return string.format('%.0f', total)
"""


def reserve(owner: UUID, amounts: Mapping[str, int], *, asker: UUID) -> int:
    """Say what may be invested now, by a name for each part; return what others have said, in cents.

    The same asker's word under the same name is replaced. Raises Unavailable.
    """
    parts = [part for name, amount in amounts.items() for part in (f"{asker}/{name}", amount)]
    try:
        return int(_reserver()(keys=[_key(owner)], args=[SECONDS, *parts]))
    except redis.RedisError as error:
        raise Unavailable("Investments can't be taken now. Try again in a moment.") from error


def reserved(owner: UUID) -> int:
    """Return what is being invested now, in cents. Raises Unavailable."""
    return reserve(owner, {}, asker=owner)


def release(owner: UUID, names: list[str], *, asker: UUID) -> None:
    """Forget what this asker said under these names; what can't be reached forgets it by itself."""
    try:
        valkey().hdel(_key(owner), *(f"{asker}/{name}" for name in names))
    except redis.RedisError:
        return


def _key(owner: UUID) -> str:
    return f"investing:{owner}"


@cache
def _reserver() -> Any:
    return valkey().register_script(_RESERVE)
