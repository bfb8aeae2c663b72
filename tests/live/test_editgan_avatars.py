"""The demo of edited faces in the page as Python does; with random weights."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from demo_page import open_page, write_page
from live_demos import DEMO, expect_painting
from tiny_editgan import tiny_model

from nbgan.data.avatars import LABEL_SPACE
from nbgan.editgan import EditVector
from nbgan.errors import InputError
from nbgan.live import rounded
from nbgan.live.demos.editgan_avatars import EDITGAN_AVATARS, FACES, PSI, faces, write
from nbgan.live.editgan import EditedPainter
from nbgan.live.export import run

browser_test = [pytest.mark.book, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def model():
    return tiny_model(space=LABEL_SPACE)


def vector(model, name, seed):
    draw = torch.Generator().manual_seed(seed)
    return EditVector(
        name=name,
        direction=0.5 * torch.randn(model.generator.rows, model.generator.w_dim, generator=draw),
        region=torch.ones(model.grid.height, model.grid.width, dtype=torch.bool),
        classes=("eyes",),
        generator=model.mark,
    )


@pytest.fixture(scope="module")
def vectors(model):
    return [vector(model, name, seed) for seed, name in enumerate(("close-eyes", "smile"))]


@pytest.fixture(scope="module")
def painter(model, vectors):
    return EditedPainter(model, codes=faces(model), vectors=vectors, psi=PSI, members=3)


def test_the_graph_adds_vectors_paints_and_labels_as_the_model_does(model, vectors, painter):
    codes = faces(model)
    strengths = torch.tensor([[0.5, -1.0]])
    chosen = torch.eye(FACES)[2:3]
    z = torch.randn(1, model.generator.z_dim, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        image, scores = painter(chosen, z, strengths)
        moved = codes[2:3] + 0.5 * vectors[0].direction - vectors[1].direction
        wanted = model.view(moved)
        torch.testing.assert_close(image.clamp(-1, 1), wanted.image, atol=1e-4, rtol=1e-4)
        assert (scores.argmax(1) == wanted.label).float().mean() > 0.999
        sampled = model.generator.broadcast(model.generator.mapping(z))
        sampled = model.generator.truncate(sampled, PSI)
        image, _ = painter(torch.zeros(1, FACES), z, torch.zeros(1, 2))
        wanted = model.view(sampled)
    torch.testing.assert_close(image.clamp(-1, 1), wanted.image, atol=1e-4, rtol=1e-4)


def test_files_and_the_exported_model(model, vectors, painter, tmp_path):
    write(model, vectors, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        f"editgan-avatars.{end}" for end in ("onnx", "json", "data.json", "webp")
    }
    data = json.loads((tmp_path / "editgan-avatars.data.json").read_text())
    assert data["vectors"] == ["close-eyes", "smile"] and data["faces"] == FACES
    inputs = {
        "face": torch.eye(FACES)[:1],
        "code": torch.zeros(1, model.generator.z_dim),
        "strengths": torch.tensor([[1.0, 0.0]]),
    }
    with torch.no_grad():
        wanted = rounded(painter, "fp16")(*inputs.values())
    got = run(tmp_path / "editgan-avatars.onnx", {k: v.numpy() for k, v in inputs.items()})
    assert np.abs(got["picture"] - wanted[0].numpy()).max() < 1e-2
    assert (got["scores"].argmax(1) == wanted[1].argmax(1).numpy()).mean() > 0.99


def test_what_the_page_cannot_show_is_refused(model, vectors):
    oblong = tiny_model(height=24, space=LABEL_SPACE)
    with pytest.raises(InputError, match="labels of 24 × 32 for pictures of 32 × 32"):
        EditedPainter(oblong, codes=torch.zeros(1, 8, 8), vectors=vectors, psi=PSI)
    stranger = dataclasses.replace(vectors[0], generator="0" * 32)
    with pytest.raises(InputError, match="made with generator 00000000"):
        EditedPainter(model, codes=faces(model), vectors=[stranger], psi=PSI)


@pytest.fixture(scope="module")
def address(model, vectors, tmp_path_factory):
    demo = dataclasses.replace(
        EDITGAN_AVATARS, make=lambda out: write(model, vectors, out), needs=()
    )
    return write_page(tmp_path_factory.mktemp("page"), demo)


class TestPage:
    pytestmark = browser_test

    def test_edits_as_python_does(self, browser, address, painter):
        page = open_page(browser, address)
        exact = rounded(painter, "fp16")

        def check(face, strengths):
            now = page.evaluate(
                f"""() => {{ const now = {DEMO}.nbganDemo.shown();
                    return [[...now.picture], [...now.label], now.face]; }}"""
            )
            assert now[2] == face
            seed = page.evaluate(f"{DEMO}.nbganDemo.state().seed")
            z = torch.tensor(page.evaluate(f"{DEMO}.nbganDemo.codes({seed})"))[None]
            chosen = torch.zeros(1, FACES)
            if face >= 0:
                chosen[0, face] = 1
            with torch.no_grad():
                image, scores = exact(chosen, z, torch.tensor([strengths]))
            assert np.abs(np.array(now[0]) - image.numpy().ravel()).max() < 1e-2
            assert (np.array(now[1]) == scores.argmax(1).numpy().ravel()).mean() > 0.99

        check(0, [0.0, 0.0])
        expect_painting(page)
        page.get_by_label("smile").fill("1.5")
        page.evaluate("painted")
        check(0, [0.0, 1.5])
        expect_painting(page)
        page.get_by_role("button", name="Face 3").click()
        page.evaluate("painted")
        check(2, [0.0, 1.5])
        assert page.get_by_role("button", name="Face 3").get_attribute("aria-pressed") == "true"
        expect_painting(page)
        page.get_by_role("button", name="All sliders to 0").click()
        page.evaluate("painted")
        check(2, [0.0, 0.0])
        expect_painting(page)
        page.get_by_role("button", name="New face").click()
        page.evaluate("painted")
        check(-1, [0.0, 0.0])
        page.locator(".nbgan-faces-row canvas").nth(2).hover()
        names = [name.replace("_", " ") for name in LABEL_SPACE.classes]
        assert page.locator(".nbgan-faces-row figcaption").nth(2).inner_text() in names
        assert page.errors == []
        page.context.close()

    def test_narrow(self, browser, address):
        page = open_page(browser, address, width=390, theme="dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.context.close()
