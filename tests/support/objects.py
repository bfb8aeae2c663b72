"""A tiny world of stuff and things: coloured boxes on a ground, some of them touching."""

import torch
from torch.utils.data import Dataset

from nbgan.data.labels import LabelSpace

SPACE = LabelSpace(
    name="objects",
    classes=("ground", "box", "never seen"),
    colors=((40, 40, 40), (220, 60, 30), (30, 90, 200)),
    ignore_id=None,
)


class Objects(Dataset):
    """Two boxes side by side; each has a colour of its own, which no class map tells.

    ``instance`` is 0 on the ground and 1000, 1001 on the boxes.
    """

    label_space = SPACE

    def __init__(self, length=12, size=(32, 64)):
        self.length, self.size = length, size
        self.cache_key = f"objects-{size}"

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        if not 0 <= index < self.length:
            raise IndexError(index)
        height, width = self.size
        random = torch.Generator().manual_seed(index)
        colors = torch.randint(0, 4, (2,), generator=random).float() / 2 - 0.75
        left = int(torch.randint(4, width // 4, (), generator=random))
        middle = left + width // 4
        label = torch.zeros(height, width, dtype=torch.long)
        instance = torch.zeros_like(label)
        image = torch.full((3, height, width), -0.5)
        for n, (start, color) in enumerate(zip((left, middle), colors, strict=True)):
            box = (slice(height // 4, 3 * height // 4), slice(start, start + width // 4))
            label[box], instance[box] = 1, 1000 + n
            image[(0, *box)], image[(1, *box)] = color, -color
        return {"image": image, "label": label, "instance": instance}
