"""The encoder as a system: it learns, resumes, is packed alone, and checks what it is given."""

import pytest
import torch
from tiny import SPACE, Tiny

from nbgan.datasetgan import DatasetGANSystem
from nbgan.editgan import EncoderRecipe, EncoderSystem
from nbgan.editgan.distance import PictureDistance
from nbgan.editgan.system import Familiarity
from nbgan.errors import InputError
from nbgan.stylegan import StyleGANRecipe, StyleGANSystem
from nbgan.stylegan.imitation import detail_weights
from nbgan.train import Trainer, load_model, save_model


def train(recipe, out, **options):
    trainer = Trainer(
        EncoderSystem(recipe, SPACE),
        train_data=Tiny(size=16),
        validation_data=Tiny(4, size=16),
        out=out,
        progress=False,
        **options,
    )
    trainer.run()
    return trainer


def test_encoder_learns_the_codes_of_sampled_pictures(recipe, tmp_path):
    torch.manual_seed(0)
    before = EncoderSystem(recipe, SPACE).eval().evaluate(batch())
    trainer = train(
        recipe.replace(
            steps=60,
            sampled=8,
            width=8,
            channels=16,
            checkpoint_every=60,
            sample_every=60,
            learning_rate=3e-3,
            real_from=200,
            log_every=40,
        ),
        tmp_path,
    )
    after = trainer.evaluate()
    assert after["latent"] < 0.7 * before["latent"]
    assert (tmp_path / "samples" / "step_000060.png").exists()
    assert set(after) == {"distance", "psnr", "latent", "miou"}


def batch():
    items = [Tiny(size=16)[i] for i in range(2)]
    return [{k: torch.stack([item[k] for item in items]) for k in items[0]}]


def test_real_pictures_join_later_by_the_same_optimiser(recipe, system):
    real, sampled = system.phases()
    assert [real.runs_at(step) for step in range(4)] == [False, False, True, True]
    assert sampled.runs_at(0) and sampled.optimizer == "real"
    terms = system.sampled_losses({})
    assert set(terms) == {"latent", "perceptual", "pixel"}
    assert set(system.real_losses(batch()[0])) == {"perceptual", "pixel"}
    zero = EncoderSystem(recipe.replace(latent=0.0, perceptual=0.0), SPACE)
    terms = zero.sampled_losses({})
    assert terms["latent"] == terms["perceptual"] == 0 < terms["pixel"]


def test_codes_alone_can_be_learned(recipe, tmp_path):
    alone = recipe.replace(perceptual=0.0, pixel=0.0, real_from=recipe.steps)
    assert set(EncoderSystem(alone, SPACE).sampled_losses({})) == {"latent"}
    trained = train(alone, tmp_path).system
    before = EncoderSystem(alone, SPACE).encoder.heads[0].linear.weight
    assert not torch.equal(trained.encoder.heads[0].linear.weight, before)
    with pytest.raises(InputError, match="nothing is learned from real pictures; give 'real_from'"):
        alone.replace(real_from=0)


def test_pixels_near_details_can_count_more(recipe):
    image = torch.zeros(1, 3, 16, 16)
    image[..., 8:] = 0.5  # one edge
    plain, weighted = (
        EncoderSystem(recipe.replace(detail=detail), SPACE) for detail in (False, True)
    )
    w_plus = plain.painter.latents([0], seed=0)
    painted = plain.painter.generator.synthesis(w_plus)
    difference = ((painted - image) / 2).square()
    for system, weights in ((plain, 1), (weighted, detail_weights(image))):
        pixel = system._likeness(w_plus, image)["pixel"]
        torch.testing.assert_close(pixel, recipe.pixel * (difference * weights).mean())


def test_only_the_encoder_learns(recipe, painter_file, tmp_path):
    trained = train(recipe, tmp_path).system
    fresh = load_model(painter_file)
    for name, value in fresh.state_dict().items():
        assert torch.equal(trained.painter.state_dict()[name], value), name


