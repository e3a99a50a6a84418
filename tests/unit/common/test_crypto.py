"""Sealed values open only where they belong, under the key they were sealed with."""

import pytest

from apps.common import crypto


def test_a_sealed_value_opens_in_its_own_place_only():
    key = crypto.new_key()
    value = crypto.seal(key, b"noor@example.com", place="accounts.Person.email:1")
    assert b"noor" not in value
    assert crypto.unseal(key, value, place="accounts.Person.email:1") == b"noor@example.com"
    for wrong in (
        lambda: crypto.unseal(key, value, place="accounts.Person.email:2"),
        lambda: crypto.unseal(crypto.new_key(), value, place="accounts.Person.email:1"),
        lambda: crypto.unseal(key, value[:-1] + bytes([value[-1] ^ 1]), place="accounts.Person.email:1"),
        lambda: crypto.unseal(key, b"\x02" + value[1:], place="accounts.Person.email:1"),
        lambda: crypto.unseal(key, b"", place="accounts.Person.email:1"),
    ):
        with pytest.raises(crypto.CannotOpen):
            wrong()


def test_the_same_value_is_sealed_differently_every_time():
    key = crypto.new_key()
    assert len({crypto.seal(key, b"x", place="p") for _ in range(50)}) == 50


def test_a_wrapped_key_names_its_master_key_so_that_master_keys_can_be_added(settings):
    settings.FIELD_KEYS = {1: b"1" * 32}
    old = crypto.wrap(b"k" * 32, place="p")
    settings.FIELD_KEYS = {1: b"1" * 32, 2: b"2" * 32}
    new = crypto.wrap(b"k" * 32, place="p")
    assert crypto.unwrap(old, place="p") == crypto.unwrap(new, place="p") == b"k" * 32
    settings.FIELD_KEYS = {2: b"2" * 32}
    with pytest.raises(crypto.CannotOpen):
        crypto.unwrap(old, place="p")


def test_digests_of_different_purposes_never_meet():
    assert crypto.digest("email", "a") == crypto.digest("email", "a") != crypto.digest("phone", "a")
