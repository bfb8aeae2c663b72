"""A feature map under gamma, beta and rho, live: the sliders of chapter 1."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anywidget
import torch
import traitlets
from torch import Tensor

from nbgan.errors import InputError


class ModulationExplorer(anywidget.AnyWidget):
    """Sliders for ``gamma * (rho * IN(x) + (1 - rho) * LN(x)) + beta`` on a stack of features.

    All arithmetic happens in the browser, so the sliders also work in a saved page. ``channel``,
    ``gamma``, ``beta`` and ``rho`` are synced traits: reading or setting them in Python is
    immediate.

    Args:
        features: one sample, float ``[C, H, W]``.
        names: one name per channel.

    Raises:
        InputError: not three axes, names of another number, or a constant channel.
    """

    _esm = Path(__file__).parent / "modulation.js"
    _css = Path(__file__).parent / "modulation.css"

    maps = traitlets.CBytes(b"").tag(sync=True)
    size = traitlets.List(traitlets.Int()).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    scales: traitlets.List = traitlets.List().tag(sync=True)
    channel = traitlets.Int(0).tag(sync=True)
    gamma = traitlets.Float(1.0).tag(sync=True)
    beta = traitlets.Float(0.0).tag(sync=True)
    rho = traitlets.Float(1.0).tag(sync=True)

    def __init__(self, features: Tensor, *, names: Sequence[str], eps: float = 1e-5) -> None:
        if features.ndim != 3 or features.shape[0] != len(names):
            raise InputError(
                f"features: shape {tuple(features.shape)} with {len(names)} names; pass one sample "
                "[C, H, W] and one name per channel"
            )
        x = features.detach().float().cpu()
        low, high = x.amin((1, 2)), x.amax((1, 2))
        if not bool((high > low).all()):
            raise InputError(
                f"features: channel '{names[int((high - low).argmin())]}' is constant; "
                "leave it out, there is nothing to see"
            )
        # Bytes per pixel travel; a line value = offset + step * byte gives IN and LN back.
        step = (high - low) / 255
        quantised = ((x - low[:, None, None]) / step[:, None, None]).round().to(torch.uint8)
        deviation = (x.var((1, 2), correction=0) + eps).sqrt()
        whole = (x.var(correction=0) + eps).sqrt()
        scales = torch.stack(
            [
                (low - x.mean((1, 2))) / deviation,
                step / deviation,
                (low - x.mean()) / whole,
                step / whole,
            ],
            dim=1,
        )
        super().__init__(
            maps=quantised.numpy().tobytes(),
            size=[x.shape[2], x.shape[1]],
            names=list(names),
            scales=scales.tolist(),
        )
