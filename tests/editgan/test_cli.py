"""``nbgan train editgan`` and ``nbgan edit``: from training to a vector on another picture."""

import numpy as np
import pytest
from PIL import Image
from tiny import SPACE, Tiny
from tiny_editgan import distance

from nbgan.cli import main
from nbgan.data.pictures import read_ids
from nbgan.editgan import Edit
from nbgan.editgan import system as room


def run(capsys, *arguments):
    try:
        main([str(argument) for argument in arguments])
        code = 0
    except SystemExit as error:
        code = error.code
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine" / "images").mkdir(parents=True)
    (tmp_path / "mine" / "labels").mkdir()
    for i in range(4):
        item = Tiny(size=16)[i]
        picture = ((item["image"] + 1) * 127.5).byte().permute(1, 2, 0).numpy()
        Image.fromarray(picture).save(tmp_path / "mine" / "images" / f"{i}.png")
        SPACE.write_png(tmp_path / "mine" / "labels" / f"{i}.png", item["label"])
    (tmp_path / "mine" / "label_space.json").write_text(SPACE.to_json())
    return tmp_path / "mine"


@pytest.fixture
def model(capsys, tmp_path, folder, painter_file, monkeypatch):
    monkeypatch.setattr(room, "PictureDistance", lambda network: distance)
    code, _, err = run(
        capsys, "train", "editgan", "--preset", "smoke", "--painter", painter_file,
        "--data", "folder", "--data-path", folder, "--out", tmp_path / "run",
    )  # fmt: skip
    assert code == 0, err
    return tmp_path / "run" / "model.safetensors"


def test_from_training_to_a_vector_on_another_picture(capsys, tmp_path, model, folder):
    session, library = tmp_path / "session", tmp_path / "vectors"
    code, out, err = run(capsys, "edit", "sample", model, session, "--number", "3")
    assert code == 0, err
    assert "mask.png" in out
    mask = read_ids(session / "mask.png")
    mask[4:9, 4:9] = 1 - mask[4:9, 4:9]
    SPACE.write_png(tmp_path / "edited.png", mask)
    code, out, err = run(capsys, "edit", "mask", session, tmp_path / "edited.png", "--steps", "3")
    assert code == 0, err
    assert "IoU in the region" in out
    names = {"before.png", "picture.png", "mask.png", "session.safetensors"}
    assert {file.name for file in session.iterdir()} == names
    assert run(capsys, "edit", "save", session, library, "swap", "--classes", "left")[0] == 0
    code, out, _ = run(capsys, "edit", "list", library)
    assert code == 0 and "swap" in out and "left" in out
    other = tmp_path / "other"
    picture = folder / "images" / "0.png"
    code, out, err = run(capsys, "edit", "upload", model, other, picture, "--steps", "2")
    assert code == 0, err
    assert "0.png: embedding error" in out
    code, out, err = run(
        capsys, "edit", "apply", other, library, "swap", "--strength", "0.5", "--steps", "2",
        "--blend", "poisson",
    )  # fmt: skip
    assert code == 0, err
    code, out, err = run(capsys, "edit", "resume", other)
    assert code == 0 and "nothing is unfinished" in out


def test_bad_input_is_one_line_and_code_2(capsys, tmp_path, model):
    session = tmp_path / "session"
    assert run(capsys, "edit", "sample", model, session)[0] == 0
    (tmp_path / "broken.png").write_bytes(b"no picture")
    SPACE.write_png(tmp_path / "small.png", np.zeros((4, 4), dtype=int))
    same = session / "mask.png"
    cases = [
        (("mask", session, tmp_path / "small.png"), "painted mask: got [4, 4]"),
        (("mask", session, same), "it says what the picture's mask says already"),
        (("mask", session, tmp_path / "broken.png"), "not a readable picture"),
        (("upload", model, tmp_path / "u", tmp_path / "broken.png"), "not a readable picture"),
        (("sample", model, session), "there is a session already"),
        (("sample", "segmenter-avatars", tmp_path / "u"), "edited with an editgan model"),
        (("save", session, tmp_path / "v", "smile"), "no edit yet"),
        (("apply", session, tmp_path / "v", "smile"), "holds no vector 'smile'"),
        (("resume", tmp_path), "holds no session.safetensors"),
        (("list", tmp_path / "v"), "no such folder"),
    ]
    for arguments, message in cases:
        code, _, err = run(capsys, "edit", *arguments)
        assert code == 2, arguments
        assert message in err and "Traceback" not in err, (arguments, err)
    assert not (tmp_path / "u").exists()


def test_stopping_keeps_what_was_reached(capsys, tmp_path, model, monkeypatch):
    session = tmp_path / "session"
    assert run(capsys, "edit", "sample", model, session)[0] == 0
    mask = read_ids(session / "mask.png")
    SPACE.write_png(tmp_path / "edited.png", 1 - mask)
    run_edit = Edit.run

    def interrupted(self, *given, watch, **options):
        def stop(now):
            watch(now)
            if now.step == 2:
                raise KeyboardInterrupt

        return run_edit(self, *given, watch=stop, **options)

    monkeypatch.setattr(Edit, "run", interrupted)
    code, _, err = run(capsys, "edit", "mask", session, tmp_path / "edited.png", "--steps", "4")
    assert code == 2 and "`nbgan edit resume` goes on" in err
    monkeypatch.setattr(Edit, "run", run_edit)
    code, out, _ = run(capsys, "edit", "resume", session)
    assert code == 0 and "editing, 2 of 4 iterations done" in out and "IoU" in out


def test_help_lists_the_commands(capsys):
    code, out, _ = run(capsys, "edit", "--help")
    assert code == 0
    for command in ("sample", "upload", "mask", "apply", "resume", "save", "list"):
        assert command in out
