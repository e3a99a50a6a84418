"""Orders over the API, with a sequencer at work (ORD-1)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from apps.accounts.types import KycStatus, Role
from apps.common.clock import now
from apps.common.ids import new_id
from apps.trading import client as inbox
from apps.trading import selectors, services
from tests.factories.accounts import AccountFactory
from tests.factories.compliance import limit
from tests.factories.trading import BY, Market, sound
from tests.integration.trading.asking import Caller, body, person
from tests.integration.trading.conftest import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_limits():
    limit(0)


@pytest.fixture
def market(valkey):
    return Market()


@pytest.fixture
def buyer(client, market):
    return Caller(client, person(market, cash=100_000))


@pytest.fixture
def seller(client, market):
    return Caller(client, person(market, tokens=1000))


@pytest.mark.spec("ORD-1", "ORD-3", "FEE-1")
def test_an_order_is_placed_trades_and_is_read(market, running, buyer, seller):
    offered = seller.post("orders", body(market, "sell", "500", "1.00"))
    assert offered.status_code == 201
    shown = offered.json()
    assert (shown["status"], shown["remaining"], shown["trades"]) == ("open", "500", [])
    bought = buyer.post("orders", body(market, "buy", "200", "1.05", post_only=False))
    assert bought.status_code == 201
    made = bought.json()
    assert (made["status"], made["filled_quantity"], made["remaining"]) == ("filled", "200", "0")
    assert (made["price"], made["fee"], made["user_id"]) == ("1.05", "0.00", str(buyer.account.id))
    (trade,) = made["trades"]
    assert (trade["price"], trade["quantity"], trade["total"], trade["liquidity"]) == (
        *("1.00", "200", "200.00"),
        "taker",
    )
    assert (trade["buy_order_id"], trade["sell_order_id"]) == (made["id"], None)
    assert (trade["settlement_status"], trade["tx_hash"]) == ("pending", "")

    now_shown = seller.get("order", order_id=shown["id"]).json()
    assert (now_shown["status"], now_shown["remaining"], now_shown["fee"]) == (
        *("partially_filled", "300"),
        "0.50",
    )
    assert [step["status"] for step in now_shown["history"]] == ["open", "partially_filled"]
    (sold,) = now_shown["trades"]
    assert (sold["buy_order_id"], sold["sell_order_id"], sold["liquidity"]) == (None, shown["id"], "maker")

    (fill,) = seller.get("trades").json()["results"]
    assert (fill["order_id"], fill["side"], fill["fee"], fill["settled_at"]) == (
        *(shown["id"], "sell", "0.50"),
        None,
    )
    assert seller.get("trades", f"?instrument={market.instrument.id}").json()["results"] == [fill]
    sound(market)


@pytest.mark.spec("ORD-1")
def test_a_resend_gets_the_same_body_whatever_became_of_the_order(market, running, buyer, seller):
    sent = body(market, "buy", "5", "1.00", name="mine")
    first = buyer.post("orders", sent)
    seller.post("orders", body(market, "sell", "3", "1.00"))
    assert buyer.get("order", order_id=first.json()["id"]).json()["filled_quantity"] == "3"
    again = buyer.post("orders", sent)
    assert (again.status_code, again.json()) == (201, first.json())
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    traded = body(market, "buy", "9", "1.00", name="other", time_in_force="IOC")
    seller.post("orders", body(market, "sell", "4", "0.99"))
    once, twice = buyer.post("orders", traded), buyer.post("orders", traded)
    assert (once.json()["status"], once.json()) == ("cancelled", twice.json())
    other = buyer.post("orders", sent | {"quantity": "6"})
    assert (other.status_code, other.json()["code"]) == (422, "client_order_id_reused")


def test_a_resend_is_answered_though_its_sender_may_not_trade_any_more(market, running, buyer):
    sent = body(market, "buy", "5", "1.00", name="mine")
    first = buyer.post("orders", sent)
    limit(1_00)
    assert buyer.post("orders", body(market)).json()["code"] == "investment_limit_exceeded"
    assert buyer.post("orders", sent).json() == first.json()


def test_the_same_order_from_four_at_once_is_placed_once(market, running, buyer):
    sent = body(market, "buy", "2", "1.00", name="mine")

    def send(_):
        try:
            return Caller(Client(), buyer.account).post("orders", sent)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sorted("Idempotency-Replayed" in answer for answer in answers) == [False, True, True, True]


@pytest.mark.parametrize(
    ("terms", "status", "code", "field"),
    [
        ({"quantity": "-1"}, 400, "invalid_order", "quantity"),
        ({"quantity": "0"}, 400, "invalid_order", "quantity"),
        ({"quantity": "NaN"}, 400, "invalid_order", "quantity"),
        ({"quantity": "١٢"}, 400, "invalid_order", "quantity"),  # digits of another script
        ({"quantity": "１"}, 400, "invalid_order", "quantity"),  # a full-width digit
        ({"quantity": "1e3"}, 400, "invalid_order", "quantity"),
        ({"quantity": "1.5"}, 400, "invalid_order", "quantity"),
        ({"quantity": 1}, 400, "invalid", "quantity"),
        ({"quantity": "9" * 19}, 400, "invalid_order", "quantity"),
        ({"price": "1.001"}, 400, "invalid_order", "price"),
        ({"price": "-1.00"}, 400, "invalid_order", "price"),
        ({"price": "Infinity"}, 400, "invalid_order", "price"),
        ({"price": None}, 400, "invalid_order", "price"),
        ({"side": "hold"}, 400, "invalid_order", "side"),
        ({"order_type": "market"}, 400, "invalid_order", "price"),
        ({"order_type": "stop_loss"}, 422, "unsupported_order_type", None),
        ({"order_type": "twap"}, 422, "unsupported_order_type", None),
        ({"stop_price": "1.00"}, 422, "unsupported_order_type", None),
        ({"order_type": "nonsense"}, 400, "invalid_order", "order_type"),
        ({"time_in_force": "GTX"}, 400, "invalid_order", "time_in_force"),
        ({"time_in_force": "GTD"}, 400, "invalid_order", "expires_at"),
        ({"post_only": "yes"}, 400, "invalid", "post_only"),
        ({"post_only": True, "time_in_force": "IOC"}, 400, "invalid_order", "post_only"),
        ({"self_trade_prevention": "none"}, 400, "invalid_order", "self_trade_prevention"),
        ({"client_order_id": "a b"}, 400, "invalid_order", "client_order_id"),
        ({"client_order_id": "x" * 65}, 400, "invalid", "client_order_id"),
        ({"budget": "5.00"}, 400, "invalid_order", "budget"),
        ({"instrument": "no"}, 400, "invalid", "instrument"),
        ({"instrument": str(new_id())}, 404, "unknown_instrument", None),
        ({"colour": "red"}, 400, "invalid", "colour"),
    ],
)
def test_what_is_no_order_is_refused_by_name(market, buyer, terms, status, code, field):
    answer = buyer.post("orders", body(market) | terms)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert field is None or field in answer.json()["fields"]
    assert selectors.orders_of(buyer.account.id) == []


def test_who_may_not_ask_is_refused(market, client, buyer, running):
    order_id = buyer.post("orders", body(market)).json()["id"]
    other = Caller(client, person(market, cash=1000))
    for answer in (
        other.get("order", order_id=order_id),
        other.post("order-cancel", order_id=order_id),
        other.patch("order", {"version": 1, "quantity": "1"}, order_id=order_id),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_order")
    assert other.get("orders").json()["results"] == []
    assert other.post("orders-cancel-all").json() == {"cancelled": []}
    assert Caller(client, None).post("orders", body(market)).status_code == 401
    staff = Caller(client, AccountFactory(role=Role.STAFF, team_role="auditor"))
    assert staff.post("orders", body(market)).status_code == 403
    stranger = Caller(client, person(kyc=KycStatus.NONE))
    answer = stranger.post("orders", body(market))
    assert (answer.status_code, answer.json()["code"]) == (422, "kyc_not_approved")
    issuer = Caller(client, person(kyc=KycStatus.NONE, role=Role.ISSUER))
    assert issuer.post("orders", body(market)).json()["code"] == "kyc_not_approved"


@pytest.mark.spec("ORD-6")
def test_an_order_is_amended_and_cancelled(market, running, buyer):
    placed = buyer.post("orders", body(market, "buy", "10", "1.00")).json()
    less = buyer.patch("order", {"version": 1, "quantity": "6"}, order_id=placed["id"])
    assert (less.status_code, less.json()["quantity"], less.json()["version"]) == (200, "6", 2)
    stale = buyer.patch("order", {"version": 1, "quantity": "5"}, order_id=placed["id"])
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    for sent, field in (
        ({"price": "-1"}, "price"),
        ({"price": "1.005"}, "price"),
        ({"quantity": "x"}, "quantity"),
    ):
        wrong = buyer.patch("order", {"version": 2, **sent}, order_id=placed["id"])
        assert (wrong.status_code, list(wrong.json()["fields"])) == (400, [field])
    assert buyer.patch("order", {"quantity": "5"}, order_id=placed["id"]).status_code == 400
    dearer = buyer.patch("order", {"version": 2, "price": "1.10"}, order_id=placed["id"]).json()
    assert (dearer["price"], dearer["quantity"], dearer["version"]) == ("1.10", "6", 3)
    assert market.balance(selectors.account_number(buyer.account.id)) == (100_000 - 660, 660)
    gone = buyer.post("order-cancel", order_id=placed["id"])
    assert (gone.status_code, gone.json()["status"], gone.json()["reason"]) == (200, "cancelled", "by_owner")
    again = buyer.post("order-cancel", order_id=placed["id"])
    assert (again.status_code, again.json()["code"]) == (409, "order_not_open")
    assert market.balance(selectors.account_number(buyer.account.id)) == (100_000, 0)


def test_a_batch_answers_each_order_for_itself(market, running, buyer):
    sent = [
        body(market, "buy", "1", "1.00", name="good"),
        body(market, "buy", "0", "1.00", name="nothing"),
        body(market, "buy", "10000", "1.00", name="dear"),
    ]
    answer = buyer.post("orders-batch", {"orders": sent})
    assert answer.status_code == 201
    good, nothing, dear = answer.json()["results"]
    assert (good["order"]["status"], good["problem"]) == ("open", None)
    assert (nothing["order"], nothing["problem"]["code"]) == (None, "invalid_order")
    assert (dear["order"], dear["problem"]["code"]) == (None, "insufficient_funds")
    again = buyer.post("orders-batch", {"orders": sent}).json()["results"]
    assert again[0] == good
    assert buyer.post("orders-batch", {"orders": []}).status_code == 400
    assert buyer.post("orders-batch", {"orders": [body(market)] * 101}).status_code == 400
    twice = buyer.post("orders-batch", {"orders": [body(market, name="x"), body(market, name="x")]})
    assert (twice.status_code, twice.json()["code"]) == (400, "invalid_order")
    foreign = buyer.post("orders-batch", {"orders": [body(market), body(market, instrument=str(new_id()))]})
    assert foreign.json()["code"] == "too_many_orders"


def test_all_orders_are_cancelled_or_those_of_one_instrument(market, running, buyer):
    other = Market(code="BETA")
    other.join(owner=buyer.account.id)
    ids = [buyer.post("orders", body(market, "buy", "1", "0.50")).json()["id"] for _ in range(3)]
    kept = buyer.post("orders", body(other, "buy", "1", "0.50")).json()["id"]
    done = buyer.post("orders-cancel-all", {"instrument": str(market.instrument.id)})
    assert done.status_code == 200
    assert {each["id"] for each in done.json()["cancelled"]} == set(ids)
    assert [each["id"] for each in buyer.get("orders", "?live=true").json()["results"]] == [kept]
    assert [each["id"] for each in buyer.post("orders-cancel-all").json()["cancelled"]] == [kept]
    assert buyer.post("orders-cancel-all").json() == {"cancelled": []}
    assert market.balance(selectors.account_number(buyer.account.id)) == (100_000, 0)


def test_orders_are_listed_by_page_and_filter(market, running, buyer):
    ids = [buyer.post("orders", body(market, "buy", "1", "0.50")).json()["id"] for _ in range(5)]
    buyer.post("order-cancel", order_id=ids[0])
    page = buyer.get("orders", "?page_size=2").json()
    assert [each["id"] for each in page["results"]] == [ids[4], ids[3]]
    rest = buyer.client.get(page["next"], **buyer.headers).json()
    assert [each["id"] for each in rest["results"]] == [ids[2], ids[1]]
    assert [each["id"] for each in buyer.get("orders", "?status=cancelled").json()["results"]] == [ids[0]]
    assert len(buyer.get("orders", "?live=true").json()["results"]) == 4
    assert len(buyer.get("orders", f"?instrument={market.instrument.id}").json()["results"]) == 5
    assert buyer.get("orders", f"?instrument={new_id()}").status_code == 404
    for wrong in ("?status=nonsense", "?live=maybe", "?instrument=1", "?user_id=1"):
        assert buyer.get("orders", wrong).status_code == 400, wrong


def test_a_preview_says_what_an_order_would_need_and_changes_nothing(market, running, buyer, seller):
    seller.post("orders", body(market, "sell", "100", "1.00"))
    limit(50_00)
    sent = body(market, "buy", "200", "1.10")
    del sent["client_order_id"]
    shown = buyer.post("orders-preview", sent)
    assert shown.status_code == 200
    found = shown.json()
    assert (found["notional"], found["held"], found["held_asset"]) == ("220.00", "220.00", "USD")
    assert (found["fillable"], found["average"], found["available"]) == ("100", "1.00", "1000.00")
    assert [each["code"] for each in found["problems"]] == ["investment_limit_exceeded"]
    assert (found["limit"]["limit"], found["limit"]["remaining"]) == ("50.00", "50.00")
    market_buy = buyer.post("orders-preview", body(market, "buy", "50", None)).json()
    assert (market_buy["notional"], market_buy["average"], market_buy["problems"]) == ("50.00", "1.00", [])
    sale = seller.post("orders-preview", body(market, "sell", "5000", "1.00")).json()
    assert (sale["held"], sale["fee_at_most"]) == ("5000", "12.50")
    assert [each["code"] for each in sale["problems"]] == ["insufficient_funds"]
    assert selectors.orders_of(buyer.account.id) == []
    assert buyer.get("investment-limit").json()["reserved"] == "0.00"


def test_a_halted_market_says_so(market, running, buyer):
    placed = buyer.post("orders", body(market)).json()
    services.halt(instrument_id=market.instrument.id, reason="news_pending", by=BY, at=now())
    until(lambda: selectors.instrument(market.instrument.id).state == "halted", "it is halted")
    answer = buyer.post("orders", body(market))
    assert (answer.status_code, answer.json()["code"]) == (422, "instrument_halted")
    assert buyer.get("instrument", instrument_id=market.instrument.id).json()["state"] == "halted"
    preview = buyer.post("orders-preview", body(market)).json()
    assert [each["code"] for each in preview["problems"]] == ["instrument_halted"]
    assert buyer.post("order-cancel", order_id=placed["id"]).status_code == 200


def test_without_a_sequencer_nothing_is_lost_and_the_resend_works(market, buyer, request, monkeypatch):
    monkeypatch.setattr(inbox, "WAIT", 0.3)
    monkeypatch.setattr(inbox.ask, "__kwdefaults__", {"wait": 0.3})
    sent = body(market, "buy", "2", "1.00", name="mine")
    answer = buyer.post("orders", sent)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    assert connection.connection is None, "nobody waits with a connection in hand"
    monkeypatch.undo()
    request.getfixturevalue("running")
    again = buyer.post("orders", sent)
    assert (again.status_code, again.json()["status"]) == (201, "open")
    assert len(selectors.orders_of(buyer.account.id)) == 1
    assert market.balance(selectors.account_number(buyer.account.id)) == (100_000 - 200, 200)


def test_a_market_buy_keeps_to_its_budget(market, running, buyer, seller):
    seller.post("orders", body(market, "sell", "100", "1.00"))
    made = buyer.post("orders", body(market, "buy", "80", None, budget="50.00")).json()
    assert (made["filled_quantity"], made["status"], made["reason"]) == (
        *("50", "cancelled"),
        "budget_exhausted",
    )
    assert (made["price"], made["time_in_force"]) == (None, "IOC")


@pytest.mark.spec("ORD-7")
def test_one_person_has_so_many_open_orders_and_so_many_a_second(market, running, buyer, settings):
    from apps.parameters import selectors as parameters
    from apps.parameters import services as changing
    from apps.trading.types import OPEN_ORDERS

    version = parameters.setting(OPEN_ORDERS.name).version
    changing.change(name=OPEN_ORDERS.name, value=2, version=version, reason="test", by=BY, at=now())
    for _ in range(2):
        assert buyer.post("orders", body(market)).status_code == 201
    third = buyer.post("orders", body(market))
    assert (third.status_code, third.json()["code"]) == (422, "too_many_open_orders")
    assert third.json()["data"] == {"limit": 2, "open": 2}
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"orders": "3/hour"}
    answer = buyer.post("orders-batch", {"orders": [body(market) for _ in range(4)]})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert int(answer["Retry-After"]) > 0


def test_an_order_of_a_day_expires_at_its_end(market, running, buyer):
    day = buyer.post("orders", body(market, time_in_force="DAY")).json()
    assert day["expires_at"]
    until_then = (now() + timedelta(hours=1)).isoformat()
    good = buyer.post("orders", body(market, time_in_force="GTD", expires_at=until_then))
    assert good.status_code == 201
    past = (now() - timedelta(hours=1)).isoformat()
    late = buyer.post("orders", body(market, time_in_force="GTD", expires_at=past))
    assert (late.status_code, list(late.json()["fields"])) == (400, ["expires_at"])
