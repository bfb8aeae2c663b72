"""COCO-Stuff in the layout of the SPADE release, on small made-up files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nbgan.data.coco_stuff import STUFF_CLASSES, THING_CLASSES, CocoStuff, coco_stuff_labels
from nbgan.errors import InputError

LABEL = np.array([[0, 0, 147, 147], [0, 15, 147, 255], [15, 15, 181, 255]], dtype=np.uint8)
# Things 0 (person) and 1 (bird), the class id elsewhere.
REGIONS = np.array([[0, 0, 147, 147], [0, 1, 147, 255], [1, 1, 181, 255]], dtype=np.uint8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for kind, array in (("label", LABEL), ("inst", REGIONS)):
        (tmp_path / f"val_{kind}").mkdir()
        Image.fromarray(array).save(tmp_path / f"val_{kind}/000000000139.png")
    (tmp_path / "val_img").mkdir()
    Image.new("RGB", (4, 3)).save(tmp_path / "val_img/000000000139.jpg")
    return tmp_path


def test_names_sit_at_their_published_ids() -> None:
    space = coco_stuff_labels()
    assert len(THING_CLASSES) == len(STUFF_CLASSES) == 91 and space.num_classes == 182
    published = {0: "person", 15: "bird", 43: "bottle", 90: "hair brush", 91: "banner"}
    published |= {123: "grass", 134: "mountain", 156: "sky-other", 158: "snow", 168: "tree"}
    published |= {
        11: "street sign",
        66: "dining table",
        154: "sea",
        177: "water-other",
        181: "wood",
    }
    assert {i: space.classes[i] for i in published} == published
    assert space.ignore_id == 255


def test_regions_keep_the_published_borders(root: Path) -> None:
    item = CocoStuff(path=root, split="val")[0]
    np.testing.assert_array_equal(item["label"], LABEL)
    regions = item["instance"].numpy()
    for axis in (0, 1):
        ours = np.diff(regions, axis=axis) != 0
        np.testing.assert_array_equal(ours, np.diff(REGIONS.astype(int), axis=axis) != 0)
    assert regions[0, 0] == 1 and regions[1, 3] == 0


def test_things_only(root: Path) -> None:
    data = CocoStuff(path=root, split="val", things_only=True)
    assert data[0]["instance"].tolist() == [[1, 1, 0, 0], [1, 2, 0, 0], [2, 2, 0, 0]]
    assert data.cache_key != CocoStuff(path=root, split="val").cache_key


def test_instances_are_optional(root: Path) -> None:
    assert "instance" not in CocoStuff(path=root, split="val", instances=False)[0]
    (root / "val_inst/000000000139.png").unlink()
    (root / "val_inst").rmdir()
    assert "instance" not in CocoStuff(path=root, split="val")[0]
    with pytest.raises(InputError, match="val_inst: no such folder for the instance maps"):
        CocoStuff(path=root, split="val", instances=True)


def test_bad_input(root: Path) -> None:
    with pytest.raises(InputError, match=r"train_img: no such folder .* holds: val_img, val_inst"):
        CocoStuff(path=root)
    with pytest.raises(InputError, match="split is 'test'"):
        CocoStuff(path=root, split="test")
    Image.fromarray(np.full((3, 4), 182, dtype=np.uint8)).save(root / "val_label/000000000139.png")
    with pytest.raises(InputError, match=r"unknown class id 182; .*'coco_stuff' allows 0 to 181"):
        CocoStuff(path=root, split="val")[0]
