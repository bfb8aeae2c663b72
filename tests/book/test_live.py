"""The demos in the pages of the built book, in a real browser: served and from disk."""

import json

import numpy as np
import pytest
import torch

from nbgan import norms, zoo
from nbgan.data.landscapes import Landscapes
from nbgan.errors import InputError
from nbgan.live import rounded
from nbgan.live.spade import Halves

pytestmark = [pytest.mark.book, pytest.mark.timeout(900)]

PATIENCE = 180_000  # milliseconds; a busy machine is no reason to fail
PAINTER = "notebooks/02_spade"
AXES = "notebooks/01_normalization"
DEMO = "document.querySelector('.nbgan-live')"
MEGABYTES = 9


@pytest.fixture(scope="module")
def system():
    return zoo.load("spade-landscapes")


@pytest.fixture(scope="module")
def generator(system):
    """The generator with the weights that the page has."""
    return rounded(Halves(system), "fp16").generator


@pytest.fixture
def visit(browser, built_book, served):
    """Open a page; ``seen`` collects its requests and errors."""
    contexts = []

    def open_page(name, *, opened="from disk", width=1280, theme="light", **options):
        root = served if opened == "served" else built_book.html.as_uri()
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.seen = {"requests": [], "errors": []}
        page.on("request", lambda request: page.seen["requests"].append(request.url))
        page.on("pageerror", lambda error: page.seen["errors"].append(str(error)))
        page.add_init_script(f"localStorage.setItem('mode', '{theme}')")
        page.goto(f"{root}/{name}.html")
        return page

    yield open_page
    for context in contexts:
        context.close()


def start(page):
    page.locator(".nbgan-live-open").click()
    page.locator(".nbgan-live[data-state]").wait_for(state="attached")


def paint(page, mask, style):
    """The page's picture for a mask uint8 [H, W] and a style [z_dim], as [3, H, W]."""
    floats = page.evaluate(
        f"async ([mask, style]) => [...(await {DEMO}.nbganDemo.paint(mask, style)).picture]",
        [mask.ravel().tolist(), style.tolist()],
    )
    return np.float32(floats).reshape(3, *mask.shape)


def expect_painting(page):
    """From now on, ``await painted`` in the page waits for the next painting."""
    page.evaluate(
        f"""() => {{ globalThis.painted = new Promise(done => {DEMO}.addEventListener(
            'nbgan-painted', ({{ detail }}) => done(detail), {{ once: true }})); }}"""
    )


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


@pytest.mark.parametrize("opened", ["served", "from disk"])
def test_nothing_is_loaded_before_it_is_opened(visit, opened):
    page = visit(PAINTER, opened=opened)
    page.locator(".nbgan-live-open").wait_for()
    of_demos = [url for url in page.seen["requests"] if "/_static/live/" in url]
    names = {url.split("/")[-1].split("?")[0] for url in of_demos}
    assert names <= {"loader.js", "live.css", "paint-landscapes.webp"}
    assert page.evaluate("Object.keys(nbgan.assets)") == []
    start(page)
    names = {url.split("/")[-1].split("?")[0] for url in page.seen["requests"]}
    assert {"ort.js", "paint-landscapes.js", "paint-landscapes.model.js"} <= names


def test_pages_without_a_demo_load_nothing_of_it(built_book):
    for name in ("book/introduction", "book/notation"):
        assert "_static/live" not in (built_book.html / f"{name}.html").read_text()


def test_runtime_and_model_are_small(built_book):
    demos = json.loads((built_book.html / "_static/live/demos.json").read_text())
    size = sum(script["bytes"] for script in demos["paint-landscapes"]["scripts"])
    assert size <= MEGABYTES * 1e6


def failed(page, message):
    """The demo says what is wrong and the picture stays."""
    assert page.locator(".nbgan-live").get_attribute("data-state") == "failed"
    status = page.locator(".nbgan-live-status").inner_text()
    assert "could not start" in status and message in status
    picture = page.locator(".nbgan-live-cover img")
    assert picture.is_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    assert page.locator(".nbgan-painter").count() == 0


def test_a_broken_model_leaves_the_picture(visit):
    page = visit(PAINTER, opened="served")

    def corrupt(route):
        script = route.fetch().text()
        name = '"spade-landscapes.paint.onnx": "'
        at = script.index(name) + len(name) + 200_000
        route.fulfill(body=script[:at] + 400 * "A" + script[at + 400 :])

    page.route("**/paint-landscapes.model.js*", corrupt)
    start(page)
    failed(page, "could not start")


