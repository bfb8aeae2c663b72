"""Chapter 5: a step of an edit at the paper's size, and editing at the size of the avatars.

Paper's size: StyleGAN2 at 512 px (6,016 channels), masks of 384 × 512, 32 classes, ten large
classifiers, the published encoder, a VGG16 as perceptual distance; random weights. The published
formulation stacks all maps at the mask's square and is recomputed in the backward pass; without
that it would hold the stack and all hidden layers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from benchmarks.measure import Row, in_process, median_seconds
from nbgan.data.avatars import Avatars
from nbgan.data.labels import LabelSpace
from nbgan.data.palette import distinct_colors
from nbgan.datasetgan.features import PixelGrid
from nbgan.datasetgan.generators import feature_channels
from nbgan.datasetgan.interpreter import StyleInterpreter
from nbgan.editgan.distance import PictureDistance
from nbgan.editgan.edits import edit_mask
from nbgan.editgan.encoder import PyramidEncoder
from nbgan.editgan.joint import JointModel
from nbgan.editgan.recipe import EncoderRecipe
from nbgan.editgan.reference import mean_scores_of_stack
from nbgan.editgan.terms import EditObjective, EditSettings
from nbgan.editgan.vectors import EditVector
from nbgan.metrics.perceptual import FeatureDistance
from nbgan.stylegan import StyleGAN2Generator, StyleGANRecipe

PAPER: dict[str, Any] = {
    "size": 512,
    "height": 384,
    "classes": 32,
    "members": 10,
    "generator": {"z_dim": 512, "w_dim": 512, "mapping_layers": 8},
    "encoder": {"channels": 512, "width": 64, "blocks": (3, 4, 6, 3)},
}
"""The published car model."""

AVATARS_REFINEMENTS = 30


def run(sizes: dict[str, Any] = PAPER) -> list[Row]:
    """All rows of this chapter."""
    return [*steps(sizes), *avatars()]


def steps(sizes: dict[str, Any]) -> list[Row]:
    """One step of an edit, each way in a process of its own."""
    with TemporaryDirectory() as folder:
        published = in_process("benchmarks.editgan", "step", stacked=True, sizes=sizes, out=folder)
        ours = in_process("benchmarks.editgan", "step", stacked=False, sizes=sizes, out=folder)
        gradients = [torch.load(Path(folder) / f"{way}.pt") for way in (True, False)]
    step = f"a step at {sizes['height']} × {sizes['size']}, {ours['channels']:.0f} channels"
    difference = (gradients[0] - gradients[1]).abs().max() / gradients[0].abs().max()
    return [
        {
            "claim": f"EditGAN: {step}, a sixth of the picture edited",
            "published": published["seconds"],
            "ours": ours["seconds"],
            "unit": "s",
            "ratio": published["seconds"] / ours["seconds"],
            "target": "faster",
        },
        {
            "claim": "EditGAN: the part of it that reads the mask, with gradient",
            "published": published["scores_seconds"],
            "ours": ours["scores_seconds"],
            "unit": "s",
            "ratio": published["scores_seconds"] / ours["scores_seconds"],
        },
        {
            "claim": "EditGAN: peak memory of the step, weights included",
            "published": published["peak_mb"],
            "ours": ours["peak_mb"],
            "unit": "MB",
            "ratio": published["peak_mb"] / ours["peak_mb"],
            "target": "under 4000",
        },
        {
            "claim": "EditGAN: largest difference of the two gradients, relative",
            "ours": float(difference),
            "unit": "",
            "target": "under 1e-4",
        },
    ]


def avatars() -> list[Row]:
    """Editing at 128 px, a random model of the shipped sizes."""
    vector, refinement = (in_process("benchmarks.editgan", name) for name in ("apply", "refine"))
    return [
        {
            "claim": "EditGAN: a vector applied at 128 px, picture and mask",
            "ours": 1e3 * vector["seconds"],
            "unit": "ms",
            "target": "under 100",
        },
        {
            "claim": f"EditGAN: {AVATARS_REFINEMENTS} refinement steps at 128 px",
            "ours": refinement["seconds"],
            "unit": "s",
            "target": "under 10",
        },
    ]


class RandomVGG16(nn.Module):
    """The feature maps of a VGG16 that LPIPS compares, of random weights."""

    name = "VGG16, random"
    _taps = (3, 8, 15, 22, 29)

    def __init__(self) -> None:
        super().__init__()
        self.layers = torchvision.models.vgg16(weights=None).features[:30]
        self.requires_grad_(False)

    def forward(self, image: Tensor) -> list[Tensor]:
        maps = []
        for index, layer in enumerate(self.layers):
            image = layer(image)
            if index in self._taps:
                maps.append(image)
        return maps


def random_model(sizes: dict[str, Any]) -> JointModel:
    """A joint model of random weights."""
    torch.manual_seed(0)
    size, classes = sizes["size"], sizes["classes"]
    generator = StyleGAN2Generator(size=size, **sizes["generator"])
    model = JointModel(
        generator=generator,
        interpreter=StyleInterpreter(
            channels=feature_channels(generator), outputs=classes, members=sizes["members"]
        ),
        grid=PixelGrid(height=sizes["height"], width=size),
        label_space=LabelSpace(
            name="random",
            classes=tuple(map(str, range(classes))),
            colors=tuple(distinct_colors(classes)),
            ignore_id=None,
        ),
        encoder=PyramidEncoder(
            rows=generator.rows, w_dim=generator.w_dim, size=size, **sizes["encoder"]
        ),
    )
    return model.eval().requires_grad_(False)


def random_code(model: JointModel) -> Tensor:
    """The code of a random picture."""
    generator = model.generator
    with torch.no_grad():
        return generator.broadcast(generator.mapping(torch.randn(1, generator.z_dim))).clone()


def step(stacked: bool, sizes: dict[str, Any], out: str) -> dict[str, float]:
    """Losses of an edit and their gradient with respect to the code."""
    model = random_model(sizes)
    before = random_code(model)
    grid = model.grid
    region = torch.zeros(grid.height, grid.width, dtype=torch.bool)
    region[grid.height // 3 : 2 * grid.height // 3, grid.width // 4 : 3 * grid.width // 4] = True
    objective = EditObjective(
        model=model,
        before=before,
        target=torch.randint(sizes["classes"], (grid.height, grid.width)),
        region=region,
        settings=EditSettings(release=True),
        distance=FeatureDistance(RandomVGG16()),
    )
    # Drawn first: building classifiers draws numbers, too.
    w_plus = (before + 0.1 * torch.randn_like(before)).requires_grad_()
    if stacked:
        count, pixels = range(model.interpreter.members), objective.scores.pixels
        members = [model.interpreter.classifier(m).requires_grad_(False) for m in count]

        def published(maps: list[Tensor]) -> Tensor:
            scores: Tensor = checkpoint(
                lambda *given: mean_scores_of_stack(members, given, grid, pixels, nearest=True),
                *maps,
                use_reentrant=False,
            )
            return scores

        objective.scores = published  # type: ignore[assignment]
    started = time.perf_counter()
    (gradient,) = torch.autograd.grad(sum(objective(w_plus).values()), w_plus)
    seconds = time.perf_counter() - started
    torch.save(gradient, Path(out) / f"{stacked}.pt")
    return {
        "seconds": seconds,
        "scores_seconds": seconds_of_scores(model, objective.scores, before),
        "channels": model.interpreter.channels,
    }


def seconds_of_scores(
    model: JointModel, scores: Callable[[list[Tensor]], Tensor], w_plus: Tensor
) -> float:
    """Time of the scores and their gradient with respect to the maps."""
    with torch.no_grad():
        maps = model.generator.features(w_plus)
    given = [x.clone().requires_grad_() for x in maps]
    started = time.perf_counter()
    torch.autograd.grad(scores(given).square().mean(), given)
    return time.perf_counter() - started


def avatar_model() -> JointModel:
    """A joint model of random weights, as large as the shipped one."""
    style, encoder = StyleGANRecipe.preset("cpu"), EncoderRecipe.preset("cpu")
    return random_model(
        {
            "size": style.size,
            "height": style.size,
            "classes": Avatars(length=1).label_space.num_classes,
            "members": 10,
            "generator": {
                "z_dim": style.z_dim,
                "w_dim": style.w_dim,
                "mapping_layers": style.mapping_layers,
                "channels": style.channels,
            },
            "encoder": {
                "channels": encoder.channels,
                "width": encoder.width,
                "blocks": encoder.blocks,
            },
        }
    )


def apply() -> dict[str, float]:
    """A slider moves: the sum of code and vector, its picture and its mask."""
    model = avatar_model()
    before = random_code(model)
    vector = EditVector(
        name="random",
        direction=torch.randn_like(before[0]),
        region=torch.zeros(model.grid.height, model.grid.width, dtype=torch.bool),
        classes=("1",),
        generator=model.mark,
    )
    strengths = count(1)  # a new one each time, as models remember what they have shown
    return {
        "seconds": median_seconds(lambda: model.view(before + next(strengths) * vector.direction))[
            0
        ]
    }


def refine() -> dict[str, float]:
    """Refinement of a quarter of the picture."""
    model = avatar_model()
    before = random_code(model)
    target = model.view(before).label[0]
    side = model.grid.height
    target[side // 4 : 3 * side // 4, side // 4 : 3 * side // 4] = 1
    settings = EditSettings(steps=AVATARS_REFINEMENTS, encoder=0.0)
    edit = edit_mask(model, before, target, settings=settings)
    distance = PictureDistance("embedded")
    started = time.perf_counter()
    edit.run(model, distance)
    return {"seconds": time.perf_counter() - started}
