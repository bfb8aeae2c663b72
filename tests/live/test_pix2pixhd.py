"""The two parts of pix2pixHD's global generator are the generator."""

import numpy as np
import pytest
import torch

from nbgan.data.cityscapes import CITYSCAPES
from nbgan.errors import InputError
from nbgan.live import export, run
from nbgan.live.pix2pixhd import Begin, Finish, Parts
from nbgan.live.weights import rounded
from nbgan.pix2pixhd import Pix2PixHDRecipe, Pix2PixHDSystem

pytestmark = pytest.mark.timeout(600)


def tiny_system(**changes):
    recipe = Pix2PixHDRecipe.preset("smoke", **{"initial_std": 0.3, **changes})
    return Pix2PixHDSystem(recipe, CITYSCAPES).eval()


def scene(height=32, width=64, seed=0):
    """A street of two classes with three cars, and a vector for each instance."""
    label = torch.full((1, height, width), 7)
    label[:, :20] = 23
    instance = torch.zeros_like(label)
    for n, left in enumerate((4, 12, 40)):
        label[:, 14:26, left : left + 10] = 26
        instance[:, 14:26, left : left + 10] = 26000 + n
    ids = torch.where(instance > 0, instance, label)
    generator = torch.Generator().manual_seed(seed)
    table = {int(i): torch.rand(3, generator=generator) * 2 - 1 for i in ids.unique()}
    return label, instance, table


def given(system, label, instance, table):
    features = system.paint_styles(label, instance, [table])
    return label.to(torch.uint8), instance.to(torch.int32), features


def test_the_parts_paint_what_the_system_paints():
    system = tiny_system()
    label, instance, table = scene()
    maps = given(system, label, instance, table)
    expected = system.generate(label, instance, features=maps[2])
    parts = Parts(system)
    with torch.no_grad():
        begun = Begin(parts)(*maps)
        kept = begun.clone()
        got = Finish(parts)(begun)
    assert expected.std() > 0.05
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(begun, kept, atol=0, rtol=0)


def test_a_part_of_the_map_is_right_within_the_reach():
    system = tiny_system()
    parts = Parts(system)
    label = torch.randint(7, 9, (1, 32, 64), generator=torch.Generator().manual_seed(0))
    table = {7: torch.ones(3), 8: -torch.ones(3)}
    maps = given(system, label, torch.zeros_like(label), table)
    reach = parts.reach()
    assert reach == 4
    with torch.no_grad():
        whole = Begin(parts)(*maps)
        part = Begin(parts)(*(m[..., 4:, 8:40] for m in maps))
    want = whole[..., 4 + reach :, 8 + reach : 40 - reach]
    got = part[..., reach:, reach : 32 - reach]
    torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-4)
    nearer = (
        part[..., reach - 1, reach : 32 - reach] - whole[..., 3 + reach, 8 + reach : 40 - reach]
    )
    assert nearer.abs().max() > 1e-3, "one row nearer to the cut is wrong"


def test_the_exported_parts_paint_what_the_rounded_system_paints(tmp_path):
    system = tiny_system(width=8)
    label, instance, features = given(system, *scene())
    parts = Parts(system)
    inputs = {"label": label, "instance": instance, "features": features}
    with torch.no_grad():
        begun = Begin(parts).eval()(*inputs.values())
    sides = {1: "height", 2: "width"}
    export(
        Begin(parts),
        inputs,
        name="begin",
        out=tmp_path,
        outputs=["begun"],
        weights="int8",
        dynamic={"label": sides, "instance": sides, "features": {2: "height", 3: "width"}},
    )
    export(Finish(parts), {"begun": begun}, name="finish", out=tmp_path, weights="int8")
    small = rounded(parts, "int8")
    crop = (..., slice(0, 24), slice(10, 50))
    for area in (..., crop):
        given_area = {key: value[area] for key, value in inputs.items()}
        with torch.no_grad():
            want = Begin(small)(*given_area.values())
        arrays = {key: value.numpy() for key, value in given_area.items()}
        got = run(tmp_path / "begin.onnx", arrays)["begun"]
        np.testing.assert_allclose(got, want.numpy(), atol=1e-3)
    with torch.no_grad():
        want = Finish(small)(Begin(small)(*inputs.values()))
    begun = run(tmp_path / "begin.onnx", {k: v.numpy() for k, v in inputs.items()})["begun"]
    got = run(tmp_path / "finish.onnx", {"begun": begun})["picture"]
    np.testing.assert_allclose(got, want.numpy(), atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"generator": "local"}, "an enhancer is too large for a page"),
        ({"instance_features": False}, "this model has no styles"),
        ({"use_instances": False}, "this model has no instance edges"),
    ],
)
def test_other_models_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        Parts(tiny_system(**changes))
