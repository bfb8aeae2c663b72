"""The classifiers as a system: targets, scores, training and what they refuse."""

import math

import pytest
import torch
from tiny import SPACE, Tiny

from nbgan.classifier import ClassifierRecipe, ClassifierSystem, balanced_accuracy, shifted
from nbgan.data.avatars import LABEL_SPACE, Avatars
from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.train import Trainer, load_model, save_model


class Corner(Tiny):
    """A red square on blue in two of three pictures; the label map knows where."""

    def __getitem__(self, index):
        generator = torch.Generator().manual_seed(index)
        label = torch.ones(self.size, self.size, dtype=torch.int64)
        if index % 3:
            y, x = torch.randint(0, self.size - 20, (2,), generator=generator).tolist()
            label[y : y + 20, x : x + 20] = 0
        colors = torch.tensor(SPACE.colors).float() / 127.5 - 1
        noise = 0.1 * torch.randn(3, self.size, self.size, generator=generator)
        return {"image": (colors[label].permute(2, 0, 1) + noise).clamp(-1, 1), "label": label}


def recipe(**changes):
    return ClassifierRecipe.preset(
        "smoke", attributes=("left",), evidence=("left",), evaluate_pictures=24, **changes
    )


def test_it_finds_what_it_was_never_shown(tmp_path):
    """Trained on 'is there a red square', its map says where."""
    trainer = Trainer(
        ClassifierSystem(
            recipe(
                steps=100,
                width=16,
                learning_rate=5e-3,
                batch_size=12,
                ema_decay=0.8,
                decay_from=0,
            ),
            SPACE,
        ),
        train_data=Corner(48, size=64),
        validation_data=Corner(24, size=64),
        out=tmp_path,
        progress=False,
    )
    trainer.run()
    scores = trainer.evaluate()
    for pooling in ("gap", "gmp"):
        assert scores[f"accuracy_{pooling}"] > 0.95
        assert scores[f"pointing_{pooling}"] > 0.9
        assert scores[f"iou_{pooling}"] > 0.2
    again = load_model(tmp_path / "model.safetensors")
    image = Corner()[1]["image"][None]
    trainer.system.eval()
    torch.testing.assert_close(again.maps(image).maps, trainer.system.maps(image).maps)
    assert again.maps(image, pooling="gmp").pooling == "max"
    assert again.maps(image, pooling="gap").pooling == "mean"


def test_both_networks_begin_alike_and_learn_apart():
    system = ClassifierSystem(recipe(), SPACE)
    for ours, theirs in zip(system.gap.parameters(), system.gmp.parameters(), strict=True):
        assert torch.equal(ours, theirs) and ours is not theirs
    batch = torch.utils.data.default_collate([Corner()[i] for i in range(4)])
    losses = system("classifier", batch)
    losses["gap"].backward()
    assert system.gap.head.weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in system.gmp.parameters())


def test_all_networks_go_on_from_the_last_of_another_training(tmp_path):
    first = ClassifierSystem(recipe(poolings=("gmp",), seed=5), SPACE)
    assert first.gap is None and list(first.shipped_networks()) == ["gmp"]
    assert first.poolings == ("gmp",)
    batch = torch.utils.data.default_collate([Corner()[i] for i in range(4)])
    assert set(first("classifier", batch)) == {"gmp"}
    save_model(tmp_path / "first.safetensors", first)
    second = ClassifierSystem(recipe(start_from=str(tmp_path / "first.safetensors")), SPACE)
    second.begin()
    for pooling in ("gap", "gmp"):
        for ours, theirs in zip(
            second.network(pooling).parameters(), first.gmp.parameters(), strict=True
        ):
            assert torch.equal(ours, theirs)
    with pytest.raises(InputError, match="was trained with gmp only"):
        first.maps(batch["image"], pooling="gap")


def test_the_layer_behind_average_pooling_learns_faster():
    system = ClassifierSystem(
        recipe(learning_rate=0.5, gap_head_rate=4.0, head_weight_decay=0.2, weight_decay=0.1), SPACE
    )
    (phase,) = system.phases()
    optimizer = phase.optimizer(system.parameters())
    groups = {id(p): g for g in optimizer.param_groups for p in g["params"]}
    for name, parameter in system.named_parameters():
        group = groups.pop(id(parameter))
        want = {
            "gap.head.weight": (2.0, 0.05),
            "gap.head.bias": (2.0, 0.0),
            "gmp.head.weight": (0.5, 0.2),
            "gmp.head.bias": (0.5, 0.0),
        }.get(name, (0.5, 0.1))
        assert (group["lr"], group["weight_decay"]) == pytest.approx(want), name
    assert not groups


