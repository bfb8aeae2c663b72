"""The Python side of the painter: state, checks, and pictures that answer strokes."""

import threading

import numpy as np
import pytest
import torch
from PIL import Image
from traitlets import TraitError

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.widgets import Painter

SPACE = LabelSpace(
    name="three", classes=("sky", "water", "grass"), colors=((9, 9, 255), (0, 0, 99), (0, 200, 0))
)


def stroke(painter, mask, instance=None):
    """What arrives when somebody finishes a stroke: one message with these values."""
    state = {"mask_bytes": memoryview(mask.tobytes()), "sequence": painter.sequence + 1}
    if instance is not None:
        state["instance_bytes"] = memoryview(instance.tobytes())
    painter.set_state(state)


def filled(value, shape=(4, 6), dtype=np.uint8):
    return np.full(shape, value, dtype)


def grey(mask):
    """A picture whose grey is 10 times the mask's first id."""
    return filled(10 * int(mask[0, 0]), (*mask.shape, 3))


def test_mask_is_current_and_settable():
    painter = Painter(SPACE, size=(4, 6))
    assert painter.mask.dtype == np.uint8
    np.testing.assert_array_equal(painter.mask, filled(0))
    stroke(painter, filled(2))
    np.testing.assert_array_equal(painter.mask, filled(2))
    assert painter.received == 1
    painter.mask = torch.ones(4, 6, dtype=torch.int64)
    np.testing.assert_array_equal(painter.mask, filled(1))
    painter.mask[:] = 2
    np.testing.assert_array_equal(painter.mask, filled(1))
    assert painter.instance is None


def test_size_comes_from_the_mask_or_is_128():
    assert Painter(SPACE, mask=filled(1)).mask.shape == (4, 6)
    assert Painter(SPACE).mask.shape == (128, 128)
    assert Painter(SPACE, size=8).mask.shape == (8, 8)


