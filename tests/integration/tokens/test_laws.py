"""What the database refuses whoever writes: the laws stand without the verbs."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F

from apps.common.db import rows
from apps.tokens.models import Allocation, Token, TokenStatusHistory
from tests.factories import tokens as make
from tests.factories.tokens import AT

pytestmark = pytest.mark.django_db


@pytest.fixture
def token():
    return make.offered()


def refused(act):
    """Tell by which constraint or privilege the database refuses."""
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        act()
    cause = error.value.__cause__
    return cause.diag.constraint_name or cause.diag.message_primary


@pytest.mark.spec("OFR-1")
def test_more_than_the_allotment_is_neither_sold_nor_reserved(token):
    rows_of = Token.objects.filter(pk=token.id)
    for change in (
        {"tokens_sold": 6_001},
        {"tokens_reserved": 6_001},
        {"tokens_sold": 3_000, "tokens_reserved": 3_001},
        {"tokens_sold": -1},
        {"tokens_reserved": -1},
        {"total_raised": -1},
    ):
        assert refused(lambda change=change: rows_of.update(**change)) == "token_allotment_not_exceeded"
    rows_of.update(tokens_sold=3_000, tokens_reserved=3_000)


@pytest.mark.spec("TOK-9")
def test_the_order_book_is_for_the_secondary_market_only(token):
    rows_of = Token.objects.filter(pk=token.id)
    name = "token_orderbook_only_in_secondary"
    assert refused(lambda: rows_of.update(trading_mode="full_orderbook")) == name
    rows_of.update(status="secondary", trading_mode="full_orderbook", listed_at=AT, success_fee=0)
    for status in ("primary", "paused", "matured", "delisted", "failed"):
        assert refused(lambda status=status: rows_of.update(status=status)) == name
    rows_of.update(status="paused", trading_mode="fixed_price_otc")


@pytest.mark.spec("TOK-3")
def test_the_shares_of_a_draft_make_the_whole():
    rows_of = Token.objects.filter(pk=make.drafted().id)
    assert refused(lambda: rows_of.update(team_bps=F("team_bps") + 1)) == "token_shares_make_the_whole"
    assert refused(lambda: rows_of.update(platform_allocation_bps=2_501)) == "token_platform_in_reserve"
    assert refused(lambda: rows_of.update(decimals=9)) == "token_decimals"
    assert refused(lambda: rows_of.update(total_supply=2**62)) == "token_amounts_positive"
    assert refused(lambda: rows_of.update(status="primary")) == "token_offered_when_deployed"
    assert refused(lambda: rows_of.update(deployed_at=AT)) == "token_deployed_somewhere"


def test_what_was_deployed_keeps_its_terms(token):
    rows_of = Token.objects.filter(pk=token.id)
    changes = {
        "symbol": "OTHER",
        "decimals": 1,
        "total_supply": 20_000,
        "price_per_token": 1,
        "min_investment": 0,
        "max_investment": 10**9,
        "eligible_countries": ["AE"],
        "soft_cap": 1,
        "primary_allotment": 10_000,
        "metadata": {"a": 1},
        "deploy_requested_at": None,
    }
    for name, value in changes.items():
        assert refused(lambda name=name, value=value: rows_of.update(**{name: value})) == "token_terms_frozen"
    assert "permission denied" in refused(lambda: rows_of.update(business_id=token.id))


def test_what_was_subscribed_keeps_its_amounts_and_owner(token):
    allocation = make.subscribed(token)
    rows_of = Allocation.objects.filter(pk=allocation.id)
    for name, value in {"quantity": 1, "price": 1, "cost": 1, "investor_id": token.id}.items():
        assert "permission denied" in refused(lambda name=name, value=value: rows_of.update(**{name: value}))
    assert "permission denied" in refused(lambda: rows("DELETE FROM token_allocations"))
    assert "permission denied" in refused(lambda: rows("DELETE FROM tokens"))
    name = "allocation_minted_only_confirmed"
    assert refused(lambda: rows_of.update(on_chain_status="queued")) == name
    assert refused(lambda: rows_of.update(status="confirmed")) == "allocation_confirmed_at_once"
    late = AT + timedelta(days=1)
    assert refused(lambda: rows_of.update(confirmed_at=late)) == "allocation_confirmed_at_once"
    assert refused(lambda: rows_of.update(status="paid")) == "allocation_status_known"


@pytest.mark.spec("TOK-2")
def test_history_is_only_added_to(token):
    assert TokenStatusHistory.objects.filter(token=token.id).count() == 2
    for sql in (
        "UPDATE token_status_history SET after = 'draft'",
        "DELETE FROM token_status_history",
        "TRUNCATE token_status_history",
    ):
        assert "permission denied" in refused(lambda sql=sql: rows(sql))
