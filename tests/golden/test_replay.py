"""Every published case replays through nbgan.official within its tolerance."""

import json
from pathlib import Path

import pytest
from safetensors.torch import load_file

from nbgan import official

CASES = sorted(Path(__file__).parent.glob("*/*.json"))


@pytest.mark.parametrize("card_path", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_case_replays_within_tolerance(card_path):
    card = json.loads(card_path.read_text())
    tensors = load_file(card_path.with_suffix(".safetensors"))

    def part(prefix):
        return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}

    expected = part("out/")
    outputs = official.replay(
        card["part"], card["options"], part("state/"), part("in/"), mode=card["mode"]
    )
    assert expected.keys() <= outputs.keys()
    for name, value in expected.items():
        tolerance = card.get("tolerance_per_output", {}).get(name, card["tolerance"])
        assert outputs[name].shape == value.shape, name
        if not value.numel():
            continue
        error = (outputs[name].double() - value.double()).abs().max().item()
        assert error <= tolerance, f"{name}: off by {error:.3g}, allowed {tolerance:.3g}"


def test_all_parts_are_covered():
    assert {json.loads(p.read_text())["part"] for p in CASES} == set(official.parts())
