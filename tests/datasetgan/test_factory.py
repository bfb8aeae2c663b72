"""The factory: whole shards, the same bytes after a stop, and nothing mixed up."""

import errno
import json
import os

import pytest
import torch
import webdataset
from tiny import SPACE

from nbgan.data import LabelSpace, open_dataset
from nbgan.datasetgan import DatasetGANSystem, factory, write_shards
from nbgan.datasetgan.factory import Order
from nbgan.errors import InputError

ORDER = Order(pictures=10, shard_size=4, batch_size=3)


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def whole(system, tmp_path):
    write_shards(system, tmp_path / "whole", ORDER, progress=False)
    return tmp_path / "whole"


def test_shards_hold_what_the_system_says(system, whole):
    assert [path.name for path in sorted(whole.iterdir())] == [
        "factory.json",
        *(f"shard-{k:06d}.tar" for k in range(3)),
    ]
    data = open_dataset("shards", path=whole)
    assert data.label_space == SPACE
    said = system.sample(10)
    assert len(data) == 10
    for i in (0, 4, 9):
        assert torch.equal(data[i]["label"], said.label[i])
        assert (data[i]["image"] - said.image[i].clamp(-1, 1)).abs().max() <= 1 / 255 + 1e-6
        assert (data[i]["uncertainty"] - said.uncertainty[i]).abs().max() <= 1e-4
    assert data.scores == pytest.approx(said.score.tolist(), abs=1e-5)
    with pytest.raises(IndexError):
        data[10]


def test_webdataset_reads_the_shards(whole):
    shards = str(whole / "shard-{000000..000002}.tar")
    stream = list(webdataset.WebDataset(shards, shardshuffle=False).decode("rgb8"))
    assert [x["__key__"] for x in stream] == [f"{i:08d}" for i in range(10)]
    assert stream[3]["png"].shape == (16, 16, 3)


def test_stopped_and_resumed_gives_the_same_bytes(system, whole, tmp_path, monkeypatch):
    paint, calls = system.label, []

    def stops(w_plus):
        calls.append(len(w_plus))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return paint(w_plus)

    monkeypatch.setattr(system, "label", stops)
    with pytest.raises(KeyboardInterrupt):
        write_shards(system, tmp_path / "parts", ORDER, progress=False)
    assert [p.name for p in sorted((tmp_path / "parts").glob("shard*"))] == ["shard-000000.tar"]
    with pytest.raises(InputError, match="2 of 3 shards are missing.*start the factory again"):
        open_dataset("shards", path=tmp_path / "parts")
    calls.clear()
    monkeypatch.setattr(system, "label", paint)
    write_shards(system, tmp_path / "parts", ORDER, progress=False)
    assert content(tmp_path / "parts") == content(whole)


def test_workers_share_the_same_data_set(system, whole, tmp_path, monkeypatch):
    first = write_shards(system, tmp_path / "two", ORDER, worker=0, workers=2, progress=False)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    second = write_shards(system, tmp_path / "two", ORDER, progress=False)
    assert (len(first), len(second)) == (2, 1)
    assert content(tmp_path / "two") == content(whole)
    with pytest.raises(InputError, match="worker 2 of 2: workers are numbered 0 to 1"):
        write_shards(system, tmp_path / "two", ORDER, worker=2, workers=2)


def test_full_disk_leaves_no_half_shard(system, whole, tmp_path, monkeypatch):
    write = webdataset.TarWriter.write
    written = []

    def full(self, sample):
        written.append(sample)
        if len(written) == 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, sample)

    monkeypatch.setattr(webdataset.TarWriter, "write", full)
    with pytest.raises(InputError, match=r"shard-000001\.tar: .*No space left.*no half shard"):
        write_shards(system, tmp_path / "full", ORDER, progress=False)
    left = sorted(p.name for p in (tmp_path / "full").iterdir())
    assert left == ["factory.json", "shard-000000.tar"]
    monkeypatch.undo()
    write_shards(system, tmp_path / "full", ORDER, progress=False)
    assert content(tmp_path / "full") == content(whole)


