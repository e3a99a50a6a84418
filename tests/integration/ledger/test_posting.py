"""Posting in batches: all or nothing, once for each business key, at a cost that doesn't grow."""

from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.common.types import Actor
from apps.ledger import models, selectors, services
from apps.ledger.types import AccountKind, AccountSpec, AssetStatus, Entry, EntryKind, move
from tests.factories import ledger as bank
from tests.factories.ledger import act, balance, client, opened, pay_in, post, reserve, rich, token

pytestmark = pytest.mark.django_db


@pytest.mark.spec("LED-1")
def test_an_entry_keeps_what_why_and_who():
    noor, sami = rich(), client()
    entry = bank.transfer(noor, sami, 5, key="gift:1")
    by = Actor(kind="user", id="7f3a", on_behalf_of="noor")
    act(services.post, entries=[entry], by=by, at=bank.AT)
    row = models.JournalEntry.objects.get(business_key="gift:1")
    assert (row.kind, row.actor, row.at) == ("transfer", "user:7f3a for noor", bank.AT)
    lines = models.Posting.objects.filter(entry=row).order_by("line")
    found = lines.values_list("account__address", "asset", "bucket", "amount", "hold")
    assert list(found) == [(noor, "USD", "available", -5, None), (sami, "USD", "available", 5, None)]


@pytest.mark.spec("LED-1")
def test_the_same_fact_is_posted_once():
    noor, sami = rich(100), client()
    entry = bank.transfer(noor, sami, 100, key="gift:1")
    first, second = (
        post(entry)[0],
        post(entry)[0],
    )  # the second needs no funds
    assert (first.repeated, second.repeated) == (False, True)
    assert first.entry == second.entry
    assert balance(sami) == (100, 0)


@pytest.mark.parametrize(
    "changes", [{"amount": 99}, {"kind": EntryKind.REVERSAL}, {"target": "client:suspense:USD"}]
)
def test_another_fact_under_the_same_key_is_refused(changes):
    noor, sami = rich(100), client()
    same = {"source": noor, "target": sami, "amount": 40, "key": "gift:1"}
    post(bank.transfer(**same))
    with pytest.raises(services.BusinessKeyReused) as refusal:
        post(bank.transfer(**same | changes))
    assert refusal.value.code == "business_key_reused"
    assert balance(sami) == (40, 0)


def test_a_batch_of_old_and_new_posts_the_new():
    noor, sami = rich(100), client()
    old, new = (bank.transfer(noor, sami, 40, key=key) for key in ("old", "new"))
    post(old)
    assert [each.repeated for each in post(old, new)] == [True, False]
    assert balance(sami) == (80, 0)


@pytest.mark.spec("LED-2")
def test_a_refusal_says_what_is_missing_and_leaves_the_transaction_usable():
    noor, sami = rich(100), client()
    with transaction.atomic():
        with pytest.raises(services.InsufficientFunds) as refusal:
            services.post(
                entries=[bank.transfer(noor, sami, 10), bank.transfer(noor, sami, 91)], by=bank.BY, at=bank.AT
            )
        assert refusal.value.code == "insufficient_funds"
        assert refusal.value.data == {"asset": "USD", "available": "1.00", "needed": "1.01"}
        services.post(entries=[bank.transfer(noor, sami, 1)], by=bank.BY, at=bank.AT)
    assert (balance(noor), balance(sami)) == ((99, 0), (1, 0))


@pytest.mark.spec("LED-6")
def test_trees_are_not_mixed_by_kinds_that_are_not_listed():
    noor = rich()
    company = opened(AccountSpec(AccountKind.ISSUER, "USD", "acme"))
    with pytest.raises(services.TreesMixed):
        post(bank.transfer(noor, company, 5))
    post(bank.transfer(noor, company, 5, kind=EntryKind.SUBSCRIPTION))
    assert balance(company) == (5, 0)


def test_an_account_that_was_never_opened_is_named():
    with pytest.raises(services.UnknownAccount) as refusal:
        post(bank.transfer(rich(), "client:nobody:USD", 5))
    assert refusal.value.data == {"account": "client:nobody:USD"}


@pytest.mark.parametrize("address", ["client:nobody'}:USD", 'client:"{,}\\:USD', "client:%s:USD"])
def test_an_address_is_only_text(address):
    with pytest.raises(services.UnknownAccount):
        post(bank.transfer(rich(), address, 5))


