"""The demo of DatasetGAN samples and labels in the page as Python does; with random weights."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from demo_page import open_page, write_page
from live_demos import DEMO, expect_painting

from nbgan.data.avatars import LABEL_SPACE
from nbgan.datasetgan import DatasetGANRecipe, DatasetGANSystem
from nbgan.errors import InputError
from nbgan.live import rounded
from nbgan.live.datasetgan import LabelledPainter
from nbgan.live.demos.datasetgan_avatars import DATASETGAN_AVATARS, write
from nbgan.live.export import run
from nbgan.stylegan import StyleGANRecipe, StyleGANSystem
from nbgan.train import save_model

SIZE = 16
browser_test = [pytest.mark.book, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    path = tmp_path_factory.mktemp("generator") / "stylegan.safetensors"
    save_model(path, StyleGANSystem(StyleGANRecipe.preset("smoke"), LABEL_SPACE).eval())
    recipe = DatasetGANRecipe.preset("smoke", generator=str(path), size=SIZE)
    system = DatasetGANSystem(recipe, LABEL_SPACE).eval()
    with torch.no_grad():  # fresh members agree on everything
        for linear in system.interpreter.linears:
            linear.weight.mul_(20)
        for norm in system.interpreter.norms:
            norm.running_mean.uniform_(-1, 1)
            norm.running_var.uniform_(0.5, 2)
    return system


@pytest.fixture
def codes(system):
    draw = torch.Generator().manual_seed(3)
    return torch.randn(2, 1, system.generator.z_dim, generator=draw)


def test_the_graph_mixes_paints_and_labels_as_the_system_does(system, codes):
    generator = system.generator
    with torch.no_grad():
        generator.w_mean.normal_()
        a, b = (generator.broadcast(generator.mapping(z)) for z in codes)
        mixed = a.clone()
        mixed[:, 2:] = b[:, 2:]
        wanted = system.label(generator.truncate(mixed, 0.6))
        from_b = (torch.arange(generator.rows) >= 2).float()[None]
        members = system.interpreter.members
        painter = LabelledPainter(system, members=members)
        image, label, uncertainty = painter(*codes, from_b, torch.tensor([0.6]))
    assert len(wanted.label.unique()) > 2
    torch.testing.assert_close(image, wanted.image)
    assert torch.equal(label.long(), wanted.label)
    torch.testing.assert_close(uncertainty, wanted.uncertainty, atol=1e-4, rtol=0)


def test_files_and_the_exported_model(system, codes, tmp_path):
    write(system, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        f"datasetgan-avatars.{end}" for end in ("onnx", "json", "data.json", "webp")
    }
    data = json.loads((tmp_path / "datasetgan-avatars.data.json").read_text())
    assert data["size"] == SIZE and data["rows"] == system.generator.rows
    assert [c["name"] for c in data["classes"]] == list(LABEL_SPACE.classes)
    assert data["limit"] > 0
    inputs = {
        "code_a": codes[0],
        "code_b": codes[1],
        "from_b": torch.ones(1, data["rows"]),
        "psi": torch.tensor([0.8]),
    }
    with torch.no_grad():
        wanted = rounded(LabelledPainter(system, members=data["members"]), "fp16")(*inputs.values())
    got = run(tmp_path / "datasetgan-avatars.onnx", {k: v.numpy() for k, v in inputs.items()})
    assert np.abs(got["picture"] - wanted[0].numpy()).max() < 1e-3
    assert (got["label"] == wanted[1].numpy()).mean() > 0.99
    assert np.abs(got["uncertainty"] - wanted[2].numpy()).max() < 1e-3


def test_what_the_page_cannot_show_is_refused(system):
    with pytest.raises(InputError, match="members: got 9; the ensemble has 3"):
        LabelledPainter(system, members=9)
    recipe = system.recipe.replace(size=32)
    with pytest.raises(InputError, match="labels of 32 × 32 for pictures of 16 × 16"):
        LabelledPainter(DatasetGANSystem(recipe, LABEL_SPACE))


@pytest.fixture(scope="module")
def address(system, tmp_path_factory):
    demo = dataclasses.replace(DATASETGAN_AVATARS, make=lambda out: write(system, out), needs=())
    return write_page(tmp_path_factory.mktemp("page"), demo)


class TestPage:
    pytestmark = browser_test

    def test_samples_as_python_does(self, browser, address, system):
        page = open_page(browser, address)
        codes = [
            torch.tensor(page.evaluate(f"{DEMO}.nbganDemo.codes({seed})"))[None] for seed in (1, 2)
        ]
        painter = rounded(LabelledPainter(system, members=3), "fp16")
        for first in (0, 2):
            expect_painting(page)
            page.get_by_label("styles of B from row").fill(str(first))
            page.evaluate("painted")
            now = page.evaluate(
                f"""() => {{ const now = {DEMO}.nbganDemo.shown();
                    return [[...now.picture], [...now.label], [...now.uncertainty], now.first,
                        now.psi]; }}"""
            )
            assert now[3] == first
            from_b = (torch.arange(system.generator.rows) >= first).float()[None]
            with torch.no_grad():
                wanted = painter(*codes, from_b, torch.tensor([now[4]]))
            assert np.abs(np.array(now[0]) - wanted[0].numpy().ravel()).max() < 2e-3
            assert (np.array(now[1]) == wanted[1].numpy().ravel()).mean() > 0.99
            assert np.abs(np.array(now[2]) - wanted[2].numpy().ravel()).max() < 2e-3
        before = page.evaluate(f"{DEMO}.nbganDemo.state().a")
        expect_painting(page)
        page.get_by_role("button", name="New face A").click()
        page.evaluate("painted")
        assert page.evaluate(f"{DEMO}.nbganDemo.state().a") != before
        page.locator(".nbgan-faces-row canvas").nth(1).hover()
        names = [name.replace("_", " ") for name in LABEL_SPACE.classes]
        assert page.locator(".nbgan-faces-row figcaption").nth(1).inner_text() in names
        assert page.errors == []
        page.context.close()

    def test_narrow(self, browser, address):
        page = open_page(browser, address, width=390, theme="dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.context.close()
