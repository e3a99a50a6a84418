"""Bad input to everything that moves money or orders: a code, a sentence, and nothing has moved."""

import json

import pytest
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.common import connections
from apps.common.models import IdempotencyRecord
from apps.ledger.models import Hold, JournalEntry, Posting, WalletTransaction
from apps.outbox.models import OutboxMessage
from tests.factories.wallets import HOLDER, IBAN
from tests.town import undone

pytestmark = [pytest.mark.usefixtures("unhindered"), pytest.mark.spec("API-1")]

REASON = {"reason": "not_accepted"}
BANK = {"amount": "100.00", "bank_reference": "FT0001"}
ORDER = {"side": "buy", "order_type": "limit", "quantity": "2", "price": "1.01", "client_order_id": "mine"}

# address: who may, which of the town's ids it acts on (the last one is of nothing), and a body that is taken
VERBS = {
    "deposits": ("investor", {}, {"currency": "USD", "amount": "100.00"}),
    "withdrawals": (
        "investor",
        {},
        {"currency": "USD", "amount": "100.00", "holder_name": HOLDER, "iban": IBAN},
    ),
    "withdrawal-cancel": ("investor", {"withdrawal_id": 0}, {}),
    "token-subscribe": ("investor", {"token_id": 2}, {"quantity": "10"}),
    "allocation-cancel": ("investor", {"allocation_id": 0}, {}),
    "allocation-withdraw": ("investor", {"allocation_id": 1}, {}),
    "allocation-waive": ("investor", {"allocation_id": 1}, {}),
    "token-confirm": ("staff", {"token_id": 2}, {"allocation_ids": "all"}),
    "admin-deposit-confirm": ("staff", {"deposit_id": 0}, BANK),
    "admin-deposit-receive": ("staff", {"deposit_id": 0}, BANK),
    "admin-deposit-credit": ("staff", {"deposit_id": 1}, {}),
    "admin-deposit-reject": ("staff", {"deposit_id": 0}, REASON),
    "admin-deposit-refund": ("staff", {"deposit_id": 1}, {"bank_reference": "FT0002"} | REASON),
    "admin-withdrawal-approve": ("staff", {"withdrawal_id": 0}, {}),
    "admin-withdrawal-reject": ("staff", {"withdrawal_id": 0}, REASON),
    "admin-withdrawal-send": ("staff", {"withdrawal_id": 1}, {"bank_reference": "OUT0001"}),
    "orders": ("investor", {}, ORDER),
    "orders-batch": ("investor", {}, {"orders": [ORDER]}),
    "order-cancel": ("investor", {"order_id": 0}, {}),
}
BY_CLIENT_ORDER_ID = {"orders", "orders-batch", "order-cancel"}  # and not by an Idempotency-Key
AMOUNTS = ["", " ", "-1", "0", "-0.00", "+1", "NaN", "Infinity", "1e3", "0x10", "1_000", "1,5",
           "1.001", ".5", "1.", "１００", "٣٠", "9" * 30, "9" * 50, "\u202e1", 100, 0, -1, 10**40, True, None,
           [], {}, ["1"]]  # fmt: skip
RAW = [b"", b"{", b"null", b"[]", b'"x"', b"NaN", b'{"amount": NaN}', b'{"amount": 1.5}',
       b'{"amount": 1e3}', b'{"x": 1, "x": 2}', b'{"amount": "\\u0000"}', b'{"amount": "\\ud800"}', b"\xff",
       b'{"a":' * 40 + b"}" * 40]  # fmt: skip
SOUND_JSON = {b"", b"null", b"[]", b'"x"'}


def moved(town):
    """Count what a verb would leave behind: in the ledger, the record, the outbox, and the market's inbox."""
    kept = (JournalEntry, Posting, Hold, WalletTransaction, AuditEvent, OutboxMessage, IdempotencyRecord)
    valkey = connections.valkey()
    waiting = sum(valkey.xlen(key) for key in valkey.scan_iter("*") if valkey.type(key) == b"stream")
    return [model.objects.count() for model in kept], waiting


