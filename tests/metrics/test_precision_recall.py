"""Precision and recall: by hand on a line, and on sets that miss something."""

import numpy as np
import pytest

from nbgan.errors import InputError
from nbgan.metrics import precision_recall


def test_by_hand():
    # Nearest neighbours of the real points are 1, 1, 2 away, of the generated ones 2, 2, 28.
    real, generated = np.array([[0.0], [1.0], [3.0]]), np.array([[0.5], [2.5], [30.5]])
    assert precision_recall(real, generated, neighbours=1) == (pytest.approx(2 / 3), 1.0)


def test_missing_modes_lower_recall_and_strange_pictures_precision():
    rng = np.random.default_rng(0)
    faces, hats = rng.normal(0, 1, (100, 4)), rng.normal(20, 1, (100, 4))
    precision, recall = precision_recall(np.concatenate([faces, hats]), rng.normal(0, 1, (200, 4)))
    assert precision > 0.8
    assert recall == pytest.approx(0.5, abs=0.06)
    precision, recall = precision_recall(faces, np.concatenate([hats, rng.normal(0, 1, (100, 4))]))
    assert precision == pytest.approx(0.5, abs=0.06)
    assert recall > 0.8


def test_bad_features_are_named():
    with pytest.raises(InputError, match=r"generated: got features of shape \[3, 2\].*at least 4"):
        precision_recall(np.zeros((9, 2)), np.zeros((3, 2)))
    with pytest.raises(InputError, match="2 and 3 columns"):
        precision_recall(np.zeros((9, 2)), np.zeros((9, 3)))
