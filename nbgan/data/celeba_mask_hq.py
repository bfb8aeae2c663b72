"""CelebAMask-HQ: portraits with a mask for each part of the face, in the published layout.

Where it comes from: https://github.com/switchablenorms/CelebAMask-HQ. The pictures are for
non-commercial research and education only, and may not be passed on. Nothing of it ships here.

Layout of the release::

    DIR/CelebA-HQ-img/0.jpg … 29999.jpg                             pictures, 1024 × 1024
    DIR/CelebAMask-HQ-mask-anno/0/00000_skin.png, 00000_hair.png …  masks, 512 × 512, 0 or 255
    DIR/CelebAMask-HQ-mask-anno/14/29999_skin.png …                 2,000 pictures a folder
    DIR/CelebA-HQ-to-CelebA-mapping.txt                             decides the splits

Every part has a file of its own, and parts that cannot be seen have none. Where parts overlap, the
later one in the order of ``PARTS`` lies on top, as in the release's own program.

Source: Lee et al., *MaskGAN: Towards Diverse and Interactive Facial Image Manipulation* (2020).
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image

from nbgan.data.background import on_white
from nbgan.data.images import ImagesDataset, check_split
from nbgan.data.labels import LabelSpace
from nbgan.data.palette import distinct_colors
from nbgan.data.pictures import picture_tensor, read_picture
from nbgan.data.resize import Resizing
from nbgan.data.scan import Entry, check_folder
from nbgan.errors import InputError

PARTS = {
    "skin": "skin",
    "nose": "nose",
    "eye_g": "glasses",
    "l_eye": "left eye",
    "r_eye": "right eye",
    "l_brow": "left eyebrow",
    "r_brow": "right eyebrow",
    "l_ear": "left ear",
    "r_ear": "right ear",
    "mouth": "mouth",
    "u_lip": "upper lip",
    "l_lip": "lower lip",
    "hair": "hair",
    "hat": "hat",
    "ear_r": "earring",
    "neck_l": "necklace",
    "neck": "neck",
    "cloth": "clothes",
}
"""Endings of the mask files and what they mean, from the lowest to the topmost."""

IMAGES, MASKS = "CelebA-HQ-img", "CelebAMask-HQ-mask-anno"
MAPPING = "CelebA-HQ-to-CelebA-mapping.txt"
_PER_FOLDER = 2000
# The release's own program takes CelebA's pictures below these numbers for training, validation.
_TRAIN_END, _VAL_END = 162_771, 182_638


def celeba_mask_hq_labels() -> LabelSpace:
    """Background and the 18 parts, ids 0 to 18."""
    classes = ("background", *PARTS.values())
    return LabelSpace(
        name="celeba_mask_hq", classes=classes, colors=distinct_colors(len(classes)), ignore_id=None
    )


class CelebAMaskHQ(ImagesDataset):
    """Portraits with a class map made from the part masks.

    An item is ``image`` float32 ``[3, H, W]`` in [−1, 1] and ``label`` int64 ``[H, W]``.

    Args:
        path: folder of the release.
        split: ``"train"``, ``"val"`` or ``"test"``, those of CelebA, from the release's mapping
            file. Without that file all pictures are ``"train"``.
        background: ``"white"`` makes white whatever belongs to none of ``keep``.
        keep: parts that stay, by the names in :data:`PARTS`; ``None`` keeps all of them.
        size, resize, flip, strict, check_headers: see :class:`~nbgan.data.images.ImagesDataset`.

    Raises:
        InputError: not that layout, no such split, a picture without masks, an unknown part,
            unreadable files.
    """

    label_space: LabelSpace

    def __init__(
        self,
        *,
        path: str | Path,
        split: str = "train",
        background: Literal["keep", "white"] = "keep",
        keep: Collection[str] | None = None,
        size: int | tuple[int, int] | None = None,
        resize: str | Resizing = "resize",
        flip: bool = False,
        strict: bool = True,
        check_headers: bool = True,
    ) -> None:
        root = Path(path)
        check_split(split)
        check_folder(root, "data set")
        if background not in ("keep", "white"):
            raise InputError(f"background is '{background}'; allowed are 'keep' and 'white'")
        self.background = background
        self.keep = tuple(PARTS if keep is None else keep)
        unknown = sorted(set(self.keep) - set(PARTS))
        if unknown or not self.keep:
            raise InputError(
                f"keep: got {', '.join(unknown) or 'nothing'}; allowed are {', '.join(PARTS)}"
            )
        check_folder(root / MASKS, "mask")
        self._set_up(
            folders={"images": root / IMAGES},
            size=size,
            resize=resize,
            flip=flip,
            strict=False,
            check_headers=check_headers,
            name=f"celeba_mask_hq-{split}",
        )
        self.label_space = celeba_mask_hq_labels()
        self._choose(root, split)
        if strict:
            self._raise_problems()

    def _choose(self, root: Path, split: str) -> None:
        """Keep the entries of the split that have masks; the others are problems."""
        masks = _mask_files(root / MASKS)
        wanted = _split_numbers(root / MAPPING, split)
        entries, problems = [], []
        for entry in self.entries:
            number = int(entry.key) if entry.key.isdecimal() else None
            if number is None:
                problems.append(
                    f"{entry.image}: pictures of CelebAMask-HQ are named by number, such as "
                    "12.jpg; remove this file"
                )
            elif wanted is None or number in wanted:
                if number in masks:
                    entries.append(replace(entry, label=masks[number]))
                else:
                    problems.append(
                        f"{entry.image}: has no part masks; expected "
                        f"{_folder_of(root / MASKS, number) / f'{number:05d}_skin.png'} and so on. "
                        "Unpack the masks again, or remove the picture"
                    )
        entries.sort(key=lambda entry: int(entry.key))
        self.entries, self.problems = tuple(entries), (*self.problems, *problems)
        if not entries and not problems:
            raise InputError(
                f"{root}: no picture of split '{split}' is in {root / IMAGES}; check {MAPPING}"
            )

    def _read_entry(self, entry: Entry, *, check_ids: bool) -> dict[str, torch.Tensor]:
        picture = read_picture(entry.image)
        label = self.read_label(entry)
        if self.background == "white":
            kept = [i + 1 for i, part in enumerate(PARTS) if part in self.keep]
            picture = on_white(picture, np.isin(label, kept).astype(np.float64))
        geometry = self.geometry(picture.height, picture.width, where=str(entry.image))
        down, across = label.shape[0] / picture.height, label.shape[1] / picture.width
        left, top, right, bottom = geometry.box
        same_place = (left * across, top * down, right * across, bottom * down)
        return {
            "image": picture_tensor(geometry.picture(picture)),
            "label": torch.from_numpy(replace(geometry, box=same_place).ids(label)),
        }

    def read_label(self, entry: Entry) -> np.ndarray:
        """The class map of one picture at the masks' own size, int64 ``[H, W]``."""
        label: np.ndarray | None = None
        for file in self._mask_paths(entry):
            mask = np.asarray(read_picture(file))[..., 0] > 127
            if label is None:
                label = np.zeros(mask.shape, dtype=np.int64)
            if mask.shape != label.shape:
                raise InputError(
                    f"{file}: {mask.shape[1]} × {mask.shape[0]} pixels, but the other masks of "
                    f"this picture have {label.shape[1]} × {label.shape[0]}; unpack them again"
                )
            label[mask] = list(PARTS).index(_part(file.name)) + 1
        assert label is not None, "entries without masks were left out"
        return label

    def _mask_paths(self, entry: Entry) -> list[Path]:
        """Files of the parts that the picture has, the lowest part first."""
        assert entry.label is not None
        number = entry.label.name.split("_", 1)[0]
        files = (entry.label.with_name(f"{number}_{part}.png") for part in PARTS)
        return [file for file in files if file.is_file()]

    def _files(self, entry: Entry) -> tuple[Path, ...]:
        return entry.image, *self._mask_paths(entry)

    def _options(self) -> str:
        return f"{super()._options()}|background={self.background}|keep={self.keep}"


