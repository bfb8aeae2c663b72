"""Published checkpoints: files in the authors' format, and files that must be refused."""

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from nbgan import official
from nbgan.errors import InputError

GOLDEN = Path(__file__).parent / "golden" / "spade"


def published(case, folder):
    """A golden case's parameters as the authors would have saved them."""
    tensors = load_file(GOLDEN / f"{case}.safetensors")
    state = {k[6:]: v for k, v in tensors.items() if k.startswith("state/")}
    torch.save(state, folder / "latest_net_G.pth")
    return folder / "latest_net_G.pth", json.loads((GOLDEN / f"{case}.json").read_text()), tensors


@pytest.mark.parametrize(
    "case", ["generator_vae_normal", "generator_novae_more", "generator_hidden128_ks1"]
)
def test_generator_file_paints_what_the_published_code_paints(case, tmp_path):
    path, card, tensors = published(case, tmp_path)
    options = {k: card["options"][k] for k in ("crop_size", "num_upsampling_layers")}
    generator = official.load(path, "spade/generator", **options)
    assert not generator.training
    with torch.no_grad():
        image = generator(tensors["in/input_semantics"].float(), tensors.get("in/z"))
    assert (image - tensors["out/image"]).abs().max() <= card["tolerance"]


def test_discriminator_and_encoder_files_load(tmp_path):
    path, _, tensors = published("discriminator_instance", tmp_path)
    outputs = official.load(path, "spade/discriminator")(tensors["in/input"])
    torch.testing.assert_close(outputs[1][-1], tensors["out/d1_f4"], atol=1e-4, rtol=0)
    path, _, tensors = published("encoder_instance", tmp_path)
    mu, _ = official.load(path, "spade/encoder")(tensors["in/image"])
    torch.testing.assert_close(mu, tensors["out/mu"], atol=1e-4, rtol=0)


def test_checkpoint_with_code_is_refused_and_not_run(tmp_path):
    class Code:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "ran"),))

    torch.save({"fc.weight": Code()}, tmp_path / "evil.pth")
    with pytest.raises(InputError, match=r"evil\.pth: refused.*run code.*mkdir"):
        official.load(tmp_path / "evil.pth", "spade/generator")
    assert not (tmp_path / "ran").exists()


def test_truncated_absent_and_foreign_files(tmp_path):
    path, _, _ = published("generator_vae_normal", tmp_path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="truncated, download it again"):
        official.load(path, "spade/generator")
    with pytest.raises(InputError, match="no such file"):
        official.load(tmp_path / "absent.pth", "spade/generator")
    torch.save({"model": {"a": torch.zeros(1)}}, tmp_path / "wrapped.pth")
    with pytest.raises(InputError, match="a dict with the keys model"):
        official.load(tmp_path / "wrapped.pth", "spade/generator")
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match="file of another network"):
        official.load(tmp_path / "other.pth", "spade/generator")


def test_wrong_options_say_what_does_not_fit(tmp_path):
    path, _, _ = published("generator_vae_normal", tmp_path)
    with pytest.raises(InputError, match=r"'stem\.weight' has shape"):
        official.load(path, "spade/generator", crop_size=128)
    with pytest.raises(InputError, match="cannot load part 'spade/painter'.*spade/generator"):
        official.load(path, "spade/painter")


def test_replay_checks_part_and_mode():
    with pytest.raises(InputError, match="unknown part 'spade/x'"):
        official.replay("spade/x", {}, {}, {})
    with pytest.raises(InputError, match="'eval' or 'train', got 'test'"):
        official.replay("spade/norm", {}, {}, {}, mode="test")


def test_page_names_every_part_that_can_be_loaded():
    page = (Path(__file__).parents[1] / "book" / "official_checkpoints.md").read_text()
    rows = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert set(official.loadable()) <= rows
