"""From a raw Cityscapes tree to pix2pixHD's folders: what comes out, and never half a tree."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nbgan.cli import main
from nbgan.data import open_dataset
from nbgan.data.cityscapes.convert import convert
from nbgan.data.cityscapes.find import find_frames
from nbgan.errors import InputError

FRAMES = {
    "train": ("aachen_000000_000019", "aachen_000001_000019", "zurich_000000_000019"),
    "val": ("ulm_000000_000019",),
}
LABEL = np.array([[23, 23, 23, 23], [7, 26, 26, 26]], dtype=np.uint8)
INSTANCE = np.array([[23, 23, 23, 23], [7, 26000, 26001, 26]], dtype=np.uint16)


def picture(raw: Path, split: str, key: str) -> Path:
    return raw / f"leftImg8bit/{split}/{key.split('_')[0]}/{key}_leftImg8bit.png"


def annotation(raw: Path, split: str, key: str, kind: str = "labelIds") -> Path:
    return raw / f"gtFine/{split}/{key.split('_')[0]}/{key}_gtFine_{kind}.png"


def add_frame(raw: Path, split: str, key: str, color: int = 0) -> None:
    for path in (picture(raw, split, key), annotation(raw, split, key)):
        path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 2), (color, 60, 90)).save(picture(raw, split, key))
    Image.fromarray(LABEL).save(annotation(raw, split, key))
    Image.fromarray(INSTANCE).save(annotation(raw, split, key, "instanceIds"))
    Image.new("RGBA", (4, 2), (128, 64, 128, 255)).save(annotation(raw, split, key, "color"))
    annotation(raw, split, key, "polygons").with_suffix(".json").write_text("{}")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    for split, keys in FRAMES.items():
        for i, key in enumerate(keys):
            add_frame(tmp_path / "raw", split, key, i)
    return tmp_path / "raw"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with inode and time of writing."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in found
    }


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def leftovers(out: Path) -> list[str]:
    return [name for name in names(out.parent) if name.startswith(".") and "lock" not in name]


def test_walks_the_tree(raw: Path, out: Path) -> None:
    done = convert(raw, out)
    assert done.frames == {"train": 3, "val": 1} and done.ok and done.changed
    assert (done.added, done.replaced, done.kept, done.copied) == (12, 0, 0, 0)
    folders = [f"{split}_{kind}" for split in ("train", "val") for kind in ("img", "inst", "label")]
    assert names(out) == sorted([*folders, "conversion.json", "label_space.json"])
    assert names(out / "train_inst") == [f"{k}_gtFine_instanceIds.png" for k in FRAMES["train"]]
    source = picture(raw, "val", "ulm_000000_000019")
    assert (out / "val_img" / source.name).samefile(source)
    assert leftovers(out) == [] and "4 frames" not in str(done) and "3 frames" in str(done)


def test_result_opens_as_a_data_set(raw: Path, out: Path) -> None:
    convert(raw, out)
    data = open_dataset("pix2pixhd", path=out)
    assert len(data) == 3 and data.name == "out-train"  # type: ignore[arg-type]
    item = data[2]
    assert item["image"][0, 0, 0] == pytest.approx(2 / 127.5 - 1)
    np.testing.assert_array_equal(item["label"], LABEL)
    assert item["instance"].tolist() == [[0, 0, 0, 0], [0, 26000, 26001, 0]]


def test_archives_unpacked_into_their_own_folders(raw: Path, out: Path) -> None:
    for name in ("leftImg8bit", "gtFine"):
        (raw / f"{name}_trainvaltest").mkdir()
        (raw / name).rename(raw / f"{name}_trainvaltest" / name)
    assert convert(raw, out).frames == {"train": 3, "val": 1}


@pytest.mark.parametrize("annotations", ["labelTrainIds", "labelIds", None])
@pytest.mark.parametrize("gap", [" ", "\t"])
def test_list_file(raw: Path, out: Path, annotations: str | None, gap: str) -> None:
    lines = ["# frames", ""]
    for split, key in (("train", FRAMES["train"][1]), ("val", FRAMES["val"][0])):
        words = [picture(raw, split, key)]
        words += [annotation(raw, split, key, annotations)] if annotations else []
        lines.append(gap.join(str(word.relative_to(raw)) for word in words))
    (raw / "train.list").write_text("\n".join(lines))
    assert convert(raw, out, list_file=raw / "train.list").frames == {"train": 1, "val": 1}
    assert names(out / "train_img") == [f"{FRAMES['train'][1]}_leftImg8bit.png"]
    only = convert(raw, out.with_name("only"), list_file=raw / "train.list", splits=["val"])
    assert only.frames == {"val": 1}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("leftImg8bit/train/a/a.jpg", r"bad\.list, line 2: 'leftImg8bit/train/a/a\.jpg'; allowed"),
        ("/etc/a_leftImg8bit.png", r"line 2: '/etc/a_leftImg8bit\.png' leads out of"),
        ("leftImg8bit/train/../../a_leftImg8bit.png", "line 2: .* leads out of"),
        ("leftImg8bit/a/a_leftImg8bit.png", "line 2: .* does not say which split"),
        (
            "leftImg8bit/val/u/u_0_leftImg8bit.png gtFine/val/u/u_1_gtFine_labelIds.png",
            r"line 2: u_0_leftImg8bit\.png and u_1_gtFine_labelIds\.png are of different frames",
        ),
    ],
)
def test_bad_lines_of_a_list(raw: Path, out: Path, line: str, message: str) -> None:
    (raw / "bad.list").write_text(f"\n{line}\n")
    with pytest.raises(InputError, match=message):
        convert(raw, out, list_file=raw / "bad.list")
    assert not out.exists()


def test_bad_lists(raw: Path, out: Path) -> None:
    with pytest.raises(InputError, match=r"none\.list: no such list file"):
        convert(raw, out, list_file=raw / "none.list")
    (raw / "empty.list").write_text("# nothing\n")
    with pytest.raises(InputError, match=r"empty\.list: names no frame"):
        convert(raw, out, list_file=raw / "empty.list")
    (raw / "gone.list").write_text("leftImg8bit/val/ulm/ulm_9_leftImg8bit.png\n")
    with pytest.raises(InputError, match=r"no whole frame .*\n  - .*ulm_9_left.*no such picture"):
        convert(raw, out, list_file=raw / "gone.list")


def test_what_is_missing_is_named_and_left_out(raw: Path, out: Path) -> None:
    first, second, third = FRAMES["train"]
    add_frame(raw, "train", "zurich_000001_000019")
    annotation(raw, "train", first).unlink()
    picture(raw, "train", second).unlink()
    annotation(raw, "train", third, "instanceIds").unlink()
    done = convert(raw, out)
    assert done.frames == {"train": 1, "val": 1} and not done.ok
    without_label, without_picture, without_instance = done.problems
    label = annotation(raw, "train", first)
    assert f"{first}_leftImg8bit.png: picture without class map; expected {label}" in without_label
    image = picture(raw, "train", second)
    assert f"labelIds.png: class map without picture; expected {image}" in without_picture
    assert f"no instance map {third}_gtFine_instanceIds.png" in without_instance
    assert all(problem in str(done) for problem in done.problems)


def test_no_instances_at_all(raw: Path, out: Path) -> None:
    for path in raw.rglob("*instanceIds.png"):
        path.unlink()
    done = convert(raw, out)
    assert done.ok and done.without_instances == ("train", "val")
    assert not (out / "train_inst").exists() and "no instance maps" in str(done)
    assert "instance" not in open_dataset("pix2pixhd", path=out)[0]
    with pytest.raises(InputError, match="train_inst: no such folder for the instance maps"):
        open_dataset("pix2pixhd", path=out, instances=True)
    with pytest.raises(InputError, match=r"no whole frame .*\n.*no instance map"):
        convert(raw, out.with_name("other"), instances=True)


def test_files_of_a_wrong_kind_are_left_out(raw: Path, out: Path) -> None:
    first, second, third = FRAMES["train"]
    path = annotation(raw, "train", first, "instanceIds")
    Image.fromarray(np.zeros((2, 4, 3), dtype=np.uint8)).save(path)
    Image.new("L", (5, 2)).save(annotation(raw, "train", second))
    picture(raw, "train", third).write_bytes(b"broken")
    done = convert(raw, out)
    assert done.frames == {"val": 1} and len(done.problems) == 3
    assert "16 bits" in done.problems[0] and "RGB" in done.problems[0]
    assert "5 × 2 pixels" in done.problems[1] and "not a readable picture" in done.problems[2]


def test_second_run_does_nothing(raw: Path, out: Path) -> None:
    convert(raw, out)
    before, state = files(out), out.stat().st_mtime_ns
    done = convert(raw, out)
    assert (done.added, done.replaced, done.kept, done.changed) == (0, 0, 12, False)
    assert files(out) == before and out.stat().st_mtime_ns == state
    assert "nothing to do" in str(done)


def test_second_run_adds_what_is_missing_and_keeps_the_rest(raw: Path, out: Path) -> None:
    convert(raw, out, splits=["train"])
    (out / "train_feat").mkdir()
    (out / "train_feat/mine.npy").write_bytes(b"mine")
    lost = out / f"train_label/{FRAMES['train'][0]}_gtFine_labelIds.png"
    lost.unlink()
    before = files(out)
    done = convert(raw, out)
    assert (done.added, done.replaced, done.kept) == (1 + 3, 0, 8)
    after = files(out)
    assert {k: v for k, v in after.items() if k in before and "conversion" not in k} == {
        k: v for k, v in before.items() if "conversion" not in k
    }
    assert lost.exists() and len(after) == len(before) + 4 and leftovers(out) == []


def test_changed_raw_files_replace_converted_ones(raw: Path, out: Path) -> None:
    convert(raw, out, copy=True)
    key = FRAMES["val"][0]
    Image.new("RGB", (4, 2), (200, 0, 0)).save(picture(raw, "val", key))
    done = convert(raw, out)
    assert (done.added, done.replaced, done.kept) == (0, 1, 11)
    assert open_dataset("pix2pixhd", path=out, split="val")[0]["image"][0, 0, 0] > 0.5


def test_copies(raw: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert convert(raw, out, copy=True).copied == 12
    source = picture(raw, "val", FRAMES["val"][0])
    assert not (out / "val_img" / source.name).samefile(source)
    assert not convert(raw, out, copy=True).changed

    def no_links(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", no_links)
    done = convert(raw, out.with_name("elsewhere"))
    assert done.copied == 12 and "12 copies" in str(done)


def fail_at(function, count: int, error: BaseException):
    """The function, until it has been called ``count`` times."""
    calls = 0

    def failing(*arguments, **options):
        nonlocal calls
        calls += 1
        if calls == count:
            raise error
        return function(*arguments, **options)

    return failing


@pytest.mark.parametrize(
    ("function", "count", "existing"),
    [
        ("link", 1, False),
        ("link", 5, False),
        ("rename", 1, False),
        ("link", 1, True),
        ("link", 5, True),
        ("rename", 1, True),
        ("rename", 2, True),  # the earlier tree has made way, the new one has not come
    ],
)
def test_interruption_leaves_the_earlier_state(
    raw: Path,
    out: Path,
    function: str,
    count: int,
    existing: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if existing:
        convert(raw, out, splits=["val"])
    before = files(out)
    with monkeypatch.context() as patch:
        patch.setattr(os, function, fail_at(getattr(os, function), count, KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            convert(raw, out)
    assert out.exists() == existing and files(out) == before and leftovers(out) == []
    assert convert(raw, out).frames == {"train": 3, "val": 1}


def test_full_disk(raw: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    convert(raw, out, splits=["val"])
    before = files(out)
    full = OSError(28, "No space left on device")
    monkeypatch.setattr(shutil, "copy2", fail_at(shutil.copy2, 3, full))
    with pytest.raises(InputError, match="No space left on device.*as it was"):
        convert(raw, out, copy=True)
    assert files(out) == before and leftovers(out) == []


def test_a_killed_run_is_cleared_away(raw: Path, out: Path) -> None:
    convert(raw, out)
    before = files(out)
    # Killed between the two renames, after the new tree was built.
    out.rename(out.with_name(".out.old"))
    (out.with_name(".out.partial") / "train_img").mkdir(parents=True)
    assert not convert(raw, out).changed
    assert files(out) == before and leftovers(out) == []


def test_folders_that_are_not_conversions(raw: Path, out: Path) -> None:
    out.mkdir()
    (out / "thesis.tex").write_text("x")
    with pytest.raises(InputError, match=r"holds files that no conversion wrote \(thesis\.tex\)"):
        convert(raw, out)
    assert names(out) == ["thesis.tex"]
    (out / "thesis.tex").unlink()
    assert convert(raw, out).ok
    for inside in (raw / "converted", raw, raw.parent):
        with pytest.raises(InputError, match="lies in the raw tree"):
            convert(raw, inside)
    with pytest.raises(InputError, match="is a file; choose a folder"):
        convert(raw, out / "conversion.json")


def test_no_mixture_of_frames_with_and_without_instances(raw: Path, out: Path) -> None:
    convert(raw, out, instances=False)
    (raw / "one.list").write_text(str(picture(raw, "train", FRAMES["train"][0]).relative_to(raw)))
    with pytest.raises(InputError, match="'train' would have 3 pictures but 1 instance maps"):
        convert(raw, out, list_file=raw / "one.list")
    assert convert(raw, out).added == 4  # all instance maps come: no mixture


def test_rgb(raw: Path, out: Path) -> None:
    done = convert(raw, out, rgb=True)
    assert done.frames == {"train": 3, "val": 1}
    assert names(out) == ["conversion.json", "trainA", "trainB", "valA", "valB"]
    item = open_dataset("pix2pixhd", path=out)[0]
    assert sorted(item) == ["image", "source"]
    road = [c / 127.5 - 1 for c in (128, 64, 128)]
    assert item["source"][:, 0, 0].tolist() == pytest.approx(road, abs=1e-6)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda raw: shutil.rmtree(raw), "raw: no such folder"),
        (lambda raw: shutil.rmtree(raw / "gtFine"), "no folder 'gtFine' in it, it holds: leftImg"),
        (lambda raw: shutil.rmtree(raw / "leftImg8bit"), "no folder 'leftImg8bit' in it"),
    ],
)
def test_not_a_raw_tree(raw: Path, out: Path, spoil, message: str) -> None:
    spoil(raw)
    with pytest.raises(InputError, match=message):
        convert(raw, out)
    assert not out.exists()


def test_splits(raw: Path) -> None:
    with pytest.raises(InputError, match="no split 'test': .*; found splits: train, val"):
        find_frames(raw, splits=["test"])
    with pytest.raises(InputError, match="split is 'dev'"):
        find_frames(raw, splits=["dev"])


def test_command_line(raw: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["data", "convert-cityscapes", str(raw), str(out), "--split", "train"])
    assert "3 frames" in capsys.readouterr().out and not (out / "val_img").exists()
    main(["data", "report", "pix2pixhd", "--path", str(out)])
    report = capsys.readouterr().out
    assert "'out-train': 3 pictures" in report and "instances    6" in report
    assert "sky" in report and "No problems found." in report
    picture(raw, "val", FRAMES["val"][0]).unlink()
    listed = raw / "all.list"
    listed.write_text(
        "\n".join(
            str(picture(raw, split, key).relative_to(raw))
            for split in FRAMES
            for key in FRAMES[split]
        )
    )
    with pytest.raises(SystemExit) as stop:
        main(["data", "convert-cityscapes", str(raw), str(out), "--list", str(listed)])
    assert stop.value.code == 1 and "class map without picture" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(["data", "convert-cityscapes", str(raw / "none"), str(out)])
    assert stop.value.code == 2 and "no such folder" in capsys.readouterr().err
