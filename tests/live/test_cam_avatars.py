"""The demo of class activation maps computes what Python computes; with random weights."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from demo_page import open_page, write_page
from live_demos import DEMO

from nbgan import cam
from nbgan.classifier import POOLINGS, ClassifierRecipe, ClassifierSystem
from nbgan.data.avatars import LABEL_SPACE, Avatars
from nbgan.live.demos.cam_avatars import CAM_AVATARS, FACES, chosen, write

SIZE = 64
browser_test = [pytest.mark.book, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def system():
    system = ClassifierSystem(ClassifierRecipe.preset("smoke", size=SIZE), LABEL_SPACE).eval()
    for pooling in POOLINGS:
        torch.nn.init.normal_(system.network(pooling).head.weight)  # fresh ones are zero
    return system


@pytest.fixture(scope="module")
def world():
    return Avatars(size=SIZE, split="val")


@pytest.fixture(scope="module")
def faces(world, system):
    return [world[i] for i in chosen(world, system.recipe.attributes)]


def test_faces_show_every_attribute(faces, system):
    shown = torch.stack([face["attributes"] for face in faces])
    assert len(faces) == FACES
    assert shown[0, system.index("glasses")] == 1
    assert (shown.sum(0) > 0).all(), "each attribute on some face"
    assert (shown.sum(0) < FACES).all(), "and missing on some"


def test_bytes_hold_the_features(system, faces, tmp_path):
    write(system, tmp_path)
    data = json.loads((tmp_path / "cam-avatars.json").read_text())
    side, channels = SIZE // 8, 2 * system.recipe.width
    packed = np.fromfile(tmp_path / "cam-avatars.features", dtype=np.uint8)
    packed = packed.reshape(FACES, 2, channels, side, side)
    values = packed * np.array(data["steps"])[..., None, None]
    images = torch.stack([face["image"] for face in faces])
    for p, pooling in enumerate(POOLINGS):
        wanted = system.maps(images, pooling=pooling).features.numpy()
        assert np.abs(values[:, p] - wanted).max() <= wanted.max() / 509
    masks = np.fromfile(tmp_path / "cam-avatars.masks", dtype=np.uint8)
    assert (masks.reshape(FACES, SIZE, SIZE) == [face["label"].numpy() for face in faces]).all()
    assert {path.name for path in tmp_path.iterdir()} == {
        f"cam-avatars.{end}" for end in ("json", "features", "masks", "webp")
    }


@pytest.fixture(scope="module")
def address(system, tmp_path_factory):
    demo = dataclasses.replace(CAM_AVATARS, make=lambda out: write(system, out), needs=())
    return write_page(tmp_path_factory.mktemp("page"), demo)


@pytest.fixture
def page(browser, address):
    opened = open_page(browser, address)
    yield opened
    assert opened.errors == []
    opened.context.close()


class TestPage:
    pytestmark = browser_test

    def test_maps_scores_and_judgement(self, page, system, faces):
        images = torch.stack([face["image"] for face in faces])
        masks = system.evidence(torch.stack([face["label"] for face in faces]))
        for pooling in POOLINGS:
            wanted = system.maps(images, pooling=pooling)
            large = cam.enlarge(wanted.maps, (SIZE, SIZE))
            for face in (0, FACES - 1):
                got = page.evaluate(f"{DEMO}.nbganDemo.explain({face}, '{pooling}')")
                scale = wanted.maps[face].abs().max().item()
                maps = np.array(got["maps"]).reshape(wanted.maps[face].shape)
                assert np.abs(maps - wanted.maps[face].numpy()).max() <= 0.02 * scale
                assert np.abs(got["scores"] - wanted.scores[face].numpy()).max() <= 0.02 * scale
                enlarged = page.evaluate(
                    f"map => {DEMO}.nbganDemo.enlarge(map)", wanted.maps[face, 2].flatten().tolist()
                )
                assert np.abs(np.array(enlarged) - large[face, 2].flatten().numpy()).max() < 1e-4
                for k in range(len(system.recipe.attributes)):
                    judged = page.evaluate(f"{DEMO}.nbganDemo.judge({face}, '{pooling}', {k}, 0.5)")
                    mask = masks[face, k][None]
                    assert judged["masked"] == int(mask.sum())
                    if judged["masked"]:
                        iou = cam.localisation_iou(large[face, k][None], mask, share=0.5).item()
                        assert judged["iou"] == pytest.approx(iou, abs=0.05)
                        hit = cam.pointing_game(large[face, k][None], mask, tolerance=4).item()
                        assert judged["hit"] == hit

    def test_bars_are_as_long_as_the_probabilities(self, page, system, faces):
        wanted = system.probabilities(faces[0]["image"][None])[0].numpy()
        shares = page.evaluate(
            "[...document.querySelectorAll('.nbgan-cam-bar')].map(bar => "
            "bar.firstChild.getBoundingClientRect().width / bar.getBoundingClientRect().width)"
        )
        assert np.abs(np.array(shares) - wanted).max() < 0.05

    def test_by_keyboard(self, page):
        summary = page.locator(".nbgan-cam-text")
        assert "“glasses” with GAP" in summary.inner_text()
        page.locator(".nbgan-cam-score").first.focus()
        page.keyboard.press("ArrowDown")
        assert "“facial hair”" in summary.inner_text()
        before = page.evaluate("document.querySelectorAll('canvas')[1].toDataURL()")
        page.get_by_role("radio", name="GMP").click()
        assert "with GMP" in summary.inner_text()
        assert "strongest position of each channel" in summary.inner_text()
        assert page.evaluate("document.querySelectorAll('canvas')[1].toDataURL()") != before
        page.get_by_role("slider").fill("70")
        assert page.evaluate(f"{DEMO}.nbganDemo.state().share") == 0.7
        page.get_by_label("stretch the map").check()
        assert "lowest value" in page.locator("figcaption").nth(1).inner_text()
        page.get_by_role("radio", name="face 8").click()
        assert page.evaluate(f"{DEMO}.nbganDemo.state().face") == 7

    def test_narrow(self, browser, address):
        page = open_page(browser, address, width=390, theme="dark")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, "nothing sticks out on a phone"
        page.context.close()
