"""Cluster centres: found, sampled, saved, and what happens where there are too few instances."""

import pytest
import torch
from objects import SPACE

from nbgan.errors import InputError
from nbgan.pix2pixhd import FeatureClusters, Pix2PixHDRecipe, Pix2PixHDSystem
from nbgan.train import load_model, save_model

COLOURS = torch.tensor([[0.8, 0.0, 0.0], [0.0, 0.8, 0.0], [0.0, 0.0, 0.8]])


def table(counts, *, area=1.0, spread=0.01):
    random = torch.Generator().manual_seed(0)
    rows = torch.cat([COLOURS[i].expand(n, 3) for i, n in enumerate(counts)])
    rows = rows + spread * torch.randn(rows.shape, generator=random)
    return torch.cat([rows, torch.full((len(rows), 1), area)], dim=1).double()


def clusters(k=3):
    return FeatureClusters(classes=("road", "car", "train"), clusters=k)


EMPTY = torch.zeros(0, 4).double()


def test_centres_are_the_means_of_their_instances_most_frequent_first():
    found = clusters()
    remarks = found.fit([EMPTY, table((5, 20, 10)), EMPTY])
    torch.testing.assert_close(found.of_class(1), COLOURS[[1, 2, 0]], atol=0.02, rtol=0)
    assert found.counts[1].tolist() == [20, 10, 5]
    torch.testing.assert_close(found.usual()[1], COLOURS[1], atol=0.02, rtol=0)
    assert len(remarks) == 2 and "class 'road' has no instance" in remarks[0]
    again = clusters()
    again.fit([EMPTY, table((5, 20, 10)), EMPTY])
    assert torch.equal(again.centres, found.centres)


def test_small_instances_are_left_out_unless_there_are_no_others():
    mixed = torch.cat([table((9, 0, 0), area=2.0), table((0, 9, 0), area=0.1)])
    found = clusters(1)
    found.fit([mixed, table((0, 0, 4), area=0.1), EMPTY], min_area=0.5)
    torch.testing.assert_close(found.centres[0, 0], COLOURS[0], atol=0.02, rtol=0)
    torch.testing.assert_close(found.centres[1, 0], COLOURS[2], atol=0.02, rtol=0)
    assert found.counts[:, 0].tolist() == [9, 4, 0]


def test_more_clusters_than_instances_gives_as_many_as_there_are():
    found = clusters(10)
    remarks = found.fit([table((1, 1, 0), spread=0), EMPTY, EMPTY])
    assert len(found.of_class(0)) == 2
    assert "class 'road' has 2 different instances for 10 clusters; lower 'clusters'" in remarks[0]
    with pytest.raises(InputError, match="class 'road' has 2 different instances for 10 clusters"):
        clusters(10).fit([table((1, 1, 0), spread=0), EMPTY, EMPTY], strict=True)
    with pytest.raises(InputError, match="class 'train' has no instance"):
        clusters(1).fit([table((4, 0, 0)), table((4, 0, 0)), EMPTY], strict=True)


def test_nothing_to_cluster_is_an_error():
    with pytest.raises(InputError, match="no instance of any class"):
        clusters().fit([EMPTY] * 3)
    with pytest.raises(InputError, match="1 tables for 3 classes"):
        clusters().fit([EMPTY])


def test_a_centre_that_does_not_exist_is_named():
    found = clusters()
    found.fit([EMPTY, table((5, 5, 5)), EMPTY])
    assert found.centre(1, 2).shape == (3,)
    with pytest.raises(InputError, match="cluster 3 of class 'car' does not exist; it has 0 to 2"):
        found.centre(1, 3)
    with pytest.raises(InputError, match="class 'road' .*no instance was clustered"):
        found.centre(0, 0)


def test_samples_follow_the_number_of_instances():
    found = clusters()
    found.fit([EMPTY, table((5, 30, 15)), EMPTY])
    style = found.sample(50, torch.Generator().manual_seed(0))
    near = torch.cdist(style[:, 1].reshape(-1, 3), found.of_class(1)).argmin(dim=1)
    share = torch.bincount(near, minlength=3) / len(near)
    torch.testing.assert_close(share, torch.tensor([0.6, 0.3, 0.1]), atol=0.03, rtol=0)
    assert not style[:, 0].any() and not style[:, 2].any()


def test_centres_travel_in_the_model_file(tmp_path):
    model = Pix2PixHDSystem(Pix2PixHDRecipe.preset("smoke"), SPACE)
    model.clusters.fit([EMPTY, table((5, 20, 10)), EMPTY])
    save_model(tmp_path / "m.safetensors", model)
    loaded = load_model(tmp_path / "m.safetensors")
    assert torch.equal(loaded.clusters.centres, model.clusters.centres)
    assert torch.equal(loaded.clusters.counts, model.clusters.counts)
    assert torch.equal(loaded.sample_style(2, seed=3), model.sample_style(2, seed=3))
