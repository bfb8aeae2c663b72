"""Chapter 1: which axes each normalisation averages over. No model, only a picture to prepare."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from nbgan.live.demos.demo import Demo

SAMPLES, CHANNELS, PIXELS, GROUPS = 4, 6, 9, 2
CELL, DEPTH, GAP = 14, 8, 10
BLUE, PAPER, SIDE, LINE, INK = "#0072b2", "#f4f6f7", "#dfe6ea", "#8a979e", "#1c2b33"
SHARED = {
    "batch norm": lambda n, c: c == 0,
    "layer norm": lambda n, c: n == 0,
    "instance norm": lambda n, c: n == 0 and c == 0,
    "group norm": lambda n, c: n == 0 and c < CHANNELS // GROUPS,
}


def make(folder: Path) -> None:
    """Draw the four normalisations as the demo draws one, at twice the size for sharp screens."""
    step = CHANNELS * CELL + DEPTH + GAP
    wide, high = SAMPLES * step + 3 * GAP, PIXELS * CELL + DEPTH + 34
    scale = 2
    picture = Image.new("RGB", (2 * wide * scale, 2 * high * scale), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=14 * scale)
    for i, (name, shared) in enumerate(SHARED.items()):
        left, top = GAP + (i % 2) * wide, (i // 2) * high
        draw.text((left * scale, (top + 2) * scale), name, fill=INK, font=font)
        for n in range(SAMPLES):
            _sample(
                draw, left + n * step, top + 24 + DEPTH, lambda c, n=n, s=shared: s(n, c), scale
            )
    picture.save(folder / f"{NORMALISATION_AXES.name}.webp", quality=90, method=6)


def _sample(draw: ImageDraw.ImageDraw, x0: int, y0: int, shared, scale: int) -> None:
    def area(points: list[tuple[int, int]], fill: str) -> None:
        corners = [((x0 + x) * scale, (y0 + y) * scale) for x, y in points]
        draw.polygon(corners, fill=fill, outline=LINE)

    wide = CHANNELS * CELL
    for c in range(CHANNELS):
        a, b = c * CELL, (c + 1) * CELL
        area(
            [(a, 0), (b, 0), (b + DEPTH, -DEPTH), (a + DEPTH, -DEPTH)], BLUE if shared(c) else SIDE
        )
        for p in range(PIXELS):
            y, z = p * CELL, (p + 1) * CELL
            area([(a, y), (b, y), (b, z), (a, z)], BLUE if shared(c) else PAPER)
    for p in range(PIXELS):
        y, z = p * CELL, (p + 1) * CELL
        area(
            [(wide, y), (wide + DEPTH, y - DEPTH), (wide + DEPTH, z - DEPTH), (wide, z)],
            BLUE if shared(CHANNELS - 1) else SIDE,
        )


NORMALISATION_AXES = Demo(
    name="normalisation-axes",
    module=Path(__file__).with_name("normalisation_axes.js"),
    alt="Blocks of features, four samples side by side, for batch, layer, instance and group "
    "norm; the values that share one mean are blue.",
    invitation="Change the sizes",
    make=make,
    needs=(Path(__file__),),
)
