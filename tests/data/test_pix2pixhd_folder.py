"""pix2pixHD's folders: with and without instances, feature maps, pictures instead of masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nbgan.data.cityscapes import CITYSCAPES, cityscapes_ids
from nbgan.data.cityscapes.layout import check_instances, split_instances
from nbgan.data.feature_files import encoder_of, read_features, write_features
from nbgan.data.labels import LabelSpace
from nbgan.data.pix2pixhd_folder import open_pix2pixhd, pix2pixhd_splits
from nbgan.data.report import report
from nbgan.data.resize import Resizing
from nbgan.errors import InputError

HEIGHT, WIDTH = 8, 16
KEYS = ("ulm_0", "ulm_1", "ulm_2")


def label(index: int) -> np.ndarray:
    ids = np.full((HEIGHT, WIDTH), 7, dtype=np.uint8)
    ids[2:6, 2 + index : 10 + index] = 26
    ids[6:, 12:] = 24
    return ids


def instance(index: int) -> np.ndarray:
    ids = label(index).astype(np.uint16)
    ids[2:6, 2 + index : 6 + index] = 26000
    ids[2:6, 6 + index : 10 + index] = 26001
    return ids  # people stay a group: class id only


def make(root: Path, split: str = "train", *, endings: bool = True) -> Path:
    names = {
        "img": "_leftImg8bit",
        "label": "_gtFine_labelIds",
        "inst": "_gtFine_instanceIds",
    }
    for kind, ending in names.items():
        (root / f"{split}_{kind}").mkdir(parents=True)
        for i, key in enumerate(KEYS):
            if kind == "img":
                rng = np.random.default_rng(i)
                array = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
            else:
                array = label(i) if kind == "label" else instance(i)
            name = f"{key}{ending if endings else ''}.png"
            Image.fromarray(array).save(root / f"{split}_{kind}" / name)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path / "streets")


@pytest.mark.parametrize("endings", [True, False])
def test_items(tmp_path: Path, endings: bool) -> None:
    data = open_pix2pixhd(make(tmp_path, endings=endings))
    assert len(data) == 3 and data.label_space == CITYSCAPES
    item = data[1]
    assert sorted(item) == ["image", "instance", "label"]
    assert item["image"].shape == (3, HEIGHT, WIDTH) and item["image"].dtype == torch.float32
    assert item["label"].dtype == item["instance"].dtype == torch.int64
    np.testing.assert_array_equal(item["label"], label(1))
    assert item["instance"].unique().tolist() == [0, 26000, 26001]
    stored = cityscapes_ids(item["label"], item["instance"])
    np.testing.assert_array_equal(stored, instance(1))


def test_without_instances(root: Path) -> None:
    assert "instance" not in open_pix2pixhd(root, instances=False)[0]
    for path in (root / "train_inst").iterdir():
        path.unlink()
    (root / "train_inst").rmdir()
    assert "instance" not in open_pix2pixhd(root)[0]
    with pytest.raises(InputError, match="train_inst: no such folder for the instance maps"):
        open_pix2pixhd(root, instances=True)


def test_label_without_picture_is_named(root: Path) -> None:
    (root / "train_img/ulm_1_leftImg8bit.png").unlink()
    message = (
        r"ulm_1_gtFine_labelIds\.png: has no picture; expected .*train_img/ulm_1_leftImg8bit\.\*"
    )
    with pytest.raises(InputError, match=message):
        open_pix2pixhd(root)
    data = open_pix2pixhd(root, strict=False)
    assert len(data) == 2 and len(data.problems) == 1


def test_missing_instance_map_is_named_as_its_siblings(root: Path) -> None:
    (root / "train_inst/ulm_2_gtFine_instanceIds.png").unlink()
    with pytest.raises(InputError, match=r"expected .*train_inst/ulm_2_gtFine_instanceIds\.png"):
        open_pix2pixhd(root)


def test_other_label_spaces_keep_their_instance_ids(tmp_path: Path) -> None:
    root = make(tmp_path)
    for i, key in enumerate(KEYS):
        path = root / f"train_label/{key}_gtFine_labelIds.png"
        Image.fromarray((label(i) == 26).astype(np.uint8)).save(path)
    space = LabelSpace(name="two", classes=("road", "car"), colors=((0, 0, 0), (0, 0, 9)))
    (root / "label_space.json").write_text(space.to_json())
    data = open_pix2pixhd(root)
    assert data.label_space == space
    np.testing.assert_array_equal(data[0]["instance"], instance(0))


@pytest.mark.parametrize(
    ("resize", "options", "shape"),
    [
        ("resize", {"size": (4, 6)}, (4, 6)),
        ("scale_width", {"size": 8}, (4, 8)),
        ("scale_width", {"size": (4, 8)}, (4, 8)),
        ("scale_width_and_crop", {"size": 4, "load_size": 12}, (4, 4)),
        ("resize_and_crop", {"size": 4}, (4, 4)),
        ("crop", {"size": (4, 8)}, (4, 8)),
        ("none", {"multiple": 16}, (16, 16)),
    ],
)
@pytest.mark.parametrize("flip", [False, True])
def test_resizing(root: Path, resize: str, options: dict, shape: tuple, flip: bool) -> None:
    data = open_pix2pixhd(root, resize=resize, flip=flip, random_crop=False, **options)
    assert len(data) == (6 if flip else 3)
    item = data[0]
    for key, value in item.items():
        assert value.shape[-2:] == shape, key
        if flip:
            assert torch.equal(data[3][key], value.flip(-1))
    things = item["instance"] > 0
    assert torch.equal(item["instance"][things] // 1000, item["label"][things])


def test_training_windows_move_and_others_do_not(root: Path) -> None:
    make(root, "val")
    options = {"resize": "crop", "size": 4}
    torch.manual_seed(0)
    moved = {open_pix2pixhd(root, **options)[0]["label"].numpy().tobytes() for _ in range(12)}
    assert len(moved) > 1
    val = open_pix2pixhd(root, split="val", **options)
    assert torch.equal(val[0]["image"], val[0]["image"])
    np.testing.assert_array_equal(val[0]["label"], label(0)[2:6, 6:10])
    assert val.cache_key != open_pix2pixhd(root, split="val", resize="crop", size=6).cache_key


def test_size_that_the_network_cannot_take(root: Path) -> None:
    data = open_pix2pixhd(root, resize="scale_width", size=12, multiple=4)
    with pytest.raises(InputError, match=r"ulm_0_left.*12 × 6 .* divisible by 4"):
        data[0]
    with pytest.raises(InputError, match="resize is a Resizing, which holds its own"):
        type(data)(path=root, size=4, resize=Resizing(mode="none"))


def features(index: int) -> torch.Tensor:
    """Two channels at half size that say where they are."""
    rows = torch.arange(HEIGHT // 2)[:, None].expand(-1, WIDTH // 2)
    columns = torch.arange(WIDTH // 2).expand(HEIGHT // 2, -1)
    return torch.stack([rows, columns]).float() / 16 + index


@pytest.fixture
def with_features(root: Path) -> Path:
    write_features(root / "train_feat/ulm_0.safetensors", features(0))
    write_features(root / "train_feat/ulm_1_leftImg8bit.safetensors", features(1))
    np.save(root / "train_feat/ulm_2.npy", features(2).numpy())
    return root


def test_feature_maps_follow_their_pictures(with_features: Path) -> None:
    data = open_pix2pixhd(with_features)
    for i in range(3):
        found = data[i]["features"]
        assert found.dtype == torch.float32 and found.shape == (2, HEIGHT, WIDTH)
        whole = features(i).repeat_interleave(2, 1).repeat_interleave(2, 2)
        assert torch.equal(found, whole)
        window = open_pix2pixhd(with_features, resize="crop", size=4, random_crop=False, flip=True)
        assert torch.equal(window[i]["features"], whole[:, 2:6, 6:10])
        assert torch.equal(window[i + 3]["features"], whole[:, 2:6, 6:10].flip(-1))
    assert "features" not in open_pix2pixhd(with_features, features=False)[0]
    assert data.cache_key != open_pix2pixhd(with_features, features=False).cache_key


def test_missing_feature_map(with_features: Path, tmp_path: Path) -> None:
    (with_features / "train_feat/ulm_2.npy").unlink()
    with pytest.raises(InputError, match=r"ulm_2_left.* no feature map; expected .*ulm_2\.safet"):
        open_pix2pixhd(with_features)
    assert len(open_pix2pixhd(with_features, strict=False)) == 2
    with pytest.raises(InputError, match="val_feat: no such folder for the feature maps"):
        open_pix2pixhd(make(tmp_path / "other", "val"), split="val", features=True)


def test_bad_feature_files(with_features: Path) -> None:
    path = with_features / "train_feat/ulm_2.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"ulm_2\.npy: not a readable feature map .*pickle"):
        open_pix2pixhd(with_features)[2]
    np.save(path, np.zeros((2, 4, 4), dtype=np.float32))
    with pytest.raises(InputError, match=r"4 × 4 elements .* 16 × 8 pixels; .* proportions"):
        open_pix2pixhd(with_features)[2]
    np.save(path, np.zeros((4, 8), dtype=np.float32))
    with pytest.raises(InputError, match=r"a float array \[C, H, W\], got torch.float32 \[4, 8\]"):
        open_pix2pixhd(with_features)[2]
    broken = with_features / "train_feat/ulm_0.safetensors"
    broken.write_bytes(broken.read_bytes()[:20])
    with pytest.raises(InputError, match=r"ulm_0\.safetensors: not a readable feature map"):
        open_pix2pixhd(with_features)[0]


def test_write_features(tmp_path: Path) -> None:
    path = tmp_path / "new/a.safetensors"
    write_features(path, features(0))
    assert torch.equal(read_features(path), features(0))
    assert [p.name for p in path.parent.iterdir()] == ["a.safetensors"]
    with pytest.raises(InputError, match=r"a\.npy: feature maps are written as \.png or \.s"):
        write_features(tmp_path / "a.npy", features(0))
    with pytest.raises(InputError, match="not finite"):
        write_features(path, features(0) / 0)
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot write the feature map"):
        write_features(tmp_path / "file/a.safetensors", features(0))


def test_feature_maps_as_pictures(root: Path) -> None:
    channels = torch.linspace(-1, 1, 3 * 32).reshape(3, HEIGHT // 2, WIDTH // 2)
    for key in KEYS:  # the published program names them as the masks
        path = root / f"train_feat/{key}_gtFine_labelIds.png"
        write_features(path, channels, encoder="mine")
        assert encoder_of(path) == "mine"
        torch.testing.assert_close(read_features(path), channels, atol=0.5 / 127.5, rtol=0)
    found = open_pix2pixhd(root)[0]["features"]
    assert found.shape == (3, HEIGHT, WIDTH)
    assert torch.equal(found[:, ::2, ::2], read_features(path))
    assert encoder_of(root / "train_img/ulm_0_leftImg8bit.png") is None
    for wrong in (torch.zeros(2, 4, 8), torch.full((3, 4, 8), 1.5)):
        with pytest.raises(InputError, match="a picture holds three channels in"):
            write_features(path, wrong)
    torch.testing.assert_close(read_features(path), channels, atol=0.5 / 127.5, rtol=0)


def test_whole_pictures_of_windows(root: Path) -> None:
    windows = open_pix2pixhd(root, resize="crop", size=4, multiple=4)
    whole = windows.whole()
    assert windows[0]["label"].shape == (4, 4)
    np.testing.assert_array_equal(whole[0]["label"], label(0))
    assert whole.cache_key != windows.cache_key
    assert whole.whole() is whole


def test_instance_map_of_another_picture(root: Path) -> None:
    path = root / "train_inst/ulm_0_gtFine_instanceIds.png"
    ids = instance(0)
    ids[ids >= 1000] += 1000
    Image.fromarray(ids).save(path)
    with pytest.raises(InputError, match=r"ulm_0_gtF.*100% .* instance 27000 on class 26; .*names"):
        open_pix2pixhd(root)[0]
    result = report(open_pix2pixhd(root, strict=False), progress=False)
    assert result.failed == 1 and "different pictures" in result.problems[0]


def test_instance_ids_of_no_class(root: Path) -> None:
    path = root / "train_inst/ulm_0_gtFine_instanceIds.png"
    Image.fromarray(np.full((HEIGHT, WIDTH), 40000, dtype=np.uint16)).save(path)
    with pytest.raises(InputError, match="ulm_0.*instance id 40000 belongs to no class"):
        open_pix2pixhd(root)[0]
    with pytest.raises(InputError, match="instance id 99, 999 belongs to no class"):
        split_instances(np.array([[99, 999, 7, 26000]]))
    check_instances(np.array([[26000, 0]]), np.array([[26, 7]]), where="x")


@pytest.mark.parametrize("kind", ["tiff", "rgb"])
def test_instance_ids_beyond_16_bits(root: Path, kind: str) -> None:
    (root / "train_inst/ulm_0_gtFine_instanceIds.png").unlink()
    if kind == "tiff":
        ids = np.full((HEIGHT, WIDTH), 70000, dtype=np.int32)
        Image.fromarray(ids).save(root / "train_inst/ulm_0_gtFine_instanceIds.tiff")
    else:
        Image.new("RGB", (WIDTH, HEIGHT)).save(root / "train_inst/ulm_0.png")
    with pytest.raises(InputError, match="ulm_0.*at most 16 bits, ids 0 to 65535, got .*anew"):
        open_pix2pixhd(root)


def make_rgb(root: Path, between: str) -> Path:
    for kind in "AB":
        folder = root / f"train{between}{kind}"
        folder.mkdir(parents=True)
        for i in range(2):
            color = (i, 100, 0) if kind == "A" else (0, 0, 200 + i)
            Image.new("RGB", (WIDTH, HEIGHT), color).save(folder / f"{i}.png")
    return root


@pytest.mark.parametrize("between", ["", "_"])
def test_pictures_instead_of_masks(tmp_path: Path, between: str) -> None:
    root = make_rgb(tmp_path, between)
    data = open_pix2pixhd(root, resize="crop", size=4, flip=True)
    assert pix2pixhd_splits(root) == ("train",) and len(data) == 4 and data.label_space is None
    item = data[1]
    assert sorted(item) == ["image", "source"]
    assert item["source"].shape == item["image"].shape == (3, 4, 4)
    assert item["source"][:, 0, 0].tolist() == pytest.approx([1 / 127.5 - 1, 100 / 127.5 - 1, -1])
    assert item["image"][2, 0, 0] == pytest.approx(201 / 127.5 - 1)
    assert report(data, progress=False).ok
    with pytest.raises(InputError, match="features is given, but .* pairs of pictures"):
        open_pix2pixhd(root, features=True)


def test_pictures_with_instances(tmp_path: Path) -> None:
    root = make_rgb(tmp_path, "")
    (root / "train_inst").mkdir()
    for i in range(2):
        Image.fromarray(instance(i)).save(root / f"train_inst/{i}.png")
    np.testing.assert_array_equal(open_pix2pixhd(root)[1]["instance"], instance(1))


def test_bad_pairs_of_pictures(tmp_path: Path) -> None:
    root = make_rgb(tmp_path, "")
    before = open_pix2pixhd(root).cache_key
    Image.new("RGB", (WIDTH, 9)).save(root / "trainA/0.png")
    with pytest.raises(
        InputError, match=r"trainA/0\.png: 16 × 9 pixels .*trainB/0\.png has 16 × 8"
    ):
        open_pix2pixhd(root)
    Image.new("RGB", (WIDTH, HEIGHT), (9, 9, 9)).save(root / "trainA/0.png")
    assert open_pix2pixhd(root).cache_key != before
    (root / "trainA/1.png").unlink()
    with pytest.raises(InputError, match=r"trainB/1\.png: has no source picture; expected .*1\.\*"):
        open_pix2pixhd(root)


def test_splits_and_folders(root: Path, tmp_path: Path) -> None:
    assert pix2pixhd_splits(root) == ("train",)
    with pytest.raises(
        InputError, match=r"no split 'val': .*; found splits: train\. .*convert-city"
    ):
        open_pix2pixhd(root, split="val")
    with pytest.raises(InputError, match="none: no such folder"):
        open_pix2pixhd(tmp_path / "none")
    (root / "test_label").mkdir()
    with pytest.raises(InputError, match="test_img: no such folder for the pictures"):
        open_pix2pixhd(root, split="test")
