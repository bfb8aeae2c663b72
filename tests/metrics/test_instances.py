"""Borders between touching objects: which pixels they are, and whether a picture shows them."""

import math

import pytest
import torch

from nbgan.metrics.instances import boundary_score, inside, touching_borders


@pytest.fixture
def maps():
    """Two cars side by side on a road, and a person who touches no person."""
    label = torch.full((1, 16, 24), 7)
    instance = torch.zeros_like(label)
    label[0, 4:12, 2:18] = 26
    instance[0, 4:12, 2:10], instance[0, 4:12, 10:18] = 26000, 26001
    label[0, 4:12, 18:22], instance[0, 4:12, 18:22] = 24, 24000
    return label, instance


def flat(maps, colors):
    label, instance = maps
    image = torch.zeros(1, 3, 16, 24)
    for identity, value in colors.items():
        image[:, :, (instance == identity)[0]] = value
    return {"label": label, "instance": instance, "image": image}


def test_only_borders_within_a_class_count(maps):
    borders = touching_borders(*maps)
    expected = torch.zeros_like(borders)
    expected[0, 4:12, 9:11] = True
    assert torch.equal(borders, expected)


def test_inside_keeps_its_distance(maps):
    mask = inside(maps[1])
    assert mask[0, 6:10, 4:8].all() and mask[0, 6:10, 12:16].all()
    assert mask.sum() == 2 * 4 * 4


def test_a_visible_border_scores_one_an_invisible_one_half(maps):
    seen = flat(maps, {26000: -0.5, 26001: 0.5, 24000: 1.0})
    # Where both cars are one colour only the ends of the border meet the road's colour.
    hidden = flat(maps, {0: 0.5, 26000: 0.5, 26001: 0.5, 24000: 0.5})
    score = boundary_score(lambda batch: batch["image"], [seen])
    assert score.accuracy == 1.0 and score.border_pixels == 16
    assert boundary_score(lambda batch: batch["image"], [hidden]).accuracy == 0.5


def test_noise_scores_about_chance(maps):
    batch = flat(maps, {}) | {"image": torch.rand(1, 3, 16, 24) * 2 - 1}
    torch.manual_seed(0)
    scores = [
        boundary_score(lambda b: torch.rand_like(b["image"]) * 2 - 1, [batch]).accuracy
        for _ in range(40)
    ]
    assert sum(scores) / len(scores) == pytest.approx(0.5, abs=0.05)


def test_pictures_without_touching_objects_have_no_score(maps):
    label, instance = maps
    batch = {"label": label, "instance": instance * 0, "image": torch.zeros(1, 3, 16, 24)}
    score = boundary_score(lambda b: b["image"], [batch])
    assert math.isnan(score.accuracy) and score.border_pixels == 0
