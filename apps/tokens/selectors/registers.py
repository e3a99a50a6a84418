"""Who holds a token: the ledger and the chain side by side."""

from uuid import UUID

from django.db.models import Sum

from apps.chain import selectors as chain
from apps.ledger import selectors as ledger
from apps.tokens import models, postings
from apps.tokens.selectors.tokens import token
from apps.tokens.types import (
    TREASURY,
    AllocationStatus,
    OnChainStatus,
    RegisterLine,
    Token,
)


def register(token_id: UUID) -> list[RegisterLine]:
    """Return the holders with what the ledger and the chain say of each, the largest first (TOK-7)."""
    found = token(token_id)
    held = {UUID(owner): units for owner, units in ledger.client_holdings(found.terms.symbol).items()}
    if own := _units_in(postings.units_of(TREASURY, found.terms.symbol).address):
        held[TREASURY] = own
    people = chain.holders(held)
    address_of = {owner: holder.address for owner, holder in people.items() if holder.address}
    on_chain = chain.register(token_id)
    awaiting = _awaiting_mint(token_id)
    lines = [
        RegisterLine(
            owner,
            address_of.get(owner, ""),
            units,
            on_chain.pop(address_of.get(owner, ""), 0),
            awaiting.get(owner, 0),
        )
        for owner, units in held.items()
    ]
    strangers = [RegisterLine(None, address, 0, units, 0) for address, units in on_chain.items()]
    return sorted(lines + strangers, key=lambda line: (-line.ledger_units, -line.chain_units, line.address))


def _awaiting_mint(token_id: UUID) -> dict[UUID, int]:
    waiting = models.Allocation.objects.filter(token=token_id, status=AllocationStatus.CONFIRMED).exclude(
        on_chain_status=OnChainStatus.MINTED
    )
    return {
        owner: units or 0
        for owner, units in waiting.values_list("investor_id").annotate(units=Sum("quantity"))
    }


def _units_in(address: str) -> int:
    balance = ledger.balances([address]).get(address)
    return balance.total if balance else 0


def outstanding(found: Token) -> int:
    """Return how many units of a token are issued and not redeemed, whoever has them."""
    return -_units_in(postings.issuance(found).address)
