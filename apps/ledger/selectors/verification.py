"""Checking the whole ledger: what must hold, asked of the tables themselves in one snapshot."""

from collections.abc import Mapping

from django.db import transaction

from apps.common.db import rows
from apps.common.laws import APPLICATION
from apps.ledger.types import MAY_GO_NEGATIVE, Finding, Verification

SENTENCES: Mapping[str, str] = {
    "entry_uneven": "The postings of an entry don't sum to zero in some asset.",
    "entry_empty": "An entry has no postings.",
    "entry_mixes_trees": "An entry mixes trees of accounts, and its kind isn't listed for that.",
    "posting_without_entry": "Postings belong to no entry.",
    "posting_without_account": "An entry's posting names no account.",
    "posting_of_other_asset": "An entry's posting is of another asset than its account.",
    "account_without_balance": "An account has no balance.",
    "balance_without_account": "A balance belongs to no account.",
    "balance_of_other_kind": "A balance says another kind than its account.",
    "balance_differs": "A balance isn't the sum of its account's postings.",
    "balance_negative": "An account that may not go below zero is below zero.",
    "held_differs": "The held part of a balance isn't the sum of what its holds have left.",
    "hold_missing": "A posting or an account names a hold or an account that doesn't exist.",
    "hold_differs": "A hold isn't the sum of its postings.",
    "hold_overdrawn": "More left a hold than it took.",
    "asset_uneven": "The balances of an asset don't sum to zero.",
    "wallet_orphan": "A wallet transaction names no account, or one of another owner or asset.",
    "law_missing": "A trigger or check of the ledger is missing or switched off.",
    "privilege_too_wide": "The application may change what only the database may change.",
}

# One pass over the postings in the order of their entries.
ENTRIES = """
WITH side AS (
    SELECT p.entry_id, sum(p.amount) AS total,
           bool_or(a.id IS NULL) AS nowhere, bool_or(a.asset_id <> p.asset_id) AS other_asset,
           bit_or(CASE a.tree WHEN 'client' THEN 1 WHEN 'external' THEN 2
                              WHEN 'issuer' THEN 4 WHEN 'platform' THEN 8 END) AS trees
      FROM ledger_posting p LEFT JOIN ledger_account a ON a.id = p.account_id
     GROUP BY p.entry_id, p.asset_id),
whole AS (
    SELECT entry_id, bool_or(total <> 0) AS uneven, bool_or(nowhere) AS nowhere,
           bool_or(other_asset) AS other_asset, bit_or(trees) AS trees
      FROM side GROUP BY entry_id)
SELECT found.code, 'entry ' || coalesce(e.id, w.entry_id)
  FROM whole w FULL JOIN ledger_journalentry e ON e.id = w.entry_id
 CROSS JOIN LATERAL (VALUES
    ('entry_uneven', w.uneven),
    ('entry_empty', w.entry_id IS NULL),
    ('posting_without_entry', e.id IS NULL),
    ('posting_without_account', w.nowhere),
    ('posting_of_other_asset', w.other_asset),
    ('entry_mixes_trees', w.trees & (w.trees - 1) <> 0 AND NOT EXISTS (
        SELECT FROM ledger_listedmixture m
         WHERE m.kind = e.kind AND m.trees = concat_ws('+',
            CASE WHEN w.trees & 1 <> 0 THEN 'client' END, CASE WHEN w.trees & 2 <> 0 THEN 'external' END,
            CASE WHEN w.trees & 4 <> 0 THEN 'issuer' END, CASE WHEN w.trees & 8 <> 0 THEN 'platform' END)))
 ) AS found (code, wrong)
 WHERE found.wrong
"""

# One pass over the postings by account, beside balances and holds.
BALANCES = """
WITH posted AS (
    SELECT account_id, coalesce(sum(amount) FILTER (WHERE bucket = 'available'), 0) AS available,
           coalesce(sum(amount) FILTER (WHERE bucket = 'held'), 0) AS held
      FROM ledger_posting GROUP BY account_id),
reserved AS (
    SELECT account_id, sum(amount::numeric - consumed - released) AS held
      FROM ledger_hold GROUP BY account_id)
SELECT found.code, coalesce(a.address, 'account ' || b.account_id)
  FROM ledger_account a
  FULL JOIN ledger_balance b ON b.account_id = a.id
  LEFT JOIN posted p ON p.account_id = coalesce(a.id, b.account_id)
  LEFT JOIN reserved r ON r.account_id = coalesce(a.id, b.account_id)
 CROSS JOIN LATERAL (VALUES
    ('account_without_balance', b.account_id IS NULL),
    ('balance_without_account', a.id IS NULL),
    ('balance_of_other_kind', b.kind <> a.kind),
    ('balance_differs', b.available <> coalesce(p.available, 0) OR b.held <> coalesce(p.held, 0)),
    ('balance_negative', b.held < 0 OR b.available < 0 AND NOT a.kind = ANY (%(may_go_negative)s::text[])),
    ('held_differs', b.held <> coalesce(r.held, 0))
 ) AS found (code, wrong)
 WHERE found.wrong
"""

