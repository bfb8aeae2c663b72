"""High-resolution image synthesis with per-object control (pix2pixHD): chapter 6."""

from nbgan.pix2pixhd.clusters import FeatureClusters
from nbgan.pix2pixhd.edges import edge_map
from nbgan.pix2pixhd.encoder import FeatureEncoder
from nbgan.pix2pixhd.enhancer import LocalEnhancer
from nbgan.pix2pixhd.generator import GlobalGenerator
from nbgan.pix2pixhd.pooling import instance_mean, instance_mean_loop, instance_table
from nbgan.pix2pixhd.recipe import Pix2PixHDRecipe
from nbgan.pix2pixhd.styles import instance_ids
from nbgan.pix2pixhd.system import Pix2PixHDSystem

__all__ = [
    "FeatureClusters",
    "FeatureEncoder",
    "GlobalGenerator",
    "LocalEnhancer",
    "Pix2PixHDRecipe",
    "Pix2PixHDSystem",
    "edge_map",
    "instance_ids",
    "instance_mean",
    "instance_mean_loop",
    "instance_table",
]
