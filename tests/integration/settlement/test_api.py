"""Trades and their settlement over HTTP, for staff and nobody else."""

from functools import partial

import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts.types import Role
from apps.audit.models import AuditEvent
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.settlement import services
from apps.settlement.models import Batch, TradeSettlementHistory
from apps.settlement.types import BatchState
from apps.trading import models as trading
from apps.trading.types import Side
from tests.factories.accounts import AccountFactory, bearer
from tests.factories.trading import AT, Bench, Market
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/admin/trades"


DENIED = "permission denied"
REOPENED = "UPDATE settlement_batch SET state = 'under_way', ended_at = NULL WHERE state = 'done'"
TWICE = (
    "INSERT INTO settlement_batch (id, instrument_id, intent_id, state, size, settled, begun_at)"
    " SELECT gen_random_uuid(), instrument_id, gen_random_uuid(), 'under_way', 1, 0, begun_at"
    " FROM settlement_batch WHERE state = 'under_way'"
)


@pytest.fixture
def market():
    return Market(decimals=2, lot=100)


@pytest.fixture
def trades(market):
    """Three trades; nothing of them is on chain, because their token isn't."""
    bench, seller, buyer = Bench(market), market.join(tokens=100_00), market.join(cash=100_000)
    answers = bench.do(
        market.new(seller, Side.SELL, 100_00, 200),
        *(market.new(buyer, Side.BUY, 5_00, 200) for _ in range(3)),
    )
    return [answer.fills[0].trade_id for answer in answers[1:]]


@pytest.fixture
def staff():
    return AccountFactory(role=Role.STAFF, team_role="super_admin")


def fail(trade_id):
    rows = trading.Trade.objects.filter(pk=trade_id)
    rows.update(settlement_status="failed", settlement_attempts=5)


def post(client, who, trade_id, *, key="k1", **body):
    return client.post(
        f"{URL}/{trade_id}/retry-settlement",
        body or {"reason": "unfrozen"},
        content_type="application/json",
        headers={"Idempotency-Key": key} if key else {},
        **bearer(who),
    )


def test_staff_find_trades_by_status_instrument_and_id(client, staff, market, trades):
    def found(**query):
        answer = client.get(URL, query, **bearer(staff))
        assert answer.status_code == 200, answer.json()
        return [each["id"] for each in answer.json()["results"]]

    newest_first = sorted(map(str, trades), reverse=True)  # ids tell the millisecond
    assert found() == newest_first
    fail(trades[1])
    assert found(settlement_status="failed") == [str(trades[1])]
    assert found(settlement_status="settled") == []
    assert found(instrument=str(market.instrument.id)) == newest_first
    assert found(instrument=str(new_id())) == []
    assert found(search=str(trades[2])) == [str(trades[2])]
    assert found(search="0x" + "ab" * 32) == []
    assert found(search="' OR 1=1") == []
    page = client.get(URL, {"page_size": 2}, **bearer(staff)).json()
    rest = client.get(page["next"], **bearer(staff)).json()
    assert [each["id"] for each in page["results"] + rest["results"]] == newest_first


def test_a_trade_reads_with_its_amounts_as_text_and_its_history(client, staff, market, trades):
    body = client.get(f"{URL}/{trades[0]}", **bearer(staff)).json()
    seller, buyer = market.owners.values()
    assert (body["seller_id"], body["buyer_id"]) == (str(seller), str(buyer))
    assert (body["price"], body["quantity"], body["notional"]) == ("2.00", "5.00", "10.00")
    assert (body["buyer_fee"], body["seller_fee"]) == ("0.00", "0.02")
    assert (body["settlement_status"], body["settlement_attempts"], body["tx_hash"]) == ("pending", 0, "")
    assert body["history"] == []
    fail(trades[0])
    assert post(client, staff, trades[0]).status_code == 200
    (step,) = client.get(f"{URL}/{trades[0]}", **bearer(staff)).json()["history"]
    assert (step["status"], step["reason"], step["detail"]) == ("pending", "retried", "unfrozen")
    assert (step["actor_kind"], step["actor_id"]) == ("user", str(staff.id))


