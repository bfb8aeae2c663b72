"""Chapter 4: sampling from StyleGAN2 at 128 px, and its training."""

from __future__ import annotations

import time
from functools import partial

import torch
from torch import Tensor

from benchmarks.measure import Row, in_process, median_seconds
from nbgan.stylegan import StyleGANRecipe, StyleGANSystem

PICTURES = 16


def run() -> list[Row]:
    """All rows of this room."""
    return [*sampling(), training()]


def sampling() -> list[Row]:
    """Pictures a second of the shipped sizes, in fp32 and in bf16."""
    torch.manual_seed(0)
    system = StyleGANSystem(StyleGANRecipe.preset("cpu"), None).eval()
    system.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    w_plus = system.latents(PICTURES)

    def sample(enabled: bool) -> Tensor:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            return system.generator.synthesis(w_plus)

    fp32, bf16 = median_seconds(partial(sample, False), partial(sample, True))
    return [
        {
            "claim": "StyleGAN2: sampling at 128 px: fp32 against bf16",
            "published": PICTURES / fp32,
            "ours": PICTURES / bf16,
            "unit": "pictures/s",
            "ratio": fp32 / bf16,
        }
    ]


def training() -> Row:
    """Whole training steps, lazy regularisation included, in fp32 and in bf16."""
    fp32 = in_process("benchmarks.stylegan", "train_steps", precision="fp32")
    bf16 = in_process("benchmarks.stylegan", "train_steps", precision="bf16")
    return {
        "claim": "StyleGAN2: training at 128 px: fp32 against bf16",
        "published": fp32["rate"],
        "ours": bf16["rate"],
        "unit": "pictures/s",
        "ratio": bf16["rate"] / fp32["rate"],
    }


def train_steps(precision: str) -> dict[str, float]:
    """Pictures a second of the game, over one interval of the R1 penalty."""
    torch.manual_seed(0)
    recipe = StyleGANRecipe.preset("cpu", imitation=0, settling=0)
    system = StyleGANSystem(recipe, None).train()
    system.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    batch = {"image": torch.rand(recipe.batch_size, 3, recipe.size, recipe.size) * 2 - 1}
    optimizers = {}
    for phase in system.phases():
        if not isinstance(phase.optimizer, str):
            with system.only(phase) as parameters:
                optimizers[phase.name] = phase.optimizer(parameters)

    def step(number: int) -> None:
        for phase in system.phases():
            if phase.runs_at(number):
                owner = phase.optimizer if isinstance(phase.optimizer, str) else phase.name
                optimizers[owner].zero_grad()
                with system.only(phase):
                    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                        losses = system(phase.name, batch)
                    torch.stack(list(losses.values())).sum().backward()
                optimizers[owner].step()

    step(1)
    started = time.perf_counter()
    for number in range(recipe.r1_every):
        step(number)
    return {"rate": recipe.r1_every * recipe.batch_size / (time.perf_counter() - started)}
