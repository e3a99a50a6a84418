"""The lives of an asset and of a wallet transaction, as tables."""

from collections.abc import Mapping

from apps.ledger.types import AssetStatus, TransactionStatus

ASSET: Mapping[AssetStatus, frozenset[AssetStatus]] = {
    AssetStatus.ACTIVE: frozenset({AssetStatus.SUSPENDED, AssetStatus.RETIRED}),
    AssetStatus.SUSPENDED: frozenset({AssetStatus.ACTIVE, AssetStatus.RETIRED}),
    AssetStatus.RETIRED: frozenset(),
}

TRANSACTION: Mapping[TransactionStatus, frozenset[TransactionStatus]] = {
    TransactionStatus.PENDING: frozenset(
        {TransactionStatus.COMPLETED, TransactionStatus.FAILED, TransactionStatus.CANCELLED}
    ),
    TransactionStatus.COMPLETED: frozenset(),
    TransactionStatus.FAILED: frozenset(),
    TransactionStatus.CANCELLED: frozenset(),
}
