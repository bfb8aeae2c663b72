"""Named vectors: faces with one part exchanged, one direction for several of them, its scores."""

import json

import pytest
import torch
from tiny_editgan import distance, tiny_model
from torch.nn import functional as F

from nbgan import zoo
from nbgan.data.avatars import LABEL_SPACE, Avatars
from nbgan.editgan import Editor, EditSettings
from nbgan.errors import InputError
from nbgan.zoo import vectors
from nbgan.zoo.exchanges import EXCHANGES, Exchange, Exchanged, pairs


@pytest.fixture
def editor():
    return Editor(model=tiny_model(space=LABEL_SPACE), distance=distance, name="tiny")


@pytest.fixture(scope="module")
def faces():
    return pairs(EXCHANGES["long-hair"], count=3, size=32)


def test_there_are_enough_exchanges_of_parts_that_exist():
    assert len(EXCHANGES) >= 8
    world = Avatars(length=1)
    for exchange in EXCHANGES.values():
        known = {*world.definition["components"][exchange.component]["variants"], None}
        assert {*exchange.before, exchange.after} <= known
        assert exchange.after not in exchange.before or exchange.component == "mouth"
        assert set(exchange.classes) <= set(LABEL_SPACE.classes)


def test_a_pair_differs_in_the_part_alone():
    exchange = EXCHANGES["remove-glasses"]
    for pair in pairs(exchange, count=4, size=64):
        glasses = LABEL_SPACE.index("glasses")
        assert (pair.before["label"] == glasses).any()
        assert not (pair.after["label"] == glasses).any()
        same = (pair.before["image"] == pair.after["image"]).all(dim=0)
        # Pixels may blend where the masks agree, near the rim of what was exchanged.
        near = F.max_pool2d(pair.region[None, None].float(), 5, stride=1, padding=2)[0, 0] > 0
        assert same[~near].all()


def test_partners_are_cached_under_a_key_of_their_own():
    smile, beard = (
        Exchanged(EXCHANGES[name], size=32, length=2).cache_key for name in ("smile", "add-beard")
    )
    assert len({smile, beard, Avatars(size=32, length=2).cache_key}) == 3


def test_an_exchange_that_fits_no_face_is_told():
    never = Exchange(component="eyes", before=("none such",), after="closed", classes=("eyes",))
    with pytest.raises(InputError, match="1 were asked for, 0 of 200 faces fit"):
        pairs(never, count=1, size=32)


def test_one_direction_lowers_the_losses_of_all_its_faces(editor, faces):
    model = editor.model
    settings = EditSettings(steps=30, outside=0.0, encoder=0.0)

    def disagreement(direction):
        codes = model.encode(model.square(torch.stack([p.before["image"] for p in faces])))
        wrong = []
        for code, pair in zip(codes, faces, strict=True):
            label = model.view(code[None] + direction).label[0]
            wrong.append((label != pair.after["label"])[pair.region].float().mean())
        return float(torch.stack(wrong).mean())

    start = vectors.shared_direction(model, distance, faces, settings=EditSettings(steps=0))
    found = vectors.shared_direction(model, distance, faces, settings=settings)
    assert found.shape == (model.generator.rows, model.generator.w_dim)
    assert disagreement(found) < disagreement(start)


def test_a_vector_is_made_scored_and_kept(editor, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(vectors, "VECTORS", tmp_path)
    monkeypatch.setattr(Editor, "open", lambda name: editor)
    monkeypatch.setattr(vectors, "HELD_OUT", 2)
    made = vectors.make
    monkeypatch.setattr(vectors, "make", lambda e, name: made(e, name, faces=2, steps=2))
    vectors.main(["add-glasses"])
    assert vectors.names() == ["add-glasses"]
    vector = vectors.load("add-glasses")
    assert vector.classes == ("glasses", "eyes") and vector.region.any()
    assert (tmp_path / "add-glasses.png").read_bytes() == vector.preview
    found = vectors.scores("add-glasses")
    assert found.faces == 2
    assert 0 <= found.iou <= 1 and 0 <= found.iou_before <= 1
    assert set(json.loads((tmp_path / "scores.json").read_text())) == {"add-glasses"}
    assert "add-glasses: IoU" in capsys.readouterr().out
    with pytest.raises(InputError, match="no vector 'beard'; it has add-glasses"):
        vectors.load("beard")
    with pytest.raises(InputError, match="no scores of a vector 'beard'; there are add-glasses"):
        vectors.scores("beard")
    with pytest.raises(InputError, match="no vector beard; known: close-eyes"):
        vectors.main(["beard"])


def test_the_judge_is_another_network_than_the_editors():
    assert zoo.card(vectors.JUDGE)["system"] == "segmenter"


def test_the_shipped_vectors_belong_to_the_shipped_model_and_work_on_held_out_faces():
    shipped = vectors.names()
    assert len(shipped) >= 8
    assert set(shipped) <= set(EXCHANGES)
    model = Editor.open(vectors.MODEL).model
    better = 0
    for name in shipped:
        vectors.load(name).check(model)
        found = vectors.scores(name)
        better += found.iou > found.iou_before
        assert found.faces >= 10
    assert better >= 8