def test_text_that_is_no_archive(visit):
    page = visit(PAINTER, opened="served")
    broken = "Object.assign(nbgan.assets, {'ort.js': 'bm90IGFuIGFyY2hpdmU='});"
    page.route("**/ort.js*", lambda route: route.fulfill(body=broken))
    start(page)
    failed(page, "could not start")


def test_a_missing_script_is_named_and_can_be_tried_again(visit):
    page = visit(PAINTER, opened="served")
    page.route("**/ort.js*", lambda route: route.abort())
    start(page)
    failed(page, "ort.js could not be loaded")
    page.unroute("**/ort.js*")
    page.get_by_role("button", name="Try again").click()
    page.locator(".nbgan-live[data-state=open]").wait_for()
    assert page.locator(".nbgan-painter").is_visible()
    assert page.locator(".nbgan-live-cover").is_hidden()


def test_without_javascript_the_picture_and_a_sentence(visit):
    page = visit(PAINTER, java_script_enabled=False)
    picture = page.locator(".nbgan-live-cover img")
    assert picture.is_visible()
    assert "label map" in picture.get_attribute("alt")
    sentence = page.locator(".nbgan-live-cover noscript p")
    assert "With JavaScript, this picture opens" in sentence.inner_text()
    assert sentence.is_visible()
    assert page.locator(".nbgan-live-open").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", [PAINTER, AXES])
def test_on_a_phone_nothing_sticks_out(visit, name, theme):
    page = visit(name, width=390, theme=theme, has_touch=True)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    start(page)
    page.locator(".nbgan-live-stage").scroll_into_view_if_needed()
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") <= 0
    inside = page.evaluate(
        f"""() => {{ const right = {DEMO}.getBoundingClientRect().right + 1;
            return [...{DEMO}.querySelectorAll('*')].filter(node => node.checkVisibility()
              && node.getBoundingClientRect().right > right
              && !node.closest('svg')).map(node => node.className); }}"""
    )
    assert inside == []
    assert page.seen["errors"] == []


def test_axes_count_what_pytorch_counts(visit):
    page = visit(AXES)
    start(page)
    for samples, channels, side, groups in ((4, 6, 3, 2), (1, 8, 1, 4), (6, 1, 4, 1)):
        x = torch.randn(samples, channels, side, side)
        grouped = x.unflatten(1, (groups, channels // groups))
        means = {
            "batch": x.mean((0, 2, 3)),
            "layer": x.mean((1, 2, 3)),
            "instance": x.mean((2, 3)),
            "group": grouped.mean((2, 3, 4)),
        }
        sizes = {"N": samples, "C": channels, "H": side, "G": groups}
        for method, wanted in means.items():
            got = page.evaluate(
                f"([method, sizes]) => {DEMO}.nbganDemo.count(method, sizes)", [method, sizes]
            )
            assert got == {"means": wanted.numel(), "values": x.numel() // wanted.numel()}


def test_axes_by_keyboard(visit):
    page = visit(AXES)
    start(page)
    summary = page.locator(".nbgan-axes-summary")
    page.get_by_role("radio", name="batch norm").focus()
    assert "6 means and 6 variances, each from 36 values" in summary.inner_text()
    assert page.locator(".nbgan-axes-block rect.nbgan-shared").count() == 36
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("radio", name="layer norm").get_attribute("aria-checked") == "true"
    assert "4 means" in summary.inner_text()
    page.get_by_label("samples N").focus()
    page.keyboard.press("ArrowLeft")
    assert "3 means and 3 variances" in summary.inner_text()
    # A pointer that rests on the blocks must not take the choice away from the keys.
    page.locator(".nbgan-axes-block").scroll_into_view_if_needed()
    box = page.locator(".nbgan-axes-block rect[data-n='2'][data-c='3']").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(".nbgan-axes-block").focus()
    for key in (*4 * ["ArrowUp"], *6 * ["ArrowLeft"], "ArrowDown"):
        page.keyboard.press(key)
    assert "of sample 2" in summary.inner_text()
    # What is blue shares a mean: the same values that layer norm averages for sample 2.
    blue = page.evaluate(
        "[...document.querySelectorAll('rect.nbgan-shared')].map(r => [+r.dataset.n, +r.dataset.c])"
    )
    assert {n for n, _ in blue} == {1} and {c for _, c in blue} == set(range(6))
    with_one_value = {"samples N": 1, "channels C": 1, "pixels H × W": 1}
    for label, value in with_one_value.items():
        page.get_by_label(label).fill(str(value))
    assert "layers refuse that" in summary.inner_text()


def test_one_value_is_refused():
    """The claim of the demo's text."""
    with pytest.raises(InputError, match="hold 1 value to average"):
        norms.normalize(torch.full((1, 1, 1, 1), 5.0), dims=(1, 2, 3))
