"""Moving averages of weights and statistics."""

import torch
from torch import nn

from nbgan.train.ema import Ema


def test_weights_and_statistics_are_averaged_singular_vectors_copied():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.utils.spectral_norm(nn.Conv2d(2, 3, 1)), nn.BatchNorm2d(3, momentum=0.5)
    )
    ema = Ema({"net": network}, decay=0.2)
    seen = []
    for step in range(4):
        network(torch.randn(4, 2, 5, 5) * (step + 1))
        with torch.no_grad():
            network[0].weight_orig.add_(1.0)
        ema.update({"net": network})
        seen.append({k: v.clone() for k, v in network.state_dict().items()})

    def averaged(key):
        value = seen[0][key]
        for kept, state in zip((2 / 11, 0.2, 0.2), seen[1:], strict=True):  # little at first
            value = kept * value + (1 - kept) * state[key]
        return value

    other = nn.Sequential(
        nn.utils.spectral_norm(nn.Conv2d(2, 3, 1)), nn.BatchNorm2d(3, momentum=0.5)
    )
    ema.copy_to({"net": other})
    state = other.state_dict()
    for key in ("0.weight_orig", "1.running_mean", "1.running_var"):
        torch.testing.assert_close(state[key], averaged(key))
        assert not torch.equal(state[key], seen[-1][key])
    for key in ("0.weight_u", "1.num_batches_tracked"):
        assert torch.equal(state[key], seen[-1][key])
