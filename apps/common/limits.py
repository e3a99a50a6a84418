"""Rate limits: atomic moving windows in Valkey, shared by all processes."""

import time
from functools import cache
from typing import Any

import redis
from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from apps.common.errors import TooMany, Unavailable


def spend(name: str, *who: str, cost: int = 1) -> None:
    """Use up one, or `cost`, of what the limit `name` (a key of settings.RATE_LIMITS) allows `who`.

    Raises TooMany with `retry_after` in seconds, and Unavailable while Valkey doesn't answer: a limit
    that protects a password fails closed.
    """
    rule = _rule(name)
    try:
        allowed = _limiter().hit(rule, name, *who, cost=cost)
        reset = 0.0 if allowed else _limiter().get_window_stats(rule, name, *who).reset_time
    except redis.RedisError as error:
        raise Unavailable("The limits can't be checked now. Try again in a moment.") from error
    if not allowed:
        _refuse(name, reset)


def check(name: str, *who: str) -> None:
    """Refuse like `spend` when nothing is left, without using anything up."""
    rule = _rule(name)
    try:
        stats = _limiter().get_window_stats(rule, name, *who)
    except redis.RedisError as error:
        raise Unavailable("The limits can't be checked now. Try again in a moment.") from error
    if stats.remaining <= 0:
        _refuse(name, stats.reset_time)


def forgive(name: str, *who: str) -> None:
    """Give back all that `who` has used up of the limit `name`."""
    try:
        _limiter().clear(_rule(name), name, *who)
    except redis.RedisError:
        return


def _refuse(name: str, reset: float) -> None:
    wait = max(1, round(reset - time.time()))
    raise TooMany(f"Too many attempts. Try again in {wait} seconds.", retry_after=wait, limit=name)


def _rule(name: str) -> RateLimitItem:
    return parse(settings.RATE_LIMITS[name])


@cache
def _limiter() -> Any:
    return MovingWindowRateLimiter(storage_from_string(settings.REDIS_URL, socket_timeout=2))
