"""The command line: from training to pictures, help texts, and errors without tracebacks."""

import json

import pytest
import torch
from PIL import Image
from tiny import SPACE, Tiny

from nbgan.cli import main
from nbgan.data.landscapes import Landscapes


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NBGAN_CACHE", str(tmp_path / "cache"))


def run(capsys, *arguments):
    try:
        main(list(arguments))
        code = 0
    except SystemExit as error:
        code = error.code
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def folder(tmp_path):
    """A user's own folder of pictures and masks."""
    for split, count in ((".", 6), ("val", 3)):
        root = tmp_path / "mine" / split
        (root / "images").mkdir(parents=True)
        (root / "labels").mkdir()
        for i in range(count):
            item = Tiny()[i]
            picture = ((item["image"] + 1) * 127.5).byte().permute(1, 2, 0).numpy()
            Image.fromarray(picture).save(root / "images" / f"{i}.png")
            SPACE.write_png(root / "labels" / f"{i}.png", item["label"])
    (tmp_path / "mine" / "label_space.json").write_text(SPACE.to_json())
    return tmp_path / "mine"


def test_train_on_own_folder_then_sample_and_evaluate(capsys, tmp_path, folder):
    out = tmp_path / "run"
    source = ("--data", "folder", "--data-path", str(folder))
    code, text, err = run(capsys, "train", "spade", "--preset", "smoke", *source, "--out", str(out))
    assert code == 0, err
    assert "model.safetensors" in text
    model = str(out / "model.safetensors")
    code, text, err = run(capsys, "sample", model, "--n", "2", "--out", str(tmp_path / "pictures"))
    assert code == 0, err
    pictures = sorted(p.name for p in (tmp_path / "pictures").iterdir())
    assert pictures == ["0000.png", "0000_label.png", "0001.png", "0001_label.png"]
    with Image.open(tmp_path / "pictures" / "0000.png") as picture:
        assert picture.size == (32, 32)
    assert run(capsys, "evaluate", model, "--pictures", "2")[0] == 0
    labels = str(folder / "labels")
    code, text, err = run(
        capsys, "sample", model, "--labels", labels, "--out", str(tmp_path / "more")
    )
    assert code == 0, err
    assert len(list((tmp_path / "more").glob("*_label.png"))) == 6


def test_training_resumes_and_refuses_to_overwrite(capsys, tmp_path):
    command = ("train", "segmenter", "--preset", "smoke", "--out", str(tmp_path / "run"))
    assert run(capsys, *command)[0] == 0
    code, _, err = run(capsys, *command)
    assert code == 2 and "--resume" in err and "Traceback" not in err
    assert run(capsys, *command, "--resume", "--steps", "5")[0] == 0
    lines = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["step"] == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "spode"), "unknown system 'spode'; choose one of "),
        (("train", "spade", "--preset", "big"), "unknown preset 'big'"),
        (("train", "spade", "--data", "folder"), "needs a path"),
        (("train", "spade", "--data", "desert"), "'desert' is unknown"),
        (("sample", "nothing"), "'nothing' is neither a file nor a model of the zoo"),
        (("data", "report", "folder"), "needs a path"),
        (("zoo", "card", "nothing"), "the zoo has no model 'nothing'"),
        (("official", "inspect", "nothing.pth", "spade/generator"), "no such file"),
    ],
)
def test_bad_input_is_one_line_and_code_2(capsys, arguments, message):
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_unknown_recipe_field_is_refused(capsys, tmp_path):
    code, out, err = run(
        capsys, "train", "spade", "--preset", "smoke", "--batchsize", "3", "--out", str(tmp_path)
    )
    assert code == 2
    assert "batchsize" in out + err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--help",), ("train", "sample", "evaluate", "data", "zoo", "official")),
        (("train", "--help"), ("SYSTEM", "--resume", "accelerate launch")),
        (("train", "spade", "--help"), ("--feature-matching", "--preset", "paper_ade20k")),
        (("data", "report", "--help"), ("--path", "--figure")),
    ],
)
def test_help_texts(capsys, arguments, words):
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    assert all(word in out for word in words)


def test_report_lists_what_is_wrong_with_a_folder(capsys, folder):
    (folder / "labels" / "3.png").unlink()
    (folder / "images" / "4.png").write_bytes(b"no picture")
    code, out, _ = run(capsys, "data", "report", "folder", "--path", str(folder))
    assert code == 1
    assert "3" in out and "4.png" in out and "left" in out


def test_report_on_a_world_draws_a_figure(capsys, tmp_path):
    figure = tmp_path / "report.png"
    code, out, _ = run(
        capsys,
        *("data", "report", "landscapes", "--size", "32", "--limit", "3", "--figure", str(figure)),
    )
    assert code == 0
    assert "sky" in out
    with Image.open(figure) as picture:
        assert min(picture.size) > 200


def test_smoke_recipe_uses_the_world_it_names(capsys, tmp_path):
    out = tmp_path / "run"
    assert run(capsys, "train", "segmenter", "--preset", "smoke", "--out", str(out))[0] == 0
    from nbgan.train import load_model

    model = load_model(out / "model.safetensors")
    assert model.label_space == Landscapes.label_space
    assert model.segment(torch.zeros(1, 3, 32, 32)).shape == (1, 32, 32)
