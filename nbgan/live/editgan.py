"""A generator with classifiers, faces and named vectors as one graph for the page."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nbgan.editgan import EditVector, JointModel
from nbgan.errors import InputError
from nbgan.live.datasetgan import MEMBERS, members_of, tables_of


class EditedPainter(nn.Module):
    """Faces and strengths in, picture and class scores out.

    Args:
        model: labels pictures at the generator's own size.
        codes: of the faces that it brings along, ``[F, rows, w_dim]``.
        vectors: what the strengths are of.
        psi: truncation of faces that are sampled.
        members: how many classifiers of the ensemble, the first ones.

    Raises:
        InputError: labels of another size than the pictures, or vectors of another generator.
    """

    codes: Tensor
    directions: Tensor

    def __init__(
        self,
        model: JointModel,
        *,
        codes: Tensor,
        vectors: Sequence[EditVector],
        psi: float,
        members: int = MEMBERS,
    ) -> None:
        super().__init__()
        size = model.generator.size
        if (model.grid.height, model.grid.width) != (size, size):
            raise InputError(
                f"model: labels of {model.grid.height} × {model.grid.width} for pictures of "
                f"{size} × {size}; the page shows both at one size"
            )
        for vector in vectors:
            vector.check(model)
        self.generator = model.generator
        self.members = members_of(model.interpreter, min(members, model.interpreter.members))
        self.psi = psi
        self.register_buffer("codes", codes.detach().clone())
        shape = (len(vectors), model.generator.rows, model.generator.w_dim)
        directions = [vector.direction for vector in vectors]
        self.register_buffer("directions", torch.stack(directions).view(shape).clone())

    def forward(self, face: Tensor, code: Tensor, strengths: Tensor) -> tuple[Tensor, Tensor]:
        """Add vectors, paint, label.

        Args:
            face: 1 for one of the faces that it brings along, float32 ``[1, F]``; all 0 for a
                sampled one.
            code: z of the sampled one, float32 ``[1, z_dim]``.
            strengths: of the vectors, float32 ``[1, K]``.

        Returns:
            Picture ``[1, 3, H, W]``, and class scores ``[1, classes, H, W]``, averaged over the
            classifiers as EditGAN does.
        """
        generator = self.generator
        mean = generator.w_mean
        sampled = (mean + self.psi * (generator.mapping(code) - mean))[:, None]
        known = (face @ self.codes.flatten(1)).view(1, generator.rows, -1)
        w_plus = known + (1 - face.sum()) * sampled
        w_plus = w_plus + (strengths @ self.directions.flatten(1)).view(1, generator.rows, -1)
        image, maps = generator.synthesize_with_features(w_plus)
        tables = tables_of(maps)
        scores = torch.stack([member(tables) for member in self.members]).mean(dim=0)
        return image, scores