HOLDS = """
WITH used AS (
    SELECT hold_id, account_id, coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS taken,
           coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS gone
      FROM ledger_posting WHERE hold_id IS NOT NULL GROUP BY hold_id, account_id)
SELECT found.code, 'hold ' || coalesce(h.id, u.hold_id)
  FROM ledger_hold h
  FULL JOIN used u ON u.hold_id = h.id AND u.account_id = h.account_id
  LEFT JOIN ledger_account a ON a.id = h.account_id
 CROSS JOIN LATERAL (VALUES
    ('hold_missing', h.id IS NULL OR a.id IS NULL),
    ('hold_differs', h.amount <> coalesce(u.taken, 0)
                     OR h.consumed::numeric + h.released <> coalesce(u.gone, 0)),
    ('hold_overdrawn', h.consumed < 0 OR h.released < 0 OR h.consumed::numeric + h.released > h.amount)
 ) AS found (code, wrong)
 WHERE found.wrong
"""

ASSETS = """
SELECT 'asset_uneven', a.asset_id FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
 GROUP BY a.asset_id HAVING sum(b.available::numeric + b.held) <> 0
"""

WALLETS = """
SELECT 'wallet_orphan', 'wallet transaction ' || t.id
  FROM wallet_transactions t LEFT JOIN ledger_account a ON a.id = t.account_id
 WHERE a.id IS NULL OR a.owner <> t.owner OR a.asset_id <> t.asset_id
"""

LAWS = """
SELECT 'law_missing', law.relation || '.' || law.name
  FROM (VALUES ('ledger_posting', 'apply_postings'), ('ledger_posting', 'append_only'),
               ('ledger_journalentry', 'append_only'), ('ledger_account', 'append_only'),
               ('ledger_account', 'open_balances'), ('ledger_balance', 'by_postings_only'),
               ('ledger_balance', 'kept'), ('ledger_hold', 'by_postings_only'), ('ledger_hold', 'kept'),
               ('wallet_transactions', 'end_once'), ('wallet_transactions', 'kept')) AS law (relation, name)
 WHERE NOT EXISTS (SELECT FROM pg_trigger t
                    WHERE t.tgrelid = law.relation::regclass AND t.tgname = law.name
                      AND t.tgenabled IN ('O', 'A'))
UNION ALL
SELECT 'law_missing', law.relation || '.' || law.name
  FROM (VALUES ('ledger_balance', 'ledger_balance_not_negative'),
               ('ledger_balance', 'ledger_balance_held_not_negative'),
               ('ledger_balance', 'ledger_balance_account'),
               ('ledger_hold', 'ledger_hold_not_overdrawn'), ('ledger_posting', 'ledger_posting_moves'),
               ('ledger_posting', 'ledger_posting_held_names_hold'),
               ('ledger_journalentry', 'ledger_entry_once')) AS law (relation, name)
 WHERE NOT EXISTS (SELECT FROM pg_constraint c
                    WHERE c.conrelid = law.relation::regclass AND c.conname = law.name AND c.convalidated)
UNION ALL
SELECT 'privilege_too_wide', each.privilege || ' on ' || each.relation || ' (' || each.attribute || ')'
  FROM (VALUES ('ledger_balance', 'available', 'UPDATE'), ('ledger_balance', 'held', 'UPDATE'),
               ('ledger_balance', 'available', 'INSERT'), ('ledger_hold', 'amount', 'UPDATE'),
               ('ledger_hold', 'amount', 'INSERT'), ('ledger_posting', 'amount', 'UPDATE'),
               ('ledger_journalentry', 'business_key', 'UPDATE'), ('ledger_journalentry', 'xid', 'INSERT'),
               ('ledger_account', 'kind', 'UPDATE')) AS each (relation, attribute, privilege)
 WHERE has_column_privilege(%(application)s, each.relation, each.attribute, each.privilege)
UNION ALL
SELECT 'privilege_too_wide', privilege || ' on ' || relation
  FROM unnest(ARRAY['ledger_account', 'ledger_balance', 'ledger_journalentry', 'ledger_posting',
                    'ledger_hold', 'wallet_transactions']) AS relation,
       unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) AS privilege
 WHERE has_table_privilege(%(application)s, relation, privilege)
"""

COUNTS = """
SELECT (SELECT count(*) FROM ledger_account), (SELECT count(*) FROM ledger_journalentry),
       (SELECT count(*) FROM ledger_posting), (SELECT count(*) FROM ledger_hold)
"""

CHECKS = (ENTRIES, BALANCES, HOLDS, ASSETS, WALLETS, LAWS)
EXAMPLES = 5


def verify() -> Verification:
    """Check the ledger as it stands at one instant, without holding anybody up. Opens its own snapshot."""
    with transaction.atomic(durable=True):
        rows("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        rows("SET LOCAL work_mem = '128MB'")  # a million accounts are grouped in memory
        rows("SET LOCAL jit = off")
        found = tuple(each for check in CHECKS for each in _findings(check))
        accounts, entries, postings, holds = rows(COUNTS)[0]
    return Verification(accounts, entries, postings, holds, found)


def _findings(check: str) -> list[Finding]:
    found = rows(
        f"SELECT code, count(*), (array_agg(what ORDER BY what))[1:{EXAMPLES}]"  # noqa: S608  # our own constants
        f" FROM ({check}) AS wrong (code, what) GROUP BY code ORDER BY code",
        {"may_go_negative": [str(kind) for kind in MAY_GO_NEGATIVE], "application": APPLICATION},
    )
    return [Finding(code, SENTENCES[code], count, tuple(examples)) for code, count, examples in found]
