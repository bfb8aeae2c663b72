"""Two sets of pictures without pairs, the input of translation from one domain to the other.

The folder layout of :func:`open_unpaired`, that of selfie2anime and of CycleGAN's data sets::

    DIR/trainA/…  DIR/trainB/…      pictures of the source and of the target domain
    DIR/testA/…   DIR/testB/…       optional; they also serve as validation split
    DIR/valA/…    DIR/valB/…        optional: a validation split of its own
    DIR/trainA_mask/…               only to remove backgrounds from pictures without alpha

or two folders anywhere, one for each domain.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch
from torch.utils.data import Dataset

from nbgan.data.background import Cutouts
from nbgan.data.images import SPLITS, ImagesDataset, check_split
from nbgan.data.resize import Resizing
from nbgan.data.scan import check_folder
from nbgan.errors import InputError

Background = Literal["keep", "white"]
_LOAD_SHARE = 286 / 256
"""Published trainings scale to 286 pixels and cut 256 out at random."""


class Unpaired(Dataset):
    """Pictures of two domains, side by side but not paired.

    An item is ``source`` and ``target``, both float32 ``[3, H, W]`` in [−1, 1]. Every picture of
    the larger side comes once, those of the smaller side come again.

    Args:
        sources, targets: any data sets whose items have ``image``, such as two folders or two
            embedded worlds.
        shuffle: draw the target of each item anew from PyTorch's global random state, as for
            training; otherwise it is always the same one.
        name: for messages.

    Raises:
        InputError: a side is empty.
    """

    label_space = None

    def __init__(
        self, *, sources: Dataset, targets: Dataset, shuffle: bool = False, name: str = "unpaired"
    ) -> None:
        self.sources, self.targets = sources, targets
        self.shuffle, self.name = shuffle, name
        for side, data in (("source", sources), ("target", targets)):
            if not len(data):  # type: ignore[arg-type]
                raise InputError(
                    f"data set '{name}': the {side} side has no pictures; both sides need some, "
                    "though not equally many"
                )

    @property
    def sides(self) -> tuple[Dataset, Dataset]:
        """Source and target, each a data set of its own."""
        return self.sources, self.targets

    @property
    def cache_key(self) -> str:
        """Identifies the pixels.

        Raises:
            AttributeError: items that are drawn anew at each reading cannot be kept.
        """
        if self.shuffle:
            raise AttributeError("shuffled pairs have no cache_key; cache each side")
        keys = (getattr(side, "cache_key", None) for side in self.sides)
        return f"{self.name} | " + " | ".join(str(key) for key in keys)

    def __len__(self) -> int:
        return max(len(side) for side in self.sides)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"item {index} of '{self.name}', which has {len(self)}")
        index %= len(self)
        first, second = (len(side) for side in self.sides)  # type: ignore[arg-type]
        partner = int(torch.randint(second, ())) if self.shuffle else index % second
        return {
            "source": _picture(self.sources, index % first),
            "target": _picture(self.targets, partner),
        }


def _picture(data: Dataset, index: int) -> torch.Tensor:
    """The image of an item; worlds that draw can leave out its maps."""
    return data.picture(index) if hasattr(data, "picture") else data[index]["image"]


def open_unpaired(
    path: str | Path,
    *,
    split: str = "train",
    target: str | Path | None = None,
    size: int | tuple[int, int] | None = None,
    resize: str | Resizing = "resize",
    background: Background = "keep",
    strict: bool = True,
) -> Unpaired:
    """Open two folders of pictures; the module's documentation shows the layout.

    Grey and 16-bit pictures become 8-bit RGB, and what is transparent becomes white.

    Args:
        path: the folder that holds ``trainA``, ``trainB`` and so on; with ``target`` the folder of
            the source domain.
        split: ``"train"``, ``"val"`` or ``"test"``. The last two stand in for each other.
        target: folder of the target domain. It and ``path`` hold pictures, all of them for
            training, or folders ``train``, ``val`` and ``test``.
        size, strict: see :class:`~nbgan.data.images.ImagesDataset`.
        resize: also ``"jitter"``, the published augmentation: scaled to 286/256 of ``size``, then
            a window at random; in the training split only.
        background: ``"white"`` removes the backgrounds of the source domain, see
            :func:`~nbgan.data.background.remove_background`. Masks lie in a folder that is named
            as that of the pictures, with ``_mask`` at its end; without one, the pictures need
            alpha.

    Raises:
        InputError: no such split, a side is missing or empty, pictures that cannot be read, a
            background that cannot be removed, bad option.
    """
    if background not in ("keep", "white"):
        raise InputError(f"background is '{background}'; allowed are 'keep' and 'white'")
    folders = _folders(Path(path), None if target is None else Path(target))
    check_split(split)
    found = _stand_in(split, folders)
    if found is None:
        raise InputError(
            f"{path}: has no split '{split}' with both sides; found {_spell(folders)}. Put "
            f"pictures into {f'{split}A and {split}B' if target is None else f'folders {split}'}"
        )
    options: dict[str, Any] = {"size": size, "resize": resize, "strict": strict}
    if resize == "jitter":
        options |= _jitter(size, split)
    first, second = folders[found]
    name = first.parent.resolve().name if target is None else Path(path).resolve().name
    masks = first.with_name(f"{first.name}_mask")
    sources: ImagesDataset
    if background == "white":
        sources = Cutouts(
            images=first,
            masks=masks if masks.is_dir() else None,
            name=f"{name}-{split}-source",
            **options,
        )
    else:
        sources = ImagesDataset(images=first, name=f"{name}-{split}-source", **options)
    targets = ImagesDataset(images=second, name=f"{name}-{split}-target", **options)
    return Unpaired(
        sources=sources, targets=targets, shuffle=split == "train", name=f"{name}-{split}"
    )


def unpaired_splits(path: str | Path, target: str | Path | None = None) -> tuple[str, ...]:
    """Splits that :func:`open_unpaired` can open."""
    folders = _folders(Path(path), None if target is None else Path(target))
    return tuple(split for split in SPLITS if _stand_in(split, folders) is not None)


def _folders(path: Path, target: Path | None) -> dict[str, tuple[Path, Path]]:
    """Source and target folder of each split that has both.

    Raises:
        InputError: there is no training split, or a side of one is missing.
    """
    check_folder(path, "source picture" if target is not None else "data set")
    if target is not None:
        check_folder(target, "target picture")
        if path.resolve() == target.resolve():
            raise InputError(f"{path}: is both source and target; give two folders")
        split = {s: (path / s, target / s) for s in SPLITS}
        there = {s: pair for s, pair in split.items() if all(side.is_dir() for side in pair)}
        return there or {"train": (path, target)}
    found = {}
    for name in SPLITS:
        pair = (path / f"{name}A", path / f"{name}B")
        present = [side for side in pair if side.is_dir()]
        if len(present) == 1:
            missing = pair[1] if present[0] == pair[0] else pair[0]
            raise InputError(
                f"{path}: has {present[0].name} but no {missing.name}; both domains are needed. "
                f"Put the other domain's pictures into {missing}"
            )
        if present:
            found[name] = pair
    if "train" not in found:
        inside = sorted(p.name for p in path.iterdir())[:12]
        raise InputError(
            f"{path}: has no folders trainA and trainB; it holds {', '.join(inside) or 'nothing'}. "
            "Put the pictures of the source domain into trainA and those of the target into "
            "trainB, or give two folders (target)"
        )
    return found


def _stand_in(split: str, folders: dict[str, tuple[Path, Path]]) -> str | None:
    """The split itself, or for validation and test the other of the two."""
    if split in folders:
        return split
    other = {"val": "test", "test": "val"}.get(split)
    return other if other in folders else None


def _spell(folders: dict[str, tuple[Path, Path]]) -> str:
    return ", ".join(f"'{name}'" for name in folders)


def _jitter(size: int | tuple[int, int] | None, split: str) -> dict[str, Any]:
    if not isinstance(size, int):
        raise InputError(f"size is {size!r}; resize 'jitter' needs one whole number, such as 256")
    if split != "train":
        return {"resize": "resize"}
    load = round(size * _LOAD_SHARE)
    window = Resizing(mode="resize_and_crop", size=size, load_size=(load, load), random_crop=True)
    return {"size": None, "resize": window}
