"""The studio with a model that has a style for each object."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from png_files import png

from nbgan.data.cityscapes import CITYSCAPES
from nbgan.data.streets import Streets
from nbgan.errors import InputError
from nbgan.pix2pixhd import Pix2PixHDRecipe, Pix2PixHDSystem, instance_ids
from nbgan.pix2pixhd.pooling import class_tables
from nbgan.spade import SpadeRecipe, SpadeSystem
from nbgan.widgets import Studio
from nbgan.widgets.painting import PaintingModel, Scene

SIZE = (32, 64)
CAR, ROAD = CITYSCAPES.index("car"), CITYSCAPES.index("road")


def system(seed=0):
    """Random weights, with clusters of what the encoder says of some streets."""
    recipe = Pix2PixHDRecipe.preset("smoke", initial_std=0.2, seed=seed)
    made = Pix2PixHDSystem(recipe, CITYSCAPES).eval()
    scenes = [Streets(size=SIZE, length=6)[i] for i in range(6)]
    maps = [torch.stack([scene[key] for scene in scenes]) for key in ("label", "instance")]
    features = made.encode(torch.stack([scene["image"] for scene in scenes]), *maps)
    tables = class_tables(features, instance_ids(*maps), CITYSCAPES.num_classes)
    made.clusters.fit(tables, min_area=0.0)
    return made


@pytest.fixture(scope="module")
def model():
    return system()


@pytest.fixture
def studio(model):
    return Studio({"streets": model}, examples=2)


def pixels(picture):
    return ((picture + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()


def painted(model, mask, instance, changes=None):
    """The model's picture with other vectors for some objects."""
    maps = [torch.from_numpy(ids.astype(np.int64))[None] for ids in (mask, instance)]
    (table,) = model.instance_styles(*maps)
    features = model.paint_styles(*maps, [table | (changes or {})])
    return pixels(model.generate(*maps, features=features)[0])


