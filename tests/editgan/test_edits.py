"""Descents, embedding, and edits in three modes."""

from dataclasses import replace

import pytest
import torch
from tiny_editgan import codes, distance, tiny_model

from nbgan.editgan import terms
from nbgan.editgan.descent import Descent, constant, warm_and_cool
from nbgan.editgan.edits import edit_mask, edit_vector
from nbgan.editgan.embedding import embed, psnr
from nbgan.editgan.joint import REMEMBERED
from nbgan.editgan.regions import dilate, region_of_classes
from nbgan.editgan.scores import region_iou, score_edit
from nbgan.editgan.terms import EditObjective, EditSettings, EmbedSettings
from nbgan.editgan.vectors import EditVector
from nbgan.errors import InputError


def bowl(w_plus):
    return {"bowl": (w_plus - 1).square().sum()}


def test_descent_equals_torch_adam_and_keeps_other_rows():
    start = torch.zeros(1, 4, 3)
    reached = Descent(start, rows=(1, 3)).run(bowl, steps=5, rate=constant(0.1))
    own = start[:, 1:3].clone().requires_grad_()
    adam = torch.optim.Adam([own], lr=0.1)
    for _ in range(5):
        adam.zero_grad()
        (own - 1).square().sum().backward()
        adam.step()
    torch.testing.assert_close(reached[:, 1:3], own.detach())
    assert torch.equal(reached[:, [0, 3]], start[:, [0, 3]])
    with pytest.raises(InputError, match="rows: got 3 to 9; the code has rows 0 to 4"):
        Descent(start, rows=(3, 9))
    with pytest.raises(InputError, match="expected one code"):
        Descent(torch.zeros(2, 4, 3))


def test_descent_that_was_stopped_goes_on_as_if_it_had_not():
    start, rate = torch.zeros(1, 2, 3), warm_and_cool(0.1)
    whole = Descent(start).run(bowl, steps=8, rate=rate)
    first = Descent(start)
    seen = []
    first.run(bowl, steps=8, rate=rate, watch=lambda now: seen.append(now.step) or now.step < 3)
    assert seen == [1, 2, 3]
    second = Descent(start)
    second.resume({k: v.clone() for k, v in first.state().items()})
    assert torch.equal(second.run(bowl, steps=8, rate=rate), whole)


def test_embedding_gets_nearer_and_finds_its_own_pictures():
    model = tiny_model()
    true = codes(model, seed=3)
    image = model.view(true).image
    settings = EmbedSettings(steps=0)
    guess = embed(model, image, distance, settings=settings)
    torch.testing.assert_close(guess.w_plus, model.encode(model.square(image)))
    # An untrained encoder has nothing to say, so its term is left out.
    better = embed(model, image, distance, settings=EmbedSettings(steps=60, encoder=0))
    assert better.error < guess.error / 5
    assert better.psnr > guess.psnr + 5
    with pytest.raises(InputError, match="no encoder"):
        embed(tiny_model(encoder=False), image, distance)
    with pytest.raises(InputError, match=r"image: got \[1, 3, 30, 32\], expected \[N, 3, 32, 32\]"):
        embed(model, image[:, :, 1:-1], distance)


def test_psnr_by_hand():
    a = torch.zeros(1, 3, 2, 2)
    assert psnr(a, a) == float("inf")
    assert psnr(a, a + 0.2) == pytest.approx(20)  # 0.1 of the range
    b = a.clone()
    b[..., 0] = 0.2
    kept = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])
    assert psnr(a, b, kept) == float("inf")
    assert psnr(a, b, 1 - kept) == pytest.approx(20)


def test_regions():
    region = torch.zeros(9, 9, dtype=torch.bool)
    region[4, 4] = True
    assert dilate(region).sum() == 49
    assert dilate(region, 0).sum() == 1
    by_steps = region
    for _ in range(3):
        by_steps = dilate(by_steps, 1)
    assert torch.equal(dilate(region, 3), by_steps)
    labels = torch.tensor([[0, 1], [2, 2]]), torch.tensor([[0, 0], [2, 3]])
    assert region_of_classes([1, 3], *labels).tolist() == [[False, True], [False, True]]


