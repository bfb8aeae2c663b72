"""A browser, and pages in it that hold one painter."""

from pathlib import Path

import pytest

from nbgan.widgets.bundle import bundle

PAINTER = Path(__file__).parents[2] / "nbgan" / "widgets" / "painter"
PATIENCE = 60_000  # milliseconds; a busy machine is no reason to fail

PAGE = """<!doctype html>
<html data-theme="%(theme)s"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body { margin: 8px; font-family: sans-serif; } %(style)s</style></head>
<body><div id="here"></div></body></html>"""

# The module reaches the page as it does in a page opened from disk: through a Blob URL.
LOAD = """async (source) => {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  globalThis.module = await import(address);
}"""

CREATE = """(options) => {
  globalThis.strokes = [];
  const bytes = (values) => values && Uint8Array.from(values);
  globalThis.painter = module.createPainter(document.getElementById("here"), {
    ...options,
    mask: bytes(options.mask),
    instance: options.instance && Uint16Array.from(options.instance),
    examples: (options.examples ?? []).map((each) => ({ ...each, mask: bytes(each.mask) })),
    random: options.random ? async () => ({ mask: bytes(options.random) }) : null,
    onStroke: (stroke) => strokes.push(stroke),
    onSelect: options.selectable ? (chosen) => (globalThis.selected = chosen) : null,
  });
}"""

CLASSES = [
    {"name": "sky", "color": "#8ecaf0"},
    {"name": "water", "color": "#1454aa"},
    {"name": "grass", "color": "#8cc43e"},
    {"name": "snow", "color": "#ffffff"},
]


@pytest.fixture(scope="session")
def painter_module():
    """The painter as one module text."""
    return bundle(PAINTER / "index.js")


@pytest.fixture
def open_page(browser, painter_module):
    """Open a page with the module loaded as ``module``; script errors fail the test."""
    contexts, errors = [], []

    def make(*, width=1000, height=900, theme="light", touch=False):
        context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=touch, accept_downloads=True
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: m.type != "error" or errors.append(m.text))
        style = (PAINTER / "painter.css").read_text()
        page.set_content(PAGE % {"theme": theme, "style": style})
        page.evaluate(LOAD, painter_module)
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def open_painter(open_page):
    """Open a page with a painter of 32 × 32 pixels; returns its :class:`Desk`."""

    def make(*, page=None, width=32, height=32, **options):
        where = {k: options.pop(k) for k in ("theme", "touch") if k in options}
        where |= options.pop("viewport", {})
        opened = page or open_page(**where)
        options = {"classes": CLASSES, "ignoreId": 255, **options}
        opened.evaluate(CREATE, {"width": width, "height": height, **options})
        return Desk(opened, width, height)

    return make


class Desk:
    """A painter on a page, as a user handles it; points are in mask pixels."""

    def __init__(self, page, width, height):
        self.page, self.width, self.height = page, width, height
        self.stage = page.locator(".nbgan-stage")
        self.message = page.locator(".nbgan-message")
        self.hover = page.locator(".nbgan-hover")

    def place(self, x, y):
        """The middle of mask pixel (x, y) on the screen, at zoom 1."""
        box = self.stage.bounding_box()
        return (
            box["x"] + 1 + (x + 0.5) * (box["width"] - 2) / self.width,
            box["y"] + 1 + (y + 0.5) * (box["height"] - 2) / self.height,
        )

    def move(self, x, y, steps=1):
        self.page.mouse.move(*self.place(x, y), steps=steps)

    def drag(self, *points):
        self.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.move(*point, steps=4)
        self.page.mouse.up()

    def click(self, x, y, **options):
        self.page.mouse.click(*self.place(x, y), **options)

    def tool(self, name):
        self.button(name).click()

    def button(self, name):
        return self.page.get_by_role("button", name=name, exact=True)

    def choose(self, name):
        self.page.get_by_role("radio", name=name).click()

    def size(self, pixels):
        self.page.locator(".nbgan-size input").evaluate(
            "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }",
            pixels,
        )

    @property
    def mask(self):
        """Rows of class ids."""
        ids = self.page.evaluate("Array.from(painter.mask)")
        return [ids[j * self.width : (j + 1) * self.width] for j in range(self.height)]

    @property
    def instance(self):
        ids = self.page.evaluate("Array.from(painter.instance)")
        return [ids[j * self.width : (j + 1) * self.width] for j in range(self.height)]

    def painted(self, class_id):
        """The pixels (x, y) of a class."""
        return {
            (i, j) for j, row in enumerate(self.mask) for i, v in enumerate(row) if v == class_id
        }

    @property
    def strokes(self):
        """How many strokes the page was told of."""
        return self.page.evaluate("strokes.length")

    @property
    def chosen(self):
        """Tool and class."""
        return self.page.evaluate(
            """() => {
              const tool = document.querySelector('[data-tool][aria-pressed=true]');
              const chip = document.querySelector('[role=radio][aria-checked=true]');
              return [tool.dataset.tool, chip.querySelector('.nbgan-name').textContent];
            }"""
        )

    def settle(self):
        """Until what was asked for is drawn."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def shown(self, x, y):
        """Colour of a mask pixel on the screen, as [red, green, blue]."""
        self.settle()
        return self.page.evaluate(
            """([x, y, width, height]) => {
              const canvas = document.querySelector('.nbgan-stage canvas');
              const at = (v, n, m) => Math.floor(((v + 0.5) * n) / m);
              return [...canvas.getContext('2d').getImageData(
                at(x, canvas.width, width), at(y, canvas.height, height), 1, 1).data].slice(0, 3);
            }""",
            [x, y, self.width, self.height],
        )
