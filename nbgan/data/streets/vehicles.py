"""Paints vehicles of every heading from their bodies: faces turned away are left out."""

from __future__ import annotations

import math

from nbgan.data.streets.bodies import Body
from nbgan.data.streets.camera import Place, area
from nbgan.data.streets.frames import Frame, Vehicle
from nbgan.data.streets.moods import mix
from nbgan.data.streets.scene import Scene, arc
from nbgan.data.streets.sheet import Color, Point

_WHEEL = arc(14)


def paint_vehicle(scene: Scene, bodies: tuple[Body, ...], v: Vehicle) -> None:
    """Paint a vehicle of one or more bodies as one thing."""
    label = bodies[0].label
    instance = scene.thing(label)
    reach = max(body.reach for body in bodies)
    if not scene.seen(v.x, v.z, reach):
        return
    frame = Frame(scene, v)
    half = bodies[0].half_width
    if min(frame.depth(u, w) for u in (-reach, reach) for w in (-half, half)) < 1.25:
        return
    _dark_below(scene, frame, reach, half)
    scene.sheet.own(label, instance)
    ordered = sorted(
        bodies, key=lambda b: -frame.depth((b.profile[0][0] + b.profile[-1][0]) / 2, 0)
    )
    for body in ordered:
        paint = v.second if body is not bodies[0] else v.paint
        _paint_body(scene, frame, body, paint, v)


def _dark_below(scene: Scene, frame: Frame, reach: float, half: float) -> None:
    """The dark ground under a vehicle, softer towards its rim."""
    mood = scene.mood
    for grow, dark in ((0.30, 0.16), (0.14, 0.22), (0.0, 0.28)):
        u, w = reach + grow, half + grow * 0.8
        corner = min(0.5, w * 0.5)
        ring = [
            (u - corner, w), (u, w - corner), (u, corner - w), (u - corner, -w),
            (corner - u, -w), (-u, corner - w), (-u, w - corner), (corner - u, w),
        ]  # fmt: skip
        scene.sheet.fill(
            scene.camera.polygon([frame.place(a, b) for a, b in ring]),
            mood.shadow_color, opacity=dark, claim=False,
        )  # fmt: skip


def _paint_body(scene: Scene, frame: Frame, body: Body, paint: Color, v: Vehicle) -> None:
    sheet = scene.sheet
    s = scene.camera.scale(v.z)
    fine = 2 * body.half_width * s > 8 * sheet.pixel
    line = 0.035 * s if v.z < 22 else 0.0
    _tyres(scene, frame, body)
    sides = [w for w in (-1.0, 1.0) if _side_seen(frame, body, w)]
    if body.belt is not None:
        for w in sides:
            _cabin(scene, frame, body, paint, w, v, fine)
    middle = len(body.profile) - 1
    order = sorted(
        range(middle),
        key=lambda i: -frame.depth((body.profile[i][0] + body.profile[i + 1][0]) / 2, 0),
    )
    for i in order:
        _segment(scene, frame, body, i, paint, v, fine, line)
    for w in sides:
        _side(scene, frame, body, paint, w, v, fine, line)


def _side_seen(frame: Frame, body: Body, w: float) -> bool:
    ring = [frame.at(u, y, w * body.half_width) for u, y, _ in body.profile]
    return area(ring) * w < 0


def _tyres(scene: Scene, frame: Frame, body: Body) -> None:
    """The ends of the wheels, which show below the bumpers."""
    rings = []
    r = body.radius
    outer, inner = body.half_width * 0.96, body.half_width - 0.26
    for u in body.wheels:
        near = u - 0.7 * r if frame.cos > 0 else u + 0.7 * r
        for side in (-1, 1):
            corners = ((0.0, outer), (2 * r, outer), (2 * r, inner), (0.0, inner))
            rings.append(_clockwise([frame.at(near, y, side * w) for y, w in corners]))
    scene.sheet.fills(rings, scene.shade((0.09, 0.09, 0.10), (0, 0, -1), frame.v.z))


def _clockwise(ring: list[Point]) -> list[Point]:
    return ring if area(ring) > 0 else ring[::-1]


