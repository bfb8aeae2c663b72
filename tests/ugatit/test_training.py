"""U-GAT-IT through the shared loop and the command line."""

import json

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from sides import shapes

from nbgan.cli import main
from nbgan.errors import InputError
from nbgan.train import Trainer, load_model
from nbgan.ugatit import UGATITRecipe, UGATITSystem
from nbgan.ugatit.identity import FaceIdentity

SMOKE = UGATITRecipe.preset("smoke", steps=4, flip=True)


class Blurred(torch.nn.Module):
    def forward(self, image):
        return torch.nn.functional.normalize(image.flatten(1) + 2, dim=1)


def trainer(out, recipe=SMOKE, **options):
    face = FaceIdentity(Blurred().eval(), size=8, crop=False)
    return Trainer(
        UGATITSystem(recipe, face=face),
        train_data=shapes(shuffle=True),
        validation_data=shapes(4),
        out=out,
        progress=False,
        **options,
    )


@pytest.mark.parametrize("changes", [{}, {"light": False, "compact": True}])
def test_resumed_run_is_bit_identical_to_an_uninterrupted_one(tmp_path, changes):
    recipe = SMOKE.replace(**changes)
    trainer(tmp_path / "whole", recipe).run()
    trainer(tmp_path / "parts", recipe).run(until=1)
    trainer(tmp_path / "parts", recipe, resume=True).run(until=3)
    trainer(tmp_path / "parts", recipe, resume=True).run()
    for name in ("model.safetensors", "state.safetensors"):
        whole = load_file(tmp_path / "whole" / name)
        parts = load_file(tmp_path / "parts" / name)
        assert whole.keys() == parts.keys()
        for key in whole:
            assert torch.equal(whole[key], parts[key]), f"{name}: {key}"


@pytest.mark.parametrize(
    "changes",
    [
        {"cam": False},
        {"norm": "instance"},
        {"norm": "layer"},
        {"norm": "softadalin"},
        {"variant": "photo2cartoon", "norm": "softadalin", "face_weight": 1.0, "checkpoint": True},
        {"accumulate": 2},
    ],
)
def test_every_switch_trains(tmp_path, changes):
    done = trainer(tmp_path, SMOKE.replace(steps=2, **changes)).run()
    fresh = UGATITSystem(SMOKE.replace(steps=2, **changes)).state_dict()
    moved = {
        k
        for k, v in done.generator_a2b.state_dict().items()
        if not torch.equal(v, fresh[f"generator_a2b.{k}"])
    }
    assert moved
    again = load_model(tmp_path / "model.safetensors")
    image = shapes()[0]["source"][None]
    torch.testing.assert_close(again.translate(image).image, done.translate(image).image)
    lines = [json.loads(x) for x in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert any(key.startswith("generators/attention") for key in lines[0]) == done.recipe.cam
    assert any(key.startswith("generators/face") for key in lines[0]) == (
        done.recipe.face_weight > 0
    )


def test_rho_stays_in_bounds_while_training(tmp_path):
    recipe = SMOKE.replace(learning_rate=0.3, steps=3)
    seen = []

    def look(_step):
        for name, value in run.system.named_parameters():
            if name.endswith("rho"):
                seen.append((value.min().item(), value.max().item()))

    run = trainer(tmp_path, recipe)
    run.run(after_step=look)
    assert seen and all(low >= 0 and high <= 1 for low, high in seen)
    assert any(low > 0 or high < 0.9 for low, high in seen), "it learns at all"


def test_steps_leave_no_gradients_behind(tmp_path):
    run = trainer(tmp_path, SMOKE.replace(steps=1))
    run.run()
    assert all(p.grad is None for p in run.system.parameters())


def test_training_goes_on_from_a_smaller_one(tmp_path):
    first = trainer(tmp_path / "first", SMOKE.replace(steps=2, ema_decay=0.0))
    first.run()
    again = trainer(tmp_path / "second", SMOKE.replace(size=48, start_from=str(tmp_path / "first")))
    for name, value in again.system.state_dict().items():
        assert torch.equal(value, first.system.state_dict()[name]), name
    with pytest.raises(InputError, match="start_from"):
        trainer(tmp_path / "third", SMOKE.replace(width=8, start_from=str(tmp_path / "first")))


def test_absent_identity_network_is_noticed_before_anything_is_written(tmp_path):
    recipe = SMOKE.replace(face_weight=1.0, identity_network="nobody")
    with pytest.raises(InputError, match="identity network 'nobody'"):
        Trainer(
            UGATITSystem(recipe),
            train_data=shapes(),
            validation_data=None,
            out=tmp_path / "run",
            progress=False,
        )
    assert not (tmp_path / "run").exists()


def test_command_line(tmp_path, capsys, monkeypatch):
    for side in "AB":
        for split in ("train", "test"):
            folder = tmp_path / "faces" / f"{split}{side}"
            folder.mkdir(parents=True)
            for i in range(4):
                Image.new("RGB", (40, 40), (60 * i, 99, 0)).save(folder / f"p{i}.png")
    run, out = tmp_path / "run", tmp_path / "out"
    (tmp_path / "empty").mkdir()
    data = ["--data", "unpaired", "--data-path", str(tmp_path / "faces")]
    monkeypatch.setattr("nbgan.metrics.InceptionFeatures", absent)
    main(["train", "ugatit", "--preset", "smoke", "--steps", "2", "--out", str(run), *data])
    assert len(list((run / "samples").glob("*.png"))) == 1
    model = str(run / "model.safetensors")
    pictures = str(tmp_path / "faces" / "testA")
    main(["translate", model, pictures, "--out", str(out), "--heatmaps", "--direction", "b2a"])
    assert sorted(p.name for p in out.iterdir())[:2] == ["p0.png", "p0_heat.png"]
    assert Image.open(out / "p3.png").size == (32, 32)
    assert "4 pictures are in" in capsys.readouterr().out
    for arguments, message in (
        (["sample", model], "use nbgan translate"),
        (["translate", model, str(tmp_path / "empty")], "no pictures"),
        (["translate", model, pictures, "--masks", pictures], "add --background white"),
        (["translate", model, pictures, "--background", "white"], "has no alpha"),
        (["translate", "segmenter-avatars", pictures], "translates no pictures"),
    ):
        with pytest.raises(SystemExit):
            main([*arguments, "--out", str(tmp_path / "none")])
        assert message in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def absent(**_):
    raise InputError("no Inception here")
