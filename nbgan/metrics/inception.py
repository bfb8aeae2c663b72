"""Inception features for FID and KID, where the published weights are present.

The network is torch-fidelity's port of the TensorFlow Inception-v3 of 2015 with which FID was
defined; torchvision's own Inception gives other numbers.
"""

from __future__ import annotations

import io
from pathlib import Path

import torch
from torch import Tensor, nn

from nbgan.gan.perceptual import check_images
from nbgan.gan.published import PublishedWeights
from nbgan.metrics.distance import INCEPTION

INCEPTION_WEIGHTS = PublishedWeights(
    network="Inception-v3 for FID",
    file_names=(
        "pt_inception-2015-12-05-6726825d.pth",
        "weights-inception-2015-12-05-6726825d.pth",
    ),
    digest="6726825d",
    url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
    "pt_inception-2015-12-05-6726825d.pth",
    instead="use nbgan.gan.perceptual.embedded_features(instead_of='Inception'), the features of "
    "a shipped segmenter; distances on them are not FID or KID and do not carry those names",
)


class InceptionFeatures(nn.Module):
    """The 2048 pooled features of Inception-v3 as a feature network, frozen.

    Its ``name`` is ``"inception"``, which lets distances be called FID and KID, only if the file
    is the published one bit for bit.

    Args:
        path: weight file, or a folder that holds it. ``None`` looks in the folder that the
            environment variable ``NBGAN_PUBLISHED_WEIGHTS`` names, then in torch's hub cache.

    Raises:
        InputError: the file is missing, unreadable, holds code, or is of another network.
    """

    def __init__(self, *, path: str | Path | None = None) -> None:
        super().__init__()
        # Imported here: it loads slowly and only this class needs it.
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

        state, genuine = INCEPTION_WEIGHTS.read(path)
        # torch-fidelity would unpickle the file and with it run what code it holds. So it gets a
        # copy of the tensors that were read safely.
        copied = io.BytesIO()
        torch.save(state, copied)
        copied.seek(0)
        try:
            # Layers draw initial values before the file replaces them; leave the caller's random
            # numbers as they were.
            with torch.random.fork_rng(devices=[]):
                self.network = FeatureExtractorInceptionV3(
                    INCEPTION, ["2048"], feature_extractor_weights_path=copied
                )
        except RuntimeError as error:
            reason = str(error).splitlines()[-1].strip()[:160]
            raise INCEPTION_WEIGHTS.mismatch(path, reason) from None
        self.name = INCEPTION if genuine else "inception, weights not the published file"
        self.requires_grad_(False)
        self.eval()

    def forward(self, image: Tensor) -> list[Tensor]:
        """Images ``[N, 3, H, W]`` in [−1, 1], any size, to one map ``[N, 2048, 1, 1]``.

        Images become bytes first, as if they had been saved and read back, so there is no gradient.
        """
        check_images(image)
        pixels = ((image.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
        device = next(self.parameters()).device
        return [self.network(pixels.to(device))[0][:, :, None, None]]
