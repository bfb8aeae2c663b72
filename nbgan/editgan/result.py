"""The result of an edit: compared with the picture before, and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from torch import Tensor

from nbgan.editgan.blending import Blending, blend
from nbgan.editgan.editor import Editor
from nbgan.editgan.edits import Edit
from nbgan.editgan.joint import View
from nbgan.editgan.preview import mask_png, png, preview
from nbgan.editgan.regions import changed_classes
from nbgan.editgan.scores import EditScores, score_edit
from nbgan.editgan.vectors import EditVector
from nbgan.train.checkpoint import write_atomically


@dataclass(frozen=True, kw_only=True)
class Result:
    """An edited picture.

    Args:
        editor: the model.
        image: the picture as it was given or sampled, ``[3, H, W]`` in [−1, 1].
        edit: what was to be done.
        edited: the code that was reached, ``[1, rows, w_dim]``.
    """

    editor: Editor
    image: Tensor
    edit: Edit
    edited: Tensor

    @cached_property
    def before(self) -> View:
        """The picture as the generator knows it, and its mask."""
        return self.editor.model.view(self.edit.before)

    @cached_property
    def after(self) -> View:
        """The edited picture and its mask."""
        return self.editor.model.view(self.edited)

    def scores(self) -> EditScores:
        """How good the edit is."""
        return score_edit(
            self.before,
            self.after,
            target=self.edit.target,
            region=self.edit.region,
            distance=self.editor.distance,
        )

    def picture(self, blending: Blending = "none") -> Tensor:
        """The edited picture, ``[3, H, W]`` in [−1, 1]; blended, it is the given picture outside
        the region. See :func:`~nbgan.editgan.blending.blend`.

        Raises:
            InputError: an unknown way of blending.
        """
        return blend(self.image, self.after.image[0].cpu(), self.edit.region.cpu(), blending)

    def vector(self, name: str, *, classes: Sequence[str] | None = None) -> EditVector:
        """The edit as a vector for other pictures.

        Args:
            name: lower-case words with hyphens.
            classes: names of the classes that it is about; None takes those of which a quarter or
                more came or went.

        Raises:
            InputError: a bad name, or an unknown class.
        """
        model = self.editor.model
        if classes is None:
            ids = changed_classes(self.before.label[0].cpu(), self.edit.target.cpu())
            classes = [model.label_space.classes[i] for i in ids]
        for each in classes:
            model.label_space.index(each)
        return EditVector(
            name=name,
            direction=(self.edited.to(self.edit.before) - self.edit.before)[0].cpu(),
            region=self.edit.region.cpu(),
            classes=tuple(classes),
            generator=model.mark,
            preview=preview(self.before, self.after, model.label_space),
        )

    def export(self, folder: str | Path, *, blending: Blending = "none") -> list[Path]:
        """Write ``before.png``, ``picture.png``, and ``mask.png`` (class ids, with palette).

        Raises:
            InputError: the disk is full, or an unknown way of blending.
        """
        files = {
            "before.png": png(self.image),
            "picture.png": png(self.picture(blending)),
            "mask.png": mask_png(self.after.label[0], self.editor.model.label_space),
        }
        for name, content in files.items():
            write_atomically(Path(folder) / name, content)
        return [Path(folder) / name for name in files]
