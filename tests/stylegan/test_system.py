"""StyleGAN as a system: latents, losses by hand, lazy phases, growing, training."""

import pytest
import torch
from tiny import SPACE, Tiny
from torch.optim import Adam
from torch.utils.data import default_collate

from nbgan.data.avatars import Avatars
from nbgan.errors import InputError
from nbgan.stylegan import StyleGANRecipe, StyleGANSystem
from nbgan.stylegan.growth import grow
from nbgan.stylegan.imitation import HEAD_START, REMINDER, detail_weights
from nbgan.train import Trainer


def system(**changes):
    return StyleGANSystem(StyleGANRecipe.preset("smoke", **changes), SPACE)


@pytest.fixture
def batch():
    return default_collate([Tiny(size=16)[i] for i in range(4)])


@pytest.mark.parametrize("version", [1, 2])
def test_samples_repeat_and_truncation_pulls_to_the_mean(version):
    model = system(version=version).eval()
    model.generator.update_mean(torch.full((1, 8), 2.0), 0.5)
    assert torch.equal(model.sample(3, seed=1), model.sample(5, seed=1, batch_size=2)[:3])
    free, half, mean = (model.latents(2, psi=psi) for psi in (1.0, 0.5, 0.0))
    torch.testing.assert_close(half, mean + (free - mean) / 2)
    torch.testing.assert_close(mean[0], mean[1])
    assert model.sample(2).shape == (2, 3, 16, 16)


def test_generator_learns_the_mean_of_w(batch):
    model = system(mixing=0.0)
    before = model.generator.w_mean.clone()
    model.generator_losses(batch)
    assert not torch.equal(before, model.generator.w_mean)


def test_mixing_takes_later_rows_from_another_latent():
    torch.manual_seed(0)
    rows = system(mixing=1.0)._draw(32)
    differs = (rows != rows[:, :1]).any(dim=2)
    assert (~differs[:, 0]).all()
    assert differs[:, -1].all()
    assert (differs.int().diff(dim=1) >= 0).all(), "one switch a picture"
    same = system(mixing=0.0)._draw(4)
    assert torch.equal(same, same[:, :1].expand_as(same))


def test_r1_is_half_the_squared_gradient_times_its_interval(batch):
    model = system(r1=3.0, r1_every=5)
    real = batch["image"].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model.discriminator(real).sum(), real)
    by_hand = 3.0 * 5 * 0.5 * gradient.square().sum(dim=(1, 2, 3)).mean()
    torch.testing.assert_close(model.r1_losses(batch)["penalty"], by_hand)


def test_path_length_follows_its_own_mean(batch):
    model = system(path_length=2.0, path_length_every=2)
    torch.manual_seed(0)
    penalty = model.path_length_losses(batch)["penalty"]
    assert model.mean_length > 0
    penalty.backward()
    assert model.generator.synthesis(model.latents(1)).shape == (1, 3, 16, 16)
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in model.generator.parameters())


def test_lazy_phases_share_an_optimiser():
    phases = {phase.name: phase for phase in system(r1_every=16, path_length_every=4).phases()}
    assert list(phases) == ["generator", "path_length", "discriminator", "r1"]
    assert phases["r1"].optimizer == "discriminator"
    assert phases["r1"].every == 16
    made = phases["discriminator"].optimizer([torch.nn.Parameter(torch.zeros(1))])
    group = made.param_groups[0]
    assert group["lr"] == pytest.approx(StyleGANRecipe.preset("smoke").learning_rate * 16 / 17)
    assert group["betas"][1] == pytest.approx(0.99 ** (16 / 17))
    assert [p.name for p in system(r1=0.0, path_length=0.0).phases()] == [
        "generator",
        "discriminator",
    ]


@pytest.mark.parametrize(("version", "augment"), [(1, "none"), (2, "none"), (2, "adaptive")])
def test_training_and_resuming_equal_never_having_stopped(tmp_path, version, augment):
    def trainer(out, **options):
        model = system(version=version, augment=augment, augment_probability=0.5)
        return Trainer(
            model,
            train_data=Tiny(size=16),
            validation_data=Tiny(length=8, size=16),
            out=tmp_path / out,
            progress=False,
            **options,
        )

    whole = trainer("whole").run()
    trainer("parts").run(until=2)
    resumed = trainer("parts", resume=True).run()
    for (name, a), (_, b) in zip(
        whole.state_dict().items(), resumed.state_dict().items(), strict=True
    ):
        assert torch.equal(a, b), name


IMITATING = {
    "imitation": HEAD_START + 100,
    "settling": 50,
    "steps": HEAD_START + 200,
    "z_dim": 64,
}


