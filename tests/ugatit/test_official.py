"""Published U-GAT-IT and photo2cartoon files, in the authors' format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from nbgan import official
from nbgan.errors import InputError
from nbgan.ugatit.identity import face_identity
from nbgan.ugatit.official.builders import DISCRIMINATORS, GENERATORS

GOLDEN = Path(__file__).parents[1] / "golden"


def case(name):
    tensors = load_file(GOLDEN / f"{name}.safetensors")
    card = json.loads((GOLDEN / f"{name}.json").read_text())
    state = {k.removeprefix("state/"): v for k, v in tensors.items() if k.startswith("state/")}
    return tensors, card, state


@pytest.fixture(scope="module")
def whole_file(tmp_path_factory):
    """All six networks in one file, as the published training saves them."""
    tensors, _, state = case("ugatit/losses_eval")
    networks = {
        name: {k.removeprefix(f"{name}/"): v for k, v in state.items() if k.startswith(f"{name}/")}
        for name in (*GENERATORS, *DISCRIMINATORS)
    }
    path = tmp_path_factory.mktemp("published") / "selfie2anime_params_0100000.pt"
    torch.save(networks, path)
    return path, tensors


@pytest.mark.parametrize("system", ["ugatit", "photo2cartoon"])
@pytest.mark.parametrize("kind", ["generator_light", "generator_full"])
def test_generator_file_translates_what_the_published_code_translates(system, kind, tmp_path):
    tensors, card, state = case(f"{system}/{kind}")
    torch.save({"genA2B": state}, tmp_path / "params.pt")
    generator = official.load(tmp_path / "params.pt", f"{system}/generator")
    assert not generator.training and generator.light == card["options"]["light"]
    with torch.no_grad():
        output = generator(tensors["in/image"])
    assert (output.image - tensors["out/image"]).abs().max() <= card["tolerance"]


def test_every_network_of_a_file_loads_by_name(whole_file):
    path, tensors = whole_file
    into_a = official.load(path, "ugatit/generator", network="genB2A")
    into_b = official.load(path, "ugatit/generator")
    with torch.no_grad():
        identity = (into_a(tensors["in/real_A"]).image - tensors["in/real_A"]).abs().mean()
        other = (into_b(tensors["in/real_B"]).image - tensors["in/real_B"]).abs().mean()
    torch.testing.assert_close(identity, tensors["out/G_identity_loss_A"], atol=1e-4, rtol=0)
    torch.testing.assert_close(other, tensors["out/G_identity_loss_B"], atol=1e-4, rtol=0)
    layers = {
        name: official.load(path, "ugatit/discriminator", network=name).layers
        for name in DISCRIMINATORS
    }
    assert layers == {"disGA": 7, "disGB": 7, "disLA": 5, "disLB": 5}


def test_face_network_file(tmp_path):
    tensors, card, state = case("photo2cartoon/face_id")
    # As saved from several GPUs, and before batch norm counted its batches.
    saved = {f"module.{k}": v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    torch.save(saved, tmp_path / "model_mobilefacenet.pth")
    face = face_identity(tmp_path / "model_mobilefacenet.pth")
    distance = face(tensors["in/image1"], tensors["in/image2"])
    expected = tensors["out/cosine_distance"]
    torch.testing.assert_close(distance, expected, atol=card["tolerance"], rtol=0)


def test_unused_branch_of_hourglasses_may_be_absent(tmp_path):
    _, _, state = case("photo2cartoon/generator_light")
    torch.save({k: v for k, v in state.items() if "ConvBlock4.2" not in k}, tmp_path / "g.pt")
    assert official.load(tmp_path / "g.pt", "photo2cartoon/generator").width == 4


def test_wrong_names_and_options(whole_file, tmp_path):
    path, _ = whole_file
    with pytest.raises(InputError, match=r"'disGA' is none of this part.*genA2B, genB2A"):
        official.load(path, "ugatit/generator", network="disGA")
    with pytest.raises(InputError, match="holds a light model, but the option light is False"):
        official.load(path, "ugatit/generator", light=False)
    with pytest.raises(InputError, match="holds no tensor"):
        official.load(path, "photo2cartoon/generator")
    _, _, state = case("ugatit/generator_full")
    torch.save({"genA2B": state}, tmp_path / "full.pt")
    with pytest.raises(InputError, match="pictures of 32 pixels a side, but the option img_size"):
        official.load(tmp_path / "full.pt", "ugatit/generator", img_size=256)
    torch.save({"genB2A": state}, tmp_path / "half.pt")
    with pytest.raises(InputError, match=r"expected a network 'genA2B'.*keys genB2A"):
        official.load(tmp_path / "half.pt", "ugatit/generator")
    torch.save(state, tmp_path / "alone.pt")
    with pytest.raises(InputError, match=r"alone\.pt: holds no tensor 'model"):
        official.load(tmp_path / "alone.pt", "ugatit/discriminator")


def test_file_with_code_is_refused(tmp_path):
    class Code:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"genA2B": {"FC.0.weight": Code()}}, tmp_path / "evil.pt")
    with pytest.raises(InputError, match=r"evil\.pt: refused.*run code"):
        official.load(tmp_path / "evil.pt", "ugatit/generator")
    assert not (tmp_path / "ran").exists()
