"""ADE20K, the 150-class scene-parsing release.

Where it comes from: http://sceneparsing.csail.mit.edu/, file ``ADEChallengeData2016.zip``. The
annotations are BSD 3-clause; the pictures are for non-commercial research and teaching only.
Nothing of it ships here.

Layout::

    ADEChallengeData2016/images/training/ADE_train_00000001.jpg …
    ADEChallengeData2016/annotations/training/ADE_train_00000001.png …
    ADEChallengeData2016/images/validation, ADEChallengeData2016/annotations/validation

In the files 0 means "other object" and 1 to 150 are the classes. Here, as SPADE does, the classes
become 0 to 149 and "other" becomes unlabelled (255).

Source: Zhou et al., "Scene Parsing through ADE20K Dataset", CVPR 2017; names are the first ones in
``objectInfo150.txt`` of the release.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nbgan.data.folder import FolderDataset
from nbgan.data.labels import LabelSpace
from nbgan.data.palette import distinct_colors
from nbgan.data.pictures import read_ids
from nbgan.data.scan import check_folder
from nbgan.errors import InputError

_NAMES = """wall, building, sky, floor, tree, ceiling, road, bed, windowpane, grass, cabinet,
sidewalk, person, earth, door, table, mountain, plant, curtain, chair, car, water, painting, sofa,
shelf, house, sea, mirror, rug, field, armchair, seat, fence, desk, rock, wardrobe, lamp, bathtub,
railing, cushion, base, box, column, signboard, chest of drawers, counter, sand, sink, skyscraper,
fireplace, refrigerator, grandstand, path, stairs, runway, case, pool table, pillow, screen door,
stairway, river, bridge, bookcase, blind, coffee table, toilet, flower, book, hill, bench,
countertop, stove, palm, kitchen island, computer, swivel chair, boat, bar, arcade machine, hovel,
bus, towel, light, truck, tower, chandelier, awning, streetlight, booth, television, airplane,
dirt track, apparel, pole, land, bannister, escalator, ottoman, bottle, buffet, poster, stage, van,
ship, fountain, conveyer belt, canopy, washer, plaything, swimming pool, stool, barrel, basket,
waterfall, tent, bag, minibike, cradle, oven, ball, food, step, tank, trade name, microwave, pot,
animal, bicycle, lake, dishwasher, screen, blanket, sculpture, hood, sconce, vase, traffic light,
tray, ashcan, fan, pier, crt screen, plate, monitor, bulletin board, shower, radiator, glass,
clock, flag"""

_SPLITS = {"train": "training", "val": "validation"}


def ade20k_labels() -> LabelSpace:
    """The 150 classes, ids 0 to 149; 255 = other object or unlabelled."""
    classes = tuple(" ".join(name.split()) for name in _NAMES.split(","))
    return LabelSpace(name="ade20k", classes=classes, colors=distinct_colors(len(classes)))


class Ade20k(FolderDataset):
    """ADE20K pictures and class maps; the release holds no instances.

    Args:
        path: the folder ``ADEChallengeData2016``, which holds ``images`` and ``annotations``.
        split: ``"train"`` or ``"val"``; the test split's labels are not public.
        size, resize, flip, strict, check_headers: see :class:`~nbgan.data.images.ImagesDataset`.

    Raises:
        InputError: see :class:`~nbgan.data.folder.FolderDataset`.
    """

    def __init__(
        self,
        *,
        path: str | Path,
        split: str = "train",
        size: int | tuple[int, int] | None = None,
        resize: str = "resize",
        flip: bool = False,
        strict: bool = True,
        check_headers: bool = True,
    ) -> None:
        root = Path(path)
        if split not in _SPLITS:
            raise InputError(
                f"split is '{split}'; ADE20K has public labels for 'train' and 'val' only"
            )
        check_folder(root, "data set")
        super().__init__(
            images=root / "images" / _SPLITS[split],
            labels=root / "annotations" / _SPLITS[split],
            label_space=ade20k_labels(),
            size=size,
            resize=resize,
            flip=flip,
            strict=strict,
            check_headers=check_headers,
            name=f"ade20k-{split}",
        )

    def read_label(self, path: Path, *, check_ids: bool = True) -> np.ndarray:
        """Class ids of one annotation file, int64 ``[H, W]``: the file's minus one, 0 to 255."""
        stored = read_ids(path)
        unknown = np.unique(stored[stored > self.label_space.num_classes])
        if check_ids and unknown.size:
            raise InputError(
                f"{path}: unknown class id {', '.join(map(str, unknown[:8]))}; ADE20K files hold "
                f"0 (other) to {self.label_space.num_classes}. Is this the full ADE20K instead of "
                "ADEChallengeData2016? Use the latter's annotations"
            )
        return np.where(stored == 0, 255, stored - 1)
