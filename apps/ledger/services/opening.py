"""Assets and accounts: what can be owned, and where it lies."""

from collections.abc import Sequence

from apps.common.db import needs_transaction, rows
from apps.common.errors import Conflict, Invalid
from apps.common.money import MAX_DECIMALS
from apps.common.transitions import advance
from apps.ledger import models, rules, selectors, states
from apps.ledger.types import Account, AccountSpec, Asset, AssetStatus, is_asset_code


class InvalidAsset(Invalid):
    """The code or the number of decimals isn't one an asset can have."""

    code = "invalid_asset"


class AssetTaken(Conflict):
    """Another asset has this code."""

    code = "asset_taken"


class AssetInUse(Conflict):
    """Somebody still holds some of the asset."""

    code = "asset_in_use"


@needs_transaction
def register_assets(*, assets: Sequence[Asset]) -> None:
    """Make assets known and open the platform's accounts for them. The same asset again changes nothing.

    Raises InvalidAsset, AssetTaken.
    """
    for asset in assets:
        if not is_asset_code(asset.code) or not 0 <= asset.decimals <= MAX_DECIMALS:
            raise InvalidAsset(f"An asset's code is plain ASCII and its decimals are 0 to {MAX_DECIMALS}.")
        row, _ = models.Asset.objects.get_or_create(
            code=asset.code,
            defaults={
                "name": asset.name,
                "type": str(asset.type),
                "decimals": asset.decimals,
                "status": str(asset.status),
            },
        )
        if (row.type, row.decimals) != (asset.type, asset.decimals):
            raise AssetTaken(f"Another asset is called {asset.code}.", asset=asset.code)
    open_accounts(accounts=[spec for asset in assets for spec in rules.system_accounts(asset)])


@needs_transaction
def set_asset_status(*, code: str, to: AssetStatus) -> Asset:
    """Suspend, resume or retire an asset. The caller writes the audit event, with its reason.

    Raises UnknownAsset, Conflict `invalid_transition`, AssetInUse for one to be retired.
    """
    row = models.Asset.objects.select_for_update().filter(pk=code).first()
    if row is None:
        raise selectors.UnknownAsset(f"There is no asset {code}.")
    advance(states.ASSET, AssetStatus(row.status), to)
    if to is AssetStatus.RETIRED and _is_held(code):
        raise AssetInUse(f"Somebody still holds {code}.", asset=code)
    models.Asset.objects.filter(pk=code).update(status=str(to))
    return selectors.asset(code)


@needs_transaction
def open_accounts(*, accounts: Sequence[AccountSpec]) -> dict[str, Account]:
    """Open accounts that aren't open yet, each with an empty balance; return all of them by address.

    Raises UnknownAsset.
    """
    specs = {spec.address: spec for spec in accounts}
    missing = [specs[address] for address in sorted(specs.keys() - selectors.balances(specs).keys())]
    if missing:
        _refuse_unknown_assets({spec.asset for spec in missing})
        rows(
            "INSERT INTO ledger_account (address, kind, tree, owner, asset_id)"
            " SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])"
            " ON CONFLICT (address) DO NOTHING",
            [
                [spec.address for spec in missing],
                [str(spec.kind) for spec in missing],
                [str(spec.tree) for spec in missing],
                [spec.owner for spec in missing],
                [spec.asset for spec in missing],
            ],
        )
    return {address: balance.account for address, balance in selectors.balances(specs).items()}


def _refuse_unknown_assets(codes: set[str]) -> None:
    known = set(models.Asset.objects.filter(pk__in=codes).values_list("pk", flat=True))
    if unknown := sorted(codes - known):
        raise selectors.UnknownAsset(f"There is no asset {unknown[0]}.")


def _is_held(code: str) -> bool:
    return models.Balance.objects.filter(account__asset_id=code).exclude(available=0, held=0).exists()
