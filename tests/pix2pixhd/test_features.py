"""Encoded instances on disk: what they hold, that they resume, and what painting makes of them."""

import pytest
import torch
from objects import SPACE, Objects
from torch.utils.data import Dataset, default_collate

from nbgan.errors import InputError
from nbgan.pix2pixhd import Pix2PixHDRecipe, Pix2PixHDSystem
from nbgan.pix2pixhd.features import (
    EncodedInstances,
    WithFeatures,
    collect_tables,
    encode_instances,
    weights_key,
)
from nbgan.pix2pixhd.pooling import class_tables
from nbgan.pix2pixhd.styles import instance_ids, paint_rows


@pytest.fixture
def model(monkeypatch, tmp_path):
    monkeypatch.setenv("NBGAN_CACHE", str(tmp_path / "cache"))
    return Pix2PixHDSystem(Pix2PixHDRecipe.preset("smoke"), SPACE).eval()


def test_ids_and_vectors_give_back_the_encoders_map(model):
    data = WithFeatures(Objects(4), model.encode_data(Objects(4), progress=False))
    batch = default_collate([data[i] for i in range(4)])
    maps = batch["label"], batch["instance"]
    painted = paint_rows(instance_ids(*maps), batch["feature_ids"], batch["feature_rows"])
    torch.testing.assert_close(painted, model.encode(batch["image"], *maps))
    assert data.label_space is SPACE


def test_mirrored_maps_get_mirrored_features(model):
    from nbgan.train.order import mirror

    data = WithFeatures(Objects(2), model.encode_data(Objects(2), progress=False))
    batch = default_collate([data[i] for i in range(2)])
    turned = mirror(batch)

    def painted(b):
        ids = instance_ids(b["label"], b["instance"])
        return paint_rows(ids, b["feature_ids"], b["feature_rows"])

    assert torch.equal(painted(turned), painted(batch).flip(-1))


def test_tables_are_the_published_ones(model):
    encoded = model.encode_data(Objects(4), progress=False)
    tables = collect_tables(encoded, 3)
    batch = default_collate([Objects(4)[i] for i in range(4)])
    maps = batch["label"], batch["instance"]
    expected = class_tables(model.encode(batch["image"], *maps), instance_ids(*maps), 3)
    assert [len(t) for t in tables] == [4, 8, 0]
    for ours, theirs in zip(tables, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-5)


def test_feature_maps_of_the_data_itself_are_taken_as_they_are(model):
    class WithMaps(Objects):
        def __getitem__(self, index):
            return super().__getitem__(index) | {"features": torch.full((3, 32, 64), 0.25)}

    loading = Pix2PixHDSystem(
        Pix2PixHDRecipe.preset("smoke", load_features=True, start_from="unused"), SPACE
    ).eval()
    data = WithMaps(2)
    assert loading.training_data(data) is data
    batch = default_collate([data[0], data[1]])
    condition, ids = loading.condition(batch["label"], batch["instance"])
    loading.generator_losses(batch)
    expected = loading.paint(condition, batch["features"])
    torch.testing.assert_close(loading._take_painted(batch["label"]), expected)
    own = loading.paint(condition, loading.feature_map(batch["image"], ids))
    assert not torch.equal(expected, own)


class Counting(Dataset):
    def __init__(self, stop=None):
        self.data, self.stop, self.seen = Objects(300), stop, []
        self.cache_key = self.data.cache_key

    def __len__(self):
        return 300

    def __getitem__(self, index):
        if index == self.stop:
            raise KeyboardInterrupt
        self.seen.append(index)
        return self.data[index]


def test_encoding_goes_on_where_it_was_stopped(model, tmp_path):
    def encode(image, label, instance):
        return image

    stopped, resumed = Counting(stop=280), Counting()
    with pytest.raises(KeyboardInterrupt):
        encode_instances(stopped, encode, model.encoder, progress=False)
    encoded = encode_instances(resumed, encode, model.encoder, progress=False)
    assert resumed.seen[0] == 256 and len(encoded) == 300
    whole = encode_instances(
        Counting(), encode, model.encoder, folder=tmp_path / "whole", progress=False
    )
    for i in (0, 100, 255, 256, 299):
        assert all(torch.equal(encoded[i][k], whole[i][k]) for k in whole[i])
    again = Counting()
    encode_instances(again, encode, model.encoder, progress=False)
    assert not again.seen


def test_other_weights_are_encoded_anew(model):
    first = weights_key(model.encoder)
    assert first == weights_key(model.encoder)
    with torch.no_grad():
        next(model.encoder.parameters()).add_(0.1)
    assert weights_key(model.encoder) != first


def test_pictures_without_instances_are_refused(model):
    class NoInstances(Objects):
        def __getitem__(self, index):
            return {k: v for k, v in super().__getitem__(index).items() if k != "instance"}

    with pytest.raises(InputError, match="item 0: no instance map"):
        EncodedInstances(NoInstances(), model.encode, key="k")[0]
    plain = Pix2PixHDSystem(Pix2PixHDRecipe.preset("smoke", instance_features=False), SPACE)
    with pytest.raises(InputError, match="without instance features"):
        plain.encode_data(Objects())
