"""Replay of single published parts: same weights, same inputs, our arithmetic."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from nbgan.ugatit.hourglass import Hourglass
from nbgan.ugatit.identity import FaceIdentity
from nbgan.ugatit.losses import LossWeights
from nbgan.ugatit.official.builders import (
    DISCRIMINATORS,
    GENERATORS,
    build_cartoon_generator,
    build_discriminator,
    build_generator,
    build_mobilefacenet,
)
from nbgan.ugatit.official.names import (
    CARTOON,
    DISCRIMINATOR,
    GENERATOR,
    HOURGLASS,
    State,
    load_published,
    tensors_after,
)
from nbgan.ugatit.official.step import discriminator_phase, generator_phase

_VECTORS = ("weight_u", "weight_v")
_CLIPPED = ("rho", "gamma", "beta", "w_gamma", "w_beta")


def _replay_generator(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    generator = build_generator(options, state, "state").train(mode == "train")
    return _named(("image", "cam_logit", "heatmap"), generator(inputs["image"]))


def _replay_cartoon(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    generator = build_cartoon_generator(options, state, "state").train(mode == "train")
    return _named(("image", "cam_logit", "heatmap"), generator(inputs["image"]))


def _replay_discriminator(
    options: Any, state: State, inputs: State, mode: str
) -> dict[str, Tensor]:
    discriminator = build_discriminator(options, state, "state").train(mode == "train")
    outputs = _named(("out", "cam_logit", "heatmap"), discriminator(inputs["image"]))
    after = tensors_after(discriminator, state, DISCRIMINATOR, _VECTORS)
    return outputs | {f"after/{name}": value for name, value in after.items()}


def _replay_clip(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    generator = build_generator(options, state, "state")
    generator.clip_rho_()
    return tensors_after(generator, state, GENERATOR, _CLIPPED)


def _replay_cartoon_clip(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    generator = build_cartoon_generator(options, state, "state")
    generator.clip_rho_()
    return tensors_after(generator, state, CARTOON, _CLIPPED)


def _replay_hourglass(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    hourglass = Hourglass(channels=options["dim_in"], residual=options["use_res"])
    load_published(hourglass, state, HOURGLASS, "state")
    return {"out": hourglass.train(mode == "train")(inputs["x"])}


def _replay_mobilefacenet(
    options: Any, state: State, inputs: State, mode: str
) -> dict[str, Tensor]:
    network = build_mobilefacenet({}, state, "state").train(mode == "train")
    return {"embedding": network(inputs["image"])}


def _replay_face_id(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    face = FaceIdentity(build_mobilefacenet({}, state, "state"))
    first, second = inputs["image1"], inputs["image2"]
    return {
        "feature1": face.embed(first),
        "feature2": face.embed(second),
        "cosine_distance": face(first, second),
    }


def _replay_losses(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    """Both phases of one iteration, weights left alone."""

    def part(name: str) -> dict[str, Tensor]:
        return {k[len(name) + 1 :]: v for k, v in state.items() if k.startswith(f"{name}/")}

    cartoon = "faceid_weight" in options
    build = build_cartoon_generator if cartoon else build_generator
    networks: dict[str, nn.Module] = {
        name: build(options, part(name), f"state/{name}") for name in GENERATORS
    }
    networks |= {
        name: build_discriminator(options, part(name), f"state/{name}") for name in DISCRIMINATORS
    }
    for network in networks.values():
        network.train(mode == "train")
    weights = LossWeights(
        adversarial=options["adv_weight"],
        cycle=options["cycle_weight"],
        identity=options["identity_weight"],
        cam=options["cam_weight"],
        face=options.get("faceid_weight", 0.0),
    )
    face = FaceIdentity(build_mobilefacenet({}, part("facenet"), "state")) if cartoon else None
    real = {"A": inputs["real_A"], "B": inputs["real_B"]}
    outputs = discriminator_phase(networks, real, weights)
    outputs |= _gradients(networks, DISCRIMINATORS, outputs["Discriminator_loss"], "discriminator")
    outputs |= _vectors_after(networks, part, "discriminator")
    outputs |= generator_phase(networks, real, weights, face)
    outputs |= _gradients(networks, GENERATORS, outputs["Generator_loss"].sum(), "generator")
    outputs |= _vectors_after(networks, part, "generator")
    return outputs


def _gradients(
    networks: dict[str, nn.Module], names: tuple[str, ...], total: Tensor, phase: str
) -> dict[str, Tensor]:
    norms = {}
    for name in names:
        parameters = list(networks[name].parameters())
        gradients = torch.autograd.grad(total, parameters, retain_graph=True)
        norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
        norms[f"grad_norm_{phase}_phase/{name}"] = norm
    return norms


def _vectors_after(networks: dict[str, nn.Module], part: Any, phase: str) -> dict[str, Tensor]:
    return {
        f"after_{phase}_phase/{name}/{key}": value
        for name in DISCRIMINATORS
        for key, value in tensors_after(networks[name], part(name), DISCRIMINATOR, _VECTORS).items()
    }


def _named(names: tuple[str, ...], values: tuple[Tensor, ...]) -> dict[str, Tensor]:
    return dict(zip(names, values, strict=True))


REPLAYS = {
    "ugatit/generator": _replay_generator,
    "ugatit/discriminator": _replay_discriminator,
    "ugatit/rho_clip": _replay_clip,
    "ugatit/losses": _replay_losses,
    "photo2cartoon/generator": _replay_cartoon,
    "photo2cartoon/discriminator": _replay_discriminator,
    "photo2cartoon/hourglass": _replay_hourglass,
    "photo2cartoon/rho_clip": _replay_cartoon_clip,
    "photo2cartoon/mobilefacenet": _replay_mobilefacenet,
    "photo2cartoon/face_id": _replay_face_id,
    "photo2cartoon/losses": _replay_losses,
}
