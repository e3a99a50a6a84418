"""The indexer process: reads what final blocks say of our contracts, in order, once, and without a gap."""

from apps.chain.indexer.process import Indexer

__all__ = ["Indexer"]
