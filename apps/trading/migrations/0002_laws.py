"""The laws of the market, kept by the database whoever writes (MAT-6, MAT-7, MAT-8)."""

from django.db import migrations

from apps.common.laws import append_only, only_columns_change

# Orders end once, and room is left in their pages for what happens to them.
ORDERS = """
ALTER TABLE trading_order SET (fillfactor = 75);
CREATE TRIGGER end_once BEFORE UPDATE ON trading_order
    FOR EACH ROW WHEN (OLD.remaining = 0) EXECUTE FUNCTION alef_refuse_change();
"""

# A batch follows the one before it without a gap, and only the holder of the lease writes one. Records are
# read whole and compress badly, so they are stored as they are.
JOURNAL = """
ALTER TABLE trading_journalbatch
    ALTER COLUMN commands SET STORAGE EXTERNAL,
    ALTER COLUMN events SET STORAGE EXTERNAL;
ALTER TABLE trading_lease SET (fillfactor = 30);

CREATE FUNCTION trading_journal_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.epoch IS DISTINCT FROM (SELECT epoch FROM trading_lease WHERE instrument = NEW.instrument) THEN
        RAISE EXCEPTION 'instrument %: epoch % has ended', NEW.instrument, NEW.epoch
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trading_journal_epoch';
    END IF;
    IF NEW.first <> 1 AND NOT EXISTS (
        SELECT FROM trading_journalbatch WHERE instrument = NEW.instrument AND last = NEW.first - 1) THEN
        RAISE EXCEPTION 'instrument %: nothing is recorded before %', NEW.instrument, NEW.first
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trading_journal_follows';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER follows BEFORE INSERT ON trading_journalbatch
    FOR EACH ROW EXECUTE FUNCTION trading_journal_follows();

CREATE TRIGGER rises BEFORE UPDATE ON trading_lease
    FOR EACH ROW WHEN (NEW.epoch < OLD.epoch OR NEW.sequence < OLD.sequence)
    EXECUTE FUNCTION alef_refuse_change();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON trading_lease
    FOR EACH STATEMENT EXECUTE FUNCTION alef_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("common", "0002_laws"), ("trading", "0001_initial")]

    operations = [
        append_only("trading_journalbatch"),
        append_only("order_status_history"),
        only_columns_change(
            "trading_order",
            *("price", "quantity", "filled_quantity", "remaining", "maker_notional", "taker_notional"),
            *("fee", "status", "reason", "priority", "version", "updated_at"),
        ),
        only_columns_change("trading_trade", "settlement_status", "tx_hash"),
        only_columns_change("trading_tradingaccount", "frozen"),
        only_columns_change("trading_venuecommand", "done_at", "sequence"),
        only_columns_change(
            "trading_instrument",
            *("state", "lowest", "highest", "buyer_maker_bps", "buyer_taker_bps"),
            *("seller_maker_bps", "seller_taker_bps"),
        ),
        migrations.RunSQL(ORDERS, "DROP TRIGGER end_once ON trading_order"),
        migrations.RunSQL(
            JOURNAL,
            """
            DROP TRIGGER kept ON trading_lease;
            DROP TRIGGER rises ON trading_lease;
            DROP TRIGGER follows ON trading_journalbatch;
            DROP FUNCTION trading_journal_follows();
            """,
        ),
    ]
