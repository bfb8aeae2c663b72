"""What is known of a model that was exported to the page."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbgan.errors import InputError


@dataclass(frozen=True, kw_only=True)
class LiveCard:
    """Card of an exported model; lies beside the model as JSON.

    Args:
        name: of the model; its files are ``<name>.onnx`` and ``<name>.json``.
        weights: how weights are stored: ``"fp16"``, ``"int8"`` or ``"fp32"``.
        parameters: number of weights.
        bytes: size of the model file.
        gzip_bytes: its size when compressed, which is what travels.
        max_error: largest difference, over all outputs, between onnxruntime and PyTorch with the
            same rounded weights.
        decibels: per output, signal to noise against PyTorch with the weights as they were:
            what rounding costs. None where nothing differs.
        inputs: per input, ``type`` (as onnxruntime names it, such as ``"float32"``) and ``shape``;
            a word instead of a number is an axis of any length.
        outputs: the same for each output.
        label_space: the classes of the label map, None for a model without one.
        opset: version of the ONNX operators.
    """

    name: str
    weights: str
    parameters: int
    bytes: int
    gzip_bytes: int
    max_error: float
    decibels: dict[str, float | None]
    inputs: dict[str, dict[str, Any]]
    outputs: dict[str, dict[str, Any]]
    label_space: dict[str, Any] | None
    opset: int

    def to_json(self) -> str:
        """As a JSON text."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def read(cls, path: Path) -> LiveCard:
        """Read a card.

        Raises:
            InputError: not there, or not a card.
        """
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            raise InputError(
                f"{path}: no such card; nbgan.live.export(...) writes it beside the model"
            ) from None
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{path}: not the card of an exported model ({error}); export the model again"
            ) from error
