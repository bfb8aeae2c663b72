"""The Streets world: pictures, class maps and instance maps that belong together."""

import math

import numpy as np
import pytest
import torch

from nbgan.data import open_dataset
from nbgan.data.cityscapes import CITYSCAPES, THINGS
from nbgan.data.cityscapes.classes import CAR, ROAD, SKY
from nbgan.data.streets import MOODS, Streets
from nbgan.data.streets.camera import NEAR, Camera, area
from nbgan.data.streets.order import painting_order
from nbgan.data.streets.sheet import Sheet
from nbgan.errors import InputError


@pytest.fixture(scope="module")
def items() -> list[dict[str, torch.Tensor]]:
    dataset = Streets(size=(96, 192))
    return [dataset[i] for i in range(24)]


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(a[part], b[part]) for part in ("image", "label", "instance", "mood"))


def test_item_has_the_promised_shape_range_and_type():
    dataset = open_dataset("streets", size=(48, 96))
    item = dataset[0]
    assert set(item) == {"image", "label", "instance", "mood"}
    assert item["image"].shape == (3, 48, 96)
    assert item["image"].dtype == torch.float32
    assert -1 <= item["image"].min() < item["image"].max() <= 1
    for part in ("label", "instance"):
        assert item[part].shape == (48, 96)
        assert item[part].dtype == torch.int64
    assert item["mood"].shape == ()
    assert dataset.label_space is CITYSCAPES
    assert Streets(size=40)[0]["label"].shape == (40, 40)


def test_same_index_gives_the_same_pixels_in_any_order():
    first, second = Streets(size=(48, 96)), Streets(size=(48, 96))
    forward = [first[i] for i in range(3)]
    backward = [second[i] for i in reversed(range(3))][::-1]
    assert all(equal(a, b) for a, b in zip(forward, backward, strict=True))


def test_global_random_state_is_neither_read_nor_changed():
    np.random.seed(1)
    torch.manual_seed(1)
    a = Streets(size=32)[5]
    after = (np.random.rand(), torch.rand(1).item())
    np.random.seed(1)
    torch.manual_seed(1)
    assert after == (np.random.rand(), torch.rand(1).item())
    assert equal(a, Streets(size=32)[5])


def test_splits_and_seeds_share_no_street():
    streets = set()
    for arguments in ({}, {"split": "val"}, {"split": "test"}, {"seed": 1}):
        dataset = Streets(size=(32, 64), **arguments)
        streets |= {dataset[i]["label"].numpy().tobytes() for i in range(6)}
    assert len(streets) == 24


