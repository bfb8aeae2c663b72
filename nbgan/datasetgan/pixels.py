"""The pixels that an interpreter learns from: features, labels and keypoints of all records."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.utils.data import Dataset

from nbgan.data.latents import LatentFolder
from nbgan.datasetgan.features import FeatureBank, PixelGrid
from nbgan.datasetgan.generators import fingerprint
from nbgan.errors import InputError
from nbgan.stylegan import StyleGenerator
from nbgan.train.system import Batch


class TrainingPixels:
    """The records of a training: feature maps, labels and keypoints of every pixel.

    Args:
        data: the records.
        generator: paints their latents again.
        grid: the labelled pixels.
        ignore_id: id of unlabelled pixels, or None.
        min_pixels: classes of fewer pixels in a picture become class 0.
        keypoints: how many each record must hold.

    Raises:
        InputError: no latents, latents of another generator, masks without a labelled pixel,
            keypoints absent or of another number.
    """

    def __init__(
        self,
        data: Dataset,
        *,
        generator: StyleGenerator,
        grid: PixelGrid,
        ignore_id: int | None,
        min_pixels: int,
        keypoints: int,
    ) -> None:
        if not isinstance(data, LatentFolder):
            raise InputError(
                f"data set: a {type(data).__name__} has no latents, so the generator cannot paint "
                "its pictures again; use the data set 'latents', made by make_training_data"
            )
        mark = fingerprint(generator)
        device = generator.w_mean.device
        labels, points = [], []
        bank: FeatureBank | None = None
        for i, record in enumerate(data.records):
            where = data.item_name(i)
            if record.generator != mark:
                raise InputError(
                    f"{where}: painted by generator {record.generator[:8]}…, this one is "
                    f"{mark[:8]}…; its features would mean something else. Set 'generator' to the "
                    "one that made the records, or make them anew"
                )
            item = data[i]
            labels.append(clean_small(item["label"], min_pixels, ignore_id).flatten())
            points.append(_keypoints_of(item, keypoints, where))
            with torch.no_grad():
                maps = generator.features(item["latent"][None].to(device))
                one = FeatureBank.of(maps, grid)
                bank = one.room_for(len(data)) if bank is None else bank
                bank.put(i, one)
        assert bank is not None
        self.bank = bank
        self.label = torch.stack(labels).to(device)
        self.keypoints = torch.stack(points).to(device)
        known = self.label != (-1 if ignore_id is None else ignore_id)
        empty = (~known.any(dim=1)).nonzero().flatten().tolist()
        if empty:
            raise InputError(
                f"{data.item_name(empty[0])}: its mask has no labelled pixel; paint it first, or "
                "remove the record" + (f" ({len(empty)} such records)" if len(empty) > 1 else "")
            )
        self._labelled = known.flatten().nonzero().flatten()

    def draw_labelled(self, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """Pictures and pixels, int64 of ``shape`` each, evenly from all labelled pixels."""
        # Drawn on the CPU, so that every device sees the same pixels.
        places = torch.randint(len(self._labelled), shape).to(self._labelled.device)
        place = self._labelled[places]
        return place // self.label.shape[1], place % self.label.shape[1]

    def draw_hot(self, shape: tuple[int, int], *, sigma: float) -> tuple[Tensor, Tensor]:
        """Pictures and pixels, half of them within a few ``sigma`` of a visible keypoint."""
        grid = self.bank.grid
        picture = torch.randint(len(self.bank), shape)
        pixel = torch.randint(grid.pixels, shape)
        seen = (~self.keypoints.isnan().any(dim=2)).nonzero().cpu()
        if len(seen):
            half = shape[1] // 2
            chosen = seen[torch.randint(len(seen), (shape[0], half))]
            centre = self.keypoints.cpu()[chosen[..., 0], chosen[..., 1]]
            near = (centre + 1.5 * sigma * torch.randn(*centre.shape)).round().long()
            x, y = near[..., 0].clamp(0, grid.width - 1), near[..., 1].clamp(0, grid.height - 1)
            picture[:, :half], pixel[:, :half] = chosen[..., 0], y * grid.width + x
        return picture.to(self.label.device), pixel.to(self.label.device)


class Numbers(Dataset):
    """0, 1, 2 …: what the loop hands out while pixels are drawn elsewhere."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"index": torch.tensor(index)}


def clean_small(label: Tensor, least: int, ignore_id: int | None = None) -> Tensor:
    """Classes that cover fewer than ``least`` pixels of a map ``[H, W]`` become class 0."""
    ids, counts = label.unique(return_counts=True)
    small = ids[(counts < least) & (ids != 0) & (ids != (-1 if ignore_id is None else ignore_id))]
    return label.masked_fill(torch.isin(label, small), 0)


def _keypoints_of(item: Batch, count: int, where: str) -> Tensor:
    if not count:
        return torch.zeros(0, 2)
    points = item.get("keypoints")
    found = 0 if points is None else len(points)
    if points is None or found != count:
        raise InputError(
            f"{where}: its record holds {found} keypoints, recipe field 'keypoints' asks for "
            f"{count}; set it to {found}, or make the records with keypoints"
        )
    return points
