"""The disk cache: exact items, survives kills, races and full disks."""

from __future__ import annotations

import errno
import pickle
import resource
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from nbgan.data import cache_writer
from nbgan.data.cache import CachedDataset, default_folder
from nbgan.data.cache_writer import CacheWriter
from nbgan.data.labels import LabelSpace
from nbgan.data.pictures import to_float
from nbgan.errors import InputError

HERE = Path(__file__).parent
SPACE = LabelSpace(name="two", classes=("a", "b"), colors=((1, 2, 3), (4, 5, 6)))


class Noise(Dataset):
    """Random items that count how often they are made."""

    label_space = SPACE
    name = "noise"

    def __init__(self, length: int = 7, *, key: str = "noise/v1 size=6", stop_at: int = -1) -> None:
        self.length, self.cache_key, self.stop_at = length, key, stop_at
        self.made: list[int] = []

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        if index == self.stop_at:
            raise KeyboardInterrupt
        self.made.append(index)
        rng = np.random.default_rng(index)
        return {
            "image": torch.from_numpy(rng.uniform(-1, 1, (3, 6, 6)).astype(np.float32)),
            "label": torch.from_numpy(rng.choice([0, 1, 255], (6, 6))),
            "instance": torch.from_numpy(rng.integers(0, 10 ** (index + 1), (6, 6))),
            "keypoints": torch.from_numpy(rng.uniform(0, 6, (4, 2)).astype(np.float32)),
        }


def cached(dataset: Dataset, folder: Path, **options) -> CachedDataset:
    return CachedDataset(dataset, folder=folder, progress=False, **options)


def assert_same(cache: CachedDataset, dataset: Dataset) -> None:
    for i in range(len(cache)):
        ours, theirs = cache[i], dataset[i]
        assert sorted(ours) == sorted(theirs)
        for part in theirs:
            assert ours[part].dtype == theirs[part].dtype
            if part == "image":
                assert (ours[part] - theirs[part]).abs().max() <= 1 / 255 + 1e-6
            else:
                assert torch.equal(ours[part], theirs[part])


@pytest.mark.parametrize("workers", [0, 2])
def test_items_are_the_same(tmp_path: Path, workers: int) -> None:
    data = Noise()
    cache = cached(data, tmp_path, workers=workers)
    assert len(cache) == 7 and cache.label_space is SPACE and cache.name == "noise"
    assert cache.cache_key == data.cache_key
    assert_same(cache, data)
    assert torch.equal(cache[-1]["label"], data[6]["label"])
    with pytest.raises(IndexError):
        cache[7]


def test_images_of_eight_bits_are_exact(tmp_path: Path) -> None:
    class Bytes(Noise):
        def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
            every = torch.arange(256 * 3, dtype=torch.int64).reshape(3, 16, 16) % 256
            return {"image": to_float(every.to(torch.uint8))}

    assert torch.equal(cached(Bytes(2), tmp_path)[1]["image"], Bytes()[1]["image"])


def test_second_use_makes_nothing_and_items_are_copies(tmp_path: Path) -> None:
    cached(Noise(), tmp_path)
    again = Noise()
    cache = cached(again, tmp_path)
    for part, value in cache[0].items():
        assert value.data_ptr() != cache[0][part].data_ptr()
        value.zero_()
    assert again.made == []
    assert_same(cache, Noise())


def test_integers_take_no_more_room_than_they_need(tmp_path: Path) -> None:
    folder = cached(Noise(), tmp_path).folder
    kinds = {path.stem: np.load(path, mmap_mode="r").dtype for path in folder.glob("*.npy")}
    assert kinds["image"] == kinds["label"] == np.uint8
    assert kinds["instance"] == np.int32 and kinds["keypoints"] == np.float32


def test_another_key_or_length_is_another_folder(tmp_path: Path) -> None:
    folders = {
        cached(data, tmp_path).folder
        for data in (Noise(), Noise(key="noise/v1 size=7"), Noise(5), Noise())
    }
    assert len(folders) == 3 and all(folder.parent == tmp_path for folder in folders)


def test_default_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGAN_CACHE", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("NBGAN_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".cache" / "nbgan"


@pytest.mark.parametrize("stop_at", [1, 2, 4, 6])
def test_interrupted_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    monkeypatch.setattr(cache_writer, "_SAVE_EVERY", 2)
    with pytest.raises(KeyboardInterrupt):
        cached(Noise(stop_at=stop_at), tmp_path)
    assert [p.suffix for p in tmp_path.iterdir() if p.is_dir()] == [".partial"]
    rest = Noise()
    cache = cached(rest, tmp_path)
    # Also widening a file saves, so at least the last even number of items is there.
    assert rest.made[0] >= stop_at - stop_at % 2 and rest.made[-1] == 6
    assert_same(cache, Noise())
    assert not list(tmp_path.glob("*.partial"))


