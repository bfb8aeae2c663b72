"""Folders of pictures and masks: what comes out, and every bad input a user can bring."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nbgan.data.folder import FolderDataset, folder_splits, open_folder
from nbgan.data.images import ImagesDataset, open_images
from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError

SPACE = LabelSpace(
    name="garden", classes=("sky", "grass", "gnome"), colors=((9, 9, 250), (0, 200, 0), (250, 0, 0))
)


def make_folder(root: Path, count: int = 3, height: int = 6, width: int = 8) -> Path:
    rng = np.random.default_rng(0)
    for kind in ("images", "labels", "instances"):
        (root / kind).mkdir(parents=True)
    for i in range(count):
        picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(picture).save(root / "images" / f"{i}.png")
        SPACE.write_png(root / "labels" / f"{i}.png", rng.integers(0, 3, (height, width)))
        instance = rng.integers(0, 40000, (height, width)).astype(np.uint16)
        Image.fromarray(instance).save(root / "instances" / f"{i}.png")
    (root / "label_space.json").write_text(SPACE.to_json())
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "garden")


def dataset(root: Path, **options) -> FolderDataset:
    return FolderDataset(
        images=root / "images", labels=root / "labels", label_space=SPACE, **options
    )


def test_items_are_the_files(root: Path) -> None:
    data = open_folder(root)
    assert len(data) == 3 and data.label_space == SPACE and data.name == "garden-train"
    item = data[1]
    picture = np.asarray(Image.open(root / "images/1.png")).astype(np.float32)
    assert item["image"].dtype == torch.float32
    np.testing.assert_array_equal(item["image"].numpy(), picture.transpose(2, 0, 1) / 127.5 - 1)
    assert item["label"].dtype == item["instance"].dtype == torch.int64
    np.testing.assert_array_equal(item["label"], np.asarray(Image.open(root / "labels/1.png")))
    instance = np.asarray(Image.open(root / "instances/1.png"))
    assert instance.max() > 255  # 16 bits, not cut to 8
    np.testing.assert_array_equal(item["instance"], instance)
    with pytest.raises(IndexError):
        data[3]


def test_subfolders_and_suffixes_pair_by_stem(tmp_path: Path) -> None:
    for kind in ("images", "labels"):
        (tmp_path / kind / "a").mkdir(parents=True)
    Image.new("RGB", (4, 4), (255, 0, 0)).save(tmp_path / "images/a/1.v2.JPG", format="JPEG")
    SPACE.write_png(tmp_path / "labels/a/1.v2.png", np.ones((4, 4), dtype=int))
    (tmp_path / "images/.DS_Store").write_text("x")
    (tmp_path / "labels/readme.txt").write_text("x")
    assert dataset(tmp_path)[0]["label"].unique().tolist() == [1]


def test_flip_adds_mirrored_items(root: Path) -> None:
    data = open_folder(root, flip=True)
    assert len(data) == 6
    for key, value in data[1].items():
        assert torch.equal(value.flip(-1), data[4][key])


@pytest.mark.parametrize("resize", ["resize", "crop"])
def test_resized_masks_hold_only_ids_that_were_there(root: Path, resize: str) -> None:
    item = open_folder(root, size=5, resize=resize)[0]
    assert item["image"].shape == (3, 5, 5) and item["label"].shape == (5, 5)
    assert item["image"].abs().max() <= 1
    stored = np.asarray(Image.open(root / "instances/0.png"))
    assert set(item["instance"].unique().tolist()) <= set(stored.ravel().tolist())


def test_crop_takes_the_middle_and_resize_everything(tmp_path: Path) -> None:
    for kind in ("images", "labels"):
        (tmp_path / kind).mkdir()
    label = np.repeat([[0, 0, 1, 1, 1, 1, 2, 2]], 4, axis=0)
    Image.fromarray(SPACE.colorize(label)).save(tmp_path / "images/1.png")
    SPACE.write_png(tmp_path / "labels/1.png", label)
    cropped = dataset(tmp_path, size=4, resize="crop")[0]
    assert cropped["label"].unique().tolist() == [1]
    green = torch.tensor([0, 200, 0]) / 127.5 - 1
    assert torch.allclose(cropped["image"], green[:, None, None].expand(3, 4, 4))
    assert dataset(tmp_path, size=4)[0]["label"][0].tolist() == [0, 1, 1, 2]
    assert dataset(tmp_path, size=(2, 8))[0]["label"].tolist() == label[:2].tolist()


def test_colored_masks(root: Path) -> None:
    ids = np.asarray(Image.open(root / "labels/0.png"))
    for i in range(3):
        path = root / f"labels/{i}.png"
        Image.open(path).convert("RGB").save(path)
    np.testing.assert_array_equal(dataset(root, colored_masks=True)[0]["label"], ids)


def test_unknown_color_names_file_and_color(root: Path) -> None:
    Image.new("RGB", (8, 6), (1, 2, 3)).save(root / "labels/0.png")
    data = dataset(root, colored_masks=True)
    with pytest.raises(InputError, match=r"labels/0\.png: colour #010203 belongs to no class"):
        data[0]


def test_id_outside_the_space(root: Path) -> None:
    Image.fromarray(np.full((6, 8), 7, dtype=np.uint8)).save(root / "labels/2.png")
    data = dataset(root)
    data[1]
    with pytest.raises(InputError, match=r"labels/2\.png: unknown class id 7; .* 0 to 2, or 255"):
        data[2]


def test_rgb_mask(root: Path) -> None:
    Image.new("RGB", (8, 6)).save(root / "labels/0.png")
    with pytest.raises(InputError, match=r"labels/0\.png: .*one id a pixel.*RGB.*colored_masks"):
        dataset(root)


def test_jpeg_mask(root: Path) -> None:
    (root / "labels/0.png").unlink()
    Image.new("L", (8, 6)).save(root / "labels/0.jpg")
    with pytest.raises(InputError, match=r"labels/0\.jpg: .*PNG.*got JPEG; lossy"):
        dataset(root)
    with pytest.raises(InputError, match=r"labels/0\.jpg: a colour-coded mask must be a PNG"):
        dataset(root, colored_masks=True)


def test_jpeg_called_png(root: Path) -> None:
    Image.new("L", (8, 6)).save(root / "labels/0.png", format="JPEG")
    with pytest.raises(InputError, match=r"labels/0\.png: .*got JPEG"):
        dataset(root)


@pytest.mark.parametrize("check_headers", [True, False])
def test_size_mismatch_names_both_files_and_sizes(root: Path, check_headers: bool) -> None:
    SPACE.write_png(root / "labels/1.png", np.zeros((6, 9), dtype=int))
    message = r"labels/1\.png: 9 × 6 pixels .*images/1\.png has 8 × 6"
    with pytest.raises(InputError, match=message):
        dataset(root, check_headers=check_headers)[1]


def test_missing_pairs_both_ways_are_listed_together(root: Path) -> None:
    (root / "labels/0.png").unlink()
    (root / "images/2.png").unlink()
    with pytest.raises(InputError, match="2 problems") as error:
        dataset(root)
    assert f"{root}/images/0.png: has no mask; expected {root}/labels/0.png" in str(error.value)
    assert f"{root}/labels/2.png: has no picture; expected {root}/images/2.*" in str(error.value)


def test_missing_instance_map(root: Path) -> None:
    (root / "instances/1.png").unlink()
    with pytest.raises(InputError, match=r"images/1\.png: has no instance map"):
        open_folder(root)
    assert len(open_folder(root, instances=None)) == 3


def test_two_pictures_of_one_stem(root: Path) -> None:
    Image.new("RGB", (8, 6)).save(root / "images/0.jpg")
    with pytest.raises(InputError, match=r"images/0\.png: 0\.jpg has the same stem"):
        dataset(root)


@pytest.mark.parametrize("kind", ["images", "labels"])
def test_unreadable_file(root: Path, kind: str) -> None:
    (root / kind / "1.png").write_bytes(b"this is no picture")
    with pytest.raises(InputError, match=rf"{kind}/1\.png: not a readable picture"):
        dataset(root)


@pytest.mark.parametrize("kind", ["images", "labels", "instances"])
def test_truncated_file_is_named_when_read(tmp_path: Path, kind: str) -> None:
    root = make_folder(tmp_path / "large", count=2, height=90, width=90)
    path = root / kind / "1.png"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    data = open_folder(root)
    data[0]
    with pytest.raises(InputError, match=rf"{kind}/1\.png: not a readable picture .*truncated"):
        data[1]


@pytest.mark.parametrize("kind", ["images", "labels"])
def test_empty_folder(root: Path, kind: str) -> None:
    for path in (root / kind).iterdir():
        path.unlink()
    (root / kind / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=rf"{kind}: no \w+s in this folder \(1 other file"):
        dataset(root)


def test_folder_that_is_not_there_says_what_is(root: Path) -> None:
    with pytest.raises(InputError, match=r"pictures: no such folder .* holds: images, instances"):
        FolderDataset(images=root / "pictures", labels=root / "labels", label_space=SPACE)
    with pytest.raises(InputError, match="is a file"):
        ImagesDataset(images=root / "label_space.json")


def test_one_folder_for_both(root: Path) -> None:
    with pytest.raises(InputError, match="used both for pictures and for masks"):
        FolderDataset(images=root / "images", labels=root / "images", label_space=SPACE)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size is 0"),
        ({"size": (4, 4, 4)}, "size is"),
        ({"resize": "squash"}, "resize is 'squash'; allowed are 'resize', 'crop' and 'none'"),
        ({"size": 4, "resize": "none"}, "size is 4 but resize is 'none'"),
    ],
)
def test_bad_options(root: Path, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        dataset(root, **options)


def test_not_strict_leaves_wrong_items_out(root: Path) -> None:
    (root / "images/0.png").write_bytes(b"broken")
    (root / "labels/2.png").unlink()
    data = dataset(root, strict=False)
    assert len(data) == 1 and len(data.problems) == 2
    assert data.item_name(0).endswith("1.png")


def test_splits(root: Path) -> None:
    make_folder(root / "val", count=1)
    (root / "val/label_space.json").unlink()
    assert folder_splits(root) == ("train", "val")
    assert len(open_folder(root, split="val")) == 1
    assert open_folder(root, split="val").label_space == SPACE
    with pytest.raises(InputError, match=r"no split 'test'.*test/images; found splits: train, val"):
        open_folder(root, split="test")
    with pytest.raises(InputError, match="split is 'dev'; allowed are train, val, test"):
        open_folder(root, split="dev")


def test_train_split_in_its_own_folder(tmp_path: Path) -> None:
    make_folder(tmp_path / "train")
    assert len(open_folder(tmp_path)) == 3


def test_cache_key_follows_files_and_options(root: Path) -> None:
    keys = {
        dataset(root).cache_key,
        dataset(root, size=4).cache_key,
        dataset(root, size=4, resize="crop").cache_key,
        dataset(root, flip=True).cache_key,
    }
    assert len(keys) == 4 and dataset(root).cache_key in keys
    # The same number of bytes, written later.
    os.utime(root / "labels/0.png", ns=(0, 10**9))
    assert dataset(root).cache_key not in keys


def test_images_alone(root: Path) -> None:
    data = ImagesDataset(images=root / "images", size=4)
    assert list(data[0]) == ["image"] and data[0]["image"].shape == (3, 4, 4)
    assert data.label_space is None and len(open_images(root / "images")) == 3
    with pytest.raises(InputError, match="has no split 'val'"):
        open_images(root / "images", split="val")
