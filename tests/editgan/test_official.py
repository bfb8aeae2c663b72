"""A whole published model from its files, and files that do not belong together."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from nbgan.editgan import JointModel
from nbgan.editgan.official import open_published
from nbgan.errors import InputError
from nbgan.stylegan import StyleGAN2Generator

GOLDEN = Path(__file__).parent.parent / "golden" / "editgan"


@pytest.fixture
def release(tmp_path):
    """The networks of the case ``edit``, in files as the authors save them."""
    tensors = load_file(GOLDEN / "edit.safetensors")

    def part(prefix):
        return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

    torch.save({"g_ema": part("state/generator/")}, tmp_path / "stylegan.pt")
    torch.save({"model_state_dict": part("state/encoder/")}, tmp_path / "encoder.pth")
    for m in range(2):
        state = {f"module.{k}": v for k, v in part(f"state/classifier_{m}/").items()}
        torch.save({"model_state_dict": state}, tmp_path / f"model_{m}.pth")
    return {
        "generator": tmp_path / "stylegan.pt",
        "classifiers": [tmp_path / f"model_{m}.pth" for m in range(2)],
        "encoder": tmp_path / "encoder.pth",
        "height": 48,
        "width": 64,
    }


def test_files_make_a_model_that_paints_labels_and_encodes(release):
    model = open_published(**release)
    w_plus = load_file(GOLDEN / "edit.safetensors")["in/wplus"]
    view = model.view(w_plus)
    assert view.image.shape == (1, 3, 48, 64) and view.label.shape == (1, 48, 64)
    assert model.label_space.classes == tuple("01234567")
    square = model.square(view.image)
    assert square.shape == (1, 3, 64, 64)
    assert (square[:, :, :8] == -1).all() and (square[:, :, -8:] == -1).all()
    codes = model.encode(square)
    assert codes.shape == w_plus.shape
    usual = open_published(**release, batch_statistics=False)
    assert not torch.allclose(usual.encode(square), codes)
    assert open_published(**release | {"encoder": None}).encoder is None


def test_parts_of_different_models_are_refused(release):
    model = open_published(**release)
    other = StyleGAN2Generator(size=64, z_dim=8, w_dim=8, mapping_layers=2, channel_base=64)
    parts = {
        "generator": model.generator,
        "interpreter": model.interpreter,
        "grid": model.grid,
        "label_space": model.label_space,
        "encoder": model.encoder,
    }
    with pytest.raises(InputError, match="reads 48 channels, the generator's feature maps have"):
        JointModel(**parts | {"generator": other})
    short = StyleGAN2Generator(size=32, z_dim=8, w_dim=8, mapping_layers=2, channel_base=64)
    with pytest.raises(InputError, match="codes of 10 rows of 8, the generator takes 8 rows of 8"):
        JointModel(**parts | {"generator": short})
    with pytest.raises(InputError, match="no such file"):
        open_published(**release | {"encoder": "nothing.pth"})
