"""COCO-Stuff in the layout of the SPADE release.

Where it comes from: https://github.com/nightrome/cocostuff, files ``train2017.zip``,
``val2017.zip``, ``stuffthingmaps_trainval2017.zip`` and, for instances,
``annotations_trainval2017.zip``. Pictures keep their Flickr authors' licences (most are Creative
Commons, some of them non-commercial), the annotations are CC BY 4.0. Nothing of it ships here.

Layout::

    DIR/train_img/000000000009.jpg …     pictures
    DIR/train_label/000000000009.png …   class ids 0 to 181, 255 = unlabelled
    DIR/train_inst/000000000009.png …    optional: regions
    DIR/val_img, DIR/val_label, DIR/val_inst

The stuff-thing maps already hold these ids: COCO's category number minus one. Eleven of the 182
classes never occur: COCO dropped them, their ids stayed.

Source: Caesar, Uijlings, Ferrari, "COCO-Stuff: Thing and Stuff Classes in Context", CVPR 2018;
names checked against ``labels.txt`` of the address above.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nbgan.data.folder import FolderDataset
from nbgan.data.labels import LabelSpace
from nbgan.data.palette import distinct_colors
from nbgan.data.pictures import read_ids
from nbgan.data.scan import Entry, check_folder
from nbgan.errors import InputError

_THINGS = """person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light,
fire hydrant, street sign, stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow,
elephant, bear, zebra, giraffe, hat, backpack, umbrella, shoe, eye glasses, handbag, tie, suitcase,
frisbee, skis, snowboard, sports ball, kite, baseball bat, baseball glove, skateboard, surfboard,
tennis racket, bottle, plate, wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich,
orange, broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed, mirror,
dining table, window, desk, toilet, door, tv, laptop, mouse, remote, keyboard, cell phone,
microwave, oven, toaster, sink, refrigerator, blender, book, clock, vase, scissors, teddy bear,
hair drier, toothbrush, hair brush"""
_STUFF = """banner, blanket, branch, bridge, building-other, bush, cabinet, cage, cardboard, carpet,
ceiling-other, ceiling-tile, cloth, clothes, clouds, counter, cupboard, curtain, desk-stuff, dirt,
door-stuff, fence, floor-marble, floor-other, floor-stone, floor-tile, floor-wood, flower, fog,
food-other, fruit, furniture-other, grass, gravel, ground-other, hill, house, leaves, light, mat,
metal, mirror-stuff, moss, mountain, mud, napkin, net, paper, pavement, pillow, plant-other,
plastic, platform, playingfield, railing, railroad, river, road, rock, roof, rug, salad, sand, sea,
shelf, sky-other, skyscraper, snow, solid-other, stairs, stone, straw, structural-other, table,
tent, textile-other, towel, tree, vegetable, wall-brick, wall-concrete, wall-other, wall-panel,
wall-stone, wall-tile, wall-wood, water-other, waterdrops, window-blind, window-other, wood"""

THING_CLASSES = tuple(" ".join(name.split()) for name in _THINGS.split(","))
STUFF_CLASSES = tuple(" ".join(name.split()) for name in _STUFF.split(","))


def coco_stuff_labels() -> LabelSpace:
    """The 182 classes, things (ids 0 to 90) before stuff (91 to 181); 255 = unlabelled."""
    classes = THING_CLASSES + STUFF_CLASSES
    return LabelSpace(name="coco_stuff", classes=classes, colors=distinct_colors(len(classes)))


class CocoStuff(FolderDataset):
    """COCO-Stuff pictures, class maps and, where the files are there, regions.

    The release's instance files number the things of a picture 0, 1, 2 … and put the class id on
    all other pixels, so every region counts, stuff too; its edge map draws the borders of all of
    them. Here each number is raised by one and unlabelled pixels become 0, which keeps exactly
    those borders and frees 0 for "no instance".

    Args:
        path: folder that holds ``train_img``, ``train_label`` and so on.
        split: ``"train"`` or ``"val"``; there is no labelled test split.
        instances: ``True`` reads ``…_inst``, ``False`` does not, ``None`` reads it if it is there.
        things_only: set instances to 0 on stuff, so that only things count.
        size, resize, flip, strict, check_headers: see :class:`~nbgan.data.images.ImagesDataset`.

    Raises:
        InputError: see :class:`~nbgan.data.folder.FolderDataset`.
    """

    def __init__(
        self,
        *,
        path: str | Path,
        split: str = "train",
        instances: bool | None = None,
        things_only: bool = False,
        size: int | tuple[int, int] | None = None,
        resize: str = "resize",
        flip: bool = False,
        strict: bool = True,
        check_headers: bool = True,
    ) -> None:
        root = Path(path)
        if split not in ("train", "val"):
            raise InputError(
                f"split is '{split}'; COCO-Stuff has labels for 'train' and 'val' only"
            )
        check_folder(root, "data set")
        if instances is None:
            instances = (root / f"{split}_inst").is_dir()
        self.things_only = things_only
        super().__init__(
            images=root / f"{split}_img",
            labels=root / f"{split}_label",
            instances=root / f"{split}_inst" if instances else None,
            label_space=coco_stuff_labels(),
            size=size,
            resize=resize,
            flip=flip,
            strict=strict,
            check_headers=check_headers,
            name=f"coco_stuff-{split}",
        )

    def read_instance(self, path: Path, entry: Entry) -> np.ndarray:
        """Regions of one file, int64 ``[H, W]``, numbered from 1; 0 where nothing is labelled."""
        stored = read_ids(path, "instance map")
        regions = np.where(stored == 255, 0, stored + 1)
        if self.things_only and entry.label is not None:
            label = read_ids(entry.label)
            if label.shape == regions.shape:
                regions[label >= len(THING_CLASSES)] = 0
        return regions

    def _options(self) -> str:
        return f"{super()._options()}|things_only={self.things_only}"
