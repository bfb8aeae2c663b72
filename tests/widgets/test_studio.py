"""The studio without a browser: models, styles, comparison, files in and out."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from png_files import indexed, png

from nbgan import zoo
from nbgan.data import LabelSpace
from nbgan.errors import InputError
from nbgan.spade import SpadeRecipe, SpadeSystem
from nbgan.train.system import SYSTEMS, System
from nbgan.widgets import Studio
from nbgan.widgets.painting import PaintingModel, painting_models, paints_from_masks

SPACE = LabelSpace(
    name="garden",
    classes=("sky", "grass", "pond"),
    colors=((90, 180, 230), (20, 160, 110), (10, 60, 160)),
)


def system(*, seed=0, size=32, space=SPACE, **changes):
    recipe = SpadeRecipe.preset("smoke", size=size, data="folder", seed=seed, z_dim=8, **changes)
    return SpadeSystem(recipe, space).eval()


def pixels(picture):
    return ((picture + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()


def painted(of, mask, style=None):
    return pixels(of.generate(torch.from_numpy(mask.astype(np.int64))[None], style=style)[0])


@pytest.fixture
def studio():
    return Studio({"first": system(), "second": system(seed=1, size=64)}, seed=3)


# --- models ------------------------------------------------------------------------------------


def test_models_of_the_zoo_that_paint_are_found_best_first():
    found = painting_models()
    assert found[0] == "spade-landscapes"
    assert set(found) == {n for n in zoo.names() if zoo.card(n)["system"] in ("pix2pixhd", "spade")}


def test_a_system_joins_by_painting_label_maps(monkeypatch):
    class Later(System):
        def generate(self, label, features=None):
            raise AssertionError("not asked to paint")

    class FromNoise(System):
        def generate(self, z):
            raise AssertionError("not asked to paint")

    assert paints_from_masks(Later)
    assert not paints_from_masks(FromNoise)
    monkeypatch.setitem(SYSTEMS, "later", "nowhere:Later")
    monkeypatch.setattr("nbgan.widgets.painting.system_type", lambda name: Later)
    monkeypatch.setattr(zoo, "names", lambda: ["later-streets"])
    monkeypatch.setattr(zoo, "card", lambda name: {"system": "later"})
    assert painting_models() == ["later-streets"]


def test_a_model_that_does_not_paint_is_refused():
    with pytest.raises(InputError, match="segmenter-landscapes: .* does not paint from masks"):
        Studio(["segmenter-landscapes"])
    with pytest.raises(InputError, match="the zoo has no model 'nothing'"):
        Studio(["nothing"])
    with pytest.raises(InputError, match="models: there is none"):
        Studio({})


def test_a_model_with_instances_gets_an_instance_map():
    of = system(use_instances=True)
    studio = Studio({"streets": of})
    things = np.zeros((32, 32), np.uint16)
    things[8:20, 8:20] = 300
    studio.painter.set(studio.mask, things)
    label = torch.from_numpy(studio.mask.astype(np.int64))[None]
    instance = torch.from_numpy(things.astype(np.int64))[None]
    assert (studio.picture == pixels(of.generate(label, instance)[0])).all()


def test_a_model_without_styles_offers_none():
    recipe = SpadeRecipe.preset("smoke", size=32, data="folder", z_dim=None, conditioning="input")
    studio = Studio({"plain": SpadeSystem(recipe, SPACE).eval()})
    assert studio.style.layout.display == "none"
    assert studio.picture.shape == (32, 32, 3)
    with pytest.raises(InputError, match="one style only"):
        studio.files.receive_picture("a.png", png(np.zeros((8, 8, 3), np.uint8)))


# --- painting ----------------------------------------------------------------------------------


def test_picture_is_the_models_answer_to_the_mask(studio):
    mask = np.zeros((32, 32), np.uint8)
    mask[16:] = 2
    studio.mask = mask
    of = studio._model.system
    assert (studio.picture == painted(of, mask)).all()
    studio.style.sample(5)
    assert (studio.picture == painted(of, mask, of.sample_style(1, seed=5))).all()
    studio.style.mean()
    assert (studio.picture == painted(of, mask)).all()


def test_styles_reuse_what_depends_on_the_mask(studio, monkeypatch):
    of, calls = studio._model.system, []
    original = of.modulations
    monkeypatch.setattr(of, "modulations", lambda **maps: calls.append(1) or original(**maps))
    studio.mask = np.full((32, 32), 1, np.uint8)
    for seed in (1, 2, 3):
        studio.style.sample(seed)
    assert len(calls) == 1


def test_another_model_keeps_the_mask(studio):
    mask = np.zeros((32, 32), np.uint8)
    mask[20:, :9] = 2
    studio.mask = mask
    studio.model = "second"
    assert (studio.mask == np.kron(mask, np.ones((2, 2), np.uint8))).all()
    assert (studio.picture == painted(studio._model.system, studio.mask)).all()
    with pytest.raises(InputError, match="model 'third' is not here"):
        studio.model = "third"


def test_a_model_that_cannot_be_opened_leaves_all_as_it_was(studio, monkeypatch):
    def fail(name):
        raise InputError("the file is damaged")

    mask = studio.mask
    monkeypatch.setattr(studio, "_opened", fail)
    studio.model = "second"
    assert studio.model == "first"
    assert studio._choice.value == "first"
    assert studio._notice.kind == "error"
    assert studio._notice.text == "second: the file is damaged"
    assert (studio.mask == mask).all()


def test_examples_and_random_layouts_come_from_the_models_world():
    studio = Studio(["compare-spade-landscapes"], examples=2)
    assert studio.painter.example_names == ["landscapes 1", "landscapes 2"]
    scene = studio._model.world(2)[1]
    assert (studio._maps(scene) == scene["label"].numpy()).all()
    assert studio._random_maps(studio._model.world()).shape == (64, 64)
    assert Studio({"own": system()}).painter.example_names == []


# --- comparison --------------------------------------------------------------------------------


def shown(studio):
    if studio.comparison._due:  # an event loop runs, left by another test's browser: its turn
        studio.comparison._show()
    pictures = [Image.open(io.BytesIO(item["png"])) for item in studio.comparison.row.items]
    return [item["title"] for item in studio.comparison.row.items], list(map(np.asarray, pictures))


def test_two_styles_side_by_side_follow_the_mask(studio):
    studio.comparison.choose("another style")
    studio.comparison.style_choice.sample(9)
    studio.mask = np.full((32, 32), 2, np.uint8)
    titles, (own, other) = shown(studio)
    assert titles == ["first, mean style", "first, sampled style, seed 9"]
    of = studio._model.system
    assert (own == painted(of, studio.mask)).all()
    assert (other == painted(of, studio.mask, of.sample_style(1, seed=9))).all()
    studio.style.sample(9)
    assert shown(studio)[0] == ["first, sampled style, seed 9"] * 2
    studio.comparison.choose("nothing")
    assert shown(studio) == ([], [])


def test_two_models_side_by_side(studio):
    studio.comparison.choose("second")
    titles, (_, other) = shown(studio)
    assert titles == ["first, mean style", "second, mean style"]
    bigger = np.kron(studio.mask, np.ones((2, 2), np.uint8))
    assert (other == painted(studio._opened("second").system, bigger)).all()


def test_models_of_other_classes_are_not_compared():
    other = LabelSpace(name="street", classes=("road",), colors=((1, 2, 3),))
    studio = Studio({"first": system(), "street": system(space=other)})
    studio.comparison.choose("street")
    assert shown(studio) == ([], [])
    assert "street paints other classes than first" in studio._notice.text


# --- files -------------------------------------------------------------------------------------


def test_mask_and_picture_files(studio, tmp_path):
    mask = np.zeros((32, 32), np.uint8)
    mask[5:9] = 2
    studio.mask = mask
    name, content = studio.files.mask_file()
    (tmp_path / name).write_bytes(content)
    assert name == "first-mask.png"
    assert (SPACE.read_png(tmp_path / name) == mask).all()
    name, content = studio.files.picture_file()
    assert name == "first.png"
    assert (np.asarray(Image.open(io.BytesIO(content))) == studio.picture).all()


def test_an_uploaded_picture_gives_its_style(studio):
    picture = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    assert (
        studio.files.receive_picture("mine.png", png(picture))
        == "The style is that of mine.png now."
    )
    of = studio._model.system
    image = torch.from_numpy(picture).permute(2, 0, 1).float() / 127.5 - 1
    assert (studio.picture == painted(of, studio.mask, of.encode(image[None])[0])).all()
    assert studio.style.words == "style of mine.png"


def test_an_uploaded_mask_is_taken_or_refused_whole(studio):
    ids = np.tile(np.array([[0, 2]], np.uint8), (64, 32))
    assert (
        "64 × 64 pixels were resized to 32 × 32 with nearest neighbour"
        in studio.files.receive_mask("mine.png", indexed(ids, SPACE.colors))
    )
    before = studio.mask
    with pytest.raises(InputError, match="mine.png: unknown class id 7"):
        studio.files.receive_mask("mine.png", png(np.full((32, 32), 7, np.uint8)))
    assert (studio.mask == before).all()


def test_errors_of_files_are_told_in_the_page(studio):
    told = []
    button = next(w for w in studio.children[-1].children[-1].children if "mask …" in w.label)
    button.send = lambda content: told.append(content)
    button._on_file(None, {"kind": "file", "name": "x.png"}, [memoryview(b"no picture")])
    assert told[0]["kind"] == "error"
    assert told[0]["text"].startswith("x.png: not a readable picture")


def test_saved_page_offers_no_dead_controls(studio):
    above, stage, notice, below = studio.children
    assert "nbgan-live" in above._dom_classes
    assert "nbgan-live" in below._dom_classes
    assert stage.children == (studio.painter,)
    assert "without a kernel" in notice.saved


def test_model_needs_generate():
    with pytest.raises(InputError, match="mine: SegmenterSystem does not paint"):
        PaintingModel(zoo.load("segmenter-landscapes"), name="mine")
