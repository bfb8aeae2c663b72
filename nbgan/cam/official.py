"""Replay of the reference case of CAM and Grad-CAM: a small network with average pooling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from nbgan.cam.maps import cam, enlarge, grad_cam
from nbgan.errors import InputError


class ReferenceNetwork(nn.Module):
    """Three 3×3 convolutions with ReLU, max pooling after the first two, average pooling, linear.

    Args:
        channels: of input and convolutions, four numbers.
        num_classes: scores.
    """

    def __init__(self, *, channels: list[int], num_classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels[0], channels[1], 3, padding=1)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels[1], channels[2], 3, padding=1)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(channels[2], channels[3], 3, padding=1)
        self.relu3 = nn.ReLU()
        self.halve = nn.MaxPool2d(2)
        self.fc = nn.Linear(channels[3], num_classes)

    def forward(self, image: Tensor) -> Tensor:
        """Pictures ``[N, C, H, W]`` to class scores ``[N, num_classes]``."""
        x = self.halve(self.relu1(self.conv1(image)))
        x = self.halve(self.relu2(self.conv2(x)))
        return self.fc(self.relu3(self.conv3(x)).mean((2, 3)))


def _replay_cam(
    options: Mapping[str, Any],
    state: Mapping[str, Tensor],
    inputs: Mapping[str, Tensor],
    mode: str,
) -> dict[str, Tensor]:
    network = ReferenceNetwork(
        channels=list(options["channels"]), num_classes=options["num_classes"]
    )
    try:
        network.load_state_dict(dict(state))
    except RuntimeError as error:
        raise InputError(
            f"state: does not fit the network that options describe ({error}); check channels "
            "and num_classes"
        ) from None
    network.train(mode == "train")
    image = inputs["image"]
    maps = cam(network, image, layer="relu3", classifier="fc")
    last = grad_cam(network, image, layer="relu3")
    probe = options["class_probe"]
    height, width = image.shape[-2:]
    return {
        "logits": maps.scores,
        "features": maps.features,
        "cam": maps.maps,
        "cam_upsampled": enlarge(maps.maps[:, probe : probe + 1], (height, width)),
        "gradcam": last.maps,
        "gradcam_alpha": last.weights,
        "gradcam_conv2": grad_cam(network, image, layer="relu2").maps,
    }


REPLAYS = {"cam/cam": _replay_cam}
