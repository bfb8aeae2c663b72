"""Spectral norm that never divides a large weight.

A convolution is linear: to divide its weight by σ, or its input, is the same. Deep layers have far
more weights than inputs (2,048 × 1,024 × 4 × 4 against 1,024 × 10 × 10 in U-GAT-IT's global
discriminator), and a division costs a pass over all of them forward and several backward, in each
use of the network. So the smaller one is divided.

Source: Miyato et al., *Spectral Normalization for Generative Adversarial Networks* (2018), eq. 8
and algorithm 1.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.spectral_norm import SpectralNorm


def spectral_norm(layer: nn.Module) -> nn.Module:
    """Divide the layer's weight by its largest singular value.

    One power iteration for each forward pass in training mode; evaluation uses the stored vectors
    as they are. We take PyTorch's hook version: its buffers are those of published checkpoints.
    """
    layer = nn.utils.spectral_norm(layer)
    if isinstance(layer, nn.Conv2d):
        hooks = layer._forward_pre_hooks
        for key, hook in hooks.items():
            if isinstance(hook, SpectralNorm):
                hooks[key] = DivideTheSmaller(**vars(hook))
    return layer


class DivideTheSmaller(SpectralNorm):
    """PyTorch's hook, but for convolutions with more weights than inputs."""

    def __call__(  # type: ignore[override]  # theirs leaves the input as it is
        self, module: Any, inputs: tuple[Tensor]
    ) -> tuple[Tensor] | None:
        (x,) = inputs
        weight = module.weight_orig
        if x.numel() >= weight.numel():
            super().__call__(module, inputs)
            return None
        # Not by setattr, which would make a second parameter of it.
        module.__dict__[self.name] = weight
        return (x / self._sigma(module, weight),)

    def _sigma(self, module: Any, weight: Tensor) -> Tensor:
        """The largest singular value, after a power iteration in training mode."""
        # In the order in which the weight lies in memory, so that nothing is copied but v.
        lines = weight.is_contiguous(memory_format=torch.channels_last)
        matrix = (weight.permute(0, 2, 3, 1) if lines else weight).flatten(1)
        u, v = module.weight_u, module.weight_v
        if lines:
            v = v.view(weight.shape[1:]).permute(1, 2, 0).flatten()
        if module.training:
            with torch.no_grad():
                for _ in range(self.n_power_iterations):
                    v = F.normalize(torch.mv(matrix.t(), u), dim=0, eps=self.eps)
                    u = F.normalize(torch.mv(matrix, v), dim=0, eps=self.eps)
                module.weight_u.copy_(u)
                height, width = weight.shape[2:]
                module.weight_v.copy_(
                    v.view(height, width, -1).permute(2, 0, 1).flatten() if lines else v
                )
        return torch.dot(u, torch.mv(matrix, v))
