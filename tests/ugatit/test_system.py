"""U-GAT-IT as a system: losses against the published schedule, shared fakes, scores, bad input."""

import pytest
import torch
from sides import shapes
from tiny import Tiny
from torch.utils.data import default_collate

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.ugatit import UGATITRecipe, UGATITSystem
from nbgan.ugatit.discriminator import DiscriminatorOutput
from nbgan.ugatit.identity import FaceIdentity
from nbgan.ugatit.official.step import discriminator_phase, generator_phase
from nbgan.ugatit.scores import distances, kept_parts

SMOKE = UGATITRecipe.preset("smoke", cycle_noise=0.0, gan="least_squares", r1=0.0)
"""With the published losses."""


class MeanColor(torch.nn.Module):
    """A face network that knows colours only."""

    def forward(self, image):
        return torch.nn.functional.normalize(image.mean(dim=(2, 3)) + 2, dim=1)


def system(**changes):
    face = FaceIdentity(MeanColor().eval(), size=8, crop=False)
    return UGATITSystem(SMOKE.replace(**changes), face=face)


@pytest.fixture
def batch():
    return default_collate([shapes()[i] for i in range(2)])


def official_names(model):
    judges = model.discriminators
    names = {"genA2B": model.generator_a2b, "genB2A": model.generator_b2a}
    return names | {
        f"dis{scale[0].upper()}{domain.upper()}": judges[f"{scale}_{domain}"]
        for scale in ("global", "local")
        for domain in "ab"
    }


VARIANTS = [{}, {"variant": "photo2cartoon", "norm": "softadalin", "face_weight": 1.0}]


@pytest.mark.parametrize("changes", [*VARIANTS, {"light": False}])
def test_losses_and_gradients_equal_the_published_schedule(changes, batch):
    ours, published = system(**changes).train(), system(**changes).train()
    published.load_state_dict(ours.state_dict())
    face = ours.face if ours.recipe.face_weight else None
    networks = official_names(published)
    real = {"A": batch["source"], "B": batch["target"]}
    phases = {phase.name: phase for phase in ours.phases()}

    mine = 0.0
    for name in phases:
        if name != "generators":
            with ours.only(phases[name]):
                total = torch.stack(list(ours(name, batch).values())).sum()
                total.backward()
            mine = mine + total.detach()
    theirs = discriminator_phase(networks, real, published.recipe.weights)["Discriminator_loss"]
    theirs.backward()
    torch.testing.assert_close(mine, theirs.detach())
    assert all(p.grad is None for p in ours.generator_a2b.parameters())
    compare_gradients(ours, published, "discriminators")

    published.zero_grad()
    with ours.only(phases["generators"]):
        mine = torch.stack(list(ours("generators", batch).values())).sum()
        mine.backward()
    theirs = generator_phase(networks, real, published.recipe.weights, face)["Generator_loss"]
    theirs.mean().backward()
    torch.testing.assert_close(mine, theirs.mean())
    compare_gradients(ours, published, "generator_a2b")
    compare_gradients(ours, published, "generator_b2a")
    for a, b in zip(ours.discriminators.buffers(), published.discriminators.buffers(), strict=True):
        torch.testing.assert_close(a, b)


def compare_gradients(ours, published, part):
    pairs = list(
        zip(
            ours.get_submodule(part).named_parameters(),
            published.get_submodule(part).named_parameters(),
            strict=True,
        )
    )
    assert all((a.grad is None) == (b.grad is None) for (_, a), (_, b) in pairs)
    largest = max(float(b.grad.abs().max()) for _, (_, b) in pairs if b.grad is not None)
    for (name, a), (_, b) in pairs:
        if b.grad is not None:
            # A bias in front of a norm has no gradient but rounding.
            atol = 1e-4 * float(b.grad.abs().max()) + 1e-5 * largest
            torch.testing.assert_close(a.grad, b.grad, atol=atol, rtol=1e-3, msg=name)


def test_translations_are_made_once_for_both_updates(batch):
    model = system().train()
    calls = []
    model.generator_a2b.register_forward_hook(lambda *_: calls.append(1))
    for phase in model.phases():
        with model.only(phase):
            sum(model(phase.name, batch).values()).backward()
    assert len(calls) == 2, "sources and targets in one batch, then the way back"
    assert model._shared.waiting == [], "the graph is let go"
    model.generator_losses(batch)
    assert len(calls) == 4, "another step makes its own"


