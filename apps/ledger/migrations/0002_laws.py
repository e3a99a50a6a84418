"""The laws of the ledger, kept by the database whoever writes (LED-2, LED-4, LED-6).

Every function that changes what an account holds runs as the owner of the tables; the application has no
privilege to change a balance or a hold, nor to attach these functions to tables of its own.
"""

from django.db import migrations

from apps.common.laws import APPLICATION, append_only, only_columns_change

BALANCES = f"""
ALTER TABLE ledger_account
    ADD CONSTRAINT ledger_account_id_kind UNIQUE (id, kind),
    ADD CONSTRAINT ledger_account_address CHECK (
        starts_with(address, tree || ':') AND right(address, length(asset_id) + 1) = ':' || asset_id);

ALTER TABLE ledger_balance
    SET (fillfactor = 70),
    ADD CONSTRAINT ledger_balance_account FOREIGN KEY (account_id, kind) REFERENCES ledger_account (id, kind);
REVOKE INSERT ON ledger_balance FROM {APPLICATION};

CREATE FUNCTION ledger_open_balances() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    INSERT INTO ledger_balance (account_id, kind) SELECT id, kind FROM opened;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION ledger_open_balances() FROM {APPLICATION};

CREATE TRIGGER open_balances AFTER INSERT ON ledger_account
    REFERENCING NEW TABLE AS opened FOR EACH STATEMENT EXECUTE FUNCTION ledger_open_balances();

-- At the top level nobody changes an amount, not even the owner: pg_trigger_depth() is 0 there.
CREATE TRIGGER by_postings_only BEFORE UPDATE OF account_id, kind, available, held ON ledger_balance
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION alef_refuse_change();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON ledger_balance
    FOR EACH STATEMENT EXECUTE FUNCTION alef_refuse_change();
"""

HOLDS = f"""
ALTER TABLE ledger_hold SET (fillfactor = 70);
REVOKE INSERT, UPDATE, DELETE ON ledger_hold FROM {APPLICATION};
GRANT INSERT (id, account_id, owner_type, owner_id, expires_at, created_at) ON ledger_hold TO {APPLICATION};

CREATE TRIGGER by_postings_only BEFORE UPDATE ON ledger_hold
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION alef_refuse_change();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON ledger_hold
    FOR EACH STATEMENT EXECUTE FUNCTION alef_refuse_change();
"""

# The writing transaction stamps its entries itself: the application may not name the column `xid`.
JOURNAL = f"""
ALTER TABLE ledger_journalentry ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
REVOKE INSERT ON ledger_journalentry FROM {APPLICATION};
GRANT INSERT (id, kind, business_key, reference, actor, at, data) ON ledger_journalentry TO {APPLICATION};
REVOKE INSERT, UPDATE, DELETE ON ledger_listedmixture FROM {APPLICATION};
"""

