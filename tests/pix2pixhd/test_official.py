"""Published pix2pixHD files: sizes are read off the tensors, foreign files are refused."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from nbgan import official
from nbgan.errors import InputError
from nbgan.pix2pixhd.enhancer import LocalEnhancer
from nbgan.pix2pixhd.generator import GlobalGenerator
from nbgan.pix2pixhd.official.builders import build_local_enhancer
from nbgan.pix2pixhd.official.names import Depth, local_modules, trunk_modules

GOLDEN = Path(__file__).parent.parent / "golden" / "pix2pixhd"


def published(case, folder, *, extra=None):
    """A golden case's parameters as the authors would have saved them."""
    tensors = load_file(GOLDEN / f"{case}.safetensors")
    state = {k[6:]: v for k, v in tensors.items() if k.startswith("state/")}
    path = folder / f"{case}.pth"
    torch.save(state | (extra or {}), path)
    return path, json.loads((GOLDEN / f"{case}.json").read_text()), tensors


@pytest.mark.parametrize(
    "case",
    [
        "global_generator_instance",
        "global_generator_batch",
        "local_enhancer_1",
        "local_enhancer_1_batch",
    ],
)
def test_generator_file_paints_without_any_options(case, tmp_path):
    path, card, tensors = published(case, tmp_path)
    generator = official.load(path, card["part"])
    assert not generator.training
    with torch.no_grad():
        image = generator(tensors["in/input"].float())
    assert (image - tensors["out/image"]).abs().max() <= card["tolerance"]


def test_encoder_file_loads(tmp_path):
    path, card, tensors = published("encoder", tmp_path)
    features = official.load(path, card["part"])(tensors["in/image"], tensors["in/inst"][:, 0])
    torch.testing.assert_close(features, tensors["out/features"], atol=1e-4, rtol=0)


@pytest.mark.parametrize("case", ["discriminator_feat", "discriminator_nofeat"])
def test_full_size_comes_first_in_a_discriminator(case, tmp_path):
    path, card, tensors = published(case, tmp_path)
    scales = official.load(path, card["part"])(tensors["in/input"])
    for i, outputs in enumerate(scales):
        last = f"out/d{i}_f{card['options']['n_layers_D'] + 1 if 'nofeat' not in case else 0}"
        torch.testing.assert_close(outputs[-1], tensors[last], atol=1e-4, rtol=0)


def test_sigmoid_is_applied_only_where_the_published_code_does(tmp_path):
    path, card, tensors = published("discriminator_nofeat", tmp_path)
    probabilities = official.load(path, card["part"], use_sigmoid=True)(tensors["in/input"])
    torch.testing.assert_close(
        probabilities[0][-1], tensors["out/d0_f0"].sigmoid(), atol=1e-4, rtol=0
    )
    path, card, tensors = published("discriminator_feat_sigmoid", tmp_path)
    scores = official.load(path, card["part"], use_sigmoid=True)(tensors["in/input"])
    torch.testing.assert_close(scores[0][-1], tensors["out/d0_f3"], atol=1e-4, rtol=0)


def test_statistics_that_old_files_hold_for_instance_norms_are_ignored(tmp_path):
    old = {"model.2.running_mean": torch.randn(4), "model.2.running_var": torch.rand(4)}
    path, card, tensors = published("global_generator_instance", tmp_path, extra=old)
    image = official.load(path, card["part"])(tensors["in/input"].float())
    torch.testing.assert_close(image, tensors["out/image"], atol=1e-4, rtol=0)


def test_files_without_batch_counts_load(tmp_path):
    path, card, tensors = published("global_generator_batch", tmp_path)
    state = torch.load(path, weights_only=True)
    torch.save({k: v for k, v in state.items() if "num_batches" not in k}, path)
    image = official.load(path, card["part"])(tensors["in/input"].float())
    torch.testing.assert_close(image, tensors["out/image"], atol=1e-4, rtol=0)


def test_two_enhancers_go_through_their_published_names():
    torch.manual_seed(0)
    coarse = GlobalGenerator(in_channels=4, width=12, downsamplings=2, blocks=1)
    ours = LocalEnhancer(in_channels=4, width=3, global_generator=coarse, enhancers=2, blocks=2)
    names = dict(trunk_modules(Depth(2, 1), "model.", "global_part."))
    for n in (1, 2):
        names |= dict(local_modules(n, 2, last=n == 2))
    back = {ours_name: theirs for theirs, ours_name in names.items()}
    state = {}
    for name, value in ours.state_dict().items():
        module, _, leaf = name.rpartition(".")
        state[f"{back[module]}.{leaf}"] = value
    assert "model1_2.6.weight" not in state
    assert state["model2_2.6.weight"].shape == (3, 3, 7, 7)
    rebuilt = build_local_enhancer({}, state, "state")
    x = torch.randn(1, 4, 32, 32)
    assert torch.equal(rebuilt(x), ours(x))


def test_files_of_another_network_say_what_they_hold(tmp_path):
    fine, _, _ = published("local_enhancer_1", tmp_path)
    coarse, _, _ = published("global_generator_instance", tmp_path)
    encoder, _, _ = published("encoder", tmp_path)
    judge, _, _ = published("discriminator_feat", tmp_path)
    with pytest.raises(InputError, match=r"holds a local enhancer; load it as 'pix2pixhd/local"):
        official.load(fine, "pix2pixhd/global_generator")
    with pytest.raises(InputError, match="holds no local enhancer"):
        official.load(coarse, "pix2pixhd/local_enhancer")
    with pytest.raises(InputError, match="has residual blocks, which an encoder has not"):
        official.load(coarse, "pix2pixhd/encoder")
    with pytest.raises(InputError, match="it may be an encoder"):
        official.load(encoder, "pix2pixhd/global_generator")
    with pytest.raises(InputError, match="file of another network"):
        official.load(judge, "pix2pixhd/global_generator")
    with pytest.raises(InputError, match="file of another network"):
        official.load(coarse, "pix2pixhd/discriminator")


def test_options_that_contradict_the_file_are_named(tmp_path):
    path, _, _ = published("global_generator_instance", tmp_path)
    with pytest.raises(InputError, match="ngf is 64, the file's tensors say 4; n_blocks_global"):
        official.load(path, "pix2pixhd/global_generator", ngf=64, n_blocks_global=9)


def test_a_file_with_a_layer_missing_is_refused(tmp_path):
    path, card, _ = published("global_generator_instance", tmp_path)
    state = torch.load(path, weights_only=True)
    del state["model.11.conv_block.5.weight"]
    torch.save(state, path)
    with pytest.raises(InputError, match=r"missing 'trunk\.blocks\.1\.conv_1\.weight'"):
        official.load(path, card["part"])