def test_noise_meets_translations_on_their_way_back_only(batch):
    def losses(noise):
        torch.manual_seed(0)
        return system(cycle_noise=noise).train().generator_losses(batch)

    clean, noisy, again = losses(0.0), losses(0.3), losses(0.3)
    changed = {name for name in clean if not torch.equal(clean[name], noisy[name])}
    assert changed == {"cycle_a", "cycle_b"}
    assert all(torch.equal(noisy[name], again[name]) for name in noisy)


def test_logistic_losses_judge_patches_and_cam_logits(batch):
    model = system(gan="logistic").eval()
    softplus = torch.nn.functional.softplus
    judge = model.discriminators["local_b"]
    with torch.no_grad():
        fake, _, _ = model.generator_a2b(batch["source"])
        (real_scores, real_cam, _), (scores, cam, _) = judge(batch["target"]), judge(fake)
        losses = model.discriminator_losses(batch, name="local_b")
    expected = softplus(-real_scores).mean() + softplus(scores).mean()
    torch.testing.assert_close(losses["patches"], expected)
    torch.testing.assert_close(losses["cam"], softplus(-real_cam).mean() + softplus(cam).mean())


def test_r1_is_half_the_squared_gradient_norm_of_a_score(batch):
    """Of a discriminator whose slope is known: one that adds up fields of the picture."""
    model = system(r1=0.5, r1_every=4)

    class Sums(torch.nn.Module):
        def forward(self, image):
            return DiscriminatorOutput(
                3 * image.unfold(2, 4, 4).sum((1, 3, 4))[:, None], None, None
            )

    model.discriminators["local_a"] = Sums()
    size = model.recipe.size
    each = 0.5 * 9 * 3 * 4 * size  # half the square of slope 3, over a score's pixels
    penalty = model.r1_losses(batch, name="local_a")["penalty"]
    torch.testing.assert_close(penalty, torch.tensor(0.5 * 4 * each))
    assert not batch["source"].requires_grad


def test_r1_is_lazy_and_shares_the_discriminators_optimiser(batch):
    model = system(r1=1.0, r1_every=4).train()
    phases = {phase.name: phase for phase in model.phases()}
    for name in model.discriminators:
        phase = phases[f"r1_{name}"]
        assert phase.optimizer == f"discriminator_{name}"
        assert [phase.runs_at(step) for step in range(5)] == [True, False, False, False, True]
        with model.only(phase):
            model(phase.name, batch)["penalty"].backward()
        assert all(p.grad is not None for p in model.discriminators[name].blocks.parameters())
    assert not any("r1" in phase.name for phase in system().phases())


@pytest.mark.parametrize("changes", [VARIANTS[1], {"light": False, "compact": True}])
def test_half_precision_follows_full_precision(changes, batch):
    losses = {}
    for half in (False, True):
        model = system(**changes).train()
        if half:
            model.to(memory_format=torch.channels_last)
        losses[half] = {}
        for phase in model.phases():
            with model.only(phase):
                with torch.autocast("cpu", torch.bfloat16, enabled=half):
                    terms = model(phase.name, batch)
                torch.stack(list(terms.values())).sum().backward()
            losses[half] |= {f"{phase.name}/{k}": v.item() for k, v in terms.items()}
            assert all(v.dtype == torch.float32 for v in terms.values())
    for name, value in losses[False].items():
        assert losses[True][name] == pytest.approx(value, rel=0.05, abs=0.05), name


def test_another_batch_is_not_taken_for_the_waiting_one(batch):
    model = system().eval()
    other = {key: value.flip(0).clone() for key, value in batch.items()}
    model.discriminator_losses(batch, "local_a")
    first = {k: v.item() for k, v in model.generator_losses(other).items()}
    assert first == {k: v.item() for k, v in model.generator_losses(other).items()}


def test_accumulated_batches_keep_no_graphs(batch):
    model = system(accumulate=2)
    model.discriminator_losses(batch, "local_a")
    ((source, made),) = model._shared.waiting
    assert source is batch["source"] and not made["a"].fake.requires_grad
    assert model.generator_losses(batch)["cycle_a"].requires_grad
    assert model._shared.waiting == []


def test_without_attention_there_are_no_cam_terms(batch):
    model = system(cam=False)
    names = set(model.discriminator_losses(batch, "local_b")) | set(model.generator_losses(batch))
    assert not any(name.startswith(("cam", "attention")) for name in names)
    made = model.translate(batch["source"])
    assert made.cam_logits is None and made.heatmap is None
    assert model.preview(batch).shape == (6 * 2, 3, 32, 32)


