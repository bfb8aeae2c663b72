"""Scores inside an optimisation: those of the published stack, gradients too, in bands."""

import pytest
import torch
from torch.nn import functional as F

from nbgan.datasetgan import PixelGrid, StyleInterpreter
from nbgan.editgan import reading
from nbgan.editgan.reading import MeanScores
from nbgan.editgan.reference import mean_scores_of_stack
from nbgan.errors import InputError

SIZES = {4: 12, 8: 8, 16: 6, 32: 4}


def maps(requires_grad=False):
    return [
        torch.randn(1, c, r, r, requires_grad=requires_grad)
        for r, c in SIZES.items()
        for _ in range(2)
    ]


def trained(outputs=5, members=3):
    model = StyleInterpreter(channels=2 * sum(SIZES.values()), outputs=outputs, members=members)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.2 * torch.randn_like(p))
    for _ in range(3):
        model.train()(torch.randn(members, 16, model.channels) * 2 + 1)
    return model.eval()


@pytest.mark.parametrize("nearest", [False, True])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (24, 32), (16, 16)])
def test_scores_and_gradients_are_those_of_the_stack(nearest, height, width, monkeypatch):
    torch.manual_seed(0)
    monkeypatch.setattr(reading, "BAND", 100)
    grid, model, given = PixelGrid(height=height, width=width), trained(), maps(True)
    pixels = torch.randperm(grid.pixels)[:230].sort().values
    classifiers = [model.classifier(m) for m in range(3)]
    target = torch.randint(5, (len(pixels),))
    found = {}
    for name, scores in {
        "ours": MeanScores(interpreter=model, grid=grid, pixels=pixels, nearest=nearest)(given),
        "published": mean_scores_of_stack(classifiers, given, grid, pixels, nearest=nearest),
    }.items():
        loss = F.cross_entropy(scores, target, reduction="sum")
        found[name] = (scores, *torch.autograd.grad(loss, given))
    for ours, published in zip(found["ours"], found["published"], strict=True):
        torch.testing.assert_close(ours, published, atol=1e-4, rtol=1e-4)
    assert found["published"][1].abs().max() > 0.1


def test_bands_change_nothing(monkeypatch):
    torch.manual_seed(0)
    model, grid, given = trained(), PixelGrid(height=32, width=32), maps()
    whole = MeanScores(interpreter=model, grid=grid)(given)
    monkeypatch.setattr(reading, "BAND", 37)
    torch.testing.assert_close(
        MeanScores(interpreter=model, grid=grid)(given), whole, atol=1e-5, rtol=0
    )


def test_only_the_cells_that_are_read_are_projected(monkeypatch):
    grid, model = PixelGrid(height=32, width=32), trained()
    seen = []
    band_scores = MeanScores.band_scores

    def watch(self, rows, weights, band):
        seen.append([len(r) for r in rows])
        return band_scores(self, rows, weights, band)

    monkeypatch.setattr(MeanScores, "band_scores", watch)
    corner = torch.tensor([0, 1, 32, 33])  # two by two pixels
    MeanScores(interpreter=model, grid=grid, pixels=corner, nearest=True)(maps())
    assert seen == [[1, 1, 1, 4]]


def test_the_graph_holds_no_hidden_layer():
    """What is kept for the backward pass is the maps, and nothing that grows with the members."""
    torch.manual_seed(0)
    model, grid, given = trained(members=7), PixelGrid(height=32, width=32), maps(True)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.append(t.numel()) or t, lambda t: t
    ):
        MeanScores(interpreter=model, grid=grid)(given)
    assert sum(kept) <= sum(x.numel() for x in given)


def test_maps_of_another_generator_are_refused():
    scores = MeanScores(interpreter=trained(), grid=PixelGrid(height=32, width=32))
    with pytest.raises(InputError, match="1 pictures with 24 channels; this reads one .* with 60"):
        scores(maps()[:2])
