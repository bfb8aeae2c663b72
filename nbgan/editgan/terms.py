"""The losses of editing and embedding, with their published weights.

Source: Ling et al., *EditGAN* (2021), section 3.3, equations 3 to 5, and supplement. Checked
against its release, gradients too (``tests/golden/editgan``).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from nbgan.editgan.distance import Distance
from nbgan.editgan.joint import JointModel
from nbgan.editgan.reading import MeanScores
from nbgan.errors import InputError
from nbgan.train.system import Losses

RECOMPUTE_FROM = 256
"""Side of a picture, in pixels, from which memory counts more than the time of painting twice."""


@dataclass(frozen=True, kw_only=True)
class EditSettings:
    """How an edit is optimised. The defaults are the published ones, but for ``release``."""

    steps: int = 30
    """Iterations. The release counts 30 and makes 29."""
    learning_rate: float = 0.02
    """Of Adam."""
    outside: float = 15.0
    """Weight of everything outside the region; multiplies the next two."""
    perceptual: float = 10.0
    """Weight of the perceptual distance there."""
    pixel: float = 5.0
    """Weight of the mean squared difference there, of pictures in [0, 1]."""
    inside: float = 1.0
    """Weight of the cross-entropy between the mask and the wish, inside the region."""
    encoder: float = 1.0
    """Weight of the squared distance to what the encoder says of the picture; keeps the code
    among those of pictures."""
    dilations: int = 3
    """Pixels by which the region grows to each side."""
    rows: tuple[int, int] | None = None
    """Only the rows of W+ from the first up to before the last number move; None moves all."""
    release: bool = False
    """Repeat two oddities of the release: its optimisation reads feature maps at the nearest cell,
    where its classifiers learned between cells, and its encoder, which learned on pictures in
    [−1, 1], is given pictures in [0, 1]."""

    def __post_init__(self) -> None:
        if self.steps < 0 or self.dilations < 0:
            raise InputError(
                f"settings: 'steps' and 'dilations' are 0 or more, got {self.steps} and "
                f"{self.dilations}; published are 30 and 3"
            )


class Anchor:
    """Squared distance between a code and what the encoder says of its picture.

    Args:
        model: with an encoder.
        release: give the encoder pictures in [0, 1], as the release does.
    """

    def __init__(self, model: JointModel, *, release: bool) -> None:
        self.model, self.release = model, release

    def __call__(self, w_plus: Tensor, image: Tensor) -> Tensor:
        """Scalar; the encoder's answer counts as a constant."""
        shown = unit_range(image) if self.release else image
        return F.mse_loss(w_plus, self.model.encode(shown.detach()))


class EditObjective:
    """What an edited code has to satisfy: the wish inside a region, no change outside.

    Args:
        model: paints, labels and encodes.
        before: code of the unedited picture, ``[1, rows, w_dim]``.
        target: the wish, class ids ``[H, W]``.
        region: bool ``[H, W]``, dilated already.
        settings: weights.
        distance: of pictures.

    Raises:
        InputError: a wish or a region of another size, or an empty region.
    """

    def __init__(
        self,
        *,
        model: JointModel,
        before: Tensor,
        target: Tensor,
        region: Tensor,
        settings: EditSettings,
        distance: Distance,
    ) -> None:
        shape = (model.grid.height, model.grid.width)
        for name, given in (("target", target), ("region", region)):
            if given.shape != shape:
                raise InputError(
                    f"{name}: got {list(given.shape)}, this model labels {list(shape)}; resize it "
                    "with nearest neighbours"
                )
        if not region.any():
            raise InputError("region: it is empty, so nothing would be edited; mark some pixels")
        self.model, self.settings, self.distance = model, settings, distance
        pixels = region.flatten().nonzero().flatten()
        self.scores = MeanScores(
            interpreter=model.interpreter, grid=model.grid, pixels=pixels, nearest=settings.release
        )
        self.target = target.flatten()[pixels].to(model.device)
        self.kept = 1 - model.square_region(region)
        self.anchor = None
        if settings.encoder and model.encoder is not None:
            self.anchor = Anchor(model, release=settings.release)
        with torch.no_grad():
            image = model.generator.synthesis(before.to(model.device))
            self.reference = unit_range(image) * self.kept

    def __call__(self, w_plus: Tensor) -> Losses:
        """Weighted terms of a code ``[1, rows, w_dim]``."""
        weigh, w_plus = self.settings, w_plus.to(self.model.device)
        image, maps = self._paint(w_plus)
        shown = unit_range(image) * self.kept
        terms = {
            "perceptual": weigh.outside
            * weigh.perceptual
            * self.distance(shown * 2 - 1, self.reference * 2 - 1).mean(),
            "pixel": weigh.outside * weigh.pixel * F.mse_loss(shown, self.reference),
            "inside": weigh.inside * F.cross_entropy(self.scores(maps), self.target),
        }
        if self.anchor is not None:
            terms["encoder"] = weigh.encoder * self.anchor(w_plus, image)
        return terms

    def _paint(self, w_plus: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Picture and feature maps. Large ones are painted again for the backward pass, so that
        the graph of the generator and those of the losses never are in memory together."""
        paint = self.model.generator.synthesize_with_features
        if self.model.generator.size < RECOMPUTE_FROM:
            return paint(w_plus)
        painted: tuple[Tensor, list[Tensor]] = checkpoint(
            paint, w_plus, use_reentrant=False, preserve_rng_state=False
        )
        return painted


@dataclass(frozen=True, kw_only=True)
class EmbedSettings:
    """How a picture is embedded. The defaults are the published ones, but for ``release``."""

    steps: int = 100
    """Iterations; 0 takes the encoder's answer. The release counts 100 and makes 99."""
    learning_rate: float = 0.1
    """Of Adam, between its warm-up and its fall."""
    perceptual: float = 10.0
    """Weight of the perceptual distance."""
    pixel: float = 1.0
    """Weight of the mean squared difference, of pictures in [0, 1]."""
    encoder: float = 1.0
    """Weight of the squared distance to what the encoder says of the painted picture."""
    release: bool = False
    """Give the encoder pictures in [0, 1], as the release does; see :class:`EditSettings`."""

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise InputError(f"settings: 'steps' is 0 or more, got {self.steps}; published are 100")


class EmbedObjective:
    """What the code of a given picture has to satisfy.

    Args:
        model: paints and encodes.
        image: the picture in the generator's square, ``[1, 3, S, S]`` in [−1, 1].
        settings: weights.
        distance: of pictures.
    """

    def __init__(
        self, *, model: JointModel, image: Tensor, settings: EmbedSettings, distance: Distance
    ) -> None:
        self.model, self.image, self.distance = model, image.to(model.device), distance
        self.settings = settings
        self.anchor = None
        if settings.encoder and model.encoder is not None:
            self.anchor = Anchor(model, release=settings.release)

    def __call__(self, w_plus: Tensor) -> Losses:
        """Weighted terms of a code ``[1, rows, w_dim]``."""
        weigh, w_plus = self.settings, w_plus.to(self.model.device)
        image = self.model.generator.synthesis(w_plus)
        terms = {
            "perceptual": weigh.perceptual * self.distance(image, self.image).mean(),
            "pixel": weigh.pixel * F.mse_loss(unit_range(image), unit_range(self.image)),
        }
        if self.anchor is not None:
            terms["encoder"] = weigh.encoder * self.anchor(w_plus, image)
        return terms


def unit_range(image: Tensor) -> Tensor:
    """Pictures in [−1, 1] to [0, 1]."""
    return image * 0.5 + 0.5
