"""Single layers replayed from the published parameters."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from nbgan.errors import InputError
from nbgan.norms.official import REPLAYS, parse_spade_config, spade_state

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = [
    "ugatit/iln",
    "ugatit/adailn",
    "photo2cartoon/lin",
    "photo2cartoon/softadalin",
    "spade/norm_instance_ks3",
    "spade/norm_batch_ks5",
    "spade/norm_batch_ks3_train",
]


def read(case: str) -> tuple[dict, dict[str, dict[str, torch.Tensor]]]:
    card = json.loads((GOLDEN / f"{case}.json").read_text())
    groups: dict[str, dict[str, torch.Tensor]] = {"state": {}, "in": {}, "out": {}}
    for name, value in load_file(GOLDEN / f"{case}.safetensors").items():
        group, _, key = name.partition("/")
        groups[group][key] = value
    return card, groups


@pytest.mark.parametrize("case", CASES)
def test_replay_reproduces_the_published_layer(case):
    card, groups = read(case)
    outputs = REPLAYS[card["part"]](card["options"], groups["state"], groups["in"], card["mode"])
    assert groups["out"]
    for name, expected in groups["out"].items():
        difference = (outputs[name] - expected).abs().max().item()
        assert difference <= card["tolerance"], f"{case}: {name} differs by {difference}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spadebatch3x3", ("batch", 3)),
        ("spectralspadesyncbatch5x5", ("syncbatch", 5)),
        ("spadeinstance1x1", ("instance", 1)),
    ],
)
def test_config_text(text, expected):
    assert parse_spade_config(text) == expected


def test_bad_input_is_named():
    card, groups = read("ugatit/iln")
    with pytest.raises(InputError, match="cannot read 'spadegroup3x3'"):
        parse_spade_config("spadegroup3x3")
    with pytest.raises(InputError, match=r"'norm_0\.mlp_gamma\.weight' is no parameter"):
        spade_state({"norm_0.mlp_gamma.weight": torch.zeros(1)})
    with pytest.raises(InputError, match="does not fit the layer"):
        REPLAYS["ugatit/iln"]({"num_features": 5}, groups["state"], groups["in"], "eval")
    with pytest.raises(InputError, match="mode: 'test'"):
        REPLAYS["ugatit/iln"](card["options"], groups["state"], groups["in"], "test")
