"""What a raw Cityscapes tree holds: which picture, class map and instance map are one frame.

The raw tree, as the archives ``leftImg8bit_trainvaltest.zip`` and ``gtFine_trainvaltest.zip``
unpack into one folder::

    RAW/leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png
    RAW/gtFine/train/aachen/aachen_000000_000019_gtFine_labelIds.png
    RAW/gtFine/train/aachen/aachen_000000_000019_gtFine_instanceIds.png

A list file names one frame a line, paths below RAW: the picture, then any file of its annotation
(``…_gtFine_labelIds.png``, ``…_gtFine_labelTrainIds.png``, …), which may be left out::

    leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png gtFine/train/aachen/…
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nbgan.data.cityscapes.layout import (
    COLOR_ENDING,
    INSTANCE_ENDING,
    LABEL_ENDING,
    PICTURE_ENDING,
)
from nbgan.data.images import SPLITS, check_split
from nbgan.data.scan import check_folder
from nbgan.errors import InputError

PICTURES, ANNOTATIONS = "leftImg8bit", "gtFine"

_UNPACKED = "_trainvaltest"


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One frame of the raw tree; every file is there.

    Args:
        key: what its files' names begin with, for example ``"aachen_000000_000019"``.
        split: ``"train"``, ``"val"`` or ``"test"``.
        image: the picture.
        label: its class ids, or its colour-coded map if that was asked for.
        instance: instance ids, ``None`` if there are none.
    """

    key: str
    split: str
    image: Path
    label: Path
    instance: Path | None


