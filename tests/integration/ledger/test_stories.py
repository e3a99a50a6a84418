"""Money stories: what happens to everybody's balance, told from the first deposit to the last cent."""

import pytest

from apps.common import money
from apps.common.ids import new_id
from apps.ledger import selectors, services
from apps.ledger.types import (
    AccountKind,
    AccountSpec,
    Conversion,
    Entry,
    EntryKind,
    HeldTransfer,
    HoldOwner,
    NewHold,
    Posting,
    Rate,
    Release,
    address_of,
    move,
    move_held,
)
from tests.factories import ledger as bank
from tests.factories.ledger import (
    act,
    balance,
    client,
    consume,
    opened,
    pay_in,
    post,
    reserve,
    rest,
    token,
    void,
)

pytestmark = pytest.mark.django_db

FEES = "platform:fees:USD"


def nothing_is_lost():
    return all(not each.balances and not each.postings for each in selectors.sums())


@pytest.mark.spec("LED-1", "LED-5")
def test_noor_pays_in_and_takes_some_of_it_out_again():
    noor = client()
    pay_in(noor, 1_000_00)
    assert balance(noor) == (1_000_00, 0)

    hold = reserve(noor, 300_00, owner_type=HoldOwner.WITHDRAWAL)
    assert balance(noor) == (700_00, 300_00)

    consume(hold, bank.BANK, 300_00, kind=EntryKind.WITHDRAWAL)
    assert balance(noor) == (700_00, 0)
    assert rest(hold) == 0
    assert nothing_is_lost()


@pytest.mark.spec("LED-4", "LED-6")
def test_noor_subscribes_and_the_company_gets_its_money_less_the_fee():
    acme = token("ACME")
    noor, noors_tokens = pay_in(client("noor"), 1_000_00), client("noor", acme)
    escrow = opened(AccountSpec(AccountKind.ESCROW, "USD", "acme-inc"))
    company = opened(AccountSpec(AccountKind.ISSUER, "USD", "acme-inc"))
    supply = opened(AccountSpec(AccountKind.ISSUANCE, acme, "acme-inc"))

    hold = reserve(noor, 400_00, owner_type=HoldOwner.SUBSCRIPTION)
    consume(hold, escrow, 400_00, kind=EntryKind.SUBSCRIPTION, key="subscription:1")
    post(bank.transfer(supply, noors_tokens, 40, kind=EntryKind.ISSUANCE, asset=acme))
    assert (balance(noor), balance(escrow), balance(noors_tokens)) == ((600_00, 0), (400_00, 0), (40, 0))
    assert balance(supply) == (-40, 0)  # the company owes forty shares

    fee = money.basis_points(400_00, 200)
    lines = (
        Posting(escrow, "USD", -400_00),
        Posting(company, "USD", 400_00 - fee),
        Posting(FEES, "USD", fee),
    )
    post(Entry(EntryKind.ESCROW_RELEASE, "offering:1:closed", lines))
    assert (balance(escrow), balance(company), balance(FEES)) == ((0, 0), (392_00, 0), (8_00, 0))
    assert nothing_is_lost()


@pytest.mark.spec("LED-4")
def test_a_limit_order_trades_below_its_limit_and_gets_the_difference_back():
    acme = token("ACME")
    buyer, buyers = pay_in(client("b"), 1_000_00), client("b", acme)
    seller, sellers = client("s"), client("s", acme)
    supply = opened(AccountSpec(AccountKind.ISSUANCE, acme, "acme-inc"))
    post(bank.transfer(supply, sellers, 10, kind=EntryKind.ISSUANCE, asset=acme))

    bid, ask = reserve(buyer, 10 * 50_00), reserve(sellers, 10)
    price, fee = 48_00, 1_20
    trade = Entry(
        EntryKind.TRADE,
        "trade:1",
        (
            *move_held(hold=bid, source=buyer, target=seller, asset="USD", amount=10 * price),
            *move_held(hold=ask, source=sellers, target=buyers, asset=acme, amount=10),
            *move(source=seller, target=FEES, asset="USD", amount=fee),
        ),
    )
    post(trade)
    void(bid)

    assert balance(buyer) == (1_000_00 - 480_00, 0)
    assert balance(buyers) == (10, 0)
    assert balance(seller) == (480_00 - fee, 0)
    assert balance(sellers) == (0, 0)
    assert balance(FEES) == (fee, 0)
    assert nothing_is_lost()


@pytest.mark.spec("LED-4")
def test_an_order_is_placed_filled_and_closed_in_one_batch():
    buyer, seller = pay_in(client(), 1_000), client()
    new = NewHold(new_id(), buyer, "USD", 600, HoldOwner.ORDER, "order-1")
    fill = move_held(hold=new.id, source=buyer, target=seller, asset="USD", amount=450)
    back = move_held(hold=new.id, source=buyer, target=buyer, asset="USD", amount=150)
    posted = post(
        Entry(EntryKind.TRANSFER, "fill:1", fill), Entry(EntryKind.RELEASE, "release:1", back), holds=[new]
    )
    assert [each.business_key for each in posted] == [f"hold:{new.id}", "fill:1", "release:1"]
    assert (balance(buyer), balance(seller)) == ((550, 0), (450, 0))
    hold = selectors.holds([new.id])[new.id]
    assert (hold.amount, hold.consumed, hold.released, hold.state) == (600, 450, 150, "closed")


