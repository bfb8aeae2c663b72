"""The painter under real mouse, touch, pen and keys, in Chromium."""

import math

import pytest

pytestmark = pytest.mark.timeout(300)


def disc(x, y, size):
    """Pixels under a brush of odd size on pixel (x, y)."""
    reach = size // 2
    return {
        (i, j)
        for j in range(y - reach, y + reach + 1)
        for i in range(x - reach, x + reach + 1)
        if math.hypot(i - x, j - y) <= size / 2
    }


def capsule(start, end, size):
    """Pixels within size / 2 of a line between two pixels, on a grid of 32 × 32."""
    (ax, ay), (bx, by) = start, end
    dx, dy = bx - ax, by - ay
    inside = set()
    for j in range(32):
        for i in range(32):
            t = min(max(((i - ax) * dx + (j - ay) * dy) / (dx * dx + dy * dy), 0), 1)
            if math.hypot(i - ax - t * dx, j - ay - t * dy) <= size / 2 + 1e-9:
                inside.add((i, j))
    return inside


def box(left, top, right, bottom):
    return {(i, j) for j in range(top, bottom + 1) for i in range(left, right + 1)}


def test_brush_is_ready_and_paints_exact_pixels_with_one_message(open_painter):
    desk = open_painter()
    assert desk.chosen == ["brush", "water"]
    assert "Choose a class" in desk.message.inner_text()
    desk.size(5)
    desk.move(6, 20)
    desk.page.mouse.down()
    desk.move(26, 20, steps=6)
    assert desk.strokes == 0
    desk.page.mouse.up()
    assert desk.painted(1) == capsule((6, 20), (26, 20), 5)
    assert desk.strokes == 1
    stroke = desk.page.evaluate(
        """() => { const [s] = strokes; const copy = s.mask.slice(); s.mask.fill(3);
             return { sequence: s.sequence, instance: s.instance, kept: copy.every(
               (v, i) => v === painter.mask[i]), type: s.mask.constructor.name }; }"""
    )
    assert stroke == {"sequence": 1, "instance": None, "kept": True, "type": "Uint8Array"}
    assert desk.shown(16, 20) == [0x14, 0x54, 0xAA]
    assert desk.shown(16, 24) == [0x8E, 0xCA, 0xF0]


def test_screen_shows_class_colours_only(open_painter):
    desk = open_painter()
    desk.drag((3, 3), (28, 17), (9, 29))
    desk.move(31, 0)
    desk.settle()
    colours = desk.page.evaluate(
        """() => { const c = document.querySelector('.nbgan-stage canvas');
             const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
             const seen = new Set();
             for (let i = 0; i < d.length; i += 4) seen.add([...d.slice(i, i + 4)].join());
             return [...seen].sort(); }"""
    )
    assert colours == ["142,202,240,255", "20,84,170,255"]


def test_size_ring_is_there_before_painting(open_painter):
    desk = open_painter()
    desk.size(8)
    desk.move(10, 10)
    ring = desk.page.locator(".nbgan-overlay ellipse.light")
    desk.page.wait_for_function(
        "document.querySelector('ellipse.light').getAttribute('visibility') === 'visible'"
    )
    width = desk.stage.bounding_box()["width"] - 2
    assert float(ring.get_attribute("rx")) == pytest.approx(8 * width / 32 / 2, rel=0.01)
    desk.stage.focus()
    desk.page.keyboard.press("]")
    desk.move(11, 10)
    desk.settle()
    assert float(ring.get_attribute("rx")) == pytest.approx(9 * width / 32 / 2, rel=0.01)
    assert desk.strokes == 0


def test_hover_names_class_and_id(open_painter):
    desk = open_painter(mask=[2] * 1024)
    desk.move(5, 7)
    desk.page.wait_for_function(
        "document.querySelector('.nbgan-hover').textContent === 'grass · 2 · x 5, y 7'"
    )


def test_touch_paints_and_two_fingers_zoom(open_painter):
    desk = open_painter(touch=True, viewport={"width": 390, "height": 844})
    desk.size(3)
    session = desk.page.context.new_cdp_session(desk.page)

    def touch(kind, *points):
        listed = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": listed})

    desk.stage.scroll_into_view_if_needed()
    touch("touchStart", desk.place(4, 10))
    touch("touchMove", desk.place(14, 10))
    touch("touchMove", desk.place(24, 10))
    touch("touchEnd")
    desk.page.wait_for_function("strokes.length === 1")
    assert desk.painted(1) == capsule((4, 10), (24, 10), 3)
    touch("touchStart", desk.place(14, 20))
    touch("touchStart", desk.place(14, 20), desk.place(18, 20))
    touch("touchMove", desk.place(10, 20), desk.place(22, 20))
    touch("touchMove", desk.place(8, 20), desk.place(24, 20))
    touch("touchEnd")
    desk.page.wait_for_function("document.querySelector('.nbgan-zoom').textContent === '400 %'")
    assert desk.strokes == 1
    assert desk.painted(1) == capsule((4, 10), (24, 10), 3)


