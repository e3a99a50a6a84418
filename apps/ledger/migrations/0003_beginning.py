"""The assets and the platform's accounts that every ledger begins with, and the kinds of entry that may mix."""

from django.db import migrations

MIXTURES = {
    "deposit": [
        "client+external",
        "client+issuer",
        "external+issuer",
        "external+platform",
    ],
    "withdrawal": [
        "client+external",
        "client+external+platform",
        "external+issuer",
        "external+issuer+platform",
        "external+platform",
    ],
    "refund": [
        "client+external",
        "client+issuer",
        "external+issuer",
    ],
    "trade": [
        "client+issuer",
        "client+issuer+platform",
        "client+platform",
        "issuer+platform",
    ],
    "fee": [
        "client+platform",
        "issuer+platform",
    ],
    "subscription": [
        "client+issuer",
        "client+issuer+platform",
    ],
    "issuance": [
        "client+issuer",
        "client+issuer+platform",
        "issuer+platform",
    ],
    "escrow_release": [
        "issuer+platform",
    ],
    "dividend": [
        "client+issuer",
        "client+issuer+platform",
        "client+platform",
        "issuer+platform",
    ],
    "coupon": [
        "client+issuer",
        "client+issuer+platform",
        "client+platform",
        "issuer+platform",
    ],
    "redemption": [
        "client+issuer",
        "client+issuer+platform",
        "client+platform",
        "issuer+platform",
    ],
    "corporate_action": [
        "client+issuer",
        "client+issuer+platform",
        "client+platform",
        "issuer+platform",
    ],
    "conversion": [
        "client+platform",
        "issuer+platform",
    ],
    "tax_payment": [
        "external+platform",
    ],
    "adjustment": [
        "client+external",
        "client+external+issuer",
        "client+external+issuer+platform",
        "client+external+platform",
        "client+issuer",
        "client+issuer+platform",
        "client+platform",
        "external+issuer",
        "external+issuer+platform",
        "external+platform",
        "issuer+platform",
    ],
    "reversal": [
        "client+external",
        "client+external+issuer",
        "client+external+issuer+platform",
        "client+external+platform",
        "client+issuer",
        "client+issuer+platform",
        "client+platform",
        "external+issuer",
        "external+issuer+platform",
        "external+platform",
        "issuer+platform",
    ],
}

ASSETS = [
    ("USD", "US dollar", "fiat", 2),
    ("AED", "UAE dirham", "fiat", 2),
    ("SAR", "Saudi riyal", "fiat", 2),
    ("EUR", "Euro", "fiat", 2),
    ("INR", "Indian rupee", "fiat", 2),
    ("USDC", "USD Coin", "stablecoin", 6),
]

PLATFORM = [
    ("fee_income", "platform", "platform:fees:"),
    ("tax", "platform", "platform:tax:"),
    ("treasury", "platform", "platform:treasury:"),
    ("fx", "platform", "platform:fx:"),
    ("shortfall", "platform", "platform:shortfall:"),
    ("unclaimed", "client", "client:unclaimed:"),
    ("suspense", "client", "client:suspense:"),
    ("external", "external", "external:provider:"),
]
OUTSIDE = {
    "fiat": ("external", "external", "external:bank:"),
    "stablecoin": ("external", "external", "external:chain:"),
}


def seed(apps, schema_editor):
    """Insert with SQL: the triggers make the balances."""
    with schema_editor.connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ledger_listedmixture (kind, trees) VALUES (%s, %s)",
            [(kind, trees) for kind, listed in MIXTURES.items() for trees in listed],
        )
        cursor.executemany(
            "INSERT INTO ledger_asset (code, name, type, decimals, status) VALUES (%s, %s, %s, %s, 'active')", ASSETS
        )
        cursor.executemany(
            "INSERT INTO ledger_account (kind, tree, address, owner, asset_id) VALUES (%s, %s, %s, '', %s)",
            [
                (kind, tree, address + code, code)
                for code, _, asset_type, _ in ASSETS
                for kind, tree, address in (*PLATFORM, OUTSIDE[asset_type])
            ],
        )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_laws")]

    operations = [migrations.RunPython(seed)]
