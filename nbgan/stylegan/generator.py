"""What both generations of StyleGAN generators share: latents, truncation, noise, features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.stylegan.mapping import MappingNetwork

Noise = Literal["random"] | Sequence[Tensor] | None
"""Where noise maps come from: None takes the stored ones, so that pictures repeat; ``"random"``
draws fresh ones, as training does; a list gives them, ``[1 or N, 1, r, r]`` each."""


class StyleGenerator(nn.Module):
    """A mapping network, and a synthesis network whose layers are told their style one by one.

    Subclasses build the layers, name each layer's resolution in ``noise_sizes`` (one noise map
    each) and write :meth:`_synthesize`.

    Args:
        size: of the square picture.
        z_dim, w_dim: lengths of z and w.
        mapping_layers, mapping_rate: of the mapping network.
        noise_sizes: resolution of each layer's noise map.
    """

    w_mean: Tensor

    def __init__(
        self,
        *,
        size: int,
        z_dim: int,
        w_dim: int,
        mapping_layers: int,
        mapping_rate: float,
        noise_sizes: Sequence[int],
    ) -> None:
        super().__init__()
        self.size, self.z_dim, self.w_dim = size, z_dim, w_dim
        self.rows = 2 * size.bit_length() - 4
        self.mapping = MappingNetwork(
            z_dim=z_dim, w_dim=w_dim, layers=mapping_layers, rate=mapping_rate
        )
        self.register_buffer("w_mean", torch.zeros(w_dim))
        self.noise_sizes = tuple(noise_sizes)
        for i, r in enumerate(noise_sizes):
            self.register_buffer(f"noise_{i}", torch.randn(1, 1, r, r))

    def broadcast(self, w: Tensor) -> Tensor:
        """One code for all layers: ``[N, w_dim]`` to W+, ``[N, rows, w_dim]``."""
        return w[:, None].expand(-1, self.rows, -1)

    @torch.no_grad()
    def update_mean(self, w: Tensor, decay: float = 0.995) -> None:
        """Move ``w_mean`` towards the mean of ``w`` ``[N, w_dim]``, keeping the share ``decay``."""
        self.w_mean.lerp_(w.detach().float().mean(dim=0), 1 - decay)

    def truncate(self, w_plus: Tensor, psi: float, rows: int | None = None) -> Tensor:
        """Pull codes towards their mean: ``w_mean + psi * (w_plus - w_mean)``.

        Args:
            w_plus: ``[N, rows, w_dim]``.
            psi: 1 leaves codes alone, 0 gives the mean; smaller is safer and less varied.
            rows: only the first so many rows (the coarse layers); None takes all.
        """
        truncated = torch.lerp(self.w_mean.expand_as(w_plus), w_plus, psi)
        if rows is None:
            return truncated
        return torch.cat([truncated[:, :rows], w_plus[:, rows:]], dim=1)

    def synthesis(self, w_plus: Tensor, noise: Noise = None) -> Tensor:
        """Paint.

        Args:
            w_plus: codes ``[N, rows, w_dim]``, a row for each layer.
            noise: see :data:`Noise`.

        Returns:
            Pictures ``[N, 3, size, size]`` float32, about [−1, 1] and not clamped.

        Raises:
            InputError: codes or noise maps of another shape.
        """
        return self._synthesize(self._checked(w_plus), self._noise_maps(noise, w_plus), None)

    def features(self, w_plus: Tensor, noise: Noise = None) -> list[Tensor]:
        """The maps inside the network, coarse to fine, ``[N, C, r, r]`` each.

        Which ones, and in which order, is as published with the papers that read them: see the
        subclass. Arguments and errors as for :meth:`synthesis`.
        """
        return self.synthesize_with_features(w_plus, noise)[1]

    def synthesize_with_features(
        self, w_plus: Tensor, noise: Noise = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Picture and feature maps of one pass: see :meth:`synthesis` and :meth:`features`."""
        maps: list[Tensor] = []
        image = self._synthesize(self._checked(w_plus), self._noise_maps(noise, w_plus), maps)
        return image, maps

    def forward(self, z: Tensor, psi: float = 1.0, noise: Noise = None) -> Tensor:
        """Latent codes ``[N, z_dim]`` to pictures, truncated by ``psi``."""
        return self.synthesis(self.truncate(self.broadcast(self.mapping(z)), psi), noise)

    def _synthesize(self, w_plus: Tensor, noise: list[Tensor], maps: list[Tensor] | None) -> Tensor:
        """The picture; feature maps are appended to ``maps`` if it is a list."""
        raise TypeError(f"{type(self).__name__} does not define its synthesis network")

    def _checked(self, w_plus: Tensor) -> Tensor:
        if w_plus.ndim != 3 or w_plus.shape[1:] != (self.rows, self.w_dim):
            raise InputError(
                f"w_plus: expected shape [N, {self.rows}, {self.w_dim}], got "
                f"{list(w_plus.shape)}; make it with generator.broadcast(generator.mapping(z))"
            )
        return w_plus

    def _noise_maps(self, noise: Noise, w_plus: Tensor) -> list[Tensor]:
        if noise is None:
            return [self.get_buffer(f"noise_{i}") for i in range(len(self.noise_sizes))]
        if noise == "random":
            n, device = len(w_plus), w_plus.device
            return [torch.randn(n, 1, r, r, device=device) for r in self.noise_sizes]
        if isinstance(noise, str):
            raise InputError(f"noise must be None, 'random' or a list of maps, got '{noise}'")
        if len(noise) != len(self.noise_sizes):
            raise InputError(
                f"noise: expected {len(self.noise_sizes)} maps of the sizes "
                f"{', '.join(map(str, self.noise_sizes))}, got {len(noise)}"
            )
        for i, (given, r) in enumerate(zip(noise, self.noise_sizes, strict=True)):
            if given.shape[1:] != (1, r, r) or len(given) not in (1, len(w_plus)):
                raise InputError(
                    f"noise: map {i} has shape {list(given.shape)}, expected "
                    f"[1 or {len(w_plus)}, 1, {r}, {r}]"
                )
        return list(noise)
