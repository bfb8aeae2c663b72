"""Label spaces kept beside the data: how the meaning of class ids is found.

``label_space.json`` is what :meth:`LabelSpace.to_json` writes::

    {"name": "garden", "classes": ["sky", "grass"],
     "colors": [[86, 180, 233], [0, 158, 115]], "ignore_id": 255}

``classes.txt`` is the short form: one class name a line, the first line is id 0, a colour may
follow. Lines starting with ``# `` and empty lines are passed over; colours left out are chosen::

    # garden
    sky     #56b4e9
    grass   #009e73
    garden gnome

In both, 255 means "unlabelled" unless there are more than 255 classes or the JSON says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from nbgan.data.labels import LabelSpace
from nbgan.data.palette import distinct_colors
from nbgan.data.pictures import read_header, read_ids
from nbgan.errors import InputError

FILES = ("label_space.json", "classes.txt")
_COLOR = re.compile(r"^(?P<name>.*?)\s+#(?P<hex>[0-9a-fA-F]{6})$")
_MANY = 2000


def find_label_space(folder: str | Path, *, above: bool = True) -> LabelSpace | None:
    """The label space written in a folder, or in the one above it; ``None`` if there is none.

    Args:
        folder: where to look for ``label_space.json`` and ``classes.txt``.
        above: also look in the folder that holds ``folder``.

    Raises:
        InputError: a file is there but cannot be used.
    """
    here = Path(folder)
    for place in (here, here.resolve().parent) if above else (here,):
        for name in FILES:
            if (place / name).is_file():
                return read_label_space(place / name)
    return None


def read_label_space(path: str | Path) -> LabelSpace:
    """Read ``label_space.json`` or ``classes.txt``; the module's documentation shows both.

    Raises:
        InputError: not readable, or not of that form.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable text ({error}); save it as UTF-8") from None
    try:
        if path.suffix == ".json":
            return LabelSpace.from_json(text)
        return _from_lines(path, text)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: not a label space ({type(error).__name__}: {error}); allowed is an object "
            'with "name", "classes", "colors" ([red, green, blue] each) and "ignore_id". Write it '
            "with LabelSpace.to_json"
        ) from None


def _from_lines(path: Path, text: str) -> LabelSpace:
    names: list[str] = []
    colors: list[tuple[int, int, int] | None] = []
    for line in text.splitlines():
        line = line.strip()
        if not line or line == "#" or line.startswith("# "):
            continue
        match = _COLOR.match(line)
        names.append(match["name"] if match else line)
        code = bytes.fromhex(match["hex"]) if match else None
        colors.append((code[0], code[1], code[2]) if code else None)
    if len(names) > 256:
        raise InputError(f"{len(names)} classes; a class map holds at most 256, merge some")
    return LabelSpace(
        name=path.resolve().parent.name,
        classes=tuple(names),
        colors=_complete(colors),
        ignore_id=255 if len(names) <= 255 else None,
    )


def infer_label_space(
    masks: Sequence[str | Path], *, name: str, progress: bool = True
) -> LabelSpace:
    """Make a label space from indexed masks: as many classes as there are ids, palette colours.

    Classes are called ``class 0``, ``class 1`` …; id 255 is taken as "unlabelled". Reads every
    mask. Writing a ``classes.txt`` is better: then the classes have names, and a stray id is
    noticed instead of becoming a class.

    Raises:
        InputError: no masks, masks without a palette, or ids above 255.
    """
    if not masks:
        raise InputError(
            f"label space of '{name}': no masks to take a palette from; add a label_space.json or "
            "classes.txt"
        )
    first = Path(masks[0])
    header = read_header(first)
    if header.mode != "P":
        raise InputError(
            f"{first}: a {header.mode} mask without a palette, and no {' or '.join(FILES)} in "
            f"{first.parent} or beside it, so the ids mean nothing. Write a classes.txt, one class "
            "name a line, the first is id 0"
        )
    highest = 0
    for path in tqdm(
        masks, desc="finding classes", unit="mask", disable=not progress or len(masks) < _MANY
    ):
        ids = read_ids(path)
        known = ids[ids != 255]
        highest = max(highest, int(known.max(initial=0)))
        if highest > 255:
            raise InputError(
                f"{path}: class id {highest}; a class map holds ids 0 to 255. Is this an instance "
                "map? Give it as instances, or merge classes"
            )
    with Image.open(first) as picture:
        stored = np.frombuffer(bytes(picture.getpalette("RGB") or b""), dtype=np.uint8)
    palette = [(int(r), int(g), int(b)) for r, g, b in stored.reshape(-1, 3)[: highest + 1]]
    count = highest + 1
    colors: list[tuple[int, int, int] | None] = [None] * count
    for i, color in enumerate(palette):
        if color not in colors:
            colors[i] = color
    return LabelSpace(
        name=name,
        classes=tuple(f"class {i}" for i in range(count)),
        colors=_complete(colors),
    )


def _complete(colors: Sequence[tuple[int, int, int] | None]) -> tuple[tuple[int, int, int], ...]:
    """Fill the gaps with colours that are not used yet."""
    used = {color for color in colors if color is not None}
    free = iter([c for c in distinct_colors(min(256, max(1, 2 * len(colors)))) if c not in used])
    return tuple(next(free) if color is None else color for color in colors)
