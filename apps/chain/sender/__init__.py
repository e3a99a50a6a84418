"""The chain process: carries out intents, and alone holds keys (CHN-2)."""

from apps.chain.sender.process import KeyChanged, Sender
from apps.chain.sender.round import go_round

__all__ = ["KeyChanged", "Sender", "go_round"]
