"""`ledger_verify`: quiet about a ledger that is right, and names each kind of corruption that was planted."""

import json

import pytest
from django.core.management import call_command
from django.db import connection

from apps.common.ids import new_id
from apps.common.laws import APPLICATION
from apps.ledger import services
from apps.ledger.selectors.verification import SENTENCES
from apps.ledger.types import AccountKind, AccountSpec, EntryKind, NewTransaction, TransactionType
from tests import database
from tests.factories import ledger as bank
from tests.factories.ledger import act, client, consume, opened, post, reserve, rich, token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("LED-2")]

LAST = "(SELECT max(id) FROM ledger_journalentry)"
NOOR = "(SELECT id FROM ledger_account WHERE address = 'client:noor:USD')"
SAMI = "(SELECT id FROM ledger_account WHERE address = 'client:sami:USD')"
LINES = "INSERT INTO ledger_posting (entry_id, line, account_id, asset_id, bucket, amount, hold_id) VALUES "
EMPTY = "INSERT INTO ledger_journalentry (kind, business_key, reference, actor, at, data) VALUES "


@pytest.fixture(autouse=True)
def day():
    """A day of business: a deposit, a transfer, a hold partly consumed, a token, a wallet transaction."""
    noor, sami = bank.pay_in(client("noor"), 1000), client("sami")
    post(bank.transfer(noor, sami, 100))
    consume(reserve(noor, 500), sami, 200)
    acme = token("ACME")
    supply, holder = opened(AccountSpec(AccountKind.ISSUANCE, acme, "acme")), client("noor", acme)
    post(bank.transfer(supply, holder, 10, kind=EntryKind.ISSUANCE, asset=acme))
    line = NewTransaction(new_id(), noor, TransactionType.DEPOSIT, 1000)
    act(services.open_transactions, transactions=[line], at=bank.AT)


def plant(statement):
    """Change the tables past every law, as only a superuser can."""
    with database.admin(connection.settings_dict["NAME"]) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(statement)


def verify(capsys):
    """Return the exit code and the findings by code."""
    code = 0
    try:
        call_command("ledger_verify", "--json")
    except SystemExit as end:
        code = end.code
    report = json.loads(capsys.readouterr().out)
    return code, {finding["code"]: finding for finding in report["findings"]}


def test_a_ledger_that_is_right_has_no_findings(capsys):
    call_command("ledger_verify")
    assert "nothing wrong" in capsys.readouterr().out
    assert verify(capsys) == (0, {})


PLANTED = {
    "entry_uneven": f"UPDATE ledger_posting SET amount = amount + 1 WHERE entry_id = {LAST} AND amount > 0",
    "entry_empty": EMPTY + "('transfer', 'empty', '', 'x', now(), '{}')",
    "entry_mixes_trees": f"UPDATE ledger_journalentry SET kind = 'transfer' WHERE id = {LAST}",
    "posting_without_entry": f"DELETE FROM ledger_journalentry WHERE id = {LAST}",
    "posting_without_account": f"UPDATE ledger_posting SET account_id = -1 WHERE entry_id = {LAST}",
    "posting_of_other_asset": f"UPDATE ledger_posting SET asset_id = 'EUR' WHERE entry_id = {LAST}",
    "account_without_balance": f"DELETE FROM ledger_balance WHERE account_id = {NOOR}",
    "balance_without_account": f"DELETE FROM ledger_account WHERE id = {NOOR}",
    "balance_of_other_kind": f"UPDATE ledger_balance SET kind = 'fx' WHERE account_id = {NOOR}",
    "balance_differs": f"UPDATE ledger_balance SET available = available + 5 WHERE account_id = {NOOR}",
    "held_differs": f"UPDATE ledger_balance SET held = held + 5 WHERE account_id = {NOOR}",
    "hold_differs": "UPDATE ledger_hold SET released = released + 5",
    "hold_missing": "DELETE FROM ledger_hold",
    "asset_uneven": f"UPDATE ledger_balance SET available = available + 5 WHERE account_id = {SAMI}",
    "wallet_orphan": "UPDATE wallet_transactions SET owner = 'sami'",
    "balance_negative": f"{LINES} ({LAST}, 90, {NOOR}, 'USD', 'available', -5000, NULL),"
    f" ({LAST}, 91, {SAMI}, 'USD', 'available', 5000, NULL);"
    " ALTER TABLE ledger_balance DROP CONSTRAINT ledger_balance_not_negative;"
    f" UPDATE ledger_balance SET available = available - 5000 WHERE account_id = {NOOR};"
    f" UPDATE ledger_balance SET available = available + 5000 WHERE account_id = {SAMI}",
    "hold_overdrawn": "ALTER TABLE ledger_hold DROP CONSTRAINT ledger_hold_not_overdrawn;"
    " UPDATE ledger_hold SET consumed = 600",
    "law_missing": "ALTER TABLE ledger_posting DISABLE TRIGGER apply_postings",
    "privilege_too_wide": f"GRANT UPDATE ON ledger_balance TO {APPLICATION}",
}
MENDED = {
    "balance_negative": f"UPDATE ledger_balance SET available = 0 WHERE account_id = {NOOR};"
    " ALTER TABLE ledger_balance ADD CONSTRAINT ledger_balance_not_negative CHECK"
    " (available >= 0 OR kind IN ('external', 'fx', 'issuance', 'shortfall', 'suspense'))",
    "hold_overdrawn": "UPDATE ledger_hold SET consumed = 0;"
    " ALTER TABLE ledger_hold ADD CONSTRAINT ledger_hold_not_overdrawn CHECK"
    " (amount >= consumed + released AND consumed >= 0 AND released >= 0)",
    "law_missing": "ALTER TABLE ledger_posting ENABLE TRIGGER apply_postings",
    "privilege_too_wide": f"REVOKE UPDATE ON ledger_balance FROM {APPLICATION};"
    f" GRANT UPDATE (unsettled) ON ledger_balance TO {APPLICATION}",
}


@pytest.mark.parametrize("code", sorted(PLANTED))
def test_every_kind_of_corruption_is_named(code, capsys):
    plant(PLANTED[code])
    try:
        exit_code, findings = verify(capsys)
    finally:
        if code in MENDED:
            plant(MENDED[code])
    after = verify(capsys)[1]
    assert not {"law_missing", "privilege_too_wide"} & after.keys()  # the next tests find the laws in force
    assert exit_code == 1
    assert code in findings, findings
    assert findings[code]["count"] >= 1
    assert findings[code]["examples"]


def test_there_is_a_plant_for_every_finding():
    assert PLANTED.keys() == SENTENCES.keys()


@pytest.mark.spec("LED-4")
def test_the_report_reads_like_one(capsys):
    plant(PLANTED["balance_differs"])
    with pytest.raises(SystemExit) as end:
        call_command("ledger_verify")
    said = capsys.readouterr().out
    assert end.value.code == 1
    assert f"balance_differs (1): {SENTENCES['balance_differs']}" in said
    assert "client:noor:USD" in said


def test_a_hundred_wrong_accounts_are_counted_and_a_few_are_shown(capsys):
    for _ in range(10):
        rich(5)
    plant("UPDATE ledger_balance SET available = available + 1 WHERE kind = 'client'")
    _, findings = verify(capsys)
    assert findings["balance_differs"]["count"] >= 12
    assert len(findings["balance_differs"]["examples"]) == 5
