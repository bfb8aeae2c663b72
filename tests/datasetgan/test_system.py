"""DatasetGAN as a system: it learns, resumes, is packed with its generator, and checks records."""

import json

import pytest
import torch
from tiny import SPACE, Tiny

from nbgan.data import open_dataset
from nbgan.data.latents import Latent
from nbgan.datasetgan import DatasetGANRecipe, DatasetGANSystem, StyleInterpreter, interpret_stack
from nbgan.datasetgan.pixels import TrainingPixels, clean_small
from nbgan.errors import InputError
from nbgan.train import Trainer, load_model, start_training


def test_interpreter_learns_the_annotators_rule(recipe, tmp_path):
    trainer = start_training(
        recipe.replace(steps=150, points=64, checkpoint_every=150, sample_every=150, log_every=50),
        out=tmp_path,
        progress=False,
    )
    scores = trainer.evaluate()
    # An interpreter that has learned nothing is right half of the time, and has an mIoU of 0.3.
    assert scores["accuracy"] > 0.75
    assert scores["miou"] > 0.6
    assert (tmp_path / "samples" / "step_000150.png").exists()
    model = load_model(tmp_path / "model.safetensors")
    sample, again = model.sample(3, seed=4), trainer.system.sample(5, seed=4, batch_size=2)
    assert torch.equal(sample.label, again.label[:3])
    torch.testing.assert_close(sample.image, again.image[:3])
    assert sample.image.shape == (3, 3, 16, 16)
    assert sample.uncertainty.shape == sample.label.shape == (3, 16, 16)
    assert sample.score.shape == (3,)
    assert (sample.score > 0).all()
    assert sample.keypoints is None


def test_labels_are_those_of_the_published_formulation(system):
    w_plus = system.latents(range(2))
    maps = system.generator.features(w_plus)
    members = [system.interpreter.classifier(m) for m in range(3)]
    with torch.no_grad():
        published = interpret_stack(members, maps, system.grid)
    ours = system.label(w_plus)
    assert torch.equal(ours.label, published.label)
    torch.testing.assert_close(ours.uncertainty, published.uncertainty, atol=1e-4, rtol=0)


def test_resuming_equals_never_having_stopped(recipe, tmp_path):
    start_training(recipe, out=tmp_path / "whole", progress=False)
    start_training(recipe, out=tmp_path / "parts", until=2, progress=False)
    start_training(recipe, out=tmp_path / "parts", resume=True, progress=False)
    files = [tmp_path / part / "model.safetensors" for part in ("whole", "parts")]
    whole, parts = (load_model(f).state_dict() for f in files)
    assert all(torch.equal(value, parts[name]) for name, value in whole.items())


def test_generator_stays_as_it_is(recipe, painter, tmp_path):
    trained = start_training(recipe, out=tmp_path, progress=False).system
    for name, value in painter.generator.state_dict().items():
        assert torch.equal(trained.generator.state_dict()[name], value), name


def test_numbered_latents_do_not_depend_on_each_other(system):
    assert torch.equal(system.latents([5]), system.latents(range(8))[5:6])
    assert not torch.equal(system.latents([5]), system.latents([5], seed=1))


def test_keypoints_are_learned_beside_the_labels(recipe, tmp_path):
    trainer = start_training(
        recipe.replace(keypoints=2, spread=0.1, steps=40, checkpoint_every=40, learning_rate=3e-3),
        out=tmp_path,
        progress=False,
    )
    model = load_model(tmp_path / "model.safetensors")
    assert isinstance(model.pointer, StyleInterpreter)
    points = model.sample(4).keypoints
    assert points.shape == (4, 2, 2)
    heat = [x["pointer/heat"] for x in _log(tmp_path)]
    assert heat[-1] < heat[0] / 2
    assert 0 <= trainer.evaluate()["pck"] <= 1


def _log(folder):
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [line for line in lines if "pointer/heat" in line]


def test_each_member_draws_labelled_pixels_only(recipe, records, system):
    data = open_dataset("latents", path=records)
    pixels = TrainingPixels(
        data, generator=system.generator, grid=system.grid, ignore_id=0, min_pixels=0, keypoints=0
    )
    torch.manual_seed(0)
    picture, pixel = pixels.draw_labelled((3, 200))
    assert (pixels.label[picture, pixel] == 1).all()
    assert not torch.equal(pixel[0], pixel[1])
    item = data[4]
    assert torch.equal(pixels.label[4], item["label"].flatten())


def test_small_regions_become_background():
    label = torch.tensor([[1, 1, 1, 2], [255, 0, 0, 0]])
    assert clean_small(label, 2, ignore_id=255).tolist() == [[1, 1, 1, 0], [255, 0, 0, 0]]
    assert torch.equal(clean_small(label, 0), label)


def refused(recipe, data, tmp_path, message):
    with pytest.raises(InputError, match=message):
        Trainer(
            DatasetGANSystem(recipe, SPACE),
            train_data=data,
            validation_data=None,
            out=tmp_path / "out",
            progress=False,
        )
    assert not (tmp_path / "out").exists()


def test_records_that_do_not_fit_are_refused_before_training(recipe, records, tmp_path):
    data = open_dataset("latents", path=records)
    refused(recipe.replace(keypoints=5), data, tmp_path, r"holds 2 keypoints.*asks for 5")
    refused(recipe, Tiny(size=16), tmp_path, "a Tiny has no latents")
    original = data.records[1]
    data.records[1] = Latent(
        w_plus=original.w_plus, average=original.average, generator="another one"
    )
    refused(recipe, data, tmp_path, r"0001\.png: painted by generator another .*Set 'generator'")


def test_unlabelled_records_are_refused(recipe, painter, tmp_path):
    from nbgan.datasetgan import make_training_data

    make_training_data(painter.generator, tmp_path / "empty", label_space=SPACE, n=2)
    data = open_dataset("latents", path=tmp_path / "empty")
    refused(recipe, data, tmp_path, r"0000\.png: its mask has no labelled pixel.*2 such records")


def test_other_models_and_no_classes_are_refused(recipe, tmp_path):
    with pytest.raises(InputError, match="is a segmenter model; DatasetGAN reads a StyleGAN"):
        DatasetGANSystem(recipe.replace(generator="segmenter-avatars"), SPACE)
    with pytest.raises(InputError, match="needs classes"):
        DatasetGANSystem(recipe, None)
    with pytest.raises(InputError, match="'points' .at least 2"):
        DatasetGANRecipe(points=1)
