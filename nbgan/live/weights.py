"""Smaller weights: half precision, or eight bits with a scale per output channel.

Weights are rounded in PyTorch first and stored afterwards in a form that holds exactly those
values. So the exported model can be compared with a PyTorch model that computes the same thing,
and the price of rounding is a number of its own.

Biases and statistics stay as they are: they are few, and errors in them do not average out.
"""

from __future__ import annotations

import copy
from typing import Literal

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn
from torch.nn.utils.spectral_norm import SpectralNorm

from nbgan.errors import InputError

Weights = Literal["fp16", "int8", "fp32"]
KINDS: tuple[Weights, ...] = ("fp16", "int8", "fp32")
SMALL = 256
"""Tensors with fewer values are not worth a node of their own."""


def check(weights: str) -> None:
    """Raise InputError for an unknown kind."""
    if weights not in KINDS:
        raise InputError(f"weights: unknown '{weights}'; choose one of {', '.join(KINDS)}")


def rounded(model: nn.Module, weights: Weights) -> nn.Module:
    """A copy of a model, in evaluation mode, whose weights are what the page will compute with.

    Spectral norm is folded into the weights before they are rounded.

    Args:
        model: any module; it is left as it is.
        weights: ``"fp16"`` and ``"int8"`` round the weights of linear layers and convolutions.

    Raises:
        InputError: unknown kind, or weights that half precision cannot hold.
    """
    check(weights)
    result = _folded(model)
    if weights == "fp32":
        return result
    with torch.no_grad():
        for name, value in result.named_parameters():
            if value.ndim < 2 or value.numel() < SMALL:
                continue
            if weights == "fp16" and float(value.abs().max()) > torch.finfo(torch.float16).max:
                raise InputError(
                    f"{name}: holds {float(value.abs().max()):.3g}, half precision ends at 65504; "
                    "export with weights='fp32'"
                )
            value.copy_(value.half().float() if weights == "fp16" else _eight_bits(value))
    return result


def _folded(model: nn.Module) -> nn.Module:
    """A copy for inference, with spectral norm multiplied out."""
    spectral = [
        (module, hook)
        for module in model.modules()
        for hook in module._forward_pre_hooks.values()
        if isinstance(hook, SpectralNorm)
    ]
    with torch.no_grad():
        for module, hook in spectral:
            # After a training step the weight is part of a graph, which cannot be copied.
            setattr(module, hook.name, hook.compute_weight(module, do_power_iteration=False))
        result = copy.deepcopy(model).eval().float().cpu()
        for module in list(result.modules()):
            if any(isinstance(h, SpectralNorm) for h in module._forward_pre_hooks.values()):
                nn.utils.remove_spectral_norm(module)
    return result


def _eight_bits(value: Tensor) -> Tensor:
    """The nearest of 255 evenly spaced values, spread over each output channel's own range."""
    scale = value.abs().flatten(1).amax(1).clamp(min=1e-12) / 127
    scale = scale.reshape(-1, *[1] * (value.ndim - 1))
    return (value / scale).round().clamp(-127, 127) * scale


def compress(model: onnx.ModelProto, weights: Weights) -> None:
    """Store the weights of a graph smaller, in place; a node in front gives float32 back.

    Args:
        model: its float weights were rounded by :func:`rounded`.
        weights: ``"fp16"`` puts a Cast in front, ``"int8"`` a DequantizeLinear; a tensor that
            eight bits do not hold exactly (one that the exporter made itself) is kept in float32.
    """
    if weights == "fp32":
        return
    nodes = []
    for tensor in list(model.graph.initializer):
        if tensor.data_type != onnx.TensorProto.FLOAT or len(tensor.dims) < 2:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < SMALL:
            continue
        name = tensor.name
        if weights == "fp16":
            stored = {f"{name}.half": values.astype(np.float16)}
            nodes.append(helper.make_node("Cast", list(stored), [name], to=onnx.TensorProto.FLOAT))
        else:
            packed = _pack(values)
            if packed is None:
                continue
            integers, scale, axis = packed
            stored = {f"{name}.int8": integers, f"{name}.scale": scale}
            nodes.append(helper.make_node("DequantizeLinear", list(stored), [name], axis=axis))
        model.graph.initializer.remove(tensor)
        model.graph.initializer.extend(
            numpy_helper.from_array(array, key) for key, array in stored.items()
        )
    for node in reversed(nodes):
        model.graph.node.insert(0, node)


def _pack(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, int] | None:
    """Integers, scales and their axis, if they reproduce the values."""
    for axis in (0, 1):
        others = tuple(i for i in range(values.ndim) if i != axis)
        scale = np.maximum(np.abs(values).max(others), 1e-12).astype(np.float32) / np.float32(127)
        shape = [-1 if i == axis else 1 for i in range(values.ndim)]
        spread = scale.reshape(shape)
        integers = np.rint(values / spread).astype(np.int8)
        if np.abs(integers * spread - values).max() <= 1e-4 * scale.min():
            return integers, scale, axis
    return None
