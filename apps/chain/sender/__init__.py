"""The chain process: carries out intents, and alone holds keys (CHN-2)."""

from apps.chain.sender.round import go_round

__all__ = ["go_round"]
