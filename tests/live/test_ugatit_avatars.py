"""The demo of U-GAT-IT translates in the page as Python does; with small random generators."""

import dataclasses
import io
import json
import re

import numpy as np
import pytest
import resvg_py
import torch
from demo_page import open_page, write_page
from live_demos import DEMO, expect_painting
from PIL import Image

from nbgan import cam
from nbgan.data.avatar_sides import avatar_side
from nbgan.data.avatars import Avatars
from nbgan.errors import InputError
from nbgan.live import rounded
from nbgan.live.demos import ugatit_avatars
from nbgan.live.demos.ugatit_avatars import (
    INK,
    INKS,
    PARTS,
    SWATCHES,
    UGATIT_AVATARS,
    face_parts,
    write,
)
from nbgan.ugatit import UGATITRecipe, UGATITSystem

SIZE = 32
browser_test = [pytest.mark.book, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def system():
    return UGATITSystem(UGATITRecipe.preset("smoke", size=SIZE, width=8)).eval()


def svg_of(parts, chosen, colors):
    """A face from the parts as the page puts it together."""
    svg = "".join(p["variants"][chosen.get(p["name"], 0)]["svg"] for p in parts)
    for name, code in INKS.items():
        svg = svg.replace(code, colors[name])
    return svg


def test_parts_put_together_are_a_face_of_the_world():
    """The same variants and colours, drawn by Avatars and from the page's parts."""
    side = avatar_side("source", size=64, split="test")
    words = {name: list(variants) for name, (_, variants) in PARTS.items()}
    chosen = {"hair": 5, "glasses": 1, "beard": 2, "mouth": 2, "eyes": 1, "clothes": 2}
    colors = {name: values[1] for name, values in SWATCHES.items()}
    variants = dict.fromkeys(side.definition["components"])
    for name, (label, variant) in PARTS.items():
        variants[name] = variant[words[name][chosen[label]]]
    variants |= ugatit_avatars.FIXED
    every = {"accessories": "#262e33", "hat": "#3c4f5c", "facialHair": colors["hair"], **colors}
    look = {
        "variants": variants,
        "colors": every,
        "background": {"top": "#ffffff", "bottom": "#ffffff"},
    }

    class One(Avatars):
        def look(self, index):
            return look

    world = One(size=64, background="#ffffff", view_box=side.sheet.view_box)
    x, y, width, height = side.sheet.view_box
    document = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x} {y} {width} {height}">'
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#ffffff"/>'
        f"{svg_of(face_parts(), chosen, colors)}</svg>"
    )
    png = bytes(resvg_py.svg_to_bytes(svg_string=document, width=64, height=64))
    drawn = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.float32) / 127.5 - 1
    wanted = world[0]["image"].permute(1, 2, 0).numpy()
    assert wanted.std() > 0.3
    assert np.abs(drawn - wanted).max() < 0.05


def test_parts_have_variants_words_and_no_foreign_ids():
    parts = face_parts()
    assert {p["name"] for p in parts} == {None, *(label for label, _ in PARTS.values())}
    ids = []
    for part in parts:
        for variant in part["variants"]:
            assert bool(variant["svg"]) == (variant["word"] != "none")
            ids.append((part["name"], set(re.findall(r'\bid="([^"]+)', variant["svg"]))))
    for i, (name, own) in enumerate(ids):
        for other, theirs in ids[:i]:
            assert name == other or not own & theirs, "parts would share gradients or masks"


def test_without_attention_there_is_nothing_to_show(tmp_path):
    blind = UGATITSystem(UGATITRecipe.preset("smoke", cam=False)).eval()
    with pytest.raises(InputError, match="attention"):
        write(blind, tmp_path)
    assert not list(tmp_path.iterdir())


def test_files(system, tmp_path):
    write(system, tmp_path)
    data = json.loads((tmp_path / "ugatit-avatars.json").read_text())
    assert len(data["ink"]) == INK and data["size"] == SIZE
    assert {path.name for path in tmp_path.iterdir()} == {
        "ugatit-avatars.json",
        "ugatit-avatars.webp",
        *(f"ugatit-avatars.{way}.{end}" for way in ("a2b", "b2a") for end in ("onnx", "json")),
    }
    a, b = ((tmp_path / f"ugatit-avatars.{way}.onnx").read_bytes() for way in ("a2b", "b2a"))
    assert a != b


@pytest.fixture(scope="module")
def address(system, tmp_path_factory):
    demo = dataclasses.replace(UGATIT_AVATARS, make=lambda out: write(system, out), needs=())
    return write_page(tmp_path_factory.mktemp("page"), demo)


