"""Data sets by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import nbgan.data
from nbgan.data.registry import dataset_names, needs_path, open_dataset
from nbgan.errors import InputError


def test_names() -> None:
    assert dataset_names()[:2] == ("landscapes", "avatars")
    assert [name for name in dataset_names() if needs_path(name)] == [
        "folder",
        "images",
        "coco_stuff",
        "ade20k",
        "pix2pixhd",
        "latents",
        "shards",
        "unpaired",
        "celeba_mask_hq",
    ]


def test_opens_with_path_size_and_options(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    data = open_dataset("images", path=tmp_path, size=4, flip=True)
    assert len(data) == 2 and data[0]["image"].shape == (3, 4, 4)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("landscape", {}, "'landscape' is unknown; allowed are landscapes, avatars, streets"),
        ("folder", {}, "'folder' needs a path"),
        ("landscapes", {"path": "x"}, "'landscapes' is embedded and reads no files"),
        ("folder", {"path": "x", "colour": 1}, "no option colour; allowed are .*colored_masks"),
        ("images", {"path": "x", "colored_masks": True}, "'images' has no option colored_masks"),
        ("landscapes", {"flip": True}, "'landscapes' has no option flip; allowed are "),
    ],
)
def test_bad_input(name: str, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_dataset(name, **options)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("landscapes", "image"),
        ("avatars", "image"),
        ("avatar-sides", "image"),
        ("avatar-pair", "target"),
    ],
)
def test_worlds(name: str, part: str) -> None:
    item = open_dataset(name, size=32, split="val", seed=3)[0]
    assert item[part].shape == (3, 32, 32)


def test_every_public_name_loads() -> None:
    for name in nbgan.data.__all__:
        assert getattr(nbgan.data, name).__name__ == name
    assert sorted(nbgan.data._HOMES) == sorted(nbgan.data.__all__)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, nbgan.data; print('torch' in sys.modules, 'matplotlib' in sys.modules)"
    root = Path(nbgan.data.__file__).parents[2]
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, cwd=root)
    assert result.stdout.split() == ["False", "False"], result.stderr
