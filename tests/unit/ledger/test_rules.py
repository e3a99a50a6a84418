"""What makes an entry well formed, and what an account can bear, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.errors import DomainError
from apps.common.ids import new_id
from apps.common.money import INT64_MAX, AmountTooLarge
from apps.ledger import postings, rules
from apps.ledger.types import (
    Account,
    AccountKind,
    AssetStatus,
    Balance,
    Bucket,
    Entry,
    EntryKind,
    Hold,
    HoldOwner,
    HoldState,
    NewHold,
    Posting,
    Tree,
    move,
    move_held,
)

AT = datetime(2026, 3, 2, tzinfo=UTC)
HOLD = Hold(new_id(), "client:a:USD", "USD", HoldOwner.ORDER, "o1", 100, 30, 20, None)


def account(address, kind=AccountKind.CLIENT, status=AssetStatus.ACTIVE):
    asset = address.rpartition(":")[2]
    return Account(1, address, kind, "", asset, 2, status)


def balances(**changes):
    found = [
        Balance(account("client:a:USD"), available=100, held=50, unsettled=0),
        Balance(account("client:b:USD"), available=0, held=0, unsettled=0),
        Balance(account("issuer:i:USD", AccountKind.ISSUER), available=70, held=0, unsettled=0),
        Balance(account("platform:fees:USD", AccountKind.FEE_INCOME), available=0, held=0, unsettled=0),
        Balance(account("external:bank:USD", AccountKind.EXTERNAL), available=-220, held=0, unsettled=0),
    ]
    return {balance.account.address: replace(balance, **changes) for balance in found}


def entry(*lines, kind=EntryKind.TRANSFER, key="k"):
    return Entry(kind, key, tuple(lines))


def a_to_b(amount, target="client:b:USD", kind=EntryKind.TRANSFER, key="k"):
    return entry(*move(source="client:a:USD", target=target, asset="USD", amount=amount), kind=kind, key=key)


def code_of(check, *arguments, **named):
    with pytest.raises(DomainError) as refusal:
        check(*arguments, **named)
    return refusal.value.code


@pytest.mark.parametrize(
    "bad",
    [
        entry(),
        entry(Posting("client:a:USD", "USD", 1)),
        entry(Posting("client:a:USD", "USD", 0), Posting("client:b:USD", "USD", 0)),
        entry(Posting("client:a:USD", "USD", 5), Posting("client:b:EUR", "EUR", -5)),
        entry(Posting("client:a:USD", "USD", 1.0), Posting("client:b:USD", "USD", -1)),
        entry(Posting("client:a:USD", "USD", amount=True), Posting("client:b:USD", "USD", -1)),
        entry(Posting("client:a:USD", "USD", 5, Bucket.HELD), Posting("client:a:USD", "USD", -5)),
        entry(Posting("client:a:USD", "USD", 5, hold=new_id()), Posting("client:a:USD", "USD", -5)),
        a_to_b(5, key=""),
        a_to_b(5, key="k" * 201),
        replace(a_to_b(5), reference="r" * 201),
        entry(
            *move_held(hold=HOLD.id, source="client:a:USD", target="client:b:USD", asset="USD", amount=1),
            kind=EntryKind.RELEASE,
        ),
    ],
)
@pytest.mark.spec("LED-1")
def test_an_entry_that_is_none_is_refused(bad):
    assert code_of(rules.check_batch, [bad]) == "invalid_entry"


def test_a_batch_has_limits():
    assert code_of(rules.check_batch, [a_to_b(1), a_to_b(2)]) == "invalid_entry"
    many = [a_to_b(1, key=str(number)) for number in range(rules.MAX_ENTRIES + 1)]
    assert code_of(rules.check_batch, many) == "batch_too_large"
    wide = entry(*(a_to_b(1).postings * (rules.MAX_POSTINGS // 2 + 1)))
    assert code_of(rules.check_batch, [wide]) == "batch_too_large"
    rules.check_batch(many[:-1])


def test_amounts_stay_within_64_bits():
    rules.check_batch([a_to_b(INT64_MAX)])
    with pytest.raises(AmountTooLarge):
        rules.check_batch([a_to_b(INT64_MAX + 1)])
    with pytest.raises(AmountTooLarge):
        rules.check_funds([a_to_b(5)], [], balances(available=INT64_MAX))


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (a_to_b(5, target="client:nobody:USD"), "unknown_account"),
        (entry(Posting("client:a:USD", "EUR", 5), Posting("client:b:USD", "EUR", -5)), "invalid_entry"),
        (a_to_b(5, target="platform:fees:USD"), "trees_mixed"),
        (a_to_b(5, target="external:bank:USD", kind=EntryKind.TRADE), "trees_mixed"),
    ],
)
@pytest.mark.spec("LED-6")
def test_accounts_must_fit_the_entry(made, code):
    assert code_of(rules.check_accounts, [made], balances()) == code


@pytest.mark.spec("LED-6")
def test_listed_kinds_may_mix_what_is_listed_for_them():
    rules.check_accounts([a_to_b(5, target="platform:fees:USD", kind=EntryKind.FEE)], balances())
    rules.check_accounts([a_to_b(5, target="external:bank:USD", kind=EntryKind.WITHDRAWAL)], balances())


@pytest.mark.spec("LED-6")
def test_the_list_is_written_in_one_way_and_leaves_plain_kinds_alone():
    trees = {str(tree) for tree in Tree}
    for listed in rules.MIXTURES.values():
        for mixture in listed:
            parts = mixture.split("+")
            assert len(parts) > 1
            assert parts == sorted(set(parts) & trees)
    plain = {EntryKind.TRANSFER, EntryKind.HOLD, EntryKind.RELEASE, EntryKind.EXPIRY}
    assert set(EntryKind) - rules.MIXTURES.keys() == plain


@pytest.mark.spec("LED-3")
@pytest.mark.parametrize("status", [AssetStatus.SUSPENDED, AssetStatus.RETIRED])
def test_a_suspended_asset_only_unwinds(status):
    held = {
        address: replace(each, account=replace(each.account, asset_status=status))
        for address, each in balances().items()
    }
    assert code_of(rules.check_accounts, [a_to_b(5)], held) == "asset_not_active"
    rules.check_accounts([a_to_b(5, kind=EntryKind.REVERSAL)], held)


@pytest.mark.spec("LED-2")
def test_nobody_spends_what_they_do_not_have():
    rules.check_funds([a_to_b(100)], [], balances())
    with pytest.raises(rules.InsufficientFunds) as refusal:
        rules.check_funds([a_to_b(101)], [], balances())
    assert refusal.value.data == {"asset": "USD", "available": "1.00", "needed": "1.01"}


def test_only_the_net_change_of_a_batch_must_be_borne():
    back = entry(*move(source="client:b:USD", target="client:a:USD", asset="USD", amount=50), key="back")
    rules.check_funds([a_to_b(120), back], [], balances())
    assert code_of(rules.check_funds, [back], [], balances()) == "insufficient_funds"


def test_system_accounts_may_go_below_zero():
    deposit = entry(
        *move(source="external:bank:USD", target="client:a:USD", asset="USD", amount=10**9),
        kind=EntryKind.DEPOSIT,
    )
    rules.check_funds([deposit], [], balances())


@pytest.mark.spec("LED-5")
@pytest.mark.parametrize(("owner", "free"), [(HoldOwner.WITHDRAWAL, 40), (HoldOwner.ORDER, 100)])
def test_what_is_unsettled_blocks_withdrawals_and_nothing_else(owner, free):
    def wanted(amount):
        return NewHold(new_id(), "client:a:USD", "USD", amount, owner, "x")

    def check(hold):
        rules.check_funds([postings.hold(hold)], [hold], balances(unsettled=60))

    check(wanted(free))
    assert code_of(check, wanted(free + 1)) == "insufficient_funds"


@pytest.mark.spec("LED-5")
def test_a_balance_as_its_owner_sees_it():
    balance = Balance(account("client:a:USD"), available=100, held=50, unsettled=30)
    assert (balance.total, balance.withdrawable) == (150, 70)
    assert replace(balance, unsettled=130).withdrawable == 0


@pytest.mark.spec("LED-4")
def test_a_hold_gives_its_rest_and_no_more():
    def take(amount, hold=HOLD, kind=EntryKind.TRANSFER, at=AT):
        lines = move_held(hold=hold.id, source=hold.account, target=hold.account, asset="USD", amount=amount)
        rules.check_holds([entry(*lines, kind=kind)], {hold.id: hold}, at=at)

    assert (HOLD.rest, HOLD.state) == (50, HoldState.ACTIVE)
    take(50)
    assert code_of(take, 51) == "hold_exhausted"
    assert replace(HOLD, released=70).state is HoldState.CLOSED
    due = replace(HOLD, expires_at=AT)
    take(50, due, at=AT - timedelta(seconds=1))
    assert code_of(take, 50, due) == "hold_expired"
    take(50, due, EntryKind.RELEASE)
    take(50, due, EntryKind.EXPIRY)


def test_a_hold_is_known_and_on_that_account():
    lines = move_held(hold=HOLD.id, source="client:b:USD", target="client:a:USD", asset="USD", amount=1)
    assert code_of(rules.check_holds, [entry(*lines)], {}, at=AT) == "unknown_hold"
    assert code_of(rules.check_holds, [entry(*lines)], {HOLD.id: HOLD}, at=AT) == "invalid_entry"


@pytest.mark.parametrize("amount", [0, -5, 1.0, True])
def test_holds_and_releases_are_positive(amount):
    new = NewHold(new_id(), "client:a:USD", "USD", amount, HoldOwner.ORDER, "x")
    assert code_of(postings.hold, new) == "invalid_entry"
    assert code_of(postings.release, HOLD, amount) == "invalid_entry"


@pytest.mark.parametrize("owner", ["", "o" * 65])
def test_a_hold_has_an_owner(owner):
    new = NewHold(new_id(), "client:a:USD", "USD", 5, HoldOwner.ORDER, owner)
    assert code_of(postings.hold, new) == "invalid_entry"


@given(st.lists(st.integers(-(10**6), 10**6).filter(bool), min_size=1, max_size=6), st.randoms())
def test_the_same_postings_in_any_order_are_the_same_entry(amounts, random):
    lines = [Posting(f"client:c{number}:USD", "USD", amount) for number, amount in enumerate(amounts)]
    shuffled = random.sample(lines, len(lines))
    made = entry(*lines)
    assert rules.is_same(made, EntryKind.TRANSFER, shuffled)
    assert not rules.is_same(made, EntryKind.FEE, shuffled)
    assert not rules.is_same(made, EntryKind.TRANSFER, [*shuffled, lines[0]])
    other = replace(shuffled[0], amount=shuffled[0].amount + 1)
    assert not rules.is_same(made, EntryKind.TRANSFER, [other, *shuffled[1:]])
