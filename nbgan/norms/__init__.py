"""Normalisation layers: one family, "normalise, then modulate".

Every layer subtracts a mean and divides by a standard deviation (:func:`normalize`), then scales
and shifts. Layers differ in the axes that are averaged and in where scale and shift come from:

==============  ==========================  =================================================
layer           averages over               gamma and beta
==============  ==========================  =================================================
batch norm      N, H, W                     parameters, one per channel
layer norm      C, H, W                     parameters, one per channel
instance norm   H, W                        parameters, one per channel
group norm      H, W and a group of C       parameters, one per channel
AdaIN           H, W                        statistics or a linear map of a style
ILN, LIN        blend of H, W and C, H, W   parameters, one per channel
AdaLIN          blend of H, W and C, H, W   arguments, one per sample and channel
SoftAdaLIN      blend of H, W and C, H, W   content and style features, mixed by learned weights
SPADE           those of batch or instance  convolutions of the label map, one per pixel
==============  ==========================  =================================================

All activations are ``[N, C, H, W]``. ``basic`` holds the first four, ``adaptive`` the next four,
``spade`` the last; ``fused`` computes instance norm and the blends in fewer passes; ``official``
reads the published parameters of single layers.
"""

from nbgan.norms.adaptive import ILN, LIN, AdaIN, AdaLIN, SoftAdaLIN, clip_rho_, match_statistics
from nbgan.norms.basic import (
    BatchNormByHand,
    batch_norm,
    check_features,
    group_norm,
    instance_norm,
    layer_norm,
    modulate,
    normalize,
)
from nbgan.norms.spade import SPADE

__all__ = [
    "ILN",
    "LIN",
    "SPADE",
    "AdaIN",
    "AdaLIN",
    "BatchNormByHand",
    "SoftAdaLIN",
    "batch_norm",
    "check_features",
    "clip_rho_",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "match_statistics",
    "modulate",
    "normalize",
]
