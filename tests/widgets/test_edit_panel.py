"""The panel to edit pictures, without a browser: begin, paint, optimise, stop, slide, save."""

import io
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from png_files import png
from tiny_editgan import codes, distance, tiny_model

from nbgan import zoo
from nbgan.editgan import Editor, EditVector, VectorLibrary, load_vector
from nbgan.errors import InputError
from nbgan.widgets import EditPanel
from nbgan.widgets.desk import EDIT, PAINT, Desk, editing_models
from nbgan.widgets.strengths import StrengthSliders


@pytest.fixture
def editor():
    return Editor(
        model=tiny_model(),
        distance=distance,
        name="tiny",
        strange=lambda error: "it looks strange",
    )


@pytest.fixture
def shelf(editor, tmp_path):
    shelf = VectorLibrary(tmp_path / "vectors")
    for seed, name in enumerate(("close-eyes", "smile"), start=3):
        direction = codes(editor.model, seed=seed)[0] - codes(editor.model)[0]
        region = torch.zeros(32, 32, dtype=torch.bool)
        region[8 * (seed - 2) :, 4:20] = True
        mark = editor.model.mark
        shelf.save(
            EditVector(
                name=name, direction=direction, region=region, classes=("left",), generator=mark
            )
        )
    return shelf


@pytest.fixture
def panel(editor, shelf, tmp_path):
    return EditPanel(editor, vectors=shelf, folder=tmp_path / "edits")


