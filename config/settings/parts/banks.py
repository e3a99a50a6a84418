"""Our accounts at banks, where deposits are sent: one for each currency that is offered."""

from typing import Any

from config.env import env

# {"USD": {"holder": …, "bank": …, "iban" or "account_number": …, "bic": …, "routing": …, "address": …}}
BANK_INSTRUCTIONS: dict[str, dict[str, Any]] = env.json("BANK_INSTRUCTIONS", default={})

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
