"""What is in a data set, and what is wrong with it, before a model sees it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import Dataset
from tqdm import tqdm

from nbgan.data.labels import LabelSpace
from nbgan.data.pictures import fit, to_uint8
from nbgan.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_EXAMPLES = 5
_EXAMPLE_SIDE = 192
_ROWS = 40


@dataclass(frozen=True, kw_only=True)
class ClassCount:
    """How much of a data set is one class.

    Args:
        id, name, color: of the label space.
        pixels: pixels of this class in all pictures read.
        share: of all labelled pixels, 0..1.
        pictures: number of pictures read that show it.
    """

    id: int
    name: str
    color: tuple[int, int, int]
    pixels: int
    share: float
    pictures: int


@dataclass(frozen=True, kw_only=True)
class Example:
    """One picture, uint8 ``[H, W, 3]``, and its mask's display colours, or ``None``."""

    name: str
    image: np.ndarray
    mask: np.ndarray | None


@dataclass(frozen=True, kw_only=True)
class DataReport:
    """Result of :func:`report`; ``str()`` gives a table, :meth:`figure` pictures.

    Args:
        name: name of the data set.
        length: items in the data set.
        read: items that were read for this report; ``failed``: those of them that could not be.
        sizes: number of pictures of each ``(height, width)``, the most frequent first.
        classes: one entry a class, in order of id; empty without a label space.
        unlabelled: share of pixels with the ignore id, 0..1.
        unknown_ids: ids outside the label space, and in how many pictures each occurs.
        instances: instances in all pictures read, ``None`` if the data set has none.
        mean_color: red, green, blue, 0..255.
        problems: every problem as a sentence that names the file and the fix.
        examples: a few pictures, evenly spread.
    """

    name: str
    length: int
    read: int
    failed: int
    sizes: dict[tuple[int, int], int]
    classes: tuple[ClassCount, ...]
    unlabelled: float
    unknown_ids: dict[int, int]
    instances: int | None
    mean_color: tuple[float, float, float]
    problems: tuple[str, ...]
    examples: tuple[Example, ...] = field(repr=False)

    @property
    def never_seen(self) -> tuple[str, ...]:
        """Names of classes that no picture read shows."""
        return tuple(entry.name for entry in self.classes if entry.pixels == 0)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def alt_text(self) -> str:
        """The figure in words."""
        seen = sorted((c for c in self.classes if c.pixels), key=lambda c: -c.share)
        text = f"{len(self.examples)} example pictures of the data set {self.name}"
        if not self.classes:
            return f"{text}."
        shares = ", ".join(f"{c.name} {c.share:.1%}" for c in seen[:6])
        return (
            f"{text}, each above its class map in colours, and a bar chart of the share of pixels "
            f"of each of {len(seen)} classes. Largest: {shares}."
        )

    def __str__(self) -> str:
        from nbgan.data.report_text import table

        return table(self, rows=_ROWS)

    def figure(self) -> Figure:
        """Example pictures, their masks and the class balance; :attr:`alt_text` describes it."""
        from nbgan.data.report_figure import draw

        return draw(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the example pictures, ready for JSON."""
        return {
            "name": self.name,
            "length": self.length,
            "read": self.read,
            "failed": self.failed,
            "sizes": [{"height": h, "width": w, "pictures": n} for (h, w), n in self.sizes.items()],
            "classes": [
                {"id": c.id, "name": c.name, "pixels": c.pixels, "share": c.share}
                | {"pictures": c.pictures}
                for c in self.classes
            ],
            "never_seen": list(self.never_seen),
            "unlabelled": self.unlabelled,
            "unknown_ids": {str(i): n for i, n in self.unknown_ids.items()},
            "instances": self.instances,
            "mean_color": list(self.mean_color),
            "problems": list(self.problems),
            "examples": [example.name for example in self.examples],
        }


def report(dataset: Dataset, limit: int | None = 500, *, progress: bool = True) -> DataReport:
    """Look at a data set and list all its problems instead of stopping at the first.

    Folders should be opened with ``strict=False``, so that items with a missing or unusable file
    are listed here too.

    Args:
        dataset: any data set with items as in :mod:`nbgan.data`; ``label_space`` and ``name`` are
            used if it has them.
        limit: read at most so many items, evenly spread; ``None`` reads all.
        progress: show a bar.

    Raises:
        InputError: ``limit`` is not positive.
    """
    if limit is not None and limit < 1:
        raise InputError(f"limit is {limit}; give a positive number, or None to read everything")
    length = len(dataset)  # type: ignore[arg-type]
    read = length if limit is None else min(limit, length)
    indices = [i * length // read for i in range(read)]
    shown = {indices[i * read // _EXAMPLES] for i in range(_EXAMPLES)} if indices else set()
    tally = _Tally(dataset)
    for index in tqdm(indices, desc="reading", unit="item", disable=not progress):
        tally.add(index, shown=index in shown)
    return tally.result(length=length, read=read)


class _Tally:
    """Running sums over the items of one data set."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.space: LabelSpace | None = getattr(dataset, "label_space", None)
        count = self.space.num_classes if self.space else 0
        self.pixels = np.zeros(count, dtype=np.int64)
        self.pictures = np.zeros(count, dtype=np.int64)
        self.unlabelled = 0
        self.labelled = 0
        self.unknown: Counter[int] = Counter()
        self.sizes: Counter[tuple[int, int]] = Counter()
        self.color = np.zeros(3)
        self.color_pixels = 0
        self.instances: int | None = None
        self.failed = 0
        self.problems: list[str] = list(getattr(dataset, "problems", ()))
        self.examples: list[Example] = []

    def add(self, index: int, *, shown: bool) -> None:
        read = getattr(self.dataset, "read", None)
        try:
            item = self.dataset[index] if read is None else read(index, check_ids=False)
        except InputError as error:
            self.failed += 1
            self.problems.append(str(error))
            return
        image = item["image"]
        self.sizes[(image.shape[1], image.shape[2])] += 1
        self.color += (image.double().sum(dim=(1, 2)).numpy() + image[0].numel()) * 127.5
        self.color_pixels += image[0].numel()
        if "label" in item and self.space is not None:
            self._add_label(item["label"].numpy(), index)
        if "instance" in item:
            found = torch.unique(item["instance"])
            self.instances = (self.instances or 0) + int((found != 0).sum())
        if shown:
            self.examples.append(self._example(item, index))

    def _add_label(self, label: np.ndarray, index: int) -> None:
        assert self.space is not None
        ids, counts = np.unique(label, return_counts=True)
        strange = []
        for id_, count in zip(ids.tolist(), counts.tolist(), strict=True):
            if 0 <= id_ < self.space.num_classes:
                self.pixels[id_] += count
                self.pictures[id_] += 1
            elif id_ == self.space.ignore_id:
                self.unlabelled += count
            else:
                strange.append(id_)
        self.labelled += label.size
        if strange:
            self.unknown.update(strange)
            self.problems.append(self._unknown_problem(label, index))

    def _unknown_problem(self, label: np.ndarray, index: int) -> str:
        """The sentence that training would have ended with."""
        assert self.space is not None
        try:
            self.dataset[index]
            self.space.check(label, where=self._name(index))
        except InputError as error:
            return str(error)
        return f"{self._name(index)}: ids outside the label space"

    def _example(self, item: dict[str, torch.Tensor], index: int) -> Example:
        image = to_uint8(item["image"]).permute(1, 2, 0).numpy()
        height, width = image.shape[:2]
        # Every n-th pixel is enough for a thumbnail.
        scale = min(1.0, _EXAMPLE_SIDE / max(height, width))
        small = fit(
            height, width, size=(max(1, round(height * scale)), max(1, round(width * scale)))
        )
        mask = None
        if "label" in item and self.space is not None:
            label = item["label"].numpy()
            known = (label >= 0) & (label < self.space.num_classes)
            colors = np.array((*self.space.colors, (0, 0, 0)), dtype=np.uint8)
            mask = colors[small.ids(np.where(known, label, -1))]
        picture = np.stack([small.ids(image[..., c]) for c in range(3)], axis=-1)
        return Example(name=self._name(index), image=picture, mask=mask)

    def _name(self, index: int) -> str:
        named = getattr(self.dataset, "item_name", None)
        return f"item {index}" if named is None else named(index)

    def result(self, *, length: int, read: int) -> DataReport:
        total = max(1, int(self.pixels.sum()))
        classes = tuple(
            ClassCount(
                id=i,
                name=name,
                color=color,
                pixels=int(self.pixels[i]),
                share=float(self.pixels[i] / total),
                pictures=int(self.pictures[i]),
            )
            for i, (name, color) in enumerate(
                zip(self.space.classes, self.space.colors, strict=True) if self.space else ()
            )
        )
        red, green, blue = (float(c) for c in self.color / max(1, self.color_pixels))
        return DataReport(
            name=str(getattr(self.dataset, "name", type(self.dataset).__name__)),
            length=length,
            read=read,
            failed=self.failed,
            sizes=dict(self.sizes.most_common()),
            classes=classes,
            unlabelled=self.unlabelled / max(1, self.labelled),
            unknown_ids=dict(sorted(self.unknown.items())),
            instances=self.instances,
            mean_color=(red, green, blue),
            problems=tuple(self.problems),
            examples=tuple(self.examples),
        )
