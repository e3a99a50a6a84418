"""Handlers of the tests, one of each kind; what they do is said in the payload.

Inner and outer handlers leave an audit event, so that what they did can be counted in the database;
outside handlers write a line into a file, as something that no transaction takes back.
"""

import json
import os
import time
from pathlib import Path

from django.db import connection, transaction

from apps.audit import services as audit
from apps.common.db import after_commit, needs_transaction, opens_transaction
from apps.common.errors import Conflict
from apps.common.types import Actor

HERE = "tests.integration.outbox.handlers"
SUBSCRIPTIONS = {
    "tests.inner": [f"{HERE}.inner"],
    "tests.outer": [f"{HERE}.outer"],
    "tests.outside": [f"{HERE}.outside"],
    "tests.all": [f"{HERE}.inner", f"{HERE}.outer", f"{HERE}.outside"],
    "tests.gone": [f"{HERE}.gone"],
}


class Poison(Exception):
    code = "poisoned"


failures: dict[int, int] = {}  # message → how often it failed so far


@needs_transaction
def inner(message):
    note(message, "inner")
    do(message)


@opens_transaction
def outer(message):
    note(message, "outer")
    do(message)


def outside(message):
    do(message)
    write(message)


@opens_transaction
def follow_up(message):
    note(message, "followed_up")


def note(message, how):
    audit.record(
        action=f"tests.{how}", target_type=message.key, target_id=str(message.id), by=ACTOR, at=message.now
    )


def write(message):
    line = json.dumps({"id": message.id, "key": message.key, "at": time.time()}) + "\n"
    with Path(os.environ["RELAY_TEST_FILE"]).open("a") as file:
        file.write(line)


ACTOR = Actor.system("tests")


def do(message):
    """Behave as badly as the payload asks."""
    todo = message.payload.get("do", "")
    if failures.get(message.id, 0) < message.payload.get("times", 10**9 if todo == "fail" else 0):
        failures[message.id] = failures.get(message.id, 0) + 1
        raise Poison("the address jane@example.com does not exist")
    if todo in DEEDS:
        DEEDS[todo](message)


def refuse(message):
    raise Conflict("no", code="not_now")


def leave(message):
    raise SystemExit(3)


def sql(statement):
    def run(message):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return run


def wait(message):
    Path(os.environ["RELAY_TEST_FILE"] + ".waiting").touch()
    while Path(os.environ["RELAY_TEST_FILE"] + ".hold").exists():
        time.sleep(0.01)


def write_wait(message):
    write(message)
    wait(message)


DEEDS = {
    "refuse": refuse,
    "exit": leave,
    "close": lambda message: connection.close(),
    "open": lambda message: transaction.set_autocommit(False),
    "sql": sql("SELECT 1 / 0"),
    "cut": sql("SELECT pg_terminate_backend(pg_backend_pid())"),
    "follow_up": lambda message: after_commit(lambda: follow_up(message)),
    "wait": wait,
    "write_wait": write_wait,
}
