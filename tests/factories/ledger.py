"""A small bank for tests: opens accounts, pays in, moves and reserves, all by the ledger's own verbs."""

from datetime import UTC, datetime
from itertools import count

from django.db import transaction

from apps.common.ids import new_id
from apps.common.types import Actor
from apps.ledger import models, selectors, services
from apps.ledger.types import (
    AccountKind,
    AccountSpec,
    Asset,
    AssetType,
    Entry,
    EntryKind,
    HeldTransfer,
    HoldOwner,
    NewHold,
    NewTransaction,
    TransactionType,
    move,
)

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
BY = Actor.system("tests")
BANK = "external:bank:USD"
_numbers = count(1)


def act(verb, **arguments):
    """Call an inner verb in a transaction of its own."""
    with transaction.atomic():
        return verb(**arguments)


def client(owner="", asset="USD"):
    """Open a client's account and return its address."""
    return opened(AccountSpec(AccountKind.CLIENT, asset, owner or f"c{next(_numbers)}"))


def opened(spec):
    """Open an account and return its address."""
    act(services.open_accounts, accounts=[spec])
    return spec.address


def token(code, decimals=0):
    """Register a token and return its code."""
    asset = Asset(code, f"Token {code}", AssetType.TOKEN, decimals)
    act(services.register_assets, assets=[asset])
    return code


def post(*entries, at=AT, holds=()):
    """Post entries in one batch."""
    return act(services.post, entries=entries, holds=holds, by=BY, at=at)


def transfer(source, target, amount, *, key="", kind=EntryKind.TRANSFER, asset="USD"):
    """Make the entry that brings an amount from one account to another."""
    return Entry(
        kind, key or f"test:{new_id()}", move(source=source, target=target, asset=asset, amount=amount)
    )


def pay_in(target, amount, *, key=""):
    """Post a deposit from the bank; return the account."""
    post(transfer(BANK, target, amount, key=key, kind=EntryKind.DEPOSIT))
    return target


def rich(amount=10_000):
    """Open a client's account with money in it and return its address."""
    return pay_in(client(), amount)


def reserve(account, amount, *, owner_type=HoldOwner.ORDER, expires_at=None, at=AT):
    """Take a hold and return its id."""
    new = NewHold(new_id(), account, account.rpartition(":")[2], amount, owner_type, "owner", expires_at)
    act(services.hold, holds=[new], by=BY, at=at)
    return new.id


def consume(hold, to, amount, *, key="", kind=EntryKind.TRANSFER, at=AT):
    """Bring a part of a hold to another account."""
    wanted = HeldTransfer(hold, to, amount, kind, key or f"test:{new_id()}")
    return act(services.post_held, transfers=[wanted], by=BY, at=at)


def void(*holds, at=AT):
    """Release the whole rest of holds."""
    return act(services.void, holds=holds, by=BY, at=at)


def balance(address):
    """Return (available, held)."""
    found = selectors.balances([address])[address]
    return found.available, found.held


def rest(hold):
    """Return what a hold has left."""
    return selectors.holds([hold])[hold].rest


def data_of(business_key):
    """Return what an entry says besides its postings."""
    return models.JournalEntry.objects.get(business_key=business_key).data


def line(account, **changes):
    """Open a pending wallet transaction and return its id."""
    new = NewTransaction(new_id(), account, changes.pop("type", TransactionType.DEPOSIT), 100, **changes)
    act(services.open_transactions, transactions=[new], at=AT)
    return new.id
