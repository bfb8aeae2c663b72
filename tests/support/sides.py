"""A tiny pair of domains: discs in colours, and rings in black on white."""

import torch
from torch.utils.data import Dataset

from nbgan.data.unpaired import Unpaired


class Shapes(Dataset):
    """Discs or rings whose place is drawn from the index."""

    def __init__(self, kind, length=8, size=32):
        self.kind, self.length, self.size = kind, length, size
        self.name = kind

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        if not 0 <= index < self.length:
            raise IndexError(index)
        draw = torch.Generator().manual_seed(1000 * (self.kind == "rings") + index)
        middle = (0.35 + 0.3 * torch.rand(2, generator=draw)) * self.size
        axis = torch.arange(self.size) + 0.5
        distance = ((axis[:, None] - middle[0]) ** 2 + (axis - middle[1]) ** 2).sqrt()
        radius = self.size / 4
        if self.kind == "rings":
            return {
                "image": torch.where((distance - radius).abs() < 1.5, -1.0, 1.0).expand(3, -1, -1)
            }
        color = 1.6 * torch.rand(3, generator=draw) - 0.8
        return {"image": torch.where(distance < radius, color[:, None, None], torch.tensor(1.0))}


def shapes(length=8, size=32, **options):
    """Discs as source, rings as target."""
    return Unpaired(
        sources=Shapes("discs", length, size), targets=Shapes("rings", length, size), **options
    )
