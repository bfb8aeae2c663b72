"""Published DatasetGAN checkpoints: read the authors' files, and replay their parts.

Each member of the published ensemble is a file of its own, ``{"model_state_dict": …}``, whose
tensor names start with ``module.``; load them one by one and put them together with
:meth:`~nbgan.datasetgan.StyleInterpreter.from_classifiers`. The generator of DatasetGAN loads as
``stylegan1/generator``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nbgan.data.labels import LabelSpace
from nbgan.data.palette import distinct_colors
from nbgan.datasetgan.classifier import PixelClassifier
from nbgan.datasetgan.crossvalidation import confusions, cross_validate, hold_out
from nbgan.datasetgan.features import FeatureBank, PixelGrid, resize
from nbgan.datasetgan.interpreter import StyleInterpreter
from nbgan.datasetgan.votes import keep_published
from nbgan.errors import InputError
from nbgan.stylegan.official import stylegan1
from nbgan.train.weights import load_weights

State = Mapping[str, Tensor]

ROWS = 18
"""Rows that the published mapping repeats w over, whatever the resolution."""


def read_classifier(path: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Tensors of a published classifier, wrapped or bare."""
    from nbgan.official import read_checkpoint

    content = read_checkpoint(path)
    if isinstance(content, dict) and "model_state_dict" in content:
        content = content["model_state_dict"]
    if not isinstance(content, dict) or not all(isinstance(v, Tensor) for v in content.values()):
        raise InputError(
            f"{path}: expected a dict of tensors, or one under 'model_state_dict', found "
            f"{type(content).__name__}; is it a file of another network?"
        )
    return {}, {k.removeprefix("module."): v for k, v in content.items()}


def build_classifier(options: Mapping[str, Any], state: State, where: str) -> PixelClassifier:
    """A pixel classifier with published weights.

    Args:
        options: ``numpy_class`` and ``dim``; the tensors tell both, so they are only compared.
        state: published names to tensors.
        where: the file, for messages.
    """
    found = {
        "numpy_class": state["layers.6.weight"].shape[0],
        "dim": state["layers.0.weight"].shape[1],
    }
    wrong = [
        f"{name} is {options[name]}, the file's tensors say {value}"
        for name, value in found.items()
        if options.get(name, value) != value
    ]
    if wrong:
        raise InputError(f"{where}: {'; '.join(wrong)}. Leave these options out")
    classifier = PixelClassifier(channels=found["dim"], outputs=found["numpy_class"])
    load_weights(classifier, dict(state), where=where)
    return classifier.eval()


def image_to_bytes(image: Tensor) -> Tensor:
    """The published conversion of pictures ``[N, 3, H, W]`` to uint8 ``[N, H, W, 3]``.

    ``x * 127.5 + 128``, cut off towards zero. Our own files round instead, see
    :func:`nbgan.data.pictures.to_uint8`.
    """
    scaled = (image * 127.5 + 128).trunc().clamp(0, 255)
    return scaled.to(torch.uint8).permute(0, 2, 3, 1)


def _replay_classifier(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    classifier = build_classifier(options, state, "state").train(mode == "train")
    logits = classifier(inputs["features"])
    return {"logits": logits, "labels": logits.argmax(dim=1).int()}


def _replay_ensemble(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    classifiers = [
        build_classifier({}, _part(state, f"model_{m}/"), f"state/model_{m}")
        for m in range(options["model_num"])
    ]
    height, width, _ = options["dim"]
    features = inputs["features"]
    bank = FeatureBank.of([features], PixelGrid(height=height, width=width))
    interpreter = StyleInterpreter.from_classifiers(classifiers)
    said = interpreter.interpret(bank)
    shape = (options["model_num"], len(features), height * width, options["number_class"])
    logits = torch.zeros(shape)
    with torch.no_grad():
        for n in range(len(features)):
            for pixels, scores in interpreter.scores(bank, n):
                # At this size all members fit into one group.
                logits[:, n, pixels] = scores
    logits = logits.unflatten(2, (height, width))
    return {
        "labels": said.label.to(torch.uint8),
        "js": said.uncertainty,
        "image_score": said.score,
        "labels_per_model": logits.argmax(dim=-1).to(torch.uint8),
        "logits_per_model": logits,
    }


def _replay_features(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    mean = {"avg_latent": inputs["avg_latent"]}
    generator = stylegan1.build_generator(mean, state, "state").train(mode == "train")
    noise = [inputs[k] for k in sorted(inputs) if k.startswith("noise_")]
    w = generator.mapping(inputs["z"])[:, None].expand(-1, ROWS, -1)
    truncated = generator.truncate(w, options["threshold"], options["max_layer"])
    image, maps = generator.synthesize_with_features(truncated[:, : generator.rows], noise)
    grid = PixelGrid(height=options["dim"], width=options["dim"])
    # Read pixel by pixel, as training does: this is what must equal the published volume.
    pixel = torch.arange(grid.pixels)
    rows = FeatureBank.of(maps, grid).rows(torch.zeros_like(pixel), pixel)
    features = rows.T.unflatten(1, (grid.height, grid.width))
    return {
        "features": features,
        "image_float": resize(image, options["dim"]),
        "w_truncated": truncated,
    } | {f"layer_{i:02d}": value for i, value in enumerate(maps)}


def _replay_bytes(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    return {"image_uint8": image_to_bytes(inputs["image"])}


def _replay_filter(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    kept = keep_published(
        inputs["scores"], drop=options["uncertainty_portion"], max_data=options["max_data"]
    )
    return {"kept": torch.tensor(kept, dtype=torch.int32)}


def _replay_cross_validation(
    options: Any, state: State, inputs: State, mode: str
) -> dict[str, Tensor]:
    count = options["testing_data_number_class"]
    space = LabelSpace(
        name="test",
        classes=tuple(map(str, range(count))),
        colors=tuple(distinct_colors(count)),
        ignore_id=None,
    )
    masks = inputs["masks"].long()
    checkpoints = [
        _confusions(predicted.long(), masks, space) for predicted in inputs["predictions"]
    ]
    result = cross_validate(checkpoints)
    validated, tested = hold_out(checkpoints, validation=options["validation_number"])
    return {
        "fold_test_miou": torch.tensor(result.folds),
        "mean": torch.tensor(result.mean),
        "std": torch.tensor(result.std),
        "split_validation_miou": torch.tensor(validated),
        "split_test_miou": torch.tensor(tested),
    }


def _confusions(predicted: Tensor, masks: Tensor, space: LabelSpace) -> Tensor:
    return confusions(lambda _: predicted, [{"image": masks, "label": masks}], space)


def _part(state: State, prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


BUILDERS = {"datasetgan/pixel_classifier": build_classifier}

READERS = {"datasetgan/pixel_classifier": read_classifier}

REPLAYS = {
    "datasetgan/features": _replay_features,
    "datasetgan/image_to_bytes": _replay_bytes,
    "datasetgan/pixel_classifier": _replay_classifier,
    "datasetgan/ensemble": _replay_ensemble,
    "datasetgan/filter": _replay_filter,
    "datasetgan/cross_validation": _replay_cross_validation,
}
