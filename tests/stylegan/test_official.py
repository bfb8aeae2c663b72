"""Published StyleGAN files: the authors' formats, read without running what is in them."""

import argparse
import io
import json
import os
import pickle
import sys
import types
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from nbgan import official
from nbgan.errors import InputError
from nbgan.stylegan.official.pickles import read_network_pickle

GOLDEN = Path(__file__).parents[1] / "golden"


def case(name):
    """State, inputs and outputs of a golden case, and its card."""
    tensors = load_file(GOLDEN / f"{name}.safetensors")

    def part(prefix):
        return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}

    card = json.loads((GOLDEN / f"{name}.json").read_text())
    return part("state/"), part("in/"), part("out/"), card


def close(ours, published):
    torch.testing.assert_close(ours, published, atol=1e-4, rtol=0)


# --- the common port ---------------------------------------------------------------------------


@torch.no_grad()
def test_port_file_paints_what_the_published_code_paints(tmp_path):
    state, inputs, outputs, _ = case("stylegan2/generator_rosinality")
    path = tmp_path / "550000.pt"
    torch.save({"g_ema": state, "latent_avg": inputs["mean_latent"][0]}, path)
    generator = official.load(path, "stylegan2/generator_rosinality")
    assert not generator.training
    close(generator(inputs["z"][:1]), outputs["image_stored_noise"])
    noise = [inputs[f"noise_{i}"] for i in range(7)]
    close(generator(inputs["z"], 0.7, noise), outputs["image_truncated"])


@torch.no_grad()
def test_training_file_of_the_port_with_its_arguments_loads(tmp_path):
    state, inputs, outputs, _ = case("stylegan2/discriminator_rosinality")
    path = tmp_path / "000100.pt"
    torch.save({"d": state, "g_ema": {}, "args": argparse.Namespace(size=32)}, path)
    discriminator = official.load(path, "stylegan2/discriminator_rosinality")
    close(discriminator(inputs["image_b8"])[:, None], outputs["logits_b8"])


def test_mean_is_estimated_where_a_file_has_none(tmp_path):
    state, *_ = case("stylegan2/generator_rosinality")
    path = tmp_path / "bare.pt"
    torch.save(state, path)  # a network alone, as some tools save it
    generator = official.load(path, "stylegan2/generator_rosinality")
    w = generator.mapping(torch.randn(20000, 16, generator=torch.Generator().manual_seed(5)))
    assert (generator.w_mean - w.mean(0)).abs().max() < 0.1 * w.std()
    again = official.load(path, "stylegan2/generator_rosinality")
    assert torch.equal(again.w_mean, generator.w_mean)


def test_wrong_network_in_a_port_file_is_named(tmp_path):
    path = tmp_path / "x.pt"
    torch.save({"generator": {}, "step": 3}, path)
    with pytest.raises(InputError, match="expected a network under 'g_ema', found the keys gen"):
        official.load(path, "stylegan2/generator_rosinality")
    torch.save({"g_ema": {"weight": torch.zeros(2)}}, path)
    with pytest.raises(InputError, match=r"x\.pt: holds no tensor"):
        official.load(path, "stylegan2/generator_rosinality")


def test_code_in_a_port_file_is_refused_and_not_run(tmp_path):
    class Code:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "ran"),))

    torch.save({"g_ema": {}, "args": Code()}, tmp_path / "evil.pt")
    with pytest.raises(InputError, match=r"evil\.pt: refused.*mkdir"):
        official.load(tmp_path / "evil.pt", "stylegan2/generator_rosinality")
    assert not (tmp_path / "ran").exists()


# --- version 1 ---------------------------------------------------------------------------------


@torch.no_grad()
def test_version_1_file_with_its_mean(tmp_path):
    state, inputs, outputs, card = case("stylegan1/generator")
    torch.save(state, tmp_path / "for_g_all.pt")
    np.save(tmp_path / "avg_latent.npy", inputs["avg_latent"].numpy())
    generator = official.load(
        tmp_path / "for_g_all.pt", "stylegan1/generator", avg_latent=tmp_path / "avg_latent.npy"
    )
    w_plus = generator.broadcast(generator.mapping(inputs["z"]))
    w_plus = generator.truncate(w_plus, card["options"]["threshold"], card["options"]["max_layer"])
    noise = [inputs[f"noise_{i:02d}"] for i in range(8)]
    close(generator.synthesis(w_plus, noise), outputs["image"])
    again = official.load(tmp_path / "for_g_all.pt", "stylegan1/generator")
    close(again.synthesis(w_plus), generator.synthesis(w_plus))  # the same noise each time


