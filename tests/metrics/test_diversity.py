"""The stand-in perceptual distance and the diversity over styles, by hand."""

from __future__ import annotations

import pytest
import torch

from nbgan.errors import InputError
from nbgan.metrics import FeatureDistance, style_diversity


class Identity:
    name = "identity"

    def __call__(self, image: torch.Tensor) -> list[torch.Tensor]:
        return [image, 3 * image[:, :2]]


class MeanDifference:
    name = "mean difference"

    def __call__(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (a - b).abs().mean(dim=(1, 2, 3))


def paint(label: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    """A picture as bright as the style, times one plus the class id."""
    return (style[:, :1, None, None] * (1 + label[:, None])).expand(-1, 3, -1, -1)


def test_feature_distance_by_hand():
    a = torch.tensor([1.0, 0.0, 0.0])[None, :, None, None].expand(2, 3, 4, 4)
    b = torch.tensor([[0.0, 5.0, 0.0], [3.0, 0.0, 4.0]])[:, :, None, None].expand(2, 3, 4, 4)
    distance = FeatureDistance(Identity())
    # Unit vectors: (0,1,0) is √2 away on both maps; (.6,0,.8) is (.4² + .8²) and then 0.
    assert distance(a, b).tolist() == pytest.approx([2.0, (0.16 + 0.64) / 2])
    assert distance(a, a).tolist() == [0, 0]
    assert distance.name == "perceptual distance, stand-in for LPIPS (identity)"
    with pytest.raises(InputError, match="same size"):
        distance(a, b[:, :, :2])


@pytest.mark.parametrize("batch_size", [1, 2, 32])
def test_diversity_is_the_mean_over_pairs_and_label_maps(batch_size):
    label = torch.stack([torch.zeros(4, 4), torch.ones(4, 4)]).long()
    style = torch.tensor([[0.0], [0.1], [0.4]])
    score = style_diversity(paint, MeanDifference(), label, style, batch_size=batch_size)
    per_label = (0.1 + 0.4 + 0.3) / 3
    assert score.per_label == pytest.approx((per_label, 2 * per_label))
    assert score.value == pytest.approx(1.5 * per_label)
    assert score.name == "diversity over styles, mean difference"


def test_no_diversity_where_the_style_has_no_effect():
    label = torch.zeros(1, 4, 4, dtype=torch.long)
    score = style_diversity(
        lambda label, style: torch.zeros(len(label), 3, 4, 4),
        MeanDifference(),
        label,
        torch.randn(4, 2, generator=torch.Generator().manual_seed(0)),
    )
    assert score.value == 0


def test_bad_input():
    label = torch.zeros(1, 4, 4, dtype=torch.long)
    with pytest.raises(InputError, match="at least two styles"):
        style_diversity(paint, MeanDifference(), label, torch.zeros(1, 2))
    with pytest.raises(InputError, match="label: got shape"):
        style_diversity(paint, MeanDifference(), label[0], torch.zeros(2, 2))
    with pytest.raises(InputError, match="one image per style"):
        style_diversity(
            lambda label, style: paint(label, style)[:1],
            MeanDifference(),
            label,
            torch.zeros(2, 2),
        )
