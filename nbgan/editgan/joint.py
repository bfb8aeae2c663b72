"""The joint model: one latent code, and both a picture and its mask.

Source: Ling et al., *EditGAN* (2021), section 3.1: the generator paints the picture, classifiers
read the mask off the generator's feature maps, so that the two belong together by construction.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.data.labels import LabelSpace
from nbgan.datasetgan.features import FeatureBank, PixelGrid
from nbgan.datasetgan.generators import feature_channels, fingerprint
from nbgan.datasetgan.interpreter import StyleInterpreter
from nbgan.editgan.encoder import PyramidEncoder
from nbgan.errors import InputError
from nbgan.stylegan import StyleGenerator

BLACK = -1.0
"""What surrounds a picture that is no square."""

REMEMBERED = 4
"""Views of single codes that a model keeps: an edit asks for the same ones again and again."""


@dataclass(frozen=True, kw_only=True)
class View:
    """A picture and its mask.

    Args:
        image: ``[N, 3, H, W]`` in [−1, 1].
        label: class ids, int64 ``[N, H, W]``.
    """

    image: Tensor
    label: Tensor


class JointModel(nn.Module):
    """Latent codes to pictures with masks, and pictures to latent codes. Its weights stay as they
    are: what a code looks like is remembered.

    Args:
        generator: a StyleGAN.
        interpreter: classifiers of its feature maps.
        grid: the labelled pixels; pictures are shown and read at this size.
        label_space: what the classes are.
        encoder: pictures to W+; None for a model without uploads and without the encoder's terms.

    Raises:
        InputError: an encoder for other codes, or too small for the generator's pictures.
    """

    def __init__(
        self,
        *,
        generator: StyleGenerator,
        interpreter: StyleInterpreter,
        grid: PixelGrid,
        label_space: LabelSpace,
        encoder: PyramidEncoder | None = None,
    ) -> None:
        super().__init__()
        wanted = (generator.rows, generator.w_dim)
        if encoder is not None and (encoder.rows, encoder.w_dim) != wanted:
            raise InputError(
                f"encoder: gives codes of {encoder.rows} rows of {encoder.w_dim}, the generator "
                f"takes {wanted[0]} rows of {wanted[1]}; use the encoder of this generator"
            )
        channels = feature_channels(generator)
        if interpreter.channels != channels:
            raise InputError(
                f"interpreter: reads {interpreter.channels} channels, the generator's feature maps "
                f"have {channels}; use the classifiers of this generator"
            )
        if encoder is not None and encoder.size < generator.size:
            raise InputError(
                f"encoder: reads pictures up to {encoder.size} px, the generator paints "
                f"{generator.size}; use the encoder of this generator"
            )
        self.generator, self.interpreter, self.encoder = generator, interpreter, encoder
        self.grid, self.label_space = grid, label_space
        self._views: OrderedDict[bytes, View] = OrderedDict()

    @cached_property
    def mark(self) -> str:
        """Text that tells this generator's weights from others; see
        :func:`~nbgan.datasetgan.fingerprint`."""
        return fingerprint(self.generator)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.generator.w_mean.device

    # --- latent code to picture and mask ---------------------------------------------------

    def view(self, w_plus: Tensor) -> View:
        """Codes ``[N, rows, w_dim]`` to pictures and masks of the labels' size."""
        if len(w_plus) != 1:
            return self._view(w_plus)
        code = w_plus.detach().float().cpu().numpy().tobytes()
        if code not in self._views:
            self._views[code] = self._view(w_plus)
            if len(self._views) > REMEMBERED:
                self._views.popitem(last=False)
        known = self._views[code]  # copied, lest somebody paints on it
        return View(image=known.image.clone(), label=known.label.clone())

    @torch.no_grad()
    def _view(self, w_plus: Tensor) -> View:
        image, maps = self.generator.synthesize_with_features(w_plus.to(self.device))
        label = self.interpreter.mean_scores(FeatureBank.of(maps, self.grid)).argmax(dim=1)
        return View(image=self.grid.picture(image).clamp(-1, 1), label=label)

    # --- picture to latent code ------------------------------------------------------------

    def square(self, image: Tensor) -> Tensor:
        """Pictures ``[N, 3, H, W]`` of the labels' size in the middle of black squares, as large
        as the generator's: ``[N, 3, S, S]``.

        Raises:
            InputError: pictures of another size.
        """
        return square_picture(image.to(self.device), self.grid, self.generator.size)

    @torch.no_grad()
    def encode(self, image: Tensor) -> Tensor:
        """Square pictures ``[N, 3, S, S]`` in [−1, 1] to codes ``[N, rows, w_dim]``.

        Raises:
            InputError: a model without encoder.
        """
        if self.encoder is None:
            raise InputError("this model has no encoder; open one with nbgan.zoo or train one")
        return self.encoder(image)

    def square_region(self, region: Tensor) -> Tensor:
        """A region of the labels, bool ``[H, W]``, as float ``[1, 1, S, S]`` of the generator's
        square, 1 inside."""
        size = self.generator.size
        square = F.pad(region.to(self.device).float()[None, None], _margins(self.grid))
        return F.interpolate(square, (size, size))


def square_picture(image: Tensor, grid: PixelGrid, size: int) -> Tensor:
    """Pictures ``[N, 3, H, W]`` of the labels' size in black squares ``[N, 3, size, size]``.

    Raises:
        InputError: pictures of another size.
    """
    if image.shape[1:] != (3, grid.height, grid.width):
        raise InputError(
            f"image: got {list(image.shape)}, expected [N, 3, {grid.height}, {grid.width}], the "
            "size at which this model labels; resize it with nbgan.data.pictures.fit"
        )
    image = F.pad(image, _margins(grid), value=BLACK)
    if grid.side == size:
        return image
    return F.interpolate(image, (size, size), mode="bilinear", align_corners=False, antialias=True)


def _margins(grid: PixelGrid) -> tuple[int, int, int, int]:
    """What is missing to a square: left, right, above, below."""
    rows, columns = (grid.side - grid.height) // 2, (grid.side - grid.width) // 2
    return columns, columns, rows, rows
