"""Class activation maps: where in a picture a classifier found what it names."""

from nbgan.cam.layers import layer_names, watch
from nbgan.cam.maps import (
    ActivationMaps,
    cam,
    class_activation_maps,
    enlarge,
    grad_cam,
    max_contributions,
    to_unit,
)
from nbgan.cam.pictures import heat
from nbgan.cam.scores import bounding_boxes, box_iou, localisation_iou, pointing_game, region

__all__ = [
    "ActivationMaps",
    "bounding_boxes",
    "box_iou",
    "cam",
    "class_activation_maps",
    "enlarge",
    "grad_cam",
    "heat",
    "layer_names",
    "localisation_iou",
    "max_contributions",
    "pointing_game",
    "region",
    "to_unit",
    "watch",
]
