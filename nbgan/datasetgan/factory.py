"""The factory: sampled pictures and their labels, written to shards by one or many processes.

A shard is a tar file in the layout of webdataset. For picture 12 it holds ``00000012.png``,
``00000012.label.png`` (indexed), ``00000012.uncertainty.png`` (16 bits) and ``00000012.json``
(score, keypoints). Number and seed decide a picture, and a shard is written whole or not at all:
so a factory that was killed and started again makes the same data set, byte for byte, however
many processes work on it.

Source: Zhang et al., *DatasetGAN* (2021), section 3.2.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
import webdataset
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import to_pil_image
from tqdm.auto import tqdm

from nbgan.data.latents import indexed_picture
from nbgan.data.pictures import to_uint8
from nbgan.data.shards import MANIFEST, SHARD_FORMAT, UNCERTAINTY_UNIT, read_manifest, shard_source
from nbgan.datasetgan.generators import fingerprint
from nbgan.datasetgan.system import DatasetGANSystem, LabelledPictures
from nbgan.errors import InputError
from nbgan.train.checkpoint import write_atomically


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a factory is to make.

    Args:
        pictures: how many in all.
        shard_size: pictures per shard.
        seed: decides the pictures.
        batch_size: pictures per forward pass. Part of the order, as the last bits of a picture
            may depend on what it was painted with.

    Raises:
        InputError: a number under 1.
    """

    pictures: int
    shard_size: int = 250
    seed: int = 0
    batch_size: int = 4

    def __post_init__(self) -> None:
        for name in ("pictures", "shard_size", "batch_size"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, got {getattr(self, name)}")

    @property
    def shards(self) -> int:
        """Number of shards; the last one may be smaller."""
        return -(-self.pictures // self.shard_size)

    def numbers(self, shard: int) -> range:
        """The pictures of a shard."""
        first = shard * self.shard_size
        return range(first, min(first + self.shard_size, self.pictures))


def this_worker() -> tuple[int, int]:
    """Number of this process and of all, as ``accelerate launch`` and ``torchrun`` set them."""
    return int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


def write_shards(
    system: DatasetGANSystem,
    out: str | Path,
    order: Order,
    *,
    worker: int | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> list[Path]:
    """Make this process' shards. Shards that are there already are not made again.

    Args:
        system: a trained generator and interpreter.
        out: folder of the shards, the same for all processes.
        order: what to make.
        worker, workers: number of this process, and how many there are; None takes what
            ``accelerate launch`` set, or one process.
        progress: show a progress bar.

    Returns:
        Paths of this process' shards.

    Raises:
        InputError: the folder holds shards of another order, generator, interpreter or label
            space; a bad worker number; the disk is full (no half shard is left).
    """
    launched = this_worker()
    worker = launched[0] if worker is None else worker
    workers = launched[1] if workers is None else workers
    if workers < 1 or not 0 <= worker < workers:
        raise InputError(
            f"worker {worker} of {workers}: workers are numbered 0 to {max(workers, 1) - 1}"
        )
    out = Path(out)
    manifest = _manifest(system, order)
    _open(out, manifest)
    mine = range(worker, order.shards, workers)
    bar = tqdm(
        total=sum(len(order.numbers(k)) for k in mine),
        unit="picture",
        desc=f"factory {worker + 1}/{workers}",
        disable=not progress,
    )
    paths = []
    for shard in mine:
        path = out / f"shard-{shard:06d}.tar"
        paths.append(path)
        if path.exists():
            _check_source(path, manifest)
            bar.update(len(order.numbers(shard)))
        else:
            _write(path, _samples(system, order, shard, manifest["model"], bar))
    bar.close()
    return paths


def _manifest(system: DatasetGANSystem, order: Order) -> dict[str, Any]:
    recipe = system.recipe
    return {
        "format": SHARD_FORMAT,
        "model": fingerprint(system),
        "label_space": json.loads(system.label_space.to_json()),
        "height": system.grid.height,
        "width": system.grid.width,
        "keypoints": recipe.keypoints,
        "psi": recipe.psi,
        "psi_rows": recipe.psi_rows,
        "pictures": order.pictures,
        "shard_size": order.shard_size,
        "batch_size": order.batch_size,
        "seed": order.seed,
    }


def _open(out: Path, manifest: dict[str, Any]) -> None:
    """Start a folder of shards, or make sure that the one there is ours."""
    file = out / MANIFEST
    if file.exists():
        there = read_manifest(out)
        wrong = [_difference(k, there.get(k), v) for k, v in manifest.items() if there.get(k) != v]
        if wrong:
            raise InputError(
                f"{file}: the shards there are of another factory ({'; '.join(wrong)}); go on with "
                "the same model and options, or choose another folder"
            )
        return
    strangers = sorted(out.glob("*.tar"))
    if strangers:
        raise InputError(
            f"{out}: holds {strangers[0].name} but no {MANIFEST}, so nobody knows what it is; "
            "choose an empty folder"
        )
    write_atomically(file, (json.dumps(manifest, indent=1) + "\n").encode())


def _difference(key: str, there: Any, here: Any) -> str:
    if key == "label_space":
        names = [space["name"] if isinstance(space, dict) else space for space in (there, here)]
        return f"label space '{names[0]}' there, '{names[1]}' here"
    return f"{key} {there} there, {here} here"


def _check_source(path: Path, manifest: dict[str, Any]) -> None:
    source = shard_source(path)
    if source != manifest["model"]:
        raise InputError(
            f"{path}: made by model {str(source)[:8]}…, this one is {manifest['model'][:8]}…; "
            "remove the shard, or choose another folder"
        )


def _samples(
    system: DatasetGANSystem, order: Order, shard: int, source: str, bar: tqdm
) -> Iterator[dict[str, Any]]:
    numbers = order.numbers(shard)
    for first in range(0, len(numbers), order.batch_size):
        chosen = numbers[first : first + order.batch_size]
        pictures = system.label(system.latents(chosen, seed=order.seed))
        for i, number in enumerate(chosen):
            yield _sample(system, pictures, i, number, source)
            bar.update()


def _sample(
    system: DatasetGANSystem, pictures: LabelledPictures, i: int, number: int, source: str
) -> dict[str, Any]:
    points = None
    if pictures.keypoints is not None:
        # JSON knows no NaN.
        points = [
            None if bool(p.isnan().any()) else [round(v, 3) for v in p.tolist()]
            for p in pictures.keypoints[i].cpu()
        ]
    record = {"source": source, "score": float(pictures.score[i]), "keypoints": points}
    label = indexed_picture(pictures.label[i].cpu().numpy(), system.label_space.colors)
    return {
        "__key__": f"{number:08d}",
        "png": _png(to_pil_image(to_uint8(pictures.image[i].cpu().clamp(-1, 1)))),
        "label.png": _png(label),
        "uncertainty.png": _png(_wide(pictures.uncertainty[i])),
        "json": json.dumps(record).encode(),
    }


def _wide(uncertainty: Tensor) -> Image.Image:
    """Nats as a 16-bit grey picture, see :data:`~nbgan.data.shards.UNCERTAINTY_UNIT`."""
    steps = (uncertainty.clamp(min=0) / UNCERTAINTY_UNIT).round().clamp(max=65535)
    return Image.fromarray(steps.to(torch.int32).cpu().numpy().astype(np.uint16))


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()


def _write(path: Path, samples: Iterator[dict[str, Any]]) -> None:
    """Write a shard whole or not at all; a half one of a killed run is written over."""
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("wb") as file:
            _write_tar(file, samples)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InputError(
            f"{path}: cannot write this shard ({error.strerror or error}); no half shard is left, "
            "the finished ones are whole. Free some space and start again: it goes on here"
        ) from error


def _write_tar(file: IO[bytes], samples: Iterator[dict[str, Any]]) -> None:
    # A fixed time: the same pictures give the same bytes.
    with webdataset.TarWriter(file, mtime=0, user="nbgan", group="nbgan", encoder=False) as tar:
        for sample in samples:
            tar.write(sample)
