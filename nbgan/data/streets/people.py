"""People on foot: round heads, plain clothes, a stride."""

from __future__ import annotations

import numpy as np

from nbgan.data.cityscapes.classes import PERSON
from nbgan.data.streets.moods import mix
from nbgan.data.streets.scene import Scene, varied
from nbgan.data.streets.sheet import Color, Point

SKINS: tuple[Color, ...] = (
    (0.97, 0.82, 0.71), (0.90, 0.70, 0.56), (0.76, 0.55, 0.41), (0.55, 0.37, 0.27),
    (0.40, 0.27, 0.20),
)  # fmt: skip
HAIR: tuple[Color, ...] = (
    (0.16, 0.12, 0.11), (0.36, 0.24, 0.16), (0.62, 0.42, 0.22), (0.86, 0.72, 0.44),
    (0.62, 0.28, 0.16), (0.74, 0.73, 0.72),
)  # fmt: skip
CLOTHES: tuple[Color, ...] = (
    (0.86, 0.26, 0.24), (0.20, 0.42, 0.68), (0.96, 0.78, 0.30), (0.24, 0.54, 0.44),
    (0.93, 0.92, 0.90), (0.18, 0.20, 0.26), (0.94, 0.56, 0.30), (0.56, 0.36, 0.58),
    (0.90, 0.58, 0.62), (0.36, 0.60, 0.70), (0.62, 0.50, 0.38), (0.50, 0.54, 0.34),
)  # fmt: skip
TROUSERS: tuple[Color, ...] = (
    (0.20, 0.26, 0.40), (0.15, 0.15, 0.18), (0.42, 0.38, 0.34), (0.62, 0.56, 0.46),
    (0.34, 0.40, 0.50),
)  # fmt: skip


def paint_person(scene: Scene, x: float, z: float, seed: int) -> None:
    """One person who stands or walks."""
    instance = scene.thing(PERSON)
    if not scene.seen(x, z, 0.6):
        return
    rng = np.random.default_rng(seed)
    sheet, camera = scene.sheet, scene.camera
    kind = ("trousers", "trousers", "coat", "skirt", "child")[int(rng.integers(5))]
    tall = 0.66 if kind == "child" else rng.uniform(0.94, 1.06)
    s = camera.scale(z) * tall
    fx, fy = camera.at(x, 0, z)
    turn = 1 if rng.random() < 0.5 else -1
    stride = rng.uniform(0.03, 0.20)
    front = rng.random() < 0.6
    facing = (0.0, 0.0, -1.0)

    def tone(color: Color, dark: float = 0.0) -> Color:
        return scene.shade(mix(color, (0.05, 0.04, 0.10), dark), facing, z)

    def at(px: float, py: float) -> Point:
        return fx + turn * px * s, fy - py * s

    skin = SKINS[int(rng.integers(len(SKINS)))]
    hair = varied(rng, HAIR[int(rng.integers(len(HAIR)))])
    top = varied(rng, CLOTHES[int(rng.integers(len(CLOTHES)))])
    legs = varied(rng, TROUSERS[int(rng.integers(len(TROUSERS)))])
    shoes = TROUSERS[int(rng.integers(2))]
    scene.soft_shadow(x, z, 0.34 * tall, 0.28, 0.34)
    sheet.own(PERSON, instance)
    bare = kind == "skirt"
    leg = skin if bare else legs
    w = max(0.145 * s, 2.5)
    back = [at(-0.07, 0.84), at(-0.07 - stride * 0.35, 0.46), at(-0.07 - stride, 0.06)]
    fore = [at(0.07, 0.84), at(0.08 + stride * 0.6, 0.47), at(0.07 + stride, 0.05)]
    close = s > 5 * sheet.pixel
    sheet.stroke(back, tone(leg, 0.22), w)
    sheet.stroke(fore, tone(leg), w)
    if close:
        for foot, dark in ((back[-1], 0.2), (fore[-1], 0.0)):
            sheet.ellipse(foot[0] + turn * 0.05 * s, foot[1] + 0.01 * s, 0.12 * s, 0.06 * s,
                          tone(shoes, dark))  # fmt: skip
    swing = stride * 0.9 + 0.04
    sleeve = max(0.105 * s, 2.0)
    arm = [at(0.20, 1.38), at(0.24, 1.10), at(0.20 - swing * 0.8, 0.86)]
    sheet.stroke(arm, tone(top, 0.30), sleeve)
    hem = {"coat": 0.55, "skirt": 0.52, "child": 0.82}.get(kind, 0.80)
    flare = {"coat": 0.21, "skirt": 0.24}.get(kind, 0.15)
    waist = top if kind != "skirt" else varied(rng, CLOTHES[int(rng.integers(len(CLOTHES)))])
    if kind == "skirt":
        sheet.fill([at(-0.14, 0.98), at(0.14, 0.98), at(flare, hem), at(-flare, hem)],
                   tone(waist, 0.08), line=0.05 * s)  # fmt: skip
        hem, flare = 0.94, 0.14
    torso = [at(-0.19, 1.42), at(0.19, 1.42), at(0.17, 1.05), at(flare, hem), at(-flare, hem),
             at(-0.17, 1.05)]  # fmt: skip
    cloth: Color | str = tone(top, 0.02)
    if s > 14 * sheet.pixel:
        upper = tone(mix(top, (1, 1, 1), 0.10))
        cloth = sheet.fade(((0.0, upper, 1.0), (1.0, tone(top, 0.14), 1.0)))
    sheet.fill(torso, cloth, line=0.07 * s)
    hand = at(-0.22 + swing * 0.8, 0.84)
    if rng.random() < 0.3:
        bag = varied(rng, CLOTHES[int(rng.integers(len(CLOTHES)))])
        bx, by = hand
        sheet.fill([(bx - 0.14 * s, by + 0.04 * s), (bx + 0.14 * s, by + 0.04 * s),
                    (bx + 0.16 * s, by + 0.30 * s), (bx - 0.16 * s, by + 0.30 * s)],
                   tone(bag), line=0.03 * s)  # fmt: skip
    sheet.stroke([at(-0.20, 1.38), at(-0.25, 1.10), hand], tone(top, 0.12), sleeve)
    if close:
        sheet.ellipse(*hand, 0.055 * s, 0.055 * s, tone(skin))
    _head(scene, at(0.0, 1.62), s, turn, tone(skin), tone(skin, 0.15), tone(hair), front,
          long=kind in ("skirt", "coat") and rng.random() < 0.6)  # fmt: skip


def _head(
    scene: Scene,
    place: Point,
    s: float,
    turn: int,
    skin: Color,
    neck: Color,
    hair: Color,
    front: bool,
    *,
    long: bool,
) -> None:
    sheet = scene.sheet
    hx, hy = place
    r = 0.135 * s
    if long:
        sheet.ellipse(hx, hy + 0.5 * r, 1.12 * r, 1.5 * r, hair)
    if r > 0.7 * sheet.pixel:
        sheet.stroke([(hx, hy), (hx, hy + 1.5 * r)], neck, max(0.09 * s, 1.5))
    sheet.ellipse(hx, hy - 0.10 * r, 1.04 * r, 1.08 * r, hair)
    if front:
        sheet.ellipse(hx + 0.14 * turn * r, hy + 0.22 * r, 0.82 * r, 0.84 * r, skin, claim=True)
    else:
        sheet.ellipse(hx + 0.62 * turn * r, hy + 0.30 * r, 0.40 * r, 0.55 * r, skin, claim=True)