def wish(model, w_plus):
    """The picture's mask with a square of another picture's."""
    target = model.view(w_plus).label[0].clone()
    target[8:20, 8:20] = model.view(codes(model, seed=3)).label[0][8:20, 8:20]
    return target


def test_edit_from_scratch_fulfils_the_wish_and_spares_the_rest():
    model = tiny_model()
    w_plus = codes(model, seed=1)
    target = wish(model, w_plus)
    settings = EditSettings(steps=40, encoder=0.0, outside=1.0, learning_rate=0.05)
    edit = edit_mask(model, w_plus, target, settings=settings)
    assert edit.region[5:23, 5:23].sum() == edit.region.sum() > 200
    before, after = model.view(w_plus), model.view(edit.run(model, distance))
    options = {"target": target, "region": edit.region, "distance": distance}
    start, end = score_edit(before, before, **options), score_edit(before, after, **options)
    assert end.iou > start.iou + 0.03
    assert start.distance == 0 and start.psnr == float("inf") and start.moved == 0
    free = edit_mask(model, w_plus, target, settings=replace(settings, outside=0.0))
    other = score_edit(before, model.view(free.run(model, distance)), **options)
    assert other.iou > start.iou + 0.1, "alone, the wish gets further"
    assert end.psnr > other.psnr + 15, "the outside terms hold the rest"


def test_painting_again_for_the_backward_pass_changes_nothing(monkeypatch):
    model = tiny_model()
    w_plus = codes(model, seed=1)
    target = wish(model, w_plus)
    edit = edit_mask(model, w_plus, target)
    found = []
    for least in (256, 8):
        monkeypatch.setattr(terms, "RECOMPUTE_FROM", least)
        moved = (w_plus + 0.1).requires_grad_()
        objective = EditObjective(
            model=model,
            before=w_plus,
            target=edit.target,
            region=edit.region,
            settings=edit.settings,
            distance=distance,
        )
        found.append(torch.autograd.grad(sum(objective(moved).values()), moved)[0])
    torch.testing.assert_close(*found)


def test_wishes_that_make_no_sense_are_refused():
    model = tiny_model()
    w_plus = codes(model)
    label = model.view(w_plus).label[0]
    with pytest.raises(InputError, match="it says what the picture's mask says already"):
        edit_mask(model, w_plus, label)
    unlabelled = torch.full_like(label, 255)
    with pytest.raises(InputError, match="says already"):
        edit_mask(model, w_plus, unlabelled)
    with pytest.raises(InputError, match="edited mask: unknown class id 7"):
        edit_mask(model, w_plus, torch.full_like(label, 7))
    with pytest.raises(InputError, match=r"edited mask: got \[16, 16\], the picture's has"):
        edit_mask(model, w_plus, label[::2, ::2])
    with pytest.raises(InputError, match="'steps' and 'dilations' are 0 or more"):
        EditSettings(steps=-1)
    nowhere = torch.zeros_like(label, dtype=torch.bool)
    with pytest.raises(InputError, match="region: it is empty"):
        edit_mask(model, w_plus, 1 - label, region=nowhere)
    options = {"before": w_plus, "target": label, "settings": EditSettings(), "distance": distance}
    with pytest.raises(InputError, match="region: it is empty"):
        EditObjective(model=model, region=nowhere, **options)


@pytest.mark.parametrize(("height", "width"), [(24, 32), (16, 16), (8, 16)])
def test_masks_of_other_sizes_than_the_picture(height, width):
    model = tiny_model(height=height, width=width)
    region = torch.zeros(height, width, dtype=torch.bool)
    region[0, 0] = True
    scale = 32 // width
    above = (32 - height * scale) // 2
    square = model.square_region(region)[0, 0]
    assert square.sum() == scale**2
    assert square[above : above + scale, :scale].all()
    w_plus = codes(model, seed=1)
    target = 1 - model.view(w_plus).label[0]
    edit = edit_mask(model, w_plus, target, settings=EditSettings(steps=3))
    assert not torch.equal(edit.run(model, distance), w_plus)
    found = embed(model, model.view(w_plus).image, distance, settings=EmbedSettings(steps=2))
    assert found.w_plus.shape == w_plus.shape


