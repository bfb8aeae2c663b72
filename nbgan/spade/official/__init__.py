"""Published SPADE checkpoints: read the authors' files, and replay their parts."""

from nbgan.spade.official.builders import BUILDERS
from nbgan.spade.official.replay import REPLAYS

__all__ = ["BUILDERS", "REPLAYS"]
