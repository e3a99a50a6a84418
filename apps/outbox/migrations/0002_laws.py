from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial"), ("common", "0002_laws")]

    operations = [
        migrations.RunSQL(
            """
            REVOKE UPDATE, TRUNCATE, TRIGGER ON outbox_message, outbox_delivery FROM alef_application;
            GRANT UPDATE (dispatched_at) ON outbox_message TO alef_application;
            GRANT UPDATE (state, attempts, next_attempt_at, last_attempt_at, last_error, delivered_at)
                ON outbox_delivery TO alef_application;

            -- A message is forgotten only after it was dispatched, and dispatched only once.
            CREATE TRIGGER keep BEFORE DELETE ON outbox_message
                FOR EACH ROW WHEN (OLD.dispatched_at IS NULL) EXECUTE FUNCTION alef_refuse_change();
            CREATE TRIGGER dispatch_once BEFORE UPDATE ON outbox_message
                FOR EACH ROW WHEN (OLD.dispatched_at IS NOT NULL) EXECUTE FUNCTION alef_refuse_change();

            -- A delivery is forgotten only after it was delivered, and nothing follows that.
            CREATE TRIGGER keep BEFORE DELETE ON outbox_delivery
                FOR EACH ROW WHEN (OLD.state <> 'delivered') EXECUTE FUNCTION alef_refuse_change();
            CREATE TRIGGER final BEFORE UPDATE ON outbox_delivery
                FOR EACH ROW WHEN (OLD.state = 'delivered') EXECUTE FUNCTION alef_refuse_change();
            """,
            reverse_sql="""
            DROP TRIGGER final ON outbox_delivery;
            DROP TRIGGER keep ON outbox_delivery;
            DROP TRIGGER dispatch_once ON outbox_message;
            DROP TRIGGER keep ON outbox_message;
            """,
        ),
    ]
