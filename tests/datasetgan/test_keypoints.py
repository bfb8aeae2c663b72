"""Heat maps, peaks and PCK."""

import pytest
import torch

from nbgan.datasetgan import heat_maps, pck, peaks
from nbgan.datasetgan.keypoints import squared_error
from nbgan.errors import InputError

NAN = float("nan")


def test_peaks_find_what_heat_maps_draw():
    points = torch.tensor([[[5.3, 9.8], [0.2, 14.9], [NAN, NAN]]])
    heat = heat_maps(points, height=16, width=20, sigma=1.5)
    assert heat.shape == (1, 3, 16, 20)
    found = peaks(heat.nan_to_num())
    assert (found[0, :2] - points[0, :2]).abs().max() < 0.21
    assert found[0, 2].isnan().all()


def test_heat_is_one_at_the_point_and_falls_as_a_bell():
    heat = heat_maps(torch.tensor([[[3.0, 2.0]]]), height=6, width=8, sigma=2.0)[0, 0]
    assert heat[2, 3] == 1
    torch.testing.assert_close(heat[2, 5], torch.tensor(-0.5).exp())


def test_unseen_keypoints_do_not_count_in_the_loss():
    heat = torch.tensor([[1.0, NAN], [0.0, NAN]])
    predicted = torch.tensor([[0.5, 9.0], [0.5, 9.0]], requires_grad=True)
    loss = squared_error(predicted, heat)
    loss.backward()
    assert loss.item() == 0.25
    assert predicted.grad[:, 1].eq(0).all()
    assert squared_error(predicted, torch.full_like(heat, NAN)).item() == 0


def test_pck_by_hand():
    true = torch.tensor(
        [[[0.0, 0.0], [10.0, 0.0], [NAN, NAN]], [[0.0, 0.0], [0.0, 20.0], [5.0, 5.0]]]
    )
    found = true.clone()
    found[0, 1, 0] = 11.5  # off by 1.5; near enough is 1
    found[1, 1, 1] = 21.5  # off by 1.5; near enough is 2
    found[1, 2] = NAN  # not found: a miss
    assert pck(found, true, alpha=0.1) == pytest.approx(3 / 5)
    assert pck(found, true, alpha=0.1, size=20) == pytest.approx(4 / 5)
    with pytest.raises(InputError, match="none of the true ones can be seen"):
        pck(found, torch.full_like(true, NAN))
    with pytest.raises(InputError, match="expected the same shape"):
        pck(found[:1], true)
