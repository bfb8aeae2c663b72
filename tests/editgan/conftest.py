"""A DatasetGAN file of random weights, for encoders to be trained on."""

import pytest
import torch
from tiny import SPACE
from tiny_editgan import distance

from nbgan.datasetgan import DatasetGANRecipe, DatasetGANSystem
from nbgan.editgan import EncoderRecipe, EncoderSystem
from nbgan.editgan import system as rooms_system
from nbgan.stylegan import StyleGANRecipe, StyleGANSystem
from nbgan.train import save_model


@pytest.fixture(scope="session")
def painter_file(tmp_path_factory):
    """A generator and classifiers of pictures of 16 × 16, as one model file."""
    folder = tmp_path_factory.mktemp("painter")
    style = StyleGANSystem(StyleGANRecipe.preset("smoke"), SPACE).eval()
    with torch.no_grad():
        style.generator.w_mean.copy_(style.generator.mapping(torch.randn(64, 8)).mean(dim=0))
    save_model(folder / "stylegan.safetensors", style)
    recipe = DatasetGANRecipe.preset("smoke", generator=str(folder / "stylegan.safetensors"))
    painter = DatasetGANSystem(recipe, SPACE).eval()
    with torch.no_grad():
        for p in painter.interpreter.parameters():
            p.add_(0.2 * torch.randn_like(p))
    save_model(folder / "datasetgan.safetensors", painter)
    return folder / "datasetgan.safetensors"


@pytest.fixture
def recipe(painter_file, monkeypatch):
    """A recipe for it; pictures are compared without a feature network."""
    monkeypatch.setattr(rooms_system, "PictureDistance", lambda network: distance)
    return EncoderRecipe.preset("smoke", painter=str(painter_file))


@pytest.fixture
def system(recipe):
    return EncoderSystem(recipe, SPACE).eval()
