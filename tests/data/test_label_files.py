"""Finding out what class ids mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nbgan.data.folder import FolderDataset
from nbgan.data.label_files import find_label_space, infer_label_space, read_label_space
from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError

SPACE = LabelSpace(name="garden", classes=("sky", "grass"), colors=((1, 2, 3), (4, 5, 6)))


def test_json_is_found_in_the_folder_or_above(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    assert find_label_space(tmp_path / "labels") is None
    (tmp_path / "label_space.json").write_text(SPACE.to_json())
    assert find_label_space(tmp_path / "labels") == SPACE
    assert find_label_space(tmp_path / "labels", above=False) is None


def test_class_list(tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    path.write_text("# my garden\nsky   #56b4e9\n\ngarden gnome\n# end\ngrass\t#009e73\n")
    space = read_label_space(path)
    assert space.classes == ("sky", "garden gnome", "grass") and space.ignore_id == 255
    assert space.colors[0] == (0x56, 0xB4, 0xE9) and space.colors[2] == (0, 0x9E, 0x73)
    assert len(set(space.colors)) == 3


def test_class_list_of_full_length(tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    path.write_text("\n".join(f"c{i}" for i in range(256)))
    assert read_label_space(path).ignore_id is None
    path.write_text("\n".join(f"c{i}" for i in range(257)))
    with pytest.raises(InputError, match=r"classes\.txt: 257 classes"):
        read_label_space(path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("classes.txt", "sky\nsky\n", "class name twice: sky"),
        ("classes.txt", "# nothing\n", "has no classes"),
        ("label_space.json", '{"name": "x"', "not a label space"),
        ("label_space.json", '{"name": "x"}', "KeyError: 'classes'"),
        ("label_space.json", "[1]", "not a label space"),
        (
            "label_space.json",
            '{"name": "x", "classes": ["a"], "colors": [], "ignore_id": 255}',
            "1 classes but 0 colours",
        ),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message) as error:
        find_label_space(tmp_path)
    assert str(tmp_path / name) in str(error.value)


def test_binary_class_list(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="save it as UTF-8"):
        read_label_space(tmp_path / "classes.txt")


def make_masks(tmp_path: Path) -> None:
    for kind in ("images", "labels"):
        (tmp_path / kind).mkdir()
    space = LabelSpace(
        name="four", classes=tuple("abcd"), colors=((1, 2, 3), (4, 5, 6), (7, 8, 9), (1, 1, 1))
    )
    for i, ids in enumerate(([[0, 1]], [[3, 255]])):
        space.write_png(tmp_path / f"labels/{i}.png", np.array(ids))
        Image.new("RGB", (2, 1)).save(tmp_path / f"images/{i}.png")


def test_palette(tmp_path: Path) -> None:
    make_masks(tmp_path)
    data = FolderDataset(images=tmp_path / "images", labels=tmp_path / "labels")
    assert data.label_space.classes == ("class 0", "class 1", "class 2", "class 3")
    assert data.label_space.colors == ((1, 2, 3), (4, 5, 6), (7, 8, 9), (1, 1, 1))
    assert data[1]["label"].tolist() == [[3, 255]]


def test_grey_masks_without_names(tmp_path: Path) -> None:
    make_masks(tmp_path)
    Image.new("L", (2, 1)).save(tmp_path / "labels/0.png")
    with pytest.raises(InputError, match=r"0\.png: a L mask without a palette.*classes\.txt"):
        FolderDataset(images=tmp_path / "images", labels=tmp_path / "labels")


def test_instance_maps_taken_for_masks(tmp_path: Path) -> None:
    make_masks(tmp_path)
    Image.fromarray(np.full((1, 2), 26001, dtype=np.uint16)).save(tmp_path / "labels/1.png")
    with pytest.raises(InputError, match=r"1\.png: class id 26001; .*instance map"):
        FolderDataset(images=tmp_path / "images", labels=tmp_path / "labels")
    with pytest.raises(InputError, match="no masks"):
        infer_label_space([], name="x")
