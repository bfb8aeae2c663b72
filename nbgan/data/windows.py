"""Random windows of large pictures: a step costs less, so there can be more of them.

A picture and all maps of its size are cut at one place. What an encoder or a judge has to see whole
is computed before cutting. Source: the crops of Wang et al. (2018), which fit their enhancer into
12 GB of memory.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.utils.data import Dataset

from nbgan.errors import InputError


class RandomWindows(Dataset):
    """Every item of a data set, cut to a window whose place is drawn anew each time.

    ``ds[i]`` is the item of ``data``; each of its tensors whose last two sides are those of
    ``image`` is cut to ``[…, height, width]``. PyTorch's global random state draws the place.

    Args:
        data: items with ``image`` ``[3, H, W]``.
        size: height and width of the window.

    Raises:
        InputError: the window is larger than a picture.
    """

    def __init__(self, data: Dataset, size: tuple[int, int]) -> None:
        self.data, self.size = data, size

    def __len__(self) -> int:
        return len(self.data)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        item = self.data[index]
        whole = item["image"].shape[-2:]
        if any(cut > side for cut, side in zip(self.size, whole, strict=True)):
            raise InputError(
                f"item {index}: a window of {self.size[0]} × {self.size[1]} (height × width) does "
                f"not fit into a picture of {whole[0]} × {whole[1]}; lower the window"
            )
        top, left = (
            int(torch.randint(side - cut + 1, ()))
            for cut, side in zip(self.size, whole, strict=True)
        )
        window = (..., slice(top, top + self.size[0]), slice(left, left + self.size[1]))
        return {
            key: value[window].contiguous() if value.shape[-2:] == whole else value
            for key, value in item.items()
        }
