"""The training loop: resuming, evaluation, phases, errors."""

import json
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file
from tiny import SPACE, Tiny
from torch.utils.data import default_collate

from nbgan.data import Landscapes
from nbgan.errors import InputError
from nbgan.segmenter import SegmenterRecipe, SegmenterSystem
from nbgan.spade import SpadeRecipe, SpadeSystem
from nbgan.train import Trainer, load_model, open_split
from nbgan.train.order import StepSampler, mirror, mix

SMOKE = SpadeRecipe.preset("smoke", flip=True, steps=4)


def trainer(out, recipe=SMOKE, **options):
    return Trainer(
        SpadeSystem(recipe, SPACE),
        train_data=Tiny(),
        validation_data=Tiny(4),
        out=out,
        progress=False,
        **options,
    )


def test_resumed_run_is_bit_identical_to_an_uninterrupted_one(tmp_path):
    trainer(tmp_path / "whole").run()
    trainer(tmp_path / "parts").run(until=1)
    trainer(tmp_path / "parts", resume=True).run(until=3)
    trainer(tmp_path / "parts", resume=True).run()
    for name in ("model.safetensors", "state.safetensors"):
        whole = load_file(tmp_path / "whole" / name)
        parts = load_file(tmp_path / "parts" / name)
        assert whole.keys() == parts.keys()
        for key in whole:
            assert torch.equal(whole[key], parts[key]), f"{name}: {key}"
    steps = [
        [json.loads(x)["step"] for x in (tmp_path / d / "log.jsonl").read_text().splitlines()]
        for d in ("whole", "parts")
    ]
    assert steps[0] == steps[1] == [1, 2, 3, 4]


def test_data_that_is_cropped_at_random_resumes_too(tmp_path):
    class Jittered(Tiny):
        def __getitem__(self, index):
            item = super().__getitem__(index)
            return item | {"image": item["image"] * torch.rand(())}

    def run(out, **options):
        Trainer(
            SpadeSystem(SMOKE, SPACE),
            train_data=Jittered(),
            validation_data=None,
            out=tmp_path / out,
            resume=True,
            progress=False,
        ).run(**options)
        return load_file(tmp_path / out / "state.safetensors")

    whole = run("whole")
    run("parts", until=2)
    parts = run("parts")
    assert all(torch.equal(whole[k], parts[k]) for k in whole)


def test_run_killed_after_its_last_checkpoint_repeats_the_lost_steps(tmp_path):
    trainer(tmp_path / "whole").run()

    class Killed(Exception):
        pass

    def kill(step):
        if step == 3:
            raise Killed

    with pytest.raises(Killed):
        trainer(tmp_path / "killed").run(after_step=kill)
    trainer(tmp_path / "killed", resume=True).run()
    whole = load_file(tmp_path / "whole" / "state.safetensors")
    killed = load_file(tmp_path / "killed" / "state.safetensors")
    assert all(torch.equal(whole[k], killed[k]) for k in whole)
    lines = (tmp_path / "killed" / "log.jsonl").read_text().splitlines()
    assert [json.loads(x)["step"] for x in lines] == [1, 2, 3, 4]


def test_training_changes_the_weights_and_lowers_the_loss(tmp_path):
    recipe = SegmenterRecipe.preset("smoke", steps=40, batch_size=4, log_every=1)
    Trainer(
        SegmenterSystem(recipe, SPACE),
        train_data=Tiny(),
        validation_data=Tiny(4),
        out=tmp_path,
        progress=False,
    ).run()
    lines = [json.loads(x) for x in (tmp_path / "log.jsonl").read_text().splitlines()]
    losses = [x["segmenter/cross_entropy"] for x in lines]
    assert losses[-1] < 0.5 * losses[0]


def test_evaluation_and_preview_build_no_graph(tmp_path):
    run = trainer(tmp_path)
    seen = []
    run.system.generator.register_forward_hook(lambda *args: seen.append(args[2].requires_grad))
    run.evaluate()
    run.save_samples()
    run.system.eval().generate(Tiny()[0]["label"][None])
    assert seen and not any(seen)
    assert (tmp_path / "samples" / "step_000000.png").exists()


