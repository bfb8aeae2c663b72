"""The landscape painter in the page answers as Python does."""

import json

import numpy as np
import pytest
import torch
from live_demos import DEMO, PAINTER, expect_painting, paint, start

from nbgan import zoo
from nbgan.data.landscapes import Landscapes
from nbgan.live import rounded
from nbgan.live.spade import Halves

pytestmark = [pytest.mark.book, pytest.mark.timeout(900)]

MEGABYTES = 9


@pytest.fixture(scope="module")
def system():
    return zoo.load("spade-landscapes")


@pytest.fixture(scope="module")
def generator(system):
    """The generator with the weights that the page has."""
    return rounded(Halves(system), "fp16").generator


def in_python(system, generator, mask, style):
    with torch.no_grad():
        segmap = system.segmap(torch.from_numpy(mask.astype(np.int64))[None])
        return generator(segmap, torch.as_tensor(style, dtype=torch.float32)[None])[0].numpy()


@pytest.mark.parametrize("opened", ["served", "from disk"])
def test_the_page_paints_what_python_paints(visit, system, generator, opened):
    page = visit(PAINTER, opened=opened)
    start(page)
    assert page.locator(".nbgan-live").get_attribute("data-state") == "open"
    mask = Landscapes(size=128, split="test")[7]["label"].numpy().astype(np.uint8)
    style = system.sample_style(2, seed=5)
    water = system.label_space.index("water")
    corner, middle, other = mask.copy(), mask.copy(), np.roll(mask, 17, axis=1)
    corner[:9, 119:] = water
    middle[61:80, 33:70] = water
    middle[70:75, 40:50] = 255
    # One after the other: the page computes again only around what has changed.
    cases = [
        (mask, style[0]),
        (corner, style[0]),
        (middle, style[1]),
        (middle, style[0]),
        (other, 0 * style[0]),
    ]
    for number, (ids, z) in enumerate(cases):
        got, want = paint(page, ids, z), in_python(system, generator, ids, z)
        assert want.std() > 0.1
        assert np.abs(got - want).max() <= 1e-3, f"picture {number}"
    assert page.seen["errors"] == []


def test_a_stroke_is_answered(visit, system, generator):
    page = visit(PAINTER)
    start(page)
    before = page.evaluate(f"[...{DEMO}.nbganDemo.painter.mask]")
    expect_painting(page)
    stage = page.locator(".nbgan-stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    across = [box["x"] + share * box["width"] for share in (0.3, 0.5, 0.7)]
    page.mouse.move(across[0], box["y"] + 0.85 * box["height"])
    page.mouse.down()
    for x in across[1:]:
        page.mouse.move(x, box["y"] + 0.85 * box["height"], steps=4)
    page.mouse.up()
    detail = page.evaluate("painted")
    shown = page.evaluate(
        f"""(({{ mask, style, picture }}) => ({{ mask: [...mask], style: [...style],
            picture: [...picture] }}))({DEMO}.nbganDemo.shown())"""
    )
    mask = np.uint8(shown["mask"]).reshape(128, 128)
    changed = mask != np.uint8(before).reshape(128, 128)
    assert 100 < changed.sum() < 3000
    assert set(mask[changed]) == {system.label_space.index("water")}
    assert detail["share"] < 0.6, "only the surroundings of the stroke are computed"
    want = in_python(system, generator, mask, shown["style"])
    assert np.abs(np.float32(shown["picture"]).reshape(3, 128, 128) - want).max() <= 1e-3
    assert page.seen["errors"] == []


def test_styles_can_be_chosen_and_drawn(visit, system):
    page = visit(PAINTER)
    start(page)
    shown = f"{DEMO}.nbganDemo.shown().style"
    listed = page.evaluate(f"{DEMO}.nbganDemo.styles.map(style => style.values)")
    page.get_by_role("radio", name="noon").focus()
    expect_painting(page)
    page.keyboard.press("ArrowRight")
    page.evaluate("painted")
    assert page.get_by_role("radio", name="dawn").get_attribute("aria-checked") == "true"
    np.testing.assert_allclose(page.evaluate(f"[...{shown}]"), listed[1], rtol=1e-6)
    drawn = []
    for seed in ("5", "6", "5"):
        page.get_by_label("seed").fill(seed)
        page.get_by_label("seed").press("Enter")
        drawn.append(page.evaluate(f"[...{shown}]"))
    assert drawn[0] == drawn[2] != drawn[1]
    assert len(drawn[0]) == system.recipe.z_dim
    page.get_by_role("button", name="Random style").click()
    assert page.get_by_label("seed").input_value() != ""
    assert page.evaluate(f"[...{shown}]") != drawn[0]


def test_runtime_and_model_are_small(built_book):
    demos = json.loads((built_book.html / "_static/live/demos.json").read_text())
    size = sum(script["bytes"] for script in demos["paint-landscapes"]["scripts"])
    assert size <= MEGABYTES * 1e6