def test_shards_of_another_label_space_or_model_stop_the_factory(recipe, system, whole):
    before = content(whole)
    space = LabelSpace(name="other", classes=SPACE.classes, colors=SPACE.colors)
    with pytest.raises(InputError, match="label space 'tiny' there, 'other' here"):
        write_shards(DatasetGANSystem(recipe, space).eval(), whole, ORDER, progress=False)
    with torch.no_grad():
        system.generator.constant.add_(1.0)
    with pytest.raises(InputError, match=r"of another factory \(model \w+ there, \w+ here\)"):
        write_shards(system, whole, ORDER, progress=False)
    assert content(whole) == before


def test_other_orders_and_strange_folders_stop_the_factory(system, whole, tmp_path):
    with pytest.raises(InputError, match="pictures 10 there, 11 here"):
        write_shards(system, whole, Order(pictures=11, shard_size=4, batch_size=3))
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "shard-000000.tar").write_bytes(b"")
    with pytest.raises(InputError, match="but no factory.json, so nobody knows"):
        write_shards(system, tmp_path / "strange", ORDER)
    with pytest.raises(InputError, match="shard_size must be at least 1, got 0"):
        Order(pictures=1, shard_size=0)


def test_mixed_and_damaged_shards_are_named(recipe, system, whole, tmp_path):
    with torch.no_grad():
        system.generator.constant.add_(1.0)
    write_shards(system, tmp_path / "other", ORDER, progress=False)
    shard = whole / "shard-000001.tar"
    kept = shard.read_bytes()
    shard.write_bytes((tmp_path / "other" / "shard-000001.tar").read_bytes())
    with pytest.raises(InputError, match=r"shard-000001\.tar: made by model .* were mixed"):
        open_dataset("shards", path=whole)
    original = DatasetGANSystem(recipe, SPACE).eval()
    with pytest.raises(InputError, match=r"shard-000001\.tar: made by model .*remove the shard"):
        write_shards(original, whole, ORDER, progress=False)
    shard.write_bytes(kept[:2000])
    with pytest.raises(InputError, match=r"shard-000001\.tar: (not a readable|picture \d+ has no)"):
        open_dataset("shards", path=whole)
    (whole / "factory.json").write_text("{}")
    with pytest.raises(InputError, match=r"factory\.json: expected 'nbgan shards 1'"):
        open_dataset("shards", path=whole)


def test_uncertain_pictures_are_dropped_when_reading(whole):
    everything = open_dataset("shards", path=whole)
    fewer = open_dataset("shards", path=whole, drop=0.3)
    highest = sorted(everything.scores)[-3:]
    assert len(fewer) == 7
    assert not set(highest) & set(fewer.scores)
    assert fewer.scores != sorted(fewer.scores), "in order of number"
    by_score = open_dataset("shards", path=whole, order="score")
    assert by_score.scores == sorted(everything.scores)
    assert len({d.cache_key for d in (everything, fewer, by_score)}) == 3
    with pytest.raises(InputError, match="from 0 to under 1, got 2"):
        open_dataset("shards", path=whole, drop=2)


def test_keypoints_and_sizes(recipe, tmp_path):
    system = DatasetGANSystem(recipe.replace(keypoints=2, spread=0.1), SPACE).eval()
    with torch.no_grad():
        system.pointer.linear_2.bias[:, 0, 0] = 1.0  # one seen everywhere, one never
    write_shards(system, tmp_path, Order(pictures=2), progress=False)
    small, large = (open_dataset("shards", path=tmp_path, size=s) for s in (16, 32))
    points = small[0]["keypoints"]
    assert points.shape == (2, 2)
    assert not points[0].isnan().any()
    assert points[1].isnan().all()
    torch.testing.assert_close(large[0]["keypoints"][0], (points[0] + 0.5) * 2 - 0.5)
    assert large[0]["label"].shape == large[0]["uncertainty"].shape == (32, 32)
    manifest = json.loads((tmp_path / "factory.json").read_text())
    assert manifest["keypoints"] == 2


def test_worker_of_a_launcher(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert factory.this_worker() == (0, 1)
