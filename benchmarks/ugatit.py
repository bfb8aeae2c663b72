"""Chapter 7: training steps of U-GAT-IT against the published schedule, and their memory.

The published schedule, as its program runs it: every network asks for gradients all the time, the
discriminators' loss is followed back into the generators, the generators translate the same
pictures again for their own update, and each picture goes through alone. Its layers are the
published ones, too: AdaLIN by its formula, spectral norm on the weights, PyTorch's instance norm,
order of memory and plain Adam.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.spectral_norm import SpectralNorm

from benchmarks.measure import Row, in_process
from nbgan.gan.spectral import DivideTheSmaller
from nbgan.norms import adaptive
from nbgan.train.system import Batch
from nbgan.ugatit import UGATITRecipe, UGATITSystem, blocks
from nbgan.ugatit.losses import (
    adversarial_discriminator_losses,
    adversarial_generator_losses,
    cycle_loss,
    generator_cam_loss,
    identity_loss,
)
from nbgan.ugatit.terms import SCALES

LIGHT = UGATITRecipe.preset("paper_light", data="avatar-pair", channels_last=True)
LEAN = {"compact": True, "checkpoint": True}
Losses = dict[str, Tensor]


def run() -> list[Row]:
    """All rows of this chapter."""
    return [*equality(), *rates(), *memory()]


def equality() -> list[Row]:
    """Both schedules' losses on the first step, from the same weights and pictures, in fp32."""
    recipe = LIGHT.replace(size=128, width=16, discriminator_width=16)
    sums = []
    for step in (published_step, our_step):
        system, batch = prepared(recipe)
        losses = step(system, batch, optimizers(system), "fp32")
        sums.append({name: sum_of(losses, name) for name in ("discriminator", "generator")})
    differences = [abs(sums[1][name] / value - 1) for name, value in sums[0].items()]
    return [
        {
            "claim": "U-GAT-IT: losses of the first step, ours against published, fp32",
            "ours": max(differences),
            "unit": "relative difference",
            "target": "under 0.0001",
        }
    ]


def rates() -> list[Row]:
    """Whole training steps of the published light model at 256 pixels, one picture a side."""
    published = in_process("benchmarks.ugatit", "steps", schedule="published", precision="fp32")
    fp32 = in_process("benchmarks.ugatit", "steps", schedule="ours", precision="fp32")
    bf16 = in_process("benchmarks.ugatit", "steps", schedule="ours", precision="bf16")
    lean = in_process("benchmarks.ugatit", "steps", schedule="ours", count=1, warm=0, **LEAN)
    return [
        {
            "claim": "U-GAT-IT: light, 256 px: published schedule against ours, fp32",
            "published": published["rate"],
            "ours": fp32["rate"],
            "unit": "steps/s",
            "ratio": fp32["rate"] / published["rate"],
            "target": "1.5 times",
        },
        {
            "claim": "U-GAT-IT: light, 256 px: published schedule in fp32 against ours in bf16",
            "published": published["rate"],
            "ours": bf16["rate"],
            "unit": "steps/s",
            "ratio": bf16["rate"] / published["rate"],
            "target": "4 times with AMX",
        },
        {
            "claim": "U-GAT-IT: peak memory of that step, light, 256 px, compact, fp32",
            "published": published["peak_mb"],
            "ours": lean["peak_mb"],
            "unit": "MB",
            "ratio": published["peak_mb"] / lean["peak_mb"],
            "target": "under 4000",
        },
    ]


def memory() -> list[Row]:
    """One step of the full model at 256 pixels; its authors name 22 GB."""
    full = in_process(
        "benchmarks.ugatit", "steps", schedule="ours", count=1, warm=0, **LEAN | {"light": False}
    )
    return [
        {
            "claim": "U-GAT-IT: peak memory of a step, full model, 256 px, compact, fp32",
            "ours": full["peak_mb"],
            "unit": "MB",
            "target": "under 8000",
        }
    ]


def steps(
    schedule: str, precision: str = "fp32", count: int = 2, warm: int = 1, **changes: Any
) -> dict[str, float]:
    """Training steps a second, after some of warming up."""
    system, batch = prepared(LIGHT.replace(precision=precision, **changes))
    step, adams = our_step, optimizers(system)
    if schedule == "published":
        step = published_step
        system.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        for adam in adams.values():
            for group in adam.param_groups:
                group["fused"] = False
    for _ in range(warm):
        step(system, batch, adams, precision)
    started = time.perf_counter()
    for _ in range(count):
        step(system, batch, adams, precision)
    return {"rate": count / (time.perf_counter() - started)}


