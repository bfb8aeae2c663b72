"""Previews: a picture and its mask before an edit, and both after it, as one PNG."""

from __future__ import annotations

import io

import torch
from torch import Tensor
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from nbgan.data.labels import LabelSpace
from nbgan.data.latents import indexed_picture
from nbgan.data.pictures import to_float, to_uint8
from nbgan.editgan.joint import View

SIDE = 128
"""Most pixels to a side of each of the four parts."""


def preview(before: View, after: View, label_space: LabelSpace) -> bytes:
    """Two rows, pictures and masks; two columns, before and after."""
    parts = [view.image[0].cpu() for view in (before, after)]
    parts += [colored(view.label[0], label_space) for view in (before, after)]
    step = -(-max(parts[0].shape[1:]) // SIDE)
    grid = make_grid([part[:, ::step, ::step] for part in parts], nrow=2, padding=2, pad_value=1.0)
    return png(grid)


def colored(label: Tensor, label_space: LabelSpace) -> Tensor:
    """A mask ``[H, W]`` in its classes' colours, ``[3, H, W]`` in [−1, 1]."""
    return to_float(torch.from_numpy(label_space.colorize(label)).permute(2, 0, 1))


def mask_png(label: Tensor, label_space: LabelSpace) -> bytes:
    """A mask ``[H, W]`` as an indexed PNG file: the pixel values are the ids."""
    file = io.BytesIO()
    indexed_picture(label.cpu().numpy(), label_space.colors).save(file, format="PNG")
    return file.getvalue()


def png(image: Tensor) -> bytes:
    """A picture ``[3, H, W]`` in [−1, 1] as a PNG file."""
    file = io.BytesIO()
    to_pil_image(to_uint8(image.detach().cpu())).save(file, format="PNG")
    return file.getvalue()
