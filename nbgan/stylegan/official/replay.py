"""Replay of published StyleGAN parts: same weights, same inputs, our arithmetic."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from nbgan.stylegan.generator import StyleGenerator
from nbgan.stylegan.official import ada, rosinality, stylegan1
from nbgan.stylegan.official.common import State

ROWS = 18
"""Rows that DatasetGAN's mapping repeats w over, whatever the resolution."""


def _noise(inputs: State) -> list[Tensor]:
    return [inputs[k] for k in sorted(inputs) if k.startswith("noise_")]


def _zeros(generator: StyleGenerator) -> list[Tensor]:
    return [torch.zeros(1, 1, r, r) for r in generator.noise_sizes]


def _stylegan1(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    mean = {"avg_latent": inputs["avg_latent"]}
    generator = stylegan1.build_generator(mean, state, "state").train(mode == "train")
    noise, rows = _noise(inputs), generator.rows
    w = generator.mapping(inputs["z"])[:, None].expand(-1, ROWS, -1)
    truncated = generator.truncate(w, options["threshold"], options["max_layer"])
    image, features = generator.synthesize_with_features(truncated[:, :rows], noise)
    outputs = {"w": w, "w_truncated": truncated, "image": image}
    outputs["image_no_truncation"] = generator.synthesis(w[:, :rows], noise)
    if "wplus" in inputs:
        outputs["image_from_wplus"] = generator.synthesis(inputs["wplus"], noise)
    return outputs | {f"layer_{i:02d}": value for i, value in enumerate(features)}


def _rosinality_generator(
    options: Any, state: State, inputs: State, mode: str
) -> dict[str, Tensor]:
    state = {**state, "latent_avg": inputs["mean_latent"][0]}
    generator = rosinality.build_generator(options, state, "state").train(mode == "train")
    noise, psi, switch = _noise(inputs), options["truncation"], options["inject_index"]
    w = generator.mapping(inputs["z"])
    w_plus = generator.broadcast(w)
    other = generator.broadcast(generator.mapping(inputs["z2"]))
    mixed = torch.cat([w_plus[:1, :switch], other[:, switch:]], dim=1)
    image, features = generator.synthesize_with_features(inputs["wplus"], noise)
    sampled = generator.truncate(w_plus[:1], psi)
    return {
        "w": w,
        "image_from_z": generator.synthesis(w_plus, noise),
        "image_from_wplus": image,
        "image_truncated": generator(inputs["z"], psi, noise),
        "latent_mixed": mixed,
        "image_mixed": generator.synthesis(mixed, noise),
        "image_stored_noise": generator(inputs["z"][:1]),
        "editgan_wplus_truncated": sampled,
        "editgan_image_truncated_stored_noise": generator.synthesis(sampled),
    } | {f"editgan_feature_{i:02d}": value for i, value in enumerate(features)}


def _ada_generator(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    generator = ada.build_generator(options, state, "state").train(mode == "train")
    psi, cutoff = options["truncation_psi"], options["truncation_cutoff"]
    ws = generator.broadcast(generator.mapping(inputs["z"]))
    truncated = generator.truncate(ws, psi)
    return {
        "ws": ws,
        "image": generator.synthesis(ws),
        "ws_truncated": truncated,
        "image_truncated": generator.synthesis(truncated),
        "ws_truncated_cutoff": generator.truncate(ws, psi, cutoff),
        "image_no_noise": generator.synthesis(ws, _zeros(generator)),
        "image_from_wplus": generator.synthesis(inputs["wplus"]),
    }


def _discriminator(build: Any) -> Any:
    def replay(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
        discriminator = build(options, state, "state").train(mode == "train")
        return {
            name.replace("image", "logits"): discriminator(image)[:, None]
            for name, image in inputs.items()
        }

    return replay


REPLAYS = {
    "stylegan1/generator": _stylegan1,
    "stylegan2/generator_rosinality": _rosinality_generator,
    "stylegan2/discriminator_rosinality": _discriminator(rosinality.build_discriminator),
    "stylegan2/generator_ada": _ada_generator,
    "stylegan2/discriminator_ada": _discriminator(ada.build_discriminator),
}