def pixels(image):
    return ((image + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()


def other_mask(panel):
    mask = panel.mask
    mask[8:20, 8:20] = 1 - mask[8:20, 8:20]
    return mask


def test_it_begins_with_a_sampled_face_and_its_mask(panel):
    before = panel.session.before
    assert (panel.mask == before.label[0].numpy()).all()
    assert (panel.painter.picture == pixels(before.image[0])).all()
    old = panel.session.record.w_plus
    panel.sample()
    assert not torch.equal(panel.session.record.w_plus, old)
    assert (panel.mask == panel.session.before.label[0].numpy()).all()


def test_a_painted_mask_is_optimised_and_scored(panel):
    mask = other_mask(panel)
    panel.mask = mask
    panel.optimise(steps=3)
    panel.wait()
    assert panel.message.startswith("IoU in the region")
    assert (panel.session.record.painted.numpy() == mask).all()
    assert (panel.painter.picture == pixels(panel.session.after.image[0])).all()
    titles = [item["title"] for item in panel._row.items]
    assert titles == ["given", "as the generator knows it", "edited"]


def test_a_mask_that_changes_nothing_is_told_and_nothing_breaks(panel):
    panel.optimise(steps=2)
    panel.wait()
    assert "says what the picture's mask says already" in panel.message
    panel.mask = other_mask(panel)
    panel.optimise(steps=1)
    panel.wait()
    assert panel.message.startswith("IoU")


def test_it_can_be_stopped_and_goes_on(panel, monkeypatch):
    begun, free = threading.Event(), threading.Event()
    say = panel._work._say

    def slow(words, kind="info"):
        say(words, kind)
        if "step 1 of" in words:
            begun.set()
            free.wait(30)

    monkeypatch.setattr(panel._work, "_say", slow)
    panel.mask = other_mask(panel)
    panel.optimise(steps=6)
    assert begun.wait(60)
    with pytest.raises(InputError, match="an optimisation is under way"):
        panel.optimise()
    with pytest.raises(InputError, match="an optimisation is under way"):
        panel.sample()
    assert all(button.disabled for button in panel._work._buttons)
    panel.cancel()
    free.set()
    panel.wait()
    assert "Stopped: editing, 1 of 6 iterations done" in panel.message
    assert not any(button.disabled for button in panel._work._buttons)
    panel.go_on()
    panel.wait()
    assert panel.session.unfinished == ""
    with pytest.raises(InputError, match="nothing was stopped"):
        panel.go_on()


def test_sliders_add_vectors_and_zero_takes_them_away(panel, shelf):
    model, before = panel.editor.model, panel.session.record.w_plus
    panel.strengths = {"smile": 0.5, "close-eyes": -1.0}
    wanted = before + 0.5 * shelf.load("smile").direction - shelf.load("close-eyes").direction
    torch.testing.assert_close(panel.session.record.edited, wanted)
    assert (panel.mask == model.view(wanted).label[0].numpy()).all()
    assert panel.strengths == {"close-eyes": -1.0, "smile": 0.5}
    panel.refine(steps=2)
    panel.wait()
    assert panel.session.record.edit.settings.steps in (0, 2)
    panel.sliders._sliders["smile"].value = 0
    panel.sliders._sliders["close-eyes"].value = 0
    assert panel.session.record.edited is None
    assert (panel.painter.picture == pixels(panel.session.before.image[0])).all()
    with pytest.raises(InputError, match="all sliders are at 0"):
        panel.refine()
    with pytest.raises(InputError, match="no vector 'wink' here; there are close-eyes, smile"):
        panel.strengths = {"wink": 1}
    with pytest.raises(InputError, match="strength of 'smile': got 9"):
        panel.strengths = {"smile": 9}


def test_vectors_of_another_generator_are_left_out(editor, shelf):
    sliders = StrengthSliders(shelf, model=tiny_model(seed=5), on_change=lambda: None)
    assert sliders.vectors == {}
    assert "2 of another generator left out" in sliders.children[0].value


def test_an_upload_is_embedded_and_strangers_are_told(panel):
    picture = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    told = panel.upload("me.png", png(picture))
    assert told.startswith("me.png (")
    assert "embedding error" in told and "Beware: it looks strange" in told
    error = panel.session.record.error
    panel.embed(steps=5)
    panel.wait()
    assert panel.message.startswith("Embedding error")
    assert panel.session.record.error <= error
    before = panel.session
    with pytest.raises(InputError, match="x.png: not a readable picture"):
        panel.upload("x.png", b"no picture")
    assert panel.session is before


def test_files(panel):
    name, content = panel.files.picture_file()
    assert name == "picture.png"
    assert (np.array(Image.open(io.BytesIO(content))) == pixels(panel.session.image)).all()
    with pytest.raises(InputError, match="no edit yet"):
        panel.files.vector_file()
    panel.strengths = {"smile": 1.0}
    name, content = panel.files.picture_file()
    assert name == "edited.png"
    ids = np.array(Image.open(io.BytesIO(panel.files.mask_file()[1])))
    assert (ids == panel.mask).all()
    panel.files.name.value = "Not a name"
    with pytest.raises(InputError, match="vector name"):
        panel.files.vector_file()
    panel.files.name.value = "my-smile"
    name, content = panel.files.vector_file()
    assert name == "my-smile.safetensors"
    path = panel.folder / name
    path.write_bytes(content)
    torch.testing.assert_close(
        load_vector(path).direction, panel.sliders.vectors["smile"].direction
    )


def test_the_result_can_be_edited_next(panel):
    panel.strengths = {"smile": 1.0}
    edited = panel.session.record.edited
    panel.accept()
    torch.testing.assert_close(panel.session.record.w_plus, edited)
    assert panel.strengths == {} and panel.session.record.edited is None


def test_a_folder_is_taken_up_again(panel, editor, shelf):
    panel.mask = other_mask(panel)
    panel.optimise(steps=2)
    panel.wait()
    again = EditPanel(editor, vectors=shelf, folder=panel.folder)
    torch.testing.assert_close(again.session.record.edited, panel.session.record.edited)
    assert (again.painter.picture == panel.painter.picture).all()
    again.sample()
    assert again.session.folder != panel.session.folder


def test_strokes_survive_the_program(panel, editor, shelf):
    mask = other_mask(panel)
    panel.painter.mask_bytes = mask.tobytes()
    panel.painter.sequence += 1
    again = EditPanel(editor, vectors=shelf, folder=panel.folder)
    assert (again.mask == mask).all()


def test_a_saved_page_offers_no_dead_controls(panel):
    top, painter, notice, bottom = panel.children
    assert "nbgan-live" in top._dom_classes and "nbgan-live" in bottom._dom_classes
    assert painter is panel.painter
    assert "without a kernel" in notice.saved


# --- the desk ------------------------------------------------------------------------------------


def test_the_desk_opens_the_panel_when_it_is_asked_for(editor, shelf, monkeypatch, tmp_path):
    made = []

    def build(name, *, seed):
        made.append(name)
        return EditPanel(editor, vectors=shelf, folder=tmp_path / "desk", seed=seed)

    monkeypatch.setattr("nbgan.widgets.desk.EditPanel", build)
    monkeypatch.setattr("nbgan.widgets.desk.editing_models", lambda: ["tiny"])
    desk = Desk(models=["spade-landscapes"], examples=0)
    assert made == [] and desk._place.children == (desk.studio,)
    desk.show(EDIT)
    assert made == ["tiny"] and desk._place.children == (desk.panel,)
    desk.show(PAINT)
    desk.show(EDIT)
    assert made == ["tiny"]


def test_a_panel_that_cannot_be_opened_leaves_the_studio(monkeypatch):
    def fail(name, *, seed):
        raise InputError("the file is damaged")

    monkeypatch.setattr("nbgan.widgets.desk.EditPanel", fail)
    monkeypatch.setattr("nbgan.widgets.desk.editing_models", lambda: ["tiny"])
    desk = Desk(models=["spade-landscapes"], examples=0)
    desk.show(EDIT)
    assert desk._choice.value == PAINT
    assert desk._place.children == (desk.studio,)
    assert "the file is damaged" in desk._notice.text


def test_editing_models_come_from_the_zoo(monkeypatch):
    monkeypatch.setattr(zoo, "names", lambda: ["a", "b"])
    monkeypatch.setattr(zoo, "card", lambda name: {"system": {"a": "spade", "b": "editgan"}[name]})
    assert editing_models() == ["b"]
