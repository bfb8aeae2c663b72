import numpy as np
import pytest
import torch

from nbgan.data.avatar_keypoints import KEYPOINT_NAMES, find_keypoints
from nbgan.data.avatar_parts import ALLOWED_LICENSES, avatar_layers, check_license, load_definition
from nbgan.data.avatar_styles import CLASSES, FLAGS, STYLE_SHEETS
from nbgan.data.avatars import STYLES, Avatars, credits
from nbgan.data.layers import render
from nbgan.errors import InputError

SIZE = 96
INDICES = range(4)


@pytest.fixture(params=STYLES, scope="module")
def faces(request):
    return Avatars(style=request.param, size=SIZE, split="test")


def test_contract(faces):
    assert len(faces) == 500 and len(Avatars()) == 10_000
    for index in INDICES:
        sample = faces[index]
        assert sample["image"].shape == (3, SIZE, SIZE)
        assert sample["image"].dtype == torch.float32
        assert -1 <= sample["image"].min() < sample["image"].max() <= 1
        assert sample["label"].shape == (SIZE, SIZE) and sample["label"].dtype == torch.int64
        faces.label_space.check(sample["label"])
        assert sample["keypoints"].shape == (len(KEYPOINT_NAMES), 2)
        assert sample["keypoints"].dtype == torch.float32
        for part in ("background", "skin", "mouth"):
            assert (sample["label"] == faces.label_space.index(part)).any()


def test_same_arguments_same_sample(faces):
    again = Avatars(style=faces.style, size=SIZE, split="test")
    for name, value in faces[2].items():
        assert torch.equal(value.nan_to_num(-1), again[2][name].nan_to_num(-1))
    other = Avatars(style=faces.style, size=SIZE, split="test", seed=1)
    assert not torch.equal(faces[2]["image"], other[2]["image"])
    assert faces.cache_key == again.cache_key != other.cache_key


def test_picture_outside_the_figure_is_the_backdrop(faces):
    for index in INDICES:
        layers = faces.layers(index)
        backdrop = render(layers[:1], SIZE, view_box=faces.sheet.view_box)
        sample = faces[index]
        free = (sample["label"] == 0).numpy()
        # Edges are smooth: a background pixel next to the figure may hold a little of it.
        padded = np.pad(free, 2, constant_values=True)
        inner = np.min(
            [padded[y : y + SIZE, x : x + SIZE] for y in range(5) for x in range(5)], axis=0
        )
        image = ((sample["image"] + 1) * 127.5).round().numpy().transpose(1, 2, 0)
        difference = np.abs(image - backdrop.image).max(axis=-1)
        assert inner.sum() > 0.05 * SIZE * SIZE
        # A hairline of the drawing may cross it without covering half of any pixel.
        assert (difference[inner] > 2).mean() < 0.005
        assert (difference[~free] > 8).mean() > 0.9


@pytest.mark.parametrize("part", ["eyes", "mouth", "hair", "clothes"])
def test_taking_a_part_away_changes_its_pixels_only(faces, part):
    if part not in faces.sheet.parts.values():
        assert (faces.style, part) == ("lorelei", "clothes")
        return
    drawings = (faces.layers(index) for index in range(30))
    layers = next(d for d in drawings if CLASSES.index(part) in {layer.class_id for layer in d})
    kept = [layer for layer in layers if layer.class_id != CLASSES.index(part)]
    whole = render(layers, 192, view_box=faces.sheet.view_box)
    less = render(kept, 192, view_box=faces.sheet.view_box)
    mask = whole.label == CLASSES.index(part)
    changed = np.abs(whole.image.astype(int) - less.image).max(axis=-1)
    # Pixels that three parts share may change hands; there are few.
    assert (less.label[~mask] != whole.label[~mask]).mean() < 0.002
    assert not (less.label[mask] == CLASSES.index(part)).any()
    # Ink on ink does not show; elsewhere most of the part does.
    assert (changed[mask] > 4).mean() > (0.5 if faces.style in ("lorelei", "notionists") else 0.9)
    padded = np.pad(mask, 1)
    near = np.max([padded[y : y + 192, x : x + 192] for y in range(3) for x in range(3)], axis=0)
    # Away from the part's edge only its cast shadow, which belongs to what lies below, goes too.
    assert (changed[~near] > 100).mean() < 0.003


def test_keypoints_lie_on_their_parts(faces):
    chin_classes = [CLASSES.index(name) for name in ("skin", "facial_hair")]
    for index in range(8):
        sample = faces[index]
        points = dict(zip(KEYPOINT_NAMES, sample["keypoints"].numpy(), strict=True))
        for name, point in points.items():
            if np.isnan(point).any():
                continue
            part = {"eye": "eyes", "eyebrow": "eyebrows"}.get(
                name.removeprefix("left_").removeprefix("right_"), name.split("_")[0]
            )
            if part == "chin":
                column, row = point.round().astype(int)
                assert int(sample["label"][row, column]) in chin_classes
                continue
            rows, columns = np.nonzero(sample["label"].numpy() == CLASSES.index(part))
            assert columns.min() - 3 <= point[0] <= columns.max() + 3
            assert rows.min() - 3 <= point[1] <= rows.max() + 3
        if not np.isnan([points["left_eye"], points["right_eye"]]).any():
            assert points["left_eye"][0] < points["right_eye"][0]
            assert points["left_eye"][1] < points["chin"][1] or np.isnan(points["chin"][1])


