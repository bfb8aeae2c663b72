"""Face identity: the network, the distance, and training on avatars."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from nbgan import zoo
from nbgan.data.avatar_sides import avatar_side
from nbgan.errors import InputError
from nbgan.train import save_model
from nbgan.ugatit.identity import EMBEDDED, FaceIdentity, face_identity, face_window
from nbgan.ugatit.identity_training import (
    IdentityRecipe,
    IdentitySystem,
    contrastive_loss,
)
from nbgan.ugatit.identity_views import Views, ink_drawing, luminance, recolor
from nbgan.ugatit.mobilefacenet import MobileFaceNet


def make(**changes):
    settings = {"embedding": 8, "widths": (4, 6, 8, 10), "repeats": (1, 1, 1), "size": 32}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MobileFaceNet(**settings | changes)


def pictures(count=2, side=32, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, side, side, generator=generator) * 2 - 1


@pytest.fixture
def tiny_recipe():
    return IdentityRecipe.preset("smoke", likeness="views", embedding=8, ink=0.4)


def test_embeddings_have_length_one():
    embedding = make().eval()(pictures())
    assert embedding.shape == (2, 8)
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(2))


def test_published_size():
    network = MobileFaceNet()
    millions = sum(p.numel() for p in network.parameters()) / 1e6
    assert 1.1 < millions < 1.3  # the variant with an embedding of 512
    assert sum(isinstance(m, torch.nn.PReLU) for m in network.modules()) == 33


def test_network_refuses_other_sizes():
    with pytest.raises(InputError, match="multiple of 16"):
        make(size=40)
    with pytest.raises(InputError, match="built for 32 × 32"):
        make()(pictures(side=48))


def test_distance_is_zero_for_the_same_face_and_follows_the_angle():
    class Corners(torch.nn.Module):
        def forward(self, face):
            return F.normalize(face.mean((2, 3)))

    face = FaceIdentity(Corners().eval(), size=8)
    red = torch.zeros(1, 3, 20, 20)
    red[:, 0] = 1
    both = red.clone()
    both[:, 1] = 1
    assert face(red, red).item() == pytest.approx(0, abs=1e-6)
    assert face(red, both).item() == pytest.approx(1 - 0.5**0.5, abs=1e-6)
    assert face(red, -red).item() == pytest.approx(2)


def test_window_of_published_portraits():
    # h / 2.1 · 0.47 = 57.3 and h − h / 2.1 · 0.3 = 219.4, both cut to whole pixels
    assert face_window(256, 256) == (57, 219, 47, 209)
    with pytest.raises(InputError, match="do not fit"):
        face_window(256, 100)


def test_network_is_frozen_and_gradients_reach_the_picture():
    network = make()
    face = FaceIdentity(network, size=32, crop=False)
    image = pictures().requires_grad_()
    face(pictures(seed=2), image).sum().backward()
    assert image.grad.abs().sum() > 0
    assert face.network is not network and not face.network.training
    assert all(p.grad is None for p in face.network.parameters())
    assert all(p.requires_grad for p in network.parameters())


def test_distance_needs_pairs():
    with pytest.raises(InputError, match="2 pictures against 1"):
        FaceIdentity(make())(pictures(), pictures(1))


def test_absent_identity_network(monkeypatch, tmp_path):
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    with pytest.raises(InputError, match=rf"'{EMBEDDED}'.*nbgan train identity.*MobileFace|mobile"):
        face_identity()
    with pytest.raises(InputError, match=r"no_such\.pth: no such file"):
        face_identity(tmp_path / "no_such.pth")
    with pytest.raises(InputError, match=r"'no_such_model': neither a file nor a model"):
        face_identity("no_such_model")


def test_model_of_another_kind_is_refused():
    with pytest.raises(InputError, match="holds a 'segmenter' model, not an identity"):
        face_identity("segmenter-avatars")


def test_trained_network_is_found_by_file(tiny_recipe, tmp_path):
    system = IdentitySystem(tiny_recipe, None).eval()
    save_model(tmp_path / "mine.safetensors", system, card={})
    face = face_identity(tmp_path / "mine.safetensors")
    image = pictures(side=48)
    torch.testing.assert_close(face.embed(image), system.distance().embed(image))
    assert "not MobileFaceNet" in face.name


def test_contrastive_loss_by_hand():
    first = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    # Each of the four views has its partner at cosine 1 and two strangers at cosine 0.
    expected = -torch.log_softmax(torch.tensor([2.0, 0.0, 0.0]), 0)[0]
    torch.testing.assert_close(contrastive_loss(first, first, temperature=0.5), expected)


def test_attributes_decide_who_is_alike(tiny_recipe):
    """Noise makes every picture another one; the attribute is the brightness of a corner."""
    draw = torch.Generator().manual_seed(0)
    image = torch.rand(12, 3, 32, 32, generator=draw) - 0.5
    has = (torch.arange(12) % 2).float()
    image[:, :, :16, :16] += (2 * has - 1)[:, None, None, None]
    batch = {"image": image, "attributes": torch.stack([has, 1 - has], dim=1)}
    recipe = tiny_recipe.replace(likeness="attributes", embedding=2, learning_rate=5e-3, ink=0.0)
    system = IdentitySystem(recipe.replace(jitter=0.0, width=8), None).train()
    (phase,) = system.phases()
    optimizer = phase.optimizer(system.network.parameters())
    torch.manual_seed(0)
    for _ in range(60):
        optimizer.zero_grad()
        system.losses(batch)["attributes"].backward()
        optimizer.step()
    system.eval()
    assert system.evaluate([batch])["told"] > 0.9
    distance = system.distance()
    alike, unlike = distance(image[:2], image[2:4]), distance(image[:2], image[[1, 0]])
    assert alike.max() < 0.5 < 1.5 < unlike.min()


def test_attributes_by_hand(tiny_recipe):
    system = IdentitySystem(tiny_recipe.replace(likeness="attributes", embedding=2), None).eval()
    batch = {"image": pictures(2), "attributes": torch.tensor([[1.0, 0], [0, 0]])}
    torch.manual_seed(0)
    loss = system.losses(batch)["attributes"]
    torch.manual_seed(0)
    odds = 10 * system.network(system.views(batch["image"]))
    signs = torch.tensor([[-1.0, 1], [1, 1]])
    torch.testing.assert_close(loss, F.softplus(signs * odds).mean())
    # Nobody has the second attribute, so it counts once; the first counts on both sides.
    said = system.network(batch["image"]) > 0
    rights = torch.stack([said[0, 0], ~said[1, 0], *[(~said[:, 1]).float().mean()]])
    assert system.evaluate([batch])["told"] == pytest.approx(rights.float().mean().item())


def test_data_without_attributes_is_refused():
    system = IdentitySystem(IdentityRecipe.preset("smoke"), None)
    with pytest.raises(InputError, match="'avatar-sides' has no attributes; choose 'views'"):
        system.losses({"image": pictures()})
    with pytest.raises(InputError, match=r"'embedding': got 6, .* has 3 attributes"):
        system.losses({"image": pictures(), "attributes": torch.ones(2, 3)})


def test_shipped_network_reads_both_sides():
    face = face_identity()
    for side in ("source", "target"):
        faces = avatar_side(side, size=64, split="test")
        items = [faces[i] for i in range(48)]
        said = face.embed(torch.stack([item["image"] for item in items])) > 0
        known = torch.stack([item["attributes"] for item in items]) > 0.5
        glasses = faces.attribute_names.index("glasses")
        assert (said == known)[:, glasses].float().mean() > 0.9


def test_views_stay_in_range_and_differ():
    torch.manual_seed(0)
    views, image = Views(), pictures(6)
    first, second = views(image), views(image)
    assert first.shape == image.shape and first.abs().max() <= 1 + 1e-6
    assert not torch.allclose(first, second)


def test_still_views_are_the_picture():
    image = pictures()
    still = Views(shift=0, scale=0, jitter=0, grey=0, ink=0)
    torch.testing.assert_close(still(image), image, atol=1e-4, rtol=0)


def test_backdrop_says_nothing():
    torch.manual_seed(0)
    image, label = pictures(), torch.zeros(2, 32, 32, dtype=torch.long)
    view = Views(shift=0, scale=0, jitter=0, grey=0, ink=0)(image, label)
    assert (view.std((2, 3)) < 1e-4).all()


def test_recoloring_turns_hue_about_grey():
    torch.manual_seed(0)
    grey = torch.full((4, 3, 2, 2), 0.2)
    turned = recolor(grey, 0.5)
    torch.testing.assert_close(turned, luminance(turned).expand_as(turned), atol=1e-6, rtol=0)


def test_ink_is_black_on_white_without_color():
    torch.manual_seed(0)
    image = -torch.ones(1, 3, 16, 16)
    image[..., 8:] = 1
    drawing = ink_drawing(image)
    assert torch.equal(drawing[:, 0], drawing[:, 2])
    assert (drawing[..., :5] < -0.9).all() and (drawing[..., 11:] > 0.9).all()


def test_learns_to_find_faces_again(tiny_recipe):
    """A few steps pull the views of one pattern together and push other patterns away."""
    coarse = torch.randint(0, 2, (6, 3, 4, 4), generator=torch.Generator().manual_seed(0))
    batch = {"image": F.interpolate(2 * coarse.float() - 1, scale_factor=8.0)}
    system = IdentitySystem(tiny_recipe.replace(learning_rate=5e-3, ink=0.0, width=8), None)
    (phase,) = system.phases()
    optimizer = phase.optimizer(system.network.parameters())
    torch.manual_seed(0)
    losses = []
    for _ in range(24):
        loss = system.losses(batch)["contrast"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-6:]) < 0.7 * sum(losses[:6]), losses


def test_evaluation_is_repeatable_and_leaves_the_random_state(tiny_recipe):
    system = IdentitySystem(tiny_recipe, None).eval()
    batches = [{"image": pictures(4)}, {"image": pictures(4, seed=2)}]
    before = torch.get_rng_state()
    scores = system.evaluate(batches)
    assert torch.equal(torch.get_rng_state(), before)
    assert scores == system.evaluate(batches)
    assert scores.keys() == {"top1", "top1_ink", "distance_same", "distance_other"}


def test_a_batch_of_one_teaches_nothing(tiny_recipe):
    with pytest.raises(InputError, match="batch_size"):
        IdentitySystem(tiny_recipe.replace(batch_size=1), None)
    with pytest.raises(InputError, match="ink: got 2"):
        Views(ink=2)
