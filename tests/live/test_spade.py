"""The two halves of SPADE's generator are the generator."""

import pytest
import torch
from tiny import SPACE, Tiny

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.live import export, run
from nbgan.live.spade import Halves, Modulate, Paint
from nbgan.live.weights import rounded
from nbgan.spade import SpadeGenerator, SpadeRecipe, SpadeSystem

pytestmark = pytest.mark.timeout(600)


def tiny_system(space=SPACE, **changes):
    """A tiny system after a few passes in training mode: statistics and spectral norm are set."""
    recipe = SpadeRecipe.preset("smoke", data="tiny", **changes)
    system = SpadeSystem(recipe, space)
    size = recipe.height_width[0]
    label = torch.stack([Tiny(size=size)[i]["label"] for i in range(4)])
    if isinstance(system.generator, SpadeGenerator) and not recipe.use_instances:
        system.generator.train()
        for seed in range(10):
            z = None if recipe.z_dim is None else system.sample_style(4, seed=seed)
            with torch.no_grad():
                system.generator(system.segmap(label), z)
    return system.eval()


def label_and_style(system, seed=0):
    label = Tiny(size=system.recipe.height_width[0])[3]["label"][None].clone()
    label[0, :5, :7] = system.label_space.ignore_id
    return label, system.sample_style(1, seed=seed)


def paint(halves, label, style):
    with torch.no_grad():
        small = label.to(torch.uint8)
        return Paint(halves)(small, style, *Modulate(halves)(small))


@pytest.mark.parametrize("dont_care", [False, True])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_the_halves_paint_what_the_system_paints(norm, dont_care):
    system = tiny_system(norm=norm, dont_care=dont_care, size=64)  # instance norm needs 2 × 2
    label, style = label_and_style(system)
    expected = system.generate(label, style=style)
    got = paint(Halves(system), label, style)
    assert expected.std() > 0.05
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_a_part_of_the_map_is_right_within_the_reach(kernel_size):
    system = tiny_system(size=64, kernel_size=kernel_size)
    halves = Halves(system)
    label = torch.randint(0, 2, (1, 64, 64), dtype=torch.uint8)
    reach = halves.reach()
    assert reach == {1: 0, 3: 2, 5: 4}[kernel_size]
    with torch.no_grad():
        whole = Modulate(halves)(label)
        part = Modulate(halves)(label[:, 8:56, :48])
    for (_, stride), of_whole, of_part in zip(halves.names(), whole, part, strict=True):
        inner = slice(8 // stride + reach, 56 // stride - reach)
        want = of_whole[:, :, inner, : 48 // stride - reach]
        got = of_part[:, :, reach : 48 // stride - reach, : 48 // stride - reach]
        torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("weights", ["fp16", "int8"])
def test_the_exported_halves_paint_what_the_rounded_system_paints(tmp_path, weights):
    system = tiny_system(z_dim=16, width=8, max_width=32)
    halves = Halves(system)
    label, style = label_and_style(system)
    small = label.to(torch.uint8)
    names = [name for name, _ in halves.names()]
    with torch.no_grad():
        kept = dict(zip(names, Modulate(halves).eval()(small), strict=True))
    dynamic = {"label": {1: "height", 2: "width"}}
    first = export(
        Modulate(halves),
        {"label": small},
        name="tiny.modulate",
        out=tmp_path,
        outputs=names,
        weights=weights,
        dynamic=dynamic,
        label_space=SPACE,
    )
    second = export(
        Paint(halves),
        {"label": small, "style": style, **kept},
        name="tiny.paint",
        out=tmp_path,
        weights=weights,
    )
    maps = run(tmp_path / "tiny.modulate.onnx", {"label": small.numpy()})
    given = {"label": small.numpy(), "style": style.numpy(), **maps}
    got = run(tmp_path / "tiny.paint.onnx", given)["picture"]
    with torch.no_grad():
        generator = rounded(halves, weights).generator
        expected = generator(system.segmap(label), style).numpy()
        full = system.generate(label, style=style).numpy()
    assert abs(got - expected).max() < 1e-4
    assert 0 < abs(got - full).max() < {"fp16": 0.02, "int8": 0.6}[weights]
    parameters = sum(p.numel() for p in rounded(halves, "fp32").generator.parameters())
    assert first.parameters + second.parameters >= parameters
    assert first.label_space["name"] == "tiny"
    # A part of the map, as the page asks for it after a stroke.
    part = run(tmp_path / "tiny.modulate.onnx", {"label": small.numpy()[:, :24, 8:].copy()})
    assert part["gamma_6_0"].shape[2:] == (24, 24)


def test_systems_that_do_not_fit():
    with pytest.raises(InputError, match="has no modulations"):
        Halves(tiny_system(conditioning="input"))
    with pytest.raises(InputError, match="takes no style"):
        Halves(tiny_system(z_dim=None))
    with pytest.raises(InputError, match="takes an instance map"):
        Halves(tiny_system(use_instances=True))


def test_a_space_without_ignored_pixels():
    space = LabelSpace(
        name="two", classes=("a", "b"), colors=((0, 0, 0), (9, 9, 9)), ignore_id=None
    )
    halves = Halves(tiny_system(space=space, dont_care=True))
    assert halves.class_ids.tolist() == [0, 1, -1]
