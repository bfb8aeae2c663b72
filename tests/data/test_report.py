"""The data-set report: right counts, and all problems at once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset

from nbgan.data.folder import open_folder
from nbgan.data.images import ImagesDataset
from nbgan.data.labels import LabelSpace
from nbgan.data.report import DataReport, report
from nbgan.errors import InputError

SPACE = LabelSpace(
    name="garden", classes=("sky", "grass", "gnome"), colors=((9, 9, 250), (0, 200, 0), (250, 0, 0))
)


def write(root: Path, name: str, ids: list[list[int]], color: tuple[int, int, int]) -> None:
    array = np.array(ids, dtype=np.uint8)
    for kind in ("images", "labels", "instances"):
        (root / kind).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", array.shape[::-1], color).save(root / f"images/{name}.png")
    Image.fromarray(array).save(root / f"labels/{name}.png")
    Image.fromarray((array == 1).astype(np.uint8)).save(root / f"instances/{name}.png")
    (root / "label_space.json").write_text(SPACE.to_json())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, "a", [[0, 0, 0, 1]], (0, 0, 0))
    write(tmp_path, "b", [[0, 255, 1, 1], [0, 255, 1, 1]], (30, 60, 90))
    return tmp_path


def look(root: Path, limit: int | None = None) -> DataReport:
    return report(open_folder(root, strict=False), limit, progress=False)


def test_counts(root: Path) -> None:
    found = look(root)
    assert (found.length, found.read, found.failed, found.ok) == (2, 2, 0, True)
    assert found.sizes == {(1, 4): 1, (2, 4): 1}
    assert [c.pixels for c in found.classes] == [5, 5, 0]
    assert [c.share for c in found.classes] == [0.5, 0.5, 0]
    assert [c.pictures for c in found.classes] == [2, 2, 0]
    assert found.never_seen == ("gnome",) and found.unknown_ids == {}
    assert found.unlabelled == pytest.approx(2 / 12)
    assert found.instances == 2
    assert found.mean_color == pytest.approx((20, 40, 60))


def test_all_problems_with_names(root: Path) -> None:
    write(root, "c", [[0, 7, 7, 0]], (0, 0, 0))
    write(root, "d", [[0, 1]], (0, 0, 0))
    (root / "labels/d.png").unlink()
    write(root, "e", [[0, 1]], (0, 0, 0))
    Image.new("L", (5, 5)).save(root / "labels/e.png")
    write(root, "f", [[0, 1]], (0, 0, 0))
    (root / "images/f.png").write_bytes(b"broken")
    write(root, "g", [[0, 1]] * 90, (0, 0, 0))
    noise = np.random.default_rng(0).integers(0, 256, (90, 2, 3), dtype=np.uint8)
    Image.fromarray(noise).save(root / "images/g.png")
    whole = (root / "images/g.png").read_bytes()
    (root / "images/g.png").write_bytes(whole[: len(whole) // 2])
    write(root, "h", [[0, 1]], (0, 0, 0))
    Image.new("RGB", (2, 1)).save(root / "labels/h.png")
    found = look(root)
    assert not found.ok and found.failed == 1 and found.unknown_ids == {7: 1}
    for start in (
        "labels/c.png: unknown class id 7",
        "images/d.png: has no mask",
        "labels/e.png: 5 × 5 pixels",
        "images/f.png: not a readable picture",
        "images/g.png: not a readable picture",
        "labels/h.png: a mask must store",
    ):
        assert sum(start in problem for problem in found.problems) == 1, start
    assert len(found.problems) == 6
    # What is sound is counted all the same.
    assert [c.pixels for c in found.classes] == [7, 5, 0]


def test_limit_spreads_evenly(root: Path) -> None:
    asked = []

    class Counting(Dataset):
        def __len__(self) -> int:
            return 1000

        def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
            asked.append(index)
            return {"image": torch.zeros(3, 2, 2)}

    found = report(Counting(), 10, progress=False)
    assert asked == list(range(0, 1000, 100))
    assert found.name == "Counting" and len(found.examples) == 5
    assert "1,000 pictures, 10 of them read, evenly spread" in str(found)
    with pytest.raises(InputError, match="limit is 0"):
        report(Counting(), 0)


def test_text(root: Path) -> None:
    write(root, "c", [[0, 7, 7, 0]], (0, 0, 0))
    text = str(look(root))
    assert "3 pictures, all read" in text and "4 × 1 (2), 4 × 2 (1)" in text
    lines = {line.split()[1]: line.split() for line in text.splitlines() if "█" in line}
    assert lines["sky"][-2:] == ["58.33%", "3"] and lines["grass"][-2:] == ["41.67%", "2"]
    assert "never seen (1): gnome" in text and "unknown ids: 7 (in 1 pictures)" in text
    assert "1 problem:\n  - " in text
    (root / "labels/c.png").unlink()
    (root / "images/c.png").unlink()
    (root / "instances/c.png").unlink()
    assert str(look(root)).endswith("No problems found.")


def test_dict_is_json(root: Path) -> None:
    content = json.loads(json.dumps(look(root).to_dict()))
    assert content["classes"][1] == {
        "id": 1,
        "name": "grass",
        "pixels": 5,
        "share": 0.5,
        "pictures": 2,
    }
    assert content["sizes"][0] == {"height": 1, "width": 4, "pictures": 1}
    assert content["never_seen"] == ["gnome"] and len(content["examples"]) == 2


def test_examples_show_mask_colors(root: Path) -> None:
    example = look(root).examples[1]
    assert example.name.endswith("b.png") and example.image[0, 0].tolist() == [30, 60, 90]
    assert example.mask is not None
    assert example.mask[0].tolist() == [[9, 9, 250], [0, 0, 0], [0, 200, 0], [0, 200, 0]]


def test_figure(root: Path, tmp_path: Path) -> None:
    found = look(root)
    figure = found.figure()
    bars = [axis for part in figure.subfigs for axis in part.axes if axis.patches]
    labels = [text.get_text() for text in bars[0].get_yticklabels()]
    assert labels == ["sky", "grass"]
    assert sum(bool(axis.images) for part in figure.subfigs for axis in part.axes) == 4
    figure.savefig(tmp_path / "report.png", dpi=40)
    assert "sky 50.0%, grass 50.0%" in found.alt_text


def test_pictures_alone(root: Path, tmp_path: Path) -> None:
    found = report(ImagesDataset(images=root / "images"), progress=False)
    assert found.classes == () and "unlabelled" not in str(found)
    found.figure().savefig(tmp_path / "report.png", dpi=40)
    assert found.alt_text.startswith("2 example pictures")


def test_nothing_readable(root: Path, tmp_path: Path) -> None:
    for name in "ab":
        (root / f"images/{name}.png").write_bytes(b"broken")
    found = look(root)
    assert found.length == 0 and len(found.problems) == 2
    assert "none read" in str(found)
    found.figure().savefig(tmp_path / "report.png", dpi=40)
