"""Replay of single published parts: same weights, same inputs, our arithmetic."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from nbgan.gan.losses import gan_loss
from nbgan.pix2pixhd.edges import edge_map
from nbgan.pix2pixhd.losses import discriminator_losses, feature_matching, generator_loss
from nbgan.pix2pixhd.official.builders import (
    build_discriminator,
    build_encoder,
    build_global_generator,
    build_local_enhancer,
)
from nbgan.pix2pixhd.official.names import State
from nbgan.pix2pixhd.pooling import class_tables
from nbgan.spade.official.builders import numbered_label_space
from nbgan.spade.semantics import one_hot

GAN_MODES = {"lsgan": "least_squares", "vanilla": "logistic"}
"""Published names of the adversarial losses, and ours, which take logits."""


def _replay_global(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    generator = build_global_generator(options, state, "state").train(mode == "train")
    return {"image": generator(inputs["input"].float())}


def _replay_enhancer(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    enhancer = build_local_enhancer(options, state, "state").train(mode == "train")
    return {"image": enhancer(inputs["input"].float())}


def _replay_encoder(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    encoder = build_encoder(options, state, "state").train(mode == "train")
    image, instance = inputs["image"], inputs["inst"][:, 0]
    return {
        "features_before_pooling": encoder.unpooled(image),
        "features": encoder(image, instance),
    }


def _replay_discriminator(
    options: Any, state: State, inputs: State, mode: str
) -> dict[str, Tensor]:
    discriminator = build_discriminator(options, state, "state").train(mode == "train")
    outputs: dict[str, Tensor] = {}
    for i, features in enumerate(discriminator(inputs["input"])):
        kept = features if options["getIntermFeat"] else features[-1:]
        outputs |= {f"d{i}_f{j}": value for j, value in enumerate(kept)}
    return outputs


def _replay_preprocess(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    return {"input_label": _input_label(options, inputs)}


def _input_label(options: Any, inputs: State) -> Tensor:
    space = numbered_label_space({"contain_dontcare_label": False} | dict(options))
    maps = one_hot(inputs["label"].long()[:, 0], space)
    if options["no_instance"]:
        return maps
    return torch.cat([maps, edge_map(inputs["inst"][:, 0])], dim=1)


def _replay_features(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    encoder = build_encoder(options, state, "state").train(mode == "train")
    instance = inputs["inst"][:, 0]
    features = encoder(inputs["image"], instance)
    tables = class_tables(features, instance, options["label_nc"])
    return {"feature_map": features} | {f"label_{c}": table for c, table in enumerate(tables)}


def _replay_losses(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    kinds = {"lists": _loss_lists, "model": _model_step}
    return kinds[options["what"]](options, state, inputs, mode)


def _loss_lists(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    def lists(name: str) -> list[list[Tensor]]:
        return [
            [inputs[k] for k in sorted(inputs) if k.startswith(f"{name}/d{i}_")]
            for i in range(options["num_D"])
        ]

    fake, real = lists("pred_fake"), lists("pred_real")
    outputs: dict[str, Tensor] = {}
    for published, name in GAN_MODES.items():
        loss = gan_loss(name)
        halves = discriminator_losses(fake, real, loss)
        outputs |= {
            f"{published}/D_fake": 2 * halves["fake"],
            f"{published}/D_real": 2 * halves["real"],
            f"{published}/loss_D": halves["fake"] + halves["real"],
            f"{published}/G_GAN": generator_loss(fake, loss),
        }
    return outputs


def _model_step(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    """Both losses of one step and their gradients, weights left alone."""

    def part(prefix: str) -> dict[str, Tensor]:
        return {k[2:]: v for k, v in state.items() if k.startswith(f"{prefix}/")}

    label = _input_label(options, inputs)
    image, instance = inputs["image"], inputs["inst"][:, 0]
    generator = build_global_generator(options, part("G"), "state/G")
    discriminator = build_discriminator(options, part("D"), "state/D")
    networks: dict[str, nn.Module] = {"G": generator, "D": discriminator}
    if options["instance_feat"]:
        networks["E"] = build_encoder(options, part("E"), "state/E")
    for network in networks.values():
        network.train(mode == "train")
    features = [networks["E"](image, instance)] if "E" in networks else []

    # The features help the generator only; the discriminator does not see them.
    fake = generator(torch.cat([label, *features], dim=1))

    def judge(picture: Tensor) -> list[list[Tensor]]:
        return discriminator(torch.cat([label, picture], dim=1))

    loss = gan_loss("logistic" if options["no_lsgan"] else "least_squares")
    judged_detached, judged_real, judged_fake = judge(fake.detach()), judge(image), judge(fake)
    halves = discriminator_losses(judged_detached, judged_real, loss)
    loss_d = halves["fake"] + halves["real"]
    gan = generator_loss(judged_fake, loss)
    matching = feature_matching(judged_fake, judged_real, weight=options["lambda_feat"])
    loss_g = gan if options["no_ganFeat_loss"] else gan + matching
    outputs = {
        "image_generated": fake,
        "D_fake": 2 * halves["fake"],
        "D_real": 2 * halves["real"],
        "loss_D": loss_d,
        "G_GAN": gan,
        "G_GAN_Feat": matching,
        "loss_G": loss_g,
    }
    for name, network in networks.items():
        which, total = ("loss_D", loss_d) if name == "D" else ("loss_G", loss_g)
        gradients = torch.autograd.grad(total, list(network.parameters()), retain_graph=True)
        norms = torch.stack([g.norm() for g in gradients])
        outputs[f"grad_norm_{which}/{name}"] = norms.norm()
    return outputs


REPLAYS = {
    "pix2pixhd/global_generator": _replay_global,
    "pix2pixhd/local_enhancer": _replay_enhancer,
    "pix2pixhd/encoder": _replay_encoder,
    "pix2pixhd/discriminator": _replay_discriminator,
    "pix2pixhd/preprocess": _replay_preprocess,
    "pix2pixhd/instance_features": _replay_features,
    "pix2pixhd/losses": _replay_losses,
}
