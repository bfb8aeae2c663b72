"""The street painter in a page answers as Python does; with a small system of random weights."""

import dataclasses
import html
import json

import numpy as np
import pytest
import torch
from live_demos import DEMO, PATIENCE, expect_painting, start

from book.tools import scripts
from book.tools.build import ROOT
from nbgan.data.cityscapes import CITYSCAPES
from nbgan.data.streets import Streets
from nbgan.live import rounded, site
from nbgan.live.demos import paint_streets
from nbgan.live.demos.paint_streets import EXAMPLES, PAINT_STREETS, STYLES, write
from nbgan.pix2pixhd import Pix2PixHDRecipe, Pix2PixHDSystem, instance_ids
from nbgan.pix2pixhd.pooling import class_tables

pytestmark = [pytest.mark.book, pytest.mark.timeout(900)]

SIZE = (32, 64)
CAR = CITYSCAPES.index("car")
PAGE = """<!doctype html>
<html data-theme="light"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="live/live.css"></head><body><div class="bd-content">
<div class="nbgan-live" data-demo="paint-streets" data-open="%(open)s" data-scripts="%(scripts)s">
<div class="nbgan-live-cover"><img src="live/paint-streets.webp" alt="a street"></div></div></div>
<script src="live/loader.js" defer></script></body></html>"""


@pytest.fixture(scope="module")
def system():
    """Random weights, with clusters of what the encoder says of some streets."""
    recipe = Pix2PixHDRecipe.preset("smoke", initial_std=0.15, width=8)
    made = Pix2PixHDSystem(recipe, CITYSCAPES).eval()
    world = Streets(size=SIZE, length=12)
    scenes = [world[i] for i in range(12)]
    image, label, instance = (
        torch.stack([scene[key] for scene in scenes]) for key in ("image", "label", "instance")
    )
    ids = instance_ids(label, instance)
    features = made.encode(image, label, instance)
    made.clusters.fit(class_tables(features, ids, CITYSCAPES.num_classes), min_area=0.0)
    return made


@pytest.fixture(scope="module")
def folder(system, tmp_path_factory):
    """A folder with a page that holds the demo."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paint_streets, "SCENES", 4)
        demo = dataclasses.replace(PAINT_STREETS, make=lambda out: write(system, out), needs=())
        runtime = scripts.prepare(ROOT / "book", ROOT / "_build" / "scripts", log=str)
        site.prepare(
            folder / "live",
            runtime=runtime.with_name("runtime"),
            cache=folder / "cache",
            demos={demo.name: demo},
            log=str,
        )
    entry = json.loads((folder / "live/demos.json").read_text())[demo.name]
    values = {"open": entry["open"], "scripts": json.dumps(entry["scripts"])}
    page = PAGE % {key: html.escape(value) for key, value in values.items()}
    (folder / "page.html").write_text(page)
    return folder


@pytest.fixture
def page(browser, folder):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    opened.seen = {"requests": [], "ended": [], "errors": [], "console": []}
    opened.on("pageerror", lambda error: opened.seen["errors"].append(str(error)))
    opened.goto(f"{(folder / 'page.html').as_uri()}")
    start(opened)
    assert opened.locator(".nbgan-live").get_attribute("data-state") == "open"
    yield opened
    assert opened.seen["errors"] == []
    context.close()


@pytest.fixture(scope="module")
def expected(system):
    """What Python paints with the weights that the page has, for {id: vector}."""
    generator = rounded(system.generator, "fp16")

    def paint(mask, instance, styles):
        label = torch.from_numpy(mask.astype(np.int64))[None]
        ids = torch.from_numpy(instance.astype(np.int64))[None]
        table = {int(key): torch.tensor(vector) for key, vector in styles.items()}
        with torch.no_grad():
            condition, _ = system.condition(label, ids)
            features = system.paint_styles(label, ids, [table])
            return generator(torch.cat([condition, features], dim=1))[0].numpy()

    return paint


def painted(page, mask, instance, styles):
    """The page's picture, [3, H, W], and which share of the first map was computed."""
    answer = page.evaluate(
        f"""async ([mask, instance, styles]) => {{
            const answer = await {DEMO}.nbganDemo.paint(mask, instance, styles);
            return [[...answer.picture], answer.share]; }}""",
        [mask.ravel().tolist(), instance.ravel().tolist(), styles],
    )
    return np.float32(answer[0]).reshape(3, *mask.shape), answer[1]


def shown(page):
    now = page.evaluate(
        f"""(({{ mask, instance, styles, picture }}) => ({{ mask: [...mask], styles,
            instance: [...instance], picture: [...picture] }}))({DEMO}.nbganDemo.shown())"""
    )
    return (
        np.uint8(now["mask"]).reshape(SIZE),
        np.uint16(now["instance"]).reshape(SIZE),
        now["styles"],
        np.float32(now["picture"]).reshape(3, *SIZE),
    )


