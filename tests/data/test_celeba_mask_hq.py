"""CelebAMask-HQ's layout: part masks in order, splits, backgrounds, errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nbgan.data import CelebAMaskHQ, open_dataset
from nbgan.data.celeba_mask_hq import IMAGES, MAPPING, MASKS, PARTS, portraits_on_white
from nbgan.errors import InputError

IDS = {part: i + 1 for i, part in enumerate(PARTS)}


def mask(root: Path, number: int, part: str, box: tuple[int, int, int, int]) -> None:
    folder = root / MASKS / str(number // 2000)
    folder.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", (16, 16))
    picture.paste((255, 255, 255), box)
    picture.save(folder / f"{number:05d}_{part}.png")


@pytest.fixture
def release(tmp_path: Path) -> Path:
    (tmp_path / IMAGES).mkdir()
    for number in (0, 7, 2001):
        Image.new("RGB", (32, 32), (40, 90, 200)).save(tmp_path / IMAGES / f"{number}.jpg")
        mask(tmp_path, number, "skin", (4, 4, 12, 16))
        mask(tmp_path, number, "hair", (4, 2, 12, 6))
        mask(tmp_path, number, "cloth", (0, 14, 16, 16))
    rows = ["0 119613 119614.jpg", "7 162771 162772.jpg", "2001 182638 182639.jpg"]
    (tmp_path / MAPPING).write_text("idx orig_idx orig_file\n" + "\n".join(rows) + "\n")
    return tmp_path


def test_parts_are_laid_over_each_other_in_order(release: Path) -> None:
    data = CelebAMaskHQ(path=release)
    item = data[0]
    assert item["image"].shape == (3, 32, 32) and item["label"].shape == (32, 32)
    label = item["label"][::2, ::2].numpy()
    assert label[0, 0] == 0 and label[10, 8] == IDS["skin"]
    assert label[5, 8] == IDS["hair"], "hair covers the forehead"
    assert label[15, 8] == IDS["cloth"] == 18
    assert data.label_space.classes[13] == "hair" and data.label_space.num_classes == 19


def test_splits_are_those_of_the_release(release: Path) -> None:
    keys = {
        s: [e.key for e in CelebAMaskHQ(path=release, split=s).entries]
        for s in ("train", "val", "test")
    }
    assert keys == {"train": ["0"], "val": ["7"], "test": ["2001"]}
    (release / MAPPING).unlink()
    assert [e.key for e in CelebAMaskHQ(path=release).entries] == ["0", "7", "2001"]
    with pytest.raises(InputError, match="alone says which pictures are 'val'"):
        CelebAMaskHQ(path=release, split="val")


def test_background_becomes_white(release: Path) -> None:
    item = CelebAMaskHQ(path=release, background="white", size=16)[0]
    image, label = item["image"], item["label"]
    assert (image[:, 0, :] == 1).all()
    assert image[0, 10, 8] < 0 and (image[0][label > 0] < 0.9).float().mean() > 0.7
    bust = CelebAMaskHQ(path=release, background="white", keep=("skin", "hair"))[0]
    assert bust["image"][0, 31, 0] == 1, "clothes go, too"


def test_opens_by_name_and_the_cache_key_knows_the_masks(release: Path) -> None:
    data = open_dataset("celeba_mask_hq", path=release, size=8, background="white")
    before = data.cache_key  # type: ignore[attr-defined]
    mask(release, 0, "hat", (4, 0, 12, 4))
    again = open_dataset("celeba_mask_hq", path=release, size=8, background="white")
    assert again.cache_key != before  # type: ignore[attr-defined]
    assert IDS["hat"] in again[0]["label"]


def test_portraits_on_white(release: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert portraits_on_white(release, out, split="val") == 1
    pixels = np.asarray(Image.open(out / "7.png"))
    assert pixels.shape == (32, 32, 3) and (pixels[0] == 255).all()
    with pytest.raises(InputError, match="is not an empty folder"):
        portraits_on_white(release, out)


def test_bad_input(release: Path) -> None:
    with pytest.raises(InputError, match="keep: got beard; allowed are skin, nose"):
        CelebAMaskHQ(path=release, keep=("beard",))
    with pytest.raises(InputError, match="background is 'red'"):
        CelebAMaskHQ(path=release, background="red")  # type: ignore[arg-type]
    mask(release, 0, "nose", (0, 0, 1, 1))
    Image.new("L", (8, 8)).save(release / MASKS / "0/00000_nose.png")
    with pytest.raises(InputError, match=r"00000_nose.png: 8 × 8 pixels, but the other masks"):
        CelebAMaskHQ(path=release)[0]
    Image.new("RGB", (8, 8)).save(release / IMAGES / "portrait.jpg")
    with pytest.raises(InputError, match="named by number, such as 12.jpg"):
        CelebAMaskHQ(path=release)
    (release / IMAGES / "portrait.jpg").unlink()
    for file in (release / MASKS).glob("0/00000_*"):
        file.unlink()
    with pytest.raises(InputError, match=r"0\.jpg: has no part masks; expected .*00000_skin\.png"):
        CelebAMaskHQ(path=release)
    for file in (release / MASKS).rglob("*.png"):
        file.unlink()
    with pytest.raises(InputError, match="holds no part masks such as 0/00000_skin.png"):
        CelebAMaskHQ(path=release)
