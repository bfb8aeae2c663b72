"""Instance maps in the painter: numbering, files, and choosing one object."""

import json

import numpy as np
import pytest
from PIL import Image
from png_files import png

from nbgan.data.cityscapes import cityscapes_ids

pytestmark = pytest.mark.timeout(300)

RNG = np.random.default_rng(0)
MASK = RNG.integers(0, 4, (24, 32)).astype(np.uint8)
THINGS = [1, 3]  # water and snow


def things_of(mask):
    """Instance ids of one to three objects for each thing."""
    ids = mask.astype(np.uint16) * 1000 + RNG.integers(0, 3, mask.shape).astype(np.uint16)
    return np.where(np.isin(mask, THINGS), ids, 0).astype(np.uint16)


INSTANCE = things_of(MASK)


def show(desk, mask, instance):
    desk.page.evaluate(
        "([ids, things]) => painter.setMask(Uint8Array.from(ids), Uint16Array.from(things))",
        [mask.ravel().tolist(), instance.ravel().tolist()],
    )


def saved(desk, folder, button):
    with desk.page.expect_download() as download:
        desk.button(button).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def offer(desk, **files):
    """Give the painter files, and wait until it has said something about them."""
    desk.page.evaluate("painter.say('waiting', 'info')")
    desk.page.locator("input[type=file]").set_input_files(
        [
            {"name": f"{name}.png", "mimeType": "image/png", "buffer": data}
            for name, data in files.items()
        ]
    )
    desk.page.wait_for_function(
        "document.querySelector('.nbgan-message').textContent !== 'waiting'"
    )
    return desk.message.inner_text()


@pytest.fixture
def numbered(open_painter):
    """A painter whose instances are simply numbered."""
    return open_painter(width=32, height=24, instance=[0] * 768)


@pytest.fixture
def cityscapes(open_painter):
    """A painter whose classes say which are things."""
    return open_painter(
        width=32, height=24, instance=[0] * 768, things=THINGS, selectable=True, ignoreId=None
    )


def test_things_are_numbered_by_class_and_stuff_is_not_counted(cityscapes):
    desk = cityscapes
    desk.size(3)
    desk.choose("water")
    desk.drag((4, 4), (8, 4))
    desk.drag((4, 9), (8, 9))
    desk.choose("snow")
    desk.drag((4, 14), (8, 14))
    assert [desk.instance[y][6] for y in (4, 9, 14)] == [1000, 1001, 3000]
    desk.choose("grass")
    desk.button("add to").click()
    desk.drag((4, 4), (8, 4))
    assert (desk.instance[4][6], desk.mask[4][6]) == (0, 2)
    desk.button("new").click()
    desk.choose("water")
    desk.drag((4, 19), (8, 19))
    assert desk.instance[19][6] == 1000, "a number that is free again is used again"


def test_numbered_instances_travel_as_they_are(numbered, tmp_path):
    desk = numbered
    instance = RNG.integers(0, 65536, (24, 32)).astype(np.uint16)
    show(desk, MASK, instance)
    path = saved(desk, tmp_path, "Save instances")
    assert path.name == "instances.png"
    with Image.open(path) as picture:
        assert picture.mode.startswith("I")
        np.testing.assert_array_equal(np.asarray(picture), instance)
    show(desk, MASK, np.zeros_like(instance))
    before = desk.strokes
    assert offer(desk, instances=path.read_bytes()) == "Loaded instances.png."
    assert desk.strokes == before + 1
    np.testing.assert_array_equal(desk.instance, instance)
    np.testing.assert_array_equal(desk.mask, MASK)
    desk.button("Undo").click()
    assert not np.any(desk.instance)


def test_mask_and_instance_map_are_loaded_together(numbered, tmp_path):
    desk = numbered
    instance = RNG.integers(0, 9, (24, 32)).astype(np.uint16)
    show(desk, MASK, instance)
    mask_file = saved(desk, tmp_path, "Save").read_bytes()
    instance_file = saved(desk, tmp_path, "Save instances").read_bytes()
    show(desk, np.zeros_like(MASK), np.zeros_like(instance))
    said = offer(desk, a=instance_file, b=mask_file)
    assert said == "Loaded a.png and b.png."
    np.testing.assert_array_equal(desk.mask, MASK)
    np.testing.assert_array_equal(desk.instance, instance)
    assert "choose one mask and at most one instance map" in offer(desk, a=mask_file, b=mask_file)


