"""Chapter 6: instance pooling in one pass, the paper's global generator, and training."""

from __future__ import annotations

import time
from functools import partial

import torch
from torch import Tensor

from benchmarks.measure import Row, in_process, median_seconds
from nbgan.data.cityscapes import CITYSCAPES
from nbgan.pix2pixhd import Pix2PixHDRecipe, Pix2PixHDSystem
from nbgan.pix2pixhd.generator import GlobalGenerator
from nbgan.pix2pixhd.pooling import instance_mean, instance_mean_loop

COUNTS = (10, 30, 100, 300)
SIZE = (512, 1024)
FEATURES = 3
LABEL_CHANNELS = 36  # 35 classes and the edges


def run() -> list[Row]:
    """All rows of this chapter."""
    return [*pooling(), *painting(), *training()]


def pooling() -> list[Row]:
    """One pass against the published loop, the same numbers, for few and many instances."""
    torch.manual_seed(0)
    features = torch.randn(1, FEATURES, *SIZE)
    maps = [instances(count, SIZE) for count in COUNTS]
    for ids in maps:
        torch.testing.assert_close(instance_mean(features, ids), instance_mean_loop(features, ids))
    once = median_seconds(*(partial(instance_mean, features, ids) for ids in maps), repeats=15)
    looped = median_seconds(
        *(partial(instance_mean_loop, features, ids) for ids in maps), repeats=3
    )
    rows: list[Row] = []
    for count, published, ours in zip(COUNTS, looped, once, strict=True):
        rows.append(
            {
                "claim": f"pix2pixHD: pooling of {count} instances, 512 × 1024",
                "published": 1e3 * published,
                "ours": 1e3 * ours,
                "unit": "ms",
                "ratio": published / ours,
            }
        )
        if count == 100:
            rows[-1]["target"] = "10 times"
    return [
        *rows,
        {
            "claim": "pix2pixHD: pooling, time of 300 instances over time of 10",
            "ours": once[-1] / once[0],
            "unit": "times",
            "target": "about 1",
        },
    ]


def instances(count: int, size: tuple[int, int]) -> Tensor:
    """An instance map ``[1, H, W]`` of ``count`` rectangles in five rows."""
    y = torch.arange(size[0])[:, None] * 5 // size[0]
    x = torch.arange(size[1])[None] * (count // 5) // size[1]
    return (26000 + y * (count // 5) + x)[None]


def painting() -> list[Row]:
    """The paper's global generator on this CPU: seconds and peak memory, weights included."""
    fp32 = in_process("benchmarks.pix2pixhd", "paint", precision="fp32")
    bf16 = in_process("benchmarks.pix2pixhd", "paint", precision="bf16")
    return [
        {
            "claim": "pix2pixHD: paper's global generator, 512 × 1024: fp32 against bf16",
            "published": fp32["seconds"],
            "ours": bf16["seconds"],
            "unit": "s",
            "ratio": fp32["seconds"] / bf16["seconds"],
        },
        {
            "claim": "pix2pixHD: peak memory of that, weights included",
            "published": fp32["peak_mb"],
            "ours": bf16["peak_mb"],
            "unit": "MB",
            "ratio": fp32["peak_mb"] / bf16["peak_mb"],
            "target": "under 4000",
        },
    ]


def paint(precision: str, pictures: int = 2) -> dict[str, float]:
    """Seconds a picture, after one of warming up."""
    generator = GlobalGenerator(in_channels=LABEL_CHANNELS).eval()
    maps = torch.zeros(1, LABEL_CHANNELS, *SIZE)
    maps[:, 7] = 1
    if precision == "bf16":
        generator.to(torch.bfloat16, memory_format=torch.channels_last)
        maps = maps.to(torch.bfloat16, memory_format=torch.channels_last)
    with torch.inference_mode():
        generator(maps)
        started = time.perf_counter()
        for _ in range(pictures):
            generator(maps)
    return {"seconds": (time.perf_counter() - started) / pictures}


def training() -> list[Row]:
    """Whole training steps of the shipped recipe in fp32 and in bf16."""
    fp32 = in_process("benchmarks.pix2pixhd", "train_steps", precision="fp32")
    bf16 = in_process("benchmarks.pix2pixhd", "train_steps", precision="bf16")
    return [
        {
            "claim": "pix2pixHD: training, 128 × 256: fp32 against bf16 with channels_last",
            "published": fp32["rate"],
            "ours": bf16["rate"],
            "unit": "pictures/s",
            "ratio": bf16["rate"] / fp32["rate"],
        },
        {
            "claim": "pix2pixHD: peak memory of that training",
            "published": fp32["peak_mb"],
            "ours": bf16["peak_mb"],
            "unit": "MB",
            "ratio": fp32["peak_mb"] / bf16["peak_mb"],
        },
    ]


def train_steps(precision: str, steps: int = 4) -> dict[str, float]:
    """Pictures a second over whole steps (both phases), after one step of warming up."""
    torch.manual_seed(0)
    recipe = Pix2PixHDRecipe.preset("cpu")
    system = Pix2PixHDSystem(recipe, CITYSCAPES).train()
    if precision == "bf16":
        system.to(memory_format=torch.channels_last)
    size, pictures = recipe.height_width, recipe.batch_size
    instance = instances(20, size).repeat(pictures, 1, 1)
    batch = {
        "image": torch.rand(pictures, 3, *size) * 2 - 1,
        "label": instance // 1000,
        "instance": instance,
    }
    optimizers = {}
    for phase in system.phases():
        with system.only(phase) as parameters:
            optimizers[phase.name] = torch.optim.Adam(parameters)

    def step() -> None:
        for phase in system.phases():
            optimizers[phase.name].zero_grad()
            with system.only(phase):
                with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                    losses = system(phase.name, batch)
                torch.stack(list(losses.values())).sum().backward()
            optimizers[phase.name].step()

    step()
    started = time.perf_counter()
    for _ in range(steps):
        step()
    return {"rate": steps * pictures / (time.perf_counter() - started)}
