"""Declaring a parameter: once, named, within bounds that the database can hold."""

import pytest

from apps.parameters import types
from apps.parameters.types import MAX, MAX_NAME, declare, declared


@pytest.fixture(autouse=True)
def own_declarations(monkeypatch):
    """Keep what is declared here from everybody else."""
    monkeypatch.setattr(types, "_declared", dict(types._declared))


def made(name="tests.limit", **changes):
    return declare(name, "A limit.", **{"unit": "hours", "default": 5, "minimum": 1, "maximum": 9} | changes)


def test_a_declaration_is_found_by_its_name():
    parameter = made()
    assert declared()["tests.limit"] == parameter
    assert (parameter.group, parameter.default, parameter.minimum, parameter.maximum) == ("tests", 5, 1, 9)


def test_the_same_declaration_again_is_the_same_parameter():
    assert made() == made()


@pytest.mark.parametrize("change", [{"default": 6}, {"unit": "days"}, {"minimum": 0}, {"maximum": 10}])
def test_a_different_declaration_of_the_same_name_is_a_defect(change):
    made()
    with pytest.raises(ValueError, match="twice"):
        made(**change)
    assert declared()["tests.limit"] == made()


@pytest.mark.parametrize(
    "change",
    [
        {"default": 0},
        {"default": 10},
        {"minimum": 9, "maximum": 1},
        {"maximum": MAX + 1},
        {"minimum": -MAX - 1},
    ],
)
def test_a_default_out_of_bounds_or_bounds_out_of_the_column_are_defects(change):
    with pytest.raises(ValueError, match="bounds"):
        made(**change)
    assert "tests.limit" not in declared()


@pytest.mark.parametrize(
    "name",
    ["", "limit", "Tests.limit", "tests.", ".limit", "tests limit", "tests.l/x", "t." + "x" * MAX_NAME],
)
def test_a_name_is_dotted_and_short(name):
    with pytest.raises(ValueError, match="dotted name"):
        made(name)


@pytest.mark.parametrize(
    ("unit", "currency"),
    [("USD cents", "USD"), ("AED cents", "AED"), ("hundredths of INR", "INR"), ("cents", ""), ("hours", "")],
)
def test_an_amount_of_money_knows_its_currency(unit, currency):
    assert made(unit=unit).currency == currency


def test_parts_and_switches_are_known_by_unit_and_bounds():
    assert made("tests.part", unit="basis points").is_part
    assert made("tests.switch", default=0, minimum=0, maximum=1).is_switch
    assert not made().is_part
    assert not made().is_switch


def test_what_the_venue_declares_can_be_stored_and_said():
    for parameter in declared().values():
        assert parameter.meaning.endswith("."), parameter.name
        assert parameter.unit, parameter.name
