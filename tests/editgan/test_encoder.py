"""The encoder: shapes at every size, codes in W, batch statistics, published files."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from nbgan import official
from nbgan.editgan.encoder import PyramidEncoder, maps_of_rows, use_batch_statistics
from nbgan.errors import InputError

GOLDEN = Path(__file__).parent.parent / "golden" / "editgan"
SMALL = {"w_dim": 6, "channels": 4, "width": 2, "blocks": (1, 1, 1, 1)}


def test_rows_are_read_off_three_maps():
    assert maps_of_rows(16) == (0, 0, 0, 1, 1, 1, 1, *[2] * 9)
    assert maps_of_rows(5) == (0, 0, 0, 1, 1)
    assert maps_of_rows(2) == (0, 0)


@pytest.mark.parametrize("size", [16, 64])
def test_every_row_depends_on_the_picture(size):
    torch.manual_seed(0)
    encoder = PyramidEncoder(rows=10, size=64, **SMALL).eval()
    codes = encoder(torch.randn(2, 3, size, size))
    assert codes.shape == (2, 10, 6)
    assert (codes[0] != codes[1]).any(dim=1).all()


def test_codes_in_w_repeat():
    encoder = PyramidEncoder(rows=10, size=32, one_code=True, **SMALL).eval()
    assert len(encoder.heads) == 1
    codes = encoder(torch.randn(1, 3, 32, 32))
    assert codes.shape == (1, 10, 6)
    assert (codes == codes[:, :1]).all()


def test_training_begins_near_the_mean():
    encoder = PyramidEncoder(rows=10, size=32, **SMALL)
    mean = torch.linspace(-3, 3, 6)
    encoder.begin_at(mean)
    assert (encoder(torch.randn(4, 3, 32, 32)) - mean).abs().max() < 0.5


def test_batch_statistics_in_evaluation_mode():
    torch.manual_seed(0)
    encoder = PyramidEncoder(rows=8, size=64, **SMALL)
    image = torch.randn(1, 3, 64, 64) + 3
    usual = encoder.eval()(image)
    own = encoder.train()(image)
    use_batch_statistics(encoder)
    torch.testing.assert_close(encoder.eval()(image), own)
    assert not torch.allclose(usual, own)


@pytest.mark.parametrize("shape", [(1, 3, 32, 16), (1, 3, 24, 24), (1, 3, 64, 64), (1, 3, 8, 8)])
def test_other_pictures_are_refused(shape):
    encoder = PyramidEncoder(rows=8, size=32, **SMALL)
    with pytest.raises(InputError, match="a power of two from 16 to 32"):
        encoder(torch.zeros(shape))


def test_odd_sizes_are_refused():
    with pytest.raises(InputError, match="size: got 100; give a power of two"):
        PyramidEncoder(rows=8, size=100)


def published(tmp_path):
    tensors = load_file(GOLDEN / "encoder.safetensors")
    state = {k.removeprefix("state/"): v for k, v in tensors.items() if k.startswith("state/")}
    torch.save({"model_state_dict": state}, tmp_path / "encoder.pth")
    return tmp_path / "encoder.pth", tensors


def test_file_as_the_authors_save_it(tmp_path):
    file, tensors = published(tmp_path)
    encoder = official.load(file, "editgan/encoder")
    assert (encoder.rows, encoder.w_dim, encoder.size) == (16, 8, 512)
    torch.testing.assert_close(
        encoder(tensors["in/image"]), tensors["out/w_plus"], atol=1e-4, rtol=0
    )
    by_batch = official.load(file, "editgan/encoder", bn_mode="train")
    assert not torch.allclose(by_batch(tensors["in/image"]), tensors["out/w_plus"], atol=1e-2)


def test_other_published_files_are_named(tmp_path):
    file, _ = published(tmp_path)
    with pytest.raises(InputError, match="use_style_head"):
        official.load(file, "editgan/encoder", use_style_head=True)
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match=r"other\.pth: holds no tensor"):
        official.load(tmp_path / "other.pth", "editgan/encoder")