def test_the_page_paints_what_python_paints(page, expected):
    scene = Streets(size=SIZE, split="val")[10]
    mask, instance = (scene[key].numpy().copy() for key in ("label", "instance"))
    rng = np.random.default_rng(0)

    def styles(mask, instance):
        ids = np.unique(np.where(instance > 0, instance, mask))
        return {str(i): rng.uniform(-1, 1, 3).round(3).tolist() for i in ids}

    first = styles(mask, instance)
    with_car, cars = mask.copy(), instance.copy()
    with_car[26:31, 2:9], cars[26:31, 2:9] = CAR, 26900
    split = cars.copy()
    split[26:31, 5:9] = 26901  # the same classes; an edge more
    more = first | {"26900": [0.5, -0.5, 0.1], "26901": [-0.9, 0.2, 0.4]}
    other = more | {"26901": [0.9, 0.9, -0.9]}
    cases = [
        (mask, instance, first),
        (with_car, cars, more),
        (with_car, split, more),
        (with_car, split, other),
        (mask, instance, styles(mask, instance)),
    ]
    shares = []
    for number, case in enumerate(cases):
        got, share = painted(page, *case)
        want = expected(*case)
        assert want.std() > 0.05
        assert np.abs(got - want).max() <= 1e-3, f"picture {number}"
        shares.append(share)
    assert shares[0] == shares[-1] == 1
    assert max(shares[1:4]) < 0.8, "only the surroundings of what changed are computed"


def test_a_style_for_one_object(page, system, expected):
    """At the start an object is chosen; another style changes its vector and no other."""
    mask, instance, before, first = shown(page)
    assert np.abs(first - expected(mask, instance, before)).max() <= 1e-3
    radios = page.locator(".nbgan-live-object [role=radio]")
    assert radios.first.inner_text() == "as in the picture"
    assert radios.first.get_attribute("aria-checked") == "true"
    assert radios.count() == 1 + min(STYLES, len(system.clusters.of_class(CAR)))
    expect_painting(page)
    page.get_by_role("radio", name="style 2").click()
    detail = page.evaluate("painted")
    assert detail["share"] < 1
    _, _, after, picture = shown(page)
    changed = [key for key in after if after[key] != before[key]]
    assert len(changed) == 1 and int(changed[0]) // 1000 == CAR
    np.testing.assert_allclose(after[changed[0]], system.clusters.centre(CAR, 1), atol=1e-4)
    assert np.abs(picture - expected(mask, instance, after)).max() <= 1e-3
    expect_painting(page)
    page.keyboard.press("ArrowLeft")
    page.evaluate("painted")
    np.testing.assert_allclose(
        shown(page)[2][changed[0]], system.clusters.centre(CAR, 0), atol=1e-4
    )
    expect_painting(page)
    page.get_by_role("radio", name="as in the picture").click()
    page.evaluate("painted")
    assert shown(page)[2] == before


def test_a_painted_car_is_an_instance_with_a_style_of_its_own(page, expected):
    stage = page.locator(".nbgan-stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    y = box["y"] + 0.9 * box["height"]
    expect_painting(page)
    page.mouse.move(box["x"] + 0.2 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.35 * box["width"], y, steps=4)
    page.mouse.up()
    page.evaluate("painted")
    mask, instance, styles, picture = shown(page)
    new = int(instance[int(0.9 * SIZE[0]), int(0.25 * SIZE[1])])
    assert new // 1000 == CAR
    assert new not in Streets(size=SIZE, split="val")[next(iter(EXAMPLES.values()))]["instance"]
    assert set(mask[instance == new]) == {CAR}
    assert np.abs(picture - expected(mask, instance, styles)).max() <= 1e-3
    page.get_by_role("button", name="Object").click()
    page.mouse.click(box["x"] + 0.25 * box["width"], y)
    title = page.locator(".nbgan-live-object p")
    assert title.inner_text() == f"Style of this car ({new})"
    assert page.get_by_role("radio", name="as in the picture").count() == 0


def test_an_example_brings_its_own_styles(page, system, expected):
    expect_painting(page)
    page.get_by_label("load an example mask").select_option(label="avenue")
    page.evaluate("painted")
    mask, instance, styles, picture = shown(page)
    scene = Streets(size=SIZE, split="val")[EXAMPLES["avenue"]]
    assert (mask == scene["label"].numpy()).all() and (instance == scene["instance"].numpy()).all()
    maps = [scene[key][None] for key in ("label", "instance")]
    (own,) = system.instance_styles(*maps, image=scene["image"][None])
    assert set(map(int, styles)) == set(own)
    for key, vector in styles.items():
        np.testing.assert_allclose(vector, own[int(key)], atol=1e-4)
    assert np.abs(picture - expected(mask, instance, styles)).max() <= 1e-3
