"""Cityscapes: its classes, its folder tree, and the two-way road between that tree and training.

Names live in the modules: :mod:`~nbgan.data.cityscapes.classes` (ids and colours),
:mod:`~nbgan.data.cityscapes.export` (writes the raw tree),
:mod:`~nbgan.data.cityscapes.convert` (turns it into the layout of pix2pixHD).
"""

from nbgan.data.cityscapes.classes import CITYSCAPES, THINGS, cityscapes_ids

__all__ = ["CITYSCAPES", "THINGS", "cityscapes_ids"]