def test_fakes_are_detached_in_the_discriminator_step(tmp_path):
    run = trainer(tmp_path)
    system = run.system
    batch = default_collate([Tiny()[0], Tiny()[1]])
    phase = system.phases()[1]
    with system.only(phase):
        torch.stack(list(system("discriminator", batch).values())).sum().backward()
    assert all(p.grad is None for p in system.generator.parameters())
    assert all(p.grad is None for p in system.encoder.parameters())
    assert any(p.grad.abs().sum() > 0 for p in system.discriminator.parameters())


def test_generator_step_leaves_the_discriminator_alone(tmp_path):
    system = trainer(tmp_path).system
    batch = default_collate([Tiny()[0], Tiny()[1]])
    with system.only(system.phases()[0]):
        torch.stack(list(system("generator", batch).values())).sum().backward()
    assert all(p.grad is None for p in system.discriminator.parameters())
    assert all(p.requires_grad for p in system.parameters())


def test_accumulated_gradients_equal_a_larger_batch(tmp_path):
    recipe = SegmenterRecipe.preset("smoke", steps=1, batch_size=4, flip=False)
    states = []
    for name, changes in (("one", {}), ("two", {"batch_size": 2, "accumulate": 2})):
        Trainer(
            SegmenterSystem(recipe.replace(**changes), SPACE),
            train_data=Tiny(),
            validation_data=None,
            out=tmp_path / name,
            progress=False,
        ).run()
        states.append(load_file(tmp_path / name / "state.safetensors"))
    for key in states[0]:
        torch.testing.assert_close(states[0][key], states[1][key], rtol=1e-3, atol=1e-5)


def test_one_process_trains_with_one_precision_after_the_other(tmp_path):
    for precision in ("bf16", "fp32", "bf16"):
        run = trainer(
            tmp_path / f"{precision}-{len(list(tmp_path.iterdir()))}",
            SMOKE.replace(steps=1, precision=precision),
        )
        run.run()
        assert run.accelerator.mixed_precision == ("bf16" if precision == "bf16" else "no")


def test_shipped_weights_are_the_moving_average(tmp_path):
    run = trainer(tmp_path)
    before = {k: v.clone() for k, v in run.system.generator.named_parameters()}
    seen = []

    def remember(step):
        seen.append({k: v.detach().clone() for k, v in run.system.generator.named_parameters()})

    run.run(until=2, after_step=remember)
    decay = 2 / 11  # the second update; later ones come to SMOKE.ema_decay
    assert decay < SMOKE.ema_decay
    model = load_model(tmp_path / "model.safetensors")
    for key, value in model.generator.named_parameters():
        # The first update copies, later ones average.
        expected = decay * seen[0][key] + (1 - decay) * seen[1][key]
        torch.testing.assert_close(value, expected, rtol=0, atol=1e-6)
        assert not torch.equal(seen[1][key], before[key]) or "shared" in key or "stem" in key


def test_learning_rate_falls_to_zero():
    recipe = SMOKE.replace(steps=10, decay_from=5)
    assert [recipe.learning_rate_factor(s) for s in (0, 4, 5, 7, 9)] == [1, 1, 1, 0.6, 0.2]


def test_warm_restart_returns_to_full_and_falls_again():
    recipe = SMOKE.replace(steps=15, decay_from=5, restart_at=10)
    factors = [recipe.learning_rate_factor(s) for s in range(15)]
    assert factors[:5] == [1] * 5
    assert factors[5:10] == pytest.approx([1, 0.8, 0.6, 0.4, 0.2])
    assert factors[10:12] == [1, 1]  # half of the five steps that are left
    assert factors[12:] == pytest.approx([1, 2 / 3, 1 / 3])
    assert recipe.learning_rate_factor(15) == 0
    with pytest.raises(InputError, match="'restart_at' must lie between 0 and 'steps'"):
        SMOKE.replace(restart_at=99)


