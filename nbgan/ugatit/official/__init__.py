"""Published U-GAT-IT and photo2cartoon checkpoints: read them, and replay their parts."""

from nbgan.ugatit.official.builders import BUILDERS, READERS
from nbgan.ugatit.official.replay import REPLAYS

__all__ = ["BUILDERS", "READERS", "REPLAYS"]
