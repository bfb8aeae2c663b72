"""``nbgan pix2pixhd …`` and ``nbgan sample`` with instances."""

import json

import pytest
from objects import SPACE

from nbgan.cli import main
from nbgan.data.cityscapes import CITYSCAPES
from nbgan.pix2pixhd import Pix2PixHDRecipe, Pix2PixHDSystem
from nbgan.train import load_model, save_model
from nbgan.train.checkpoint import read_metadata


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("NBGAN_CACHE", str(tmp_path / "cache"))
    recipe = Pix2PixHDRecipe.preset("smoke", train_pictures=4)
    save_model(tmp_path / "m.safetensors", Pix2PixHDSystem(recipe, CITYSCAPES), card={"steps": 7})
    return tmp_path / "m.safetensors"


def fails(capsys, *arguments):
    with pytest.raises(SystemExit) as error:
        main([str(a) for a in arguments])
    assert error.value.code == 2
    return capsys.readouterr().err


def test_encode_then_cluster_then_paint(file, tmp_path, capsys):
    main(["pix2pixhd", "encode-features", str(file)])
    assert "road" in (said := capsys.readouterr().out) and "vectors:" in said
    out = tmp_path / "clustered.safetensors"
    main(["pix2pixhd", "cluster", str(file), "--out", str(out), "--clusters", "2"])
    said = capsys.readouterr().out
    assert "class 'tunnel' has no instance" in said and "centres are in" in said
    model = load_model(out)
    assert model.recipe.clusters == 2 and model.clusters.counts[7].sum() > 0
    assert json.loads(read_metadata(out)["card"]) == {"steps": 7}
    main(["sample", str(out), "--n", "2", "--out", str(tmp_path / "pictures")])
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 4


def test_bad_input_is_one_line(file, tmp_path, capsys):
    out = tmp_path / "out.safetensors"
    command = ("pix2pixhd", "cluster", file, "--out")
    assert "has no instance" in fails(capsys, *command, out, "--strict")
    assert not out.exists()
    assert "end in .safetensors" in fails(capsys, *command, tmp_path / "out.bin")
    assert "has other classes" in fails(capsys, *command, out, "--data", "landscapes")
    plain = tmp_path / "plain.safetensors"
    save_model(
        plain, Pix2PixHDSystem(Pix2PixHDRecipe.preset("smoke", instance_features=False), SPACE)
    )
    assert "without instance features" in fails(capsys, "pix2pixhd", "encode-features", plain)
