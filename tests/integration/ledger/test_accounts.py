"""Assets and accounts: what a ledger begins with, and opening more of them."""

import pytest

from apps.common.errors import Conflict
from apps.ledger import models, rules, selectors, services
from apps.ledger.types import AccountKind, AccountSpec, Asset, AssetStatus, AssetType, EntryKind
from tests.factories import ledger as bank
from tests.factories.ledger import act, balance, client, opened, pay_in, post, token

pytestmark = pytest.mark.django_db


@pytest.mark.spec("LED-3")
def test_the_currencies_are_there_from_the_start():
    found = {asset.code: (asset.type, asset.decimals, asset.status) for asset in selectors.assets()}
    fiat = ("fiat", 2, "active")
    assert found == {
        "USD": fiat,
        "AED": fiat,
        "SAR": fiat,
        "EUR": fiat,
        "INR": fiat,
        "USDC": ("stablecoin", 6, "active"),
    }


def test_the_platforms_accounts_are_there_from_the_start():
    wanted = {spec.address for asset in selectors.assets() for spec in rules.system_accounts(asset)}
    assert selectors.balances(wanted).keys() == wanted
    assert models.Account.objects.count() == len(wanted)


@pytest.mark.spec("LED-6")
def test_the_databases_list_of_mixtures_is_the_codes():
    listed = {(row.kind, row.trees) for row in models.ListedMixture.objects.all()}
    assert listed == {(str(kind), trees) for kind, all_trees in rules.MIXTURES.items() for trees in all_trees}


@pytest.mark.spec("LED-1")
def test_opening_an_account_twice_opens_it_once():
    spec = AccountSpec(AccountKind.CLIENT, "USD", "noor")
    first = act(services.open_accounts, accounts=[spec, spec])
    second = act(services.open_accounts, accounts=[spec, AccountSpec(AccountKind.CLIENT, "EUR", "noor")])
    assert first[spec.address] == second[spec.address]
    assert [each.account.asset for each in selectors.balances_of("noor")] == ["EUR", "USD"]


def test_an_account_needs_a_known_asset():
    with pytest.raises(selectors.UnknownAsset):
        act(services.open_accounts, accounts=[AccountSpec(AccountKind.CLIENT, "XYZ", "noor")])


@pytest.mark.spec("LED-5")
def test_an_owner_sees_their_own_accounts_of_one_kind():
    pay_in(client("noor"), 5)
    client("sami")
    opened(AccountSpec(AccountKind.ISSUER, "USD", "noor"))
    assert [each.account.address for each in selectors.balances_of("noor")] == ["client:noor:USD"]
    issuers = selectors.balances_of("noor", kind=AccountKind.ISSUER)
    assert [each.account.address for each in issuers] == ["issuer:noor:USD"]


@pytest.mark.spec("LED-3")
def test_a_token_is_registered_once_with_its_accounts():
    acme = Asset("ACME", "Acme Inc", AssetType.TOKEN, 4)
    for _ in range(2):
        act(services.register_assets, assets=[acme])
    assert selectors.asset("ACME") == acme
    assert balance("platform:treasury:ACME") == (0, 0)
    with pytest.raises(services.AssetTaken):
        act(services.register_assets, assets=[Asset("ACME", "Another", AssetType.TOKEN, 0)])


@pytest.mark.parametrize(("code", "decimals"), [("A B", 0), ("", 0), ("A:B", 0), ("ACME", 19), ("ACME", -1)])
def test_what_can_not_be_an_asset_is_refused(code, decimals):
    with pytest.raises(services.InvalidAsset):
        act(services.register_assets, assets=[Asset(code, "x", AssetType.TOKEN, decimals)])


@pytest.mark.spec("LED-3")
def test_an_asset_is_retired_when_nobody_holds_it():
    acme = token("ACME")
    supply, holder = opened(AccountSpec(AccountKind.ISSUANCE, acme, "acme")), client("h", acme)
    post(bank.transfer(supply, holder, 10, kind=EntryKind.ISSUANCE, asset=acme))
    with pytest.raises(services.AssetInUse):
        act(services.set_asset_status, code=acme, to=AssetStatus.RETIRED)
    post(bank.transfer(holder, supply, 10, kind=EntryKind.REDEMPTION, asset=acme, key="redeem:1"))
    assert act(services.set_asset_status, code=acme, to=AssetStatus.RETIRED).status == "retired"
    with pytest.raises(Conflict) as refusal:
        act(services.set_asset_status, code=acme, to=AssetStatus.ACTIVE)
    assert refusal.value.code == "invalid_transition"
    with pytest.raises(selectors.UnknownAsset):
        act(services.set_asset_status, code="XYZ", to=AssetStatus.SUSPENDED)
