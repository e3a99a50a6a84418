"""Who may buy what, as tables that a compliance officer can read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.types import Accreditation, Fatca, KycStatus, Status
from apps.common.http import problem, status_of
from apps.compliance import rules, selectors
from apps.compliance.selectors import NotEligible
from apps.compliance.types import Investor, Rule, Security

NOOR = Investor(
    status=Status.ACTIVE,
    is_activated=True,
    kyc_status=KycStatus.APPROVED,
    kyc_level=2,
    accreditation=Accreditation.RETAIL,
    fatca=Fatca.CLEAR,
    country="AE",
)
ANYBODY = Security()


def codes(investor, security=ANYBODY):
    return [str(refusal.rule) for refusal in rules.judge(investor, security)]


@pytest.mark.parametrize(
    ("fact", "refused_by"),
    [
        ({}, []),
        # the account
        ({"status": Status.SUSPENDED}, ["investor_not_active"]),
        ({"status": Status.CLOSED}, ["investor_not_active"]),
        ({"status": Status.PENDING}, ["investor_not_activated"]),
        ({"is_activated": False}, ["investor_not_activated"]),
        # the identity check
        ({"kyc_status": KycStatus.NONE}, ["kyc_not_approved"]),
        ({"kyc_status": KycStatus.PENDING}, ["kyc_not_approved"]),
        ({"kyc_status": KycStatus.IN_REVIEW}, ["kyc_not_approved"]),
        ({"kyc_status": KycStatus.REJECTED}, ["kyc_not_approved"]),
        ({"kyc_status": KycStatus.EXPIRED}, ["kyc_expired"]),
        # US tax law: only what is blocked is refused
        ({"fatca": Fatca.NONE}, []),
        ({"fatca": Fatca.REVIEW}, []),
        ({"fatca": Fatca.BLOCKED}, ["fatca_blocked"]),
    ],
)
def test_what_every_security_asks_of_an_investor(fact, refused_by):
    assert codes(replace(NOOR, **fact)) == refused_by


@pytest.mark.parametrize(
    ("country", "offered_in", "refused_by"),
    [
        ("AE", {"AE", "SA"}, []),
        ("SA", {"AE", "SA"}, []),
        ("DE", {"AE", "SA"}, ["country_not_eligible"]),
        ("", {"AE", "SA"}, ["country_not_eligible"]),  # not known is not eligible
        ("ae", {"AE", "SA"}, ["country_not_eligible"]),
        ("DE", set(), []),  # none named: every country
        ("", set(), []),
    ],
)
def test_where_a_security_is_offered(country, offered_in, refused_by):
    security = Security(eligible_countries=frozenset(offered_in))
    assert codes(replace(NOOR, country=country), security) == refused_by


@pytest.mark.parametrize(
    ("investor", "offered_to", "refused_by"),
    [
        ("retail", {"retail"}, []),
        ("retail", {"professional", "institutional"}, ["class_not_eligible"]),
        ("professional", {"professional", "institutional"}, []),
        ("institutional", {"professional"}, ["class_not_eligible"]),  # classes are named one by one
        ("none", {"retail"}, ["class_not_eligible"]),
        ("none", set(), []),  # none named: every class
    ],
)
def test_to_whom_a_security_is_offered(investor, offered_to, refused_by):
    security = Security(eligible_classes=frozenset(map(Accreditation, offered_to)))
    assert codes(replace(NOOR, accreditation=Accreditation(investor)), security) == refused_by


@pytest.mark.parametrize(
    ("level", "needed", "refused_by"),
    [(2, 0, []), (2, 2, []), (3, 2, []), (2, 3, ["kyc_level_too_low"]), (0, 1, ["kyc_level_too_low"])],
)
def test_the_identity_level_that_a_security_needs(level, needed, refused_by):
    assert codes(replace(NOOR, kyc_level=level), Security(min_kyc_level=needed)) == refused_by


NARROW = Security(frozenset({"AE"}), frozenset({Accreditation.INSTITUTIONAL}), 3)
NOBODY = Investor(
    status=Status.SUSPENDED,
    is_activated=False,
    kyc_status=KycStatus.NONE,
    kyc_level=0,
    accreditation=Accreditation.NONE,
    fatca=Fatca.BLOCKED,
    country="US",
)


def test_all_that_is_wrong_is_said_in_one_fixed_order():
    everything = [str(rule) for rule in Rule if rule is not Rule.KYC_EXPIRED]
    assert codes(NOBODY, NARROW) == everything
    expired = replace(NOBODY, kyc_status=KycStatus.EXPIRED)
    assert codes(expired, NARROW) == [str(rule) for rule in Rule if rule is not Rule.KYC_NOT_APPROVED]


investors = st.builds(
    Investor,
    status=st.sampled_from(Status),
    is_activated=st.booleans(),
    kyc_status=st.sampled_from(KycStatus),
    kyc_level=st.integers(0, 3),
    accreditation=st.sampled_from(Accreditation),
    fatca=st.sampled_from(Fatca),
    country=st.sampled_from(["", "AE", "SA", "DE", "US"]),
)
securities = st.builds(
    Security,
    eligible_countries=st.frozensets(st.sampled_from(["AE", "SA", "DE"])),
    eligible_classes=st.frozensets(st.sampled_from(Accreditation)),
    min_kyc_level=st.integers(0, 3),
)


def mended(investor, security, rule):
    """Return the investor without the one cause of a refusal."""
    changes = {
        # suspension ends in the state that the account had proved before
        Rule.INVESTOR_NOT_ACTIVE: {"status": Status.ACTIVE},
        Rule.INVESTOR_NOT_ACTIVATED: {
            "is_activated": True,
            "status": Status.ACTIVE if investor.status is Status.PENDING else investor.status,
        },
        Rule.KYC_NOT_APPROVED: {"kyc_status": KycStatus.APPROVED},
        Rule.KYC_EXPIRED: {"kyc_status": KycStatus.APPROVED},
        Rule.FATCA_BLOCKED: {"fatca": Fatca.CLEAR},
        Rule.COUNTRY_NOT_ELIGIBLE: {"country": min(security.eligible_countries, default="")},
        Rule.CLASS_NOT_ELIGIBLE: {"accreditation": min(security.eligible_classes, default="")},
        Rule.KYC_LEVEL_TOO_LOW: {"kyc_level": security.min_kyc_level},
    }
    return replace(investor, **changes[rule])


@given(investors, securities)
def test_mending_a_cause_takes_away_exactly_its_refusal(investor, security):
    found = codes(investor, security)
    for rule in found:
        left = codes(mended(investor, security, Rule(rule)), security)
        assert left == [other for other in found if other != rule]


@given(investors, securities)
def test_a_security_that_asks_less_never_refuses_more(investor, security):
    refused = set(codes(investor, security))
    for easier in (
        replace(security, eligible_countries=frozenset()),
        replace(security, eligible_classes=frozenset()),
        replace(security, min_kyc_level=0),
    ):
        assert set(codes(investor, easier)) <= refused


@given(investors, securities)
def test_whoever_is_not_eligible_is_told_the_first_rule_and_what_to_do(investor, security):
    found = selectors.refusals(investor, security)
    if not found:
        selectors.require_eligible(investor, security)
        return
    with pytest.raises(NotEligible) as raised:
        selectors.require_eligible(investor, security)
    first, refused = found[0], raised.value
    assert (refused.code, refused.detail) == (first.rule, first.sentence)
    assert refused.next_step == first.next_step != ""
    assert refused.data == first.data != {}
    assert status_of(refused) == 422


def test_every_rule_has_its_own_class_and_code():
    assert [selectors.REFUSED_BY[rule].code for rule in Rule] == [str(rule) for rule in Rule]


def test_what_a_refusal_saw_is_plain_json(rf):
    with pytest.raises(NotEligible) as raised:
        selectors.require_eligible(replace(NOOR, country="DE"), NARROW)
    assert problem(raised.value, rf.get("/"))["data"] == {"country": "DE", "eligible_countries": ["AE"]}