def test_imitation_comes_first_and_is_never_forgotten():
    model = system(**IMITATING, path_length=0.0, r1=0.0)

    def running(step):
        return {phase.name for phase in model.phases() if phase.runs_at(step)}

    game = IMITATING["imitation"]
    assert running(0) == running(99) == {"imitation", "mapping"}
    assert running(100) == running(game - 51) == {"imitation", "mapping", "discriminator"}
    assert running(game - 50) == running(game - 1) == {"mapping", "discriminator"}
    assert running(game) == {"generator", "discriminator", "mapping", "reminder"}
    assert running(game + 1) == {"generator", "discriminator", "mapping"}
    assert running(game + REMINDER) == running(game)
    assert "imitation" not in {phase.name for phase in system().phases()}


def test_generator_learns_to_draw_what_it_is_told():
    torch.manual_seed(0)
    faces = Avatars(size=16, length=4, plans=True)
    batch = default_collate([faces[i] for i in range(4)])
    model = system(**IMITATING, max_channels=16)
    first, last = {}, {}
    before = model.generator.w_mean.clone()
    for phase in model.phases():
        if phase.name not in ("imitation", "mapping", "reminder"):
            continue
        parameters = [p for n in phase.networks for p in model.get_submodule(n).parameters()]
        optimizer = phase.optimizer(parameters) if callable(phase.optimizer) else Adam(parameters)
        for _ in range(60):
            optimizer.zero_grad()
            loss = sum(phase.losses(batch).values())
            loss.backward()
            optimizer.step()
            first.setdefault(phase.name, loss.item())
            last[phase.name] = loss.item()
    assert last["imitation"] < 0.6 * first["imitation"]
    assert last["mapping"] < 0.8 * first["mapping"]
    assert first["reminder"] < 0.7 * first["imitation"]  # it goes on where imitation ended
    assert not torch.equal(before, model.generator.w_mean)


def test_details_weigh_more():
    image = torch.zeros(2, 3, 32, 32)
    image[:, :, 10:13, 10:13] = 1
    weights = detail_weights(image)
    assert weights.shape == (2, 1, 32, 32)
    assert weights.mean().item() == pytest.approx(1)
    assert weights[0, 0, 11, 11] > 5 * weights[0, 0, 25, 25]
    flat = detail_weights(torch.full((1, 3, 16, 16), 0.7))
    torch.testing.assert_close(flat, torch.ones_like(flat), atol=0.02, rtol=0)


def test_growing_takes_over_what_fits(tmp_path):
    small = system()
    big = system(size=32)
    fresh = grow(big, small.state_dict(), "small.safetensors")
    assert fresh, "the new block starts fresh"
    assert not any(name.startswith("generator.mapping") for name in fresh)
    w_plus = small.latents(1, psi=1.0)
    grown = big.latents(1, psi=1.0)
    torch.testing.assert_close(w_plus, grown[:, : w_plus.shape[1]])
    with pytest.raises(InputError, match=r"small.safetensors: .* lower resolution"):
        grow(big, system(w_dim=4).state_dict(), "small.safetensors")
    with pytest.raises(InputError, match="none of this generator's tensors"):
        grow(big, {}, "empty.safetensors")


def test_a_run_can_start_from_a_smaller_one(tmp_path):
    def trainer(out, **changes):
        return Trainer(
            system(**changes),
            train_data=Tiny(size=changes.get("size", 16)),
            validation_data=None,
            out=tmp_path / out,
            progress=False,
        )

    trainer("small").run(until=1)
    state = str(tmp_path / "small")
    big = trainer("big", size=32, start_from=state)
    small = trainer("again", start_from=state)
    key = "w_mean"
    assert torch.equal(getattr(big.system.generator, key), getattr(small.system.generator, key))
    with pytest.raises(InputError, match="no such file"):
        trainer("none", start_from=str(tmp_path / "absent"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 48}, "power of two from 8, got 48"),
        ({"aspect_ratio": 2.0}, "aspect_ratio' must be 1"),
        ({"mixing": 1.5}, "'mixing' is a probability"),
        ({"imitation": 2, "data": "landscapes"}, "'imitation' is for data 'avatars'.*'landscapes'"),
        ({"imitation": 5, "z_dim": 64}, r"'imitation' must lie between 0 and 'steps' \(4\), got 5"),
        ({"imitation": 2, "settling": 2}, r"'settling' must lie between 0 and 'imitation' \(2\)"),
        ({"imitation": 2}, "'z_dim' is 8; to imitate avatars it must be 58 or more"),
    ],
)
def test_recipes_say_what_is_wrong(changes, message):
    with pytest.raises(InputError, match=message):
        StyleGANRecipe.preset("smoke", **changes)