class Verb:
    """One of them, as the town may ask it."""

    def __init__(self, name, town, client):
        self.name, self.town, self.client = name, town, client
        self.who, self.turns, body = VERBS[name]
        where = {"instrument": town.ids["instrument_id"][0]}
        self.body = body | where if name == "orders" else body
        if name == "orders-batch":
            self.body = {"orders": [ORDER | where]}

    def ask(self, body=None, *, raw=None, who="", key="k", **turns):
        ids = {name: self.town.ids[name][turn] for name, turn in (self.turns | turns).items()}
        sent = raw if raw is not None else json.dumps(self.body if body is None else body)
        headers = self.town.headers[who or self.who] | ({"HTTP_IDEMPOTENCY_KEY": key} if key else {})
        url = reverse(f"api:{self.name}", kwargs=ids)
        return self.client.post(url, sent, content_type="application/json", **headers)

    def refuses(self, **asked):
        """Ask for something bad in a town where nothing moves for it; return the refusal's code."""
        before = moved(self.town)
        with undone():
            answer = self.ask(**asked)
            assert 400 <= answer.status_code < 500, (answer.status_code, asked)
            said = answer.json()
            assert said["code"], asked
            assert said["detail"].endswith((".", "!")), (said["detail"], asked)
            assert moved(self.town) == before, asked
        return said["code"]


@pytest.fixture(params=VERBS)
def verb(request, town, client):
    return Verb(request.param, town, client)


def test_what_is_sound_moves_something(verb):
    before = moved(verb.town)
    with undone():
        answer = verb.ask()
        assert moved(verb.town) != before, answer.content
        if verb.name in BY_CLIENT_ORDER_ID:  # it lies in the inbox of a sequencer that doesn't run
            assert answer.status_code in {201, 503}, answer.content
            return
        assert answer.status_code in {200, 201}, answer.content
        after = moved(verb.town)
        again = verb.ask()
        assert (again.status_code, again["Idempotency-Replayed"]) == (answer.status_code, "true")
        other = verb.ask(verb.body | {"reason": "other"})
        assert other.status_code in {400, 422}
        assert moved(verb.town) == after


def test_amounts_that_are_none(verb):
    for field in {"amount", "quantity", "price"} & set(verb.body):
        for amount in AMOUNTS:
            if (field, amount) != ("price", None):
                verb.refuses(body=verb.body | {field: amount})
    for order in verb.body.get("orders", ()):
        other = order | {"client_order_id": "other"}
        for amount in AMOUNTS:
            if amount != "0":  # a number, so that the market refuses it and the other order goes on
                verb.refuses(body={"orders": [order, other | {"quantity": amount}]})


def test_an_order_of_nothing_is_refused_alone_in_a_batch(town, client):
    verb = Verb("orders-batch", town, client)
    (order,), before = verb.body["orders"], moved(town)
    with undone():
        answer = verb.ask({"orders": [order | {"quantity": "0"}]})
        assert moved(town) == before
    (result,) = answer.json()["results"]
    assert (answer.status_code, result["order"]) == (201, None)
    assert (result["problem"]["code"], list(result["problem"]["fields"])) == ("invalid_order", ["quantity"])


def test_bodies_that_are_none(verb):
    for raw in RAW:
        if verb.body or raw not in SOUND_JSON:  # a verb that asks for nothing takes any of it
            verb.refuses(raw=raw)
    for field in verb.body:
        verb.refuses(body={name: value for name, value in verb.body.items() if name != field})
        for value in (None, 7, [], {}, "\u202e", "A" * 5000, *(() if field == "holder_name" else ("１２",))):
            verb.refuses(body=verb.body | {field: value})
    if verb.body:
        verb.refuses(body=verb.body | {"surplus": 1})


def test_the_wrong_person_and_the_wrong_thing(verb):
    assert verb.refuses(who="nobody") == "not_authenticated"
    assert verb.refuses(who="investor" if verb.who == "staff" else "staff") == "role_missing"
    if verb.who == "investor" and verb.turns:
        assert verb.refuses(who="issuer") in {"role_missing", "not_found", "unknown_order"}
    for name in verb.turns:
        assert verb.refuses(**{name: -1}) in {"not_found", "unknown_order"}
    if verb.name == "token-subscribe":
        verb.refuses(token_id=0)  # a draft
    if verb.name not in BY_CLIENT_ORDER_ID:
        assert verb.refuses(key="") == "idempotency_key_missing"
        assert verb.refuses(key="k" * 129) == "idempotency_key_invalid"


WRONG_STATE = {
    "withdrawal-cancel": {"withdrawal_id": 1},
    "allocation-cancel": {"allocation_id": 1},
    "allocation-withdraw": {"allocation_id": 3},
    "admin-deposit-credit": {"deposit_id": 0},
    "admin-deposit-refund": {"deposit_id": 0},
    "admin-withdrawal-approve": {"withdrawal_id": 1},
    "admin-withdrawal-send": {"withdrawal_id": 0},
}


@pytest.mark.parametrize("name", WRONG_STATE)
def test_the_wrong_state(name, town, client):
    assert Verb(name, town, client).refuses(**WRONG_STATE[name]) not in {"not_found", "invalid"}
