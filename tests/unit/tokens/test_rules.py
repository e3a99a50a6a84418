"""The arithmetic of offerings: exact costs, shares that make the whole, written terms read back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import gcd
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from apps.accounts.types import Accreditation
from apps.common import money
from apps.common.errors import Conflict, DomainError
from apps.common.transitions import advance
from apps.tokens import rules, states
from apps.tokens.types import Contracts, Terms, Token, TokenStatus, TradingMode

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
COUNTRIES = {"AE", "SA", "DE"}

shares = st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)).map(sorted)
supplies = st.integers(1, 2**62 - 1)


def terms(**changes) -> Terms:
    made = Terms(
        name="Falcon",
        symbol="FLCN",
        total_supply=10_000,
        price_per_token=10_00,
        raise_currency="USD",
        jurisdiction="AE",
        primary_bps=6_000,
        team_bps=1_500,
        reserve_bps=2_500,
    )
    return replace(made, **changes)


def token(made: Terms, **changes) -> Token:
    offered = Token(
        id=UUID(int=1),
        business_id=UUID(int=2),
        terms=made,
        cash_decimals=2,
        status=TokenStatus.PRIMARY,
        trading_mode=TradingMode.PRIMARY_SUBSCRIPTION,
        primary_allotment=rules.divide_supply(made).primary,
        tokens_sold=0,
        tokens_reserved=0,
        total_raised=0,
        primary_start=AT,
        primary_end=AT + timedelta(days=30),
        deploy_requested_at=AT,
        listed_at=None,
        success_fee=None,
        deployed_at=AT,
        deploy_error="",
        contracts=Contracts(),
        version=1,
        created_at=AT,
    )
    return replace(offered, **changes)


def refusal(check, *arguments, **named):
    try:
        check(*arguments, **named)
    except DomainError as error:
        return error.code
    return ""


@pytest.mark.spec("TOK-3")
@given(supplies, shares, st.integers(0, 10_000))
def test_the_parts_make_the_supply_and_the_platforms_stays_in_the_reserve(supply, cuts, platform):
    first, second = cuts
    weights = (first, second - first, 10_000 - second)
    assume(platform <= weights[2])
    made = terms(
        total_supply=supply,
        primary_bps=weights[0],
        team_bps=weights[1],
        reserve_bps=weights[2],
        platform_bps=platform,
    )
    parts = rules.divide_supply(made)
    assert parts.primary + parts.team + parts.reserve == supply
    assert 0 <= parts.platform <= parts.reserve
    for part, weight in zip((parts.primary, parts.team, parts.reserve), weights, strict=True):
        assert abs(part * 10_000 - supply * weight) < 10_000  # less than a unit from the exact share
        assert (part == 0) or weight > 0


@given(st.integers(1, 2**40), st.integers(1, 2**30), st.integers(0, 8))
def test_a_cost_is_exact_or_refused_with_the_smallest_step(quantity, price, decimals):
    step = rules.smallest_step(decimals=decimals, price=price)
    if quantity % step:
        with pytest.raises(rules.QuantityNotExact) as refused:
            rules.cost_of(quantity, decimals=decimals, price=price)
        assert refused.value.data["smallest_step"] == money.text(step, decimals=decimals)
    else:
        assert rules.cost_of(quantity, decimals=decimals, price=price) * 10**decimals == quantity * price
    assert rules.cost_of(step, decimals=decimals, price=price) * 10**decimals == step * price
    assert all((n * price) % 10**decimals for n in range(1, min(step, 50)))  # nothing smaller is exact
    assert step * gcd(price, 10**decimals) == 10**decimals


@pytest.mark.parametrize("quantity", [0, -1])
def test_nothing_is_no_quantity(quantity):
    assert refusal(rules.cost_of, quantity, decimals=0, price=1) == "invalid"


@pytest.mark.spec("OFR-1")
@pytest.mark.parametrize(
    ("quantity", "invested", "changes", "code"),
    [
        (5, 0, {}, ""),
        (4, 0, {}, "below_minimum"),
        (100, 0, {}, ""),
        (101, 0, {}, "above_maximum"),
        (96, 50_00, {}, "above_maximum"),
        (95, 50_00, {}, ""),
        (6, 0, {"tokens_sold": 5_000, "tokens_reserved": 995}, "sold_out"),
        (5, 0, {"tokens_sold": 5_000, "tokens_reserved": 995}, ""),
        (5, 0, {"status": TokenStatus.DRAFT}, "offering_closed"),
        (5, 0, {"status": TokenStatus.SECONDARY}, "offering_closed"),
        (5, 0, {"primary_start": AT + timedelta(microseconds=1)}, "offering_closed"),
        (5, 0, {"primary_start": AT - timedelta(days=1), "primary_end": AT}, "offering_closed"),
    ],
)
def test_a_subscription_keeps_within_its_offering(quantity, invested, changes, code):
    offered = token(terms(min_investment=50_00, max_investment=1_000_00), **changes)
    asked = {"quantity": quantity, "invested": invested, "at": AT}
    assert refusal(rules.check_subscription, offered, **asked) == code


@given(supplies, st.integers(1, 2**62), st.integers(0, 8), shares)
def test_terms_that_pass_can_be_sold_whole_within_64_bits(supply, price, decimals, cuts):
    first, second = cuts
    made = terms(
        total_supply=supply,
        price_per_token=price,
        decimals=decimals,
        primary_bps=first,
        team_bps=second - first,
        reserve_bps=10_000 - second,
    )
    assume(not refusal(rules.check_terms, made, countries=COUNTRIES))
    step = rules.smallest_step(decimals=decimals, price=price)
    most = rules.divide_supply(made).primary // step * step
    assert rules.check_subscription(token(made), quantity=most, invested=0, at=AT) > 0


@given(
    st.builds(
        terms,
        total_supply=supplies,
        decimals=st.integers(0, 8),
        price_per_token=st.integers(1, 10**12),
        min_investment=st.integers(0, 10**12),
        max_investment=st.none() | st.integers(1, 10**12),
        soft_cap=st.none() | st.integers(1, 10**12),
        platform_bps=st.integers(0, 10_000),
        eligible_countries=st.lists(st.sampled_from(sorted(COUNTRIES)), unique=True).map(tuple),
        eligible_classes=st.lists(st.sampled_from(Accreditation), unique=True).map(tuple),
        cooling_off_hours=st.none() | st.integers(0, 2160),
        metadata=st.dictionaries(st.sampled_from("abc"), st.integers(-5, 5) | st.booleans() | st.text("aé1")),
    ),
    st.integers(0, 6),
)
def test_what_was_written_is_read_back(made, cash_decimals):
    written = rules.write_terms(made, cash_decimals=cash_decimals)
    assert rules.read_terms(written, cash_decimals=cash_decimals) == made


@pytest.mark.spec("OFR-3")
def test_only_who_is_no_professional_cools_off():
    def hours(investor, of_token=None):
        return rules.cooling_off_hours(investor, of_token=of_token, usual=48)

    assert (hours(Accreditation.RETAIL), hours(Accreditation.NONE)) == (48, 48)
    assert (hours(Accreditation.PROFESSIONAL), hours(Accreditation.INSTITUTIONAL)) == (0, 0)
    assert (hours(Accreditation.RETAIL, 0), hours(Accreditation.RETAIL, 12)) == (0, 12)
    assert hours(Accreditation.PROFESSIONAL, 12) == 0


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [(0, 1, ""), (-5, 1, ""), (1, 1, "invalid_period"), (2, 1, "invalid_period"), (-2, 0, "invalid_period")],
)
def test_an_offering_starts_before_it_ends_and_ends_in_the_future(start, end, code):
    begin, finish = (AT + timedelta(hours=hours) for hours in (start, end))
    assert refusal(rules.check_period, begin, finish, at=AT) == code


@pytest.mark.spec("TOK-2")
def test_a_token_goes_the_ways_of_its_table_and_no_other():
    ways = {
        "draft": {"primary"},
        "primary": {"secondary", "failed"},
        "failed": set(),
        "secondary": {"paused", "matured", "delisted"},
        "paused": {"secondary", "matured", "delisted"},
        "matured": set(),
        "delisted": set(),
    }
    for before in TokenStatus:
        for after in TokenStatus:
            if after in ways[before]:
                assert advance(states.TOKEN, before, after) is after
            else:
                with pytest.raises(Conflict) as refused:
                    advance(states.TOKEN, before, after)
                assert refused.value.data["allowed"] == sorted(ways[before])
