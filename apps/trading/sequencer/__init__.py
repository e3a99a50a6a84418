"""The sequencer process: decides in which order commands take effect, and records what became of them."""

from apps.trading.sequencer.desk import Desk
from apps.trading.sequencer.process import Sequencer, spare_collections

__all__ = ["Desk", "Sequencer", "spare_collections"]