def _cabin(
    scene: Scene, frame: Frame, body: Body, paint: Color, w: float, v: Vehicle, fine: bool
) -> None:
    """The side of the part with the windows; it leans inwards."""
    assert body.belt is not None
    first, last = body.belt
    points = body.profile[first : last + 1]
    ring = [frame.at(u, y, w * h) for u, y, h in points]
    normal = frame.normal(0, 0.35, 0.93 * w)
    scene.sheet.fill(ring, scene.shade(paint, normal, v.z), line=0.8 if v.z < 22 else 0.0)
    (u0, y0, h0), (u1, y1, h1), (u2, y2, _), (u3, y3, _) = points
    inset = 0.07
    low = max(y0, y3) + 0.02
    top = min(y1, y2) - inset * 1.1

    def at(u: float, y: float) -> Point:
        t = (y - y0) / (y1 - y0)
        return frame.at(u, y, w * (h0 + (h1 - h0) * t))

    def slanted(ua: float, ub: float, y: float, ya: float, yb: float) -> float:
        return ua + (ub - ua) * min(max((y - ya) / (yb - ya), 0), 1)

    f_low = slanted(u0, u1, low, y0, y1) - inset
    f_top = slanted(u0, u1, top, y0, y1) - inset
    r_low = slanted(u3, u2, low, y3, y2) + inset * 1.3
    r_top = slanted(u3, u2, top, y3, y2) + inset * 1.3
    p = body.pillar
    front = [at(f_low, low), at(f_top, top), at(p + 0.05, top), at(p + 0.05, low)]
    rear = [at(p - 0.05, low), at(p - 0.05, top), at(r_top, top), at(r_low, low)]
    scene.sheet.fills([_clockwise(front), _clockwise(rear)], _glass(scene, v.z, 0.28), claim=False)


def _glass(scene: Scene, z: float, bright: float) -> Color | str:
    """Panes reflect the sky above and the dark inside below."""
    glass = scene.mood.glass
    if scene.pixels(1.8, z) < 10:
        return scene.mood.air(mix((0.09, 0.12, 0.17), glass, bright + 0.2), z)
    top = scene.mood.air(mix((0.09, 0.12, 0.17), glass, min(bright + 0.40, 1)), z)
    low = scene.mood.air(mix((0.09, 0.12, 0.17), glass, bright), z)
    return scene.sheet.fade(((0.0, top, 1.0), (1.0, low, 1.0)))


def _segment(
    scene: Scene,
    frame: Frame,
    body: Body,
    i: int,
    paint: Color,
    v: Vehicle,
    fine: bool,
    line: float,
) -> None:
    (u0, y0, h0), (u1, y1, h1) = body.profile[i], body.profile[i + 1]
    ring = [
        frame.at(u0, y0, -h0),
        frame.at(u0, y0, h0),
        frame.at(u1, y1, h1),
        frame.at(u1, y1, -h1),
    ]
    if area(ring) <= 0:
        return
    sheet, kind = scene.sheet, body.kinds[i]
    du, dy = u1 - u0, y1 - y0
    n = math.hypot(du, dy)
    normal = frame.normal(dy / n, -du / n, 0)
    tone = mix(paint, (0.12, 0.12, 0.13), 0.35) if kind == "bumper" else paint
    color = scene.shade(tone, normal, v.z)
    if -du / n > 0.7:
        color = mix(color, scene.mood.middle, 0.14)
    sheet.fill(ring, color, line=line)

    def spot(a0: float, a1: float, b0: float, b1: float) -> list[Point]:
        corners = []
        for a, b in ((a0, b0), (a1, b0), (a1, b1), (a0, b1)):
            h = h0 + (h1 - h0) * b
            corners.append(frame.at(u0 + du * b, y0 + dy * b, a * h))
        return corners

    if kind == "glass":
        inset = 0.06 / n
        sheet.fill(spot(-0.93, 0.93, inset, 1 - inset), _glass(scene, v.z, 0.32), claim=False)
    elif kind == "face":
        if fine:
            sheet.fill(spot(-0.5, 0.5, 0.15, 0.75),
                       scene.shade((0.13, 0.13, 0.15), normal, v.z), claim=False)  # fmt: skip
            sheet.fill(spot(-0.26, 0.26, -0.35, -0.02),
                       scene.shade((0.93, 0.93, 0.90), normal, v.z), claim=False)  # fmt: skip
        _lights(scene, [spot(-0.97, -0.60, 0.25, 0.90), spot(0.60, 0.97, 0.25, 0.90)],
                (1.0, 0.97, 0.86), (1.0, 0.93, 0.74), v, normal)  # fmt: skip
    elif kind == "tail":
        low = 0.15 if body.belt is not None else 0.35
        if fine:
            sheet.fill(spot(-0.27, 0.27, 0.50, 0.92),
                       scene.shade((0.93, 0.93, 0.90), normal, v.z), claim=False)  # fmt: skip
        _lights(scene, [spot(-0.98, -0.68, low, 0.75), spot(0.68, 0.98, low, 0.75)],
                (0.80, 0.12, 0.10), (1.0, 0.22, 0.14), v, normal)  # fmt: skip


