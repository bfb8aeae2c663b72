"""Feature vectors of a whole data set, encoded once and kept on disk.

Clusters are made from them, and enhancers learn on them (``load_features``). The published tool
saves a picture per feature map; a map is constant over each instance, so ids and vectors say the
same in a thousandth of the space, and fit any size without a seam at the borders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from nbgan.data.cache import CachedDataset
from nbgan.errors import InputError
from nbgan.pix2pixhd.edges import MAX_INSTANCE_ID
from nbgan.pix2pixhd.pooling import class_of, instance_table
from nbgan.pix2pixhd.styles import instance_ids

MOST = 512
"""Instances of one picture that are kept, the classes without instances among them."""

Encode = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""Pictures, class ids and instance ids to feature maps ``[N, F, H, W]``."""


class EncodedInstances(Dataset):
    """The instances of each picture of a data set.

    ``ds[i]`` is ``ids`` int64 ``[MOST]`` in ascending order, 65536 where there are no more;
    ``features`` float32 ``[MOST, F]``; ``pixels`` int64 ``[MOST]``.

    Args:
        data: pictures with class and instance maps, and a ``cache_key``.
        encode: makes feature maps.
        key: names the encoder and its weights.
    """

    def __init__(self, data: Dataset, encode: Encode, *, key: str) -> None:
        self.data, self.encode, self.key = data, encode, key

    @property
    def cache_key(self) -> str | None:
        """Names pictures and encoder."""
        theirs = getattr(self.data, "cache_key", None)
        return None if theirs is None else f"encoded-instances-{self.key}-{MOST}-{theirs}"

    def __len__(self) -> int:
        return len(self.data)  # type: ignore[arg-type]

    @torch.no_grad()
    def __getitem__(self, index: int) -> dict[str, Tensor]:
        item = self.data[index]
        if "instance" not in item:
            raise InputError(
                f"item {index}: no instance map, so there are no instances to encode; add an "
                "instance folder to the data set"
            )
        label, instance = item["label"][None], item["instance"][None]
        features = self.encode(item["image"][None], label, instance).float().cpu()
        table = instance_table(features, instance_ids(label, instance))[0]
        count = len(table.ids)
        if count > MOST:
            raise InputError(
                f"item {index}: {count} instances, at most {MOST} are kept; is the instance map "
                "one of instances?"
            )
        ids = torch.full((MOST,), MAX_INSTANCE_ID + 1)
        pixels = torch.zeros(MOST, dtype=torch.int64)
        vectors = torch.zeros(MOST, features.shape[1])
        ids[:count], pixels[:count], vectors[:count] = table.ids, table.pixels, table.means
        return {"ids": ids, "features": vectors, "pixels": pixels}


class WithFeatures(Dataset):
    """Pictures together with the vectors of their instances.

    Items gain ``feature_ids`` int64 ``[MOST]`` and ``feature_rows`` float32 ``[MOST, F]``.

    Args:
        data: the pictures.
        encoded: their instances, in the same order.
    """

    def __init__(self, data: Dataset, encoded: Dataset) -> None:
        self.data, self.encoded = data, encoded
        self.label_space = getattr(data, "label_space", None)

    def __len__(self) -> int:
        return len(self.data)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        extra = self.encoded[index]
        return self.data[index] | {
            "feature_ids": extra["ids"],
            "feature_rows": extra["features"],
        }


def encode_instances(
    data: Dataset,
    encode: Encode,
    encoder: nn.Module,
    *,
    folder: str | Path | None = None,
    progress: bool = True,
) -> Dataset:
    """Encode a data set, or open what was encoded before with the same weights.

    A run that is killed goes on where it last saved; nothing half-made is ever read.

    Args:
        data: pictures with class and instance maps, and a ``cache_key``.
        encode: makes feature maps.
        encoder: whose weights they come from.
        folder: where to keep them; None takes the cache.
        progress: show a bar.
    """
    encoded = EncodedInstances(data, encode, key=weights_key(encoder))
    return CachedDataset(encoded, folder=folder, progress=progress)


def collect_tables(encoded: Dataset, num_classes: int) -> list[Tensor]:
    """The rows to cluster, from encoded instances.

    Args:
        encoded: from :func:`encode_instances`.
        num_classes: number of classes.

    Returns:
        Per class ``[rows, F + 1]`` float64: features, and area in 1/32 of the picture.
    """
    items = [encoded[i] for i in range(len(encoded))]  # type: ignore[arg-type]
    ids = torch.cat([item["ids"] for item in items])
    present = ids <= MAX_INSTANCE_ID
    features = torch.cat([item["features"] for item in items])[present].double()
    # Every pixel belongs to an instance or to the rest of its class, so they add up to the picture.
    units = [max(1, int(item["pixels"].sum()) // 32) for item in items]
    shares = [item["pixels"].double() / unit for item, unit in zip(items, units, strict=True)]
    area = torch.cat(shares)[present]
    rows = torch.cat([features, area[:, None]], dim=1)
    classes = class_of(ids[present])
    return [rows[classes == c] for c in range(num_classes)]


def weights_key(network: nn.Module) -> str:
    """Sixteen hexadecimal digits of a network's weights."""
    digest = hashlib.sha256()
    for name, value in network.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