@pytest.fixture
def page(browser, address):
    opened = open_page(browser, address)
    yield opened
    assert opened.errors == []
    opened.context.close()


@pytest.fixture(scope="module")
def expected(system):
    """What Python makes with the weights that the page has: picture, heat map, logits."""
    generators = {
        "a2b": rounded(system.generator_a2b, "fp16"),
        "b2a": rounded(system.generator_b2a, "fp16"),
    }

    def translate(floats, direction):
        with torch.no_grad():
            made = generators[direction](torch.from_numpy(floats)[None])
        heat = cam.to_unit(cam.enlarge(made.heatmap, (SIZE, SIZE)))[0, 0]
        return made.image[0].numpy(), heat.numpy(), made.cam_logits[0].numpy()

    return translate


def shown(page):
    now = page.evaluate(
        f"""() => {{ const now = {DEMO}.nbganDemo.shown(); return {{ ...now, shown: null,
            floats: [...now.floats], picture: [...now.picture], heat: [...now.heat] }}; }}"""
    )
    picture = (3, SIZE, SIZE)
    return (
        now["direction"],
        np.float32(now["floats"]).reshape(picture),
        np.float32(now["picture"]).reshape(picture),
        np.float32(now["heat"]).reshape(SIZE, SIZE),
        np.float32(now["logits"]),
    )


def agrees(page, expected, direction):
    """The page's answer is Python's for what stands on the page's paper; gives that input."""
    now, floats, *answer = shown(page)
    assert now == direction
    for got, want in zip(answer, expected(floats, direction), strict=True):
        assert np.abs(got - want).max() <= 2e-3 * max(1.0, float(np.abs(want).max()))
    return floats


class TestPage:
    pytestmark = browser_test

    def test_translates_as_python_does(self, page, expected):
        first = agrees(page, expected, "a2b")
        assert first.std() > 0.2, "a face is there"
        expect_painting(page)
        page.get_by_label("hair", exact=True).select_option(label="afro")
        page.evaluate("painted")
        second = agrees(page, expected, "a2b")
        assert np.abs(second - first).mean() > 0.05
        expect_painting(page)
        page.get_by_role("radio", name="hair 4").click()
        page.evaluate("painted")
        third = agrees(page, expected, "a2b")
        assert np.abs(third - second).mean() > 0.01
        expect_painting(page)
        page.get_by_role("button", name="Translate the result back").click()
        page.evaluate("painted")
        back = agrees(page, expected, "b2a")
        picture = expected(third, "a2b")[0]
        assert np.abs(back - picture).max() <= 1.01 / 127.5, "the result, in bytes"
        expect_painting(page)
        page.get_by_role("radio", name="drawing 3").click()
        page.evaluate("painted")
        ink = agrees(page, expected, "b2a")
        wanted = avatar_side("target", size=SIZE, split="test")[2]["image"].numpy()
        assert np.abs(ink - wanted).mean() < 0.05
        assert not page.get_by_label("hair", exact=True).is_visible()

    def test_drawing(self, page, expected):
        before = agrees(page, expected, "a2b")
        paper = page.locator(".nbgan-translate-paper")
        paper.scroll_into_view_if_needed()
        frame = paper.bounding_box()
        page.get_by_role("radio", name="pen 3").click()
        expect_painting(page)
        y = frame["y"] + frame["height"] * 0.1
        page.mouse.move(frame["x"] + frame["width"] * 0.1, y)
        page.mouse.down()
        page.mouse.move(frame["x"] + frame["width"] * 0.9, y, steps=5)
        page.mouse.up()
        page.evaluate("painted")
        after = agrees(page, expected, "a2b")
        changed = np.abs(after - before).max(axis=0) > 0.2
        assert changed[SIZE // 10].sum() > SIZE / 2 and not changed[SIZE // 2 :].any()
        expect_painting(page)
        page.get_by_role("button", name="Wipe the strokes").click()
        page.evaluate("painted")
        assert (agrees(page, expected, "a2b") == before).all()

    def test_keys_and_a_narrow_dark_page(self, browser, address):
        page = open_page(browser, address, width=390, theme="dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        expect_painting(page)
        page.get_by_role("radio", name="colour to ink").focus()
        page.keyboard.press("ArrowRight")
        page.evaluate("painted")
        assert page.evaluate(f"{DEMO}.nbganDemo.state().direction") == "b2a"
        assert page.get_by_role("radio", name="drawing 1").get_attribute("aria-checked") == "true"
        assert page.errors == []
        page.context.close()
