"""The laws of the ledger, attacked with plain SQL by the application's own role: the database refuses."""

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from apps.common.ids import new_id
from apps.ledger import selectors
from apps.ledger.types import AccountKind, AccountSpec, EntryKind
from tests import database
from tests.factories import ledger as bank
from tests.factories.ledger import balance, client, opened, reserve, rest, rich

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("LED-2")]

ENTRY = (
    "INSERT INTO ledger_journalentry (kind, business_key, reference, actor, at, data)"
    " VALUES (%s, %s, '', 'x', now(), '{}') RETURNING id"
)
POSTING = "INSERT INTO ledger_posting (entry_id, line, account_id, asset_id, bucket, amount, hold_id) VALUES "


def run(sql, parameters=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def refused(sql, parameters=(), kind=ProgrammingError):
    """Run one statement, which the database must refuse, and return what it says."""
    with pytest.raises(kind) as refusal, transaction.atomic():
        run(sql, parameters)
    return str(refusal.value)


def number(address):
    return selectors.balances([address])[address].account.id


def write(*lines, kind="transfer", entry=None):
    """Write an entry with (address, asset, bucket, amount, hold) lines past all our code; return its id."""
    with transaction.atomic():
        entry = entry or run(ENTRY, [kind, str(new_id())])[0][0]
        first = run("SELECT count(*) FROM ledger_posting WHERE entry_id = %s", [entry])[0][0]
        values, parameters = [], []
        for line, (address, asset, bucket, amount, hold) in enumerate(lines, start=first):
            values.append("(%s, %s, %s, %s, %s, %s, %s)")
            account = number(address) if isinstance(address, str) else address
            parameters += [entry, line, account, asset, bucket, amount, hold]
        run(POSTING + ", ".join(values), parameters)
    return entry


def pair(source, target, amount, asset="USD"):
    return (source, asset, "available", -amount, None), (target, asset, "available", amount, None)


def constraint_of(refusal):
    return refusal.value.__cause__.diag.constraint_name


def breaks(constraint, *lines, **named):
    with pytest.raises(IntegrityError) as refusal:
        write(*lines, **named)
    assert constraint_of(refusal) == constraint


@pytest.fixture
def noor():
    return rich(100)


@pytest.fixture
def sami():
    return client()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_balance SET available = available + 1",
        "UPDATE ledger_balance SET held = held + 1",
        "UPDATE ledger_balance SET kind = 'external'",
        "DELETE FROM ledger_balance",
        "TRUNCATE ledger_balance",
        "INSERT INTO ledger_balance (account_id, kind, available) VALUES (1, 'client', 5)",
        "UPDATE ledger_posting SET amount = amount * 2",
        "DELETE FROM ledger_posting",
        "TRUNCATE ledger_posting",
        "UPDATE ledger_journalentry SET kind = 'adjustment'",
        "DELETE FROM ledger_journalentry",
        "TRUNCATE ledger_journalentry CASCADE",
        "INSERT INTO ledger_journalentry (kind, business_key, xid) VALUES ('transfer', 'forged', '99999999')",
        "UPDATE ledger_account SET kind = 'external', tree = 'external'",
        "DELETE FROM ledger_account",
        "UPDATE ledger_hold SET amount = amount + 1",
        "UPDATE ledger_hold SET expires_at = NULL",
        "DELETE FROM ledger_hold",
        "INSERT INTO ledger_hold (id, account_id, amount) VALUES (gen_random_uuid(), 1, 100)",
        "INSERT INTO ledger_listedmixture (kind, trees) VALUES ('transfer', 'client+platform')",
        "DELETE FROM ledger_listedmixture",
        "UPDATE ledger_asset SET decimals = 0",
        "DELETE FROM ledger_asset",
        "UPDATE wallet_transactions SET amount = 1",
        "DELETE FROM wallet_transactions",
        "TRUNCATE wallet_transactions",
        "ALTER TABLE ledger_posting DISABLE TRIGGER apply_postings",
        "DROP TRIGGER apply_postings ON ledger_posting",
        "ALTER TABLE ledger_balance DROP CONSTRAINT ledger_balance_not_negative",
        "CREATE TRIGGER mine AFTER INSERT ON ledger_posting EXECUTE FUNCTION ledger_apply_postings()",
        "CREATE TABLE mine (entry_id bigint)",
        "CREATE TEMPORARY TABLE posted (entry_id bigint)",
        "SET session_replication_role = replica",
        "SET ROLE alef_owner",
        "CREATE OR REPLACE FUNCTION ledger_apply_postings() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
    ],
)
def test_the_application_has_no_privilege_for_it(noor, statement):
    said = refused(statement)
    assert "permission denied" in said or "must be owner" in said, said
    assert balance(noor) == (100, 0)


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE ledger_balance SET available = available + 1", "ledger_balance"),
        ("DELETE FROM ledger_balance", "ledger_balance"),
        ("TRUNCATE ledger_balance", "ledger_balance"),
        ("UPDATE ledger_posting SET amount = 1", "ledger_posting"),
        ("TRUNCATE ledger_posting", "ledger_posting"),
        ("DELETE FROM ledger_journalentry", "ledger_journalentry"),
        ("UPDATE ledger_account SET kind = kind", "ledger_account"),
        ("UPDATE ledger_hold SET released = amount", "ledger_hold"),
        ("DELETE FROM ledger_hold", "ledger_hold"),
        ("DELETE FROM wallet_transactions", "wallet_transactions"),
    ],
)
def test_even_the_owner_of_the_tables_is_refused(noor, statement, table):
    with database.admin(connection.settings_dict["NAME"]) as superuser:
        superuser.execute("SET ROLE alef_owner")
        with pytest.raises(Exception, match=f"{table} is append-only"):
            superuser.execute(statement)
    assert balance(noor) == (100, 0)


