"""The widget's script: with a kernel, with one that falls silent, and in a saved page."""

import json

import numpy as np
import pytest
from ipywidgets.embed import embed_data

from book.tools import scripts
from book.tools.build import ROOT
from nbgan.data.labels import LabelSpace
from nbgan.widgets import Painter

pytestmark = pytest.mark.timeout(300)

SPACE = LabelSpace(
    name="three", classes=("sky", "water", "grass"), colors=((9, 9, 255), (0, 0, 99), (0, 200, 0))
)

# A model as anywidget gives it: state, change events, and a record of what would be sent.
MODEL = """(state) => {
  const bytes = (values) => new DataView(Uint8Array.from(values).buffer);
  for (const name of Object.keys(state)) {
    if (/_(bytes|masks|instances)$/.test(name)) state[name] = bytes(state[name]);
  }
  const listeners = {};
  globalThis.saves = 0;
  globalThis.sent = [];
  globalThis.tell = (name, ...values) => (listeners[name] ?? []).forEach((f) => f(...values));
  globalThis.model = {
    get: (name) => state[name],
    set: (values) => {
      Object.assign(state, values);
      Object.keys(values).forEach((name) => tell(`change:${name}`));
    },
    save_changes: () => saves++,
    send: (content) => sent.push(content),
    on: (name, f) => (listeners[name] ??= []).push(f),
    off: (name, f) => (listeners[name] = listeners[name].filter((g) => g !== f)),
  };
  globalThis.fromKernel = (values) => {
    for (const name of Object.keys(values)) {
      if (name.endsWith("_bytes")) values[name] = bytes(values[name]);
    }
    model.set(values);
  };
  globalThis.stop = module.default.render({ model, el: document.getElementById("here") });
}"""


class Widget:
    """A painter of Python, shown in a page, with the test in the place of the kernel."""

    def __init__(self, page, painter):
        self.page = page
        state = {k: v for k, v in painter.get_state().items() if not k.startswith("_")}
        for name in ("layout", "tooltip", "tabbable", "comm"):
            state.pop(name, None)
        text = json.dumps(state, default=lambda value: list(bytes(value)))
        page.evaluate(MODEL, json.loads(text))
        self.message = page.locator(".nbgan-message")

    def stroke(self):
        stage = self.page.locator(".nbgan-stage")
        stage.click()

    def from_kernel(self, **values):
        self.page.evaluate("(values) => fromKernel(values)", values)

    def value(self, expression):
        return self.page.evaluate(expression)


@pytest.fixture
def show(open_page):
    def make(**options):
        page = open_page()
        page.clock.install()
        return Widget(page, Painter(SPACE, size=(8, 8), **options))

    return make


def grey(mask):
    return np.full((8, 8, 3), 10, np.uint8)


def test_a_stroke_is_one_message_and_the_picture_follows(show):
    widget = show(render=grey)
    widget.stroke()
    assert widget.value("saves") == 1
    assert widget.value("model.get('sequence')") == 1
    assert widget.value("new Uint8Array(model.get('mask_bytes').buffer).some((id) => id === 1)")
    busy = widget.page.locator(".nbgan-busy")
    assert busy.is_visible()
    widget.from_kernel(received=1)
    assert busy.is_visible()
    widget.from_kernel(answered=1, picture_bytes=[250] * 192, picture_size=[8, 8])
    assert busy.is_hidden()
    widget.page.wait_for_function(
        """() => { const c = document.querySelector('.nbgan-frame canvas');
             return c.getContext('2d').getImageData(9, 9, 1, 1).data[0] === 250; }"""
    )
    widget.page.clock.fast_forward(60_000)
    assert widget.message.get_attribute("data-kind") == "info"


def test_python_sets_the_mask_and_the_page_does_not_answer(show):
    widget = show()
    widget.from_kernel(mask_bytes=[2] * 64)
    widget.page.locator(".nbgan-stage").hover()
    widget.page.wait_for_function(
        "document.querySelector('.nbgan-hover').textContent.startsWith('grass')"
    )
    assert widget.value("saves") == 0
    widget.page.get_by_role("button", name="Undo").click()
    assert widget.value("saves") == 1


def test_errors_of_the_kernel_are_shown_until_the_next_success(show):
    widget = show(render=grey)
    widget.stroke()
    widget.from_kernel(received=1)
    widget.from_kernel(problem="picture failed: boom. The mask is kept.", answered=1)
    assert "boom" in widget.message.inner_text()
    assert widget.message.get_attribute("data-kind") == "error"
    widget.stroke()
    widget.from_kernel(received=2)
    widget.from_kernel(problem="", answered=2)
    assert widget.message.inner_text() == ""