def test_files_of_things_are_those_of_cityscapes(cityscapes, tmp_path):
    desk = cityscapes
    show(desk, MASK, INSTANCE)
    path = saved(desk, tmp_path, "Save instances")
    expected = cityscapes_ids(MASK, INSTANCE)
    with Image.open(path) as picture:
        np.testing.assert_array_equal(np.asarray(picture), expected)
    show(desk, np.zeros_like(MASK), np.zeros_like(INSTANCE))
    # What Pillow writes, as Cityscapes' own files are; it says what the classes are, too.
    assert offer(desk, instances=png(expected.astype(np.uint16))) == "Loaded instances.png."
    np.testing.assert_array_equal(desk.mask, MASK)
    np.testing.assert_array_equal(desk.instance, INSTANCE)


def ids(**changes):
    """A file of instance ids with one wrong pixel."""
    values = cityscapes_ids(MASK, INSTANCE).astype(np.uint16)
    for where, value in changes.items():
        x, y = map(int, where[1:].split("_"))
        values[y, x] = value
    return png(values)


@pytest.mark.parametrize(
    ("files", "messages"),
    [
        ({"a": ids(p3_5=40003)}, ("a.png", "unknown id 40003 at x 3, y 5", "classes are 0 to 3")),
        ({"a": ids(p3_5=4)}, ("unknown id 4 at x 3, y 5", "class × 1000 + n on things")),
        ({"a": ids(p0_1=2001)}, ("id 2001 at x 0, y 1", "'grass'", "water, snow", "Use 2 there")),
        ({"a": png(np.zeros((32, 24), np.uint16))}, ("24 × 32 pixels", "has 32 × 24")),
        ({"a": ids()[:-200]}, ("a.png", "ends too early")),
        (
            {"a": ids(p2_2=1000), "b": png(np.full((24, 32), 2, np.uint8))},
            ("instance", "is a", "there the mask is grass", "the two files of one picture"),
        ),
    ],
)
def test_other_files_are_refused_and_nothing_changes(cityscapes, files, messages):
    said = offer(cityscapes, **files)
    assert cityscapes.message.get_attribute("data-kind") == "error"
    for message in messages:
        assert message in said
    assert cityscapes.strokes == 0
    assert not np.any(cityscapes.instance)


def test_a_painter_without_instances_takes_no_instance_map(open_painter):
    desk = open_painter(width=32, height=24)
    assert "16 bits per channel" in offer(desk, a=ids())
    assert desk.page.get_by_role("button", name="Save instances").count() == 0


def test_an_object_is_chosen_outlined_and_followed(cityscapes):
    desk = cityscapes
    desk.size(4)
    desk.choose("water")
    desk.drag((4, 4), (8, 4))
    desk.drag((20, 14), (24, 14))
    selected = "JSON.stringify(globalThis.selected)"
    assert desk.page.evaluate("globalThis.selected === undefined")
    desk.tool("Object")
    desk.click(22, 14)
    assert json.loads(desk.page.evaluate(selected)) == {"classId": 1, "instance": 1001}
    # The outline runs around the object: its box in mask pixels.
    box = desk.page.evaluate(
        """() => { const { x, y, width, height } =
            document.querySelector('.nbgan-selected').getBBox(); return [x, y, width, height]; }"""
    )
    pixels = np.argwhere(np.array(desk.instance) == 1001)
    (top, left), (bottom, right) = pixels.min(0), pixels.max(0) + 1
    assert box == [left, top, right - left, bottom - top]
    desk.click(1, 22)
    assert json.loads(desk.page.evaluate(selected)) == {"classId": 0, "instance": 0}
    desk.click(22, 14)
    strokes = desk.strokes
    desk.page.keyboard.press("Escape")
    assert desk.page.evaluate(selected) == "null"
    assert desk.strokes == strokes, "choosing is no stroke"
    desk.click(22, 14)
    desk.button("Undo").click()
    assert desk.page.evaluate(selected) == "null", "an object that is gone is not chosen"
    assert desk.page.locator(".nbgan-selected").first.get_attribute("d") == ""


def test_an_object_is_chosen_by_keys(cityscapes):
    desk = cityscapes
    desk.stage.focus()
    desk.page.keyboard.press("o")
    assert desk.chosen[0] == "select"
    desk.page.keyboard.press("Space")
    assert desk.page.evaluate("selected.instance") == 0
    assert desk.strokes == 0


def test_only_offered_classes_are_in_the_palette(open_painter):
    desk = open_painter(offered=[1, 3])
    names = desk.page.locator(".nbgan-palette .nbgan-name").all_inner_texts()
    assert names == ["water", "snow"]
    desk.page.get_by_role("radio", name="water").focus()
    desk.page.keyboard.press("ArrowRight")
    assert desk.chosen[1] == "snow"
    desk.drag((4, 4), (8, 4))
    assert desk.mask[4][6] == 3
    assert desk.page.get_by_role("button", name="Object").count() == 0
