"""The embedded pair: independent sides, the same share of attributes, white paper, no bleeding."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nbgan.data.avatar_sides import SHARES, AvatarSides, avatar_pair, avatar_side, avatar_twins
from nbgan.data.avatars import Avatars
from nbgan.errors import InputError


def test_items() -> None:
    data = avatar_pair(size=32, split="val", length=4)
    item = data[1]
    assert set(item) == {"source", "target"} and len(data) == 4
    assert item["source"].shape == item["target"].shape == (3, 32, 32)
    assert torch.equal(item["target"], avatar_pair(size=32, split="val", length=9)[1]["target"])
    again = avatar_pair(size=32, split="val", length=4, seed=1)
    assert not torch.equal(item["source"], again[1]["source"])
    assert data.cache_key != again.cache_key


def test_source_is_coloured_target_is_ink_and_both_lie_on_white() -> None:
    data = avatar_pair(size=48, length=6)
    for i in range(6):
        source, target = data[i]["source"], data[i]["target"]
        assert (source.amax(0) - source.amin(0)).max() > 0.3
        assert (target.amax(0) - target.amin(0)).max() < 0.02
        assert (source[:, 0, [0, -1]] == 1).all()
    labelled = avatar_side("source", size=48, length=1)[0]
    paper = labelled["image"][:, labelled["label"] == 0]
    assert paper.median() == 1


@pytest.mark.parametrize("side", ["source", "target"])
def test_attributes_occur_as_often_on_both_sides(side: str) -> None:
    faces = avatar_side(side, length=400)
    found = [faces.attributes(i) for i in range(400)]
    for flag, share in SHARES.items():
        measured = float(np.mean([bool(one[flag]) for one in found]))
        # A hat goes before long hair, so that one is rarer than it was asked for.
        wanted = share * (1 - SHARES["hat"]) if flag == "long_hair" else share
        assert abs(measured - wanted) < 4 * (share * (1 - share) / 400) ** 0.5, flag


def test_eyes_and_chins_meet() -> None:
    points = []
    for side in ("source", "target"):
        faces = avatar_side(side, size=64, length=8)
        points.append(np.nanmedian([faces[i]["keypoints"].numpy() for i in range(8)], axis=0))
    distance = np.linalg.norm(points[0] - points[1], axis=1)
    assert np.nanmax(distance) < 64 / 8


def test_nothing_pairs_the_sides() -> None:
    sources, targets = (avatar_side(side, size=32, length=40) for side in ("source", "target"))
    same = [sources.look(i) == targets.look(i) for i in range(40)]
    assert not any(same)


@pytest.mark.parametrize("side", ["source", "target"])
def test_twins_are_the_same_faces_of_the_other_side(side: str) -> None:
    faces, twins = (make(side, size=32, length=4) for make in (avatar_side, avatar_twins))
    assert faces.ink == (side == "target") and twins.ink != faces.ink
    for i in range(4):
        assert faces.look(i) == twins.look(i)
        assert torch.equal(faces[i]["attributes"], twins[i]["attributes"])
        assert not torch.equal(faces[i]["image"], twins[i]["image"])


def test_no_face_is_in_two_splits() -> None:
    def looks(split: str) -> set:
        found = set()
        for side in ("source", "target"):
            faces = avatar_side(side, split=split, length=200)
            for look in map(faces.look, range(200)):
                variants, colors = look["variants"], look["colors"]
                parts = [variants[name] for name in ("top", "mouth", "clothes")]
                found.add((*parts, colors["skin"], colors["clothes"]))
        return found

    train, val, test = (looks(split) for split in ("train", "val", "test"))
    assert not train & val and not train & test and not val & test


def test_sides_in_turn_carry_labels() -> None:
    data = AvatarSides(size=32, split="val", length=3)
    assert len(data) == 3 and data.label_space.name == "avatars"
    for i, side in ((0, "source"), (1, "target"), (2, "source")):
        own = avatar_side(side, size=32, split="val", length=2)[i // 2]
        for part, value in own.items():
            torch.testing.assert_close(data[i][part], value, equal_nan=True)
    with pytest.raises(IndexError):
        data[3]


def test_own_looks_stay_as_they_were() -> None:
    plain = Avatars(size=32, length=2)
    assert "-on" not in plain.cache_key and "view" not in plain.cache_key
    flat = Avatars(size=32, length=2, background="#ffffff")
    assert flat.cache_key != plain.cache_key
    look = flat.look(1)
    assert look["background"] == {"top": "#ffffff", "bottom": "#ffffff"}
    assert "#ffffff" not in look["colors"].values()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"background": "white"}, "background: got 'white', allowed is a colour such as '#ffffff'"),
        ({"shares": {"glasses": 1.5}}, "'glasses': 1.5; style 'avataaars' knows glasses"),
        ({"shares": {"scarf": 0.5}}, "'scarf': 0.5; style"),
    ],
)
def test_bad_input(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Avatars(size=32, **options)


def test_unknown_side() -> None:
    with pytest.raises(InputError, match="side: got 'left', allowed are 'source', 'target'"):
        avatar_side("left")
    with pytest.raises(InputError, match="side: got 'left'"):
        avatar_twins("left")
    with pytest.raises(InputError, match="seed: got -1"):
        avatar_side("target", seed=-1)
