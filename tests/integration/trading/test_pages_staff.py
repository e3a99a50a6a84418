"""The desk of the market's operators: who sees it, who acts, and what it says of what can't be."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.types import Role
from apps.common.clock import now
from apps.common.ids import new_id
from apps.trading import models, selectors, services
from apps.trading.types import Side
from tests.factories.accounts import AccountFactory, logged_in
from tests.factories.trading import BY, Bench, Market
from tests.integration.tokens.pages import text_of as text
from tests.integration.trading.test_venue import carried_out

pytestmark = pytest.mark.django_db
OPERATOR, AUDITOR, STRANGER = "ats_operator", "auditor", "kyc_reviewer"


@pytest.fixture
def market(valkey):
    return Market(tick=5, lot=1)


@pytest.fixture
def bench(market):
    return Bench(market)


def staff(preset):
    return logged_in(Client(), AccountFactory(role=Role.STAFF, team_role=preset))


@pytest.fixture
def operator():
    return staff(OPERATOR)


def act(client, market, name, **form):
    return client.post(reverse("staff-instrument-act", args=[market.instrument.id, name]), form)


def page(client, market):
    return text(client.get(reverse("staff-instrument", args=[market.instrument.id])))


def inside(html, dom_id):
    """Return what stands between the tags of this <div>."""
    html, depth = html[html.index(f'<div id="{dom_id}"') :], 0
    for tag in re.finditer(r"<div\b|</div>", html):
        depth += -1 if tag[0] == "</div>" else 1
        if not depth:
            return html[: tag.start()]
    raise AssertionError(f"#{dom_id} has no end")


def asked():
    return list(models.VenueCommand.objects.order_by("id").values_list("op", flat=True))


def placed(market, bench, side=Side.BUY, price=100, quantity=5, number=None):
    number = number or market.join(cash=100_000, tokens=1_000)
    (answer,) = bench.do(market.new(number, side, quantity, price))
    return answer


@pytest.mark.spec("RISK-4", "UI-4")
def test_a_market_is_halted_and_resumed_with_a_reason(operator, market, bench):
    shown = page(operator, market)
    assert 'data-state="continuous"' in shown
    assert "bench" in shown, "who holds the lease"
    answer = act(operator, market, "halt", reason="news_pending")
    assert answer.status_code == 302
    shown = page(operator, market)
    assert "Asked: trading halts" in shown
    assert 'hx-trigger="every 2s"' in shown, "it follows what was asked"
    assert f'hx-get="{reverse("staff-instrument", args=[market.instrument.id])}"' in shown
    followed = inside(shown, "market")
    assert "News about the issuer is to come" in followed
    assert reverse("staff-instrument-act", args=[market.instrument.id, "halt"]) in followed
    refused = act(operator, market, "collar", lowest="x")
    assert refused.status_code == 422
    assert "hx-trigger" not in inside(text(refused), "market"), "what is being corrected is not taken away"
    carried_out(bench)
    shown = page(operator, market)
    assert 'data-state="halted"' in shown
    assert "hx-trigger" not in shown
    assert reverse("staff-instrument-act", args=[market.instrument.id, "halt"]) not in shown
    assert "1 halted" in text(operator.get(reverse("staff-instruments")))
    act(operator, market, "resume", reason="market_orderly")
    carried_out(bench)
    assert 'data-state="continuous"' in page(operator, market)
    assert asked() == ["halt", "resume"]


def test_what_is_so_already_is_not_asked_again(operator, market, bench):
    assert "open already" in text(operator.post(
        reverse("staff-instrument-act", args=[market.instrument.id, "resume"]),
        {"reason": "market_orderly"}, follow=True,
    ))  # fmt: skip
    for _ in range(2):
        act(operator, market, "halt", reason="news_pending")
    assert asked() == ["halt"]
    assert "halted already" in page(operator, market)


@pytest.mark.parametrize("reason", ["", "because", "owner_request", "Noor asked", "a\x00"])
def test_a_reason_that_is_not_offered_is_refused_beside_its_field(operator, market, bench, reason):
    answer = act(operator, market, "halt", reason=reason)
    assert answer.status_code == 422
    assert answer.context["forms"]["halt"].errors["reason"]
    assert asked() == []


@pytest.mark.spec("RISK-4")
@pytest.mark.parametrize(
    ("lowest", "highest", "kept"),
    [("0.90", "1.10", (90, 110)), ("", "1.10", (0, 110)), ("0.90", "", (90, 0)), ("", "", (0, 0))],
)
def test_the_allowed_prices_are_set(operator, market, bench, lowest, highest, kept):
    answer = act(operator, market, "collar", lowest=lowest, highest=highest, reason="reference_price")
    assert answer.status_code == 302, text(answer)
    carried_out(bench)
    found = selectors.instrument(market.instrument.id)
    assert (found.lowest, found.highest) == kept
    assert page(operator, market).count("Set the allowed prices") == 1


@pytest.mark.parametrize(
    ("lowest", "highest"),
    [
        ("2.00", "1.00"),
        ("0.91", "1.10"),
        ("-1.00", "1.00"),
        ("NaN", "1"),
        ("１.00", "2.00"),
        ("1e2", "2"),
        ("0.001", "1.00"),
        ("x", ""),
        ("9" * 41, ""),
    ],
)
def test_prices_that_are_none_are_refused_and_kept_in_the_form(operator, market, bench, lowest, highest):
    answer = act(operator, market, "collar", lowest=lowest, highest=highest, reason="reference_price")
    assert answer.status_code == 422
    assert answer.context["forms"]["collar"].errors
    assert f'value="{lowest}"' in text(answer)
    assert asked() == []


def test_prices_too_large_for_any_order_are_refused(operator, market, bench):
    answer = act(operator, market, "collar", lowest="", highest="9" * 30, reason="reference_price")
    assert answer.status_code == 422
    assert asked() == []


@pytest.mark.spec("RISK-4", "UI-4")
def test_an_open_order_is_cancelled_with_a_reason(operator, market, bench):
    order = placed(market, bench)
    address = reverse("staff-order", args=[order.order_id])
    shown = text(operator.get(address))
    assert str(market.owners[1] if 1 in market.owners else next(iter(market.owners.values()))) in shown
    assert "Cancel the order" in shown
    cancel = reverse("staff-order-cancel", args=[order.order_id])
    refused = operator.post(cancel, {"reason": "because"})
    assert (refused.status_code, asked()) == (422, [])
    assert operator.post(cancel, {"reason": "erroneous_order"}).status_code == 302
    shown = text(operator.get(address))
    assert "It is being cancelled" in shown
    assert cancel not in shown
    assert f'hx-get="{address}"' in shown
    wrong = text(operator.post(cancel, {"reason": "because"}))
    assert f'hx-get="{address}"' in wrong, "the address of the act has nothing to show"
    assert "data-error-summary" not in wrong, "there is nothing to say"
    again = operator.post(cancel, {"reason": "erroneous_order"}, follow=True)
    assert "That was asked already" in text(again)
    carried_out(bench)
    shown = text(operator.get(address))
    assert "Cancelled by the venue" in shown
    assert 'data-state="cancelled"' in shown
    late = operator.post(cancel, {"reason": "erroneous_order"})
    assert late.status_code == 422
    assert "open any more" in text(late)
    assert asked() == ["cancel_order"]


def test_an_order_shows_its_life_and_its_trades(operator, market, bench):
    sold = placed(market, bench, Side.SELL, 100, 5)
    placed(market, bench, Side.BUY, 100, 2)
    shown = text(operator.get(reverse("staff-order", args=[sold.order_id])))
    assert 'data-state="partially_filled"' in shown
    (trade,) = selectors.trades_of(sold.order_id)
    watched = selectors.watched_market(market.instrument.id, at=now())
    assert (watched.last_price, watched.open_orders) == (100, 1), "a price, and not its steps"
    assert str(trade.id) in shown
    number = selectors.order(sold.order_id).number
    assert re.search(rf"Journal sequence.*?<bdi[^>]*>{number}</bdi>", shown, re.DOTALL)


def test_orders_are_found_by_each_filter(operator, market, bench):
    one = placed(market, bench, Side.SELL, 200, 5)
    two = placed(market, bench, Side.BUY, 100, 5)
    services.cancel_by_venue(order_id=two.order_id, reason="owner_request", by=BY, at=now())
    carried_out(bench)
    owner = selectors.order(one.order_id).owner

    def found(**filters):
        answer = operator.get(reverse("staff-orders"), filters)
        assert answer.status_code == 200
        return {order.id for order, _ in answer.context["page"].lines}

    both = {one.order_id, two.order_id}
    assert found() == both
    assert found(status="cancelled") == {two.order_id}
    assert found(side="sell") == {one.order_id}
    assert found(about=str(owner)) == found(about=str(one.order_id)) == {one.order_id}
    assert found(about=str(new_id())) == set()
    assert found(instrument=str(market.instrument.id)) == both
    assert found(instrument=str(market.instrument.id), status="open", side="buy") == set()
    for wrong in ({"status": "x"}, {"instrument": str(new_id())}, {"about": "٣"}, {"side": "both"}):
        assert found(**wrong) == both, wrong
    for cursor in ("x", "٣", "9" * 500, str(new_id())):
        assert found(cursor=cursor) <= both


def test_pages_of_orders_follow_each_other_without_gap(operator, market, bench, monkeypatch):
    number = market.join(cash=1_000_000)
    placed_ids = [placed(market, bench, number=number).order_id for _ in range(5)]
    seen, cursor = [], ""
    while True:
        found = selectors.order_page(cursor=cursor, limit=2)
        seen += [order.id for order, _ in found.lines]
        if not (cursor := found.next_cursor):
            break
    assert seen == sorted(placed_ids, reverse=True)


@pytest.mark.spec("RBAC-4")
def test_who_may_only_see_is_shown_no_act_and_who_may_not_see_nothing(market, bench):
    order = placed(market, bench)
    pages = [
        reverse("staff-instruments"),
        reverse("staff-instrument", args=[market.instrument.id]),
        reverse("staff-orders"),
        reverse("staff-order", args=[order.order_id]),
    ]
    auditor, stranger = staff(AUDITOR), staff(STRANGER)
    for address in pages:
        shown = auditor.get(address)
        assert shown.status_code == 200
        assert 'method="post" action="/staff' not in text(shown)
        assert stranger.get(address).status_code == 403
    cancel = reverse("staff-order-cancel", args=[order.order_id])
    assert auditor.post(cancel, {"reason": "erroneous_order"}).status_code == 403
    assert act(auditor, market, "halt", reason="news_pending").status_code == 403
    assert asked() == []


def test_what_is_not_there_is_not_found(operator, market):
    for address in (
        reverse("staff-instrument", args=[new_id()]),
        reverse("staff-order", args=[new_id()]),
    ):
        assert operator.get(address).status_code == 404
    assert operator.post(reverse("staff-order-cancel", args=[new_id()]), {"reason": "x"}).status_code == 404
    assert operator.post(
        reverse("staff-order-cancel", args=[new_id()]), {"reason": "erroneous_order"}
    ).status_code == 404  # fmt: skip
    assert act(operator, market, "close", reason="news_pending").status_code == 404


def test_a_market_without_sequencer_and_its_waiting_commands_are_seen(operator, market):
    shown = page(operator, market)
    assert "No sequencer has this market" in shown
    number = market.join(cash=10_000)
    market.send(*(market.new(number, Side.BUY, 1, 100) for _ in range(3)))
    watched = selectors.watched_market(market.instrument.id, at=now())
    assert (watched.holder, watched.is_late, watched.backlog.count) == ("", True, 3)
    assert abs((now() - watched.backlog.since).total_seconds()) < 60
    assert "Nobody" in text(operator.get(reverse("staff-instruments")))


def test_pages_ask_the_database_no_more_for_many_than_for_few(
    operator, market, bench, django_assert_max_num_queries
):
    for _ in range(3):
        sold = placed(market, bench, Side.SELL)
        placed(market, bench, Side.BUY)
    addresses = [
        reverse("staff-instruments"),
        reverse("staff-instrument", args=[market.instrument.id]),
        reverse("staff-orders"),
        reverse("staff-order", args=[sold.order_id]),
    ]
    for address in addresses:
        operator.get(address)
        with django_assert_max_num_queries(12):
            assert operator.get(address).status_code == 200