def a_car(studio):
    ids, counts = np.unique(studio.painter.instance, return_counts=True)
    cars = [(n, i) for i, n in zip(ids, counts, strict=True) if i // 1000 == CAR]
    return int(max(cars)[1])


def test_the_painter_is_wide_counts_things_and_offers_what_was_seen(studio, model):
    painter = studio.painter
    assert painter.size == [64, 32]
    assert painter.instances and painter.selectable
    assert CAR in painter.things and ROAD not in painter.things
    assert painter.offered == [
        c for c in range(CITYSCAPES.num_classes) if len(model.clusters.of_class(c))
    ]
    scene = PaintingModel(model, name="streets").world(2)[0]
    assert (painter.instance == scene["instance"].numpy()).all()
    assert (studio.picture == painted(model, studio.mask, painter.instance)).all()
    assert studio.objects.layout.display == ""


def test_an_object_takes_the_style_that_is_chosen(studio, model):
    objects, painter = studio.objects, studio.painter
    assert objects.choices == []
    before, car = studio.picture, a_car(studio)
    painter.set_state({"selection": [CAR, car]})
    count = len(model.clusters.of_class(CAR))
    numbered = [f"style {n}" for n in range(1, count + 1)]
    assert objects.choices == ["as the rest", "as in the picture", *numbered]
    objects.choose("style 2")
    wanted = {car: model.clusters.centre(CAR, 1)}
    assert (studio.picture == painted(model, studio.mask, painter.instance, wanted)).all()
    assert (studio.picture != before).any()
    # The small picture is a part of what the large one shows now.
    small = np.asarray(Image.open(io.BytesIO(objects._row.items[3]["png"])))
    rows, columns = small.shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(studio.picture, (rows, columns, 3))
    assert (windows == small).all((-1, -2, -3)).any()
    objects.choose("as in the picture")
    scene = PaintingModel(model, name="streets").world(2)[0]
    maps = [scene[key][None] for key in ("label", "instance")]
    (own,) = model.instance_styles(*maps, image=scene["image"][None])
    wanted = {car: own[car]}
    assert (studio.picture == painted(model, studio.mask, painter.instance, wanted)).all()
    objects.choose("as the rest")
    assert (studio.picture == before).all()


def test_choices_stay_while_painting_and_go_with_another_mask(studio, model):
    car = a_car(studio)
    studio.painter.set_state({"selection": [CAR, car]})
    studio.objects.choose("style 1")
    wanted = {car: model.clusters.centre(CAR, 0)}
    mask, instance = studio.mask, studio.painter.instance
    mask[28:, :10], instance[28:, :10] = ROAD, 0
    studio.painter.set(mask, instance)
    assert (studio.picture == painted(model, mask, instance, wanted)).all()
    studio.painter.set_state({"selection": [ROAD, 0]})
    studio.objects.choose("style 2")
    assert set(studio.objects.vectors) == {car, ROAD}
    studio.objects.forget()
    assert (studio.picture == painted(model, mask, instance)).all()
    studio.painter.set_state({"selection": [CAR, car]})
    studio.objects.choose("style 2")
    scene = PaintingModel(model, name="streets").world(2)[1]
    mask, instance = scene["label"].numpy(), scene["instance"].numpy()
    stroke = {
        "mask_bytes": mask.astype(np.uint8).tobytes(),
        "instance_bytes": instance.astype(np.uint16).tobytes(),
        "sequence": 1,
    }
    studio.painter.set_state(stroke)
    assert studio.objects.vectors == {}
    assert (studio.picture == painted(model, mask, instance)).all()


def test_a_style_from_a_picture_is_taken_object_by_object(studio, model):
    studio.style.from_picture("streets 2")
    scene = PaintingModel(model, name="streets").world(2)[1]
    style = model.style_of(*(scene[key][None] for key in ("image", "label", "instance")))
    maps = [
        torch.from_numpy(ids.astype(np.int64))[None]
        for ids in (studio.mask, studio.painter.instance)
    ]
    assert (studio.picture == pixels(model.generate(*maps, style=style)[0])).all()
    picture = np.random.default_rng(0).integers(0, 255, (32, 64, 3), np.uint8)
    said = studio.files.receive_picture("mine.png", png(picture))
    assert said == "The style is that of mine.png now, object by object through the mask."
    image = torch.from_numpy(picture).permute(2, 0, 1).float() / 127.5 - 1
    style = model.style_of(image[None], *maps)
    assert (studio.picture == pixels(model.generate(*maps, style=style)[0])).all()


def test_a_picture_without_maps_gives_no_style(model):
    painting = PaintingModel(model, name="streets")
    scene = Scene(image=torch.zeros(3, *SIZE))
    assert not painting.takes(scene)
    with pytest.raises(InputError, match="streets takes a style from each object"):
        painting.object_vectors(scene)


def test_models_with_and_without_instances_share_a_mask(model):
    recipe = SpadeRecipe.preset(
        "smoke", size=64, aspect_ratio=2.0, data="streets", z_dim=8, use_instances=False
    )
    spade = SpadeSystem(recipe, CITYSCAPES).eval()
    studio = Studio({"streets": model, "spade": spade, "other": system(seed=1)}, examples=1)
    studio.painter.set_state({"selection": [CAR, a_car(studio)]})
    studio.objects.choose("style 2")
    mask, instance = studio.mask, studio.painter.instance
    studio.comparison.choose("spade")
    studio.comparison._show()
    assert [item["title"] for item in studio.comparison.row.items][1].startswith("spade")
    studio.model = "other"
    assert studio.objects.vectors == {}, "another encoder's numbers mean other looks"
    assert (studio.mask == mask).all() and (studio.painter.instance == instance).all()
    studio.model = "spade"
    assert (studio.mask == mask).all()
    assert studio.painter.instance is None
    assert studio.objects.layout.display == "none"
    studio.model = "streets"
    assert (studio.mask == mask).all()
    assert studio.painter.instance.max() == 0
    assert studio._notice.kind == "info"
