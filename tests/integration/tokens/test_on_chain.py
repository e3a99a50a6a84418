"""Really on chain: a suite deployed, tokens minted, and the ledger compared with balanceOf."""

from datetime import timedelta

import pytest

from apps.businesses import selectors as of_businesses
from apps.chain import services as chain_acts
from apps.chain.client import transactions as node
from apps.chain.models import Intent
from apps.common.clock import now
from apps.ledger import selectors as ledger
from apps.tokens import selectors, services
from apps.tokens.types import TREASURY, OnChainStatus
from tests.factories import ledger as bank
from tests.factories import tokens as make
from tests.factories.compliance import limit
from tests.factories.tokens import BY
from tests.integration.chain.test_indexer import index
from tests.relay import deliver_all

pytestmark = pytest.mark.django_db(transaction=True)


def settle(chain):
    """Have the chain carry out what was asked of it, and everybody told."""
    chain.carry_out()
    deliver_all()


@pytest.fixture
def token(chain):
    """An open offering whose contracts are really deployed; residents of the Emirates may hold it."""
    limit(0)
    draft = make.drafted(eligible_countries=("AE",), decimals=2, total_supply=1_000_000, at=now())
    services.deploy(token_id=draft.id, by=BY, at=now())
    settle(chain)
    found = selectors.token(draft.id)
    assert found.is_deployed, found.deploy_error
    return make.offered(found, at=now())


def registered(chain, **changes):
    account = make.investor(on_chain=False, **changes)
    chain.holder(account.id)
    return account


@pytest.mark.spec("TOK-4", "OFR-2", "CON-1")
def test_what_the_ledger_says_is_what_the_chain_says(chain, token):
    assert {step.state for step in selectors.deployment(token.id).steps} == {"confirmed"}
    noor, sami = registered(chain), registered(chain)
    for account, quantity in ((noor, 100_00), (noor, 25_50), (sami, 10_00)):
        allocation = make.subscribed(token, account, quantity, at=now())
        make.waive(allocation, at=now())
    services.confirm_payment(token_id=token.id, allocation_ids="all", by=BY, at=now())
    assert services.queue_due_mints(at=now()) == 3
    settle(chain)
    minted = selectors.allocations(token.id, on_chain_status="minted")
    assert len(minted) == 3
    assert len({each.on_chain_tx_hash for each in minted}) == 3
    lines = {line.owner: line for line in selectors.register(token.id)}
    for account, units in ((noor, 125_50), (sami, 10_00)):
        address = lines[account.id].address
        assert chain.units(token.contracts.contract_address, address) == units
        own = f"client:{account.id}:{token.terms.symbol}"
        balance = ledger.balances([own])[own]
        assert (balance.total, balance.withdrawable) == (units, units)
    assert chain.supply(token.contracts.contract_address) == selectors.token(token.id).tokens_sold == 135_50
    assert ledger.verify().findings == ()


@pytest.mark.spec("TOK-5", "TOK-9", "OFR-3")
def test_after_the_go_live_the_ledger_and_the_register_agree(chain, token):
    noor, sami = registered(chain), registered(chain)
    for account, quantity in ((noor, 125_50), (sami, 10_00)):
        make.waive(make.subscribed(token, account, quantity, at=now()), at=now())
    services.confirm_payment(token_id=token.id, allocation_ids="all", by=BY, at=now())
    services.queue_due_mints(at=now())
    settle(chain)
    listed = services.enable_secondary(token_id=token.id, by=BY, at=now())
    settle(chain)
    settle(chain)  # the mints were asked for by a message of the first
    assert {each.on_chain_status for each in selectors.granted(token.id)} == {OnChainStatus.MINTED}
    contract = listed.contracts.contract_address
    assert node.read(contract, "paused()", returns="bool") is False
    chain.rpc("anvil_mine", "0x40")
    index()
    lines = selectors.register(token.id)
    assert {line.owner for line in lines} == {
        noor.id,
        sami.id,
        of_businesses.owner(token.business_id),
        TREASURY,
    }
    for line in lines:
        assert line.awaiting_mint == 0
        assert line.ledger_units == line.chain_units == chain.units(contract, line.address), line
    held = sum(line.ledger_units for line in lines)
    assert chain.supply(contract) == held == selectors.outstanding(listed) == 135_50 + 4_000_00
    escrow = f"issuer:{token.business_id}:escrow:{token.id}:USD"
    assert ledger.balances([escrow])[escrow].total == 0
    assert (listed.total_raised, listed.success_fee, listed.paid_out) == (1_355_00, 27_10, 1_327_90)
    services.pause(token_id=token.id, reason="a look at it", by=BY, at=now())
    services.resume(token_id=token.id, reason="it is well", by=BY, at=now())
    services.pause(token_id=token.id, reason="again", by=BY, at=now())
    settle(chain)
    assert node.read(contract, "paused()", returns="bool") is True
    assert ledger.verify().findings == ()


@pytest.mark.spec("OFR-2")
def test_a_mint_that_the_contract_refuses_fails_and_may_be_tried_again(chain, token):
    omar = make.investor(on_chain=False)
    bank.act(chain_acts.request_holder, owner=omar.id, country=276, by=BY, at=now())  # Germany, on chain
    chain.carry_out()
    allocation = make.subscribed(token, omar, 10_00, at=now())
    make.waive(allocation, at=now())
    services.confirm_payment(token_id=token.id, allocation_ids="all", by=BY, at=now())
    services.queue_due_mints(at=now())
    for _ in range(8):  # its attempts, each after a pause
        settle(chain)
        Intent.objects.filter(subject=allocation.id, state="queued").update(next_attempt_at=now())
    failed = selectors.allocation(allocation.id)
    assert failed.on_chain_status is OnChainStatus.FAILED, failed
    assert failed.on_chain_error
    own = f"client:{omar.id}:{token.terms.symbol}"
    assert ledger.balances([own])[own].withdrawable == 0
    again = services.requeue_mint(allocation_id=allocation.id, by=BY, at=now() + timedelta(seconds=1))
    assert again.on_chain_status is OnChainStatus.QUEUED
    assert Intent.objects.get(subject=allocation.id).state == "queued"