def test_a_silent_kernel_is_reported_and_the_mask_kept(show):
    widget = show(render=grey)
    widget.stroke()
    widget.page.clock.fast_forward(7_000)
    assert "does not answer" in widget.message.inner_text()
    assert "mask is kept" in widget.message.inner_text()
    assert widget.page.locator(".nbgan-busy").is_hidden()
    assert widget.value("new Uint8Array(model.get('mask_bytes').buffer).some((id) => id === 1)")
    widget.from_kernel(received=1)
    assert widget.message.inner_text() == ""


@pytest.mark.parametrize("event", ["comm:close", "comm_live_update"])
def test_a_lost_kernel_is_reported_at_once(show, event):
    widget = show()
    widget.page.evaluate("(event) => tell(event)", event)
    assert "connection to the kernel is lost" in widget.message.inner_text()
    widget.stroke()
    assert widget.value("model.get('sequence')") == 1


def test_random_masks_come_from_the_kernel(show):
    widget = show(random=lambda: np.zeros((8, 8), np.uint8))
    button = widget.page.get_by_role("button", name="Random")
    button.click()
    widget.page.evaluate(
        """() => tell("msg:custom", { kind: "random", request: sent[0].request, problem: "" },
             [new DataView(new Uint8Array(64).fill(2).buffer)])"""
    )
    widget.page.wait_for_function("saves === 1")
    assert widget.value("new Uint8Array(model.get('mask_bytes').buffer).every((id) => id === 2)")
    button.click()
    widget.page.evaluate(
        "tell('msg:custom', { kind: 'random', request: sent[1].request, problem: 'no luck' }, [])"
    )
    widget.page.wait_for_function(
        "document.querySelector('.nbgan-message').textContent === 'no luck'"
    )
    button.click()
    widget.page.clock.fast_forward(7_000)
    widget.page.wait_for_function(
        "document.querySelector('.nbgan-message').textContent.includes('does not answer')"
    )


def test_instances_and_examples_arrive(show):
    things = np.full((8, 8), 504)
    widget = show(instances=things, examples={"field": np.full((8, 8), 2, np.uint8)})
    widget.page.locator(".nbgan-stage").hover()
    widget.page.wait_for_function(
        "document.querySelector('.nbgan-hover').textContent.endsWith('instance 504')"
    )
    widget.page.get_by_label("load an example mask").select_option("field")
    assert widget.value("new Uint8Array(model.get('mask_bytes').buffer).every((id) => id === 2)")
    assert widget.value("model.get('instance_bytes').byteLength") == 128


def test_a_chosen_object_reaches_the_kernel(show):
    widget = show(instances=True, selectable=True, things=[1])
    widget.page.get_by_role("button", name="Object").click()
    widget.page.locator(".nbgan-stage").click()
    assert widget.page.evaluate("model.get('selection')") == [0, 0]
    assert widget.page.evaluate("saves") == 1
    widget.page.keyboard.press("Escape")
    assert widget.page.evaluate("model.get('selection')") == []


def test_removed_widget_listens_no_more(show):
    widget = show()
    widget.page.evaluate("stop()")
    widget.from_kernel(mask_bytes=[2] * 64)
    assert widget.page.locator("#here").inner_html() == ""


SAVED = """<!doctype html><html><head><meta charset="utf-8">
<script src="{vendor}/require.js"></script><script src="{vendor}/prepare.js"></script>
<script src="{vendor}/embed-amd.js"></script>
<script type="application/vnd.jupyter.widget-state+json">{state}</script></head><body>
<script type="application/vnd.jupyter.widget-view+json">{view}</script></body></html>"""


def test_a_saved_page_shows_and_paints_without_a_kernel(browser, tmp_path):
    installed = scripts.prepare(ROOT / "book", ROOT / "_build" / "scripts")
    mask = np.zeros((8, 8), np.uint8)
    mask[4:] = 2
    painter = Painter(SPACE, mask=mask, render=grey)
    data = embed_data(views=[painter], drop_defaults=False)
    page_file = tmp_path / "saved.html"
    page_file.write_text(
        SAVED.format(
            vendor=(installed / "vendor" / "widgets").as_uri(),
            state=json.dumps(data["manager_state"]).replace("</", "<\\/"),
            view=json.dumps(data["view_specs"][0]),
        )
    )
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(page_file.as_uri())
    stage = page.locator(".nbgan-stage")
    stage.wait_for(timeout=60_000)
    box = stage.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.9)
    page.wait_for_function(
        "document.querySelector('.nbgan-hover').textContent.startsWith('grass · 2')"
    )
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function(
        "document.querySelector('.nbgan-hover').textContent.startsWith('water · 1')"
    )
    assert not page.locator(".nbgan-empty").is_visible()
    assert errors == []
    page.close()
