"""How far a translation has come from the person in the picture.

Source: the face-identity loss of photo2cartoon (minivision-ai, 2020), checked against the
published implementation (``tests/golden/photo2cartoon``): one minus the cosine of the angle
between two face embeddings.
"""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.errors import InputError
from nbgan.gan.perceptual import check_images

EMBEDDED = "identity-avatars"
"""The zoo's identity network, which knows avatars only."""


class FaceIdentity:
    """Distance of two faces: ``1 - cos(embedding, embedding)``, 0 for the same face, at most 2.

    The network is frozen and in evaluation mode; gradients reach the pictures. This is a plain
    callable rather than a module, so that the network becomes part of no checkpoint and no
    optimiser; it follows the pictures to their device by itself.

    Args:
        network: face crops ``[N, 3, size, size]`` to embeddings of length 1. A network that is
            still trainable or in training mode is copied.
        size: side of the crops.
        crop: cut out :func:`face_window`, as photo2cartoon does with its aligned portraits;
            otherwise the whole picture is the face.
        name: what it is, for logs and messages.
    """

    def __init__(
        self, network: nn.Module, *, size: int = 112, crop: bool = True, name: str = "MobileFaceNet"
    ) -> None:
        if network.training or any(p.requires_grad for p in network.parameters()):
            network = copy.deepcopy(network).eval().requires_grad_(False)
        self.network, self.size, self.crop, self.name = network, size, crop, name
        self._device: torch.device | None = None

    def embed(self, image: Tensor) -> Tensor:
        """Pictures ``[N, 3, H, W]`` in [−1, 1] to embeddings ``[N, D]`` of length 1, float32."""
        check_images(image)
        if image.device != self._device:
            self.network.to(image.device)
            self._device = image.device
        if self.crop:
            top, bottom, left, right = face_window(image.shape[-2], image.shape[-1])
            image = image[:, :, top:bottom, left:right]
        if image.shape[-2:] != (self.size, self.size):
            size = (self.size, self.size)
            image = F.interpolate(image, size=size, mode="bilinear", align_corners=True)
        # Angles between embeddings are small differences: no half precision here.
        with torch.autocast(image.device.type, enabled=False):
            embedding: Tensor = self.network(image.float())
        return embedding

    def __call__(self, image: Tensor, other: Tensor) -> Tensor:
        """Distances ``[N]`` in [0, 2] between the faces of two batches of pictures.

        Raises:
            InputError: not two batches of as many pictures.
        """
        if len(image) != len(other):
            raise InputError(
                f"face identity: {len(image)} pictures against {len(other)}; pass one translation "
                "for each picture"
            )
        return 1 - (self.embed(image) * self.embed(other)).sum(dim=1)


def face_window(height: int, width: int) -> tuple[int, int, int, int]:
    """Where photo2cartoon's aligned portraits have the face: top, bottom, left, right in pixels.

    Raises:
        InputError: a picture so narrow that the window does not fit.
    """
    top = int(height / 2.1 * (0.8 - 0.33))
    bottom = int(height - height / 2.1 * 0.3)
    side = bottom - top
    left = int(width / 2 - side / 2)
    if left < 0 or left + side > width or side < 1:
        raise InputError(
            f"face window: {side} pixels do not fit into a picture of {height} × {width}; "
            "photo2cartoon crops square portraits. Use crop=False for pictures of other shapes"
        )
    return top, bottom, left, left + side


def face_identity(network: str | Path | None = None) -> FaceIdentity:
    """The face-identity distance under a trained network.

    Args:
        network: the published MobileFaceNet file of photo2cartoon (``.pth``), a model of the zoo by
            name, or a model file of this library; None for the network trained on avatars.

    Raises:
        InputError: no such network, or a file that does not hold one.
    """
    from nbgan import official, zoo
    from nbgan.ugatit.identity_training import IdentitySystem

    if network is not None and Path(network).suffix in (".pth", ".pt"):
        published = official.load(network, "photo2cartoon/mobilefacenet")
        return FaceIdentity(published, name=f"MobileFaceNet ({Path(network).name})")
    name = EMBEDDED if network is None else network
    if name not in zoo.names() and not Path(name).exists():
        raise InputError(
            f"identity network '{name}': neither a file nor a model of the zoo, which has "
            f"{', '.join(zoo.names()) or 'none'}. Train one with 'python -m nbgan train identity "
            "--preset cpu', give the published model_mobilefacenet.pth, or set the weight of the "
            "face-identity loss to 0"
        )
    system = zoo.open_model(name)
    if not isinstance(system, IdentitySystem):
        raise InputError(
            f"identity network '{name}': holds a '{system.recipe.system}' model, not an identity "
            f"network; choose '{EMBEDDED}' or the file of one"
        )
    return system.distance()
