"""Celery: a bell, not a store. Work lives in PostgreSQL rows; a task takes a row's id, or nothing."""

from datetime import timedelta

from config.env import env

CELERY_BROKER_URL = env("CELERY_BROKER_URL", default=env("REDIS_URL"))
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ACKS_LATE = False  # the row is what survives, not the message
CELERY_TASK_TIME_LIMIT = 120
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"

CELERY_BEAT_SCHEDULE = {
    "heartbeat": {
        "task": "apps.common.tasks.heartbeat",
        "schedule": timedelta(seconds=2),
        "options": {"expires": 4},
    },
    "expire-holds": {
        "task": "apps.ledger.tasks.expire_holds",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "expire-deposits": {
        "task": "apps.wallets.tasks.expire_deposits",
        "schedule": timedelta(minutes=10),
        "options": {"expires": 600},
    },
    "queue-due-mints": {
        "task": "apps.tokens.tasks.queue_due_mints",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 5},
    },
    "expire-orders": {
        "task": "apps.trading.tasks.expire_orders",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "settle-due": {
        "task": "apps.settlement.tasks.settle_due",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 5},
    },
    "forget-old-tokens": {"task": "apps.accounts.tasks.forget_old_tokens", "schedule": timedelta(hours=1)},
}
