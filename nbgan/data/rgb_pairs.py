"""Pairs of pictures, one to be turned into the other: the mode without label maps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from nbgan.data.images import ImagesDataset
from nbgan.data.pictures import picture_tensor, read_ids, read_picture
from nbgan.data.resize import Resizing
from nbgan.data.scan import Entry


class RgbPairs(ImagesDataset):
    """Two folders of pictures, paired by file stem.

    An item is ``source`` and ``image``, both float32 ``[3, H, W]`` in [−1, 1]; with an instance
    folder ``instance`` int64 ``[H, W]`` (0 = no instance). There are no class ids.

    Args:
        sources: folder of the pictures that a generator is given.
        images: folder of the pictures that it should paint.
        instances: folder of instance maps of the sources, PNG up to 16 bits; ``None``: none.
        endings: what the stems end in beside the part that they share, see
            :func:`~nbgan.data.scan.scan`.
        size, resize, flip, strict, check_headers, name: see
            :class:`~nbgan.data.images.ImagesDataset`.

    Raises:
        InputError: missing or empty folder, missing pair, sizes that differ, unreadable file, bad
            option.
    """

    def __init__(
        self,
        *,
        sources: str | Path,
        images: str | Path,
        instances: str | Path | None = None,
        size: int | tuple[int, int] | None = None,
        resize: str | Resizing = "resize",
        flip: bool = False,
        strict: bool = True,
        check_headers: bool = True,
        name: str | None = None,
        endings: Mapping[str, str] | None = None,
    ) -> None:
        folders = {"images": Path(images), "sources": Path(sources)}
        if instances is not None:
            folders["instances"] = Path(instances)
        self._set_up(
            folders=folders,
            size=size,
            resize=resize,
            flip=flip,
            strict=strict,
            check_headers=check_headers,
            name=name,
            endings=endings,
        )

    def _read_entry(self, entry: Entry, *, check_ids: bool) -> dict[str, torch.Tensor]:
        assert entry.source is not None
        picture, source = read_picture(entry.image), read_picture(entry.source)
        geometry = self.geometry(picture.height, picture.width, where=str(entry.image))
        self._same_size(entry, entry.source, (source.height, source.width), picture)
        item = {
            "source": picture_tensor(geometry.picture(source)),
            "image": picture_tensor(geometry.picture(picture)),
        }
        if entry.instance is not None:
            ids = read_ids(entry.instance, "instance map")
            self._same_size(entry, entry.instance, ids.shape, picture)
            item["instance"] = torch.from_numpy(geometry.ids(ids))
        return item
