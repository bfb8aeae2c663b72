"""A tiny labelled data set for training tests: two flat colours with a border between them."""

import torch
from torch.utils.data import Dataset

from nbgan.data.labels import LabelSpace

SPACE = LabelSpace(
    name="tiny", classes=("left", "right"), colors=((220, 60, 30), (30, 90, 200)), ignore_id=255
)


class Tiny(Dataset):
    """Pictures whose class map can be read off their colour."""

    label_space = SPACE

    def __init__(self, length=12, size=32):
        self.length, self.size = length, size

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        if not 0 <= index < self.length:
            raise IndexError(index)
        border = 8 + index % (self.size // 2)
        label = (torch.arange(self.size) >= border).long().expand(self.size, -1).contiguous()
        colors = torch.tensor(SPACE.colors).float() / 127.5 - 1
        noise = torch.randn(3, self.size, self.size, generator=torch.Generator().manual_seed(index))
        image = (colors[label].permute(2, 0, 1) + 0.05 * noise).clamp(-1, 1)
        return {"image": image, "label": label}
