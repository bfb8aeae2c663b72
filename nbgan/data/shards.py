"""Shards of pictures and labels: tar files in webdataset's layout, read at random.

They are written by the data-set factory (``nbgan factory``). ``webdataset`` itself reads them as a
stream; this reader opens any picture of any shard, as training with a fixed order needs.
"""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from nbgan.data.images import SPLITS, check_split
from nbgan.data.labels import LabelSpace
from nbgan.data.pictures import fit, picture_tensor
from nbgan.errors import InputError

SHARD_FORMAT = "nbgan shards 1"
MANIFEST = "factory.json"
UNCERTAINTY_UNIT = 1e-4
"""Nats per step of the 16-bit uncertainty pictures."""


@dataclass(frozen=True, kw_only=True)
class _Record:
    shard: Path
    key: str
    places: dict[str, tuple[int, int]]
    score: float
    keypoints: list[list[float] | None] | None


class Shards(Dataset):
    """A folder of shards.

    An item is ``image`` float32 ``[3, H, W]`` in [−1, 1]; ``label`` int64 ``[H, W]``;
    ``uncertainty`` float32 ``[H, W]`` in nats; ``keypoints`` float32 ``[K, 2]`` where the shards
    have them, pixel x, y, NaN for not seen.

    Args:
        path: the folder.
        split: ``"train"``; ``"val"`` and ``"test"`` are folders of shards inside.
        size: (height, width) or one number; None keeps the shards'. Pictures are resized bicubic,
            labels and uncertainty to the nearest pixel.
        drop: share of the pictures to leave out, those of highest uncertainty score.
        order: ``"number"``, or ``"score"``: most certain pictures first.

    Raises:
        InputError: no shards, shards missing or of another factory, damaged files, bad options.
    """

    def __init__(
        self,
        *,
        path: str | Path,
        split: str = "train",
        size: int | tuple[int, int] | None = None,
        drop: float = 0.0,
        order: Literal["number", "score"] = "number",
    ) -> None:
        check_split(split)
        self.folder = Path(path) if split == "train" else Path(path) / split
        manifest = read_manifest(self.folder)
        self.label_space = LabelSpace.from_json(json.dumps(manifest["label_space"]))
        if not 0 <= drop < 1:
            raise InputError(f"drop is a share from 0 to under 1, got {drop}; published is 0.1")
        if order not in ("number", "score"):
            raise InputError(f"order is '{order}'; allowed are 'number' and 'score'")
        self.geometry = fit(manifest["height"], manifest["width"], size=size)
        records = [r for shard in _shards(self.folder, manifest) for r in _scan(shard, manifest)]
        if len(records) != manifest["pictures"]:
            raise InputError(
                f"{self.folder}: {len(records)} pictures, {MANIFEST} says {manifest['pictures']}; "
                "the factory was stopped or a shard is cut off. Start it again with the same "
                "options: it makes what is missing"
            )
        kept = sorted(records, key=lambda r: r.score)[: len(records) - int(len(records) * drop)]
        if order == "number":
            kept.sort(key=lambda r: r.key)
        self._records = kept
        self._name = f"{manifest['model']}-{manifest['seed']}-{manifest['pictures']}"
        self._options = f"size={size}-drop={drop}-order={order}"

    @property
    def cache_key(self) -> str:
        """Identifies the pixels: model, order and options."""
        return f"shards-v1-{self._name}-{self._options}"

    @property
    def scores(self) -> list[float]:
        """Uncertainty score of every item."""
        return [r.score for r in self._records]

    def item_name(self, index: int) -> str:
        """What to call an item in a message."""
        record = self._records[index]
        return f"{record.shard}: {record.key}"

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"item {index} of {self.folder}, which has {len(self)}")
        record = self._records[index]
        label = np.asarray(_picture(record, "label.png")).astype(np.int64)
        self.label_space.check(label, where=self.item_name(index))
        steps = np.asarray(_picture(record, "uncertainty.png")).astype(np.float32)
        image = _picture(record, "png").convert("RGB")
        item = {
            "image": picture_tensor(self.geometry.picture(image)),
            "label": torch.from_numpy(self.geometry.ids(label)),
            "uncertainty": torch.from_numpy(self.geometry.ids(steps)) * UNCERTAINTY_UNIT,
        }
        if record.keypoints is not None:
            points = [(float("nan"),) * 2 if p is None else p for p in record.keypoints]
            left, top, right, bottom = self.geometry.box
            scale = torch.tensor(
                [self.geometry.width / (right - left), self.geometry.height / (bottom - top)]
            )
            item["keypoints"] = (torch.tensor(points) + 0.5) * scale - 0.5
        return item


