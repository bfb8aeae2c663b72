"""Painting from pictures instead of class ids, and from classes without instances, to the end."""

import json
import shutil

import pytest
import torch
from objects import SPACE
from objects_files import write_objects, write_pairs
from safetensors.torch import load_file

from nbgan.cli import main
from nbgan.errors import InputError
from nbgan.pix2pixhd import Pix2PixHDRecipe, Pix2PixHDSystem
from nbgan.train import load_model, start_training


def recipe(path, **changes):
    fields = {"data": "pix2pixhd", "data_path": str(path), "instance_features": False}
    return Pix2PixHDRecipe.preset("smoke", **(fields | {"train_pictures": None} | changes))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return write_pairs(tmp_path_factory.mktemp("pairs"))


def same(a, b):
    a, b = load_file(a), load_file(b)
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize("edges", [True, False])
def test_pictures_take_the_place_of_classes(edges):
    model = Pix2PixHDSystem(recipe("unused", rgb=True, use_instances=edges), None).eval()
    source, ids = torch.rand(2, 3, 16, 32) * 2 - 1, torch.randint(0, 3, (2, 16, 32))
    condition, found = model.condition(source, ids if edges else None)
    assert torch.equal(condition[:, :3], source) and condition.shape[1] == 3 + edges
    assert model.generator.sizes.in_channels == 3 + edges
    assert model.discriminator.discriminators[0].blocks[0][0].in_channels == 3 + edges + 3
    assert (found is None) is not edges
    assert model.generate(source, ids if edges else None).shape == (2, 3, 16, 32)
    if edges:
        with pytest.raises(InputError, match="no instance map was given"):
            model.generate(source)
        with pytest.raises(InputError, match=r"shape \[2, 8, 8\], expected \[2, 16, 32\]"):
            model.generate(source, ids[:, :8, :8])
    with pytest.raises(InputError, match=r"source: expected floating-point images \[N, 3, H, W\]"):
        model.generate(ids, ids)


def test_training_on_pairs_stops_resumes_and_paints(pairs, tmp_path, capsys):
    ours = recipe(pairs, rgb=True)
    start_training(ours, out=tmp_path / "whole", progress=False)
    start_training(ours, out=tmp_path / "parts", until=2, progress=False)
    trainer = start_training(ours, out=tmp_path / "parts", resume=True, progress=False)
    for name in ("model.safetensors", "state.safetensors"):
        assert same(tmp_path / "whole" / name, tmp_path / "parts" / name)
    assert (tmp_path / "whole/samples/step_000002.png").exists()
    assert 0 < trainer.evaluate()["difference"] < 1

    model = load_model(tmp_path / "whole" / "model.safetensors")
    assert model.label_space is None and model.recipe.rgb and not model.has_styles
    main(["sample", str(tmp_path / "whole"), "--n", "2", "--out", str(tmp_path / "own")])
    assert sorted(p.name for p in (tmp_path / "own").iterdir()) == [
        *("0000.png", "0000_source.png", "0001.png", "0001_source.png")
    ]
    folders = {"out": tmp_path / "given", "labels": pairs / "valA", "instances": pairs / "val_inst"}
    flags = [text for flag, path in folders.items() for text in (f"--{flag}", str(path))]
    main(["sample", str(tmp_path / "whole"), *flags])
    assert "2 pictures and their sources" in capsys.readouterr().out
    for name in (p.name for p in (pairs / "valA").iterdir()):
        given, own = (tmp_path / where / name for where in ("given", "own"))
        assert given.exists() and not own.exists()


def test_training_on_classes_without_instances(tmp_path):
    folder = write_objects(tmp_path / "data", instances=False)
    ours = recipe(folder, use_instances=False)
    start_training(ours, out=tmp_path / "run", progress=False)
    log = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert "generator/feature_matching" in log[-1]
    model = load_model(tmp_path / "run/model.safetensors")
    assert model.generator.sizes.in_channels == SPACE.num_classes
    main(["sample", str(tmp_path / "run"), "--n", "1", "--out", str(tmp_path / "pictures")])
    assert (tmp_path / "pictures/0000_label.png").exists()


def test_wrong_data_is_refused_before_anything_is_written(pairs, tmp_path):
    folder = write_objects(tmp_path / "data", instances=False)
    out = tmp_path / "run"

    def refused(message, path, **changes):
        with pytest.raises(InputError, match=message):
            start_training(recipe(path, **changes), out=out, progress=False)
        assert not out.exists()

    refused("train_inst: no such folder .*use_instances=False", folder)
    refused("pictures but no classes; .*--rgb", pairs)
    refused("trainB: no such folder", folder, rgb=True, use_instances=False)
    refused("size 30 × 60 .* divisible by 4", folder, use_instances=False, size=60)
    refused("none: no such folder", tmp_path / "none", data="folder")
    whole = write_objects(tmp_path / "whole")
    refused("has no option rgb", whole, rgb=True, data="images")
    shutil.rmtree(whole / "val_inst")
    refused("val_inst: no such folder .*use_instances=False", whole)
    with pytest.raises(InputError, match="'rgb' is set, but this data set has classes"):
        Pix2PixHDSystem(recipe(folder, rgb=True), SPACE)
    with pytest.raises(InputError, match="'rgb' and 'instance_features'"):
        recipe(pairs, rgb=True, instance_features=True)
    with pytest.raises(InputError, match="'load_size' is 80, but resize 'crop' takes none"):
        recipe(pairs, load_size=80, resize="crop")
    (folder / "val_label/4.png").rename(tmp_path / "4.png")
    refused("4.png: has no mask", folder, use_instances=False)
