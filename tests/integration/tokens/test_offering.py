"""From a draft to tokens on chain: the verbs, one after the other, and what each refuses."""

from datetime import timedelta

import pytest

from apps.chain.types import IntentKind
from apps.ledger import selectors as ledger
from apps.tokens import selectors, services
from apps.tokens.types import AllocationStatus, OnChainStatus, TokenStatus, TradingMode
from tests.factories import ledger as bank
from tests.factories import tokens as make
from tests.factories.tokens import AT, BY

pytestmark = pytest.mark.django_db


@pytest.mark.spec("TOK-3", "TOK-4", "OFR-1", "OFR-2", "LED-5")
def test_the_whole_way_from_draft_to_mint():
    token = make.offered()
    assert (token.status, token.trading_mode) == (TokenStatus.PRIMARY, TradingMode.PRIMARY_SUBSCRIPTION)
    noor = make.investor(cash=5_000_00)
    cash, units = f"client:{noor.id}:USD", f"client:{noor.id}:{token.terms.symbol}"
    allocation = make.subscribed(token, noor, 100)
    assert bank.balance(cash) == (4_000_00, 1_000_00)
    assert selectors.token(token.id).tokens_reserved == 100

    done = services.confirm_payment(token_id=token.id, allocation_ids="all", by=BY, at=AT)
    assert [each.id for each in done.confirmed] == [allocation.id]
    token = selectors.token(token.id)
    assert (token.tokens_sold, token.tokens_reserved, token.total_raised) == (100, 0, 1_000_00)
    assert bank.balance(cash) == (4_000_00, 0)
    assert bank.balance(f"issuer:{token.business_id}:escrow:{token.id}:USD") == (1_000_00, 0)
    assert ledger.balances([units])[units].withdrawable == 0

    later = AT + timedelta(hours=48)
    assert services.queue_due_mints(at=later - timedelta(seconds=1)) == 0
    assert services.queue_due_mints(at=later) == 1
    make.chain_says(services.note_minted, IntentKind.MINT, allocation.id, at=later)
    minted = selectors.allocation(allocation.id)
    assert (minted.status, minted.on_chain_status) == (AllocationStatus.CONFIRMED, OnChainStatus.MINTED)
    assert ledger.balances([units])[units].withdrawable == 100
    assert not any(each.balances or each.postings for each in ledger.sums())
