"""StyleGAN and StyleGAN2: chapter 4."""

from nbgan.stylegan.discriminator import StyleGAN2Discriminator
from nbgan.stylegan.generator import Noise, StyleGenerator
from nbgan.stylegan.generator1 import StyleGAN1Generator
from nbgan.stylegan.generator2 import StyleGAN2Generator
from nbgan.stylegan.mapping import MappingNetwork
from nbgan.stylegan.recipe import StyleGANRecipe
from nbgan.stylegan.system import StyleGANSystem

__all__ = [
    "MappingNetwork",
    "Noise",
    "StyleGAN1Generator",
    "StyleGAN2Discriminator",
    "StyleGAN2Generator",
    "StyleGANRecipe",
    "StyleGANSystem",
    "StyleGenerator",
]