def portraits_on_white(path: str | Path, out: str | Path, *, split: str = "train") -> int:
    """Write the portraits of a split without background, ready to be one side of a training.

    Args:
        path: folder of the release.
        out: new or empty folder for ``0.png`` and so on, at the pictures' own size.
        split: as for :class:`CelebAMaskHQ`.

    Returns:
        Number of pictures.

    Raises:
        InputError: the folder holds files already, and what :class:`CelebAMaskHQ` raises.
    """
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: is not an empty folder; choose another one")
    data = CelebAMaskHQ(path=path, split=split, background="white")
    folder.mkdir(parents=True, exist_ok=True)
    for entry in data.entries:
        image = data._read_entry(entry, check_ids=True)["image"]
        pixels = ((image + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
        Image.fromarray(pixels).save(folder / f"{entry.key}.png")
    return len(data.entries)


def _part(name: str) -> str:
    """``00012_l_eye.png`` is a mask of ``l_eye``."""
    return Path(name).stem.split("_", 1)[1]


def _mask_files(folder: Path) -> dict[int, Path]:
    """One mask file of each picture that has some, by the picture's number."""
    found: dict[int, Path] = {}
    for root, _, names in os.walk(folder):
        for name in names:
            number, _, part = Path(name).stem.partition("_")
            if number.isdecimal() and part in PARTS and name.endswith(".png"):
                found.setdefault(int(number), Path(root, name))
    if not found:
        raise InputError(
            f"{folder}: holds no part masks such as 0/00000_skin.png; give the folder of the "
            f"release, which holds {IMAGES} and {MASKS}"
        )
    return found


def _folder_of(masks: Path, number: int) -> Path:
    return masks / str(number // _PER_FOLDER)


def _split_numbers(mapping: Path, split: str) -> set[int] | None:
    """Numbers of the pictures of a split; ``None`` for all of them."""
    if not mapping.is_file():
        if split == "train":
            return None
        raise InputError(
            f"{mapping}: no such file, and it alone says which pictures are '{split}'; copy it "
            "from the release, or use split 'train', which then holds all pictures"
        )
    numbers = set()
    for i, line in enumerate(mapping.read_text(encoding="utf-8").splitlines(), start=1):
        fields = line.split()
        if len(fields) < 2 or not fields[0].isdecimal():  # the heading, empty lines
            continue
        if not fields[1].isdecimal():
            raise InputError(f"{mapping}: line {i} is {line!r}, expected two numbers and a file")
        if _split_of(int(fields[1])) == split:
            numbers.add(int(fields[0]))
    return numbers


def _split_of(original: int) -> str:
    if original < _TRAIN_END:
        return "train"
    return "val" if original < _VAL_END else "test"
