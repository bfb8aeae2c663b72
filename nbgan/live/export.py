"""Export a model to the page: ONNX with small weights, checked against PyTorch."""

from __future__ import annotations

import gzip
import logging
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnxscript import optimizer
from torch import Tensor, nn

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.live.card import LiveCard
from nbgan.live.weights import Weights, compress, rounded

DTYPES = (torch.float32, torch.uint8, torch.int32)
"""What a page can hand over without conversion."""


def export(
    model: nn.Module,
    inputs: Mapping[str, Tensor],
    *,
    name: str,
    out: Path,
    outputs: Sequence[str] = ("picture",),
    weights: Weights = "fp16",
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
    tolerance: float = 1e-3,
    label_space: LabelSpace | None = None,
) -> LiveCard:
    """Write ``<name>.onnx`` and its card ``<name>.json``.

    The file is run with onnxruntime before anything is written, and compared with PyTorch on the
    given inputs. Both compute with the same rounded weights, so the comparison finds mistakes of
    the export alone; the card says separately what rounding costs.

    Args:
        model: takes the inputs in their order, returns a tensor or a tuple of tensors. It is
            exported in evaluation mode, with spectral norm folded into the weights, and is left
            as it is.
        inputs: an example of each input: float32, uint8 or int32.
        name: small letters, digits, dots and hyphens.
        out: folder; it is made if needed.
        outputs: a name for each output.
        weights: ``"fp16"`` (half the size), ``"int8"`` (a quarter, per output channel) or
            ``"fp32"``.
        dynamic: per input, axes that may have any length, and a word for each.
        tolerance: largest difference that is accepted.
        label_space: classes of the label map, for the card.

    Returns:
        The card.

    Raises:
        InputError: a bad name, an input that a page cannot hand over, an unknown kind of weights,
            a model that does not fit its inputs or names, or one that differs by more than the
            tolerance; then nothing is written.
    """
    _check(name, inputs)
    exact, model = rounded(model, "fp32"), rounded(model, weights)
    try:
        with torch.no_grad():
            expected = _tuple(model(*inputs.values()))
            full = _tuple(exact(*inputs.values()))
    except (RuntimeError, TypeError, ValueError) as error:
        shapes = ", ".join(f"{key} {list(value.shape)}" for key, value in inputs.items())
        raise InputError(
            f"inputs: the model does not take {shapes} in this order ({error})"
        ) from error
    if len(expected) != len(outputs):
        raise InputError(
            f"outputs: the model returns {len(expected)} tensors, {len(outputs)} are named "
            f"({', '.join(outputs)}); give one name each"
        )
    graph = _trace(model, inputs, outputs, dynamic or {})
    parameters = sum(math.prod(t.dims) for t in graph.graph.initializer if len(t.dims))
    compress(graph, weights)
    data = graph.SerializeToString()
    got = run(data, {key: value.numpy() for key, value in inputs.items()})
    difference = max(
        float(np.abs(a - b.numpy()).max()) for a, b in zip(got.values(), expected, strict=True)
    )
    if not difference <= tolerance:
        raise InputError(
            f"{name}: onnxruntime differs from PyTorch by {difference:.2g}, allowed is "
            f"{tolerance:.2g}; an operator may have another meaning there, or raise the tolerance"
        )
    card = LiveCard(
        name=name,
        weights=weights,
        parameters=parameters,
        bytes=len(data),
        gzip_bytes=len(gzip.compress(data, 9, mtime=0)),
        max_error=difference,
        decibels={
            key: _decibels(a.numpy(), got[key]) for key, a in zip(outputs, full, strict=True)
        },
        inputs={key: _signature(key, value, dynamic) for key, value in inputs.items()},
        outputs={
            value.name: {"type": "float32", "shape": _shape(value)} for value in graph.graph.output
        },
        label_space=None if label_space is None else asdict(label_space),
        opset=next(o.version for o in graph.opset_import if o.domain in ("", "ai.onnx")),
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.onnx").write_bytes(data)
    (out / f"{name}.json").write_text(card.to_json())
    return card


def run(model: bytes | Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Run an exported model with onnxruntime on one thread, as the page does.

    Args:
        model: the file, or its content.
        inputs: one array per input.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    data = model.read_bytes() if isinstance(model, Path) else model
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))


def _check(name: str, inputs: Mapping[str, Tensor]) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name):
        raise InputError(
            f"name: '{name}' becomes a file name; use small letters, digits, dots and hyphens"
        )
    if not inputs:
        raise InputError("inputs: give an example of each input, by name")
    for key, value in inputs.items():
        if not isinstance(value, Tensor) or value.dtype not in DTYPES:
            seen = value.dtype if isinstance(value, Tensor) else type(value).__name__
            allowed = ", ".join(str(d).removeprefix("torch.") for d in DTYPES)
            raise InputError(
                f"inputs: '{key}' is {seen}; a page hands over tensors of {allowed}, convert it "
                "inside the model"
            )


def _trace(
    model: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: Sequence[str],
    dynamic: Mapping[str, Mapping[int, str]],
) -> onnx.ModelProto:
    words = {word for axes in dynamic.values() for word in axes.values()}
    dims = {word: torch.export.Dim(word) for word in words}
    shapes = tuple(
        {axis: dims[word] for axis, word in dynamic.get(key, {}).items()} for key in inputs
    )
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)  # it reports every step, and operators of other libraries
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                model,
                tuple(inputs.values()),
                dynamo=True,
                external_data=False,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_shapes=shapes if words else None,
                optimize=False,
                verbose=False,
            )
            assert program is not None
            # Not all that the exporter could do: it would fold batch norm into rounded weights.
            optimizer.fold_constants(program.model)
            optimizer.remove_unused_nodes(program.model)
    except torch.onnx.errors.OnnxExporterError as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"model: PyTorch cannot export it ({reason}); leave out branches that look at values, "
            "and operators that ONNX does not have"
        ) from error
    finally:
        exporter.setLevel(level)
    proto = program.model_proto
    # Where each node came from doubles the size of a small file.
    for node in proto.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*proto.graph.input, *proto.graph.output, *proto.graph.value_info):
        del value.metadata_props[:]
    del proto.graph.value_info[:]
    return proto


def _signature(
    key: str, value: Tensor, dynamic: Mapping[str, Mapping[int, str]] | None
) -> dict[str, Any]:
    axes = (dynamic or {}).get(key, {})
    return {
        "type": str(value.dtype).removeprefix("torch."),
        "shape": [axes.get(i, size) for i, size in enumerate(value.shape)],
    }


def _shape(value: onnx.ValueInfoProto) -> list[int | str]:
    dims = value.type.tensor_type.shape.dim
    return [dim.dim_param or dim.dim_value for dim in dims]


def _tuple(result: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    return (result,) if isinstance(result, Tensor) else tuple(result)


def _decibels(signal: np.ndarray, approximation: np.ndarray) -> float | None:
    noise = float(np.square(signal - approximation, dtype=np.float64).mean())
    power = float(np.square(signal, dtype=np.float64).mean())
    return round(10 * math.log10(power / noise), 1) if noise and power else None
