"""Moving averages of weights: what a GAN ships is the average, not the last step."""

from __future__ import annotations

from typing import cast

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


class Ema(nn.Module):
    """Exponential moving averages of several networks.

    Weights are averaged; buffers (running statistics, spectral norm's vectors) are copied, since
    an average of singular vectors is no singular vector.

    Args:
        networks: by name; must not have been run yet.
        decay: share of the old average that each step keeps.
    """

    def __init__(self, networks: dict[str, nn.Module], *, decay: float) -> None:
        super().__init__()
        self.averages = nn.ModuleDict(
            {
                name: AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay))
                for name, network in networks.items()
            }
        ).requires_grad_(False)

    def update(self, networks: dict[str, nn.Module]) -> None:
        """Take in the networks' present weights."""
        for name, network in networks.items():
            self._average(name).update_parameters(network)

    def copy_to(self, networks: dict[str, nn.Module]) -> None:
        """Write the averages into the networks."""
        for name, network in networks.items():
            network.load_state_dict(self._average(name).module.state_dict())

    def _average(self, name: str) -> AveragedModel:
        return cast(AveragedModel, self.averages[name])
