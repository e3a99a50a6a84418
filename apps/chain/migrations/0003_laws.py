from django.db import migrations, models
from django.db.models import Q

from apps.common.laws import append_only, only_columns_change


OPEN = ["queued", "assigned", "signed", "broadcast", "mined"]
WITHOUT_NONCE = ["queued", "cancelled", "dead"]


class Migration(migrations.Migration):
    """That something was minted is known from these rows alone: nobody deletes or rewrites them."""

    dependencies = [
        ("chain", "0002_watched_contracts"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.UniqueConstraint(
                fields=["intent"], condition=Q(state__in=OPEN), name="chain_one_under_way"
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.UniqueConstraint(
                fields=["intent", "step"], condition=Q(state="confirmed"), name="chain_step_done_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=Q(nonce__isnull=True, signer="", state__in=WITHOUT_NONCE)
                | (Q(nonce__isnull=False) & ~Q(signer="") & ~Q(state__in=WITHOUT_NONCE)),
                name="chain_nonce_before_sending",
            ),
        ),
        only_columns_change(
            "chain_intent",
            "state", "attempts", "next_attempt_at", "error", "waits_for", "result", "completed_at",
        ),
        only_columns_change(
            "chain_transaction",
            "signer", "gas_limit", "nonce", "state", "error", "tx_hash", "block_number", "block_hash",
            "contract_address", "gas_used", "broadcast_at", "confirmed_at",
        ),
        only_columns_change("chain_attempt", "tried_at"),
        only_columns_change("chain_signeraccount", "next_nonce"),
        only_columns_change("chain_holder", "state", "index", "address", "identity", "country", "created_at"),
        append_only("chain_contract"),
        append_only("chain_suite"),
        append_only("gas_transactions"),
    ]
