"""The presets that are shipped (RBAC-2); from here on they are rows that an admin edits."""

from django.db import migrations

ALL = [
    "users.view", "users.manage", "staff.manage", "kyc.view", "kyc.review", "business.view", "business.approve",
    "tokens.view", "tokens.manage", "tokens.deploy", "allocations.confirm", "wallets.view", "deposits.approve",
    "withdrawals.approve", "trading.view", "trading.manage", "settlement.retry", "dividends.approve",
    "dividends.distribute", "fees.manage", "compliance.manage", "notifications.broadcast", "audit.view",
]

PRESETS = {
    "super_admin": ("Super admin", ALL),
    "compliance_officer": (
        "Compliance officer", ["kyc.view", "kyc.review", "compliance.manage", "users.view", "audit.view"]
    ),
    "kyc_reviewer": ("KYC reviewer", ["kyc.view", "kyc.review", "users.view"]),
    "finance_operator": (
        "Finance operator",
        ["wallets.view", "deposits.approve", "withdrawals.approve", "allocations.confirm", "dividends.approve",
         "dividends.distribute", "fees.manage"],
    ),
    "ats_operator": ("ATS operator", ["trading.view", "trading.manage", "settlement.retry", "tokens.view"]),
    "transfer_agent": ("Transfer agent", ["tokens.view", "tokens.manage", "users.view", "settlement.retry"]),
    "tokenization_agent": (
        "Tokenization agent", ["tokens.view", "tokens.manage", "tokens.deploy", "business.view"]
    ),
    "support": ("Support", ["users.view", "kyc.view", "wallets.view", "trading.view", "tokens.view"]),
    "auditor": (
        "Auditor (read only)",
        ["audit.view", "users.view", "kyc.view", "business.view", "tokens.view", "wallets.view", "trading.view"],
    ),
}


def load(apps, schema_editor):
    alias = schema_editor.connection.alias
    preset_model = apps.get_model("accounts", "Preset")
    permission_model = apps.get_model("accounts", "PresetPermission")
    for code, (name, permissions) in PRESETS.items():
        preset_model.objects.using(alias).create(code=code, name=name)
        permission_model.objects.using(alias).bulk_create(
            permission_model(preset_id=code, permission=permission) for permission in permissions
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
