"""Cityscapes' classes, and the raw tree that data sets of these classes are written to."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset

from nbgan.cli import main
from nbgan.data.cityscapes import CITYSCAPES, THINGS, cityscapes_ids
from nbgan.data.cityscapes.export import CITIES, export_cityscapes, export_streets
from nbgan.data.landscapes import Landscapes
from nbgan.data.streets import Streets
from nbgan.errors import InputError


class Small(Dataset):
    """A road with one car."""

    label_space = CITYSCAPES

    def __init__(self, length: int = 3, **changes) -> None:
        self.length, self.changes = length, changes

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        label = torch.full((4, 6), 7)
        label[1:3, 2:4] = 26
        item = {
            "image": torch.full((3, 4, 6), index / 4 - 0.5),
            "label": label,
            "instance": torch.where(label == 26, 26000 + index, 0),
        }
        changed = item | {name: change(item) for name, change in self.changes.items()}
        return {name: value for name, value in changed.items() if value is not None}


def test_ids_names_and_colours_are_those_of_cityscapes():
    assert CITYSCAPES.name == "streets"
    assert CITYSCAPES.num_classes == 35
    known = {0: "unlabeled", 7: "road", 8: "sidewalk", 11: "building", 17: "pole", 23: "sky",
             24: "person", 33: "bicycle", 34: "license plate"}  # fmt: skip
    assert {k: CITYSCAPES.classes[k] for k in known} == known
    assert CITYSCAPES.colors[7] == (128, 64, 128)
    assert CITYSCAPES.colors[26] == (0, 0, 142)
    assert [CITYSCAPES.classes[k] for k in THINGS] == [
        "person", "rider", "car", "truck", "bus", "caravan", "trailer", "train", "motorcycle",
        "bicycle",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [np.array, torch.tensor])
def test_cityscapes_ids_fill_in_the_class_and_keep_filled_ones(kind):
    label, instance = kind([[7, 26, 26, 24]]), kind([[0, 26000, 26001, 24003]])
    filled = cityscapes_ids(label, instance)
    assert filled.tolist() == [[7, 26000, 26001, 24003]]
    assert cityscapes_ids(label, filled).tolist() == filled.tolist()


def test_exported_files_hold_what_the_data_set_holds(tmp_path):
    counts = export_streets(tmp_path / "raw", pictures=5, height=32, width=64, progress=False)
    assert counts == {"train": 5, "val": 1, "test": 1}
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.png"))
    assert len(files) == 7 * 4
    dataset = Streets(size=(32, 64), length=5)
    lines = (tmp_path / "raw" / "train.txt").read_text().splitlines()
    assert len(lines) == 5
    for line, item in zip(lines, dataset, strict=True):
        picture, labels = line.split(" ")
        city = picture.split("/")[2]
        assert city in CITIES["train"]
        assert picture.split("/")[3].startswith(f"{city}_00000")
        stored = np.asarray(Image.open(tmp_path / "raw" / picture))
        expected = ((item["image"] + 1) * 127.5).round().permute(1, 2, 0).numpy()
        assert stored.dtype == np.uint8
        assert (stored == expected).all()
        with Image.open(tmp_path / "raw" / labels) as file:
            assert file.mode == "L"
            assert (np.asarray(file) == item["label"].numpy()).all()
        with Image.open(tmp_path / "raw" / labels.replace("labelIds", "instanceIds")) as file:
            assert file.mode.startswith("I;16")
            ids = np.asarray(file).astype(np.int64)
        assert (ids == cityscapes_ids(item["label"], item["instance"]).numpy()).all()
        with Image.open(tmp_path / "raw" / labels.replace("labelIds", "color")) as file:
            assert (CITYSCAPES.from_colors(np.asarray(file)) == item["label"].numpy()).all()


def test_instances_of_either_kind_give_the_same_files(tmp_path):
    filled = Small(instance=lambda item: cityscapes_ids(item["label"], item["instance"]))
    trees = []
    for name, dataset in (("plain", Small()), ("filled", filled)):
        export_cityscapes({"val": dataset}, tmp_path / name, progress=False)
        files = sorted((tmp_path / name).rglob("*.png"))
        trees.append([(f.relative_to(tmp_path / name), f.read_bytes()) for f in files])
    assert trees[0] == trees[1]
    assert len(trees[0]) == 12
    towns = {path.parts[2] for path, _ in trees[0]}
    assert towns == set(CITIES["val"])


def test_towns_belong_to_one_split_each():
    names = [city for cities in CITIES.values() for city in cities]
    assert len(names) == len(set(names))


def test_global_random_state_is_left_alone(tmp_path):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    export_cityscapes({"train": Small()}, tmp_path / "raw", progress=False)
    assert torch.equal(torch.rand(1), expected)


def broken(item):
    raise RuntimeError("no such thing")


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"instance": lambda item: None}, InputError, "item 0 of split 'train'.*no instance"),
        ({"label": lambda item: item["label"] + 30}, InputError, "item 0.*unknown class id"),
        ({"instance": lambda item: item["instance"] + 9000}, InputError, "belongs to no class"),
        ({"instance": lambda item: item["instance"].roll(2)}, InputError, "on another class"),
        ({"image": broken}, RuntimeError, "no such thing"),
    ],
)
def test_failed_export_leaves_nothing(tmp_path, changes, error, words):
    with pytest.raises(error, match=words):
        export_cityscapes({"train": Small(**changes)}, tmp_path / "raw", progress=False)
    assert not (tmp_path / "raw").exists()
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_what_a_killed_export_left_is_cleared(tmp_path):
    left = tmp_path / ".raw.partial" / "leftImg8bit" / "train" / "oldtown"
    left.mkdir(parents=True)
    (tmp_path / "raw").mkdir()
    export_cityscapes({"train": Small()}, tmp_path / "raw", progress=False)
    assert not (tmp_path / ".raw.partial").exists()
    assert "oldtown" not in {p.name for p in (tmp_path / "raw" / "leftImg8bit" / "train").iterdir()}


def test_folder_with_files_is_refused_and_kept(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds files already \(notes.txt\)"):
        export_cityscapes({"train": Small()}, tmp_path, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(InputError, match="not a folder"):
        export_cityscapes({"train": Small()}, tmp_path / "notes.txt", progress=False)


def test_disk_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def full(self, *arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(InputError, match=r"raw: cannot write.*No space left"):
        export_cityscapes({"train": Small()}, tmp_path / "raw", progress=False)
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize(
    ("datasets", "words"),
    [
        ({}, "at least one split"),
        ({"training": Small()}, "'training' is unknown; allowed are train, val, test"),
        ({"train": Landscapes(size=16)}, "classes of 'landscapes'"),
        ({"train": Small(length=0)}, "has no items"),
    ],
)
def test_bad_data_sets_are_refused_before_anything_is_written(tmp_path, datasets, words):
    with pytest.raises(InputError, match=words):
        export_cityscapes(datasets, tmp_path / "raw", progress=False)
    assert list(tmp_path.iterdir()) == []


def test_command_writes_the_tree(tmp_path, capsys):
    out = str(tmp_path / "raw")
    main(["data", "export-streets", out, "--pictures", "2", "--height", "32", "--width", "64"])
    assert "2 frames of train, 1 frames of val, 1 frames of test" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(["data", "export-streets", out])
    assert stop.value.code == 2
    with pytest.raises(InputError, match="pictures=0"):
        export_streets(tmp_path / "other", pictures=0)
