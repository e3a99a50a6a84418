"""The one connection pool to Valkey of this process."""

from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import ExponentialBackoff
from redis.retry import Retry


@cache
def valkey() -> Any:
    """Return the client of this process; calls fail within two seconds when Valkey doesn't answer."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=2,
        socket_connect_timeout=2,
        health_check_interval=15,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), retries=2),
    )
