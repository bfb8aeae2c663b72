"""Which files of a few folders belong together, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from nbgan.data.pictures import (
    IMAGE_SUFFIXES,
    check_ids_header,
    check_picture_header,
    read_header,
)
from nbgan.errors import InputError

_MANY = 2000


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The files of one item.

    Args:
        key: path below the folder without suffix; what the files share.
        image: the picture.
        label: its mask, ``None`` in a data set of pictures alone.
        instance: its instance map, ``None`` if there are none.
        source: the picture that is to become ``image``, where pictures take the place of masks.
    """

    key: str
    image: Path
    label: Path | None = None
    instance: Path | None = None
    source: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that there are, the picture first."""
        every = (self.image, self.source, self.label, self.instance)
        return tuple(path for path in every if path is not None)


@dataclass(frozen=True, kw_only=True)
class Scan:
    """Result of :func:`scan`: usable items in order of key, and every problem as a sentence."""

    entries: tuple[Entry, ...]
    problems: tuple[str, ...]


def scan(
    *,
    images: Path,
    labels: Path | None = None,
    instances: Path | None = None,
    sources: Path | None = None,
    endings: Mapping[str, str] | None = None,
    check_headers: bool = True,
    colored_masks: bool = False,
    progress: bool = True,
) -> Scan:
    """Pair the files of the folders by stem and check them without decoding pixels.

    Subfolders count: ``images/a/1.jpg`` belongs to ``labels/a/1.png``. Hidden files and files
    that are no pictures are passed over.

    Args:
        images, labels, instances, sources: the folders; ``None`` leaves a kind out.
        endings: what the stems of a kind end in beside the part that they share, for example
            ``{"picture": "_leftImg8bit"}``; files without it count, too. Kinds are ``"picture"``,
            ``"mask"``, ``"instance map"`` and ``"source picture"``.
        check_headers: also open each file for its size and kind.
        colored_masks: masks hold colours instead of ids.
        progress: show a bar when there are many files.

    Raises:
        InputError: a folder is missing or holds no pictures, or two kinds share one folder.
    """
    problems: list[str] = []
    folders = {
        "picture": images,
        "source picture": sources,
        "mask": labels,
        "instance map": instances,
    }
    endings = endings or {}
    given = {kind: folder for kind, folder in folders.items() if folder is not None}
    kinds = list(given)
    for i, kind in enumerate(kinds):
        for other in kinds[:i]:
            if given[kind].resolve() == given[other].resolve():
                raise InputError(
                    f"{given[kind]}: used both for {other}s and for {kind}s; "
                    "keep them in two folders"
                )
    found = {
        kind: _files(folder, kind, endings.get(kind, ""), problems)
        for kind, folder in given.items()
    }
    keys = set().union(*found.values())
    whole = sorted(key for key in keys if all(key in files for files in found.values()))
    problems += _missing(found, given, keys, endings)
    entries = [
        Entry(
            key=key,
            image=found["picture"][key],
            label=found["mask"][key] if "mask" in found else None,
            instance=found["instance map"][key] if "instance map" in found else None,
            source=found["source picture"][key] if "source picture" in found else None,
        )
        for key in whole
    ]
    if check_headers:
        with ThreadPoolExecutor(max_workers=8) as pool:
            checked: Iterable[list[str]] = pool.map(
                lambda entry: check_entry(entry, colored_masks=colored_masks), entries
            )
            if progress and len(entries) >= _MANY:
                checked = tqdm(checked, total=len(entries), desc="checking files", unit="item")
            wrong = list(checked)
        problems += [problem for found_wrong in wrong for problem in found_wrong]
        entries = [entry for entry, bad in zip(entries, wrong, strict=True) if not bad]
    return Scan(entries=tuple(entries), problems=tuple(problems))


def check_entry(entry: Entry, *, colored_masks: bool = False) -> list[str]:
    """Everything that the headers of one item's files show to be wrong; decodes no pixels."""
    problems = []
    sizes: dict[Path, tuple[int, int]] = {}
    for path in entry.paths:
        try:
            header = read_header(path)
            if path in (entry.image, entry.source):
                check_picture_header(path, header)
            elif path == entry.instance:
                check_ids_header(path, header, "instance map")
            elif not colored_masks:
                check_ids_header(path, header)
            elif header.format != "PNG":
                raise InputError(
                    f"{path}: a colour-coded mask must be a PNG, got {header.format}; lossy "
                    "formats change colours, export it again as a PNG"
                )
            sizes[path] = (header.height, header.width)
        except InputError as error:
            problems.append(str(error))
    if entry.image in sizes:
        height, width = sizes.pop(entry.image)
        problems += [
            size_mismatch(path, other, entry.image, (height, width))
            for path, other in sizes.items()
            if other != (height, width)
        ]
    return problems


def size_mismatch(
    path: Path, size: tuple[int, int], image: Path, image_size: tuple[int, int]
) -> str:
    """The sentence for a mask or map whose ``(height, width)`` is not its picture's."""
    return (
        f"{path}: {size[1]} × {size[0]} pixels (width × height), but its picture {image} has "
        f"{image_size[1]} × {image_size[0]}; both must be equal. Export one of them again, and "
        "resize masks with nearest-neighbour only"
    )


def check_folder(folder: Path, what: str) -> None:
    """Raise InputError if a folder does not exist; names what the nearest existing one holds."""
    if folder.is_dir():
        return
    if folder.exists():
        raise InputError(f"{folder}: is a file; the {what}s must be in a folder")
    parent = next((p for p in folder.parents if p.is_dir()), None)
    inside = sorted(p.name for p in parent.iterdir())[:12] if parent is not None else []
    listed = f" '{parent}' holds: {', '.join(inside) or 'nothing'};" if parent is not None else ""
    raise InputError(f"{folder}: no such folder for the {what}s;{listed} check the path")


def _files(folder: Path, kind: str, ending: str, problems: list[str]) -> dict[str, Path]:
    check_folder(folder, kind)
    files: dict[str, Path] = {}
    others = 0
    for root, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root, name)
            if name.startswith(".") or path.suffix.lower() not in IMAGE_SUFFIXES:
                others += 1
                continue
            key = path.relative_to(folder).with_suffix("").as_posix().removesuffix(ending)
            if key in files:
                problems.append(
                    f"{path}: {files[key].name} has the same stem, so it is unclear which is "
                    f"the {kind} '{key}'; remove one of them"
                )
                continue
            files[key] = path
    if not files:
        raise InputError(
            f"{folder}: no {kind}s in this folder ({others} other files); allowed are "
            f"{', '.join(IMAGE_SUFFIXES)}. Check the path, or put the {kind}s there"
        )
    return files


def _missing(
    found: dict[str, dict[str, Path]],
    folders: dict[str, Path],
    keys: set[str],
    endings: Mapping[str, str],
) -> list[str]:
    problems = []
    for key in sorted(keys):
        present = {kind: files[key] for kind, files in found.items() if key in files}
        one = next(iter(present.values()))
        # Name what is missing the way that its siblings are named.
        with_endings = any(
            kind in endings and path.stem.endswith(endings[kind]) for kind, path in present.items()
        )
        for kind in (kind for kind in found if kind not in present):
            suffix = ".*" if kind.endswith("picture") else ".png"
            name = key + (endings.get(kind, "") if with_endings else "") + suffix
            problems.append(
                f"{one}: has no {kind}; expected {folders[kind] / name}. "
                f"Add the {kind}, or remove {one.name}"
            )
    return problems