def test_hidden_eyes_have_no_keypoint():
    faces = Avatars(style="avataaars", size=SIZE)
    look = faces.look(0)
    variants = look["variants"] | {"accessories": "sunglasses", "top": "theCaesar"}
    layers = avatar_layers("avataaars", variants, look["colors"])
    drawn = render(layers, SIZE, view_box=faces.sheet.view_box)
    found = find_keypoints(faces.sheet, layers, drawn.layer)
    points = dict(zip(KEYPOINT_NAMES, found, strict=True))
    assert np.isnan(points["left_eye"]).all() and np.isnan(points["right_eye"]).all()
    assert not np.isnan(points["mouth"]).any()


def test_keypoints_scale_with_the_picture():
    small = Avatars(style="toon-head", size=96)[3]["keypoints"]
    large = Avatars(style="toon-head", size=192)[3]["keypoints"]
    both = ~(small.isnan() | large.isnan())
    assert both.any(dim=1).sum() >= 7
    assert ((small + 0.5) * 2 - (large + 0.5))[both].abs().max() < 3


def test_no_face_in_two_splits(faces):
    def faces_of(split, seed):
        data = Avatars(style=faces.style, split=split, seed=seed, length=400)
        looks = [data.look(i) for i in range(400)]
        parts = (faces.sheet.hair, "mouth", "clothes", "head")
        return {
            (
                *(look["variants"].get(part) for part in parts),
                *(look["colors"].get(name) for name in ("skin", "clothes")),
            )
            for look in looks
        }

    train, val, test = (
        faces_of("train", 0) | faces_of("train", 5),
        faces_of("val", 0),
        faces_of("test", 0),
    )
    assert not train & val and not train & test and not val & test
    assert len(test) > 20


def test_attributes_match_the_map():
    faces = Avatars(style="avataaars", size=SIZE)
    seen = set()
    for index in range(40):
        words = faces.attributes(index)
        assert set(FLAGS) <= set(words)
        label = faces[index]["label"]
        for name in ("glasses", "facial_hair"):
            assert words[name] == bool((label == CLASSES.index(name)).any())
            seen.add((name, words[name]))
        if words["hat"]:
            assert (label == CLASSES.index("hat")).any()
        assert words["skin_color"].startswith("#")
    assert len(seen) == 4


def test_flags_name_real_variants_and_vary(faces):
    words = [faces.attributes(index) for index in range(300)]
    for flag in FLAGS:
        values = {word[flag] for word in words}
        if flag in faces.sheet.flags:
            component, variants = faces.sheet.flags[flag]
            assert variants <= set(faces.definition["components"][component]["variants"])
            assert values == {True, False}, flag
        else:
            assert values == {False}, flag


def test_every_part_of_every_style_has_a_class(faces):
    for component, definition in faces.definition["components"].items():
        assert faces.sheet.parts[component] in CLASSES
        assert faces.sheet.excluded.get(component, set()) < set(definition["variants"])


def test_worn_things_stand_out_from_skin():
    faces = Avatars(style="avataaars")
    for index in range(200):
        colors = faces.look(index)["colors"]
        assert colors["facialHair"] == colors["hair"]
        skin, hair = (
            np.array([int(colors[n][i : i + 2], 16) for i in (1, 3, 5)]) for n in ("skin", "hair")
        )
        assert np.linalg.norm(skin - hair) >= 48


def test_shade_of_a_fringe_stays_skin():
    faces = Avatars(style="avataaars", size=SIZE)
    look = faces.look(0)
    bare = dict.fromkeys(look["variants"])
    shaded = avatar_layers("avataaars", bare | {"top": "curly"}, look["colors"])
    label = render(shaded, 280, view_box=(0, 0, 280, 280)).label
    # The fringe ends above y = 85 and its shade just below it.
    column = label[:, 140]
    fringe = int(np.flatnonzero(column == CLASSES.index("hair")).max())
    plain = avatar_layers("avataaars", bare, look["colors"])
    view_box = (0, 0, 280, 280)
    image = render(shaded, 280, view_box=view_box).image[fringe + 2, 140]
    unshaded = render(plain, 280, view_box=view_box).image[fringe + 2, 140]
    assert column[fringe + 2] == CLASSES.index("skin")
    assert (image.astype(int) < unshaded).all()


def test_mouth_shows_through_a_beard():
    faces = Avatars(style="lorelei", size=128)
    look = faces.look(0)
    layers = avatar_layers("lorelei", look["variants"] | {"beard": "variant01"}, look["colors"])
    label = render(layers, 128, view_box=faces.sheet.view_box).label
    assert (label == CLASSES.index("mouth")).any()
    assert (label == CLASSES.index("facial_hair")).any()


def test_licences_are_allowed_and_credited():
    rows = credits()
    assert [row["style"] for row in rows] == list(STYLES)
    for row in rows:
        assert row["license"] in ALLOWED_LICENSES
        assert row["creator"] and row["source"].startswith("https://")
        assert row["license_url"].startswith("https://")
        assert row["creator"] == load_definition(row["style"])["meta"]["creator"]["name"]
    with pytest.raises(InputError, match=r"licence 'CC BY-NC 4.0'"):
        check_license("other", {"license": {"name": "CC BY-NC 4.0"}})
    with pytest.raises(InputError, match="licence None"):
        check_license("other", {})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"style": "photo"}, "style: got 'photo', allowed are 'avataaars'"),
        ({"size": 8}, "size: got 8"),
        ({"size": 64.0}, "size: got 64.0"),
        ({"split": "dev"}, "split: got 'dev'"),
        ({"length": 0}, "length: got 0"),
        ({"seed": -1}, "seed: got -1"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        Avatars(**arguments)


def test_index_past_the_end():
    faces = Avatars(size=32, length=3)
    assert len(list(faces)) == 3
    for index in (3, -1):
        with pytest.raises(IndexError):
            faces[index]
    with pytest.raises(InputError, match="index"):
        faces["first"]


def test_styles_are_the_table():
    assert tuple(STYLE_SHEETS) == STYLES
