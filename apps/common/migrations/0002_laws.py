from django.db import migrations

from apps.common.laws import append_only


class Migration(migrations.Migration):
    dependencies = [("common", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            CREATE FUNCTION alef_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
                    USING ERRCODE = 'integrity_constraint_violation';
            END $$;
            """,
            reverse_sql="DROP FUNCTION alef_refuse_change()",
        ),
        append_only("common_idempotencyrecord"),
    ]
