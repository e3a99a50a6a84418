"""Laws of deposits and withdrawals: what was asked for never changes, history only grows, an end is an end."""

from django.db import migrations

from apps.common.laws import append_only, only_columns_change


def final(table: str, *states: str) -> migrations.RunSQL:
    """Refuse to change a row that is in one of these states."""
    listed = ", ".join(f"'{state}'" for state in states)
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER ended BEFORE UPDATE ON {table} FOR EACH ROW
            WHEN (OLD.state IN ({listed})) EXECUTE FUNCTION alef_refuse_change();
        """,
        reverse_sql=f"DROP TRIGGER ended ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("common", "0002_laws"), ("wallets", "0001_requests")]

    operations = [
        append_only("deposit_status_history"),
        append_only("withdrawal_status_history"),
        only_columns_change(
            "wallets_deposit",
            "state",
            "received_amount",
            "bank_reference",
            "refund_reference",
            "reason",
            "line",
            "handled_by",
            "updated_at",
        ),
        only_columns_change(
            "wallets_withdrawal", "state", "bank_reference", "reason", "handled_by", "updated_at"
        ),
        final("wallets_deposit", "credited", "refunded"),
        final("wallets_withdrawal", "completed", "rejected", "failed", "cancelled"),
    ]
