"""Production refuses to start with plain connections and weak secrets."""

import pytest

from config.safety import findings

SAFE = {
    "SECRET_KEY": "s" * 50,
    "ALLOWED_HOSTS": ["alef.example"],
    "DATABASE_URL": "postgres://alef@db.example/alef?sslmode=verify-full",
    "REDIS_URL": "rediss://valkey.example:6379/0",
    "CHAIN_RPC_URLS": ["https://rpc.example"],
    "BASE_URL": "https://alef.example",
}


def test_encrypted_connections_and_loopback_are_fine():
    assert findings(SAFE) == []
    assert (
        findings(SAFE | {"DATABASE_URL": "postgres://alef@127.0.0.1/alef", "REDIS_URL": "redis://[::1]:1"})
        == []
    )


@pytest.mark.spec("OPS-3")
@pytest.mark.parametrize(
    "change",
    [
        {"SECRET_KEY": "short"},
        {"ALLOWED_HOSTS": []},
        {"ALLOWED_HOSTS": ["*"]},
        {"DATABASE_URL": "postgres://alef@db.example/alef"},
        {"DATABASE_URL": "postgres://alef@db.example/alef?sslmode=prefer"},
        {"REDIS_URL": "redis://valkey.example/0"},
        {"BASE_URL": "http://alef.example"},
        {"CHAIN_RPC_URLS": ["https://rpc.example", "http://rpc2.example"]},
    ],
)
def test_each_unsafe_value_is_named(change):
    assert len(findings(SAFE | change)) == 1