def test_postings_that_do_not_sum_to_zero_are_refused(noor, sami):
    breaks("ledger_posting_even", (noor, "USD", "available", 5, None))
    breaks("ledger_posting_even", *pair(noor, sami, 5), (sami, "USD", "available", 1, None))
    assert (balance(noor), balance(sami)) == ((100, 0), (0, 0))


def test_an_entry_sums_to_zero_in_each_asset(noor, sami):
    euros = client(asset="EUR")
    lines = (noor, "USD", "available", -5, None), (euros, "EUR", "available", 5, None)
    breaks("ledger_posting_even", *lines)


def test_two_uneven_entries_do_not_even_each_other_out(noor, sami):
    lines = "(%s, 0, %s, 'USD', 'available', -5, NULL), (%s, 0, %s, 'USD', 'available', 5, NULL)"
    with transaction.atomic():
        one, two = run(ENTRY, ["transfer", "one"])[0][0], run(ENTRY, ["transfer", "two"])[0][0]
        said = refused(POSTING + lines, [one, number(noor), two, number(sami)], IntegrityError)
    assert "don't sum to zero" in said


def test_nothing_is_added_to_an_old_entry(noor, sami):
    old = write(*pair(noor, sami, 5))
    breaks("ledger_posting_entry", *pair(noor, sami, 5), entry=old)
    breaks("ledger_posting_entry", *pair(noor, sami, 5), entry=999_999)
    assert balance(sami) == (5, 0)


def test_a_posting_is_of_its_accounts_asset(noor, sami):
    euros = client(asset="EUR")
    breaks("ledger_posting_account", *pair(noor, euros, 5))
    breaks("ledger_posting_account", *pair(noor, 999_999, 5))


def test_nobody_goes_below_zero(noor, sami):
    breaks("ledger_balance_not_negative", *pair(noor, sami, 101))
    fees = "platform:fees:USD"
    breaks("ledger_balance_not_negative", *pair(fees, sami, 1), kind="fee")
    write(*pair(bank.BANK, sami, 10**6), kind="deposit")
    assert balance(bank.BANK) == (-(10**6) - 100, 0)


def test_a_zero_posting_is_refused(noor, sami):
    breaks("ledger_posting_moves", *pair(noor, sami, 0))


