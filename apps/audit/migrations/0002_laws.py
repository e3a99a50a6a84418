from django.db import migrations

from apps.common.laws import append_only


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("common", "0002_laws")]

    operations = [
        append_only("audit_event"),
        append_only("audit_seal"),
        migrations.RunSQL(
            """
            REVOKE UPDATE, TRUNCATE, TRIGGER ON audit_unsealed FROM alef_application;

            CREATE FUNCTION audit_await_seal() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO audit_unsealed (event_id) SELECT id FROM added;
                RETURN NULL;
            END $$;
            CREATE TRIGGER await_seal AFTER INSERT ON audit_event REFERENCING NEW TABLE AS added
                FOR EACH STATEMENT EXECUTE FUNCTION audit_await_seal();

            -- A link follows the one before it: no gap, no fork, whoever writes.
            CREATE FUNCTION audit_seal_follows() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE
                wrong bigint;
            BEGIN
                SELECT a.sequence INTO wrong
                  FROM added a LEFT JOIN audit_seal p ON p.sequence = a.sequence - 1
                 WHERE a.previous_hash IS DISTINCT FROM
                       CASE WHEN a.sequence = 1 THEN repeat('0', 64) ELSE p.hash END
                 LIMIT 1;
                IF FOUND THEN
                    RAISE EXCEPTION 'audit_seal % does not follow the link before it', wrong
                        USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER follows AFTER INSERT ON audit_seal REFERENCING NEW TABLE AS added
                FOR EACH STATEMENT EXECUTE FUNCTION audit_seal_follows();
            """,
            reverse_sql="""
            DROP TRIGGER follows ON audit_seal;
            DROP FUNCTION audit_seal_follows();
            DROP TRIGGER await_seal ON audit_event;
            DROP FUNCTION audit_await_seal();
            """,
        ),
    ]
