"""U-GAT-IT and photo2cartoon: pictures of one domain translated into another, without pairs.

Sources: Kim et al., *U-GAT-IT* (2020); minivision-ai, *photo2cartoon* (2020). Both generators are
one family of modules, and both systems share discriminators and losses.
"""

from nbgan.ugatit.cartoon import CartoonGenerator
from nbgan.ugatit.discriminator import CAMDiscriminator, DiscriminatorOutput
from nbgan.ugatit.generator import GeneratorOutput, UGATITGenerator
from nbgan.ugatit.losses import PHOTO2CARTOON, UGATIT, LossWeights
from nbgan.ugatit.recipe import UGATITRecipe
from nbgan.ugatit.system import UGATITSystem

__all__ = [
    "PHOTO2CARTOON",
    "UGATIT",
    "CAMDiscriminator",
    "CartoonGenerator",
    "DiscriminatorOutput",
    "GeneratorOutput",
    "LossWeights",
    "UGATITGenerator",
    "UGATITRecipe",
    "UGATITSystem",
]
