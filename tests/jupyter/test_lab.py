"""The studio and the sliders of chapter 1 in JupyterLab. The tests share one page, in order."""

import os
import signal

import numpy as np
import pytest
from PIL import Image
from studio_page import StudioPage, array_from_kernel, run_in_kernel, run_notebook

from nbgan import zoo

pytestmark = [pytest.mark.timeout(600)]
NOTEBOOK = "studio.ipynb"


@pytest.fixture(scope="module")
def studio(lab, open_tab):
    page = open_tab()
    cells = run_notebook(page, lab, NOTEBOOK)
    assert [cell["errors"] for cell in cells if cell["errors"]] == []
    assert all(cell["count"] for cell in cells)
    found = StudioPage(page, zoo.load("spade-landscapes"))
    found.wait_for_picture()
    return found


def test_a_stroke_is_answered_by_the_model(studio):
    mask, picture = studio.mask, studio.picture
    studio.choose("building")
    studio.drag((20, 110), (60, 100), (100, 112))
    studio.wait_for_answer()
    painted = studio.mask
    building = studio.system.label_space.index("building")
    assert (painted[mask != painted] == building).all()
    assert (mask != painted).sum() > 500
    assert np.abs(studio.picture.astype(int) - picture).max() > 8
    assert (array_from_kernel(studio.page, NOTEBOOK, "studio.mask") == painted).all()
    studio.assert_model_answered()


def test_setting_the_mask_in_python_changes_the_page(studio):
    wanted = studio.mask
    wanted[:40] = studio.system.label_space.index("cloud")
    studio.page.evaluate("() => { globalThis.pictureBefore = globalThis.shownPicture; }")
    code = "m = studio.mask; m[:40] = space.index('cloud'); studio.mask = m"
    assert run_in_kernel(studio.page, NOTEBOOK, code) == ""
    studio.wait_for_answer()
    assert (studio.mask == wanted).all()
    studio.assert_model_answered()


def test_a_sampled_style_repaints_the_same_mask(studio):
    mask = studio.mask
    studio.page.evaluate("() => { globalThis.pictureBefore = globalThis.shownPicture; }")
    studio.page.get_by_role("button", name="Sampled").first.click()
    studio.wait_for_answer()
    seed = int(studio.page.locator("input[type=number]:visible").first.input_value())
    assert (studio.mask == mask).all()
    studio.assert_model_answered(style=studio.system.sample_style(1, seed=seed))
    studio.page.evaluate("() => { globalThis.pictureBefore = globalThis.shownPicture; }")
    studio.page.get_by_role("button", name="Mean style").first.click()
    studio.wait_for_answer()
    studio.assert_model_answered()


def test_two_styles_side_by_side(studio):
    studio.page.locator("select:has(option:text-is('another style'))").select_option(
        "another style"
    )
    row = studio.page.locator(".nbgan-pictures:visible img")
    row.nth(1).wait_for()
    assert row.count() == 2
    row.nth(1).evaluate("(image) => image.decode()")
    assert row.nth(1).evaluate("(image) => image.naturalWidth") == studio.width


def test_mask_and_picture_can_be_taken_away(studio, tmp_path):
    space = studio.system.label_space
    with studio.page.expect_download() as waiting:
        studio.page.get_by_role("button", name="Download mask").click()
    waiting.value.save_as(tmp_path / "mask.png")
    assert (space.read_png(tmp_path / "mask.png") == studio.mask).all()
    with studio.page.expect_download() as waiting:
        studio.page.get_by_role("button", name="Download picture").click()
    waiting.value.save_as(tmp_path / "picture.png")
    assert (np.asarray(Image.open(tmp_path / "picture.png")) == studio.picture).all()


def test_uploads_are_used_or_refused_with_reasons(studio, tmp_path):
    space, before = studio.system.label_space, studio.mask
    (tmp_path / "notes.png").write_text("not a picture")
    upload = studio.page.locator("input[type=file][aria-label='Upload a mask …']")
    upload.set_input_files(tmp_path / "notes.png")
    words = studio.page.get_by_text("notes.png: not a readable picture")
    words.wait_for()
    assert (studio.mask == before).all()
    (tmp_path / "heavy.png").write_bytes(bytes(9_000_000))
    upload.set_input_files(tmp_path / "heavy.png")
    studio.page.get_by_text("heavy.png: 9.0 MB; at most 8 MB are read").wait_for()
    wanted = np.full((64, 64), space.index("grass"))
    wanted[:32] = space.index("sky")
    space.write_png(tmp_path / "field.png", wanted)
    studio.page.evaluate("() => { globalThis.pictureBefore = globalThis.shownPicture; }")
    upload.set_input_files(tmp_path / "field.png")
    studio.page.get_by_text("64 × 64 pixels were resized to 128 × 128").wait_for()
    studio.wait_for_answer()
    assert (studio.mask == np.kron(wanted, np.ones((2, 2), int))).all()
    studio.assert_model_answered()


def test_sliders_of_chapter_1_reach_the_kernel(lab, open_tab):
    page = open_tab(height=800)
    assert [cell["errors"] for cell in run_notebook(page, lab, "explorer.ipynb")] == [[]]
    slider = page.locator(".nbgan-modulation input[type=range]").first
    slider.wait_for()
    slider.focus()
    page.keyboard.press("End")
    assert run_in_kernel(page, "explorer.ipynb", "print(explorer.gamma)") == "3.0\n"
    run_in_kernel(page, "explorer.ipynb", "explorer.gamma = -2.0")
    page.wait_for_function(
        "document.querySelector('.nbgan-modulation input[type=range]').value === '-2'"
    )


def test_a_dead_kernel_is_reported_and_the_mask_kept(studio):
    # Kept last: nothing answers on this page afterwards.
    process = int(run_in_kernel(studio.page, NOTEBOOK, "import os; print(os.getpid())"))
    os.kill(process, signal.SIGKILL)
    dialog = studio.page.get_by_role("dialog").filter(has_text="Kernel Restarting")
    dialog.get_by_role("button", name="Ok").click()
    before = studio.mask
    studio.choose("water")
    studio.drag((30, 60), (90, 60))
    message = studio.page.locator(".nbgan-painter .nbgan-message[data-kind=error]")
    message.wait_for()
    assert "kernel" in message.inner_text()
    assert "mask is kept" in message.inner_text()
    painted = studio.mask
    assert (painted != before).any()
    with studio.page.expect_download() as waiting:
        studio.page.locator(".nbgan-painter").get_by_role("button", name="Save").click()
    assert (studio.system.label_space.read_png(waiting.value.path()) == painted).all()