def test_mean_of_another_generator_is_refused(tmp_path):
    state, *_ = case("stylegan1/generator")
    torch.save(state, tmp_path / "g.pt")
    with pytest.raises(InputError, match=r"rows of 16 numbers, got shape \[18, 512\]"):
        official.load(tmp_path / "g.pt", "stylegan1/generator", avg_latent=torch.zeros(18, 512))
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="cannot read .*objects.npy"):
        official.load(tmp_path / "g.pt", "stylegan1/generator", avg_latent=tmp_path / "objects.npy")


# --- network pickles ---------------------------------------------------------------------------


def pickled(content, monkeypatch):
    """Pickle networks as stylegan2-ada-pytorch does.

    Dicts with a ``_modules`` entry become calls of its reconstructing function, on source code
    that must never run.
    """
    persistence = types.ModuleType("torch_utils.persistence")
    util = types.ModuleType("dnnlib.util")

    def _reconstruct_persistent_obj(meta):
        raise AssertionError("only its name is stored")

    class EasyDict(dict):
        pass

    for thing, module in ((_reconstruct_persistent_obj, persistence), (EasyDict, util)):
        thing.__module__, thing.__qualname__ = module.__name__, thing.__name__
        setattr(module, thing.__name__, thing)
    for module in (persistence, util):
        monkeypatch.setitem(sys.modules, module.__name__, module)
        package = module.__name__.partition(".")[0]
        monkeypatch.setitem(sys.modules, package, types.ModuleType(package))

    class Call:
        def __init__(self, state):
            self.state = state

        def __reduce__(self):
            meta = {
                "type": "class",
                "version": 6,
                "module_src": "raise SystemExit('the source code was run')",
                "class_name": "Network",
                "state": self.state,
            }
            return _reconstruct_persistent_obj, (meta,)

    def module(tree):
        tensors = {k: v for k, v in tree.items() if isinstance(v, torch.Tensor)}
        return Call(
            {
                "training": False,
                "_parameters": OrderedDict(
                    (k, torch.nn.Parameter(v)) for k, v in tensors.items() if k != "w_avg"
                ),
                "_buffers": OrderedDict((k, v) for k, v in tensors.items() if k == "w_avg"),
                "_non_persistent_buffers_set": set(),
                "_forward_hooks": OrderedDict(),
                "_modules": OrderedDict(
                    (k, module(v)) for k, v in tree.items() if isinstance(v, dict)
                ),
                "_init_kwargs": EasyDict(z_dim=16),
                "act_gain": np.sqrt(2),  # the published layers hold numpy numbers
                "group_size": 4,
            }
        )

    file = io.BytesIO()
    networks = {k: module(tree(v)) if isinstance(v, dict) else v for k, v in content.items()}
    pickle.dump(networks, file, protocol=3)
    monkeypatch.undo()
    return file.getvalue()


def tree(state):
    """Nested dicts from dotted names."""
    root: dict = {}
    for name, value in state.items():
        *path, last = name.split(".")
        place = root
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
    return root