def test_every_picture_is_seen_once_an_epoch_whatever_the_processes():
    def stream(start, count, process, processes):
        sampler = StepSampler(
            length=12, batch_size=3, seed=1, start=start, process=process, processes=processes
        )
        batches = iter(sampler)
        return [next(batches) for _ in range(count)]

    alone = [i for batch in stream(0, 4, 0, 1) for i in batch]
    assert sorted(alone) == list(range(12))
    pairs = zip(stream(0, 2, 0, 2), stream(0, 2, 1, 2), strict=True)
    assert [i for a, b in pairs for i in a + b] == alone
    assert stream(0, 6, 0, 1)[4:] == stream(4, 2, 0, 1)
    assert [i for b in stream(4, 4, 0, 1) for i in b] != alone


def test_seeds_are_mixed_well():
    seeds = {mix(a, b) for a in range(30) for b in range(30)}
    assert len(seeds) == 900
    assert all(0 <= s < 2**63 for s in seeds)


def test_mirror_turns_picture_and_map_together():
    batch = {k: v[None] for k, v in Tiny()[3].items()}
    turned = mirror(batch)
    assert torch.equal(turned["image"], batch["image"].flip(-1))
    assert torch.equal(turned["label"], batch["label"].flip(-1))
    with pytest.raises(InputError, match="left becomes right"):
        mirror(batch | {"keypoints": torch.zeros(1, 2, 2)})


def test_existing_run_is_not_overwritten(tmp_path):
    trainer(tmp_path).run(until=1)
    with pytest.raises(InputError, match="--resume"):
        trainer(tmp_path)


def test_resuming_with_another_recipe_names_the_field(tmp_path):
    trainer(tmp_path).run(until=1)
    with pytest.raises(InputError, match="batch_size: 2 there, 3 here"):
        trainer(tmp_path, SMOKE.replace(batch_size=3), resume=True)


def test_schedule_may_change_until_the_rate_has_begun_to_fall(tmp_path):
    trainer(tmp_path).run(until=1)
    longer = SMOKE.replace(steps=6, decay_from=2)
    trainer(tmp_path, longer, resume=True).run(until=4)
    with pytest.raises(InputError, match=r"steps: 6 there, 8 here"):
        trainer(tmp_path, longer.replace(steps=8), resume=True)
    again = longer.replace(steps=8, restart_at=6)
    assert trainer(tmp_path, again, resume=True).step == 4


def test_too_few_pictures_are_an_error(tmp_path):
    with pytest.raises(InputError, match="has 12 pictures, one step needs 64"):
        trainer(tmp_path, SMOKE.replace(batch_size=64))


def test_loss_that_is_not_finite_stops_the_run(tmp_path):
    run = trainer(tmp_path)
    run.system.generator.to_rgb.bias.data.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="step 0, phase 'generator'"):
        run.run()


def test_two_processes_train_together(tmp_path):
    command = [
        *(sys.executable, "-m", "accelerate.commands.launch"),
        *("--cpu", "--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no"),
        *("--dynamo_backend", "no", "--main_process_port", "0", "-m", "nbgan"),
        *("train", "spade", "--preset", "smoke", "--out", str(tmp_path / "run")),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    model = load_model(tmp_path / "run" / "model.safetensors", system="spade")
    assert model.recipe.steps == 3
    alone = SpadeSystem(model.recipe, model.label_space)
    moved = [
        not torch.equal(a, b)
        for a, b in zip(alone.generator.parameters(), model.generator.parameters(), strict=True)
    ]
    assert sum(moved) > len(moved) / 2


def test_a_recipe_can_fix_the_mood_of_a_world():
    night = SpadeRecipe.preset("smoke", data="landscapes", mood="night")
    data = open_split(night, "train", progress=False)
    assert {int(data[i]["mood"]) for i in range(3)} == {Landscapes.moods.index("night")}
    with pytest.raises(InputError, match="'avatars' has no option mood"):
        open_split(night.replace(data="avatars"), "train", progress=False)