def test_a_failed_trade_is_retried_once_per_key(client, staff, trades):
    fail(trades[0])
    first = post(client, staff, trades[0])
    assert (first.status_code, first.json()["settlement_status"]) == (200, "pending")
    assert first.json()["settlement_attempts"] == 0
    repeat = post(client, staff, trades[0])
    assert (repeat.json(), repeat["Idempotency-Replayed"]) == (first.json(), "true")
    assert post(client, staff, trades[0], key="k2").status_code == 200
    assert TradeSettlementHistory.objects.count() == 1
    assert post(client, staff, trades[0], key="").json()["code"] == "idempotency_key_missing"
    assert post(client, staff, trades[0], reason="other").json()["code"] == "idempotency_key_reused"
    assert post(client, staff, trades[0], key="k3", reason=1).status_code == 400
    assert post(client, staff, trades[0], key="k4", why="x").status_code == 400
    assert post(client, staff, new_id(), key="k5").json()["code"] == "unknown_trade"


def test_two_retries_at_once_are_one(trades):
    fail(trades[0])

    def act(number):
        by = Actor("user", str(new_id()))
        return services.retry(trade_id=trades[0], reason=f"case {number}", by=by, at=AT).status

    statuses = at_once(*(partial(act, number) for number in range(3)))
    assert statuses == ["pending"] * 3
    assert TradeSettlementHistory.objects.count() == 1
    assert AuditEvent.objects.filter(action="settlement.retried").count() == 1


def test_a_settled_trade_is_not_retried(client, staff, trades):
    rows = trading.Trade.objects.filter(pk=trades[0])
    rows.update(settlement_status="settled", tx_hash="0x" + "ab" * 32, settled_at=AT)
    answer = post(client, staff, trades[0])
    assert (answer.status_code, answer.json()["code"]) == (409, "already_settled")
    found = client.get(URL, {"search": "0x" + "AB" * 32}, **bearer(staff)).json()["results"]
    assert [each["id"] for each in found] == [str(trades[0])]


@pytest.mark.parametrize(
    ("role", "preset", "reads", "retries"),
    [
        (Role.INVESTOR, "", 403, 403),
        (Role.ISSUER, "", 403, 403),
        (Role.STAFF, "kyc_reviewer", 403, 403),
        (Role.STAFF, "super_admin", 200, 200),
    ],
)
def test_the_wrong_person_is_refused(client, trades, role, preset, reads, retries):
    who = AccountFactory(role=role, team_role=preset)
    fail(trades[0])
    assert client.get(URL, **bearer(who)).status_code == reads
    assert client.get(f"{URL}/{trades[0]}", **bearer(who)).status_code == reads
    assert post(client, who, trades[0]).status_code == retries
    expected = "pending" if retries == 200 else "failed"
    assert trading.Trade.objects.get(pk=trades[0]).settlement_status == expected


@pytest.mark.parametrize(
    ("statement", "law"),
    [
        ("UPDATE trade_settlement_history SET reason = ''", DENIED),
        ("DELETE FROM trade_settlement_history", DENIED),
        ("UPDATE settlement_batchitem SET number = 7", DENIED),
        ("DELETE FROM settlement_batch", DENIED),
        ("UPDATE settlement_batch SET size = 7", DENIED),
        ("UPDATE settlement_batch SET settled = 2 WHERE state = 'under_way'", "settlement_batch_counts"),
        ("UPDATE settlement_batch SET state = 'done' WHERE state = 'under_way'", "settlement_batch_ends"),
        (REOPENED, "append-only"),
        ("UPDATE settlement_batch SET ended_at = now() WHERE state = 'under_way'", "settlement_batch_ends"),
        (TWICE, "settlement_one_batch_at_a_time"),
    ],
)
def test_the_database_keeps_the_laws(statement, law):
    for ending in ({"state": BatchState.UNDER_WAY}, {"state": BatchState.DONE, "ended_at": AT}):
        made = {"instrument_id": new_id(), "intent_id": new_id(), "size": 1, "begun_at": AT}
        Batch.objects.create(**made, **ending)
    with pytest.raises(DatabaseError, match=law), transaction.atomic():
        connection.cursor().execute(statement)
