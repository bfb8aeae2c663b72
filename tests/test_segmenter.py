"""The segmenter network and its loss."""

from __future__ import annotations

import pytest
import torch

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.segmenter import Judge, Segmenter, dice_loss, segmentation_loss


def make_space(count: int) -> LabelSpace:
    return LabelSpace(
        name="test",
        classes=tuple(f"class {i}" for i in range(count)),
        colors=tuple((i + 1, 0, 0) for i in range(count)),
    )


@pytest.fixture
def segmenter() -> Segmenter:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Segmenter(label_space=make_space(3), width=16, depth=3)


@pytest.mark.parametrize("size", [(16, 16), (33, 50), (5, 70), (1, 1)])
def test_any_size(segmenter, size):
    logits = segmenter(torch.zeros(2, 3, *size))
    assert logits.shape == (2, 3, *size)
    assert logits.isfinite().all()


def test_features_run_from_shallow_to_deep(segmenter):
    shapes = [tuple(m.shape[1:]) for m in segmenter.features(torch.zeros(1, 3, 16, 24))]
    assert shapes == [(8, 16, 24), (16, 8, 12), (32, 4, 6), (64, 2, 3)]


def test_images_of_a_batch_do_not_influence_each_other(segmenter):
    images = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    together = segmenter.train()(images)
    assert torch.allclose(together[1:2], segmenter.eval()(images[1:2]), atol=1e-5)


def test_default_size():
    parameters = sum(p.numel() for p in Segmenter(label_space=make_space(14)).parameters())
    assert 1e6 < parameters < 2e6


def test_learns_colors(segmenter):
    """A few steps tell three colours apart on pictures it has not seen."""
    random = torch.Generator().manual_seed(2)

    def draw(count):
        coarse = torch.randint(0, 3, (count, 4, 4), generator=random)
        label = coarse.repeat_interleave(4, 1).repeat_interleave(4, 2)
        noise = torch.randn(count, 3, 16, 16, generator=random)
        image = torch.nn.functional.one_hot(label, 3).movedim(-1, 1) - 0.5 + 0.2 * noise
        return image, label

    optimizer = torch.optim.Adam(segmenter.parameters(), lr=3e-3)
    for _ in range(30):
        image, label = draw(8)
        optimizer.zero_grad()
        segmentation_loss(segmenter(image), label).backward()
        optimizer.step()
    image, label = draw(8)
    assert (segmenter(image).argmax(dim=1) == label).float().mean() > 0.9


def test_loss_by_hand():
    logits = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).T.reshape(1, 3, 1, 2)
    label = torch.tensor([[[0, 255]]])
    expected = -torch.log_softmax(torch.tensor([2.0, 0, 0]), 0)[0]
    assert segmentation_loss(logits, label, 255).item() == pytest.approx(expected.item())
    both = torch.tensor([[[0, 1]]])
    mean = (expected - torch.log_softmax(torch.tensor([0, 1.0, 0]), 0)[1]) / 2
    assert segmentation_loss(logits, both, None).item() == pytest.approx(mean.item())


def test_loss_without_a_labelled_pixel_is_zero_with_zero_gradient():
    logits = torch.randn(1, 3, 2, 2, generator=torch.Generator().manual_seed(3)).requires_grad_()
    loss = segmentation_loss(logits, torch.full((1, 2, 2), 255), 255)
    loss.backward()
    assert loss.item() == 0 and torch.equal(logits.grad, torch.zeros_like(logits))


def test_bad_input(segmenter):
    with pytest.raises(InputError, match="width: got 20"):
        Segmenter(label_space=make_space(3), width=20)
    with pytest.raises(InputError, match="depth: got 0"):
        Segmenter(label_space=make_space(3), depth=0)
    with pytest.raises(InputError, match="add the batch axis"):
        segmenter(torch.zeros(3, 16, 16))
    with pytest.raises(InputError, match="label: got shape"):
        segmentation_loss(torch.zeros(1, 3, 4, 4), torch.zeros(1, 8, 8, dtype=torch.long))


def test_dice_weighs_a_rare_class_like_a_common_one():
    label = torch.zeros(1, 4, 4, dtype=torch.int64)
    label[0, 0, 0] = 1
    all_common = 50.0 * torch.nn.functional.one_hot(torch.zeros_like(label), 3).movedim(-1, 1)
    # Class 0: 2·15/(16+15); class 1: nothing found; class 2 is not in the picture.
    assert dice_loss(all_common, label).item() == pytest.approx((1 - 30 / 31 + 1) / 2, abs=1e-4)
    perfect = 50.0 * torch.nn.functional.one_hot(label, 3).movedim(-1, 1)
    assert dice_loss(perfect, label).item() == pytest.approx(0, abs=1e-4)


def test_dice_leaves_ignored_pixels_out():
    label = torch.tensor([[[0, 1], [255, 255]]])
    logits = 50.0 * torch.nn.functional.one_hot(torch.tensor([[[0, 1], [2, 2]]]), 3).movedim(-1, 1)
    assert dice_loss(logits, label).item() == pytest.approx(0, abs=1e-4)
    nothing = torch.full_like(label, 255)
    assert dice_loss(logits, nothing).item() == 0


def test_judge_sees_pictures_at_its_own_size(segmenter):
    judge = Judge(segmenter, (16, 32))
    image = torch.rand(2, 3, 16, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    torch.testing.assert_close(judge(image), segmenter(image))
    plain = torch.full((1, 3, 16, 32), 0.5)  # looks the same at any size
    large = torch.full((1, 3, 32, 64), 0.5)
    enlarged = torch.nn.functional.interpolate(segmenter(plain), (32, 64), mode="bilinear")
    torch.testing.assert_close(judge(large), enlarged)
    assert [tuple(f.shape[-2:]) for f in judge.features(large)] == [
        tuple(f.shape[-2:]) for f in segmenter.features(plain)
    ]
    assert judge.label_space is segmenter.label_space