@dataclass(frozen=True, kw_only=True)
class Found:
    """Result of :func:`find_frames`: frames in order of split and key, and what is missing."""

    frames: tuple[Frame, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where the files of one frame should lie."""

    split: str
    image: Path
    annotation: Path  # without the ending

    def file(self, ending: str) -> Path:
        return self.annotation.with_name(f"{self.annotation.name}{ending}.png")


def find_frames(
    raw: str | Path,
    *,
    list_file: str | Path | None = None,
    splits: Sequence[str] | None = None,
    colors: bool = False,
) -> Found:
    """Find the frames of a raw tree, by walking it or by a list file.

    A frame without picture or class map is left out and named in ``problems``. Missing instance
    maps are no problem here.

    Args:
        raw: folder that holds ``leftImg8bit`` and ``gtFine``.
        list_file: which frames; ``None`` walks the tree.
        splits: only these; ``None`` takes all that there are. A list file whose paths do not name
            a split needs exactly one.
        colors: take the colour-coded maps (``…_gtFine_color.png``) instead of the class ids.

    Raises:
        InputError: no such folder or list file, a list file that is not of that form, or a split
            that the tree does not have.
    """
    raw = Path(raw)
    check_folder(raw, "raw Cityscapes file")
    for split in splits or ():
        check_split(split)
    ending = COLOR_ENDING if colors else LABEL_ENDING
    if list_file is None:
        places = list(_walk(raw, splits, ending))
    else:
        places = _listed(raw, Path(list_file), splits)
    frames: dict[tuple[str, str], Frame] = {}
    problems = []
    for place in places:
        key = place.annotation.name
        missing = _missing(place, ending)
        if missing is not None:
            problems.append(missing)
            continue
        other = frames.get((place.split, key))
        if other is not None:
            problems.append(
                f"{place.image}: split '{place.split}' already holds {other.image}, and both would "
                "get the same name; rename one, or list each frame once"
            )
            continue
        instance = place.file(INSTANCE_ENDING)
        frames[place.split, key] = Frame(
            key=key,
            split=place.split,
            image=place.image,
            label=place.file(ending),
            instance=instance if instance.is_file() else None,
        )
    ordered = sorted(frames.values(), key=lambda frame: (SPLITS.index(frame.split), frame.key))
    return Found(frames=tuple(ordered), problems=tuple(problems))


def _missing(place: _Place, ending: str) -> str | None:
    """The sentence for a frame that lacks a file, ``None`` if it is whole."""
    label = place.file(ending)
    if place.image.is_file():
        if label.is_file():
            return None
        return f"{place.image}: picture without class map; expected {label}. The frame is left out"
    if label.is_file():
        return f"{label}: class map without picture; expected {place.image}. The frame is left out"
    return f"{place.image}: no such picture, and no class map {label}. The frame is left out"


def _walk(raw: Path, splits: Sequence[str] | None, ending: str) -> Iterator[_Place]:
    pictures, annotations = _trunk(raw, PICTURES), _trunk(raw, ANNOTATIONS)
    there = [s for s in SPLITS if (pictures / s).is_dir() or (annotations / s).is_dir()]
    for split in splits or there:
        if split not in there:
            raise InputError(
                f"{raw}: has no split '{split}': no folder {pictures / split}; found splits: "
                f"{', '.join(there) or 'none'}"
            )
        keys = _keys(pictures / split, PICTURE_ENDING) | _keys(annotations / split, ending)
        for key in sorted(keys):
            yield _Place(
                split=split,
                image=pictures / split / f"{key}{PICTURE_ENDING}.png",
                annotation=annotations / split / f"{key}",
            )


def _trunk(raw: Path, name: str) -> Path:
    """The folder ``leftImg8bit`` or ``gtFine``, also where each archive got its own folder."""
    for folder in (raw / name, raw / f"{name}{_UNPACKED}" / name):
        if folder.is_dir():
            return folder
    inside = ", ".join(sorted(p.name for p in raw.iterdir())[:12]) or "nothing"
    raise InputError(
        f"{raw}: no folder '{name}' in it, it holds: {inside}; give the folder into which "
        f"{PICTURES}{_UNPACKED}.zip and {ANNOTATIONS}{_UNPACKED}.zip were unpacked"
    )


def _keys(folder: Path, ending: str) -> set[str]:
    """City and name, without the ending, of the files below a split's folder."""
    tail = f"{ending}.png"
    return {
        path.relative_to(folder).as_posix().removesuffix(tail)
        for path in folder.glob(f"**/*{tail}")
        if not path.name.startswith(".")
    }


def _listed(raw: Path, list_file: Path, splits: Sequence[str] | None) -> list[_Place]:
    try:
        lines = list_file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise InputError(f"{list_file}: no such list file; check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{list_file}: not a readable text ({error}); save it as UTF-8") from None
    places = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        place = _line(raw, line.split(), splits, where=f"{list_file}, line {number}")
        if splits is None or place.split in splits:
            places.append(place)
    if not places:
        only = f" of split {' or '.join(splits)}" if splits else ""
        raise InputError(
            f"{list_file}: names no frame{only}; allowed is one frame a line, paths below {raw}"
        )
    return list(dict.fromkeys(places))


def _line(raw: Path, words: list[str], splits: Iterable[str] | None, *, where: str) -> _Place:
    names = [PurePosixPath(word.replace("\\", "/")) for word in words]
    picture = names[0]
    key, dot, _ = picture.name.partition(f"{PICTURE_ENDING}.png")
    if len(names) > 2 or not dot or not all("_gtFine_" in name.name for name in names[1:]):
        raise InputError(
            f"{where}: '{' '.join(words)}'; allowed is a picture …{PICTURE_ENDING}.png, and after "
            "a space a file …_gtFine_….png of its annotation; names must not contain spaces"
        )
    if not all(name.name.startswith(f"{key}_gtFine_") for name in names[1:]):
        raise InputError(
            f"{where}: {picture.name} and {names[1].name} are of different frames; put the two "
            "files of one frame into one line"
        )
    for name in names:
        if name.is_absolute() or ".." in name.parts:
            raise InputError(f"{where}: '{name}' leads out of {raw}; give paths below that folder")
    stated = [part for part in picture.parts[:-1] if part in SPLITS]
    only = list(splits or ())
    if not stated and len(only) != 1:
        raise InputError(
            f"{where}: '{picture}' does not say which split it is of; give one split, allowed are "
            f"{', '.join(SPLITS)}"
        )
    if len(names) == 2:
        folder = names[1].parent
    else:
        swapped = (ANNOTATIONS if part == PICTURES else part for part in picture.parts[:-1])
        folder = PurePosixPath(*swapped)
    return _Place(
        split=stated[0] if stated else only[0],
        image=raw / picture,
        annotation=raw / folder / key,
    )
