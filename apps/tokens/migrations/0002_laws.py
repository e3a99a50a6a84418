"""The laws of tokens, kept by the database whoever writes (TOK-2, TOK-4, OFR-1).

What an investor was promised doesn't change: an allocation's terms never, a token's once its deployment was
asked for. Nothing is deleted.
"""

from django.db import migrations

from apps.common.laws import APPLICATION, append_only, only_columns_change

ACTS = (
    "status", "trading_mode", "tokens_sold", "tokens_reserved", "total_raised",
    "primary_start", "primary_end", "deploy_requested_at", "deployed_at", "deploy_error",
    "contract_address", "identity_registry_addr", "compliance_addr", "claim_topics_addr",
    "trusted_issuers_addr", "deploy_tx_hash", "deploy_gas_used", "version", "updated_at",
)
TERMS = (
    "kind", "name", "symbol", "isin", "decimals", "total_supply", "price_per_token", "raise_currency",
    "raise_decimals", "min_investment", "max_investment", "jurisdiction", "eligible_countries",
    "eligible_classes", "min_kyc_level", "primary_offering_bps", "team_bps", "reserve_bps",
    "platform_allocation_bps", "soft_cap", "cooling_off_hours", "metadata", "primary_allotment",
)

FREEZE = f"""
CREATE FUNCTION tokens_keep_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the terms of % don''t change once its deployment was asked for', OLD.symbol
        USING ERRCODE = 'check_violation', CONSTRAINT = 'token_terms_frozen';
END $$;
REVOKE EXECUTE ON FUNCTION tokens_keep_terms() FROM {APPLICATION};

CREATE TRIGGER keep_terms BEFORE UPDATE ON tokens
    FOR EACH ROW WHEN (
        OLD.deploy_requested_at IS NOT NULL AND (
            NEW.deploy_requested_at IS DISTINCT FROM OLD.deploy_requested_at
            OR {" OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in TERMS)}))
    EXECUTE FUNCTION tokens_keep_terms();
"""
UNFREEZE = "DROP TRIGGER keep_terms ON tokens; DROP FUNCTION tokens_keep_terms();"


class Migration(migrations.Migration):
    dependencies = [("common", "0002_laws"), ("tokens", "0001_initial")]

    operations = [
        append_only("token_status_history"),
        only_columns_change("tokens", *TERMS, *ACTS),
        only_columns_change(
            "token_allocations",
            "status", "on_chain_status", "on_chain_tx_hash", "on_chain_error", "cooling_off_until",
            "cooling_off_waived_at", "confirmed_at", "queued_at", "minted_at", "ended_at",
        ),
        migrations.RunSQL(FREEZE, reverse_sql=UNFREEZE),
    ]
