"""The Landscapes world: same everywhere, pictures and class maps that belong together."""

import numpy as np
import pytest
import torch

from nbgan.data.landscapes import MOODS, Landscapes
from nbgan.data.landscapes.canvas import Canvas, visible_surface
from nbgan.data.landscapes.noise import PERIOD, noise
from nbgan.errors import InputError


def labels(count: int, **arguments) -> torch.Tensor:
    dataset = Landscapes(**arguments)
    return torch.stack([dataset[i]["label"] for i in range(count)])


def test_item_has_the_promised_shape_range_and_type():
    item = Landscapes(size=(48, 80))[0]
    assert item["image"].shape == (3, 48, 80)
    assert item["image"].dtype == torch.float32
    assert -1 <= item["image"].min() < item["image"].max() <= 1
    assert item["label"].shape == (48, 80)
    assert item["label"].dtype == torch.int64
    assert item["mood"].dtype == torch.int64
    assert item["mood"].shape == ()


def test_same_index_gives_the_same_pixels_in_any_order():
    first, second = Landscapes(size=48), Landscapes(size=48)
    forward = [first[i] for i in range(4)]
    backward = [second[i] for i in reversed(range(4))][::-1]
    for a, b in zip(forward, backward, strict=True):
        assert torch.equal(a["image"], b["image"])
        assert torch.equal(a["label"], b["label"])


def test_global_random_state_is_neither_read_nor_changed():
    np.random.seed(1)
    torch.manual_seed(1)
    a = Landscapes(size=32)[5]["image"]
    after = (np.random.rand(), torch.rand(1).item())
    np.random.seed(1)
    torch.manual_seed(1)
    assert after == (np.random.rand(), torch.rand(1).item())
    assert torch.equal(a, Landscapes(size=32)[5]["image"])


def test_splits_and_seeds_share_no_scene():
    scenes = set()
    for arguments in ({}, {"split": "val"}, {"split": "test"}, {"seed": 1}):
        for label in labels(12, size=32, **arguments):
            scenes.add(label.numpy().tobytes())
    assert len(scenes) == 48


def test_every_id_is_known_and_every_class_takes_part():
    dataset = Landscapes(size=48)
    found = labels(110, size=48)
    dataset.label_space.check(found)
    area = 48 * 48 / 500
    present = {
        name: np.mean([(label == k).sum().item() > area for label in found])
        for k, name in enumerate(dataset.label_space.classes)
    }
    assert present["sky"] >= 0.97
    assert present["water"] >= 0.5
    assert min(present.values()) >= 0.2, present


@pytest.mark.parametrize("mood", MOODS)
def test_mood_changes_the_picture_and_not_the_layout(mood):
    reference = Landscapes(size=48)
    other = Landscapes(size=48, mood=mood)
    for i in range(3):
        a, b = reference[i], other[i]
        assert other.mood(i) == mood
        assert MOODS[b["mood"]] == mood
        assert torch.equal(a["label"], b["label"])
        same = reference.mood(i) == mood
        assert torch.equal(a["image"], b["image"]) == same


def test_moods_are_drawn_evenly():
    dataset = Landscapes(size=16, length=700)
    counts = np.bincount([MOODS.index(dataset.mood(i)) for i in range(700)])
    assert len(counts) == len(MOODS)
    assert counts.min() > 60


def test_layout_does_not_depend_on_the_resolution():
    small, large = labels(12, size=128), labels(12, size=256)
    # The four large pixels of a small one: at least one has to agree at edges, most do.
    agreement = [
        (small == large[:, dy::2, dx::2]).float().mean(dim=(1, 2)) for dy in (0, 1) for dx in (0, 1)
    ]
    assert torch.stack(agreement).mean() > 0.95
    assert torch.stack(agreement).mean(dim=0).min() > 0.90


def test_wide_picture_shows_the_square_one_in_its_middle():
    square, wide = labels(6, size=64), labels(6, size=(64, 128))
    assert (square == wide[:, :, 32:96]).float().mean() > 0.95


def test_class_map_and_picture_agree_to_the_pixel():
    # At noon, grass is greener and snow brighter than what lies next to them.
    dataset = Landscapes(size=64, mood="noon")
    classes = dataset.label_space
    means = {"grass": [], "sky": [], "water": [], "snow": []}
    for i in range(30):
        item = dataset[i]
        for name, values in means.items():
            here = item["label"] == classes.index(name)
            if here.sum() > 60:
                values.append(item["image"][:, here].mean(dim=1))
    colors = {name: torch.stack(values).mean(dim=0) for name, values in means.items()}
    assert colors["grass"][1] > colors["grass"][2] + 0.3
    assert colors["sky"][2] > colors["sky"][0] + 0.3
    assert colors["water"][2] > colors["water"][0] + 0.15
    assert colors["snow"].min() > max(colors["grass"].mean(), colors["water"].mean())


def test_night_is_dark_and_dusk_is_warm():
    def color(mood: str) -> torch.Tensor:
        dataset = Landscapes(size=32, mood=mood)
        return torch.stack([dataset[i]["image"].mean(dim=(1, 2)) for i in range(8)]).mean(dim=0)

    assert color("night").mean() < color("noon").mean() - 0.4
    assert color("dusk")[0] > color("dusk")[2]
    assert color("night")[2] > color("night")[0]


def test_length_index_and_cache_key():
    dataset = Landscapes(size=16, length=3, split="val")
    assert len(dataset) == 3
    assert torch.equal(dataset[-1]["label"], dataset[2]["label"])
    with pytest.raises(IndexError, match="3"):
        dataset[3]
    with pytest.raises(IndexError):
        dataset.mood(3)
    keys = {
        Landscapes(**arguments).cache_key
        for arguments in (
            {},
            {"size": 64},
            {"size": (128, 64)},
            {"split": "val"},
            {"seed": 1},
            {"mood": "dusk"},
            {"length": 5},
        )
    }
    assert len(keys) == 7


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mood": "gloomy"}, "mood='gloomy'.*dusk"),
        ({"split": "training"}, "split='training'.*train, val, test"),
        ({"size": 15}, "size=15.*16"),
        ({"size": (64, 8)}, "size=.*16"),
        ({"size": 64.0}, "size=64.0"),
        ({"length": 0}, "length=0"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": True}, "seed=True"),
    ],
)
def test_bad_arguments_say_what_is_allowed(arguments, words):
    with pytest.raises(InputError, match=words):
        Landscapes(**arguments)


def test_noise_repeats_smoothly_and_has_no_steps():
    u = np.linspace(0, 3, 3001)
    for kind in ("soft", "fractal", "billow", "ridged"):
        values = noise(kind, u, np.full_like(u, 1.3))
        np.testing.assert_allclose(values, noise(kind, u + PERIOD, np.full_like(u, 1.3)), atol=1e-3)
        assert np.abs(np.diff(values)).max() < 0.05
        assert values.std() > 0.1


def test_nearer_slice_hides_the_farther_one():
    canvas = Canvas.blank(10, 2)
    # Left: the near slice is taller. Right: the far slice rises above the near one.
    crest = np.array([[0.3, 0.8], [0.6, 0.4]], np.float32)
    surface, covered = visible_surface(canvas, crest)
    shown = np.full((10, 2), -1)
    shown[surface.rows, surface.cols] = surface.far
    assert shown[:, 0].tolist() == [-1] * 3 + [0] * 7
    assert shown[:, 1].tolist() == [-1] * 4 + [1] * 4 + [0] * 2
    np.testing.assert_allclose(covered, [[0.3, 0.8], [0.3, 0.4]])
