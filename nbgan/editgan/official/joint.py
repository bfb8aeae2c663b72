"""A whole published model from its files: generator, classifiers, encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nbgan import official
from nbgan.data.labels import LabelSpace
from nbgan.data.palette import distinct_colors
from nbgan.datasetgan.features import PixelGrid
from nbgan.datasetgan.interpreter import StyleInterpreter
from nbgan.editgan.joint import JointModel


def open_published(
    *,
    generator: str | Path,
    classifiers: Sequence[str | Path],
    encoder: str | Path | None = None,
    height: int = 384,
    width: int = 512,
    label_space: LabelSpace | None = None,
    batch_statistics: bool = True,
) -> JointModel:
    """The joint model of an EditGAN release, for edits with the published settings
    (``EditSettings(release=True)``).

    Args:
        generator: a StyleGAN2 of the common PyTorch port.
        classifiers: the members of the ensemble, one file each.
        encoder: None for a model without uploads.
        height, width: of the masks; the defaults are those of the cars.
        label_space: the classes; None numbers them, as no published file names them.
        batch_statistics: let the encoder normalise by the picture that it is given, as the
            published tool does; False takes the running statistics of its training.

    Raises:
        InputError: files that are absent, damaged, or do not belong together.
    """
    painter = official.load(generator, "stylegan2/generator_rosinality")
    interpreter = StyleInterpreter.from_classifiers(
        [official.load(file, "editgan/pixel_classifier") for file in classifiers]  # type: ignore[misc]
    )
    mode = "train" if batch_statistics else "eval"
    reader = None if encoder is None else official.load(encoder, "editgan/encoder", bn_mode=mode)
    model = JointModel(
        generator=painter,  # type: ignore[arg-type]
        interpreter=interpreter,
        grid=PixelGrid(height=height, width=width),
        label_space=label_space or numbered_classes(interpreter.outputs),
        encoder=reader,  # type: ignore[arg-type]
    )
    return model.eval().requires_grad_(False)


def numbered_classes(count: int) -> LabelSpace:
    """Classes that nobody has named: ``"0"``, ``"1"`` …"""
    return LabelSpace(
        name="published",
        classes=tuple(map(str, range(count))),
        colors=tuple(distinct_colors(count)),
        ignore_id=None,
    )
