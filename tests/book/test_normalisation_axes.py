"""Chapter 1's demo counts what PyTorch counts, and follows the keyboard."""

import pytest
import torch
from live_demos import AXES, DEMO, start

from nbgan import norms
from nbgan.errors import InputError

pytestmark = [pytest.mark.book, pytest.mark.timeout(900)]


def test_axes_count_what_pytorch_counts(visit):
    page = visit(AXES)
    start(page)
    for samples, channels, side, groups in ((4, 6, 3, 2), (1, 8, 1, 4), (6, 1, 4, 1)):
        x = torch.randn(samples, channels, side, side)
        grouped = x.unflatten(1, (groups, channels // groups))
        means = {
            "batch": x.mean((0, 2, 3)),
            "layer": x.mean((1, 2, 3)),
            "instance": x.mean((2, 3)),
            "group": grouped.mean((2, 3, 4)),
        }
        sizes = {"N": samples, "C": channels, "H": side, "G": groups}
        for method, wanted in means.items():
            got = page.evaluate(
                f"([method, sizes]) => {DEMO}.nbganDemo.count(method, sizes)", [method, sizes]
            )
            assert got == {"means": wanted.numel(), "values": x.numel() // wanted.numel()}


def test_axes_by_keyboard(visit):
    page = visit(AXES)
    start(page)
    summary = page.locator(".nbgan-axes-summary")
    page.get_by_role("radio", name="batch norm").focus()
    assert "6 means and 6 variances, each from 36 values" in summary.inner_text()
    assert page.locator(".nbgan-axes-block rect.nbgan-shared").count() == 36
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("radio", name="layer norm").get_attribute("aria-checked") == "true"
    assert "4 means" in summary.inner_text()
    page.get_by_label("samples N").focus()
    page.keyboard.press("ArrowLeft")
    assert "3 means and 3 variances" in summary.inner_text()
    # A pointer that rests on the blocks must not take the choice away from the keys.
    page.locator(".nbgan-axes-block").scroll_into_view_if_needed()
    box = page.locator(".nbgan-axes-block rect[data-n='2'][data-c='3']").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(".nbgan-axes-block").focus()
    for key in (*4 * ["ArrowUp"], *6 * ["ArrowLeft"], "ArrowDown"):
        page.keyboard.press(key)
    assert "of sample 2" in summary.inner_text()
    # What is blue shares a mean: the same values that layer norm averages for sample 2.
    blue = page.evaluate(
        "[...document.querySelectorAll('rect.nbgan-shared')].map(r => [+r.dataset.n, +r.dataset.c])"
    )
    assert {n for n, _ in blue} == {1} and {c for _, c in blue} == set(range(6))
    with_one_value = {"samples N": 1, "channels C": 1, "pixels H × W": 1}
    for label, value in with_one_value.items():
        page.get_by_label(label).fill(str(value))
    assert "layers refuse that" in summary.inner_text()


def test_one_value_is_refused():
    """The claim of the demo's text."""
    with pytest.raises(InputError, match="hold 1 value to average"):
        norms.normalize(torch.full((1, 1, 1, 1), 5.0), dims=(1, 2, 3))
