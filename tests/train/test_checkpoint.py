"""Model files: round trip, and every way in which a file can be bad."""

import errno
import os
import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny import SPACE

from nbgan.errors import InputError
from nbgan.segmenter import SegmenterRecipe, SegmenterSystem
from nbgan.spade import SpadeRecipe, SpadeSystem
from nbgan.train import load_model, save_model
from nbgan.train.checkpoint import read_metadata, write_atomically


@pytest.fixture
def system():
    system = SpadeSystem(SpadeRecipe.preset("smoke"), SPACE).train()
    label = torch.randint(0, 2, (4, 32, 32))
    with torch.no_grad():
        for _ in range(30):  # running statistics and singular vectors need some passes to settle
            system.generator(system.segmap(label), system.sample_style(4))
    return system.eval()


def test_model_file_rebuilds_its_own_model(system, tmp_path):
    save_model(tmp_path / "m.safetensors", system, card={"steps": 3})
    again = load_model(tmp_path / "m.safetensors", system="spade")
    assert again.recipe == system.recipe
    assert again.label_space == SPACE
    label = torch.randint(0, 2, (2, 32, 32))
    style = system.sample_style(2)
    assert torch.equal(system.generate(label, style=style), again.generate(label, style=style))


def test_half_precision_halves_the_file_and_keeps_the_picture(system, tmp_path):
    save_model(tmp_path / "full.safetensors", system)
    save_model(tmp_path / "half.safetensors", system, half=True)
    sizes = [(tmp_path / f"{n}.safetensors").stat().st_size for n in ("half", "full")]
    assert sizes[0] < 0.7 * sizes[1]
    label = torch.randint(0, 2, (1, 32, 32))
    again = load_model(tmp_path / "half.safetensors")
    assert next(again.parameters()).dtype == torch.float32
    torch.testing.assert_close(again.generate(label), system.generate(label), atol=0.02, rtol=0)


def test_file_of_another_system_is_named(tmp_path):
    segmenter = SegmenterSystem(SegmenterRecipe.preset("smoke"), SPACE)
    save_model(tmp_path / "m.safetensors", segmenter)
    with pytest.raises(InputError, match="holds a 'segmenter' model, not 'spade'"):
        load_model(tmp_path / "m.safetensors", system="spade")


def test_truncated_file(system, tmp_path):
    path = tmp_path / "m.safetensors"
    save_model(path, system)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match=r"m\.safetensors: not a readable .* truncated"):
        load_model(path)


def test_wrong_shapes_are_listed(system, tmp_path):
    path = tmp_path / "m.safetensors"
    save_model(path, system)
    tensors, metadata = load_file(path), read_metadata(path)
    tensors["generator/to_rgb.bias"] = torch.zeros(4)
    del tensors["generator/stem.bias"]
    save_file(tensors, path, metadata)
    message = r"missing 'stem\.bias'; 'to_rgb\.bias' has shape \(4,\), the model needs \(3,\)"
    with pytest.raises(InputError, match=message):
        load_model(path)


def test_pickle_is_not_opened(tmp_path):
    class Code:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "ran"),))

    (tmp_path / "old.pt").write_bytes(pickle.dumps(Code()))
    torch.save({"a": Code()}, tmp_path / "new.pt")
    for name in ("old.pt", "new.pt"):
        with pytest.raises(InputError, match=f"{name}: this is a pickle"):
            load_model(tmp_path / name)
    assert not (tmp_path / "ran").exists()


def test_absent_and_foreign_files(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_model(tmp_path / "absent.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(InputError, match="no nbgan metadata"):
        load_model(tmp_path / "foreign.safetensors")


def test_full_disk_leaves_the_previous_checkpoint(system, tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    save_model(path, system)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("nbgan.train.checkpoint.os.fsync", full)
    with pytest.raises(InputError, match="No space left on device.*earlier file is untouched"):
        save_model(path, system)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot write.*nothing was written"):
        write_atomically(tmp_path / "file" / "m.safetensors", b"x")


def test_unknown_recipe_field_and_preset():
    with pytest.raises(InputError, match="unknown recipe field 'batchsize'.*'batch_size'"):
        SpadeRecipe.preset("cpu", batchsize=3)
    with pytest.raises(InputError, match="unknown preset 'big'.*smoke, cpu, gpu"):
        SpadeRecipe.preset("big")
    with pytest.raises(InputError, match="'steps' must be at least 1, got 0"):
        SpadeRecipe.preset("cpu", steps=0)
