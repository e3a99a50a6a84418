"""Assets, accounts and what is in them. An account's address says what it is for."""

import re
from dataclasses import dataclass

from apps.common.errors import Invalid
from apps.ledger.types.words import TREE_OF, AccountKind, AssetStatus, AssetType, Tree

_OWNED = frozenset({AccountKind.CLIENT, AccountKind.ISSUER, AccountKind.ESCROW, AccountKind.ISSUANCE})
_WITHOUT_WORD = frozenset({AccountKind.CLIENT, AccountKind.ISSUER, AccountKind.EXTERNAL})
_WORD = {AccountKind.FEE_INCOME: "fees"}
_PART = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_ASSET = re.compile(r"[A-Za-z0-9_.-]{1,40}", re.ASCII)
_RESERVED = {_WORD.get(kind, kind.value) for kind in AccountKind}  # as an owner it would imitate a kind


def _is_part(text: str) -> bool:
    return _PART.fullmatch(text) is not None and text not in _RESERVED


def is_asset_code(text: str) -> bool:
    """Tell whether an asset may have this code."""
    return _ASSET.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """What an account is for. `owner` is a user's or business's id; `label` tells accounts of a kind apart.

    Raises Invalid `invalid_account` for parts that make no address.
    """

    kind: AccountKind
    asset: str
    owner: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        parts = [part for part in (self.owner, self.label) if part]
        well_formed = is_asset_code(self.asset) and all(map(_is_part, parts))
        labelled = bool(self.label) or self.kind is not AccountKind.EXTERNAL
        if not well_formed or not labelled or bool(self.owner) is not (self.kind in _OWNED):
            raise Invalid("These parts don't make the address of an account.", code="invalid_account")

    @property
    def tree(self) -> Tree:
        return TREE_OF[self.kind]

    @property
    def address(self) -> str:
        """Return the address, for example client:7f3a:USD, issuer:b1:escrow:o9:USD, platform:fees:USD."""
        word = "" if self.kind in _WITHOUT_WORD else _WORD.get(self.kind, self.kind.value)
        parts = (self.tree.value, self.owner, word, self.label, self.asset)
        return ":".join(part for part in parts if part)


def address_of(kind: AccountKind, asset: str, *, owner: str = "", label: str = "") -> str:
    """Return the address of the account that is for this. Raises Invalid `invalid_account`."""
    return AccountSpec(kind, asset, owner, label).address


@dataclass(frozen=True, slots=True)
class Asset:
    """Something that can be owned, counted in units of 10^-decimals."""

    code: str
    name: str
    type: AssetType
    decimals: int
    status: AssetStatus = AssetStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class Account:
    """An opened account, and what is needed of its asset to judge an amount."""

    id: int
    address: str
    kind: AccountKind
    owner: str
    asset: str
    decimals: int
    asset_status: AssetStatus


@dataclass(frozen=True, slots=True)
class Balance:
    """What is in an account (LED-5). `unsettled` is the part of `available` that can't be withdrawn yet."""

    account: Account
    available: int
    held: int
    unsettled: int

    @property
    def total(self) -> int:
        return self.available + self.held

    @property
    def withdrawable(self) -> int:
        return max(0, self.available - self.unsettled)
