"""Votes, disagreement and filters, on numbers worked out by hand."""

import math

import pytest
import torch

from nbgan.datasetgan.votes import Ballot, image_score, keep_certain, keep_published
from nbgan.errors import InputError


def ballot(*members):
    result = Ballot(pixels=1, classes=3, members=len(members))
    for probabilities in members:
        result.add(slice(0, 1), torch.tensor([probabilities]).log())
    return result


def test_ties_go_to_the_smallest_class():
    one, two = [0.0, 0.6, 0.4], [0.0, 0.1, 0.9]
    assert ballot(two, one).labels.item() == 1
    assert ballot(two, two, one).labels.item() == 2


def test_vote_is_not_the_mean_probability():
    sure, unsure = [0.0, 0.0, 1.0], [0.0, 0.51, 0.49]
    assert ballot(sure, unsure, unsure).labels.item() == 1


def test_disagreement_is_the_jensen_shannon_divergence():
    assert ballot([1.0, 0, 0], [0, 1.0, 0]).disagreement.item() == pytest.approx(math.log(2))
    assert ballot([0.2, 0.5, 0.3], [0.2, 0.5, 0.3]).disagreement.item() == pytest.approx(
        0, abs=1e-6
    )

    def entropy(*p):
        return -sum(x * math.log(x) for x in p)

    expected = entropy(0.5, 0.25, 0.25) - (entropy(0.8, 0.1, 0.1) + entropy(0.2, 0.4, 0.4)) / 2
    measured = ballot([0.8, 0.1, 0.1], [0.2, 0.4, 0.4]).disagreement.item()
    assert measured == pytest.approx(expected, abs=1e-6)


def test_image_score_is_the_mean_of_the_top_tenth():
    values = torch.zeros(1, 5, 5)
    values[0, 0, :3] = torch.tensor([4.0, 2.0, 1.0])
    assert image_score(values).tolist() == [3.0]  # int(25 / 10) = 2 pixels


def test_keep_certain_drops_the_highest_scores_only():
    assert keep_certain([3.0, 1.0, 2.0, 9.0], drop=0.25) == [0, 1, 2]
    assert keep_certain([3.0, 1.0], drop=0.0) == [0, 1]
    with pytest.raises(InputError, match=r"from 0 to under 1, got 1\.0"):
        keep_certain([1.0], drop=1.0)


def test_published_filter_also_drops_the_thirty_most_certain():
    scores = torch.arange(400.0).flip(0)
    kept = keep_published(scores, drop=0.1)
    assert len(kept) == 360
    assert {scores[i].item() for i in kept} == set(range(30, 390))
    assert keep_published(scores, drop=0.0, max_data=3) == [0, 1, 2]


@pytest.mark.parametrize("count", [300, 299, 40])
def test_published_filter_of_few_pictures_is_refused_not_empty(count):
    with pytest.raises(InputError, match="keeps nothing unless more than 30"):
        keep_published(torch.rand(count), drop=0.1)
