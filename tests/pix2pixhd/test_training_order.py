"""The published order: global generator, clusters, encoded features, enhancer fixed and released;
and that each stage can be stopped anywhere."""

import json

import pytest
import torch
from objects import Objects
from safetensors.torch import load_file, save
from tiny import Tiny

from nbgan.errors import InputError
from nbgan.pix2pixhd import Pix2PixHDRecipe
from nbgan.pix2pixhd import Pix2PixHDSystem as System
from nbgan.spade import SpadeRecipe, SpadeSystem
from nbgan.train import Trainer, load_model, save_model
from nbgan.train.checkpoint import STATE_FORMAT, read_metadata


def train(recipe, out, data, until=None, **options):
    trainer = Trainer(
        System(recipe, data.label_space),
        train_data=data,
        validation_data=None,
        out=out,
        progress=False,
        **options,
    )
    trainer.run(until=until)
    return trainer


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    """A trained global generator, and the recipe of the enhancer on top of it."""
    folder = tmp_path_factory.mktemp("stages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBGAN_CACHE", str(folder / "cache"))
        train(Pix2PixHDRecipe.preset("smoke"), folder / "global", Objects(size=(32, 64)))
        enhancer = Pix2PixHDRecipe.preset(
            "enhancer_smoke",
            start_from=str(folder / "global" / "model.safetensors"),
            load_features=True,
            fix_global_until=2,
            steps=4,
        )
        yield folder, enhancer


def part(tensors, name):
    return {k: v for k, v in tensors.items() if k.startswith(name)}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def test_training_ends_with_clusters_in_the_model_file(stages):
    folder, _ = stages
    model = load_model(folder / "global" / "model.safetensors")
    assert model.clusters.counts[0].sum() == 12
    assert model.clusters.counts[1].sum() == 24
    assert model.clusters.counts[2].sum() == 0
    item = Objects()[0]
    assert model.generate(item["label"][None], item["instance"][None]).shape == (1, 3, 32, 64)


def test_enhancer_is_fixed_first_then_released(stages, tmp_path):
    folder, recipe = stages
    data = Objects(size=(64, 128))
    start = load_file(folder / "global" / "model.safetensors")
    fixed = train(recipe, tmp_path / "run", data, until=2)
    state = load_file(tmp_path / "run" / "state.safetensors")
    trunk = {
        k.replace("generator/trunk", "system/generator.global_part"): v
        for k, v in part(start, "generator/trunk").items()
    }
    assert trunk and same(trunk, part(state, "system/generator.global_part"))
    fresh = System(recipe, data.label_space).generator.local_parts.state_dict()
    moved = fixed.optimizers["enhancer"].state_dict()["state"]
    assert moved and not fixed.optimizers["generator"].state_dict()["state"]
    assert any(
        not torch.equal(v, state[f"system/generator.local_parts.{k}"]) for k, v in fresh.items()
    )
    released = train(recipe, tmp_path / "run", data, resume=True)
    state = load_file(tmp_path / "run" / "state.safetensors")
    assert not same(trunk, part(state, "system/generator.global_part"))
    steps = released.optimizers["generator"].state_dict()["state"][0]["step"]
    assert int(steps) == 2, "the optimiser starts afresh at the release"
    model = load_file(tmp_path / "run" / "model.safetensors")
    for name in ("encoder", "clusters"):
        assert same(part(model, name), part(start, name)), "comes with the global generator"


@pytest.mark.parametrize(("stop", "window"), [(1, None), (2, None), (3, None), (2, 64)])
def test_stopping_around_the_release_changes_nothing(stages, tmp_path, stop, window):
    _, recipe = stages
    recipe = recipe.replace(window=window)
    data = Objects(size=(64, 128))
    train(recipe, tmp_path / "whole", data)
    train(recipe, tmp_path / "parts", data, until=stop)
    train(recipe, tmp_path / "parts", data, resume=True)
    for name in ("model.safetensors", "state.safetensors"):
        assert same(load_file(tmp_path / "whole" / name), load_file(tmp_path / "parts" / name))


def test_windows_carry_the_features_of_whole_pictures(stages):
    _, recipe = stages
    data = Objects(size=(64, 128))
    system = System(recipe.replace(window=64), data.label_space)
    system.begin()
    whole = system.encode_data(data, progress=False)
    item = system.training_data(data)[1]
    assert item["image"].shape == (3, 32, 64) and item["instance"].shape == (32, 64)
    assert torch.equal(item["feature_rows"], whole[1]["features"])


def test_bad_windows_are_refused(stages):
    _, recipe = stages
    with pytest.raises(InputError, match="window 25 × 50 .* divisible by 8.*change 'window'"):
        recipe.replace(window=50)
    with pytest.raises(InputError, match="'window' is 256, but pictures are 128 wide"):
        recipe.replace(window=256)


def test_enhancer_can_train_its_encoder_on(stages, tmp_path):
    folder, recipe = stages
    joint = recipe.replace(load_features=False, fix_global_until=0)
    train(joint, tmp_path, Objects(size=(64, 128)))
    start = load_file(folder / "global" / "model.safetensors")
    assert not same(
        part(load_file(tmp_path / "model.safetensors"), "encoder"), part(start, "encoder")
    )


