"""A tiny generator, records annotated by a rule, and an interpreter of it."""

import pytest
import torch
from tiny import SPACE

from nbgan.datasetgan import DatasetGANRecipe, DatasetGANSystem, make_training_data
from nbgan.stylegan import StyleGANRecipe, StyleGANSystem
from nbgan.train import save_model


def by_brightness(image):
    """The annotator: class 1 where a pixel is bright; about half of them are."""
    return (image.mean(dim=1) > -0.4).long()


def brightest(image):
    """The keypoint finder: the brightest pixel, and one that is never seen."""
    place = image.mean(dim=1).flatten(1).argmax(dim=1)
    points = torch.stack([place % image.shape[3], place // image.shape[3]], dim=1).float()
    return torch.stack([points, torch.full_like(points, float("nan"))], dim=1)


@pytest.fixture(scope="session")
def painter():
    system = StyleGANSystem(StyleGANRecipe.preset("smoke"), SPACE).eval()
    with torch.no_grad():
        for conv in system.generator.convs:
            conv.noise_strength.fill_(0.1)
    return system


@pytest.fixture(scope="session")
def generator_file(painter, tmp_path_factory):
    path = tmp_path_factory.mktemp("generator") / "stylegan.safetensors"
    save_model(path, painter)
    return path


@pytest.fixture(scope="session")
def records(painter, tmp_path_factory):
    root = tmp_path_factory.mktemp("records")
    options = {"label_space": SPACE, "psi": 1.0, "annotator": by_brightness, "point": brightest}
    make_training_data(painter.generator, root, n=6, **options)
    make_training_data(painter.generator, root, n=4, split="val", **options)
    return root


@pytest.fixture
def recipe(generator_file, records):
    return DatasetGANRecipe.preset(
        "smoke", generator=str(generator_file), data_path=str(records), psi=1.0
    )


@pytest.fixture
def system(recipe):
    return DatasetGANSystem(recipe, SPACE).eval()