def test_loss_is_the_mean_binary_cross_entropy():
    system = ClassifierSystem(recipe(shift=0), SPACE)
    batch = torch.utils.data.default_collate([Corner()[i] for i in range(4)])
    losses = system.eval()("classifier", batch)
    p = system.probabilities(batch["image"])[:, 0]
    t = torch.tensor([0.0, 1, 1, 0])
    want = -(t * p.log() + (1 - t) * (1 - p).log()).mean()
    torch.testing.assert_close(losses["gap"], want)


def test_attributes_of_the_batch_come_first():
    system = ClassifierSystem(recipe(), SPACE)
    item = Corner()[1]
    batch = {k: v[None] for k, v in item.items()}
    assert system.targets(batch).tolist() == [[1.0]]
    assert system.targets(batch | {"attributes": torch.zeros(1, 1)}).tolist() == [[0.0]]
    with pytest.raises(InputError, match="names 1, the data set 'avatars' gives 6"):
        system.targets(batch | {"attributes": torch.zeros(1, 6)})


def test_the_recipe_fits_the_avatars():
    default = ClassifierRecipe()
    assert default.attributes == Avatars.attribute_names
    system = ClassifierSystem(ClassifierRecipe.preset("smoke"), LABEL_SPACE)
    faces = Avatars(size=48, split="val")
    batch = torch.utils.data.default_collate([faces[i] for i in range(6)])
    targets, masks = system.targets(batch), system.evidence(batch["label"])
    for name in ("glasses", "facial_hair", "hat"):
        k = system.index(name)
        assert torch.equal(masks[:, k].flatten(1).any(1), targets[:, k] > 0), name
    assert targets[:, system.index("smile")].tolist() == [
        float(faces.attributes(i)["smile"]) for i in range(6)
    ]
    scores = system.eval().evaluate([batch])
    assert set(scores) == {
        f"{name}_{pooling}"
        for name in ("accuracy", "pointing", "iou")
        for pooling in ("gap", "gmp")
    }
    assert all(0 <= value <= 1 for value in scores.values())
    assert system.preview(batch).shape == (7 * 6, 3, 48, 48)


def test_shifts():
    maps = torch.arange(12).view(1, 3, 4)
    assert shifted(maps, torch.tensor([[1, 0]]))[0].tolist() == [
        [0, 1, 2, 3],
        [0, 1, 2, 3],
        [4, 5, 6, 7],
    ]
    assert shifted(maps, torch.tensor([[0, -2]]))[0, 0].tolist() == [2, 3, 3, 3]
    image = torch.rand(2, 3, 8, 8)
    moved = shifted(image, torch.tensor([[0, 0], [2, 3]]))
    assert torch.equal(moved[0], image[0])
    assert torch.equal(moved[1, :, 2:, 3:], image[1, :, :-2, :-3])


def test_balanced_accuracy_by_hand():
    targets = torch.tensor([[1.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    right = torch.tensor([[True, True], [True, True], [False, True], [False, False]])
    # The second attribute is never missing and says nothing.
    assert balanced_accuracy(right, targets) == pytest.approx((1 + 1 / 3) / 2)


def test_without_a_label_space():
    system = ClassifierSystem(recipe(), None).eval()
    batch = {"image": torch.zeros(2, 3, 16, 16), "attributes": torch.tensor([[0.0], [1.0]])}
    scores = system.evaluate([batch])
    assert set(scores) == {"accuracy_gap", "accuracy_gmp"} and math.isfinite(scores["accuracy_gap"])
    with pytest.raises(InputError, match="without a label space"):
        system.evidence(torch.zeros(1, 4, 4, dtype=torch.int64))


def test_refused():
    with pytest.raises(InputError, match="'attributes' and 'evidence': got 1 and 2"):
        ClassifierRecipe(attributes=("a",), evidence=("a", "b"))
    with pytest.raises(InputError, match="'poolings': got .'sum',."):
        ClassifierRecipe(poolings=("sum",))
    with pytest.raises(InputError, match="'shift' must be"):
        ClassifierRecipe(size=32, shift=32)
    other = LabelSpace(name="other", classes=("x",), colors=((1, 2, 3),))
    with pytest.raises(InputError, match="'other' has no class 'left'"):
        ClassifierSystem(recipe(), other)
    system = ClassifierSystem(recipe(), SPACE)
    with pytest.raises(InputError, match="pooling: unknown 'mean'"):
        system.maps(torch.zeros(1, 3, 8, 8), pooling="mean")
    with pytest.raises(InputError, match="unknown 'beard'; choose one of left"):
        system.index("beard")
