"""The settings in the browser, the API and the workplace."""

import re

import pytest
from django.urls import reverse

from apps.accounts.types import Role
from apps.common.types import Actor
from apps.parameters import selectors, services, types
from apps.parameters.types import declare
from tests.factories.accounts import AccountFactory, bearer, logged_in

pytestmark = pytest.mark.django_db(transaction=True)
JSON = "application/json"


@pytest.fixture
def fee(monkeypatch):
    monkeypatch.setattr(types, "_declared", dict(types._declared))
    return declare("tests.fee", "What it costs.", unit="USD cents", default=123_456, maximum=10_000_000)


@pytest.fixture
def manager(client):
    account = AccountFactory(role=Role.STAFF, team_role="super_admin")
    logged_in(client, account)
    return account


def changed(parameter, value, at, version=0):
    return services.change(
        name=parameter.name, value=value, version=version, reason="tests", by=Actor.system("tests"), at=at
    )


def text_of(response):
    return re.sub(r"<[^>]+>|\s+", " ", response.content.decode())


def said(response):
    return re.sub(r"\s+", " ", text_of(response))


@pytest.mark.spec("UI-4")
def test_all_parameters_are_listed_by_app_and_money_looks_like_money(client, manager, fee):
    declare("tests.part", "A part.", unit="basis points", default=250)
    declare("tests.switch", "A switch.", unit="yes or no", default=1, maximum=1)
    page = client.get(reverse("settings"))
    assert page.status_code == 200
    amounts = ("1,234.56 USD", "123,456 USD cents", "2.50 %", "Yes")
    for shown in ("Tests", "What it costs.", "tests.fee", *amounts):
        assert shown in said(page)
    groups = [name for name, _, _ in page.context["groups"]]
    assert groups == sorted(set(groups))
    assert {"businesses", "tests"} <= set(groups)


def post(client, parameter, **data):
    url = reverse("setting", args=[parameter.name])
    return client.post(url, {"version": 0, "reason": "decision 7"} | data)


def test_a_manager_changes_a_parameter_and_sees_who_did(client, manager, fee):
    url = reverse("setting", args=[fee.name])
    page = client.get(url)
    assert "Nobody has changed it" in said(page)
    assert post(client, fee, value="200000")["Location"] == url
    assert selectors.value(fee) == 200_000
    page = client.get(url)
    assert "2,000.00 USD" in said(page)
    assert "From 123456 to 200000" in said(page)
    assert "decision 7" in said(page)
    assert str(manager.id) in page.content.decode()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"value": ""}, "value"),
        ({"value": "1.5"}, "value"),
        ({"value": "１２"}, "value"),
        ({"value": "1_000"}, "value"),
        ({"value": "1e3"}, "value"),
        ({"value": "NaN"}, "value"),
        ({"value": "-1"}, "value"),
        ({"value": "10000001"}, "value"),
        ({"value": "9" * 20}, "value"),
        ({"value": "5", "reason": " "}, "reason"),
    ],
)
def test_a_wrong_change_stays_in_the_form(client, manager, fee, data, field):
    answer = post(client, fee, **data)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert selectors.value(fee) == fee.default


@pytest.mark.parametrize("version", ["", "-1", "x"])
def test_a_change_without_the_version_that_was_read_is_refused(client, manager, fee, version):
    assert post(client, fee, value="5", version=version).status_code == 422
    assert selectors.value(fee) == fee.default


@pytest.mark.spec("API-1")
def test_of_two_managers_the_second_sees_the_new_value_and_may_go_on_from_it(client, manager, fee, at):
    changed(fee, 150_000, at)
    answer = post(client, fee, value="200000")
    assert answer.status_code == 422
    assert "it is 150000 now" in said(answer)
    assert "1,500.00 USD" in said(answer)
    assert selectors.value(fee) == 150_000
    resent = re.search(r'name="version" value="(\d+)"', answer.content.decode())
    assert post(client, fee, value="200000", version=resent[1]).status_code == 302
    assert selectors.value(fee) == 200_000


def test_an_unknown_parameter_is_not_there(client, manager):
    assert client.get(reverse("setting", args=["tests.unknown"])).status_code == 404


def patch(client, parameter, headers, **data):
    url = reverse("api:parameter", args=[parameter.name])
    return client.patch(url, data, content_type=JSON, **headers)


def test_the_api_lists_shows_and_changes(client, fee):
    headers = bearer(AccountFactory(role=Role.ADMIN))
    listed = client.get(reverse("api:parameters"), **headers).json()["results"]
    one = client.get(reverse("api:parameter", args=[fee.name]), **headers).json()
    assert one in listed
    assert one == {
        "name": "tests.fee",
        "meaning": "What it costs.",
        "unit": "USD cents",
        "value": 123_456,
        "default": 123_456,
        "minimum": 0,
        "maximum": 10_000_000,
        "version": 0,
        "changed_at": None,
    }
    answer = patch(client, fee, headers, value=5, reason="decision 7", version=0)
    assert (answer.status_code, answer.json()["value"], answer.json()["version"]) == (200, 5, 1)
    stale = patch(client, fee, headers, value=6, reason="decision 8", version=0)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert stale.json()["data"] == {"value": 5, "version": 1}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"value": -1}, "out_of_bounds"),
        ({"value": 2**62}, "out_of_bounds"),
        ({"value": 2**64}, "invalid"),
        ({"value": "5"}, "invalid"),
        ({"value": True}, "invalid"),
        ({"value": 5, "reason": ""}, "invalid"),
        ({"value": 5, "version": "0"}, "invalid"),
        ({"value": 5, "unit": "EUR"}, "invalid"),
    ],
)
def test_the_api_refuses_a_wrong_change(client, fee, data, code):
    answer = patch(
        client, fee, bearer(AccountFactory(role=Role.ADMIN)), **{"reason": "x", "version": 0} | data
    )
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert selectors.value(fee) == fee.default


@pytest.mark.spec("UI-7")
def test_the_workplace_shows_changes_and_makes_none(client, manager, fee, at):
    changed(fee, 150_000, at)
    url = reverse("admin:parameters_changedparameter_changelist")
    page = client.get(url)
    assert "tests.fee" in text_of(page)
    assert client.get(reverse("admin:parameters_changedparameter_add")).status_code == 403
    one = reverse("admin:parameters_changedparameter_change", args=[fee.name])
    client.post(one, {"value": "1"})
    assert selectors.value(fee) == 150_000
    logged_in(client, AccountFactory(role=Role.STAFF, team_role="support"))
    assert client.get(url).status_code == 403
