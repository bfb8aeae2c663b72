"""Replay of EditGAN's published loops: segmentation, embedding, editing, applying vectors.

The cases were made without LPIPS, whose weights were not at hand; :func:`stand_in` takes its place
there, and here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from nbgan.datasetgan.features import FeatureBank, PixelGrid
from nbgan.datasetgan.generators import feature_channels
from nbgan.datasetgan.interpreter import StyleInterpreter
from nbgan.datasetgan.official import build_classifier
from nbgan.editgan.descent import Descent, constant, warm_and_cool
from nbgan.editgan.edits import edit_vector
from nbgan.editgan.joint import JointModel
from nbgan.editgan.official.encoder import build_encoder, pyramid_name
from nbgan.editgan.official.joint import numbered_classes
from nbgan.editgan.reading import MeanScores
from nbgan.editgan.regions import dilate
from nbgan.editgan.terms import EditObjective, EditSettings, EmbedObjective, EmbedSettings
from nbgan.editgan.vectors import EditVector
from nbgan.stylegan.official import rosinality

State = Mapping[str, Tensor]


def stand_in(a: Tensor, b: Tensor) -> Tensor:
    """Squared difference of averages over 4 × 4 pixels, of pictures in [0, 1]; ``[N]``."""
    return (F.avg_pool2d(a / 2, 4) - F.avg_pool2d(b / 2, 4)).square().mean(dim=(1, 2, 3))


def replay_encoder(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    """A picture to its code; in training mode also the running statistics after the pass."""
    # The mode decides; so that running statistics move in training, they are kept.
    kept = {k: v for k, v in options.items() if k != "bn_mode"}
    image = inputs["image"]
    encoder = build_encoder(kept, state, "state").train(mode == "train")
    outputs = {"w_plus": encoder(image)}
    if mode == "train":
        theirs = {pyramid_name(name): name for name in state if name.startswith("FPN_module.")}
        return outputs | {
            f"after/{theirs[name]}": value
            for name, value in encoder.state_dict().items()
            if name in theirs
        }
    last = build_encoder(kept | {"only_last_layer": True}, state, "state").eval()
    maps = zip(("p4", "p3", "p2"), encoder.pyramid(image), strict=True)
    return outputs | dict(maps) | {"w_only_last_layer": last(image)}


def replay_segment(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    """A code to its picture, features, scores and label maps."""
    height, width = options["crop_size"]
    model = _joint(options, state, PixelGrid(height=height, width=width))
    with torch.no_grad():
        image, maps = model.generator.synthesize_with_features(inputs["wplus"])
        pixel = options["probe"][0] * width + torch.arange(width)
        square = PixelGrid(height=width, width=width)
        features = FeatureBank.of(maps, square).rows(torch.zeros_like(pixel), pixel)
        scores = MeanScores(interpreter=model.interpreter, grid=model.grid)(maps)
        nearest = MeanScores(interpreter=model.interpreter, grid=square, nearest=True)(maps)
    return {
        "labels": model.view(inputs["wplus"]).label[0].to(torch.uint8),
        "mean_logits": scores.unflatten(0, (height, width)),
        "image_float": image,
        "features_row": features,
        "labels_nearest_full": nearest.argmax(dim=1).unflatten(0, (width, width)).to(torch.uint8),
    }


def replay_embed(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    """Embedding by optimisation from a given code, and the learning rates of a longer run."""
    size = options["generator"]["size"]
    model = _joint(options, state, PixelGrid(height=size, width=size), mode)
    weights = options["loss_dict"]
    settings = EmbedSettings(
        steps=options["steps"] - 1,  # the first of the published steps is not one
        perceptual=weights["p_loss"],
        pixel=weights["mse_loss"],
        release=True,
    )
    objective = EmbedObjective(
        model=model, image=inputs["image"], settings=settings, distance=stand_in
    )
    history: list[float] = []
    descent = Descent(inputs["w_start"])
    rate = warm_and_cool(settings.learning_rate)
    refined = descent.run(
        objective,
        steps=settings.steps,
        rate=rate,
        watch=lambda now: history.append(now.losses["perceptual"] + now.losses["pixel"]),
    )
    count = options["lr_probe_steps"]
    return {
        "w_plus_refined": refined,
        "loss_history": torch.tensor(history[:1] + history),
        "lr_schedule": torch.tensor([rate(k, count - 1) for k in range(1, count)]),
    }


def replay_edit(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    """An edit, its losses and gradient at a probe, and a vector applied with refinement."""
    size = options["generator"]["size"]
    model = _joint(options, state, PixelGrid(height=size, width=size), mode)
    before, weights = inputs["wplus"], options["loss_dict"]
    settings = EditSettings(
        steps=options["steps"] - 1,
        outside=options["rgb_loss_weight"],
        perceptual=weights["p_loss"],
        pixel=5 * weights["mse_loss"],
        inside=options["ce_loss_weight"],
        encoder=options["encoder_loss_weight"],
        release=True,
    )
    region = dilate(inputs["roi"] > 0)
    objective = EditObjective(
        model=model,
        before=before,
        target=inputs["target_mask"].long(),
        region=region,
        settings=settings,
        distance=stand_in,
    )
    probe = (before + inputs["probe_offset"]).requires_grad_()
    terms = objective(probe)
    total = torch.stack(list(terms.values())).sum()
    (gradient,) = torch.autograd.grad(total, probe)
    rate = constant(settings.learning_rate)
    edited = Descent(before).run(objective, steps=settings.steps, rate=rate)
    vector = EditVector(
        name="given",
        direction=inputs["vector"],
        region=region,
        classes=tuple(map(str, options["roi_ids"])),
        generator=model.mark,
    )
    refined = edit_vector(
        model,
        before,
        vector,
        strength=options["slider"] / 2,
        settings=replace(settings, steps=options["finetune_steps"] - 1),
    )
    return {
        "wplus_edited": edited,
        "edit_vector": edited - before,
        "dilated_roi": region.to(torch.uint8),
        "probe_p_loss": terms["perceptual"] / (settings.outside * settings.perceptual),
        "probe_mse_loss": terms["pixel"] / (settings.outside * settings.pixel),
        "probe_encoder_loss": terms["encoder"] / settings.encoder,
        "probe_ce_loss": terms["inside"] / settings.inside,
        "probe_total": total,
        "probe_gradient": gradient,
        "wplus_applied": refined.start,
        "wplus_finetuned": refined.run(model, stand_in),
    }


def _joint(
    options: Mapping[str, Any], state: State, grid: PixelGrid, mode: str = "eval"
) -> JointModel:
    """The joint model of a case; in training mode its encoder uses the statistics of a batch."""
    generator = rosinality.build_generator({}, _part(state, "generator/"), "state/generator")
    count = options.get("num_classifier", 0)
    members = [
        build_classifier({}, _part(state, f"classifier_{m}/"), f"state/classifier_{m}")
        for m in range(count)
    ]
    classes = options.get("num_class", 1)
    encoder = None
    if "encoder" in options:
        encoder = build_encoder(
            options["encoder"] | {"bn_mode": mode}, _part(state, "encoder/"), "state/encoder"
        )
    model = JointModel(
        generator=generator,
        interpreter=StyleInterpreter.from_classifiers(members)
        if members
        else StyleInterpreter(channels=feature_channels(generator), outputs=classes, members=1),
        grid=grid,
        label_space=numbered_classes(classes),
        encoder=encoder,
    )
    return model.eval().requires_grad_(False)


def _part(state: State, prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
