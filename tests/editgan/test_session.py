"""Sessions: the whole way, and nothing lost when a program dies on it."""

import pytest
import torch
from PIL import Image
from tiny import SPACE
from tiny_editgan import codes, distance, tiny_model

from nbgan.data.pictures import read_ids, read_picture, to_uint8
from nbgan.editgan import EditSettings, EmbedSettings
from nbgan.editgan.editor import Editor
from nbgan.editgan.record import SESSION_FILE
from nbgan.editgan.regions import changed_classes
from nbgan.editgan.session import EditSession
from nbgan.errors import InputError

SETTINGS = EditSettings(steps=12, outside=1.0, encoder=0.0)


@pytest.fixture
def editor():
    return Editor(model=tiny_model(), distance=distance, name="tiny", strange=_strange)


def _strange(error):
    return f"embedding error {error:.3f}" if error > 0.02 else ""


def painted(session):
    mask = session.before.label[0].clone()
    mask[8:20, 8:20] = session.editor.model.view(codes(session.editor.model, seed=3)).label[0][
        8:20, 8:20
    ]
    return mask


def begun(editor, folder, number=1):
    session = EditSession.sample(editor, folder, number=number)
    session.paint(painted(session))
    return session


def test_from_sample_to_saved_picture_mask_and_vector(editor, tmp_path):
    session = EditSession.sample(editor, tmp_path / "s", number=1)
    with pytest.raises(InputError, match="no edit yet"):
        session.result.scores()
    session.paint(painted(session))
    seen = []
    session.optimise(SETTINGS, watch=lambda now: seen.append((now.step, now.steps)))
    assert seen[-1] == (12, 12) and session.unfinished == ""
    scores = session.result.scores()
    assert 0 < scores.iou < 1 and scores.psnr < float("inf")
    vector = session.result.vector("test", classes=["right"])
    moved = session.record.edited - session.record.w_plus
    torch.testing.assert_close(vector.direction, moved[0])
    assert vector.generator == editor.model.mark and vector.preview.startswith(b"\x89PNG")
    files = session.result.export(tmp_path / "out", blending="plain")
    assert [f.name for f in files] == ["before.png", "picture.png", "mask.png"]
    assert torch.equal(torch.from_numpy(read_ids(files[2])), session.result.after.label[0])
    kept = ~session.record.edit.region
    assert torch.equal(
        to_uint8(session.result.picture("plain"))[:, kept], session.record.image[:, kept]
    )
    assert read_picture(files[1]).size == (32, 32)

    other = EditSession.sample(editor, tmp_path / "t", number=2)
    other.apply(vector, strength=0.5)
    torch.testing.assert_close(other.record.edited, other.record.w_plus + 0.5 * vector.direction)
    other.apply(vector, strength=0.5, settings=EditSettings(steps=2))
    other.accept()
    assert other.record.edit is None and other.record.edited is None
    assert torch.equal(other.record.painted.long(), other.before.label[0])


def test_session_that_was_killed_goes_on_with_the_same_numbers(editor, tmp_path):
    whole = begun(editor, tmp_path / "whole")
    whole.optimise(SETTINGS)

    class Killed(BaseException):
        pass

    def die(now):
        if now.step == 8:
            raise Killed

    session = begun(editor, tmp_path / "parts")
    copy = {}

    def copy_then_die(now):
        # What a kill -9 in iteration 8 leaves is what was written after iteration 5.
        copy["file"] = (tmp_path / "parts" / SESSION_FILE).read_bytes()
        die(now)

    with pytest.raises(Killed):
        session.optimise(SETTINGS, watch=copy_then_die)
    (tmp_path / "parts" / SESSION_FILE).write_bytes(copy["file"])
    again = EditSession.open(editor, tmp_path / "parts")
    assert again.unfinished == "editing, 5 of 12 iterations done"
    again.go_on()
    assert torch.equal(again.record.edited, whole.record.edited)
    assert EditSession.open(editor, tmp_path / "parts").unfinished == ""


def test_cancel_keeps_what_was_reached(editor, tmp_path):
    session = begun(editor, tmp_path / "s")
    session.optimise(SETTINGS, watch=lambda now: session.cancel() if now.step == 3 else None)
    assert session.unfinished == "editing, 3 of 12 iterations done"
    reached = EditSession.open(editor, tmp_path / "s")
    assert torch.equal(reached.record.edited, session.record.edited)
    assert not torch.equal(reached.record.edited, reached.record.w_plus)
    reached.result.scores()
    reached.go_on()
    assert reached.unfinished == ""


