"""PostgreSQL, Valkey, the chain, and where files go."""

from typing import Any

from config.env import BASE_DIR, env, state_dir


def _database(url: str) -> dict[str, Any]:
    database: dict[str, Any] = dict(env.db(url))
    database["OPTIONS"] = {**database.get("OPTIONS", {})}
    database["CONN_MAX_AGE"] = 0
    return database


def channel_layers(url: str) -> dict[str, Any]:
    """Return the channel layer on Valkey; a blocking read may wait for ever."""
    host = {"address": url, "socket_timeout": None}
    return {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [host]}}
    }


DATABASES = {"default": _database("DATABASE_URL")}
DATABASES["default"]["OPTIONS"]["pool"] = {
    "min_size": 1,
    "max_size": env.int("DATABASE_POOL", default=12),
    "timeout": 5,
}
if env.str("DATABASE_OWNER_URL", default=""):
    # The owner of the tables: `manage.py migrate --database owner`. Nothing else connects as it.
    DATABASES["owner"] = _database("DATABASE_OWNER_URL")

ATOMIC_REQUESTS = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env("REDIS_URL")
CHAIN_RPC_URLS = env.list("CHAIN_RPC_URLS")
CHAIN_ID = env.int("CHAIN_ID", default=31337)
CHAIN_NAME = env("CHAIN_NAME", default="Local development chain")
CHAIN_COIN = env("CHAIN_COIN", default="ETH")  # the native coin, in which gas is paid
CHAIN_EXPLORER = env("CHAIN_EXPLORER", default="")  # a web address that /tx/… and /address/… follow
CHAIN_CONFIRMATIONS = env.int("CHAIN_CONFIRMATIONS", default=1)  # blocks, a transaction's own included
CHAIN_POLL = env.float("CHAIN_POLL", default=0.1)  # seconds between looks at a node while something is sent
CHAIN_ARTEFACTS = env.path("CHAIN_ARTEFACTS", default=str(BASE_DIR / "node_modules"))  # the suite's packages
CONTRACTS_DIR = BASE_DIR / "contracts"
CHAIN_INDEX_POLL = env.float("CHAIN_INDEX_POLL", default=0.5)  # seconds between looks for new final blocks
CHAIN_LOG_RANGE = env.int("CHAIN_LOG_RANGE", default=500)  # blocks whose events are asked for at once
STATE_DIR = state_dir()
SIGNER_BACKEND = env("SIGNER_BACKEND", default="keystore")
KEYSTORE_DIR = env.path("KEYSTORE_DIR", default=str(STATE_DIR / "keys"))
KEYSTORE_PASSWORD = env("KEYSTORE_PASSWORD", default="")  # only the chain process and chain_keys are given it

CHANNEL_LAYERS = channel_layers(REDIS_URL)

KYC_PROVIDER = env("KYC_PROVIDER", default="apps.kyc.providers.Manual")  # who looks at identity checks

# `handler` gets every message of the types it is subscribed to; config/subscriptions.py names them.
OUTBOX_SUBSCRIPTIONS = "config.subscriptions.SUBSCRIPTIONS"
OUTBOX_MAX_ATTEMPTS = 60  # with the cap below, about an hour until a message is given up
OUTBOX_BACKOFF_CAP = 60  # seconds
# Who says what somebody invested, by currency: fn(investor, *, since). Investment limits sum them up (ORD-5).
INVESTMENT_SOURCES = ["apps.tokens.selectors.invested_since", "apps.trading.selectors.invested_since"]
# What the relay process does besides delivering, each at least once a second.
RELAY_CHORES = ["apps.audit.services.seal"]
# What /readyz wants alive, and the heartbeat each writes.
PROCESSES = ["web", "worker", "beat", "relay", "sequencer", "chain", "indexer"]