@pytest.mark.spec("LED-3")
def test_dollars_become_dirhams_at_a_recorded_rate():
    dollars, dirhams = pay_in(client("d"), 100_00), client("d", "AED")
    asked = Conversion(dollars, dirhams, 33_33, Rate(36725, 10000, "central-bank"), "fx:1")
    first = act(services.convert, conversions=[asked], by=bank.BY, at=bank.AT)
    again = act(services.convert, conversions=[asked], by=bank.BY, at=bank.AT)

    assert balance(dollars) == (66_67, 0)
    assert balance(dirhams) == (122_40, 0)  # 122.404425 exactly
    assert balance("platform:fx:USD") == (33_33, 0)
    assert balance("platform:fx:AED") == (-122_40, 0)
    assert (first[0].repeated, again[0].repeated, first[0].entry) == (False, True, again[0].entry)
    data = bank.data_of("fx:1")
    assert data == {"rate": "1469/400", "source": "central-bank", "rest": "177/400"}
    assert nothing_is_lost()


@pytest.mark.spec("LED-2")
def test_a_dividend_pays_three_holders_and_the_remainder_has_a_name():
    company = pay_in(opened(AccountSpec(AccountKind.ISSUER, "USD", "acme-inc")), 100)
    holders = [client() for _ in range(3)]
    parts = money.split(100, [1, 1, 1])
    lines = [Posting(company, "USD", -100)]
    lines += [Posting(holder, "USD", part) for holder, part in zip(holders, parts, strict=True)]
    post(Entry(EntryKind.DIVIDEND, "dividend:1", tuple(lines)))
    assert [balance(holder)[0] for holder in holders] == [34, 33, 33]
    assert balance(company) == (0, 0)


def test_what_a_dead_holder_can_not_be_paid_waits_among_clients_money():
    company = pay_in(opened(AccountSpec(AccountKind.ISSUER, "USD", "acme-inc")), 50)
    waiting = address_of(AccountKind.UNCLAIMED, "USD")
    post(bank.transfer(company, waiting, 50, kind=EntryKind.DIVIDEND))
    heir = client()
    post(bank.transfer(waiting, heir, 50))  # from clients' money to clients' money: no listing needed
    assert (balance(waiting), balance(heir)) == ((0, 0), (50, 0))


def test_a_partly_filled_order_is_made_smaller_then_cancelled():
    buyer, seller = pay_in(client(), 1_000), client()
    hold = reserve(buyer, 900)
    consume(hold, seller, 200)
    smaller = Release(hold, 300, "amend:1")
    act(services.release, releases=[smaller], by=bank.BY, at=bank.AT)
    assert (balance(buyer), rest(hold)) == ((400, 400), 400)
    void(hold)
    assert (balance(buyer), balance(seller)) == ((800, 0), (200, 0))


def test_two_held_transfers_in_one_batch_are_both_or_none():
    buyer, one, two = pay_in(client(), 100), client(), client()
    hold = reserve(buyer, 100)
    wanted = [
        HeldTransfer(hold, one, 60, EntryKind.TRANSFER, "part:1"),
        HeldTransfer(hold, two, 60, EntryKind.TRANSFER, "part:2"),
    ]
    with pytest.raises(services.HoldExhausted):
        act(services.post_held, transfers=wanted, by=bank.BY, at=bank.AT)
    assert (balance(buyer), balance(one), balance(two)) == ((0, 100), (0, 0), (0, 0))


def test_a_wrong_fee_is_taken_back_by_an_entry_of_its_own():
    noor = pay_in(client(), 100)
    post(bank.transfer(noor, FEES, 30, kind=EntryKind.FEE, key="fee:1"))
    for repeated in (False, True):
        posted = act(
            services.reverse, business_keys=["fee:1"], reason="charged twice", by=bank.BY, at=bank.AT
        )
        assert posted[0].repeated is repeated
    assert (balance(noor), balance(FEES)) == ((100, 0), (0, 0))
    assert [movement.kind for movement in selectors.entries_of(noor)] == ["reversal", "fee", "deposit"]


def test_what_was_consumed_from_a_hold_is_given_back_as_available():
    noor, shop = pay_in(client(), 100), client()
    hold = reserve(noor, 60)
    consume(hold, shop, 60, key="sale:1")
    act(services.reverse, business_keys=["sale:1"], reason="returned", by=bank.BY, at=bank.AT)
    assert (balance(noor), balance(shop), rest(hold)) == ((100, 0), (0, 0), 0)


def test_what_was_spent_can_not_be_taken_back():
    noor, shop = pay_in(client(), 100, key="deposit:1"), client()
    post(bank.transfer(noor, shop, 80))
    with pytest.raises(services.InsufficientFunds):
        act(services.reverse, business_keys=["deposit:1"], reason="bounced", by=bank.BY, at=bank.AT)
    hold = reserve(noor, 5)
    for key, refused in ((f"hold:{hold}", services.NotReversible), ("never", services.UnknownEntry)):
        with pytest.raises(refused):
            act(services.reverse, business_keys=[key], reason="x", by=bank.BY, at=bank.AT)
