"""Layers whose gamma and beta come from elsewhere: AdaIN, ILN, AdaLIN, SoftAdaLIN.

Sources: Huang and Belongie 2017 (AdaIN), Karras et al. 2019 (AdaIN steered by a style vector),
Kim et al. 2020 (ILN, AdaLIN: U-GAT-IT), minivision-ai 2020 (LIN, SoftAdaLIN: photo2cartoon). The
layers of the last two were checked against the published implementations.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.norms.basic import (
    check_features,
    instance_norm,
    modulate,
    normalize,
    spread_over,
)
from nbgan.norms.fused import adalin_fused


def match_statistics(content: Tensor, style: Tensor, eps: float = 1e-5) -> Tensor:
    """AdaIN of Huang and Belongie (eq. 8): ``content`` with the channel statistics of ``style``.

    ``style`` may have another height and width. Returns a tensor shaped like ``content``.
    """
    check_features(style, where="style")
    check_features(content, style.shape[1], where="content")
    variance, mean = torch.var_mean(style, (2, 3), correction=0)
    return instance_norm(content, torch.sqrt(variance + eps), mean, eps)


class AdaIN(nn.Module):
    """Adaptive instance normalisation steered by a style vector, as in StyleGAN.

    One linear layer makes gamma and beta: ``instance_norm(x) * (1 + gamma) + beta``. The "1 +"
    keeps the features alive while the linear layer is still near zero.

    Args:
        channels: number of channels of the features.
        style_features: length of the style vector.
    """

    def __init__(self, *, channels: int, style_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.channels, self.style_features, self.eps = channels, style_features, eps
        self.affine = nn.Linear(style_features, 2 * channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """``x`` ``[N, C, H, W]``, ``style`` ``[N, style_features]``; returns ``[N, C, H, W]``."""
        check_features(x, self.channels)
        _check_vectors("style", style, x.shape[0], self.style_features)
        gamma, beta = self.affine(style).chunk(2, dim=1)
        return instance_norm(x, 1 + gamma, beta, self.eps)


def adalin(
    x: Tensor, rho: Tensor, gamma: Tensor | None, beta: Tensor | None, eps: float = 1e-5
) -> Tensor:
    """``(rho * IN(x) + (1 - rho) * LN(x)) * gamma + beta``, as in eq. 1 of U-GAT-IT.

    The form to read; :class:`AdaLIN` computes the same numbers in fewer passes
    (:func:`nbgan.norms.fused.adalin_fused`).

    Args:
        x: ``[N, C, H, W]``.
        rho: ``[C]``.
        gamma, beta: ``[N, C]`` or ``[C]``; None leaves them out.
    """
    rho = rho[:, None, None]
    instance = normalize(x, dims=(2, 3), eps=eps, unbiased=True)
    layer = normalize(x, dims=(1, 2, 3), eps=eps, unbiased=True)
    return modulate(rho * instance + (1 - rho) * layer, gamma, beta)


class AdaLIN(nn.Module):
    """Adaptive layer-instance normalisation (U-GAT-IT, eq. 1); gamma and beta are arguments.

    ``(rho * IN(x) + (1 - rho) * LN(x)) * gamma + beta``, with unbiased variances as published and
    one ``rho`` per channel. Call :meth:`clip_rho_` after each optimiser step.

    Args:
        channels: number of channels of the features.
        rho: initial blend; 1 is instance norm, 0 is layer norm.
        learned: whether training changes ``rho``; otherwise it stays as given.
    """

    rho: Tensor

    def __init__(
        self, *, channels: int, rho: float = 0.9, learned: bool = True, eps: float = 1e-5
    ) -> None:
        super().__init__()
        self.channels, self.eps = channels, eps
        start = torch.full((channels,), float(rho))
        if learned:
            self.rho = nn.Parameter(start)
        else:
            self.register_buffer("rho", start)

    def forward(self, x: Tensor, gamma: Tensor | None, beta: Tensor | None) -> Tensor:
        """``x`` ``[N, C, H, W]``, ``gamma`` and ``beta`` ``[N, C]`` or ``[C]``."""
        check_features(x, self.channels)
        for name, value in (("gamma", gamma), ("beta", beta)):
            if value is not None:
                spread_over(x, name, value)
                if value.ndim > 2:  # one number a pixel
                    return adalin(x, self.rho, gamma, beta, self.eps)
        return adalin_fused(x, self.rho, gamma, beta, self.eps)

    @torch.no_grad()
    def clip_rho_(self) -> None:
        """Clip ``rho`` to [0, 1], in place."""
        self.rho.clamp_(0, 1)


class ILN(AdaLIN):
    """Instance-layer normalisation (U-GAT-IT decoder): AdaLIN whose gamma and beta are parameters.

    Called LIN in photo2cartoon; the same computation. ``rho`` starts at layer norm.
    """

    def __init__(
        self, *, channels: int, rho: float = 0.0, learned: bool = True, eps: float = 1e-5
    ) -> None:
        super().__init__(channels=channels, rho=rho, learned=learned, eps=eps)
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        """``x`` ``[N, C, H, W]``; returns the same shape."""
        return super().forward(x, self.gamma, self.beta)


LIN = ILN


class SoftAdaLIN(nn.Module):
    """AdaLIN whose gamma and beta mix content and style features (photo2cartoon).

    ``gamma = (1 - mix) * style_gamma(style) + mix * content_gamma(content)``, the same for beta,
    with one learned ``mix`` per channel. Call :meth:`clip_rho_` after each optimiser step.

    Args:
        channels: number of channels of the features.
        features: length of the content and of the style vector; ``None`` means ``channels``.
    """

    def __init__(self, *, channels: int, features: int | None = None, eps: float = 1e-5) -> None:
        super().__init__()
        self.features = channels if features is None else features
        self.norm = AdaLIN(channels=channels, eps=eps)
        self.mix_gamma = nn.Parameter(torch.zeros(channels))
        self.mix_beta = nn.Parameter(torch.zeros(channels))
        self.style_gamma = nn.Linear(self.features, channels)
        self.style_beta = nn.Linear(self.features, channels)
        self.content_gamma = self._two_layers(channels)
        self.content_beta = self._two_layers(channels)

    def _two_layers(self, channels: int) -> nn.Sequential:
        hidden = nn.Linear(self.features, channels)
        return nn.Sequential(hidden, nn.ReLU(), nn.Linear(channels, channels))

    def forward(self, x: Tensor, content: Tensor, style: Tensor) -> Tensor:
        """``x`` ``[N, C, H, W]``, ``content`` and ``style`` ``[N, features]``."""
        check_features(x, self.norm.channels)
        _check_vectors("content", content, x.shape[0], self.features)
        _check_vectors("style", style, x.shape[0], self.features)
        gamma = _mix(self.style_gamma(style), self.content_gamma(content), self.mix_gamma)
        beta = _mix(self.style_beta(style), self.content_beta(content), self.mix_beta)
        return cast(Tensor, self.norm(x, gamma, beta))

    @torch.no_grad()
    def clip_rho_(self) -> None:
        """Clip ``rho`` and both mixing weights to [0, 1], in place."""
        for weight in (self.norm.rho, self.mix_gamma, self.mix_beta):
            weight.clamp_(0, 1)


def clip_rho_(network: nn.Module) -> None:
    """Clip every ``rho`` and mixing weight inside ``network``; call it after an optimiser step."""
    for module in network.modules():
        if isinstance(module, AdaLIN | SoftAdaLIN):
            module.clip_rho_()


def _mix(style: Tensor, content: Tensor, weight: Tensor) -> Tensor:
    return (1 - weight) * style + weight * content


def _check_vectors(name: str, value: Tensor, samples: int, features: int) -> None:
    if tuple(value.shape) != (samples, features):
        raise InputError(
            f"{name}: expected shape ({samples}, {features}), one vector per sample, got "
            f"{tuple(value.shape)}; pool feature maps to vectors first"
        )
