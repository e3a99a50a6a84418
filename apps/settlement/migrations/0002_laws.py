"""Laws of settlement: history and what was in a batch only grow, and a batch ends once."""

from django.db import migrations

from apps.common.laws import append_only, only_columns_change


class Migration(migrations.Migration):
    dependencies = [("common", "0002_laws"), ("settlement", "0001_batches_and_history")]

    operations = [
        append_only("trade_settlement_history"),
        append_only("settlement_batchitem"),
        only_columns_change("settlement_batch", "state", "settled", "ended_at"),
        migrations.RunSQL(
            """
            CREATE TRIGGER ended BEFORE UPDATE ON settlement_batch FOR EACH ROW
                WHEN (OLD.state <> 'under_way') EXECUTE FUNCTION alef_refuse_change();
            """,
            reverse_sql="DROP TRIGGER ended ON settlement_batch;",
        ),
    ]
