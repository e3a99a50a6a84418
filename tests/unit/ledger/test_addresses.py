"""An account's address says what the account is for, and no two purposes share one."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.errors import Invalid
from apps.ledger.types import TREE_OF, AccountKind, AccountSpec, address_of


@pytest.mark.parametrize(
    ("spec", "address"),
    [
        (AccountSpec(AccountKind.CLIENT, "USD", "7f3a"), "client:7f3a:USD"),
        (AccountSpec(AccountKind.ISSUER, "USD", "b1"), "issuer:b1:USD"),
        (AccountSpec(AccountKind.ESCROW, "USD", "b1"), "issuer:b1:escrow:USD"),
        (AccountSpec(AccountKind.ESCROW, "USD", "b1", "o9"), "issuer:b1:escrow:o9:USD"),
        (AccountSpec(AccountKind.ISSUANCE, "ACME", "b1"), "issuer:b1:issuance:ACME"),
        (AccountSpec(AccountKind.FEE_INCOME, "USD"), "platform:fees:USD"),
        (AccountSpec(AccountKind.FEE_INCOME, "USD", label="acme-usd"), "platform:fees:acme-usd:USD"),
        (AccountSpec(AccountKind.FX, "EUR"), "platform:fx:EUR"),
        (AccountSpec(AccountKind.UNCLAIMED, "USD"), "client:unclaimed:USD"),
        (AccountSpec(AccountKind.EXTERNAL, "USD", label="bank"), "external:bank:USD"),
    ],
)
@pytest.mark.spec("LED-1")
def test_addresses_are_readable(spec, address):
    assert spec.address == address
    assert address_of(spec.kind, spec.asset, owner=spec.owner, label=spec.label) == address


@pytest.mark.parametrize(
    ("kind", "asset", "owner", "label"),
    [
        (AccountKind.CLIENT, "USD", "", ""),
        (AccountKind.CLIENT, "USD", "a:b", ""),
        (AccountKind.CLIENT, "USD", "unclaimed", ""),
        (AccountKind.CLIENT, "US D", "a", ""),
        (AccountKind.CLIENT, "USD", "é", ""),
        (AccountKind.CLIENT, "USD", "a" * 65, ""),
        (AccountKind.CLIENT, "U" * 41, "a", ""),
        (AccountKind.ISSUER, "USD", "b1", "escrow"),
        (AccountKind.FX, "USD", "somebody", ""),
        (AccountKind.EXTERNAL, "USD", "", ""),
    ],
)
def test_what_makes_no_address_is_refused(kind, asset, owner, label):
    with pytest.raises(Invalid) as refusal:
        AccountSpec(kind, asset, owner, label)
    assert refusal.value.code == "invalid_account"


part = st.from_regex(r"[a-z0-9_.-]{1,8}", fullmatch=True)


@given(st.lists(st.tuples(st.sampled_from(AccountKind), part, part | st.just("")), min_size=2, max_size=8))
def test_different_purposes_have_different_addresses(wanted):
    specs = set()
    for kind, owner, label in wanted:
        for has_owner in (owner, ""):
            try:
                specs.add(AccountSpec(kind, "USD", has_owner, label))
            except Invalid:
                continue
    assert len({spec.address for spec in specs}) == len(specs)


@pytest.mark.spec("LED-6")
def test_every_kind_has_its_tree_at_the_head_of_the_address():
    for kind, (owner, label) in itertools.product(AccountKind, [("o1", ""), ("", "l1")]):
        try:
            spec = AccountSpec(kind, "USD", owner, label)
        except Invalid:
            continue
        assert spec.address.startswith(f"{TREE_OF[kind]}:")
        assert spec.address.endswith(":USD")
