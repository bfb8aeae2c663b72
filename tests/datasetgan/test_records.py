"""Training records: sampled, annotated, saved, resumed, and never mixed up."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from tiny import SPACE

from nbgan.data import LabelSpace, open_dataset
from nbgan.datasetgan import Annotation, fingerprint, make_training_data
from nbgan.errors import InputError


@pytest.fixture
def folder(records, tmp_path):
    shutil.copytree(records, tmp_path / "records")
    return tmp_path / "records"


def test_a_record_paints_its_picture_again(records, painter):
    data = open_dataset("latents", path=records)
    assert len(data) == 6
    item = data[2]
    assert item["latent"].shape == (painter.generator.rows, painter.generator.w_dim)
    with torch.no_grad():
        again = painter.generator.synthesis(item["latent"][None])[0]
    assert (again.clamp(-1, 1) - item["image"]).abs().max() <= 1 / 255 + 1e-6
    stored = load_file(records / "latents" / "0002.safetensors")
    assert torch.equal(stored["average"], painter.generator.w_mean)
    assert data.records[2].generator == fingerprint(painter.generator)
    assert item["keypoints"].shape == (2, 2)
    assert item["keypoints"][1].isnan().all()


def test_keypoints_move_with_the_picture(records):
    small, large = (
        open_dataset("latents", path=records),
        open_dataset("latents", path=records, size=32),
    )
    torch.testing.assert_close(large[0]["keypoints"][0], (small[0]["keypoints"][0] + 0.5) * 2 - 0.5)


def test_marks_do_not_depend_on_how_weights_are_stored(painter):
    halved = {k: v.half().float() for k, v in painter.generator.state_dict().items()}
    other = type(painter)(painter.recipe, SPACE)
    other.generator.load_state_dict(halved)
    assert fingerprint(other.generator) == fingerprint(painter.generator)
    with torch.no_grad():
        other.generator.constant.add_(0.1)
    assert fingerprint(other.generator) != fingerprint(painter.generator)


def test_painted_masks_survive_when_the_set_grows(folder, painter):
    annotation = Annotation(folder)
    mask = np.zeros((16, 16), np.int64)
    mask[:4] = 1
    annotation.save(0, mask)
    make_training_data(painter.generator, folder, label_space=SPACE, n=8, psi=1.0)
    assert np.array_equal(Annotation(folder).mask(0), mask)
    assert len(Annotation(folder)) == 8
    with pytest.raises(InputError, match="0000 is of another generator, seed or truncation"):
        make_training_data(painter.generator, folder, label_space=SPACE, n=8, psi=1.0, seed=1)
    other = LabelSpace(name="other", classes=("a",), colors=((0, 0, 0),))
    with pytest.raises(InputError, match="another label space than 'other'"):
        make_training_data(painter.generator, folder, label_space=other, n=8, psi=1.0)


def test_annotation_goes_on_at_the_first_unlabelled_picture(painter, tmp_path):
    make_training_data(painter.generator, tmp_path, label_space=SPACE, n=3)
    annotation = Annotation(tmp_path)
    assert annotation.next() == 0
    annotation.save(0, np.ones((16, 16), np.int64))
    annotation.save(1, np.where(np.arange(16) < 4, 255, 0)[None].repeat(16, axis=0))
    assert annotation.next() == 1
    assert annotation.unlabelled(1) == 0.25
    widget = annotation.painter()
    assert np.array_equal(widget.mask, annotation.mask(1))
    assert widget.picture.shape == (16, 16, 3)
    painted = np.zeros((16, 16), np.uint8)
    widget.set(painted)
    widget.sequence += 1  # what the page does after a stroke
    assert np.array_equal(annotation.mask(1), painted)
    assert Annotation(tmp_path).next() == 2


def test_saving_checks_size_and_classes_and_keeps_the_old_mask(folder):
    annotation = Annotation(folder)
    before = annotation.mask(1)
    with pytest.raises(InputError, match=r"got \[8, 8\], the picture has \[16, 16\]"):
        annotation.save(1, np.zeros((8, 8), np.int64))
    with pytest.raises(InputError, match=r"0001\.png: unknown class id 7; label space 'tiny'"):
        annotation.save(1, np.full((16, 16), 7))
    assert np.array_equal(annotation.mask(1), before)


def test_mask_of_another_latent_is_refused(folder):
    shutil.copy(folder / "labels" / "0001.png", folder / "labels" / "0000.png")
    with pytest.raises(
        InputError, match=r"0000\.png: painted for latent .* do not belong together"
    ):
        open_dataset("latents", path=folder)
    with Image.open(folder / "labels" / "0000.png") as mask:
        mask.info.clear()
        mask.save(folder / "labels" / "0000.png")
    open_dataset("latents", path=folder)  # other programs leave no mark


def test_classes_beyond_the_label_space_are_named(folder):
    Image.fromarray(np.full((16, 16), 9, np.uint8)).save(folder / "labels" / "0003.png")
    data = open_dataset("latents", path=folder)
    with pytest.raises(InputError, match=r"0003\.png: unknown class id 9; label space 'tiny'"):
        data[3]


def test_missing_and_damaged_latents_are_named(folder):
    (folder / "latents" / "0004.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{")
    with pytest.raises(InputError, match=r"0004\.safetensors: not a readable safetensors"):
        open_dataset("latents", path=folder)
    (folder / "latents" / "0004.safetensors").unlink()
    with pytest.raises(InputError, match=r"0004\.safetensors: no such file; each picture needs"):
        open_dataset("latents", path=folder)
    shutil.rmtree(folder / "latents")
    with pytest.raises(InputError, match="holds no folder 'latents'"):
        open_dataset("latents", path=folder)


def test_annotator_of_another_size_is_refused(painter, tmp_path):
    with pytest.raises(InputError, match=r"annotator: returned \[1, 8, 8\]"):
        make_training_data(
            painter.generator,
            tmp_path,
            label_space=SPACE,
            annotator=lambda image: image[:, 0, ::2, ::2].long(),
        )
    assert not list(tmp_path.rglob("*.png"))
