"""Published pix2pixHD checkpoints: read the authors' files, and replay their parts."""

from nbgan.pix2pixhd.official.builders import BUILDERS
from nbgan.pix2pixhd.official.replay import REPLAYS

__all__ = ["BUILDERS", "REPLAYS"]