def test_embedding_is_cancelled_and_taken_up(editor, tmp_path):
    image = editor.model.view(codes(editor.model, seed=4)).image[0]
    session = EditSession.upload(editor, tmp_path / "s", image, source="mine.png")
    assert session.record.note == f"embedding error {session.record.error:.3f}"
    before = session.record.error
    settings = EmbedSettings(steps=30, encoder=0.0)
    session.embed(settings, watch=lambda now: now.step < 7)
    assert session.unfinished == "embedding, 7 of 30 iterations done"
    again = EditSession.open(editor, tmp_path / "s")
    again.go_on()
    assert again.record.error < before
    assert again.record.psnr > session.record.psnr
    assert again.record.source == "mine.png"
    assert torch.equal(again.record.painted.long(), again.before.label[0])


@pytest.mark.parametrize(
    ("mode", "size", "suffix"),
    [
        ("L", (50, 40), "png"),
        ("RGBA", (20, 90), "png"),
        ("P", (32, 32), "png"),
        ("1", (9, 7), "png"),
        ("CMYK", (64, 30), "jpg"),
        ("I;16", (30, 64), "png"),
        ("LA", (1, 1), "png"),
    ],
)
def test_pictures_of_any_size_and_mode(editor, tmp_path, mode, size, suffix):
    Image.new(mode, size).save(tmp_path / f"p.{suffix}")
    image = editor.read(tmp_path / f"p.{suffix}")
    assert image.shape == (3, 32, 32)
    session = EditSession.upload(editor, tmp_path / "s", image)
    assert session.before.image.shape == (1, 3, 32, 32)


def test_pictures_are_made_upright(editor, tmp_path):
    picture = Image.new("RGB", (40, 40))
    picture.paste((255, 255, 255), (0, 0, 40, 20))  # the upper half is white
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    picture.save(tmp_path / "p.jpg", exif=exif, quality=95)
    image = editor.read(tmp_path / "p.jpg")
    assert image[:, :, 20:].mean() > 0.9 and image[:, :, :12].mean() < -0.9


def test_what_is_no_picture_is_named(editor, tmp_path):
    (tmp_path / "p.png").write_text("no picture")
    with pytest.raises(InputError, match=r"p\.png: not a readable picture"):
        editor.read(tmp_path / "p.png")
    with pytest.raises(InputError, match=r"image: got \[1, 3, 8, 8\], expected \[N, 3, 32, 32\]"):
        EditSession.upload(editor, tmp_path / "s", torch.zeros(3, 8, 8))
    assert not (tmp_path / "s").exists()


def test_bad_masks_are_refused_and_the_earlier_one_kept(editor, tmp_path):
    session = begun(editor, tmp_path / "s")
    before = session.record.painted
    with pytest.raises(InputError, match="painted mask: unknown class id 9"):
        session.paint(torch.full((32, 32), 9))
    with pytest.raises(InputError, match=r"painted mask: got \[8, 8\]"):
        session.paint(torch.zeros(8, 8, dtype=torch.long))
    assert torch.equal(EditSession.open(editor, tmp_path / "s").record.painted, before)
    session.paint(session.before.label[0])
    with pytest.raises(InputError, match="nothing to do; paint another class"):
        session.optimise(SETTINGS)
    assert session.unfinished == ""


def test_sessions_of_another_generator_and_damaged_ones(editor, tmp_path):
    begun(editor, tmp_path / "s")
    other = Editor(model=tiny_model(seed=5), distance=distance)
    with pytest.raises(InputError, match="open it with 'tiny' as it was then"):
        EditSession.open(other, tmp_path / "s")
    with pytest.raises(InputError, match="there is a session already"):
        EditSession.sample(editor, tmp_path / "s")
    with pytest.raises(InputError, match="holds no session"):
        EditSession.open(editor, tmp_path / "nothing")
    file = tmp_path / "s" / SESSION_FILE
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(InputError, match="not a readable safetensors file"):
        EditSession.open(editor, tmp_path / "s")


def test_editor_opens_editgan_models_only():
    with pytest.raises(InputError, match="'segmenter-avatars' is a segmenter model; pictures are"):
        Editor.open("segmenter-avatars")


def test_classes_of_an_edit_are_those_that_changed_by_much():
    label = torch.zeros(10, 10, dtype=torch.long)
    label[2:4, 2:4] = 1  # an eye
    label[6:8] = 2  # a mouth
    closed = label.clone()
    closed[2:4, 2:4] = 0
    assert changed_classes(label, closed) == [1]
    wider = label.clone()
    wider[5] = 2
    assert changed_classes(label, wider) == [2]
    dot = label.clone()
    dot[0, 0] = 2
    assert changed_classes(label, dot) == [2], "none by a quarter: the one that changed most"
    assert SPACE.num_classes == 2