@torch.no_grad()
def test_network_pickle_is_read_without_its_code(tmp_path, monkeypatch):
    state, inputs, outputs, _ = case("stylegan2/generator_ada")
    judge, judge_inputs, judge_outputs, _ = case("stylegan2/discriminator_ada")
    path = tmp_path / "network-snapshot.pkl"
    judge["b4.mbstd.none"] = torch.zeros(0)  # a module without tensors of its own
    content = {"G_ema": state, "D": judge, "training_set_kwargs": None}
    path.write_bytes(pickled(content, monkeypatch))
    networks = read_network_pickle(path)
    assert set(networks) == {"G_ema", "D"}
    assert networks["G_ema"].class_name == "Network"
    assert networks["G_ema"].attribute("mapping", "act_gain") == pytest.approx(2**0.5)
    assert networks["D"].attribute("b4", "mbstd", "group_size") == 4
    generator = official.load(path, "stylegan2/generator_ada")
    close(generator(inputs["z"]), outputs["image"])
    close(generator(inputs["z"], 0.7), outputs["image_truncated"])
    del judge["b4.mbstd.none"]
    path.write_bytes(pickled({"D": judge}, monkeypatch))
    discriminator = official.load(path, "stylegan2/discriminator_ada")
    close(discriminator(judge_inputs["image_b8"])[:, None], judge_outputs["logits_b8"])
    with pytest.raises(InputError, match="expected a network 'G_ema', found D"):
        official.load(path, "stylegan2/generator_ada")


@torch.no_grad()
def test_state_dict_of_a_network_pickle_loads_too(tmp_path):
    state, inputs, outputs, _ = case("stylegan2/generator_ada")
    torch.save(state, tmp_path / "ada.pt")
    generator = official.load(tmp_path / "ada.pt", "stylegan2/generator_ada")
    close(generator(inputs["z"]), outputs["image"])


class Evil:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    ("function", "named"), [(os.mkdir, r"posix\.mkdir"), (eval, r"\w*builtin\w*\.eval")]
)
def test_pickle_that_asks_for_code_is_refused_and_named(tmp_path, protocol, function, named):
    argument = str(tmp_path / "ran") if function is os.mkdir else "open('ran', 'w')"
    content = pickle.dumps({"G_ema": Evil(function, argument)}, protocol=protocol)
    (tmp_path / "evil.pkl").write_bytes(content)
    with pytest.raises(InputError, match=rf"evil\.pkl: refused, because it asks for '{named}'"):
        official.load(tmp_path / "evil.pkl", "stylegan2/generator_ada")
    assert not (tmp_path / "ran").exists() and not Path("ran").exists()


def test_pickle_inside_a_storage_is_held_to_the_same_rules(tmp_path):
    """Tensors' contents are files of ``torch.save`` inside the pickle."""
    inner = io.BytesIO()
    torch.save(Evil(os.mkdir, str(tmp_path / "ran")), inner, _use_new_zipfile_serialization=False)
    load = torch.storage._load_from_bytes
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Evil(load, inner.getvalue()), protocol=3))
    with pytest.raises(InputError, match=r"evil\.pkl: refused, because a tensor.*mkdir"):
        read_network_pickle(tmp_path / "evil.pkl")
    assert not (tmp_path / "ran").exists()


def test_tensor_larger_than_its_contents_is_refused(tmp_path):
    values = torch.zeros(4).__reduce_ex__(3)[1][0]
    content = Evil(torch._utils._rebuild_tensor_v2, values, 0, (100,), (1,), False, OrderedDict())
    (tmp_path / "n.pkl").write_bytes(pickle.dumps(content, protocol=3))
    with pytest.raises(InputError, match=r"n\.pkl.*shape \(100,\) in it has only 4 values"):
        read_network_pickle(tmp_path / "n.pkl")


def test_pickle_from_elsewhere(tmp_path, monkeypatch):
    state, *_ = case("stylegan2/generator_ada")
    path = tmp_path / "n.pkl"
    whole = pickled({"G_ema": state}, monkeypatch)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="not a readable network pickle.*truncated"):
        read_network_pickle(path)
    path.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(InputError, match="expected a dict of networks, found list"):
        read_network_pickle(path)
    path.write_bytes(pickle.dumps({"x": np.array(["text"])}, protocol=3))
    with pytest.raises(InputError, match=r"asks for 'numpy\S*multiarray\._reconstruct'"):
        read_network_pickle(path)
    with pytest.raises(InputError, match="no such file"):
        official.load(tmp_path / "absent.pkl", "stylegan2/generator_ada")
    labelled = state | {"mapping.embed.weight": torch.zeros(20, 4)}
    path.write_bytes(pickled({"G_ema": labelled}, monkeypatch))
    with pytest.raises(InputError, match="trained with labels"):
        official.load(path, "stylegan2/generator_ada")
