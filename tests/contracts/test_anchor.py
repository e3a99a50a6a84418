"""CON-5: daily roots and paid distributions on record, and the test stablecoin."""

import pytest
from eth_account.messages import encode_typed_data

from tests.contracts import platform as steps
from tests.contracts.chain import NO, YES, events
from tests.contracts.world import CASH, World

pytestmark = pytest.mark.spec("CON-5")

ROOT, OTHER = bytes([1] * 32), bytes([2] * 32)
AUDIT_LOG, LIABILITIES = 0, 1
DIVIDEND, COUPON = 0, 1


@pytest.fixture
def anchor(world: World):
    return world.platform.anchor


def publish(world: World, call):
    """Send a call as the publisher."""
    return world.chain.send(call, by=world.keys.publisher)


def test_a_days_root_is_on_record(world: World, anchor):
    day = world.chain.now() // 86_400
    receipt = publish(world, anchor.functions.anchor(AUDIT_LOG, day, ROOT))
    assert events(anchor, "RootAnchored", receipt) == [{"book": AUDIT_LOG, "day": day, "root": ROOT}]
    assert anchor.functions.rootOf(AUDIT_LOG, day).call() == ROOT
    assert anchor.functions.rootOf(LIABILITIES, day).call() == bytes(32)
    publish(world, anchor.functions.anchor(LIABILITIES, day, OTHER))
    assert anchor.functions.rootOf(AUDIT_LOG, day).call() == ROOT


def test_a_root_is_never_replaced(world: World, anchor):
    publish(world, anchor.functions.anchor(AUDIT_LOG, 20_000, ROOT))
    for root in (ROOT, OTHER):
        call = anchor.functions.anchor(AUDIT_LOG, 20_000, root)
        assert world.refusal(call, world.keys.publisher) == ("AlreadyAnchored", (AUDIT_LOG, 20_000, ROOT))


def test_a_senseless_root_is_refused(world: World, anchor):
    today = world.chain.now() // 86_400
    empty = anchor.functions.anchor(AUDIT_LOG, today, bytes(32))
    assert world.refusal(empty, world.keys.publisher) == ("EmptyRoot", ())
    later = anchor.functions.anchor(AUDIT_LOG, today + 2, ROOT)
    assert world.refusal(later, world.keys.publisher) == ("DayInFuture", (today + 2,))


def test_a_distribution_is_recorded_once(world: World, anchor):
    action, token = bytes([7] * 32), world.free.token.address
    call = anchor.functions.recordDistribution(action, token, COUPON, 12_500, ROOT)
    receipt = publish(world, call)
    assert events(anchor, "DistributionPaid", receipt) == [
        {"actionId": action, "token": token, "kind": COUPON, "perToken": 12_500, "root": ROOT}
    ]
    assert world.refusal(call, world.keys.publisher) == ("AlreadyRecorded", (action, ROOT))
    record = anchor.functions.recordDistribution
    assert world.refusal(record(bytes(32), token, DIVIDEND, 1, ROOT), world.keys.publisher) == (
        "EmptyActionId",
        (),
    )
    assert world.refusal(record(ROOT, token, DIVIDEND, 1, bytes(32)), world.keys.publisher) == (
        "EmptyRoot",
        (),
    )


def test_only_a_publisher_records(world: World, anchor):
    calls = [
        anchor.functions.anchor(AUDIT_LOG, 1, ROOT),
        anchor.functions.recordDistribution(ROOT, world.mallory, DIVIDEND, 1, ROOT),
    ]
    for call in calls:
        assert world.refusal(call, world.keys.owner) == ("NotPublisher", (world.keys.owner.lower(),))
    name = anchor.functions.setPublisher(world.mallory, YES)
    why = world.refusal(name, world.keys.publisher)
    assert why == ("OwnableUnauthorizedAccount", (world.keys.publisher.lower(),))
    world.owner(anchor.functions.setPublisher(world.keys.publisher, NO))
    assert world.refusal(calls[0], world.keys.publisher)[0] == "NotPublisher"


def test_the_stablecoin_has_six_decimals_and_one_minter(world: World):
    assert world.cash.functions.decimals().call() == 6
    mint = world.cash.functions.mint(world.alice, 1)
    assert world.refusal(mint, world.alice) == ("OwnableUnauthorizedAccount", (world.alice.lower(),))


def test_a_buyer_without_gas_allows_cash_by_signature(world: World):
    """A custodial address holds no native coin: anybody may bring its signed permit."""
    cash, spender, deadline = world.cash, world.settlement.address, world.chain.now() + 3600
    message = {"owner": world.bob, "spender": spender, "value": 42, "nonce": 0, "deadline": deadline}
    domain = {
        "name": "Alef Test Dollar",
        "version": "1",
        "chainId": world.chain.w3.eth.chain_id,
        "verifyingContract": cash.address,
    }
    types = {"Permit": [{"name": name, "type": kind} for name, kind in PERMIT]}
    key = steps.development_key(world.chain.accounts.index(world.bob))
    signed = key.sign_message(encode_typed_data(domain, types, message))
    r, s = (part.to_bytes(32, "big") for part in (signed.r, signed.s))
    permit = cash.functions.permit(world.bob, spender, 42, deadline, signed.v, r, s)
    world.chain.send(permit, by=world.keys.operator)
    assert cash.functions.allowance(world.bob, spender).call() == 42 != CASH


PERMIT = (
    ("owner", "address"),
    ("spender", "address"),
    ("value", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint256"),
)
