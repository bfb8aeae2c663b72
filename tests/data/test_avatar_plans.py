"""Plans of avatars, and the points of a Gaussian that stand for them."""

from __future__ import annotations

import pytest
import torch

from nbgan.data.avatar_plans import Plans
from nbgan.data.avatars import STYLES, Avatars


def read(plans, codes):
    """Which options of every choice a point can stand for, read off its coordinates."""
    quantiles = torch.distributions.Normal(0, 1).cdf(codes)
    found, at = [], 0
    for choice in plans.choices:
        borders = choice.borders()
        part = quantiles[:, None, at : at + borders.shape[1]]
        at += borders.shape[1]
        inside = (part > borders[None, ..., 0]) & (part < borders[None, ..., 1])
        found.append(inside.all(dim=2))
    return found, codes[:, at:]


@pytest.fixture(scope="module")
def looks():
    faces = Avatars(size=16, length=400)
    return [faces.look(i) for i in range(400)]


def test_codes_stand_for_their_plans(looks):
    torch.manual_seed(0)
    plans = Plans()
    made = torch.stack([plans.plan(look) for look in looks])
    codes = plans.codes(made)
    assert codes.shape == (400, plans.code_length) and made.shape == (400, plans.length)
    found, _ = read(plans, codes)
    for choice, inside in zip(plans.choices, found, strict=True):
        assert (inside.sum(dim=1) == 1).all(), "a point stands for one option"
        for option, look in zip(inside.int().argmax(dim=1).tolist(), looks, strict=True):
            wanted = look[choice.kind][choice.name]
            if choice.chance is not None:
                assert choice.options[option] == (wanted is not None)
            elif wanted is not None:
                assert choice.options[option] == wanted


def test_any_point_stands_for_a_plan():
    torch.manual_seed(0)
    plans = Plans()
    found, _ = read(plans, torch.randn(4000, plans.code_length))
    for choice, inside in zip(plans.choices, found, strict=True):
        assert (inside.sum(dim=1) == 1).all()
        shares = inside.float().mean(dim=0)
        wanted = torch.full_like(shares, 1 / len(shares))
        if choice.chance is not None:
            wanted = torch.tensor([1 - choice.chance, choice.chance])
        torch.testing.assert_close(shares, wanted, atol=0.03, rtol=0)


def test_hue_is_an_angle_and_points_differ(looks):
    plans = Plans()
    made = torch.stack([plans.plan(look) for look in looks[:50]])
    codes = plans.codes(made)
    _, shades = read(plans, codes)
    hue = torch.atan2(shades[:, 1], shades[:, 0])
    torch.testing.assert_close(hue, torch.atan2(made[:, -4], made[:, -5]), atol=1e-4, rtol=0)
    assert not torch.equal(codes, plans.codes(made))


def test_codes_are_normal(looks):
    torch.manual_seed(0)
    plans = Plans()
    made = torch.stack([plans.plan(look) for look in looks])
    codes = torch.cat([plans.codes(made) for _ in range(5)])
    assert codes.isfinite().all()
    assert codes.mean(dim=0).abs().max() < 0.25
    assert (codes.std(dim=0) - 1).abs().max() < 0.2
    together = torch.corrcoef(codes.T) - torch.eye(plans.code_length)
    assert together.abs().max() < 0.35  # hair that could not be told from skin is not drawn


def test_a_part_that_does_not_show_says_nothing():
    plans = Plans()
    faces = Avatars(size=16, length=20)
    plan = next(
        plans.plan(look)
        for look in map(faces.look, range(20))
        if look["variants"]["accessories"] is None
    )
    choice = next(c for c in plans.choices if c.name == "accessories" and c.kind == "variants")
    assert choice.chance == 0.25 and choice.options == (False, True)
    assert plan[:2].tolist() == [1, 0]
    assert plan[2:8].sum() == 0  # six variants of glasses


@pytest.mark.parametrize("style", STYLES)
def test_samples_have_plans_where_asked(style):
    faces = Avatars(style=style, size=16, length=2, plans=True)
    plan = faces[1]["plan"]
    torch.testing.assert_close(plan, Plans(style).plan(faces.look(1)))
    assert "-plans" in faces.cache_key
    assert "plan" not in Avatars(style=style, size=16, length=2)[1]
