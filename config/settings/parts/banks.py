"""Our accounts at banks, where deposits are sent: one for each currency that is offered."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.env import env

_NAMES = {"holder", "bank", "iban", "account_number", "bic", "routing", "address"}

# {"USD": {"holder": …, "bank": …, "iban" or "account_number": …, "bic": …, "routing": …, "address": …}}
BANK_INSTRUCTIONS: dict[str, dict[str, Any]] = env.json("BANK_INSTRUCTIONS", default={})
for _currency, _bank in BANK_INSTRUCTIONS.items():
    _given = set(_bank)
    if not {"holder", "bank"} <= _given <= _NAMES or not {"iban", "account_number"} & _given:
        raise ImproperlyConfigured(
            f"BANK_INSTRUCTIONS for {_currency} needs holder, bank, and iban or account_number; it may have"
            f" {', '.join(sorted(_NAMES))}."
        )

# Where nobody has named real accounts, in development and tests: numbers with right check digits at no bank.
DEMO_BANKS: dict[str, dict[str, Any]] = {
    currency: {"holder": "Alef Client Money", "bank": "Demo Bank, Abu Dhabi", "bic": "DEMOAEAA"} | numbers
    for currency, numbers in {
        "USD": {"iban": "AE020990000000000000101"},
        "AED": {"iban": "AE720990000000000000102"},
        "SAR": {"iban": "AE450990000000000000103"},
        "EUR": {"iban": "AE180990000000000000104"},
        "INR": {"account_number": "000000000105", "bic": "DEMOINBB"},
    }.items()
}
