"""Two domains without pairs: layouts, grey and deep pictures, backgrounds, and their errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nbgan.data import (
    CachedDataset,
    Cutouts,
    ImagesDataset,
    open_dataset,
    remove_background,
    unpaired_splits,
)
from nbgan.data.unpaired import Unpaired, open_unpaired
from nbgan.errors import InputError
from nbgan.train import open_split
from nbgan.ugatit import UGATITRecipe


def write(path: Path, mode: str = "RGB", size: tuple[int, int] = (8, 8), color: object = None):
    path.parent.mkdir(parents=True, exist_ok=True)
    if color is None:
        color = {"RGB": (200, 40, 40), "RGBA": (200, 40, 40, 255)}.get(mode, 90)
    Image.new(mode, size, color).save(path)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(3):
        write(tmp_path / f"trainA/{i}.png", color=(10 * i, 0, 0))
    for i in range(2):
        write(tmp_path / f"trainB/b{i}.jpg", color=(0, 0, 255))
        write(tmp_path / f"testA/{i}.png")
        write(tmp_path / f"testB/{i}.png")
    return tmp_path


def test_selfie2anime_layout(folder: Path) -> None:
    data = open_unpaired(folder, size=16)
    assert len(data) == 3
    item = data[2]
    assert item["source"].shape == item["target"].shape == (3, 16, 16)
    assert item["source"][0].mean() == pytest.approx(20 / 127.5 - 1, abs=1e-4)
    assert item["target"][2].mean() > 0.9
    assert len(open_unpaired(folder, split="test")) == 2
    assert len(open_unpaired(folder, split="val")) == 2, "the test pictures stand in"
    assert unpaired_splits(folder) == ("train", "val", "test")


def test_targets_of_training_are_drawn_anew_and_those_of_validation_are_not(folder: Path) -> None:
    for i in range(2, 40):
        write(folder / f"trainB/b{i}.jpg", color=(0, 0, 6 * i))
    data = open_unpaired(folder)

    def drawn(seed: int) -> list[float]:
        torch.manual_seed(seed)
        return [data[0]["target"][2].mean().item() for _ in range(6)]

    assert drawn(0) == drawn(0)
    assert len(set(drawn(0))) > 1
    held = open_unpaired(folder, split="val")
    assert torch.equal(held[1]["target"], held[1]["target"])


def test_two_folders(tmp_path: Path) -> None:
    write(tmp_path / "faces/x.png")
    write(tmp_path / "ink/y.png")
    data = open_dataset("unpaired", path=tmp_path / "faces", target=tmp_path / "ink", size=8)
    assert set(data[0]) == {"source", "target"}
    recipe = UGATITRecipe.preset(
        "smoke",
        data="unpaired",
        data_path=str(tmp_path / "faces"),
        target_path=str(tmp_path / "ink"),
    )
    assert open_split(recipe, "val") is None
    assert open_split(recipe, "train")[0]["target"].shape == (3, 32, 32)  # type: ignore[index]


def test_two_worlds_and_their_cache(tmp_path: Path) -> None:
    sides = [
        open_dataset(name, size=32, split="val", length=2) for name in ("landscapes", "avatars")
    ]
    data = Unpaired(sources=sides[0], targets=sides[1])
    kept = CachedDataset(data, folder=tmp_path, progress=False)
    for part, value in data[1].items():
        torch.testing.assert_close(kept[1][part], value, atol=1 / 255 + 1e-6, rtol=0)
    files = {path.stem: np.load(path, mmap_mode="r").dtype for path in tmp_path.rglob("*.npy")}
    assert files == {"source": np.uint8, "target": np.uint8}
    shuffled = Unpaired(sources=sides[0], targets=sides[1], shuffle=True)
    with pytest.raises(InputError, match="has no cache_key"):
        CachedDataset(shuffled, folder=tmp_path, progress=False)


def test_grey_deep_and_transparent_pictures(folder: Path) -> None:
    for file in folder.glob("trainA/*"):
        file.unlink()
    write(folder / "trainA/a_grey.png", "L", color=255)
    deep = np.full((8, 8), 65535 // 2, dtype=np.uint16)
    Image.fromarray(deep).save(folder / "trainA/b_deep.png")
    write(folder / "trainA/c_clear.png", "RGBA", color=(200, 40, 40, 0))
    grey, deep_item, clear = (open_unpaired(folder, size=8)[i]["source"] for i in range(3))
    assert grey.shape == (3, 8, 8) and (grey == 1).all()
    assert deep_item.abs().max() < 0.01
    assert (clear == 1).all(), "what is transparent becomes white"
    Image.fromarray(deep).save(folder / "trainA/d.tif")
    with pytest.raises(InputError, match=r"d\.tif: .* whose brightness scale is unknown"):
        open_unpaired(folder, size=8)


def test_backgrounds_are_removed_by_alpha_or_by_masks(folder: Path) -> None:
    half = Image.new("RGBA", (8, 8), (200, 40, 40, 255))
    half.paste((0, 255, 0, 0), (0, 0, 4, 8))
    for file in folder.glob("trainA/*"):
        half.save(file)
    item = open_unpaired(folder, size=8, background="white")[0]["source"]
    assert (item[:, :, :4] == 1).all() and item[1, :, 4:].max() < 0

    for file in folder.glob("trainA/*"):
        write(file)
        mask = Image.new("L", (8, 8), 0)
        mask.paste(1, (0, 0, 8, 4))
        (folder / "trainA_mask").mkdir(exist_ok=True)
        mask.save(folder / "trainA_mask" / file.name)
    item = open_unpaired(folder, size=8, background="white")[0]["source"]
    assert (item[:, 4:] == 1).all() and item[1, :4].max() < 0


def test_grey_masks_are_opacity(tmp_path: Path) -> None:
    write(tmp_path / "a.png", color=(0, 0, 0))
    mask = np.full((8, 8), 255, dtype=np.uint8)
    mask[:4] = 51
    mask[0] = 0
    Image.fromarray(mask).save(tmp_path / "m.png")
    pixels = np.asarray(remove_background(tmp_path / "a.png", tmp_path / "m.png"))
    assert pixels[0, 0, 0] == 255 and pixels[2, 0, 0] == 204 and pixels[7, 0, 0] == 0


def test_published_jitter_cuts_at_random_in_training_only(folder: Path) -> None:
    for file in folder.glob("*A/*.png"):
        noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(noise).save(file)
    data = open_unpaired(folder, size=16, resize="jitter")
    torch.manual_seed(0)
    first = data[0]["source"]
    assert first.shape == (3, 16, 16)
    assert any(not torch.equal(first, data[0]["source"]) for _ in range(5))
    held = open_unpaired(folder, split="test", size=16, resize="jitter")
    assert torch.equal(held[0]["source"], held[0]["source"])


def test_bad_input(folder: Path) -> None:
    with pytest.raises(InputError, match="has no alpha and there is no mask for it.*'keep'"):
        open_unpaired(folder, background="white")
    listed = Cutouts(images=folder / "trainA", strict=False)
    assert len(listed) == 0 and len(listed.problems) == 3
    write(folder / "opaque.png", "RGBA")
    with pytest.raises(InputError, match="opaque everywhere"):
        remove_background(folder / "opaque.png")
    write(folder / "none.png", "L", color=0)
    with pytest.raises(InputError, match="is 0 everywhere.*inverted"):
        remove_background(folder / "opaque.png", folder / "none.png")
    write(folder / "small.png", "L", size=(4, 4), color=1)
    with pytest.raises(InputError, match=r"small\.png: 4 × 4 .* has 8 × 8"):
        remove_background(folder / "opaque.png", folder / "small.png")
    with pytest.raises(InputError, match="background is 'black'"):
        open_unpaired(folder, background="black")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="is both source and target"):
        open_unpaired(folder / "trainA", target=folder / "trainA")
    with pytest.raises(InputError, match="jitter.*needs one whole number"):
        open_unpaired(folder, resize="jitter")
    with pytest.raises(InputError, match="the target side has no pictures"):
        Unpaired(sources=ImagesDataset(images=folder / "trainA"), targets=listed)


def test_a_side_that_is_empty_or_missing(folder: Path) -> None:
    for file in folder.glob("trainB/*"):
        file.rename(file.with_suffix(".txt"))
    with pytest.raises(InputError, match=r"trainB: no pictures in this folder \(2 other files\)"):
        open_unpaired(folder)
    for file in folder.glob("trainB/*"):
        file.unlink()
    (folder / "trainB").rmdir()
    with pytest.raises(InputError, match="has trainA but no trainB; both domains are needed"):
        open_unpaired(folder)
    (folder / "trainA").rename(folder / "photos")
    with pytest.raises(InputError, match="no folders trainA and trainB; it holds .*photos"):
        open_unpaired(folder)
