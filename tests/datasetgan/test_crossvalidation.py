"""The published protocol on small matrices."""

import pytest
import torch

from nbgan.datasetgan import cross_validate, hold_out
from nbgan.datasetgan.crossvalidation import published_miou
from nbgan.errors import InputError


def matrices(*accuracies):
    """One picture a number: so many of 10 pixels of class 0 found, the others called class 1."""
    return torch.stack([torch.tensor([[a, 10 - a], [0, 0]]) for a in accuracies])


def test_absent_classes_count_as_zero():
    assert published_miou(matrices(10)) == pytest.approx(0.5)
    assert published_miou(torch.tensor([[5, 0, 0], [0, 5, 0], [0, 0, 0]])) == pytest.approx(2 / 3)


def test_fold_validates_and_the_rest_tests():
    first = matrices(10, 10, 0, 0, 0)  # best on the first two pictures
    second = matrices(0, 0, 10, 10, 10)
    result = cross_validate([first, second])
    assert result.chosen == (0, 0, 1, 1, 1)
    # Chosen on its good picture, tested on the other four: 10 + 0 + 0 + 0 of 40 pixels.
    assert result.folds[0] == pytest.approx(0.25 / 2)
    assert result.folds[4] == pytest.approx(0.5 / 2)
    assert result.mean == pytest.approx(0.2)
    assert result.std == pytest.approx(torch.tensor(result.folds).std(correction=0).item())


def test_left_over_pictures_are_tested_and_never_validated():
    good_at_end = matrices(*[0] * 10, 10)
    flat = matrices(*[1] * 11)
    assert cross_validate([good_at_end, flat]).chosen == (1,) * 5


def test_first_of_equal_checkpoints_is_chosen():
    assert cross_validate([matrices(*[5] * 5)] * 3).chosen == (0,) * 5
    assert hold_out([matrices(1, 2), matrices(1, 9)], validation=1)[1] == pytest.approx(0.1)


def test_fewer_pictures_than_folds_and_other_mistakes():
    with pytest.raises(InputError, match="got 5 for 4 pictures.*at most as many"):
        cross_validate([matrices(1, 2, 3, 4)])
    with pytest.raises(InputError, match="expected matrices .* got none"):
        cross_validate([])
    with pytest.raises(InputError, match="leave at least one to test"):
        hold_out([matrices(1, 2)], validation=2)
