"""Pictures that the demos bring along."""

from __future__ import annotations

import base64
import io

import numpy as np
import torch
from PIL import Image

from nbgan.data.labels import LabelSpace


def pixels(image: torch.Tensor) -> np.ndarray:
    """A picture, float ``[3, H, W]`` in [−1, 1], as uint8 ``[H, W, 3]``."""
    return ((image + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()


def thumbnail(image: torch.Tensor, size: tuple[int, int], quality: int = 80) -> str:
    """A small WebP, ``size`` (width, height), as the address of an image."""
    buffer = io.BytesIO()
    small = Image.fromarray(pixels(image)).resize(size, Image.Resampling.LANCZOS)
    small.save(buffer, "webp", quality=quality, method=6)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def cover(
    colors: np.ndarray, painted: torch.Tensor, *, width: int = 384, gap: int = 16
) -> Image.Image:
    """Label map, uint8 ``[H, W, 3]``, and painting side by side; wide ones one above the other."""
    rows, columns = colors.shape[:2]
    size = (width, round(width * rows / columns))
    shift = (0, size[1] + gap) if columns > rows else (width + gap, 0)
    both = Image.new("RGBA", (size[0] + shift[0], size[1] + shift[1]))
    both.paste(Image.fromarray(colors).resize(size, Image.Resampling.NEAREST), (0, 0))
    both.paste(Image.fromarray(pixels(painted)).resize(size, Image.Resampling.BICUBIC), shift)
    return both


def described(space: LabelSpace) -> list[dict[str, str]]:
    """The classes as the painter takes them."""
    return [
        {"name": name, "color": "#{:02x}{:02x}{:02x}".format(*color)}
        for name, color in zip(space.classes, space.colors, strict=True)
    ]
