"""Vectors on disk, published ones, the library, and blending."""

import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_editgan import codes, tiny_model

from nbgan.editgan.blending import blend
from nbgan.editgan.official import read_published_vector
from nbgan.editgan.preview import preview
from nbgan.editgan.vectors import EditVector, VectorLibrary, load_vector, save_vector
from nbgan.errors import InputError


def vector(name="close-eyes", mark="abc"):
    region = torch.zeros(6, 8, dtype=torch.bool)
    region[2:4] = True
    return EditVector(
        name=name,
        direction=torch.arange(12.0).view(4, 3),
        region=region,
        classes=("left", "right"),
        generator=mark,
        preview=b"\x89PNG",
    )


def test_vector_survives_the_disk(tmp_path):
    save_vector(tmp_path / "v.safetensors", vector())
    again = load_vector(tmp_path / "v.safetensors")
    assert torch.equal(again.direction, vector().direction)
    assert torch.equal(again.region, vector().region)
    assert (again.name, again.classes, again.generator, again.preview) == (
        "close-eyes",
        ("left", "right"),
        "abc",
        b"\x89PNG",
    )


def test_library_lists_adds_and_does_not_overwrite(tmp_path):
    library = VectorLibrary(tmp_path / "vectors")
    assert library.names() == []
    library.save(vector("smile"))
    library.save(vector("beard"))
    assert library.names() == ["beard", "smile"]
    assert library.load("smile").name == "smile"
    assert (tmp_path / "vectors" / "smile.png").read_bytes() == vector().preview
    with pytest.raises(InputError, match="there is a vector 'smile' already"):
        library.save(vector("smile"))
    library.save(vector("smile", mark="new"), replace=True)
    assert library.load("smile").generator == "new"
    with pytest.raises(InputError, match="holds no vector 'hat'; it has beard, smile"):
        library.load("hat")
    with pytest.raises(InputError, match=r"vector name: got '\.\./x'"):
        vector("../x")


def test_unreadable_vector_files_are_named(tmp_path):
    whole = tmp_path / "whole.safetensors"
    save_vector(whole, vector())
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(whole.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"cut\.safetensors: not a readable safetensors file"):
        load_vector(cut)
    pickled = tmp_path / "pickled.safetensors"
    pickled.write_bytes(pickle.dumps({"direction": [1]}))
    with pytest.raises(InputError, match=r"pickled\.safetensors: this is a pickle"):
        load_vector(pickled)
    other = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(1)}, other)
    with pytest.raises(InputError, match="expected 'nbgan edit vector 1'"):
        load_vector(other)
    metadata = {"format": "nbgan edit vector 1", "name": "x", "classes": "[]", "preview": ""}
    half = tmp_path / "half.safetensors"
    save_file({"direction": torch.zeros(2, 2)}, half, metadata | {"generator": ""})
    with pytest.raises(InputError, match=r"half\.safetensors: not a whole editing vector"):
        load_vector(half)
    tensors = load_file(whole)
    tensors["direction"][0, 0] = float("nan")
    save_file(tensors, half, metadata | {"generator": ""})
    with pytest.raises(InputError, match="expected a finite direction"):
        load_vector(half)
    with pytest.raises(InputError, match="no such file"):
        load_vector(tmp_path / "nothing.safetensors")


def test_published_vectors(tmp_path):
    model = tiny_model()
    array = np.random.default_rng(0).normal(size=(1, 8, 8)).astype(np.float32)
    np.save(tmp_path / "wheels.npy", array)
    read = read_published_vector(tmp_path / "wheels.npy", model, name="wheels", classes=[1])
    assert read.classes == ("right",)
    read.check(model)
    assert np.array_equal(read.direction.numpy(), array[0])
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}]), allow_pickle=True)
    with pytest.raises(InputError, match=r"objects\.npy: not a readable NumPy array"):
        read_published_vector(tmp_path / "objects.npy", model, name="x", classes=[])
    np.save(tmp_path / "short.npy", array[:, 1:])
    with pytest.raises(InputError, match=r"this generator's vectors have \(1, 8, 8\)"):
        read_published_vector(tmp_path / "short.npy", model, name="x", classes=[])


def pictures():
    torch.manual_seed(0)
    region = torch.zeros(12, 16, dtype=torch.bool)
    region[3:9, 4:16] = True  # touches the border of the picture
    return torch.rand(3, 12, 16) - 0.5, torch.rand(3, 12, 16) * 0.2, region


def test_plain_blending_copies_pixels():
    original, edited, region = pictures()
    out = blend(original, edited, region, "plain")
    assert torch.equal(out[:, region], edited[:, region])
    assert torch.equal(out[:, ~region], original[:, ~region])
    assert torch.equal(blend(original, edited, region, "none"), edited)


def test_poisson_blending_keeps_gradients_and_meets_the_rim():
    original, edited, region = pictures()
    assert torch.equal(blend(original, edited, region, "poisson")[:, ~region], original[:, ~region])
    # An edit that is the original and a constant has the original's gradients: nothing remains.
    torch.testing.assert_close(
        blend(original, original + 0.3, region, "poisson"), original, atol=1e-5, rtol=0
    )
    # By hand: one pixel is the mean of its neighbours plus the edit's difference from its own.
    one = torch.zeros(12, 16, dtype=torch.bool)
    one[5, 5] = True
    around = [(4, 5), (6, 5), (5, 4), (5, 6)]
    own = sum(edited[:, 5, 5] - edited[:, y, x] + original[:, y, x] for y, x in around) / 4
    torch.testing.assert_close(blend(original, edited, one, "poisson")[:, 5, 5], own)
    everywhere = torch.ones_like(region)
    assert torch.equal(blend(original, edited, everywhere, "poisson"), edited)


def test_blending_refuses_other_sizes_and_ways():
    original, edited, region = pictures()
    with pytest.raises(InputError, match="differ in size"):
        blend(original, edited, region[1:], "plain")
    with pytest.raises(InputError, match="choose none, plain or poisson"):
        blend(original, edited, region, "smooth")


def test_preview_is_a_small_picture_of_before_and_after(tmp_path):
    from nbgan.data.pictures import read_picture

    model = tiny_model()
    content = preview(model.view(codes(model)), model.view(codes(model, seed=1)), model.label_space)
    (tmp_path / "p.png").write_bytes(content)
    assert read_picture(tmp_path / "p.png").size == (2 * 32 + 6, 2 * 32 + 6)
