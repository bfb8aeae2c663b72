"""PNG files as users bring them."""

import io

import numpy as np
from PIL import Image


def png(picture, mode=None, **options):
    file = io.BytesIO()
    Image.fromarray(picture, mode=mode).save(file, format="PNG", **options)
    return file.getvalue()


def indexed(ids, colors):
    picture = Image.fromarray(ids, mode="P")
    picture.putpalette(np.array(colors, np.uint8).tobytes())
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()
