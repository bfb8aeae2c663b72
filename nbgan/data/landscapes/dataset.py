"""The Landscapes world: procedural pictures, with class maps that agree to the pixel."""

from __future__ import annotations

import numpy as np
import torch

from nbgan.data.labels import LabelSpace
from nbgan.data.landscapes.canvas import Canvas
from nbgan.data.landscapes.classes import LANDSCAPES
from nbgan.data.landscapes.moods import BY_NAME, MOODS
from nbgan.data.landscapes.mountains import paint_mountains
from nbgan.data.landscapes.objects import paint_objects
from nbgan.data.landscapes.plan import draw_plan
from nbgan.data.landscapes.sky import paint_sky
from nbgan.data.landscapes.terrain import paint_terrain
from nbgan.data.landscapes.water import paint_water
from nbgan.data.moods import MoodyWorld


class Landscapes(MoodyWorld):
    """Lakes, coasts, rivers and hills in several moods, drawn on the fly.

    ``ds[i]`` is a dict of ``image`` (float32 ``[3, H, W]``, -1..1), ``label`` (int64 ``[H, W]``,
    ids of :data:`LANDSCAPES`) and ``mood`` (int64 scalar, position in :data:`MOODS`). It depends
    on split, index and seed alone. The layout does not depend on the mood, and not on the size: a
    larger picture shows the same scene with finer detail, a wider one shows more at the sides.

    Args:
        size: picture height and width, or ``(height, width)``; at least 16.
        split: ``"train"``, ``"val"`` or ``"test"``; they share no scene.
        length: number of pictures; ``None`` for 20000 (train) or 500.
        seed: another seed, another world; 0 or more.
        mood: one of :data:`MOODS`, or ``None`` to draw a mood for each index.

    Raises:
        InputError: an argument is out of its range.
    """

    label_space: LabelSpace = LANDSCAPES
    moods = MOODS
    version = 2
    default_size = (128, 128)
    smallest = 16

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        index = self._checked_index(index)
        name = self.mood(index)
        plan = draw_plan(self._random(index, 0))
        mood = BY_NAME[name].jittered(self._random(index, 2 + MOODS.index(name)))
        canvas = Canvas.blank(*self.size)
        paint_sky(canvas, plan, mood)
        paint_mountains(canvas, plan, mood)
        terrain = paint_terrain(canvas, plan, mood)
        paint_objects(canvas, plan, mood, terrain)
        paint_water(canvas, plan, mood)
        image = np.clip(canvas.image, 0, 1).transpose(2, 0, 1) * 2 - 1
        return {
            "image": torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32)),
            "label": torch.from_numpy(canvas.label.astype(np.int64)),
            "mood": torch.tensor(MOODS.index(name)),
        }
