"""Moving averages of weights: what a GAN ships is the average, not the last step."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


class Ema(nn.Module):
    """Exponential moving averages of several networks.

    Weights and running statistics are averaged alike: averaged weights make other features than
    the last ones, and need statistics of their own. Other buffers (spectral norm's vectors,
    counters) are copied, since an average of singular vectors is no singular vector. A network
    without weights is left alone.

    Args:
        networks: by name; must not have been run yet.
        decay: share of the old average that each step keeps.
    """

    def __init__(self, networks: dict[str, nn.Module], *, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.averages = nn.ModuleDict(
            {
                name: AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay))
                for name, network in networks.items()
                if any(True for _ in network.parameters())
            }
        ).requires_grad_(False)

    @torch.no_grad()
    def update(self, networks: dict[str, nn.Module]) -> None:
        """Take in the networks' present weights; the first call copies them."""
        for name in self.averages:
            network, average = networks[name], self._average(name)
            first = not average.n_averaged
            before = {k: v.clone() for k, v in _running_statistics(average.module).items()}
            average.update_parameters(network)  # averages parameters, copies buffers
            if not first:
                for key, value in _running_statistics(average.module).items():
                    value.copy_(torch.lerp(value, before[key], self.decay))

    def copy_to(self, networks: dict[str, nn.Module]) -> None:
        """Write the averages into the networks."""
        for name in self.averages:
            networks[name].load_state_dict(self._average(name).module.state_dict())

    def _average(self, name: str) -> AveragedModel:
        return cast(AveragedModel, self.averages[name])


def _running_statistics(network: nn.Module) -> dict[str, torch.Tensor]:
    return {
        name: buffer
        for name, buffer in network.named_buffers()
        if name.endswith(("running_mean", "running_var"))
    }