def _lights(
    scene: Scene, lamps: list[list[Point]], off: Color, on: Color, v: Vehicle, normal: Place
) -> None:
    sheet, strength = scene.sheet, scene.mood.lamps if v.moving else 0.0
    color = mix(scene.shade(off, normal, v.z), on, strength)
    sheet.fills(lamps, color, claim=False)
    if strength > 0.2:
        white = on[1] > 0.5
        r = (0.62 if white else 0.42) * scene.camera.scale(v.z)
        for ring in lamps:
            x = sum(p[0] for p in ring) / 4
            y = sum(p[1] for p in ring) / 4
            sheet.glow(x, y, r, r, on, (0.85 if white else 0.7) * strength)


def _side(
    scene: Scene,
    frame: Frame,
    body: Body,
    paint: Color,
    w: float,
    v: Vehicle,
    fine: bool,
    line: float,
) -> None:
    sheet = scene.sheet
    points = list(body.profile)
    if body.belt is not None:
        points = points[: body.belt[0] + 1] + points[body.belt[1] :]
    ring = [frame.at(u, y, w * h) for u, y, h in points]
    normal = frame.normal(0, 0.05, w)
    top = scene.shade(mix(paint, (1, 1, 1), 0.10), normal, v.z)
    low = scene.shade(mix(paint, (0.05, 0.05, 0.08), 0.30), normal, v.z)
    middle = scene.shade(paint, normal, v.z)
    if fine:
        coat: Color | str = sheet.fade(((0.0, top, 1.0), (0.45, middle, 1.0), (1.0, low, 1.0)))
    else:
        coat = mix(middle, low, 0.2)
    sheet.fill(ring, coat, line=line)
    half = body.half_width
    if body.panes:
        lit = scene.mood.lamps > 0.5 and v.moving
        panes = [
            _clockwise([frame.at(*c, w * half) for c in ((a, y0), (a, y1), (b, y1), (b, y0))])
            for a, b, y0, y1 in body.panes
        ]
        warm = scene.mood.air((1.0, 0.88, 0.60), v.z)
        sheet.fills(panes, warm if lit else _glass(scene, v.z, 0.25), claim=False)
        if len(body.panes) > 2:
            f, r = body.profile[0][0], body.profile[-1][0]
            band = [frame.at(*c, w * half) for c in ((f, 0.45), (f, 0.80), (r, 0.80), (r, 0.45))]
            sheet.fill(band, scene.shade(v.second, normal, v.z), claim=False)
    elif body.belt is not None and fine:
        a, b = points[1][0] - 0.1, points[-2][0] + 0.1
        y = body.profile[body.belt[0]][1] - 0.14
        trim = [frame.at(a, y - 0.02, w * half * 0.97), frame.at(b, y + 0.03, w * half * 0.97)]
        sheet.lines([trim], mix(top, (1, 1, 1), 0.35), max(0.035 * scene.camera.scale(v.z), 1.0),
                    opacity=0.7)  # fmt: skip
        door = body.pillar
        ends = [frame.at(door, h, w * half * 0.97) for h in (0.36, y + 0.1)]
        sheet.lines([ends], low, 1.4, opacity=0.7)
    arches: list[list[Point]] = []
    tyres: list[list[Point]] = []
    rims: list[list[Point]] = []
    for u in body.wheels:
        r = body.radius
        for rings, radius in ((arches, r + 0.08), (tyres, r), (rims, r * 0.62))[: 3 if fine else 1]:
            rings.append(
                [
                    frame.at(u + radius * c, max(r + radius * q, 0.0), w * half * 0.985)
                    for c, q in _WHEEL
                ]
            )
    sheet.fills(arches, scene.shade((0.13, 0.13, 0.14), normal, v.z))
    if fine:
        sheet.fills(tyres, scene.shade((0.17, 0.17, 0.18), normal, v.z), claim=False)
        sheet.fills(rims, scene.shade((0.70, 0.72, 0.74), normal, v.z), claim=False)
