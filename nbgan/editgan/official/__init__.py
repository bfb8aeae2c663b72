"""Published EditGAN files: the encoder, the pixel classifiers, editing vectors; and their replay.

The generator of EditGAN loads as ``stylegan2/generator_rosinality``. Its classifiers are
DatasetGAN's, one file a member.
"""

from nbgan.datasetgan.official import REPLAYS as DATASETGAN_REPLAYS
from nbgan.datasetgan.official import build_classifier, read_classifier
from nbgan.editgan.official import replay
from nbgan.editgan.official.encoder import build_encoder
from nbgan.editgan.official.joint import open_published
from nbgan.editgan.official.vectors import read_published_vector

BUILDERS = {
    "editgan/encoder": build_encoder,
    "editgan/pixel_classifier": build_classifier,
}

READERS = {
    "editgan/encoder": read_classifier,
    "editgan/pixel_classifier": read_classifier,
}

REPLAYS = {
    "editgan/encoder": replay.replay_encoder,
    "editgan/pixel_classifier": DATASETGAN_REPLAYS["datasetgan/pixel_classifier"],
    "editgan/segment": replay.replay_segment,
    "editgan/embed": replay.replay_embed,
    "editgan/edit": replay.replay_edit,
}

__all__ = ["BUILDERS", "READERS", "REPLAYS", "open_published", "read_published_vector"]
