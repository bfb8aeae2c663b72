"""Instance-wise pooling: one pass against the published loop, by hand, and gradients."""

import pytest
import torch

from nbgan.errors import InputError
from nbgan.pix2pixhd.pooling import (
    class_of,
    class_tables,
    instance_mean,
    instance_mean_loop,
    instance_table,
)

FEATURES = torch.tensor([[[[1.0, 3.0], [5.0, 7.0]]], [[[2.0, 4.0], [6.0, 8.0]]]])
IDS = torch.tensor([[[7, 26001], [26001, 26001]], [[7, 7], [7, 26001]]])


def random_case(seed=0):
    torch.manual_seed(seed)
    return torch.randn(3, 4, 11, 7), torch.randint(0, 9, (3, 11, 7)) * 1000


def test_means_by_hand_and_pictures_apart():
    expected = [[[[1.0, 5.0], [5.0, 5.0]]], [[[4.0, 4.0], [4.0, 8.0]]]]
    assert instance_mean(FEATURES, IDS).tolist() == expected


def test_table_by_hand():
    first, second = instance_table(FEATURES, IDS)
    assert first.ids.tolist() == [7, 26001]
    assert first.means.tolist() == [[1.0], [5.0]]
    assert first.pixels.tolist() == [1, 3]
    assert second.means.tolist() == [[4.0], [8.0]]


@pytest.mark.parametrize("seed", range(3))
def test_one_pass_and_loop_agree(seed):
    features, ids = random_case(seed)
    torch.testing.assert_close(instance_mean(features, ids), instance_mean_loop(features, ids))


def test_gradients_of_one_pass_and_loop_agree():
    features, ids = random_case()
    weights = torch.randn_like(features)
    gradients = []
    for pool in (instance_mean, instance_mean_loop):
        x = features.clone().requires_grad_()
        (pool(x, ids) * weights).sum().backward()
        gradients.append(x.grad)
    torch.testing.assert_close(*gradients)
    exact = torch.randn(1, 2, 3, 3, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: instance_mean(x, ids[:1, :3, :3]), exact)


def test_pooling_twice_changes_nothing():
    features, ids = random_case()
    once = instance_mean(features, ids)
    torch.testing.assert_close(instance_mean(once, ids), once)


def test_other_pictures_of_the_batch_play_no_part():
    features, ids = random_case()
    together = instance_mean(features, ids)
    alone = torch.cat([instance_mean(f[None], i[None]) for f, i in zip(features, ids, strict=True)])
    assert torch.equal(together, alone)


def test_large_even_surfaces_keep_their_value():
    features = torch.full((1, 1, 1024, 1024), 0.1)
    ids = torch.full((1, 1024, 1024), 7)
    assert instance_mean(features, ids)[0, 0, 0, 0].item() == pytest.approx(0.1, abs=1e-8)


def test_bfloat16_goes_in_and_out():
    features, ids = random_case()
    pooled = instance_mean(features.bfloat16(), ids)
    assert pooled.dtype == torch.bfloat16
    exact = instance_mean(features.bfloat16().float(), ids)
    assert torch.equal(pooled, exact.bfloat16())


def test_class_of_ids():
    ids = torch.tensor([0, 7, 26, 999, 1000, 26000, 26003])
    assert class_of(ids).tolist() == [0, 7, 26, 999, 1, 26, 26]


def test_class_tables_by_hand():
    features = torch.zeros(1, 2, 8, 8)
    ids = torch.zeros(1, 8, 8, dtype=torch.long)
    ids[:, :4], ids[:, 4:, 4:] = 2000, 2001
    features[:, 0, :4], features[:, 1, 4:, 4:] = 3.0, 5.0
    tables = class_tables(features, ids, 4)
    assert tables[0].tolist() == [[0.0, 0.0, 8.0]]
    assert tables[2].tolist() == [[3.0, 0.0, 16.0], [0.0, 5.0, 8.0]]
    assert tables[1].shape == tables[3].shape == (0, 3)
    with pytest.raises(InputError, match="an id of class 2; there are 2 classes"):
        class_tables(features, ids, 2)


def test_ids_of_another_size_or_range_are_refused():
    features, ids = random_case()
    with pytest.raises(
        InputError, match=r"shape \[3, 11, 6\] does not belong to .*\[3, 4, 11, 7\]"
    ):
        instance_mean(features, ids[:, :, 1:])
    with pytest.raises(InputError, match="id 70000 is outside"):
        instance_mean(features, ids + 70000 * (ids > 7000) - ids * (ids > 7000))
