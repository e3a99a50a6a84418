"""Changing a number that the venue runs by: bounds, versions, two at once, and what is kept of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from apps.audit import selectors as audit
from apps.audit.types import Filter
from apps.common.db import rows
from apps.common.errors import DomainError, Invalid, NotFound, Stale
from apps.common.types import Actor
from apps.parameters import selectors, services, types
from apps.parameters.models import ChangedParameter
from apps.parameters.services import OutOfBounds
from apps.parameters.types import MAX, declare

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def limit(monkeypatch):
    monkeypatch.setattr(types, "_declared", dict(types._declared))
    return declare("tests.limit", "A limit.", unit="hours", default=5, minimum=-2, maximum=100)


@pytest.fixture
def change(limit, at):
    def make(value, version=0, **changes):
        arguments = {"name": limit.name, "reason": "decision 7", "by": Actor.system("tests"), "at": at}
        return services.change(value=value, version=version, **arguments | changes)

    return make


def test_a_parameter_has_its_default_until_somebody_changes_it(limit, change, at):
    assert selectors.value(limit) == 5
    assert (selectors.setting(limit.name).version, selectors.setting(limit.name).changed_at) == (0, None)
    assert not ChangedParameter.objects.exists()
    changed = change(7)
    assert (changed.value, changed.version, changed.changed_at) == (7, 1, at)
    assert selectors.value(limit) == 7
    assert selectors.setting(limit.name) == changed
    assert changed in selectors.settings()
    again = change(5, 1, at=at + timedelta(days=1))  # back to the default is a change like any other
    assert (again.value, again.version, again.changed_at) == (5, 2, at + timedelta(days=1))


@pytest.mark.parametrize("value", [-2, -1, 0, 100])
def test_the_bounds_themselves_are_allowed(limit, change, value):
    assert change(value).value == selectors.value(limit) == value


@pytest.mark.parametrize("value", [-3, 101, MAX, 2**70, -(2**70)])
def test_beyond_the_bounds_is_refused(limit, change, value):
    with pytest.raises(OutOfBounds) as refused:
        change(value)
    assert list(refused.value.fields) == ["value"]
    assert selectors.value(limit) == 5


@pytest.mark.parametrize("name", ["", "tests.unknown", "tests.limit ", "TESTS.LIMIT", "x" * 500])
def test_an_unknown_name_is_not_found(change, name):
    with pytest.raises(NotFound):
        change(7, name=name)
    with pytest.raises(NotFound):
        selectors.setting(name)
    assert not ChangedParameter.objects.exists()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "two\nlines", "a\x00b"])
def test_a_change_says_why_on_one_line(limit, change, reason):
    with pytest.raises(Invalid) as refused:
        change(7, reason=reason)
    assert list(refused.value.fields) == ["reason"]
    assert selectors.value(limit) == 5


@pytest.mark.spec("API-1")
@pytest.mark.parametrize("version", [0, 2, -1, 2**40])
def test_a_change_from_an_old_version_is_refused_with_what_it_is_now(limit, change, version):
    change(7)
    with pytest.raises(Stale) as refused:
        change(8, version)
    assert refused.value.data == {"value": 7, "version": 1}
    assert selectors.value(limit) == 7


def test_a_first_change_from_a_version_that_never_was_leaves_no_row(limit, change):
    with pytest.raises(Stale) as refused:
        change(8, 3)
    assert refused.value.data == {"value": 5, "version": 0}
    assert not ChangedParameter.objects.exists()


@pytest.mark.parametrize("version", [0, 1])
def test_of_many_changes_at_once_one_counts(limit, change, version):
    """The first change inserts the row, later ones lock it: both ways only one of the version wins."""
    if version:
        change(50)

    def make(value):
        try:
            return change(value, version).version
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(make, range(6)))
    assert sorted(map(str, found)) == [str(version + 1), *["stale_version"] * 5]
    winner = next(value for value, answer in enumerate(found) if answer == version + 1)
    assert selectors.setting(limit.name).value == winner
    assert len(selectors.changes(limit.name)) == version + 1


@pytest.mark.spec("AUD-1")
def test_every_change_is_kept_with_who_and_why(limit, change):
    change(7, reason=" first ")
    change(9, 1, reason="second", by=Actor(kind="user", id="someone"))
    kept = [(e.actor_id, e.before, e.after, e.reason) for e in selectors.changes(limit.name)]
    assert kept == [
        ("someone", {"value": 7}, {"value": 9}, "second"),
        ("tests", {"value": 5}, {"value": 7}, "first"),
    ]
    assert len(audit.events(where=Filter(action="parameters.changed")).events) == 2


def test_what_is_read_inside_a_transaction_is_what_is_committed_now(limit, change):
    """A verb that must not see two values reads once; what rolls back was never there."""
    with ThreadPoolExecutor(1) as elsewhere, transaction.atomic():
        assert selectors.value(limit) == 5

        def commit():
            try:
                change(7)
            finally:
                connection.close()

        elsewhere.submit(commit).result()
        assert selectors.value(limit) == 7
    ChangedParameter.objects.filter(pk=limit.name).update(value=8)
    with transaction.atomic():
        ChangedParameter.objects.filter(pk=limit.name).update(value=9)
        transaction.set_rollback(True)
    assert selectors.value(limit) == 8


@pytest.mark.parametrize(
    "attack",
    [
        "DELETE FROM parameters_changedparameter",
        "UPDATE parameters_changedparameter SET name = 'tests.other'",
    ],
)
def test_the_application_can_neither_forget_nor_rename_a_change(change, attack):
    change(7)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows(attack)
