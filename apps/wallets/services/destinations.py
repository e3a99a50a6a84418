"""Where a withdrawal may go: by the check digits and the customs of each currency."""

import re
import unicodedata
from collections.abc import Mapping

from stdnum import bic, iban
from stdnum.exceptions import ValidationError
from stdnum.us import rtn

from apps.common.errors import Invalid
from apps.wallets.types import KINDS, Destination, DestinationKind

MAX_HOLDER = 140  # what a SEPA transfer carries of a name
_NUMBER = re.compile(r"[A-Z0-9]{4,34}", re.ASCII)
_IFSC = re.compile(r"[A-Z]{4}0[A-Z0-9]{6}", re.ASCII)


def checked(destination: Destination, *, currency: str) -> Destination:
    """Return a destination in its one written form if money in this currency can be sent there.

    Raises Invalid (fields kind, holder_name, iban, account_number, bank_code).
    """
    wrong: dict[str, list[str]] = {}
    holder = unicodedata.normalize("NFC", " ".join(destination.holder_name.split()))
    if not 2 <= len(holder) <= MAX_HOLDER or not holder.isprintable():
        wrong["holder_name"] = [f"Enter the holder's name, at most {MAX_HOLDER} characters on one line."]
    if destination.kind not in KINDS[currency]:
        words = "by account number" if destination.kind is DestinationKind.IBAN else "by IBAN"
        wrong["kind"] = [f"{currency} is paid {words} only."]
    elif destination.kind is DestinationKind.IBAN:
        found = _iban(destination.iban)
        if found is None:
            wrong["iban"] = ["This IBAN is not right. Copy it from your bank, country letters included."]
        if not wrong:
            return Destination(DestinationKind.IBAN, holder, iban=found or "")
    else:
        number, bank = _plain(destination.account_number), _bank(destination.bank_code, currency)
        if not _NUMBER.fullmatch(number):
            wrong["account_number"] = ["Enter the account number: 4 to 34 letters and digits."]
        if bank is None:
            wrong["bank_code"] = [_BANK_HINT[currency]]
        if not wrong:
            return Destination(DestinationKind.LOCAL, holder, account_number=number, bank_code=bank or "")
    raise Invalid("Some fields are not valid.", fields=wrong)


_BANK_HINT: Mapping[str, str] = {
    "USD": "Enter the bank's nine-digit routing number, or its BIC.",
    "INR": "Enter the branch's IFSC, eleven characters such as SBIN0001234.",
}


def _iban(text: str) -> str | None:
    written = _plain(text)
    try:
        return str(iban.validate(written)) if written.isascii() and written.isalnum() else None
    except ValidationError:
        return None


def _bank(text: str, currency: str) -> str | None:
    """Return a bank's code in its written form, None if it is none of those that the currency knows."""
    written = _plain(text)
    if not written.isascii() or not written.isalnum():
        return None
    if currency == "INR":
        return written if _IFSC.fullmatch(written) else None
    return written if rtn.is_valid(written) or bic.is_valid(written) else None


def _plain(text: str) -> str:
    return "".join(text.split()).replace("-", "").upper()