def test_pen_paints(open_painter):
    desk = open_painter()
    desk.size(1)
    session = desk.page.context.new_cdp_session(desk.page)
    for kind, (x, y) in (
        ("mouseMoved", (8, 8)),
        ("mousePressed", (8, 8)),
        ("mouseMoved", (12, 12)),
        ("mouseReleased", (12, 12)),
    ):
        px, py = desk.place(x, y)
        session.send(
            "Input.dispatchMouseEvent",
            {
                "type": kind,
                "x": px,
                "y": py,
                "button": "left",
                "pointerType": "pen",
                "buttons": 0 if kind == "mouseReleased" else 1,
                "clickCount": 1,
                "force": 0.5,
            },
        )
    desk.page.wait_for_function("strokes.length === 1")
    assert desk.painted(1) == {(i, i) for i in range(8, 13)}


def test_fill_takes_the_connected_region(open_painter):
    mask = [0] * 1024
    for j in range(32):
        mask[j * 32 + 10] = 3
    desk = open_painter(mask=mask)
    desk.tool("Fill")
    desk.click(20, 5)
    assert desk.painted(1) == box(11, 0, 31, 31)
    assert desk.painted(3) == box(10, 0, 10, 31)
    assert desk.strokes == 1


def test_rectangle_and_its_cancelling(open_painter):
    desk = open_painter()
    desk.tool("Rectangle")
    desk.drag((20, 12), (5, 4))
    assert desk.painted(1) == box(5, 4, 20, 12)
    desk.move(2, 20)
    desk.page.mouse.down()
    desk.move(9, 29)
    desk.page.keyboard.press("Escape")
    desk.page.mouse.up()
    assert desk.painted(1) == box(5, 4, 20, 12)
    assert desk.strokes == 1


def test_polygon_closes_on_its_first_corner_and_on_double_click(open_painter):
    desk = open_painter()
    desk.tool("Polygon")
    for corner in ((4, 4), (20, 4), (20, 14), (4, 14)):
        desk.click(*corner)
    assert desk.strokes == 0
    desk.click(4, 4)
    assert desk.strokes == 1
    inside = desk.painted(1)
    assert box(5, 5, 19, 13) <= inside <= box(4, 4, 20, 14)
    desk.choose("grass")
    desk.click(5, 20)
    desk.click(25, 20)
    desk.page.mouse.dblclick(*desk.place(25, 30))
    assert desk.strokes == 2
    assert {(24, 22), (20, 23)} <= desk.painted(2)
    assert (8, 29) not in desk.painted(2)


def test_eyedropper_returns_to_the_brush(open_painter):
    desk = open_painter(mask=[2] * 512 + [3] * 512)
    desk.tool("Pick")
    desk.click(10, 25)
    assert desk.chosen == ["brush", "snow"]
    desk.page.keyboard.down("Alt")
    desk.click(10, 3)
    desk.page.keyboard.up("Alt")
    assert desk.chosen == ["brush", "grass"]
    assert desk.strokes == 0


def test_eraser_brings_back_the_start_or_the_background(open_painter):
    start = [2] * 512 + [3] * 512
    desk = open_painter(mask=start)
    desk.drag((4, 15), (28, 15))
    desk.tool("Eraser")
    desk.size(16)
    desk.drag((0, 15), (31, 15))
    assert desk.mask == [start[:32]] * 16 + [start[-32:]] * 16
    desk.tool("Brush")
    assert desk.page.locator(".nbgan-size input").input_value() != "16"

    other = open_painter(mask=start, background=0)
    other.tool("Eraser")
    other.size(1)
    other.click(9, 9)
    assert other.painted(0) == {(9, 9)}


def test_protection_keeps_other_classes(open_painter):
    desk = open_painter(mask=[2] * 512 + [3] * 512)
    desk.choose("water")
    desk.button("Protect other classes").click()
    desk.size(9)
    desk.drag((10, 15), (20, 15))
    assert desk.painted(3) == box(0, 16, 31, 31)
    assert (15, 15) in desk.painted(1)
    over = desk.page.get_by_role("group", name="classes that may be painted over")
    over.get_by_role("button", name="snow").click()
    desk.drag((10, 15), (20, 15))
    assert (15, 18) in desk.painted(1)
    before = desk.painted(2)
    desk.tool("Fill")
    desk.click(2, 2)
    assert desk.painted(2) == before
    assert "protected" in desk.message.inner_text()


def test_undo_and_redo_by_stroke_leave_tool_and_class_alone(open_painter):
    desk = open_painter()
    desk.size(3)
    desk.drag((4, 4), (20, 4))
    first = desk.mask
    desk.drag((4, 20), (20, 20))
    second = desk.mask
    desk.tool("Fill")
    desk.choose("grass")
    for expected in (first, [[0] * 32] * 32):
        desk.page.keyboard.press("Control+z")
        assert desk.mask == expected
    assert desk.button("Undo").is_disabled()
    desk.page.keyboard.press("Control+z")
    for expected in (first, second):
        desk.page.keyboard.press("Control+Shift+z")
        assert desk.mask == expected
    assert desk.button("Redo").is_disabled()
    assert desk.chosen == ["fill", "grass"]
    assert desk.strokes == 6
    assert desk.page.evaluate("strokes.map((s) => s.sequence)") == [1, 2, 3, 4, 5, 6]
