"""Opening demos in the pages of the built book, in a real browser: served and from disk."""

import pytest
from live_demos import AXES, DEMO, PAINTER, failed, start, wait_for_end

pytestmark = [pytest.mark.book, pytest.mark.timeout(900)]


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


def test_a_late_picture_does_not_move_the_button(visit):
    """It arrives while the button is down: the click must still be the button's."""
    held = []
    page = visit(
        PAINTER,
        opened="served",
        width=390,
        has_touch=True,
        before=lambda page: page.route(
            "**/paint-landscapes.webp", lambda route: held.append(route)
        ),
    )
    button = page.locator(".nbgan-live-open")
    with page.expect_request("**/paint-landscapes.webp"):
        button.scroll_into_view_if_needed()
    button.hover()
    page.mouse.down()
    held[0].continue_()
    page.wait_for_function(f"{DEMO}.querySelector('.nbgan-live-cover img').naturalWidth > 0")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.mouse.up()
    wait_for_end(page)
    assert page.locator(".nbgan-live").get_attribute("data-state") == "open"


def with_silent_workers(count):
    """Sets a page up in which the first workers never say anything; its clock can be moved."""

    def before(page):
        page.clock.install()
        page.add_init_script(
            f"""const Real = Worker; let left = {count}; globalThis.ended = 0;
            globalThis.Worker = function (address) {{
              return left-- > 0 ? {{ postMessage() {{}}, terminate() {{ ended++; }} }}
                : new Real(address); }};"""
        )

    return before


@pytest.mark.parametrize(("silent", "state"), [(1, "open"), (2, "failed")])
def test_a_silent_worker_is_replaced_once(visit, silent, state):
    page = visit(PAINTER, before=with_silent_workers(silent))
    page.locator(".nbgan-live-open").click()
    for text in ("starting the runtime …", "starting the runtime once more …")[:silent]:
        page.wait_for_function(
            "text => document.querySelector('.nbgan-live-status').textContent === text", arg=text
        )
        page.clock.fast_forward(121_000)
    wait_for_end(page)
    assert page.evaluate("ended") == silent
    if state == "open":
        assert page.locator(".nbgan-live").get_attribute("data-state") == "open"
        assert page.locator(".nbgan-painter").is_visible()
    else:
        failed(page, "the worker has not answered for 120 seconds")
        page.get_by_role("button", name="Try again").click()
        page.locator(".nbgan-live[data-state=open]").wait_for()


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
