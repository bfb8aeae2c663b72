"""Confusion matrix and semantic scores against hand-computed numbers and torchmetrics."""

from __future__ import annotations

import math

import pytest
import torch
from torchmetrics.classification import MulticlassAccuracy, MulticlassJaccardIndex

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.metrics import ConfusionMatrix, real_images, semantic_scores
from nbgan.segmenter import Segmenter


def make_space(count: int = 3, ignore_id: int | None = 255) -> LabelSpace:
    return LabelSpace(
        name="test",
        classes=tuple(f"class {i}" for i in range(count)),
        colors=tuple((i + 1, 0, 0) for i in range(count)),
        ignore_id=ignore_id,
    )


def color_segmenter(image: torch.Tensor) -> torch.Tensor:
    """A segmenter for pictures whose class is the brightest channel."""
    return image


def picture_of(label: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.one_hot(label.clamp(max=2), 3).movedim(-1, 1) * 2.0 - 1


def test_hand_computed_scores():
    confusion = ConfusionMatrix(label_space=make_space(4))
    label = torch.tensor([[0, 0, 0, 1], [1, 1, 255, 255]])
    prediction = torch.tensor([[0, 0, 1, 1], [1, 2, 0, 3]])
    confusion.update(prediction, label)

    assert confusion.matrix.tolist() == [[2, 1, 0, 0], [0, 2, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert confusion.pixel_accuracy == pytest.approx(4 / 6)
    # Class 2 is predicted but never true, class 3 occurs under ignored pixels only.
    assert confusion.class_iou[:3].tolist() == pytest.approx([2 / 3, 2 / 4, 0])
    assert math.isnan(confusion.class_iou[3])
    assert confusion.mean_iou == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert confusion.scores().pixels == 6


def test_counting_batch_by_batch_equals_counting_at_once():
    random = torch.Generator().manual_seed(0)
    label = torch.randint(0, 3, (6, 5, 5), generator=random)
    prediction = torch.randint(0, 3, (6, 5, 5), generator=random)
    streamed, whole = (ConfusionMatrix(label_space=make_space()) for _ in range(2))
    for i in range(6):
        streamed.update(prediction[i], label[i])
    whole.update(prediction, label)
    assert torch.equal(streamed.matrix, whole.matrix)
    assert whole.matrix[2, 0] == ((label == 2) & (prediction == 0)).sum()


def test_agrees_with_torchmetrics():
    random = torch.Generator().manual_seed(1)
    label = torch.randint(0, 4, (4, 16, 16), generator=random)
    prediction = torch.where(torch.rand(label.shape, generator=random) < 0.6, label, label.flip(0))
    label[:, :3] = 255
    # Class 4 of 5 is absent.
    confusion = ConfusionMatrix(label_space=make_space(5))
    confusion.update(prediction, label)
    reference = MulticlassJaccardIndex(num_classes=5, ignore_index=255)
    assert confusion.mean_iou == pytest.approx(reference(prediction, label).item(), abs=1e-6)
    accuracy = MulticlassAccuracy(num_classes=5, ignore_index=255, average="micro")
    assert confusion.pixel_accuracy == pytest.approx(accuracy(prediction, label).item(), abs=1e-6)


def test_nothing_counted_gives_nan():
    confusion = ConfusionMatrix(label_space=make_space())
    confusion.update(torch.zeros(2, 2, dtype=torch.long), torch.full((2, 2), 255))
    assert math.isnan(confusion.mean_iou) and math.isnan(confusion.pixel_accuracy)


def test_works_without_ignore_id():
    confusion = ConfusionMatrix(label_space=make_space(ignore_id=None))
    confusion.update(torch.tensor([0, 1]), torch.tensor([0, 2]))
    assert confusion.pixel_accuracy == 0.5
    with pytest.raises(InputError, match="255"):
        confusion.update(torch.tensor([0]), torch.tensor([255]))


@pytest.mark.parametrize(
    ("prediction", "label", "message"),
    [
        (torch.zeros(2, 2, dtype=torch.long), torch.full((2, 2), 7), "label map: class id 7"),
        (torch.full((2, 2), 3), torch.zeros(2, 2, dtype=torch.long), "prediction: class id 3"),
        (torch.full((2, 2), -1), torch.zeros(2, 2, dtype=torch.long), "prediction: class id -1"),
        (torch.zeros(2, 2), torch.zeros(2, 2, dtype=torch.long), "must be integers"),
        (torch.zeros(2, 3, dtype=torch.long), torch.zeros(2, 2, dtype=torch.long), "same size"),
    ],
)
def test_bad_ids_are_refused_and_nothing_is_counted(prediction, label, message):
    confusion = ConfusionMatrix(label_space=make_space())
    with pytest.raises(InputError, match=message):
        confusion.update(prediction, label)
    assert confusion.matrix.sum() == 0


def test_semantic_scores_of_real_and_generated_pictures():
    label = torch.tensor([[[0, 1], [2, 255]], [[0, 0], [1, 1]]])
    batches = [{"label": one[None], "image": picture_of(one[None])} for one in label]

    real = semantic_scores(real_images, color_segmenter, batches, make_space())
    assert (real.mean_iou, real.pixel_accuracy, real.pixels) == (1.0, 1.0, 7)

    def always_class_0(batch):
        return picture_of(torch.zeros_like(batch["label"]))

    fake = semantic_scores(always_class_0, color_segmenter, batches, make_space())
    assert fake.pixel_accuracy == pytest.approx(3 / 7)
    assert fake.class_iou == pytest.approx({"class 0": 3 / 7, "class 1": 0.0, "class 2": 0.0})
    assert fake.mean_iou == pytest.approx(1 / 7)


def test_semantic_scores_builds_no_graph_and_restores_the_mode():
    segmenter = Segmenter(label_space=make_space(), width=16, depth=1).train()
    segmenter.head.eval()
    seen = []

    def watched(batch):
        image = batch["image"] * segmenter.head.bias.sum()
        seen.append((segmenter.training, image.requires_grad))
        return image

    batch = {"label": torch.zeros(1, 8, 8, dtype=torch.long), "image": torch.zeros(1, 3, 8, 8)}
    semantic_scores(watched, segmenter, [batch], make_space())
    assert seen == [(False, False)]
    assert segmenter.training and not segmenter.head.training


def test_semantic_scores_refuses_what_does_not_fit():
    batch = {"label": torch.zeros(1, 4, 4, dtype=torch.long), "image": torch.zeros(1, 3, 8, 8)}
    with pytest.raises(InputError, match="expected \\[1, 3, 4, 4\\]"):
        semantic_scores(real_images, color_segmenter, [batch], make_space())
    with pytest.raises(InputError, match="data set empty"):
        semantic_scores(real_images, color_segmenter, [], make_space())
    with pytest.raises(InputError, match="what generate returned"):
        semantic_scores(lambda batch: batch["label"], color_segmenter, [batch], make_space())
    other = Segmenter(label_space=make_space(5), width=16, depth=1)
    with pytest.raises(InputError, match="trained on label space"):
        semantic_scores(real_images, other, [batch], make_space())