@pytest.mark.spec("LED-6")
def test_trees_are_mixed_by_listed_kinds_only(noor):
    company = opened(AccountSpec(AccountKind.ISSUER, "USD", "acme"))
    for kind in ("transfer", "hold", "fee", "withdrawal"):
        breaks("ledger_posting_trees", *pair(noor, company, 5), kind=kind)
    write(*pair(noor, company, 5), kind="subscription")
    assert balance(company) == (5, 0)
    three = (
        (noor, "USD", "available", -3, None),
        (company, "USD", "available", 2, None),
        (bank.BANK, "USD", "available", 1, None),
    )
    breaks("ledger_posting_trees", *three, kind="subscription")


def test_an_unknown_kind_is_refused(noor, sami):
    breaks("ledger_entry_kind_known", *pair(noor, sami, 5), kind="gift")


@pytest.mark.spec("LED-4")
def test_a_hold_is_filled_and_emptied_by_postings_alone(noor, sami):
    hold = reserve(noor, 60)
    take_too_much = (noor, "USD", "held", -61, hold), (sami, "USD", "available", 61, None)
    breaks("ledger_balance_held_not_negative", *take_too_much)
    second = reserve(noor, 40)
    breaks("ledger_hold_not_overdrawn", *take_too_much)
    breaks("ledger_posting_hold", (noor, "USD", "held", -5, new_id()), (sami, "USD", "available", 5, None))
    write((noor, "USD", "held", -5, hold), (sami, "USD", "available", 5, None))
    assert (rest(hold), rest(second), balance(noor)) == (55, 40, (0, 95))


@pytest.mark.spec("LED-4")
def test_a_hold_is_not_emptied_from_another_account(noor):
    other = rich(100)
    hold, _ = reserve(noor, 60), reserve(other, 60)
    breaks("ledger_posting_hold", (other, "USD", "held", -5, hold), (noor, "USD", "available", 5, None))


@pytest.mark.spec("LED-4")
@pytest.mark.parametrize(("bucket", "with_hold"), [("held", False), ("available", True)])
def test_the_held_bucket_and_no_other_names_a_hold(noor, bucket, with_hold):
    hold = reserve(noor, 60)
    line = (noor, "USD", bucket, -5, hold if with_hold else None)
    breaks("ledger_posting_held_names_hold", line, (noor, "USD", "available", 5, None))


def test_one_business_key_one_entry(noor, sami):
    run(ENTRY, ["transfer", "once"])
    assert "ledger_entry_once" in refused(ENTRY, ["transfer", "once"], IntegrityError)


def test_an_address_says_its_tree_and_asset():
    opening = (
        "INSERT INTO ledger_account (address, kind, tree, owner, asset_id) VALUES (%s, %s, %s, 'x', 'USD')"
    )
    assert "ledger_account_address" in refused(opening, ["issuer:x:USD", "client", "client"], IntegrityError)
    assert "ledger_account_address" in refused(opening, ["client:x:EUR", "client", "client"], IntegrityError)
    assert "ledger_account_tree_of_kind" in refused(opening, ["client:x:USD", "fx", "client"], IntegrityError)


def test_a_balance_is_that_of_its_postings_after_a_rollback(noor, sami):
    with transaction.atomic():
        write(*pair(noor, sami, 30))
        assert balance(sami) == (30, 0)
        transaction.set_rollback(True)
    assert (balance(noor), balance(sami)) == ((100, 0), (0, 0))
    write(*pair(noor, sami, 30))
    assert (balance(noor), balance(sami)) == ((70, 0), (30, 0))


def test_amounts_beyond_64_bits_are_refused_whole(sami):
    write(*pair(bank.BANK, sami, 2**63 - 1), kind="deposit")
    with pytest.raises(DatabaseError):
        write(*pair(bank.BANK, sami, 1), kind="deposit")
    assert balance(sami) == (2**63 - 1, 0)


def test_the_sums_of_a_whole_day_are_zero(noor, sami):
    bank.post(bank.transfer(noor, "platform:fees:USD", 7, kind=EntryKind.FEE))
    reserve(noor, 50)
    assert all(not each.balances and not each.postings for each in selectors.sums())
