"""The painter by keys alone, and what the keys leave to the page."""

import pytest

pytestmark = pytest.mark.timeout(300)


def box(left, top, right, bottom):
    return {(i, j) for j in range(top, bottom + 1) for i in range(left, right + 1)}


def test_painting_by_keys_alone(open_painter):
    desk = open_painter()
    page = desk.page
    for _ in range(60):
        page.keyboard.press("Tab")
        if desk.stage.evaluate("(stage) => stage === document.activeElement"):
            break
    assert desk.stage.evaluate("(s) => s.matches(':focus-visible')")
    assert desk.stage.evaluate("(s) => getComputedStyle(s).outlineStyle") == "solid"
    page.keyboard.press("3")
    assert desk.chosen == ["brush", "snow"]
    for _ in range(40):
        page.keyboard.press("[")
    page.keyboard.press("ArrowRight")
    assert desk.hover.inner_text() == "sky · 0 · x 16, y 16"
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Space")
    assert desk.painted(3) == {(8, 16)}
    page.keyboard.down("Space")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.up("Space")
    assert desk.painted(3) == box(8, 16, 12, 16)
    assert desk.strokes == 2
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert desk.painted(3) == box(8, 16, 12, 16) | box(12, 16, 12, 19)
    page.keyboard.press("Control+z")
    page.keyboard.press("r")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert desk.painted(3) == box(8, 16, 12, 16) | box(12, 19, 20, 20)
    page.keyboard.press("p")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Space")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    assert (18, 14) in desk.painted(1)
    page.keyboard.press("Escape")
    assert not desk.stage.evaluate("(stage) => stage === document.activeElement")


def test_two_digits_choose_classes_from_ten_on(open_painter):
    classes = [{"name": f"class {n}", "color": f"#0000{n:02x}"} for n in range(14)]
    desk = open_painter(classes=classes)
    desk.stage.focus()
    desk.page.keyboard.press("1")
    assert desk.chosen[1] == "class 1"
    desk.page.keyboard.press("2")
    assert desk.chosen[1] == "class 12"
    desk.page.keyboard.press("5")
    assert desk.chosen[1] == "class 5"


def test_shortcut_list_opens_and_letters_choose_tools(open_painter):
    desk = open_painter()
    desk.stage.focus()
    desk.page.keyboard.press("?")
    assert "two digits" in desk.page.locator(".nbgan-help").inner_text()
    for key, tool in zip(
        "efirpmb", ("eraser", "fill", "pick", "rectangle", "polygon", "move", "brush"), strict=True
    ):
        desk.page.keyboard.press(key)
        assert desk.chosen[0] == tool


def test_plain_keys_stay_inside_the_painter(open_painter):
    desk = open_painter()
    desk.page.evaluate(
        "globalThis.heard = []; document.addEventListener('keydown', (e) => heard.push(e.key))"
    )
    desk.stage.focus()
    for key in ("a", "b", "Enter", "Control+e", "Tab"):
        desk.page.keyboard.press(key)
    assert desk.page.evaluate("heard") == ["Control", "e", "Tab"]
