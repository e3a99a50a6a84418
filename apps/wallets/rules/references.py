"""References: those that people type into a bank transfer, and those that banks give to one."""

import re

from apps.common.errors import Invalid

# Digits and capitals without 0, 1, I and O, which are read as each other.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 10  # the check character included

_SPACING = re.compile(r"[\s-]+")
_BANK = re.compile(r"[A-Z0-9][A-Z0-9./-]{3,63}", re.ASCII)


def with_check(body: str) -> str:
    """Return nine characters of ALPHABET with the one that shows a slip of the hand in any of them.

    ISO 7064, hybrid system MOD 33,32: finds every wrong character and nearly every swap of neighbours.
    """
    return body + ALPHABET[(1 - _state(body)) % 32]


def is_reference(text: str) -> bool:
    """Tell whether a text, as `normal_reference` returns it, could be a reference of ours."""
    known = len(text) == LENGTH and all(character in ALPHABET for character in text)
    return known and with_check(text[:-1]) == text


def has_slip(text: str) -> bool:
    """Tell whether a text that `normal_reference` returned is shaped like a reference and isn't one."""
    shaped = len(text) == LENGTH and text.isascii() and text.isalnum()
    return shaped and not is_reference(text)


def normal_reference(text: str) -> str:
    """Return a reference as it is stored: capitals, and none of the spaces that people put in."""
    return _SPACING.sub("", text).upper()


def bank_reference(text: str) -> str:
    """Return a bank's own reference of a transfer as it is stored. Raises Invalid (field bank_reference)."""
    written = "".join(text.split()).upper()
    if not _BANK.fullmatch(written):
        hint = "Enter the bank's reference of the transfer: 4 to 64 letters and digits, with . / - between."
        raise Invalid("Some fields are not valid.", fields={"bank_reference": [hint]})
    return written


def _state(body: str) -> int:
    """Return the product of ISO 7064's recursion that the check character has to bring to 1 modulo 32."""
    modulus = len(ALPHABET)
    product = modulus
    for character in body:
        sum_of = (product + ALPHABET.index(character)) % modulus or modulus
        product = sum_of * 2 % (modulus + 1)
    return product