def prepared(recipe: UGATITRecipe) -> tuple[UGATITSystem, Batch]:
    """A system in training mode and a batch of noise."""
    system = UGATITSystem(recipe).train()
    system.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    draw = torch.Generator().manual_seed(0)
    shape = (recipe.batch_size, 3, recipe.size, recipe.size)
    batch = {side: torch.rand(shape, generator=draw) * 2 - 1 for side in ("source", "target")}
    return system, batch


def optimizers(system: UGATITSystem) -> dict[str, torch.optim.Optimizer]:
    """The optimiser of each phase."""
    made = {}
    for phase in system.phases():
        assert not isinstance(phase.optimizer, str)
        with system.only(phase) as parameters:
            made[phase.name] = phase.optimizer(parameters)
    return made


def our_step(
    system: UGATITSystem,
    batch: Batch,
    adams: dict[str, torch.optim.Optimizer],
    precision: str,
) -> Losses:
    """Both phases as the training loop runs them."""
    every: Losses = {}
    for phase in system.phases():
        with system.only(phase):
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                losses = system(phase.name, batch)
            torch.stack(list(losses.values())).sum().backward()
        adams[phase.name].step()
        adams[phase.name].zero_grad(set_to_none=True)
        if phase.after is not None:
            phase.after()
        every |= {f"{phase.name}/{name}": value.detach() for name, value in losses.items()}
    return every


@contextmanager
def published_layers() -> Iterator[None]:
    """Layers as the published program has them, instead of ours that do less."""
    with (
        patch.object(blocks, "instance_norm_fused", F.instance_norm),
        patch.object(adaptive, "adalin_fused", adaptive.adalin),
        patch.object(DivideTheSmaller, "__call__", SpectralNorm.__call__),
    ):
        yield


@published_layers()
def published_step(
    system: UGATITSystem,
    batch: Batch,
    adams: dict[str, torch.optim.Optimizer],
    precision: str,
) -> Losses:
    """Both updates in the published order and with the published waste."""
    system.requires_grad_(True)
    every: Losses = {}
    turns: dict[str, Callable[[UGATITSystem, Batch], Losses]] = {
        "discriminator": published_discriminators,
        "generator": published_generators,
    }
    for name, turn in turns.items():
        mine = [adam for phase, adam in adams.items() if phase.startswith(name)]
        for adam in mine:
            adam.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            losses = turn(system, batch)
        torch.stack(list(losses.values())).sum().backward()
        for adam in mine:
            adam.step()
        every |= {f"{name}/{term}": value.detach() for term, value in losses.items()}
    system.clip_rho_()
    return every


def published_discriminators(system: UGATITSystem, batch: Batch) -> Losses:
    """Translations with a graph, which the loss follows into the generators."""
    fake = {
        "a": system.generator_b2a(batch["target"]).image,
        "b": system.generator_a2b(batch["source"]).image,
    }
    real = {"a": batch["source"], "b": batch["target"]}
    losses: Losses = {}
    for domain in "ab":
        for scale in SCALES:
            judge = system.discriminators[f"{scale}_{domain}"]
            terms = adversarial_discriminator_losses(judge(real[domain]), judge(fake[domain]))
            losses |= {f"{term}_{scale}_{domain}": value for term, value in terms.items()}
    return losses


def published_generators(system: UGATITSystem, batch: Batch) -> Losses:
    """New translations, the way back, and pictures of the target domain, each on its own."""
    into = {"a": system.generator_b2a, "b": system.generator_a2b}
    real = {"a": batch["source"], "b": batch["target"]}
    fake = {"a": into["a"](real["b"]), "b": into["b"](real["a"])}
    weights = system.recipe.weights
    losses: Losses = {}
    for domain, other in (("a", "b"), ("b", "a")):
        returned = into[domain](fake[other].image).image
        same = into[domain](real[domain])
        for scale in SCALES:
            judged = system.discriminators[f"{scale}_{domain}"](fake[domain].image)
            terms = adversarial_generator_losses(judged)
            losses |= {f"{term}_{scale}_{domain}": value for term, value in terms.items()}
        losses[f"cycle_{domain}"] = weights.cycle * cycle_loss(real[domain], returned)
        losses[f"identity_{domain}"] = weights.identity * identity_loss(real[domain], same.image)
        told = generator_cam_loss(fake[domain].cam_logits, same.cam_logits)
        losses[f"attention_{domain}"] = weights.cam * told
    return losses


def sum_of(losses: Losses, phase: str) -> float:
    """What a phase minimises."""
    return sum(value.item() for name, value in losses.items() if name.startswith(phase))
