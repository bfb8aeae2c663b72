"""One pixel classifier, as published: three linear layers.

Source: Zhang et al., *DatasetGAN* (2021), section 3.1 and supplement. Checked against the published
release (``tests/golden/datasetgan``): the order is linear, ReLU, batch normalisation.
"""

from __future__ import annotations

from torch import Tensor, nn

MANY_CLASSES = 32
"""From so many classes on, the large variant is used."""


def hidden_widths(outputs: int) -> tuple[int, int]:
    """Widths of the two hidden layers: (128, 32) under 32 outputs, else (256, 128)."""
    return (128, 32) if outputs < MANY_CLASSES else (256, 128)


class PixelClassifier(nn.Module):
    """Features of a pixel to class scores. Parameters carry their published names.

    Args:
        channels: features of a pixel, 5,088 at 1024 px.
        outputs: classes, or heat maps.
    """

    def __init__(self, *, channels: int, outputs: int) -> None:
        super().__init__()
        self.channels, self.outputs = channels, outputs
        first, second = hidden_widths(outputs)
        self.layers = nn.Sequential(
            nn.Linear(channels, first),
            nn.ReLU(),
            nn.BatchNorm1d(first),
            nn.Linear(first, second),
            nn.ReLU(),
            nn.BatchNorm1d(second),
            nn.Linear(second, outputs),
        )

    def forward(self, rows: Tensor) -> Tensor:
        """``[P, channels]`` to scores before softmax, ``[P, outputs]``."""
        return self.layers(rows)
