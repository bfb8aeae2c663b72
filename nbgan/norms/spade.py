"""Spatially-adaptive normalisation: gamma and beta are pictures, computed from the label map.

Source: Park et al. 2019, "Semantic Image Synthesis with Spatially-Adaptive Normalization", eq. 1
and 2, and appendix A for the layer sizes. Checked against the published implementation.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.norms.basic import check_features

SPADE_NORMS = ("instance", "batch", "syncbatch")


class SPADE(nn.Module):
    """``normalise(x) * (1 + gamma(map)) + beta(map)``, gamma and beta one value per pixel.

    The map is resized to the features with the legacy nearest rule (source index
    ``floor(i * in / out)``), goes through one convolution and ReLU, then two convolutions give
    gamma and beta. Normalisation itself has no parameters of its own.

    gamma and beta depend on the label map alone. Whoever draws many pictures from one map, or
    redraws one while it is painted, computes :meth:`modulation` once and passes it to
    :meth:`forward`.

    Args:
        channels: channels of the features.
        label_channels: channels of the map: one per class, plus one when edges are appended.
        hidden: width between the two convolutions.
        norm: ``"instance"``; ``"batch"`` (running statistics in eval mode); ``"syncbatch"``, the
            same layer, meant to be turned into ``nn.SyncBatchNorm`` where training runs on
            several GPUs (``nn.SyncBatchNorm.convert_sync_batchnorm``).
        kernel_size: of all three convolutions, odd; the borders are padded with zeros.

    Raises:
        InputError: unknown ``norm``, even ``kernel_size``, or inputs that do not fit.

    Example:
        >>> layer = SPADE(channels=8, label_channels=4)
        >>> one_hot = F.one_hot(torch.randint(4, (2, 64, 64))).movedim(-1, 1).float()
        >>> layer(torch.randn(2, 8, 16, 16), one_hot).shape
        torch.Size([2, 8, 16, 16])
    """

    def __init__(
        self,
        *,
        channels: int,
        label_channels: int,
        hidden: int = 128,
        norm: str = "instance",
        kernel_size: int = 3,
    ) -> None:
        super().__init__()
        if norm not in SPADE_NORMS:
            raise InputError(f"norm: unknown '{norm}'; choose one of {', '.join(SPADE_NORMS)}")
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise InputError(
                f"kernel_size: {kernel_size} would shift the map against the features; "
                "use an odd number such as 3"
            )
        self.channels, self.label_channels = channels, label_channels
        self.norm: nn.Module
        if norm == "instance":
            self.norm = nn.InstanceNorm2d(channels, affine=False)
        else:
            self.norm = nn.BatchNorm2d(channels, affine=False)
        padding = kernel_size // 2
        self.shared = nn.Conv2d(label_channels, hidden, kernel_size, padding=padding)
        self.gamma = nn.Conv2d(hidden, channels, kernel_size, padding=padding)
        self.beta = nn.Conv2d(hidden, channels, kernel_size, padding=padding)

    def modulation(self, segmap: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """gamma and beta, each ``[N, channels, height, width]``, for features of that ``size``.

        Args:
            segmap: one-hot map, float ``[N, label_channels, Hs, Ws]``, any height and width.
            size: height and width of the features to modulate.
        """
        check_features(segmap, self.label_channels, where="segmap")
        resized = F.interpolate(segmap, size=size, mode="nearest")
        hidden = F.relu(self.shared(resized), inplace=True)
        return self.gamma(hidden), self.beta(hidden)

    def forward(
        self,
        x: Tensor,
        segmap: Tensor | None = None,
        modulation: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """Normalise ``x`` and modulate it.

        Args:
            x: features, float ``[N, channels, H, W]``.
            segmap: one-hot map as for :meth:`modulation`; not needed with ``modulation``.
            modulation: what :meth:`modulation` returned for a map; its N may be 1.

        Returns:
            Tensor shaped like ``x``.
        """
        check_features(x, self.channels)
        if (segmap is None) == (modulation is None):
            raise InputError("SPADE: pass either segmap or modulation, got both or neither")
        if modulation is None:
            assert segmap is not None
            modulation = self.modulation(segmap, (x.shape[2], x.shape[3]))
        gamma, beta = modulation
        samples, *expected = x.shape
        for name, value in (("gamma", gamma), ("beta", beta)):
            if list(value.shape[1:]) != expected or value.shape[0] not in (1, samples):
                raise InputError(
                    f"{name}: shape {tuple(value.shape)} does not fit features "
                    f"{tuple(x.shape)}; compute modulation(segmap, size) for this size and batch"
                )
        return torch.addcmul(beta, self.norm(x), 1 + gamma)
