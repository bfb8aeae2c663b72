"""Moving averages of weights: what a GAN ships is the average, not the last step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


class Ema(nn.Module):
    """Exponential moving averages of several networks.

    Weights and running statistics are averaged alike: averaged weights make other features than
    the last ones, and need statistics of their own. Other buffers (spectral norm's vectors,
    counters) are copied, since an average of singular vectors is no singular vector. A network
    without weights is left alone.

    The first steps count less than ``decay`` says: after ``n`` updates the average keeps at most
    ``(1 + n) / (10 + n)`` of itself. Otherwise the random weights of the beginning would show for
    several times ``1 / (1 - decay)`` steps, longer than a short training lasts.

    Args:
        networks: by name; must not have been run yet.
        decay: share of the old average that each step keeps in the long run.
    """

    def __init__(self, networks: dict[str, nn.Module], *, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.averages = nn.ModuleDict(
            {
                name: AveragedModel(network, multi_avg_fn=self._average_parameters)
                for name, network in networks.items()
                if any(True for _ in network.parameters())
            }
        ).requires_grad_(False)

    @torch.no_grad()
    def update(self, networks: dict[str, nn.Module]) -> None:
        """Take in the networks' present weights; the first call copies them."""
        for name in self.averages:
            network, average = networks[name], self._average(name)
            updates = int(average.n_averaged)
            before = {k: v.clone() for k, v in _running_statistics(average.module).items()}
            average.update_parameters(network)  # averages parameters, copies buffers
            if updates:
                for key, value in _running_statistics(average.module).items():
                    value.copy_(torch.lerp(value, before[key], self._kept(updates)))

    def _kept(self, updates: int) -> float:
        return min(self.decay, (1 + updates) / (10 + updates))

    @torch.no_grad()
    def _average_parameters(
        self, averages: Sequence[Tensor], current: Sequence[Tensor], updates: Tensor | int
    ) -> None:
        for average, new in zip(averages, current, strict=True):
            average.lerp_(new, 1 - self._kept(int(updates)))

    def copy_to(self, networks: dict[str, nn.Module]) -> None:
        """Write the averages into the networks."""
        for name in self.averages:
            networks[name].load_state_dict(self._average(name).module.state_dict())

    def _average(self, name: str) -> AveragedModel:
        return cast(AveragedModel, self.averages[name])


def _running_statistics(network: nn.Module) -> dict[str, Tensor]:
    return {
        name: buffer
        for name, buffer in network.named_buffers()
        if name.endswith(("running_mean", "running_var"))
    }