@pytest.mark.parametrize("norm", ["adalin", "instance", "layer", "softadalin"])
def test_rho_stays_in_bounds_after_each_update(norm):
    model = system(norm=norm, learning_rate=0.5)
    phase = model.phases()[-1]
    with torch.no_grad():
        for p in model.generator_a2b.parameters():
            p.add_(5 * torch.randn_like(p))
    phase.after()
    rhos = [v for k, v in model.named_parameters() if k.endswith(("rho", "mix_gamma", "mix_beta"))]
    rhos += [v for k, v in model.named_buffers() if k.endswith("rho")]
    assert rhos
    assert all(v.min() >= 0 and v.max() <= 1 for v in rhos)


def test_translation_and_preview(batch):
    model = system().eval()
    made = model.translate(batch["source"], "b2a")
    assert made.image.shape == (2, 3, 32, 32)
    assert made.heatmap.shape == (2, 1, 8, 8)
    torch.testing.assert_close(made.image, model.generator_b2a(batch["source"]).image)
    rows = model.preview(batch)
    assert rows.shape == (8 * 2, 3, 32, 32) and rows.abs().max() < 1.001
    torch.testing.assert_close(rows[:2], batch["source"])
    torch.testing.assert_close(rows[8:10], batch["target"])


def test_kept_parts_by_hand():
    space = LabelSpace(
        name="t", classes=("background", "skin", "hat"), colors=((0, 0, 0), (1, 1, 1), (2, 2, 2))
    )
    before = torch.zeros(4, 10, 10, dtype=torch.long)
    before[:, 5:] = 1
    before[:2, 0] = 2
    after = before.clone()
    after[0, 0] = 0  # one of two hats is lost
    after[2, 0] = 2  # one of two faces gets one
    after[:, 5] = 0  # a fifth of the skin goes
    scores = kept_parts(before, after, space)
    assert scores == {"kept_hat": 0.5, "overlap": pytest.approx(0.8)}
    assert kept_parts(before, before, space) == {"kept_hat": 1.0, "overlap": 1.0}
    with pytest.raises(InputError, match="both must show the same faces"):
        kept_parts(before, after[:2], space)


def test_distances_name_what_is_compared():
    class Pixels:
        name = "pixels"

        def __call__(self, image):
            return [image]

    draw = torch.Generator().manual_seed(0)
    near = [torch.randn(20, 3, 4, 4, generator=draw) for _ in range(4)]
    scores = distances(
        Pixels(),
        dict(zip(["a", "b", "a2b", "b2b"], near, strict=True)) | {"b2a": near[0] + 3},
        prefix="kernel",
    )
    assert set(scores) == {
        f"kernel_{name}{end}"
        for name in ("a2b", "b2a", "before", "target", "real")
        for end in ("", "_std")
    }
    assert scores["kernel_b2a"] > 10 * abs(scores["kernel_a2b"])


def test_without_a_judge_there_are_no_scores(batch, monkeypatch):
    monkeypatch.setattr("nbgan.zoo.names", lambda: [])
    assert system().evaluate([batch]) == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"global_layers": 7}, "32 pixels are too small for discriminators of 7 layers"),
        ({"norm": "batch"}, "norm: 'batch' is unknown"),
        ({"size": 30}, "divisible by 4"),
        ({"variant": "photo2cartoon", "width": 6}, "4"),
    ],
)
def test_networks_that_cannot_be_built(changes, message):
    with pytest.raises(InputError, match=message):
        system(**changes)


def test_bad_input(batch):
    model = system()
    with pytest.raises(InputError, match="direction: got 'ab'; choose 'a2b' or 'b2a'"):
        model.translate(batch["source"], "ab")
    with pytest.raises(InputError, match="divisible by 4"):
        model.translate(torch.zeros(1, 3, 30, 32))
    with pytest.raises(InputError, match="no source and no target.*'avatar-pair' or 'unpaired'"):
        model.check_data(Tiny())
    model.check_data(shapes())
    absent = UGATITSystem(SMOKE.replace(face_weight=1.0, identity_network="faces-of-nobody"))
    with pytest.raises(InputError, match="identity network 'faces-of-nobody': neither"):
        absent.check_data(shapes())
    photographs = UGATITSystem(SMOKE.replace(face_weight=1.0, data="unpaired", data_path="faces"))
    with pytest.raises(InputError, match=r"'identity_network'.*reads 'unpaired'.*mobilefacenet"):
        photographs.check_data(shapes())
