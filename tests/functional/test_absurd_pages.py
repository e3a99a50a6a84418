"""Pages asked with absurd queries and forms, as every role: none breaks, and a refusal moved nothing."""

import json
import os
from random import Random

import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.ledger.models import Hold, Posting
from tests.factories.accounts import logged_in
from tests.integration.accounts.test_access import addresses
from tests.town import undone

pytestmark = [pytest.mark.usefixtures("unhindered"), pytest.mark.spec("SEC-6")]

EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "1"))  # of each address and role
NAMES = ["q", "status", "state", "cursor", "page", "page_size", "limit", "from", "to", "currency",
         "country", "search", "instrument", "user_id", "owner", "live", "action", "actor", "target_type",
         "target_id", "reference", "next", "email", "role", "o", "p", "id__exact", "status__exact",
         "created_at__gte", "levels", "side"]  # fmt: skip
FIELDS = ["amount", "currency", "quantity", "price", "side", "order_type", "client_order_id", "version",
          "reason", "budget", "allocation_ids", "business_id", "token_id", "subscription_id", "deposit_id",
          "withdrawal_id", "primary_start", "primary_end", "bank_reference", "decision", "status", "notes",
          "kyc_level", "value", "permissions", "lowest", "highest", "expires_at", "name", "symbol",
          "decimals", "total_supply", "iban", "holder_name"]  # fmt: skip
VALUES = ["", " ", "-1", "0", "1", "NaN", "1e309", "１２", "٣", "1,5", "9" * 40, "9" * 5000, "\u202e",
          "A" * 9000, "all", "\ud800", "2026-02-30", "0001-01-01T00:00:00+14:00",
          "9999-12-31T23:59:59-14:00", "bz05JnI9MSZwPTk5", "00000000-0000-0000-0000-000000000000", "open",
          "USD", "<script>", "'", "%", "[]", "None"]  # fmt: skip
ENDING = {"logout", "account-logout-everywhere", "admin:logout"}
SLOW = {"api-schema", "api-docs"}  # a second each; asked elsewhere
DOWN = {"readyz", "status"}  # nothing runs here
PAGES = sorted(
    {
        name: arguments
        for name, arguments in addresses()
        if not name.startswith("api:") and name not in {"admin:None", "admin:app_list"} | SLOW
    }.items()
)


def moved():
    return [model.objects.count() for model in (Posting, Hold, AuditEvent)]


def drawn(dice, names):
    return {
        name: [dice.choice(VALUES).encode("utf-8", "replace").decode() for _ in range(dice.randint(1, 2))]
        for name in dice.sample(names, dice.randint(1, 8))
    }


@pytest.mark.parametrize("who", ["admin", "staff", "investor", "issuer", "nobody"])
def test_absurd_queries_and_forms(who, town):
    dice, client = Random(who), Client()
    if town.people[who]:
        logged_in(client, town.people[who])
    session = client.cookies.copy()
    for name, samples in PAGES:
        for turn in range(EXAMPLES):
            known = {each: town.ids.get(each, [str(sample)]) for each, sample in samples.items()}
            url = reverse(name, kwargs={each: ids[turn % len(ids)] for each, ids in known.items()})
            query, form = drawn(dice, NAMES), drawn(dice, FIELDS)
            with undone():
                seen = client.get(url, query)
                assert seen.status_code < 500 or name in DOWN, (name, url, query)
            if name in ENDING:
                continue
            client.cookies = session.copy()
            before = moved()
            with undone():
                answer = client.post(url, form)
                what = (name, url, json.dumps(form))
                assert answer.status_code < 500 or answer.status_code == 503 or name in DOWN, what
                assert answer.status_code < 400 or moved() == before, what
            client.cookies = session.copy()
