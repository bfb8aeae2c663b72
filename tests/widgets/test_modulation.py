"""The sliders of chapter 1: what travels to the page is enough to get IN and LN back."""

import numpy as np
import pytest
import torch

from nbgan import norms
from nbgan.errors import InputError
from nbgan.widgets.modulation import ModulationExplorer


def test_page_can_rebuild_instance_and_layer_norm():
    scale = torch.tensor([0.1, 1.0, 20.0])[:, None, None]
    x = 5 + scale * torch.randn(3, 8, 6, generator=torch.Generator().manual_seed(0))
    widget = ModulationExplorer(x, names=["a", "b", "c"])
    assert widget.size == [6, 8]
    pixels = torch.from_numpy(np.frombuffer(widget.maps, dtype=np.uint8).copy()).view(3, 8, 6)
    scales = torch.tensor(widget.scales)[:, :, None, None]
    tolerance = 3 * 5 / 255
    instance = scales[:, 0] + scales[:, 1] * pixels
    layer = scales[:, 2] + scales[:, 3] * pixels
    torch.testing.assert_close(instance, norms.instance_norm(x[None])[0], atol=tolerance, rtol=0)
    torch.testing.assert_close(layer, norms.layer_norm(x[None])[0], atol=tolerance, rtol=0)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="with 1 names"):
        ModulationExplorer(torch.randn(2, 4, 4), names=["a"])
    with pytest.raises(InputError, match="channel 'b' is constant"):
        ModulationExplorer(torch.stack([torch.randn(4, 4), torch.ones(4, 4)]), names=["a", "b"])