def test_texts_of_an_entry_are_only_text():
    noor, sami = rich(), client()
    odd = 'it\'s "{NULL,\\}" %s \u00e9'
    entry = bank.transfer(noor, sami, 1, key=odd)
    post(replace(entry, reference=odd, data={"why": odd}))
    row = models.JournalEntry.objects.get(business_key=odd)
    assert (row.reference, row.data) == (odd, {"why": odd})


def test_an_asset_may_be_called_null():
    null = token("NULL")
    supply, holder = opened(AccountSpec(AccountKind.ISSUANCE, null, "acme")), client(asset=null)
    post(bank.transfer(supply, holder, 3, kind=EntryKind.ISSUANCE, asset=null))
    assert balance(holder) == (3, 0)


@pytest.mark.spec("LED-3")
def test_a_suspended_asset_stands_still_but_holds_come_back():
    acme = token("ACME")
    supply, holder, other = (
        opened(AccountSpec(AccountKind.ISSUANCE, acme, "acme")),
        client("h", acme),
        client("o", acme),
    )
    post(bank.transfer(supply, holder, 10, kind=EntryKind.ISSUANCE, asset=acme))
    hold = reserve(holder, 4)
    act(services.set_asset_status, code=acme, to=AssetStatus.SUSPENDED)
    with pytest.raises(services.AssetNotActive):
        post(bank.transfer(holder, other, 1, asset=acme))
    bank.void(hold)
    assert balance(holder) == (10, 0)


@pytest.mark.spec("LED-8")
def test_the_number_of_statements_depends_on_nothing():
    noor, sami = rich(100_000), client()

    def statements(size):
        entries = [bank.transfer(noor, sami, 1) for _ in range(size)]
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            services.post(entries=entries, by=bank.BY, at=bank.AT)
        return len(queries)

    assert statements(1) == statements(200) == statements(1) == 6  # two of them are the savepoint's


@pytest.mark.spec("LED-8")
def test_balances_are_found_by_index_however_many_there_are():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT b.available FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id"
            " WHERE a.address = ANY (ARRAY['client:a:USD'])"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "ledger_account_once" in plan
    assert "ledger_balance_pkey" in plan
    assert "Seq Scan" not in plan


def test_verbs_that_write_want_a_transaction():
    with pytest.raises(transaction.TransactionManagementError):
        services.post(entries=[bank.transfer("a", "b", 1)], by=bank.BY, at=bank.AT)


def test_nothing_to_post_is_nothing():
    assert post() == []


def test_the_movements_of_an_account_come_in_pages_newest_first():
    noor = client()
    for number in range(5):
        pay_in(noor, number + 1)
    reserve(noor, 3)
    movements, before = [], None
    while page := selectors.entries_of(noor, before=before, limit=2):
        assert len(page) <= 2
        movements += page
        before = page[-1].entry, page[-1].line
    assert [each.amount for each in movements] == [3, -3, 5, 4, 3, 2, 1]
    assert [each.bucket for each in movements[:2]] == ["held", "available"]
    assert len({(each.entry, each.line) for each in movements}) == 7
    assert selectors.entries_of("client:nobody:USD") == []


def test_accounts_that_are_locked_together_are_locked_by_name():
    noor = rich(7)
    with transaction.atomic():
        assert services.lock_balances(accounts=[noor])[noor].available == 7
        with pytest.raises(services.UnknownAccount):
            services.lock_balances(accounts=[noor, "client:nobody:USD"])


def test_one_entry_may_name_an_account_twice():
    noor, sami = rich(100), client()
    twice = (*move(source=noor, target=sami, asset="USD", amount=10),) * 2
    post(Entry(EntryKind.TRANSFER, "twice", twice))
    assert (balance(noor), balance(sami)) == ((80, 0), (20, 0))


@pytest.mark.spec("LED-2")
def test_balances_that_were_locked_before_are_not_read_again():
    noor, sami, omar = rich(100), client(), client()
    with transaction.atomic():
        locked = services.lock_balances(accounts=[noor, sami])
        entries = [bank.transfer(noor, sami, 60), bank.transfer(noor, omar, 40)]
        services.post(entries=entries, locked=locked, by=bank.BY, at=bank.AT)
        services.mark_unsettled(amounts={sami: 60, omar: 40}, locked=locked)
    assert [balance(each) for each in (noor, sami, omar)] == [(0, 0), (60, 0), (40, 0)]
    assert [found.unsettled for found in selectors.balances([sami, omar]).values()] in ([60, 40], [40, 60])
    with transaction.atomic():
        locked = services.lock_balances(accounts=[sami])
        with pytest.raises(services.InsufficientFunds):
            services.post(entries=[bank.transfer(sami, omar, 61)], locked=locked, by=bank.BY, at=bank.AT)
