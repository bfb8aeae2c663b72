"""Semantic image synthesis with spatially-adaptive normalisation (SPADE, GauGAN): chapter 2."""

from nbgan.spade.baseline import InputGenerator
from nbgan.spade.networks import ImageEncoder, SpadeGenerator, SpadeResBlock
from nbgan.spade.recipe import SpadeRecipe
from nbgan.spade.semantics import instance_edges, one_hot, semantics
from nbgan.spade.system import SpadeSystem

__all__ = [
    "ImageEncoder",
    "InputGenerator",
    "SpadeGenerator",
    "SpadeRecipe",
    "SpadeResBlock",
    "SpadeSystem",
    "instance_edges",
    "one_hot",
    "semantics",
]