# One check and one change for all rows of a statement. The plans are kept for the life of a connection
# and must suit one posting as well as a hundred thousand, hence the settings: indexes, always.
POSTINGS = f"""
CREATE FUNCTION ledger_apply_postings() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET jit = off
AS $$
DECLARE
    breach record;
    touched bigint[];
    with_holds bigint;
    changed bigint;
BEGIN
    -- Each entry: written by this transaction, even in every asset, each asset in accounts of that asset,
    -- and inside one tree unless its kind may mix these.
    SELECT entry.entry_id, entry.uneven, entry.wrong, e.xid IS DISTINCT FROM pg_current_xact_id() AS old
      INTO breach
      FROM (
        SELECT entry_id, bool_or(total <> 0) AS uneven, bool_or(wrong) AS wrong, bit_or(trees) AS trees
          FROM (
            SELECT p.entry_id, sum(p.amount) AS total,
                   bool_or(a.asset_id IS DISTINCT FROM p.asset_id) AS wrong,
                   bit_or(CASE a.tree WHEN 'client' THEN 1 WHEN 'external' THEN 2
                                      WHEN 'issuer' THEN 4 WHEN 'platform' THEN 8 END) AS trees
              FROM posted p LEFT JOIN ledger_account a ON a.id = p.account_id
             GROUP BY p.entry_id, p.asset_id) AS side
         GROUP BY entry_id) AS entry
      LEFT JOIN ledger_journalentry e ON e.id = entry.entry_id
     WHERE entry.uneven OR entry.wrong OR e.xid IS DISTINCT FROM pg_current_xact_id()
        OR entry.trees & (entry.trees - 1) <> 0 AND NOT EXISTS (
            SELECT FROM ledger_listedmixture m
             WHERE m.kind = e.kind AND m.trees = concat_ws('+',
                CASE WHEN entry.trees & 1 <> 0 THEN 'client' END,
                CASE WHEN entry.trees & 2 <> 0 THEN 'external' END,
                CASE WHEN entry.trees & 4 <> 0 THEN 'issuer' END,
                CASE WHEN entry.trees & 8 <> 0 THEN 'platform' END))
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry %: %', breach.entry_id, CASE
            WHEN breach.old THEN 'postings come with their entry, in one transaction'
            WHEN breach.wrong THEN 'an account is unknown or of another asset'
            WHEN breach.uneven THEN 'the postings of an asset don''t sum to zero'
            ELSE 'this kind of entry may not mix these trees' END
            USING ERRCODE = 'check_violation', CONSTRAINT = CASE
                WHEN breach.old THEN 'ledger_posting_entry'
                WHEN breach.wrong THEN 'ledger_posting_account'
                WHEN breach.uneven THEN 'ledger_posting_even'
                ELSE 'ledger_posting_trees' END;
    END IF;

    SELECT array_agg(DISTINCT account_id), count(hold_id) INTO touched, with_holds FROM posted;
    PERFORM FROM ledger_balance WHERE account_id = ANY (touched) ORDER BY account_id FOR NO KEY UPDATE;
    UPDATE ledger_balance b
       SET available = b.available + change.available, held = b.held + change.held
      FROM (SELECT account_id, coalesce(sum(amount) FILTER (WHERE bucket = 'available'), 0) AS available,
                   coalesce(sum(amount) FILTER (WHERE bucket = 'held'), 0) AS held
              FROM posted GROUP BY account_id) AS change
     WHERE b.account_id = change.account_id;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed <> coalesce(cardinality(touched), 0) THEN
        RAISE EXCEPTION 'an account has no balance'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_posting_balance';
    END IF;
    IF with_holds = 0 THEN
        RETURN NULL;
    END IF;

    -- What is added to the held bucket was taken by a hold; what leaves it was released or consumed.
    SELECT count(*) INTO with_holds
      FROM (SELECT FROM posted WHERE hold_id IS NOT NULL GROUP BY hold_id, account_id) AS named;
    UPDATE ledger_hold h
       SET amount = h.amount + change.taken,
           consumed = h.consumed + change.consumed,
           released = h.released + change.released
      FROM (SELECT p.hold_id, p.account_id,
                   coalesce(sum(p.amount) FILTER (WHERE p.amount > 0), 0) AS taken,
                   coalesce(-sum(p.amount) FILTER (
                       WHERE p.amount < 0 AND e.kind NOT IN ('release', 'expiry')), 0) AS consumed,
                   coalesce(-sum(p.amount) FILTER (
                       WHERE p.amount < 0 AND e.kind IN ('release', 'expiry')), 0) AS released
              FROM posted p JOIN ledger_journalentry e ON e.id = p.entry_id
             WHERE p.hold_id IS NOT NULL GROUP BY p.hold_id, p.account_id) AS change
     WHERE h.id = change.hold_id AND h.account_id = change.account_id;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed <> with_holds THEN
        RAISE EXCEPTION 'a hold is unknown or on another account'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_posting_hold';
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION ledger_apply_postings() FROM {APPLICATION};

CREATE TRIGGER apply_postings AFTER INSERT ON ledger_posting
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION ledger_apply_postings();
"""

WALLET = f"""
CREATE FUNCTION wallet_transactions_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'wallet transaction % is %, which is final', OLD.id, OLD.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_transaction_final';
END $$;
REVOKE EXECUTE ON FUNCTION wallet_transactions_end_once() FROM {APPLICATION};

CREATE TRIGGER end_once BEFORE UPDATE ON wallet_transactions
    FOR EACH ROW WHEN (OLD.status <> 'pending') EXECUTE FUNCTION wallet_transactions_end_once();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON wallet_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION alef_refuse_change();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON ledger_asset
    FOR EACH STATEMENT EXECUTE FUNCTION alef_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("common", "0002_laws"), ("ledger", "0001_initial")]

    operations = [
        append_only("ledger_account"),
        append_only("ledger_journalentry"),
        append_only("ledger_posting"),
        only_columns_change("ledger_balance", "unsettled"),
        only_columns_change("ledger_asset", "name", "status"),
        only_columns_change("wallet_transactions", "status", "completed_at"),
        migrations.RunSQL(BALANCES),
        migrations.RunSQL(HOLDS),
        migrations.RunSQL(JOURNAL),
        migrations.RunSQL(POSTINGS),
        migrations.RunSQL(WALLET),
    ]
