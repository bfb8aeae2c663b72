"""What the painter shows: zoom, picture, comparison, layout, light and dark."""

import pytest

pytestmark = pytest.mark.timeout(300)


def test_zoom_and_pan_and_painting_there(open_painter):
    desk = open_painter()
    desk.size(1)
    desk.move(8, 8)
    desk.page.keyboard.down("Control")
    for _ in range(6):
        desk.page.mouse.wheel(0, -100)
    desk.page.keyboard.up("Control")
    zoom = desk.page.locator(".nbgan-zoom")
    desk.page.wait_for_function("document.querySelector('.nbgan-zoom').textContent === '739 %'")
    desk.page.mouse.down()
    desk.page.mouse.up()
    assert desk.painted(1) == {(8, 8)}
    before = desk.shown(16, 16)
    desk.page.mouse.down(button="middle")
    desk.page.mouse.move(*desk.place(0, 0), steps=3)
    desk.page.mouse.up(button="middle")
    assert desk.strokes == 1
    desk.stage.focus()
    desk.page.keyboard.press("Home")
    assert zoom.inner_text() == "100 %"
    assert desk.shown(8, 8) == [0x14, 0x54, 0xAA]
    assert before == [0x8E, 0xCA, 0xF0]
    desk.page.keyboard.press("+")
    assert zoom.inner_text() == "150 %"
    desk.page.keyboard.press("-")
    assert zoom.inner_text() == "100 %"


def test_plain_wheel_scrolls_the_page(open_painter):
    desk = open_painter(viewport={"width": 800, "height": 500})
    desk.page.evaluate("document.body.style.minHeight = '3000px'")
    desk.move(16, 10)
    desk.page.mouse.wheel(0, 200)
    desk.page.wait_for_function("scrollY > 100")


PICTURE = """([color]) => {
  const image = new ImageData(16, 16);
  for (let i = 0; i < 256; i++) image.data.set([...color, 255], 4 * i);
  return painter.setPicture(image);
}"""


def test_picture_overlay_and_before_after(open_painter):
    desk = open_painter()
    slider = desk.page.locator(".nbgan-opacity input")
    assert slider.is_disabled()
    desk.page.evaluate(PICTURE, [[200, 0, 0]])
    slider.fill("50")
    assert desk.shown(4, 4) == pytest.approx([171, 101, 120], abs=2)
    slider.fill("0")
    assert desk.shown(4, 4) == [200, 0, 0]
    desk.page.evaluate(PICTURE, [[0, 0, 200]])
    desk.button("Compare").click()
    desk.settle()
    sides = desk.page.evaluate(
        """() => { const c = document.querySelector('.nbgan-frame canvas');
             const at = (x) => [...c.getContext('2d').getImageData(
               c.width * x, c.height / 2, 1, 1).data].slice(0, 3);
             return [at(0.25), at(0.75)]; }"""
    )
    assert sides == [[200, 0, 0], [0, 0, 200]]
    desk.page.evaluate("painter.setBusy(true)")
    assert desk.page.locator(".nbgan-busy").is_visible()
    desk.page.evaluate("painter.setBusy(false)")
    assert desk.page.locator(".nbgan-busy").is_hidden()


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_layout_fits(open_painter, width):
    desk = open_painter(
        viewport={"width": width, "height": 844},
        instance=[0] * 1024,
        examples=[{"name": "field", "mask": [2] * 1024}],
        random=[3] * 1024,
    )
    desk.button("Protect other classes").click()
    desk.page.evaluate(PICTURE, [[200, 0, 0]])
    look = desk.page.evaluate(
        """() => {
          const box = (q) => document.querySelector(q).getBoundingClientRect();
          const outside = [...document.querySelectorAll(
            '.nbgan-painter button, .nbgan-painter input, .nbgan-painter select')]
            .filter((n) => n.offsetParent).filter((n) => {
              const r = n.getBoundingClientRect();
              return r.left < 0 || r.right > innerWidth; }).length;
          const nameless = [...document.querySelectorAll('.nbgan-painter button')]
            .filter((n) => !(n.getAttribute('aria-label') || n.textContent.trim())).length;
          return { overflow: document.documentElement.scrollWidth - innerWidth, outside, nameless,
            beside: box('.nbgan-frame').left >= box('.nbgan-stage').right,
            below: box('.nbgan-frame').top >= box('.nbgan-stage').bottom }; }"""
    )
    assert look == {
        "overflow": 0,
        "outside": 0,
        "nameless": 0,
        "beside": width > 600,
        "below": width < 600,
    }


def test_dark_and_light_follow_the_page(open_painter):
    ink = "getComputedStyle(document.querySelector('.nbgan-painter')).color"
    dark = open_painter(theme="dark").page.evaluate(ink)
    light = open_painter(theme="light").page.evaluate(ink)
    assert (dark, light) == ("rgb(230, 237, 240)", "rgb(28, 43, 51)")


def test_classes_are_named_not_only_coloured(open_painter):
    desk = open_painter()
    names = desk.page.locator("[role=radio] .nbgan-name").all_inner_texts()
    assert names == ["sky", "water", "grass", "snow"]
    desk.page.get_by_role("radio", name="water").focus()
    desk.page.keyboard.press("ArrowRight")
    assert desk.chosen == ["brush", "grass"]
