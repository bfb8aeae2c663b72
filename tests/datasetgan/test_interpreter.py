"""The lean interpreter against the published formulation."""

import pytest
import torch

from nbgan.datasetgan import (
    FeatureBank,
    PixelClassifier,
    PixelGrid,
    StyleInterpreter,
    interpret_stack,
)
from nbgan.datasetgan import interpreter as lean
from nbgan.errors import InputError

SIZES = {4: 12, 8: 12, 16: 6, 32: 4, 64: 2}


def maps(n=2):
    return [torch.randn(n, c, r, r) for r, c in SIZES.items() for _ in range(2)]


def trained(outputs, members=3):
    """An interpreter with running statistics and weights that are not those of the start."""
    model = StyleInterpreter(channels=2 * sum(SIZES.values()), outputs=outputs, members=members)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.2 * torch.randn_like(p))
    for _ in range(3):
        model.train()(torch.randn(members, 16, model.channels) * 2 + 1)
    return model.eval()


@pytest.mark.parametrize("outputs", [5, 34])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 32), (24, 32)])
def test_labels_and_uncertainty_are_those_of_the_stack(outputs, height, width):
    torch.manual_seed(0)
    grid, given, model = PixelGrid(height=height, width=width), maps(), trained(outputs)
    ours = model.interpret(FeatureBank.of(given, grid))
    published = interpret_stack([model.classifier(m) for m in range(3)], given, grid)
    assert torch.equal(ours.label, published.label)
    torch.testing.assert_close(ours.uncertainty, published.uncertainty, atol=1e-4, rtol=0)
    torch.testing.assert_close(ours.score, published.score, atol=1e-4, rtol=0)
    assert published.uncertainty.max() > 0.05, "members disagree somewhere"
    assert published.label.unique().numel() > 2


def test_small_groups_and_bands_change_nothing(monkeypatch):
    torch.manual_seed(0)
    model, bank = trained(5), FeatureBank.of(maps(), PixelGrid(height=32, width=32))
    whole = model.mean_scores(bank)
    monkeypatch.setattr(lean, "TABLE_BYTES", 1)
    monkeypatch.setattr(lean, "BAND_BYTES", 128 * 4 * 37)
    torch.testing.assert_close(model.mean_scores(bank), whole, atol=1e-5, rtol=0)


def test_first_layer_of_all_members_never_holds_the_stack(monkeypatch):
    bank = FeatureBank.of(maps(1), PixelGrid(height=64, width=64))
    largest = []
    read = lean.read_cells
    monkeypatch.setattr(
        lean, "read_cells", lambda t, c, s: largest.append(t.numel()) or read(t, c, s)
    )
    monkeypatch.setattr(lean, "TABLE_BYTES", 4 * 128 * 1360)
    trained(5).interpret(bank)
    cells = 16 + 64 + 256 + 1024
    assert max(largest) == cells * 128, "one member's projections at the maps' own resolutions"


def test_training_pass_is_that_of_single_classifiers():
    torch.manual_seed(0)
    model = trained(5)
    singles = [model.classifier(m).train() for m in range(3)]
    rows = torch.randn(3, 16, model.channels)
    together = model.train()(rows)
    for m, single in enumerate(singles):
        torch.testing.assert_close(together[m], single(rows[m]), atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(
            model.norm_0.running_var.view(3, -1)[m], single.layers[2].running_var
        )


def test_members_learn_by_themselves():
    model = trained(5)
    model(torch.randn(3, 4, model.channels))[1].sum().backward()
    gradient = model.linear_0.weight.grad.abs().sum(dim=(1, 2))
    assert gradient[0] == gradient[2] == 0 < gradient[1]


def test_hidden_widths_change_at_32_classes():
    shapes = [
        [
            p.shape[0]
            for n, p in PixelClassifier(channels=7, outputs=k).named_parameters()
            if p.ndim == 2
        ]
        for k in (31, 32)
    ]
    assert shapes == [[128, 32, 31], [256, 128, 32]]


def test_wrong_maps_and_classifiers_are_named():
    model = trained(5)
    with pytest.raises(InputError, match=r"24 channels, this interpreter reads 72"):
        model.interpret(FeatureBank.of(maps(1)[:2], PixelGrid(height=32, width=32)))
    singles = [PixelClassifier(channels=8, outputs=k) for k in (3, 4)]
    with pytest.raises(InputError, match="8 channels and 3 outputs, 8 channels and 4 outputs"):
        StyleInterpreter.from_classifiers(singles)
    with pytest.raises(InputError, match="got none"):
        StyleInterpreter.from_classifiers([])
