"""A small U-Net that names the class of every pixel.

After Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation" (2015),
with group normalisation (Wu and He, 2018), strided instead of pooled downsampling and half the
convolutions. Trained on the embedded worlds it judges generated pictures, and its encoder serves as
feature network where no published one is present.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.gan.perceptual import check_images
from nbgan.train.recipe import Recipe
from nbgan.train.system import Batch, Losses, Phase, System


class ConvBlock(nn.Sequential):
    """3×3 convolution, group normalisation, ReLU. Stride 2 halves the sides."""

    def __init__(self, *, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
            nn.GroupNorm(min(8, out_channels), out_channels),
            nn.ReLU(),
        )


class Segmenter(nn.Module):
    """U-Net from pictures to class scores.

    Level ``i`` works at ``1 / 2**i`` of the side with ``width / 2 * 2**i`` channels.

    Args:
        label_space: the classes to tell apart.
        width: channels at half resolution; a multiple of 16. Parameters grow with its square.
        depth: how many times the sides are halved.

    Raises:
        InputError: a width or depth that cannot be built.
    """

    def __init__(self, *, label_space: LabelSpace, width: int = 32, depth: int = 4) -> None:
        super().__init__()
        if width < 16 or width % 16:
            raise InputError(f"width: got {width}; use a positive multiple of 16, such as 32")
        if depth < 1:
            raise InputError(f"depth: got {depth}; use 1 or more, such as 4")
        self.label_space = label_space
        self.width = width
        self.depth = depth
        channels = [width // 2 * 2**level for level in range(depth + 1)]
        self.stem = nn.Sequential(
            ConvBlock(in_channels=3, out_channels=channels[0]),
            ConvBlock(in_channels=channels[0], out_channels=channels[0]),
        )
        self.down = nn.ModuleList(
            nn.Sequential(
                ConvBlock(in_channels=shallow, out_channels=deep, stride=2),
                ConvBlock(in_channels=deep, out_channels=deep),
            )
            for shallow, deep in pairwise(channels)
        )
        self.up = nn.ModuleList(
            ConvBlock(in_channels=shallow + deep, out_channels=shallow)
            for shallow, deep in pairwise(channels)
        )
        self.head = nn.Conv2d(channels[0], label_space.num_classes, 1)

    def features(self, image: Tensor) -> list[Tensor]:
        """Encoder maps from shallow to deep, ``depth + 1`` of them.

        Map ``i`` is ``[N, width / 2 * 2**i, H / 2**i, W / 2**i]``, sides rounded up to whole
        multiples because the image's edge is repeated until ``2**depth`` divides its sides.

        Args:
            image: ``[N, 3, H, W]`` in [−1, 1], any size.
        """
        check_images(image)
        multiple = 2**self.depth
        height, width = image.shape[-2:]
        padding = (0, -width % multiple, 0, -height % multiple)
        if any(padding):
            image = F.pad(image, padding, mode="replicate")
        maps = [self.stem(image)]
        for block in self.down:
            maps.append(block(maps[-1]))
        return maps

    def forward(self, image: Tensor) -> Tensor:
        """Class scores before softmax.

        Args:
            image: ``[N, 3, H, W]`` in [−1, 1], any size.

        Returns:
            ``[N, num_classes, H, W]``
        """
        *skips, x = self.features(image)
        for block, skip in zip(reversed(self.up), reversed(skips), strict=True):
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = block(torch.cat([skip, x], dim=1))
        height, width = image.shape[-2:]
        return self.head(x)[..., :height, :width]


class Judge(nn.Module):
    """A segmenter that sees every picture at the size it was trained at.

    A network that has learned cars of 40 pixels misses cars of 20 and of 80, and would judge the
    size of generated pictures instead of the pictures.

    Args:
        network: a trained segmenter.
        height_width: the size of its training pictures.
    """

    def __init__(self, network: Segmenter, height_width: tuple[int, int]) -> None:
        super().__init__()
        self.network, self.height_width = network, height_width
        self.label_space = network.label_space

    def forward(self, image: Tensor) -> Tensor:
        """Class scores ``[N, num_classes, H, W]`` of pictures ``[N, 3, H, W]`` in [−1, 1]."""
        scores = self.network(self._resized(image))
        return F.interpolate(scores, image.shape[-2:], mode="bilinear")

    def features(self, image: Tensor) -> list[Tensor]:
        """The segmenter's encoder maps of the resized pictures, see :meth:`Segmenter.features`."""
        return self.network.features(self._resized(image))

    def _resized(self, image: Tensor) -> Tensor:
        check_images(image)
        return F.interpolate(image, self.height_width, mode="bilinear", antialias=True)


def segmentation_loss(logits: Tensor, label: Tensor, ignore_id: int | None = 255) -> Tensor:
    """Cross-entropy averaged over labelled pixels; zero where there are none.

    Args:
        logits: class scores ``[N, C, H, W]``.
        label: class ids ``[N, H, W]``, int64.
        ignore_id: id of pixels to leave out; ``None`` counts them all.

    Returns:
        Scalar, in float32.

    Raises:
        InputError: shapes do not match.
    """
    if logits.ndim != 4 or label.shape != logits[:, 0].shape:
        raise InputError(
            f"label: got shape {list(label.shape)} for logits {list(logits.shape)}; "
            "expected [N, H, W] for [N, C, H, W]"
        )
    # PyTorch's own mean is NaN for a batch without a labelled pixel, and NaN would stay.
    outside = -100 if ignore_id is None else ignore_id
    total = F.cross_entropy(logits.float(), label, ignore_index=outside, reduction="sum")
    return total / (label != outside).sum().clamp(min=1)


