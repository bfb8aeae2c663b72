"""Export: parity with PyTorch, the card, and everything that is refused."""

import gzip
import json

import pytest
import torch
from tiny import SPACE
from torch import nn

from nbgan.errors import InputError
from nbgan.live import LiveCard, export, run
from nbgan.live.weights import rounded

pytestmark = pytest.mark.timeout(600)


class Net(nn.Module):
    """A picture from class ids and a style, in three layers."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.utils.spectral_norm(nn.Conv2d(2, 16, 3, padding=1))
        self.norm = nn.BatchNorm2d(16)
        self.norm.running_mean.normal_()
        self.norm.running_var.uniform_(0.5, 2)
        self.style = nn.Linear(8, 16, bias=False)
        self.style.weight.data *= 5
        self.last = nn.Conv2d(16, 3, 3, padding=1)

    def forward(self, label, style):
        maps = torch.stack([label == 0, label == 1], 1).float()
        x = self.norm(self.first(maps)) + self.style(style)[:, :, None, None]
        return torch.tanh(self.last(torch.relu(x)))


def inputs(size=16):
    generator = torch.Generator().manual_seed(1)
    return {
        "label": torch.randint(0, 2, (1, size, size), generator=generator, dtype=torch.uint8),
        "style": torch.randn(1, 8, generator=generator),
    }


@pytest.fixture(scope="module", params=["fp16", "int8", "fp32"])
def exported(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    model = Net().train()
    card = export(
        model,
        inputs(),
        name="net",
        out=folder,
        weights=request.param,
        dynamic={"label": {1: "height", 2: "width"}},
        label_space=SPACE,
    )
    return request.param, folder, model, card


def test_the_file_computes_what_the_rounded_model_computes(exported):
    weights, folder, model, card = exported
    given = inputs(size=12)  # another size: its axes are dynamic
    got = run(folder / "net.onnx", {key: value.numpy() for key, value in given.items()})
    with torch.no_grad():
        expected = rounded(model, weights)(*given.values())
    assert abs(got["picture"] - expected.numpy()).max() < 1e-5
    assert card.max_error < 1e-5


def test_rounding_costs_what_the_card_says(exported):
    weights, _, _, card = exported
    low, high = {"fp16": (55, 100), "int8": (25, 60), "fp32": (100, 400)}[weights]
    assert card.decibels["picture"] is None or low < card.decibels["picture"] < high


def test_the_card_describes_the_file(exported):
    weights, folder, _, card = exported
    data = (folder / "net.onnx").read_bytes()
    assert card.bytes == len(data)
    assert card.gzip_bytes == len(gzip.compress(data, 9, mtime=0))
    assert card.weights == weights
    assert card.inputs == {
        "label": {"type": "uint8", "shape": [1, "height", "width"]},
        "style": {"type": "float32", "shape": [1, 8]},
    }
    assert card.outputs["picture"]["shape"][:2] == [1, 3]
    assert card.label_space["classes"] == ("left", "right")
    # All weights; of spectral norm only the folded one.
    assert card.parameters >= 16 * 2 * 9 + 16 + 4 * 16 + 8 * 16 + 3 * 16 * 9 + 3 - 32
    read = LiveCard.read(folder / "net.json")
    assert json.loads(read.to_json()) == json.loads(card.to_json())


def test_weights_are_stored_small(exported):
    import onnx

    weights, folder, _, _ = exported
    graph = onnx.load(folder / "net.onnx").graph
    types = {len(t.dims) >= 2 and t.data_type for t in graph.initializer if len(t.dims) >= 2}
    kind = onnx.TensorProto
    wanted = {"fp16": kind.FLOAT16, "int8": kind.INT8, "fp32": kind.FLOAT}[weights]
    assert wanted in types


def test_the_model_is_left_as_it_was(exported):
    model = exported[2]
    assert model.training
    assert "first.weight_orig" in dict(model.named_parameters())


def refused(match, tmp_path, model=None, given=None, **options):
    options = {"name": "net", "out": tmp_path / "out", **options}
    with pytest.raises(InputError, match=match):
        export(model or Net(), given or inputs(), **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["", "Net", "../net", "a b", ".net"])
def test_a_bad_name(tmp_path, name):
    refused("use small letters, digits, dots and hyphens", tmp_path, name=name)


def test_an_input_that_a_page_cannot_hand_over(tmp_path):
    given = inputs()
    given["label"] = given["label"].long()
    refused("'label' is torch.int64.*float32, uint8, int32", tmp_path, given=given)
    refused("'style' is list", tmp_path, given={**inputs(), "style": [0.0] * 8})


def test_no_input_at_all(tmp_path):
    with pytest.raises(InputError, match="give an example of each input"):
        export(Net(), {}, name="net", out=tmp_path)


def test_inputs_that_do_not_fit_the_model(tmp_path):
    given = {**inputs(), "style": torch.randn(1, 5)}
    refused(r"does not take label \[1, 16, 16\], style \[1, 5\]", tmp_path, given=given)
    refused("does not take label", tmp_path, given={"label": inputs()["label"]})


def test_outputs_without_a_name(tmp_path):
    refused("returns 1 tensors, 2 are named", tmp_path, outputs=("picture", "mask"))


def test_unknown_weights(tmp_path):
    refused("unknown 'fp8'", tmp_path, weights="fp8")


def test_a_difference_above_the_tolerance(tmp_path):
    refused(r"differs from PyTorch by .* allowed is 1e-12", tmp_path, tolerance=1e-12)


def test_a_model_that_cannot_be_exported(tmp_path):
    class Branch(nn.Module):
        def forward(self, x):
            return x * 2 if bool((x > 0).all()) else x

    refused("PyTorch cannot export it", tmp_path, Branch(), {"x": torch.randn(1, 4)})


@pytest.mark.parametrize("text", ["{", "[1]", '{"name": "x"}'])
def test_a_card_that_is_none(tmp_path, text):
    (tmp_path / "net.json").write_text(text)
    with pytest.raises(InputError, match=r"net\.json: not the card of an exported model"):
        LiveCard.read(tmp_path / "net.json")


def test_a_card_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no such card"):
        LiveCard.read(tmp_path / "gone.json")
