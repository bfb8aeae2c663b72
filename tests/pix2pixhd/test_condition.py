"""Data that lacks what a recipe asks for."""

import pytest
import torch
from objects import Objects

from nbgan.errors import InputError
from nbgan.pix2pixhd.condition import check_item, condition_channels

ASKED = {"rgb": False, "needs_instances": True, "features": 3, "multiple": 16}


def test_what_is_there_passes():
    item = Objects()[0]
    check_item(item, **ASKED)
    check_item(item | {"features": torch.zeros(3, 32, 64)}, **ASKED)
    check_item({"source": item["image"], **item}, **(ASKED | {"rgb": True}))
    assert condition_channels(Objects.label_space, edges=True) == 4
    assert condition_channels(None, edges=False) == 3


@pytest.mark.parametrize(
    ("without", "asked", "message"),
    [
        ("label", {}, "has no label beside its pictures; use data with label maps, or .*rgb=True"),
        ("label", {"rgb": True}, "has no source .*trainA and trainB"),
        ("instance", {}, "no instance maps, .*use_instances.*instance_features"),
        (None, {"multiple": 48}, r"pictures of 32 × 64 .* divisible by 48"),
        (None, {"features": 2}, r"feature maps have 3 channels, .* 'feature_channels' is 2"),
    ],
)
def test_what_lacks_is_named(without, asked, message):
    item = Objects()[0] | {"features": torch.zeros(3, 32, 64)}
    item.pop(without, None)
    with pytest.raises(InputError, match=message):
        check_item(item, **(ASKED | asked))