def test_instances_travel_with_the_mask():
    painter = Painter(SPACE, size=(4, 6), instances=True)
    stroke(painter, filled(1), filled(300, dtype=np.uint16))
    assert painter.instance.dtype == np.uint16
    np.testing.assert_array_equal(painter.instance, filled(300, dtype=np.uint16))
    painter.instance = filled(7, dtype=np.int64)
    np.testing.assert_array_equal(painter.instance, filled(7))
    np.testing.assert_array_equal(painter.mask, filled(1))
    painter.mask = filled(2)
    np.testing.assert_array_equal(painter.instance, filled(0))
    started = Painter(SPACE, mask=filled(1), instances=filled(65535, dtype=np.int64))
    np.testing.assert_array_equal(started.instance, filled(65535, dtype=np.uint16))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mask": filled(3)}, r"mask: unknown class id 3; label space 'three' allows 0 to 2"),
        ({"mask": filled(1), "size": 4}, r"mask: shape \(4, 6\); this painter has \(4, 4\)"),
        ({"mask": filled(1.0, dtype=np.float32)}, "class ids must be integers"),
        ({"mask": [[1]]}, "mask: got list; give a NumPy array or a tensor"),
        ({"mask": np.zeros(3, np.uint8)}, r"mask: shape \(3,\); give class ids"),
        ({"size": 0}, "size is 0"),
        ({"background": "lava"}, "no class 'lava'"),
        ({"mask": filled(1), "examples": {"odd": filled(9)}}, "example 'odd': unknown class id 9"),
        ({"mask": filled(1), "instances": filled(-1, dtype=np.int64)}, "0 .no instance. to 65535"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(InputError, match=message):
        Painter(SPACE, **arguments)


def test_bad_values_later_change_nothing():
    painter = Painter(SPACE, mask=filled(1))
    for value, message in ((filled(9), "id 9"), (filled(1, (5, 5)), "shape")):
        with pytest.raises(InputError, match=message):
            painter.mask = value
    with pytest.raises(InputError, match="instances=True"):
        painter.instance = filled(1)
    with pytest.raises(InputError, match="instances=True"):
        painter.set(filled(1), filled(1))
    with pytest.raises(TraitError, match="5 bytes; this map has 24"):
        painter.set_state({"mask_bytes": b"12345", "sequence": 1})
    with pytest.raises(TraitError, match="mask from the page: unknown class id 200"):
        painter.set_state({"mask_bytes": bytes([200] * 24), "sequence": 1})
    np.testing.assert_array_equal(painter.mask, filled(1))
    assert painter.sequence == 0


@pytest.mark.parametrize(
    "picture",
    [
        torch.zeros(3, 4, 6),
        torch.zeros(3, 4, 6, dtype=torch.bfloat16),
        filled(128, (4, 6, 3)),
        Image.new("RGB", (6, 4), (128, 128, 128)),
        Image.new("L", (6, 4), 128),
    ],
)
def test_pictures_of_every_kind(picture):
    painter = Painter(SPACE, size=(4, 6))
    assert painter.picture is None
    painter.picture = picture
    np.testing.assert_array_equal(painter.picture, filled(128, (4, 6, 3)))
    painter.picture = None
    assert painter.picture is None


@pytest.mark.parametrize("wrong", [torch.zeros(4, 6), np.zeros((4, 6, 3)), "a.png"])
def test_what_is_no_picture_is_refused(wrong):
    with pytest.raises(InputError, match="picture: .* is not one"):
        Painter(SPACE, size=(4, 6)).picture = wrong


def test_each_stroke_is_rendered_once():
    calls = []
    painter = Painter(SPACE, size=(4, 6), render=lambda mask: calls.append(mask) or grey(mask))
    assert len(calls) == 1
    stroke(painter, filled(2))
    assert len(calls) == 2
    assert (painter.picture == 20).all()
    assert (painter.received, painter.answered) == (1, 1)
    painter.mask = filled(1)
    assert (painter.picture == 10).all()


def test_render_gets_the_instance_map_too():
    painter = Painter(SPACE, size=(4, 6), instances=True, render=lambda mask, things: grey(things))
    stroke(painter, filled(1), filled(4, dtype=np.uint16))
    assert (painter.picture == 40).all()


def test_strokes_that_arrive_while_rendering_are_answered_by_the_latest_only():
    seen, busy, go_on = [], threading.Event(), threading.Event()

    def render(mask):
        seen.append(int(mask[0, 0]))
        if len(seen) == 2:
            busy.set()
            assert go_on.wait(60)
        return grey(mask)

    painter = Painter(SPACE, size=(4, 6), render=render)
    worker = threading.Thread(target=stroke, args=(painter, filled(1)))
    worker.start()
    assert busy.wait(60)
    for value in (2, 0, 2):
        stroke(painter, filled(value))
        assert (painter.mask == value).all()
    assert (painter.received, painter.answered) == (4, 0)
    go_on.set()
    worker.join(60)
    assert seen == [0, 1, 2]
    assert (painter.picture == 20).all()
    assert painter.answered == 4


def test_errors_of_render_are_shown_and_the_mask_is_kept():
    def render(mask):
        if mask[0, 0] == 1:
            raise RuntimeError("out of memory")
        return "no picture" if mask[0, 0] == 2 else grey(mask)

    painter = Painter(SPACE, size=(4, 6), render=render)
    for value, message in ((1, "RuntimeError: out of memory"), (2, "str is not one")):
        stroke(painter, filled(value))
        assert message in painter.problem
        assert (painter.mask == value).all()
        assert (painter.picture == 0).all()
    assert painter.answered == 2
    stroke(painter, filled(0))
    assert painter.problem == ""


def test_callbacks_after_each_stroke():
    painter = Painter(SPACE, size=(4, 6))
    seen = []
    painter.on_stroke(lambda mask: seen.append(mask))
    stroke(painter, filled(2))
    painter.mask = filled(1)
    assert len(seen) == 1
    assert (seen[0] == 2).all()


def test_an_error_in_a_callback_is_shown_and_does_not_end_the_painting():
    painter = Painter(SPACE, size=(4, 6))
    painter.on_stroke(lambda mask: 1 / 0)
    stroke(painter, filled(2))
    assert "on_stroke failed: ZeroDivisionError" in painter.problem


def test_random_masks_are_asked_for_and_checked():
    masks = iter([filled(2), filled(9)])
    painter = Painter(SPACE, size=(4, 6), random=lambda: next(masks))
    sent = []
    painter.send = lambda content, buffers=None: sent.append((content, buffers))
    painter._handle_custom_msg({"kind": "random", "request": "a"}, [])
    painter._handle_custom_msg({"kind": "random", "request": "b"}, [])
    assert sent[0][0] == {"kind": "random", "request": "a", "problem": ""}
    assert sent[0][1][0] == filled(2).tobytes()
    assert "random mask: unknown class id 9" in sent[1][0]["problem"]
    assert (painter.mask == 0).all()


def test_examples_reach_the_page():
    painter = Painter(
        SPACE,
        size=(4, 6),
        instances=True,
        examples={"lake": filled(1), "cars": (filled(2), filled(3, dtype=np.int64))},
    )
    assert painter.example_names == ["lake", "cars"]
    assert painter.example_masks == filled(1).tobytes() + filled(2).tobytes()
    things = np.frombuffer(painter.example_instances, np.uint16).reshape(2, 4, 6)
    np.testing.assert_array_equal(things[1], filled(3))


def test_things_offered_classes_and_selection():
    painter = Painter(SPACE, size=8, instances=True, things=[1], offered=[0, 1], selectable=True)
    assert (painter.things, painter.offered, painter.selectable) == ([1], [0, 1], True)
    chosen = []
    painter.on_select(chosen.append)
    assert painter.selected is None
    painter.set_state({"selection": [1, 1002]})
    painter.set_state({"selection": []})
    assert chosen == [(1, 1002), None]
    for name in ("things", "offered"):
        with pytest.raises(InputError, match=f"{name}: 9 is no class; allowed are 0 to"):
            Painter(SPACE, size=8, **{name: [9]})
