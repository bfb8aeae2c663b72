"""The Streets world: procedural pictures with class and instance maps that agree to the pixel."""

from __future__ import annotations

import numpy as np
import torch

from nbgan.data.cityscapes.classes import CITYSCAPES, SKY
from nbgan.data.labels import LabelSpace
from nbgan.data.moods import MoodyWorld
from nbgan.data.streets.backdrop import paint_backdrop
from nbgan.data.streets.buildings import paint_building
from nbgan.data.streets.crowd import Thing, draw_things
from nbgan.data.streets.gardens import paint_garden
from nbgan.data.streets.ground import finish, paint_ground, under_lamps
from nbgan.data.streets.lots import Building, Garden, Lot, draw_rows
from nbgan.data.streets.moods import BY_NAME, MOODS
from nbgan.data.streets.order import painting_order
from nbgan.data.streets.plan import draw_plan
from nbgan.data.streets.scene import Scene
from nbgan.data.streets.shadows import paint_shadows
from nbgan.data.streets.sheet import Sheet
from nbgan.data.streets.sky import paint_sky, sunlight


class Streets(MoodyWorld):
    """Streets of a town at several hours of the day, seen from a car or from the pavement.

    ``ds[i]`` is a dict of ``image`` (float32 ``[3, H, W]``, -1..1), ``label`` (int64 ``[H, W]``,
    ids of :data:`~nbgan.data.cityscapes.CITYSCAPES`), ``instance`` (int64 ``[H, W]``; 0 for what
    is not counted, class * 1000 + n for things, n from 0) and ``mood`` (int64 scalar, position in
    :data:`MOODS`). It depends on split, index and seed alone. The layout does not depend on the
    mood, and not on the size: a larger picture shows the same street with finer detail, a wider
    one shows more at the sides.

    Args:
        size: picture height and width, or ``(height, width)``; at least 32.
        split: ``"train"``, ``"val"`` or ``"test"``; they share no street.
        length: number of pictures; ``None`` for 20000 (train) or 500.
        seed: another seed, another town; 0 or more.
        mood: one of :data:`MOODS`, or ``None`` to draw a mood for each index.

    Raises:
        InputError: an argument is out of its range.
    """

    label_space: LabelSpace = CITYSCAPES
    moods = MOODS
    version = 3
    default_size = (128, 256)
    smallest = 32
    salt = (20260,)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        index = self._checked_index(index)
        name = self.mood(index)
        height, width = self.size
        rng = self._random(index, 0)
        plan = draw_plan(rng)
        mood = BY_NAME[name].jittered(self._random(index, 2 + MOODS.index(name)))
        scene = Scene(sheet=Sheet(height, width), plan=plan, mood=mood)
        things = draw_things(plan, rng)
        lots = draw_rows(plan, rng)
        paint_ground(scene)
        paint_shadows(scene, lots, things)
        under_lamps(scene, [(thing.x, thing.z) for thing in things if thing.lamp])
        paint_backdrop(scene, self._random(index, 2 + len(MOODS)))
        standing = [*lots, *things]
        boxes = np.array([one.box for one in standing])
        for position in painting_order(boxes, plan.camera.x):
            _paint(scene, standing[position])

        label, instance = scene.sheet.owners()
        label[label == 0] = SKY
        drawn = scene.sheet.picture()
        drift = float(self._random(index, 3 + len(MOODS)).uniform(0, 30))
        sky = paint_sky(plan, mood, height, width, drift)
        opacity = drawn[..., 3:]
        image = sky + (drawn[..., :3] - sky) * opacity
        image = finish(image, label, plan, mood, drift)
        image = np.clip(sunlight(image, plan, mood), 0, 1).transpose(2, 0, 1) * 2 - 1
        return {
            "image": torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32)),
            "label": torch.from_numpy(label),
            "instance": torch.from_numpy(instance),
            "mood": torch.tensor(MOODS.index(name)),
        }


def _paint(scene: Scene, one: Lot | Thing) -> None:
    if isinstance(one, Building):
        paint_building(scene, one)
    elif isinstance(one, Garden):
        paint_garden(scene, one)
    else:
        one.paint(scene)
