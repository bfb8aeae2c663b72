"""Replay of single published parts: same weights, same inputs, our arithmetic."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from nbgan.gan.losses import gan_loss, kl_loss, over_scales, reparameterize
from nbgan.norms.official import parse_spade_config
from nbgan.spade.networks import SpadeResBlock
from nbgan.spade.official.builders import (
    GAN_MODES,
    State,
    buffers_after,
    build_discriminator,
    build_encoder,
    build_generator,
    load_published,
    numbered_label_space,
)
from nbgan.spade.recipe import SpadeRecipe
from nbgan.spade.semantics import semantics
from nbgan.spade.system import SpadeSystem


def _replay_resblock(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    norm, kernel_size = parse_spade_config(options["norm_G"])
    block = SpadeResBlock(
        in_channels=options["fin"],
        out_channels=options["fout"],
        label_channels=options["semantic_nc"],
        hidden=options["spade_hidden_nc"],
        norm=norm,
        kernel_size=kernel_size,
        spectral=options["norm_G"].startswith("spectral"),
    )
    load_published(block, state, "state")
    block.train(mode == "train")
    x = inputs["x"]
    resized = nn.functional.interpolate(inputs["seg"].float(), size=x.shape[-2:], mode="nearest")
    outputs = {"out": block(x, block.modulations(resized))}
    return outputs | {f"after/{k}": v for k, v in buffers_after(block, state).items()}


def _replay_generator(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    generator = build_generator(options, state, "state").train(mode == "train")
    return {"image": generator(inputs["input_semantics"].float(), inputs.get("z"))}


def _replay_discriminator(
    options: Any, state: State, inputs: State, mode: str
) -> dict[str, Tensor]:
    discriminator = build_discriminator(options, state, "state").train(mode == "train")
    outputs: dict[str, Tensor] = {}
    for i, features in enumerate(discriminator(inputs["input"].float())):
        if options["no_ganFeat_loss"]:
            features = features[-1:]
        outputs |= {f"d{i}_f{j}": value for j, value in enumerate(features)}
    return outputs | {f"after/{k}": v for k, v in buffers_after(discriminator, state).items()}


def _replay_encoder(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    mu, logvar = build_encoder(options, state, "state").train(mode == "train")(inputs["image"])
    return {"mu": mu, "logvar": logvar}


def _replay_losses(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    kinds = {
        "lists": _loss_lists,
        "kld": _kl,
        "preprocess": _preprocess,
        "model": _model_step,
    }
    return kinds[options["what"]](options, state, inputs, mode)


def _loss_lists(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    def lists(name: str) -> list[list[Tensor]]:
        return [
            [inputs[k] for k in sorted(inputs) if k.startswith(f"{name}/d{i}_")]
            for i in range(options["num_D"])
        ]

    fake, real = lists("pred_fake"), lists("pred_real")
    outputs = {}
    for published in options["gan_modes"]:
        loss = gan_loss(GAN_MODES[published])
        outputs[f"{published}/D_Fake"] = over_scales(loss.fake, fake)[None]
        outputs[f"{published}/D_real"] = over_scales(loss.real, real)[None]
        outputs[f"{published}/GAN"] = over_scales(loss.generator, fake)[None]
    return outputs


def _kl(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    kl = kl_loss(inputs["mu"], inputs["logvar"])
    return {
        "KLD": kl,
        "KLD_weighted": options["lambda_kld"] * kl,
        "z": reparameterize(inputs["mu"], inputs["logvar"], inputs["eps"]),
    }


def _preprocess(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    maps = semantics(
        inputs["label"].long()[:, 0],
        inputs["instance"][:, 0] if "instance" in inputs else None,
        numbered_label_space(options),
        dont_care=options["contain_dontcare_label"],
        use_instances=not options["no_instance"],
    )
    return {"input_semantics": maps}


def _model_step(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    """A generator step and a discriminator step, weights left alone."""
    norm, kernel_size = parse_spade_config(options["norm_G"])
    recipe = SpadeRecipe(
        size=options["crop_size"],
        aspect_ratio=options["aspect_ratio"],
        use_instances=not options["no_instance"],
        dont_care=options["contain_dontcare_label"],
        width=options["ngf"],
        depth=options["num_upsampling_layers"],
        hidden=options["spade_hidden_nc"],
        norm="instance" if norm == "instance" else "batch",
        kernel_size=kernel_size,
        z_dim=options["z_dim"] if options["use_vae"] else None,
        encoder_width=options["ngf"],
        encoder_size=256,
        discriminator_width=options["ndf"],
        discriminator_layers=options["n_layers_D"],
        discriminator_scales=options["num_D"],
        gan_loss=GAN_MODES[options["gan_mode"]],
        feature_matching=0.0 if options["no_ganFeat_loss"] else options["lambda_feat"],
        perceptual=0.0,
        kl=options["lambda_kld"],
    )
    system = SpadeSystem(recipe, numbered_label_space(options)).train(mode == "train")
    parts = {"G": system.generator, "D": system.discriminator, "E": system.encoder}
    states = {
        name: {k[2:]: v for k, v in state.items() if k.startswith(f"{name}/")} for name in parts
    }
    for name, network in parts.items():
        if network is not None:
            load_published(network, states[name], f"state/{name}")

    images: list[Tensor] = []
    hook = system.generator.register_forward_hook(lambda *args: images.append(args[2].detach()))
    batch = {"image": inputs["image"], "label": inputs["label"].long()[:, 0]}
    if "instance" in inputs:
        batch["instance"] = inputs["instance"][:, 0]
    published = {
        "gan": "GAN",
        "feature_matching": "GAN_Feat",
        "kl": "KLD",
        "fake": "D_Fake",
        "real": "D_real",
    }
    outputs: dict[str, Tensor] = {}
    losses_of = {
        "generator": system.generator_losses,
        "discriminator": system.discriminator_losses,
    }
    for phase, prefix in zip(system.phases(), ("G", "D"), strict=True):
        with system.only(phase):
            noise = inputs.get(f"eps_{phase.name}_step")
            losses = losses_of[phase.name](batch, noise)
            total = torch.stack(list(losses.values())).sum()
            system.zero_grad()
            total.backward()
        outputs |= {f"{prefix}/{published[k]}": v for k, v in losses.items()}
        outputs[f"{prefix}/total"] = total
        for name, network in parts.items():
            grads = [p.grad for p in network.parameters() if p.grad is not None] if network else []
            if grads:
                norm_of_all = torch.stack([g.norm() for g in grads]).norm()
                outputs[f"grad_norm_{phase.name}_step/{name}"] = norm_of_all
            if network is not None:
                for key, value in buffers_after(network, states[name]).items():
                    outputs[f"after_{phase.name}_step/{name}/{key}"] = value
    hook.remove()
    outputs["image_generated"] = images[0]
    return outputs


REPLAYS = {
    "spade/resblock": _replay_resblock,
    "spade/generator": _replay_generator,
    "spade/discriminator": _replay_discriminator,
    "spade/encoder": _replay_encoder,
    "spade/losses": _replay_losses,
}