def test_model_file_holds_the_encoder_and_finds_its_painter(recipe, tmp_path):
    trained = train(recipe, tmp_path / "run").system
    model = load_model(tmp_path / "run" / "model.safetensors")
    assert set(model.shipped_networks()) == {"encoder", "familiarity"}
    image = torch.rand(1, 3, 16, 16) * 2 - 1
    torch.testing.assert_close(model.encoder(image), trained.encoder(image))
    assert model.familiarity.mean > 0
    assert model.label_space == SPACE


def test_resuming_equals_never_having_stopped(recipe, tmp_path):
    whole = train(recipe, tmp_path / "whole").system
    parts = Trainer(
        EncoderSystem(recipe, SPACE), train_data=Tiny(size=16), validation_data=None,
        out=tmp_path / "parts", progress=False,
    )  # fmt: skip
    parts.run(until=2)
    again = train(recipe, tmp_path / "parts", resume=True).system
    for name, value in whole.encoder.state_dict().items():
        assert torch.equal(again.encoder.state_dict()[name], value), name


def test_painter_that_changed_is_refused(recipe, tmp_path, painter_file):
    train(recipe, tmp_path / "run")
    model = load_model(tmp_path / "run" / "model.safetensors")
    other = load_model(painter_file)
    with torch.no_grad():
        other.generator.constant.add_(1)
    save_model(tmp_path / "other.safetensors", other)
    changed = model.recipe.replace(painter=str(tmp_path / "other.safetensors"))
    with pytest.raises(InputError, match="the encoder was trained for .* bring that model back"):
        EncoderSystem(changed, SPACE)


def test_other_painters_are_refused(recipe, tmp_path):
    save_model(tmp_path / "s.safetensors", StyleGANSystem(StyleGANRecipe.preset("smoke"), None))
    with pytest.raises(InputError, match="is a stylegan model; EditGAN edits with"):
        EncoderSystem(recipe.replace(painter=str(tmp_path / "s.safetensors")), SPACE)
    with pytest.raises(InputError, match="pictures of 16 × 8 pixels, but .* labels 16 × 16"):
        EncoderSystem(recipe.replace(aspect_ratio=2.0), SPACE)
    with pytest.raises(InputError, match="'sampled', 'width', 'channels' and 'blocks'"):
        EncoderRecipe(sampled=0)


def test_pictures_of_another_size_are_refused_before_training(recipe, tmp_path):
    with pytest.raises(InputError, match=r"pictures of \[3, 32, 32\]; the encoder needs"):
        Trainer(
            EncoderSystem(recipe, SPACE), train_data=Tiny(), validation_data=None,
            out=tmp_path / "out",
        )  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_strange_pictures_are_told_by_their_error():
    known = Familiarity()
    assert known.strange(100.0) == "", "nothing is known yet"
    known.learn(torch.tensor([0.1, 0.2, 0.3]))
    assert known.strange(0.52) == ""
    known.learn(torch.tensor([0.2]))
    assert known.strange(100.0) == "", "one picture tells no spread"
    known.learn(torch.tensor([0.1, 0.2, 0.3]))
    assert known.strange(0.7).startswith("embedding error 0.700; pictures that this model knows")


def test_distance_without_published_weights_says_what_it_is(tmp_path, monkeypatch):
    measure = PictureDistance("embedded")
    assert "stand-in for LPIPS" in measure.name and "VGG16" in measure.name
    image = torch.rand(2, 3, 32, 32) * 2 - 1
    assert measure(image, image).tolist() == [0, 0]
    monkeypatch.setenv("NBGAN_PUBLISHED_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InputError, match="VGG16"):
        PictureDistance("lpips")


def test_joint_model_is_frozen_and_shares_the_weights(system):
    model = system.joint()
    assert not any(p.requires_grad for p in model.parameters())
    assert model.encoder is system.encoder
    assert isinstance(system.painter, DatasetGANSystem)
