"""Published StyleGAN checkpoints: read the authors' files, and replay their parts."""

from nbgan.stylegan.official import ada, rosinality, stylegan1
from nbgan.stylegan.official.replay import REPLAYS

BUILDERS = {
    "stylegan1/generator": stylegan1.build_generator,
    "stylegan2/generator_rosinality": rosinality.build_generator,
    "stylegan2/discriminator_rosinality": rosinality.build_discriminator,
    "stylegan2/generator_ada": ada.build_generator,
    "stylegan2/discriminator_ada": ada.build_discriminator,
}

READERS = {
    "stylegan2/generator_rosinality": rosinality.read_generator,
    "stylegan2/discriminator_rosinality": rosinality.read_discriminator,
    "stylegan2/generator_ada": ada.read_generator,
    "stylegan2/discriminator_ada": ada.read_discriminator,
}

__all__ = ["BUILDERS", "READERS", "REPLAYS"]