def dice_loss(logits: Tensor, label: Tensor, ignore_id: int | None = 255) -> Tensor:
    """Soft Dice loss (Milletari et al., V-Net, 2016), averaged over the classes in ``label``.

    Each class weighs the same however few pixels it has, where cross-entropy lets a network forget
    the rare ones.

    Args:
        logits: class scores ``[N, C, H, W]``.
        label: class ids ``[N, H, W]``, int64.
        ignore_id: id of pixels to leave out; ``None`` counts them all.

    Returns:
        Scalar in [0, 1], in float32; zero where no pixel is labelled.
    """
    counted = torch.ones_like(label, dtype=torch.bool) if ignore_id is None else label != ignore_id
    probability = logits.float().softmax(dim=1) * counted.unsqueeze(1)
    truth = F.one_hot(label.where(counted, 0), logits.shape[1]).permute(0, 3, 1, 2)
    truth = truth * counted.unsqueeze(1)
    both = (probability * truth).sum(dim=(0, 2, 3))
    either = probability.sum(dim=(0, 2, 3)) + truth.sum(dim=(0, 2, 3))
    present = truth.sum(dim=(0, 2, 3)) > 0
    missed = (1 - 2 * both / either.clamp(min=1e-6)) * present
    return missed.sum() / present.sum().clamp(min=1)


@dataclass(frozen=True, kw_only=True)
class SegmenterRecipe(Recipe):
    """How a segmenter is built and trained."""

    system: ClassVar[str] = "segmenter"

    width: int = 32
    """Channels at half resolution, a multiple of 16."""
    levels: int = 4
    """How many times the sides are halved."""
    learning_rate: float = 1e-3
    """Rate of AdamW; it falls linearly to zero."""
    weight_decay: float = 1e-2
    """Weight decay of AdamW."""
    dice: float = 0.0
    """Weight of the Dice loss beside cross-entropy; for worlds with rare classes."""

    @classmethod
    def presets(cls) -> dict[str, Self]:
        """``smoke``, ``cpu`` (the shipped weights) and ``gpu``."""
        cpu = cls(
            size=128,
            train_pictures=8000,
            batch_size=16,
            steps=800,
            decay_from=0,
            flip=True,
            precision="bf16",
            channels_last=True,
            ema_decay=0.99,
            evaluate_pictures=500,
        )
        smoke = cls(
            size=32,
            train_pictures=16,
            batch_size=2,
            steps=3,
            width=16,
            levels=2,
            log_every=1,
            sample_every=2,
            checkpoint_every=2,
            evaluate_pictures=4,
        )
        return {"smoke": smoke, "cpu": cpu, "gpu": cpu.replace(batch_size=64, steps=10000)}


class SegmenterSystem(System):
    """A segmenter and how it learns from labelled pictures."""

    recipe_type: ClassVar = SegmenterRecipe
    shipped: ClassVar = ("network",)
    recipe: SegmenterRecipe
    label_space: LabelSpace

    def __init__(self, recipe: SegmenterRecipe, label_space: LabelSpace) -> None:
        super().__init__(recipe, label_space)
        torch.manual_seed(recipe.seed)
        self.network = Segmenter(label_space=label_space, width=recipe.width, depth=recipe.levels)

    def segment(self, image: Tensor) -> Tensor:
        """Images ``[N, 3, H, W]`` in [−1, 1] to class ids ``[N, H, W]``."""
        return self.network(image).argmax(dim=1)

    def features(self, image: Tensor) -> list[Tensor]:
        """Encoder maps; see :meth:`Segmenter.features`."""
        return self.network.features(image)

    def phases(self) -> list[Phase]:
        """One phase: cross-entropy, and the Dice loss where the recipe asks for it."""
        return [
            Phase(
                name="segmenter",
                networks=("network",),
                losses=self.losses,
                optimizer=lambda p: torch.optim.AdamW(
                    p, lr=self.recipe.learning_rate, weight_decay=self.recipe.weight_decay
                ),
            )
        ]

    def losses(self, batch: Batch) -> Losses:
        """Losses of a batch with ``image`` and ``label``."""
        logits, label, ignore_id = (
            self.network(batch["image"]),
            batch["label"],
            self.label_space.ignore_id,
        )
        losses = {"cross_entropy": segmentation_loss(logits, label, ignore_id)}
        if self.recipe.dice:
            losses["dice"] = self.recipe.dice * dice_loss(logits, label, ignore_id)
        return losses

    @torch.no_grad()
    def preview(self, batch: Batch) -> Tensor:
        """Rows: picture, true map, predicted map."""
        maps = torch.cat([batch["label"], self.segment(batch["image"])])
        colors = torch.from_numpy(self.label_space.colorize(maps)).permute(0, 3, 1, 2)
        return torch.cat([batch["image"].cpu(), colors.float() / 127.5 - 1])

    @torch.no_grad()
    def evaluate(self, batches: Iterable[Batch]) -> dict[str, float]:
        """mIoU and pixel accuracy."""
        from nbgan.metrics import real_images, semantic_scores

        scores = semantic_scores(real_images, self.network, batches, self.label_space)
        return {"miou": scores.mean_iou, "accuracy": scores.pixel_accuracy}
