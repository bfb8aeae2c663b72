"""Chapter 2: how fast SPADE paints and trains, and how much memory training takes."""

from __future__ import annotations

import time

import torch
from torch import Tensor

from benchmarks.measure import Row, in_process, median_seconds
from nbgan.data.landscapes import Landscapes
from nbgan.spade import SpadeRecipe, SpadeSystem

STYLES = 8


def run() -> list[Row]:
    """All rows of this chapter."""
    return [*painting(), *training()]


def painting() -> list[Row]:
    """A stroke answered, and one map in several styles with and without shared modulations."""
    system = _system().eval()
    label = Landscapes(size=128, split="val")[0]["label"][None]
    style = system.sample_style(STYLES)

    def one() -> Tensor:
        return system.generate(label, style=style[:1])

    def published_way() -> list[Tensor]:
        return [system.generate(label, style=z[None]) for z in style]

    def shared() -> list[Tensor]:
        maps = system.modulations(label)
        return [system.generate(label, style=z[None], modulations=maps) for z in style]

    for a, b in zip(published_way(), shared(), strict=True):
        torch.testing.assert_close(a, b)
    single, repeated, once = median_seconds(one, published_way, shared)
    return [
        {
            "claim": "SPADE: one picture, 128 px, from a label map",
            "ours": 1e3 * single,
            "unit": "ms",
            "target": "under 60",
        },
        {
            "claim": f"SPADE: one map in {STYLES} styles, modulation maps computed once",
            "published": 1e3 * repeated,
            "ours": 1e3 * once,
            "unit": "ms",
            "ratio": repeated / once,
        },
    ]


def training() -> list[Row]:
    """Whole training steps in fp32 and in bf16, each in a process of its own."""
    fp32 = in_process("benchmarks.spade", "train_steps", precision="fp32", channels_last=False)
    bf16 = in_process("benchmarks.spade", "train_steps", precision="bf16", channels_last=True)
    return [
        {
            "claim": "SPADE: training, 128 px, batch 4: fp32 against bf16 with channels_last",
            "published": fp32["rate"],
            "ours": bf16["rate"],
            "unit": "pictures/s",
            "ratio": bf16["rate"] / fp32["rate"],
            "target": "3 times with AMX",
        },
        {
            "claim": "SPADE: peak memory of that training",
            "published": fp32["peak_mb"],
            "ours": bf16["peak_mb"],
            "unit": "MB",
            "ratio": fp32["peak_mb"] / bf16["peak_mb"],
        },
    ]


def train_steps(precision: str, channels_last: bool, steps: int = 6) -> dict[str, float]:
    """Pictures a second over whole steps (both phases), after two steps of warming up."""
    system = _system().train()
    if channels_last:
        system.to(memory_format=torch.channels_last)
    data = Landscapes(size=128)
    items = [data[i] for i in range(system.recipe.batch_size)]
    batch = {key: torch.stack([item[key] for item in items]) for key in ("image", "label")}
    phases = system.phases()
    optimizers = []
    for phase in phases:
        with system.only(phase) as parameters:
            optimizers.append(phase.optimizer(parameters))

    def step() -> None:
        for phase, optimizer in zip(phases, optimizers, strict=True):
            optimizer.zero_grad()
            with system.only(phase):
                with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                    losses = system(phase.name, batch)
                torch.stack(list(losses.values())).sum().backward()
            optimizer.step()

    step()
    step()
    started = time.perf_counter()
    for _ in range(steps):
        step()
    return {"rate": steps * len(items) / (time.perf_counter() - started)}


def _system() -> SpadeSystem:
    """The shipped model's architecture; random weights take the same time as trained ones."""
    return SpadeSystem(SpadeRecipe.preset("cpu"), Landscapes.label_space)
