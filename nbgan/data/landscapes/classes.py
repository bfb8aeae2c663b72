"""The classes of the Landscapes world."""

from nbgan.data.labels import LabelSpace

LANDSCAPES = LabelSpace(
    name="landscapes",
    classes=(
        "sky",
        "cloud",
        "mountain",
        "snow",
        "water",
        "sand",
        "grass",
        "forest",
        "rock",
        "path",
        "building",
        "flowers",
    ),
    colors=(
        (142, 202, 240),
        (206, 216, 228),
        (122, 104, 140),
        (255, 255, 255),
        (20, 84, 170),
        (244, 214, 130),
        (140, 196, 62),
        (10, 80, 56),
        (92, 92, 96),
        (176, 112, 56),
        (204, 42, 44),
        (240, 130, 200),
    ),
)
"""Class ids and display colours; neighbours in a picture differ in lightness, not only in hue."""

SKY, CLOUD, MOUNTAIN, SNOW, WATER, SAND, GRASS, FOREST, ROCK, PATH, BUILDING, FLOWERS = range(12)