def test_same_stage_goes_on_from_a_model_file(stages, tmp_path):
    folder, _ = stages
    file = folder / "global" / "model.safetensors"
    recipe = Pix2PixHDRecipe.preset("smoke", start_from=str(file))
    trainer = Trainer(
        System(recipe, Objects.label_space),
        train_data=Objects(),
        validation_data=None,
        out=tmp_path,
        progress=False,
    )
    ours = {f"generator/{k}": v for k, v in trainer.system.generator.state_dict().items()}
    assert same(ours, part(load_file(file), "generator"))


def test_instances_of_unknown_classes_are_refused_before_anything_is_written(tmp_path):
    class Numbered(Objects):
        def __getitem__(self, index):
            item = super().__getitem__(index)
            return item | {"instance": torch.full_like(item["instance"], 9000)}

    with pytest.raises(InputError, match="id 9000 is of class 9, but there are 3 classes"):
        train(Pix2PixHDRecipe.preset("smoke"), tmp_path / "run", Numbered())
    assert not (tmp_path / "run").exists()


def test_wrong_starts_are_refused_before_anything_is_written(stages, tmp_path):
    _, recipe = stages
    data = Objects(size=(64, 128))

    def refused(message, **changes):
        with pytest.raises(InputError, match=message):
            train(recipe.replace(**changes), tmp_path / "run", data)
        assert not (tmp_path / "run").exists()

    refused(r"start_from .*width 4 \(needed: 6\)", width=3)
    refused(r"blocks 1 \(needed: 2\)", blocks=2)
    refused(r"in_channels 7 \(needed: 6\)", use_instances=False)
    refused("encoder_width|weights do not fit", encoder_width=8)
    refused("neither a file nor a model of the zoo", start_from="nothing")
    plain = tmp_path / "plain.safetensors"
    no_features = Pix2PixHDRecipe.preset("smoke", instance_features=False)
    save_model(plain, System(no_features, data.label_space))
    refused(r"in_channels 4 \(needed: 7\)", start_from=str(plain))
    other = tmp_path / "spade.safetensors"
    save_model(other, SpadeSystem(SpadeRecipe.preset("smoke"), data.label_space))
    refused("holds a 'spade' model", start_from=str(other))
    classes = tmp_path / "classes.safetensors"
    save_model(classes, System(Pix2PixHDRecipe.preset("smoke"), Tiny.label_space))
    refused("trained for label space 'tiny', this data set has 'objects'", start_from=str(classes))


def test_enhancer_goes_on_with_the_discriminators_at_their_sizes(stages, tmp_path):
    folder, recipe = stages
    recipe = recipe.replace(start_discriminators=True, discriminator_scales=3)
    data = Objects(size=(64, 128))

    def start(changed, out="run"):
        return Trainer(
            System(changed, data.label_space),
            train_data=data,
            validation_data=None,
            out=tmp_path / out,
            progress=False,
        )

    theirs = part(load_file(folder / "global" / "state.safetensors"), "system/discriminator.")
    ours = start(recipe).system.discriminator.state_dict()
    fresh = System(recipe, data.label_space).discriminator.state_dict()
    prefix = "system/discriminator.discriminators"
    for scale, origin in ((1, 0), (2, 1)):
        for name, value in part(ours, f"discriminators.{scale}.").items():
            tail = name.split(".", 2)[2]
            assert torch.equal(value, theirs[f"{prefix}.{origin}.{tail}"])
    assert same(part(ours, "discriminators.0."), part(fresh, "discriminators.0."))
    assert not same(part(ours, "discriminators.1."), part(fresh, "discriminators.1."))
    # At one scale the coarsest is the one that goes on.
    single = start(recipe.replace(discriminator_scales=1)).system.discriminator.state_dict()
    assert torch.equal(
        single["discriminators.0.blocks.0.0.weight"], theirs[f"{prefix}.1.blocks.0.0.weight"]
    )

    with pytest.raises(
        InputError, match=r"state\.safetensors \(discriminator 1\): weights do not fit"
    ):
        start(recipe.replace(discriminator_width=4))
    alone = tmp_path / "alone" / "model.safetensors"
    alone.parent.mkdir()
    alone.write_bytes((folder / "global" / "model.safetensors").read_bytes())
    with pytest.raises(InputError, match=r"no state\.safetensors beside the model"):
        start(recipe.replace(start_from=str(alone)))
    with pytest.raises(InputError, match="no training to go on with"):
        Pix2PixHDRecipe.preset("smoke", start_discriminators=True)
    assert not (tmp_path / "run").exists()


def test_state_of_before_a_recipe_field_existed_resumes(stages, tmp_path):
    recipe = Pix2PixHDRecipe.preset("smoke")
    data = Objects(size=(32, 64))
    train(recipe, tmp_path, data, until=1)
    path = tmp_path / "state.safetensors"
    tensors, metadata = load_file(path), read_metadata(path, STATE_FORMAT)
    older = json.loads(metadata["recipe"])
    for field in ("rgb", "load_size", "start_discriminators"):
        del older[field]
    path.write_bytes(save(tensors, metadata | {"recipe": json.dumps(older)}))
    assert train(recipe, tmp_path, data, resume=True, until=2).step == 2
    with pytest.raises(InputError, match="learning_rate: 0.0004 there, 0.1 here"):
        train(recipe.replace(learning_rate=0.1), tmp_path, data, resume=True)
