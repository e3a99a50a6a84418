"""The beginning of a real exchange's order flow, through the inbox, the sequencer and the ledger."""

from itertools import islice

import pytest
from django.db import connection

from apps.ledger import selectors as ledger
from apps.trading import models, recording
from bench import flow

COMMANDS = 2000

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("MAT-1", "MAT-6", "MAT-7")]


@pytest.fixture
def feeder(valkey):
    if not flow.FILE.exists():
        pytest.skip("the recorded flow lies beside the checkout in shared/data, which is not here")
    return flow.opened(5, cash=10**16, tokens=10**15)


def test_the_real_flow_does_what_the_engine_alone_says(feeder, running):
    number = feeder.instrument.number
    feeder.feed(islice(flow.steps(), COMMANDS))
    trades, lots, refused, state = flow.expected(feeder.commands)
    assert feeder.answered() == {"trades": trades, "lots": lots, "refused": refused}
    assert trades > 10
    assert models.JournalBatch.objects.count() < COMMANDS / 10, "cancels stood in one batch with their orders"
    assert recording.replay(number).state_hash == state
    assert sum(models.Trade.objects.values_list("quantity", flat=True)) == lots * feeder.instrument.lot
    live = models.Order.objects.filter(is_live=True)
    feeder.cancel(list(live.values_list("number", "account_id")))
    running.end()
    connection.close()
    assert not live.exists()
    assert ledger.verify().findings == ()
    owners = models.TradingAccount.objects.values_list("owner", flat=True)
    addresses = [f"client:{owner}:{asset}" for owner in owners for asset in ("USDC", "FLOW")]
    assert not any(each.held for each in ledger.balances(addresses).values())
