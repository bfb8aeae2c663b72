"""ADE20K, on small made-up files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nbgan.data.ade20k import Ade20k, ade20k_labels
from nbgan.data.report import report
from nbgan.errors import InputError


def write(root: Path, ids: list[list[int]]) -> Path:
    for kind in ("images", "annotations"):
        (root / kind / "validation").mkdir(parents=True, exist_ok=True)
    array = np.array(ids, dtype=np.uint8)
    Image.fromarray(array).save(root / "annotations/validation/ADE_val_00000001.png")
    picture = Image.new("L", (array.shape[1], array.shape[0]))
    picture.save(root / "images/validation/ADE_val_00000001.jpg")
    return root


def test_names_sit_at_their_published_ids() -> None:
    space = ade20k_labels()
    assert space.num_classes == 150 and space.ignore_id == 255
    published = {0: "wall", 2: "sky", 12: "person", 20: "car", 21: "water", 46: "sand"}
    published |= {53: "stairs", 76: "boat", 99: "buffet", 113: "waterfall", 149: "flag"}
    assert {i: space.classes[i] for i in published} == published


def test_ids_move_down_and_other_is_unlabelled(tmp_path: Path) -> None:
    data = Ade20k(path=write(tmp_path, [[0, 1, 150]]), split="val")
    assert data[0]["label"].tolist() == [[255, 0, 149]]
    assert data[0]["image"].shape == (3, 1, 3)


def test_bad_input(tmp_path: Path) -> None:
    data = Ade20k(path=write(tmp_path, [[0, 151, 200]]), split="val")
    with pytest.raises(InputError, match=r"00001\.png: unknown class id 151, 200; .*0 .* to 150"):
        data[0]
    found = report(data, progress=False)
    assert found.unknown_ids == {150: 1, 199: 1}
    assert "unknown class id 151, 200" in found.problems[0]
    with pytest.raises(InputError, match="split is 'test'"):
        Ade20k(path=tmp_path, split="test")
    with pytest.raises(InputError, match=r"training: no such folder"):
        Ade20k(path=tmp_path)
