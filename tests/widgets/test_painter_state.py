"""Whole masks from outside, examples, instances, and the end of a painter."""

import pytest

pytestmark = pytest.mark.timeout(300)


def test_examples_random_and_reset(open_painter):
    desk = open_painter(
        examples=[{"name": "field", "mask": [2] * 1024}], random=[3] * 1024, mask=[1] * 1024
    )
    desk.page.get_by_label("load an example mask").select_option("field")
    assert len(desk.painted(2)) == 1024
    desk.choose("snow")
    desk.drag((4, 4), (9, 9))
    desk.button("Reset").click()
    assert len(desk.painted(2)) == 1024
    desk.button("Random").click()
    desk.page.wait_for_function("strokes.length === 4")
    assert len(desk.painted(3)) == 1024
    for _ in range(4):
        desk.button("Undo").click()
    assert len(desk.painted(1)) == 1024


def test_set_mask_from_outside_is_silent_and_undoable(open_painter):
    desk = open_painter()
    desk.tool("Rectangle")
    desk.choose("snow")
    desk.page.evaluate("painter.setMask(new Uint8Array(1024).fill(2))")
    assert desk.strokes == 0
    assert desk.chosen == ["rectangle", "snow"]
    assert desk.shown(3, 3) == [0x8C, 0xC4, 0x3E]
    desk.button("Undo").click()
    assert len(desk.painted(0)) == 1024
    refused = """([length, id]) => {
      try { painter.setMask(new Uint8Array(length).fill(id)); } catch (e) { return e.message; }
    }"""
    assert "9 pixels; expected 1024" in desk.page.evaluate(refused, [9, 0])
    assert "unknown class id 7; allowed are 0 to 3" in desk.page.evaluate(refused, [1024, 7])


def test_instances_new_add_and_none(open_painter):
    desk = open_painter(instance=[0] * 1024)
    desk.size(3)
    desk.drag((4, 4), (8, 4))
    desk.drag((4, 12), (8, 12))
    assert (desk.instance[4][6], desk.instance[12][6]) == (1, 2)
    desk.choose("grass")
    desk.button("add to").click()
    desk.drag((6, 4), (6, 8))
    assert desk.instance[7][6] == 1
    assert desk.mask[7][6] == 1
    desk.move(6, 7)
    desk.page.wait_for_function(
        "document.querySelector('.nbgan-hover').textContent === 'water · 1 · x 6, y 7 · instance 1'"
    )
    desk.button("none").click()
    desk.drag((6, 12), (8, 12))
    assert (desk.instance[12][7], desk.mask[12][7]) == (0, 2)
    desk.tool("Eraser")
    desk.drag((2, 4), (12, 4))
    assert (desk.instance[4][6], desk.mask[4][6]) == (0, 0)
    desk.button("Undo").click()
    assert (desk.instance[4][6], desk.mask[4][6]) == (1, 1)
    assert desk.page.evaluate("strokes.at(-1).instance.constructor.name") == "Uint16Array"


def test_disabled_painter_takes_no_strokes_and_destroy_leaves_nothing(open_painter):
    desk = open_painter()
    desk.page.evaluate("painter.setDisabled(true)")
    desk.drag((4, 4), (20, 20))
    assert desk.strokes == 0
    desk.page.evaluate("painter.setDisabled(false)")
    desk.drag((4, 4), (20, 20))
    assert desk.strokes == 1
    desk.page.evaluate("painter.say('no model', 'error')")
    assert desk.message.get_attribute("data-kind") == "error"
    desk.page.evaluate("painter.destroy()")
    assert desk.page.locator("#here").inner_html() == ""