def test_what_a_code_looks_like_is_remembered_for_some_codes(monkeypatch):
    model = tiny_model()
    painted = []
    paint = model.generator.synthesize_with_features
    monkeypatch.setattr(
        model.generator, "synthesize_with_features", lambda w: painted.append(w) or paint(w)
    )
    codes = torch.randn(REMEMBERED + 1, 1, model.generator.rows, model.generator.w_dim)
    first, *_, last = [model.view(code) for code in codes]
    last.label.zero_()
    again = model.view(codes[-1].clone())
    assert len(painted) == len(codes)
    assert not torch.equal(again.label, last.label) and torch.equal(again.image, last.image)
    assert torch.equal(model.view(codes[0]).label, first.label)
    assert len(painted) == len(codes) + 1


def test_unlabelled_pixels_wish_nothing():
    model = tiny_model()
    w_plus = codes(model, seed=1)
    target = wish(model, w_plus)
    target[:, 20:] = 255
    edit = edit_mask(model, w_plus, target)
    assert edit.target.max() <= 1
    assert torch.equal(edit.target[:, 20:], model.view(w_plus).label[0][:, 20:])


def vector_of(model, direction, classes=("right",)):
    return EditVector(
        name="test",
        direction=direction,
        region=torch.zeros(32, 32, dtype=torch.bool),
        classes=classes,
        generator=model.mark,
    )


def test_vector_alone_is_a_sum_and_refinement_mends_what_it_broke():
    model = tiny_model()
    w_plus = codes(model, seed=1)
    torch.manual_seed(0)
    vector = vector_of(model, 0.5 * torch.randn(8, 8))
    alone = edit_vector(model, w_plus, vector, strength=2.0)
    summed = alone.run(model, distance)
    torch.testing.assert_close(summed, w_plus + 2 * vector.direction)
    settings = EditSettings(steps=40)
    refined = edit_vector(model, w_plus, vector, strength=2.0, settings=settings)
    assert refined.settings.encoder == 0
    assert torch.equal(refined.target, model.view(summed).label[0])
    after = refined.run(model, distance)
    options = {"target": refined.target, "region": refined.region, "distance": distance}
    before = model.view(w_plus)
    scores = [score_edit(before, model.view(w), **options) for w in (summed, after)]
    assert scores[1].distance < scores[0].distance


def test_vector_whose_class_is_nowhere_is_only_added():
    model = tiny_model()
    w_plus = codes(model)
    # The interpreter says "left" everywhere, so that "right" is nowhere to refine.
    model.interpreter.linear_2.bias[..., 0] = 1e3
    vector = vector_of(model, torch.full((8, 8), 0.01))
    edit = edit_vector(model, w_plus, vector, settings=EditSettings(steps=5))
    assert edit.settings.steps == 0
    torch.testing.assert_close(edit.run(model, distance), w_plus + 0.01)


def test_vector_of_another_generator_is_refused():
    model, other = tiny_model(), tiny_model(seed=9)
    with pytest.raises(InputError, match="vector 'test': made with generator .* Open the model"):
        edit_vector(model, codes(model), vector_of(other, torch.zeros(8, 8)))
    short = vector_of(model, torch.zeros(4, 8))
    with pytest.raises(InputError, match=r"shape \[4, 8\], the generator's codes have \[8, 8\]"):
        edit_vector(model, codes(model), short)
    unknown = vector_of(model, torch.zeros(8, 8), classes=("beard",))
    with pytest.raises(InputError, match="beard"):
        edit_vector(model, codes(model), unknown)


def test_iou_by_hand():
    assert region_iou(torch.tensor([1, 1, 2, 0]), torch.tensor([1, 1, 1, 2])) == pytest.approx(
        1 / 3
    )
