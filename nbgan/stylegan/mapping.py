"""Mapping network: from a normal latent code to the space W.

Source: Karras et al., *A Style-Based Generator Architecture for Generative Adversarial Networks*
(2019), section 2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.stylegan.layers import EqualLinear, activate


class MappingNetwork(nn.Module):
    """Normalise z to unit mean square, then a stack of linear layers with leaky ReLU.

    Args:
        z_dim: length of z.
        w_dim: length of w, and width of the hidden layers.
        layers: how many.
        rate: learning-rate factor; published 0.01, as the stack is deep and unstable otherwise.
    """

    def __init__(self, *, z_dim: int, w_dim: int, layers: int = 8, rate: float = 0.01) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            EqualLinear(in_features=z_dim if i == 0 else w_dim, out_features=w_dim, rate=rate)
            for i in range(layers)
        )
        self.z_dim = z_dim

    def forward(self, z: Tensor) -> Tensor:
        """``[N, z_dim]`` to ``[N, w_dim]``, float32.

        Raises:
            InputError: codes of another length.
        """
        if z.ndim != 2 or z.shape[1] != self.z_dim:
            raise InputError(
                f"z: expected shape [N, {self.z_dim}], got {list(z.shape)}; draw it with "
                f"torch.randn(N, {self.z_dim})"
            )
        z = z.float()
        w = z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)
        for layer in self.layers:
            w = activate(layer(w))
        return w