def shard_splits(path: str | Path) -> tuple[str, ...]:
    """Splits that a folder of shards has; ``"train"`` is the folder itself."""
    return ("train", *(s for s in SPLITS if (Path(path) / s / MANIFEST).is_file()))


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """What a folder of shards says of itself.

    Raises:
        InputError: absent, unreadable, or of another format.
    """
    file = Path(folder) / MANIFEST
    if not file.is_file():
        raise InputError(f"{file}: no such file; make shards with `nbgan factory`")
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: not readable ({error}); copy it again") from None
    if not isinstance(manifest, dict) or manifest.get("format") != SHARD_FORMAT:
        raise InputError(f"{file}: expected '{SHARD_FORMAT}'; it was made by another program")
    return manifest


def shard_source(path: Path) -> str | None:
    """The model that made a shard, as its first record says.

    Raises:
        InputError: not a readable shard.
    """
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                if member.name.endswith(".json"):
                    file = tar.extractfile(member)
                    return None if file is None else json.load(file).get("source")
    except (OSError, tarfile.TarError, ValueError) as error:
        raise InputError(
            f"{path}: not a readable shard ({error}); remove it and start the factory again"
        ) from None
    return None


def _shards(folder: Path, manifest: dict[str, Any]) -> list[Path]:
    count = -(-manifest["pictures"] // manifest["shard_size"])
    wanted = [folder / f"shard-{k:06d}.tar" for k in range(count)]
    missing = [path.name for path in wanted if not path.is_file()]
    if missing:
        raise InputError(
            f"{folder}: {len(missing)} of {count} shards are missing ({missing[0]}"
            f"{' …' if len(missing) > 1 else ''}); start the factory again with the same options: "
            "it makes what is missing"
        )
    return wanted


def _scan(shard: Path, manifest: dict[str, Any]) -> list[_Record]:
    places: dict[str, dict[str, tuple[int, int]]] = {}
    texts: dict[str, Any] = {}
    try:
        with tarfile.open(shard) as tar:
            for member in tar:
                key, _, part = member.name.partition(".")
                places.setdefault(key, {})[part] = (member.offset_data, member.size)
                if part == "json":
                    file = tar.extractfile(member)
                    assert file is not None
                    texts[key] = json.load(file)
    except (OSError, tarfile.TarError, ValueError) as error:
        raise InputError(
            f"{shard}: not a readable shard ({error}); remove it and start the factory again"
        ) from None
    records = []
    for key, parts in places.items():
        lacking = [p for p in ("png", "label.png", "uncertainty.png", "json") if p not in parts]
        if lacking:
            raise InputError(
                f"{shard}: picture {key} has no {lacking[0]}; the shard is cut off. Remove it and "
                "start the factory again"
            )
        text = texts[key]
        if text["source"] != manifest["model"]:
            raise InputError(
                f"{shard}: made by model {text['source'][:8]}…, {MANIFEST} says "
                f"{manifest['model'][:8]}…; shards of two factories were mixed. Remove it"
            )
        records.append(
            _Record(
                shard=shard,
                key=key,
                places=parts,
                score=text["score"],
                keypoints=text["keypoints"],
            )
        )
    return records


def _picture(record: _Record, part: str) -> Image.Image:
    start, length = record.places[part]
    with record.shard.open("rb") as file:
        file.seek(start)
        content = file.read(length)
    try:
        picture = Image.open(io.BytesIO(content))
        picture.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(
            f"{record.shard}: {record.key}.{part} is damaged ({error}); remove the shard and start "
            "the factory again"
        ) from None
    return picture