def test_instances_are_class_times_1000_plus_n_on_things_and_0_elsewhere(items):
    for item in items:
        label, instance = item["label"], item["instance"]
        CITYSCAPES.check(label)
        counted = torch.isin(label, torch.tensor(THINGS))
        assert torch.equal(instance > 0, counted)
        assert torch.equal(instance[counted] // 1000, label[counted])


def test_a_street_has_what_streets_have(items):
    present = {
        name: np.mean([bool((item["label"] == k).sum() > 12) for item in items])
        for k, name in enumerate(CITYSCAPES.classes)
    }
    usual = ("road", "sidewalk", "building", "vegetation", "sky", "car", "person", "pole")
    assert min(present[name] for name in usual) >= 0.75, present
    assert present["traffic sign"] >= 0.6
    for name in ("rider", "bicycle", "bus", "truck", "traffic light", "terrain"):
        assert present[name] > 0, name
    assert present["unlabeled"] == 0


def test_things_of_one_class_touch(items):
    counts, touching = [], 0
    for item in items:
        ids = item["instance"].numpy()
        _, sizes = np.unique(ids[ids > 0], return_counts=True)
        counts.append((sizes >= 10).sum())
        a, b = ids[:, :-1], ids[:, 1:]
        touching += bool(((a != b) & (a > 0) & (b > 0) & (a // 1000 == b // 1000)).any())
    assert np.median(counts) >= 4
    assert touching >= 20


def test_each_car_has_a_paint_of_its_own(items):
    spread = []
    for item in items:
        colors = [
            item["image"][:, item["instance"] == n].mean(dim=1)
            for n in item["instance"][item["label"] == CAR].unique().tolist()
            if (item["instance"] == n).sum() > 60
        ]
        if len(colors) > 1:
            spread.append(torch.stack(colors).std(dim=0).mean())
    assert len(spread) > 5
    assert torch.stack(spread).mean() > 0.12


def test_mood_changes_the_picture_and_not_the_maps():
    dataset = Streets(size=(32, 64))
    means = {}
    for mood in MOODS:
        other = Streets(size=(32, 64), mood=mood)
        means[mood] = torch.stack([other[i]["image"].mean(dim=(1, 2)) for i in range(4)]).mean(0)
        a, b = dataset[0], other[0]
        assert other.mood(0) == mood == MOODS[b["mood"]]
        assert torch.equal(a["label"], b["label"])
        assert torch.equal(a["instance"], b["instance"])
        assert torch.equal(a["image"], b["image"]) == (dataset.mood(0) == mood)
    assert means["night"].mean() < means["noon"].mean() - 0.35
    assert means["golden"][0] > means["golden"][2] + 0.1
    assert means["night"][2] > means["night"][0]


def test_moods_are_drawn_evenly():
    dataset = Streets(length=600)
    counts = np.bincount([MOODS.index(dataset.mood(i)) for i in range(600)])
    assert len(counts) == len(MOODS)
    assert counts.min() > 60


def test_layout_does_not_depend_on_the_resolution(items):
    large = Streets(size=(192, 384))
    for i in range(3):
        item = large[i]
        for part in ("label", "instance"):
            # Of the four large pixels of a small one, the best aligned.
            agreement = max(
                (items[i][part] == item[part][dy::2, dx::2]).float().mean()
                for dy in (0, 1)
                for dx in (0, 1)
            )
            assert agreement > 0.95


def test_wide_picture_shows_the_square_one_in_its_middle(items):
    square = Streets(size=96)
    for i in range(3):
        middle = items[i]["label"][:, 48:144]
        assert (square[i]["label"] == middle).float().mean() > 0.99


def test_draws_the_size_of_cityscapes():
    item = Streets(size=(1024, 2048))[3]
    assert item["image"].shape == (3, 1024, 2048)
    assert len(item["instance"].unique()) > 5
    small = Streets(size=(128, 256))[3]["label"]
    assert (item["label"][4::8, 4::8] == small).float().mean() > 0.93


def test_sky_is_above_the_road(items):
    for item in items:
        rows = torch.arange(96)[:, None].expand(96, 192)
        assert (
            rows[item["label"] == SKY].float().mean() < rows[item["label"] == ROAD].float().mean()
        )


def test_length_index_and_cache_key():
    dataset = Streets(size=32, length=3, split="val")
    assert len(dataset) == 3
    assert equal(dataset[-1], dataset[2])
    for index in (3, -4):
        with pytest.raises(IndexError, match="length 3"):
            dataset[index]
    variants = (
        {}, {"size": 64}, {"size": (256, 128)}, {"split": "val"}, {"seed": 1}, {"mood": "dusk"},
        {"length": 5},
    )  # fmt: skip
    assert len({Streets(**arguments).cache_key for arguments in variants}) == 7


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mood": "gloomy"}, "mood='gloomy'.*dusk"),
        ({"split": "training"}, "split='training'.*train, val, test"),
        ({"size": 31}, "size=31.*32"),
        ({"size": (64, 8)}, "size=.*32"),
        ({"size": 64.0}, "size=64.0"),
        ({"length": 0}, "length=0"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": True}, "seed=True"),
    ],
)
def test_bad_arguments_say_what_is_allowed(arguments, words):
    with pytest.raises(InputError, match=words):
        Streets(**arguments)


def test_sheet_prints_one_outline_as_picture_and_as_map():
    sheet = Sheet(20, 40)
    sheet.own(CAR, 26007)
    sheet.fill([(-500, 250), (250, 250), (250, 750), (-500, 750)], (1.0, 0.0, 0.0))
    sheet.own(ROAD)
    sheet.fill([(0, 0), (1000, 0), (1000, 500), (0, 500)], (0.0, 0.0, 1.0), claim=False)
    label, instance = sheet.owners()
    picture = sheet.picture()
    inside = np.zeros((20, 40), bool)
    inside[5:15, 10:25] = True
    assert (label == np.where(inside, CAR, 0)).all()
    assert (instance == np.where(inside, 26007, 0)).all()
    assert picture[12, 15].tolist() == [1, 0, 0, 1]
    # What claims nothing is seen, and owned by what lies below.
    assert picture[7, 22].tolist() == [0, 0, 1, 1]
    assert picture[18, 5, 3] == 0


def test_camera_shrinks_with_distance_and_cuts_what_is_behind():
    camera = Camera(focal=1000, x=1.0, y=2.0, vanish_x=50, horizon=400)
    assert camera.at(1.0, 2.0, 7.0) == (50, 400)
    assert camera.at(2.0, 0.0, 10.0) == (150, 600)
    strip = camera.ground(0, 2, -5, 10)
    lowest = max(y for _, y in strip)
    assert math.isclose(lowest, 400 + 1000 * 2 / NEAR)
    assert camera.ground(0, 2, -5, 0.5) == []
    assert area([(0, 0), (1, 0), (1, 1), (0, 1)]) == 1


@pytest.mark.parametrize(("eye_x", "order"), [(0.0, [0, 1, 2]), (4.0, [2, 1, 0])])
def test_what_stands_behind_a_long_bus_is_painted_first(eye_x, order):
    lamp, bus, cyclist = (3.0, 3.2, 8, 8.2), (0.5, 2.5, 5, 16), (0.0, 0.4, 9, 10)
    assert painting_order(np.array([lamp, bus, cyclist]), eye_x) == order


def test_farther_things_are_painted_first_and_rings_end():
    row = np.array([(0, 1, z, z + 1) for z in (4, 2, 8, 6)], float)
    assert painting_order(row, 0.5) == [2, 3, 0, 1]
    generator = np.random.default_rng(0)
    corner, extent = generator.uniform(-9, 9, (60, 2)), generator.uniform(0, 6, (60, 2))
    boxes = np.stack((corner[:, 0], corner[:, 0] + extent[:, 0],
                      corner[:, 1] + 10, corner[:, 1] + 10 + extent[:, 1]), axis=1)  # fmt: skip
    assert sorted(painting_order(boxes, 0.0)) == list(range(60))
