"""Feature maps written as files beside the pictures, and trained on."""

import numpy as np
import pytest
import torch
from objects import SPACE
from objects_files import write_objects
from PIL import Image
from torch.utils.data import default_collate

from nbgan.cli import main
from nbgan.data.feature_files import encoder_of, read_features
from nbgan.data.pix2pixhd_folder import open_pix2pixhd
from nbgan.errors import InputError
from nbgan.pix2pixhd import Pix2PixHDRecipe, Pix2PixHDSystem
from nbgan.pix2pixhd.feature_maps import write_feature_maps
from nbgan.pix2pixhd.features import weights_key
from nbgan.train import Trainer, open_split, save_model


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NBGAN_CACHE", str(tmp_path / "cache"))
    return write_objects(tmp_path / "data", train=3, val=1, size=(64, 128))


@pytest.fixture
def model(folder, tmp_path):
    """Learned at half the size of the files."""
    recipe = Pix2PixHDRecipe.preset("smoke", data="pix2pixhd", data_path=str(folder), seed=3)
    system = Pix2PixHDSystem(recipe, SPACE).eval()
    system.clusters.counts[:2, 0] = 1
    system.clusters.centres[:2, 0] = 0.5
    save_model(tmp_path / "m.safetensors", system)
    return system


def files(folder):
    return sorted(p.name for p in (folder / "train_feat").iterdir())


def test_written_maps_are_the_encoders_and_an_enhancer_learns_from_them(
    folder, model, tmp_path, capsys
):
    main(["pix2pixhd", "write-features", str(tmp_path / "m.safetensors")])
    assert "3 feature maps written, 0 were there" in capsys.readouterr().out
    assert files(folder) == ["0.png", "1.png", "2.png"]
    enhancer = Pix2PixHDRecipe.preset(
        "enhancer_smoke",
        data="pix2pixhd",
        data_path=str(folder),
        load_features=True,
        start_from=str(tmp_path / "m.safetensors"),
        steps=1,
    )
    fine = open_split(enhancer, "train")
    coarse = open_split(model.recipe, "train")
    assert "features" not in coarse[0], "a global generator's encoder has to learn"
    for i in range(3):
        own = default_collate([coarse[i]])
        encoded = model.encode(own["image"], own["label"], own["instance"])[0]
        kept = fine[i]["features"]
        assert kept.shape == (3, 64, 128)
        for identity in (0, 1000, 1001):
            expected = encoded[:, own["instance"][0] == identity][:, 0]
            values = kept[:, fine[i]["instance"] == identity]
            torch.testing.assert_close(
                values, expected[:, None].expand_as(values), atol=0.004, rtol=0
            )
    system = Pix2PixHDSystem(enhancer, SPACE)
    trainer = Trainer(
        system, train_data=fine, validation_data=None, out=tmp_path / "run", progress=False
    )
    assert trainer.train_data is fine
    seen = []
    system.generator.register_forward_hook(lambda _, args, __: seen.append(args[0][:, -3:]))
    trainer.run()
    batches = [fine[i]["features"] for i in range(3)]
    for row in seen[0].cpu():
        assert any(torch.equal(row, b) or torch.equal(row, b.flip(-1)) for b in batches)


def test_a_second_run_keeps_them_and_another_encoder_replaces_them(folder, model, tmp_path):
    data = open_split(model.recipe, "train")
    arguments = {"encoder": weights_key(model.encoder), "usual": model.clusters.usual()}

    def write(**changes):
        encoded = model.encode_data(data, progress=False)
        target = folder / "train_feat"
        return write_feature_maps(data, encoded, target, progress=False, **(arguments | changes))

    assert write() == (3, 0)
    assert encoder_of(folder / "train_feat/0.png") == arguments["encoder"]
    (folder / "train_feat/1.png").unlink()
    assert write() == (1, 2)
    assert write(encoder="another") == (3, 0)
    with pytest.raises(InputError, match=r"0\.png: is a feature map of this picture, too"):
        write(suffix=".safetensors")
    assert files(folder) == ["0.png", "1.png", "2.png"]
    for name in files(folder):
        (folder / "train_feat" / name).unlink()
    assert write(suffix=".safetensors") == (3, 0)
    assert encoder_of(folder / "train_feat/0.safetensors") == arguments["encoder"]
    assert read_features(folder / "train_feat/0.safetensors").shape == (3, 64, 128)
    with pytest.raises(InputError, match="have 2 channels, a picture holds three"):
        write(usual=torch.zeros(3, 2))
    with pytest.raises(InputError, match="format '.npy'"):
        write(suffix=".npy")


def test_instances_that_the_encoder_cannot_see_take_the_usual_style(folder, model):
    path = folder / "train_inst/0.png"
    ids = np.array(Image.open(path))
    ids[2, 2] = 1007  # nothing of it is left at half the size
    label = np.array(Image.open(folder / "train_label/0.png"))
    label[2, 2] = 1
    Image.fromarray(ids).save(path)
    Image.fromarray(label).save(folder / "train_label/0.png")
    data = open_split(model.recipe, "train")
    assert 1007 not in data[0]["instance"]
    encoded = model.encode_data(data, progress=False)
    target = folder / "train_feat"
    write_feature_maps(
        data, encoded, target, encoder="e", usual=model.clusters.usual(), progress=False
    )
    found = read_features(target / "0.png")[:, 2, 2]
    torch.testing.assert_close(found, torch.full((3,), 0.5), atol=0.004, rtol=0)


def test_windows_are_cut_after_encoding(folder, model):
    windows = model.recipe.replace(resize="crop", size=32, aspect_ratio=1.0)
    data = open_split(windows, "train")
    assert data[0]["image"].shape == (3, 32, 32)
    encoded = model.encode_data(data, progress=False)
    whole = open_pix2pixhd(folder)
    for i in range(3):
        assert encoded[i]["pixels"].sum() == 64 * 128
        item = default_collate([whole[i]])
        expected = model.encode(item["image"], item["label"], item["instance"])
        inside = expected[0, :, item["instance"][0] == 1001][:, 0]
        row = encoded[i]["ids"] == 1001
        torch.testing.assert_close(encoded[i]["features"][row][0], inside)


def test_bad_input_is_one_line(folder, model, tmp_path, capsys):
    def fails(*arguments):
        with pytest.raises(SystemExit) as error:
            main(["pix2pixhd", "write-features", *map(str, arguments)])
        assert error.value.code == 2
        assert not (folder / "train_feat").exists()
        return capsys.readouterr().err

    file = tmp_path / "m.safetensors"
    assert "has no split 'test'" in fails(file, "--split", "test")
    assert "none: no such folder" in fails(file, "--data-path", tmp_path / "none")
    world = tmp_path / "world.safetensors"
    save_model(world, Pix2PixHDSystem(Pix2PixHDRecipe.preset("smoke"), SPACE))
    assert "trained on 'streets', which is not read from files" in fails(world)