def test_killed_process_leaves_no_half_cache(tmp_path: Path) -> None:
    code = """
        import os, signal, sys
        from pathlib import Path
        sys.path.insert(0, sys.argv[1])
        import test_cache
        from nbgan.data import cache_writer
        cache_writer._SAVE_EVERY = 2

        class Killed(test_cache.Noise):
            def __getitem__(self, index):
                if index == 5:
                    os.kill(os.getpid(), signal.SIGKILL)
                return super().__getitem__(index)

        test_cache.cached(Killed(), Path(sys.argv[2]))
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(HERE), str(tmp_path)]
    run = subprocess.run(command, cwd=HERE.parents[1])
    assert run.returncode == -9
    rest = Noise()
    assert_same(cached(rest, tmp_path), Noise())
    assert rest.made == [4, 5, 6]


def test_two_processes_at_once_render_once(tmp_path: Path) -> None:
    code = """
        import sys, time
        from pathlib import Path
        sys.path.insert(0, sys.argv[1])
        import test_cache

        class Slow(test_cache.Noise):
            def __getitem__(self, index):
                time.sleep(0.1)
                return super().__getitem__(index)

        data = Slow()
        cache = test_cache.cached(data, Path(sys.argv[2]))
        print(len(data.made), flush=True)
        test_cache.assert_same(cache, test_cache.Noise())
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(HERE), str(tmp_path)]
    runs = [
        subprocess.Popen(command, cwd=HERE.parents[1], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    made = sorted(int(run.communicate(timeout=120)[0]) for run in runs)
    assert [run.returncode for run in runs] == [0, 0]
    assert made == [0, 7]


def test_damaged_cache_is_made_again(tmp_path: Path) -> None:
    folder = cached(Noise(), tmp_path).folder
    with open(folder / "label.npy", "r+b") as file:
        file.truncate(140)
    assert_same(cached(Noise(), tmp_path), Noise())
    (folder / "meta.json").write_text("{")
    assert_same(cached(Noise(), tmp_path), Noise())


def test_partial_cache_of_other_content_is_not_used(tmp_path: Path) -> None:
    folder = cached(Noise(), tmp_path).folder
    partial = folder.with_name(f"{folder.name}.partial")
    writer = CacheWriter(partial, key="another", length=7)
    writer.resume()
    with writer:
        writer.append({"image": np.zeros((3, 6, 6), np.uint8)})
        writer.finish()
    (folder / "meta.json").unlink()
    assert_same(cached(Noise(), tmp_path), Noise())


def test_disk_too_small_is_noticed_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 100})
    monkeypatch.setattr(cache_writer.shutil, "disk_usage", lambda path: usage)
    data = Noise()
    with pytest.raises(InputError, match=r"disk is full \(.* needed, .* free\).*NBGAN_CACHE"):
        cached(data, tmp_path)
    assert data.made == [0]
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_disk_that_fills_up_leaves_nothing(tmp_path: Path) -> None:
    class Large(Noise):
        def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
            return {"image": torch.zeros(3, 64, 64)}

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(InputError, match=r"disk is full \(File too large\).*'noise', 50 items"):
            cached(Large(50), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    assert len(cached(Large(50), tmp_path)) == 50


def test_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"cannot write the cache of 'noise'.*NBGAN_CACHE"):
        cached(Noise(), tmp_path / "file")


class Odd(Noise):
    """One item is wrong."""

    def __init__(self, wrong: str, length: int = 7) -> None:
        super().__init__(length)
        self.wrong = wrong

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        item = super().__getitem__(index)
        if index == 3:
            if self.wrong == "size":
                item["image"] = item["image"][:, 1:]
            elif self.wrong == "range":
                item["image"] = item["image"] * 255
            elif self.wrong == "nan":
                item["image"][0, 0, 0] = torch.nan
            elif self.wrong == "file":
                raise InputError("mask.png: unknown class id 9")
            else:
                raise OSError(errno.EIO, "broken drive")
        return item


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("size", "item 3 has image 3×5×6, .* item 0 has image 3×6×6, .* Open the data set with"),
        ("range", r"item 3: image values from -2\d\d to 2\d\d; .* in \[-1, 1\]"),
        ("nan", "item 3: image values from nan"),
        ("file", "^mask.png: unknown class id 9$"),
        ("drive", r"^item 3: cannot be read \(.*broken drive\)"),
    ],
)
def test_wrong_items(tmp_path: Path, wrong: str, message: str, workers: int) -> None:
    with pytest.raises(InputError, match=message):
        cached(Odd(wrong), tmp_path, workers=workers)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_data_sets_that_cannot_be_cached(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Noise has no items"):
        cached(Noise(0), tmp_path)
    data = Noise()
    del data.cache_key
    with pytest.raises(InputError, match="Noise has no cache_key"):
        cached(data, tmp_path)


def test_pickles_small_and_leaves_the_random_state_alone(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    cache = cached(Noise(), tmp_path)
    assert torch.equal(before, torch.get_rng_state())
    cache[0]
    assert len(pickle.dumps(cache)) < 2000
    assert_same(pickle.loads(pickle.dumps(cache)), Noise())
