"""The ledger over HTTP: one's own balances and transactions, and the sums for those who may see them."""

from datetime import timedelta

import pytest

from apps.accounts.types import Role
from apps.common.ids import new_id
from apps.ledger import services
from apps.ledger.types import NewTransaction, TransactionStatus, TransactionType
from tests.factories import ledger as bank
from tests.factories.accounts import AccountFactory, bearer
from tests.factories.ledger import act, pay_in, reserve

pytestmark = pytest.mark.django_db

BALANCES = "/api/v1/balances"
TRANSACTIONS = "/api/v1/wallet-transactions"
SUMS = "/api/v1/admin/ledger/sums"


@pytest.fixture
def noor():
    return AccountFactory()


@pytest.fixture
def ask(client, noor):
    """Ask the API as Noor, or as another account."""

    def get(path, account=noor, **query):
        return client.get(path, query, **bearer(account))

    return get


def account_of(person, asset="USD"):
    return bank.client(str(person.id), asset)


@pytest.mark.spec("LED-5")
def test_i_see_my_balances_and_nobody_elses(ask, noor):
    mine = pay_in(account_of(noor), 1_250_00)
    account_of(noor, "USDC")
    pay_in(account_of(AccountFactory()), 7)
    reserve(mine, 250_00)
    act(services.mark_unsettled, amounts={mine: 100_00})
    found = ask(BALANCES)
    assert found.status_code == 200
    dollars, coins = found.json()["results"]
    assert dollars == {
        "asset": "USD",
        "decimals": 2,
        "total": "1250.00",
        "available": "1000.00",
        "held": "250.00",
        "unsettled": "100.00",
        "withdrawable": "900.00",
    }
    assert (coins["asset"], coins["total"]) == ("USDC", "0.000000")


def open_lines(person, number):
    account = account_of(person)
    for minute in range(number):
        line = NewTransaction(new_id(), account, TransactionType.DEPOSIT, 100 + minute)
        moment = bank.AT + timedelta(minutes=minute // 2)  # two share each instant
        act(services.open_transactions, transactions=[line], at=moment)


@pytest.mark.spec("LED-5")
def test_my_transactions_come_in_pages_newest_first_each_once(ask, noor):
    open_lines(noor, 7)
    open_lines(AccountFactory(), 2)
    seen, query = [], {"page_size": 3}
    while True:
        page = ask(TRANSACTIONS, **query)
        assert page.status_code == 200
        seen += page.json()["results"]
        if not page.json()["next"]:
            break
        query["cursor"] = page.json()["next"].split("cursor=")[1].split("&")[0].replace("%3D", "=")
    assert sorted(line["amount"] for line in seen) == [f"1.0{number}" for number in range(7)]
    assert [line["created_at"] for line in seen] == sorted(
        (line["created_at"] for line in seen), reverse=True
    )
    assert seen[0].keys() == {
        "id",
        "type",
        "status",
        "asset",
        "amount",
        "reference",
        "created_at",
        "completed_at",
    }


def test_my_transactions_can_be_narrowed(ask, noor):
    account = account_of(noor)
    kept = bank.line(account, type=TransactionType.DIVIDEND, status=TransactionStatus.COMPLETED)
    bank.line(account)
    found = ask(TRANSACTIONS, type="dividend", status="completed", asset="USD").json()["results"]
    assert [line["id"] for line in found] == [str(kept)]
    assert ask(TRANSACTIONS, asset="EUR").json()["results"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"type": "gift"}, 400),
        ({"status": "done"}, 400),
        ({"asset": "x" * 41}, 400),
        ({"asset": "\x00"}, 400),
        ({"owner": "somebody"}, 400),
        ({"cursor": "nonsense"}, 404),
        ({"page_size": "99999999"}, 400),
    ],
)
def test_a_query_that_is_none_is_answered(ask, query, status):
    found = ask(TRANSACTIONS, **query)
    assert found.status_code == status
    assert found.json()["code"]


@pytest.mark.spec("LED-2")
def test_an_auditor_sees_that_the_ledger_sums_to_zero(ask, noor):
    pay_in(account_of(noor), 1_250_00)
    auditor = AccountFactory(role=Role.STAFF, team_role="auditor")
    found = ask(SUMS, auditor)
    assert found.status_code == 200
    assert found.json()["balanced"] is True
    dollars = {"asset": "USD", "balances": "0.00", "postings": "0.00"}
    assert dollars in found.json()["assets"]


def test_nobody_sees_what_is_not_theirs_to_see(client, ask, noor):
    assert ask(SUMS).status_code == 403
    for path in (BALANCES, TRANSACTIONS, SUMS):
        assert client.get(path).status_code == 401
        assert client.post(path, **bearer(noor)).status_code in {403, 405}
