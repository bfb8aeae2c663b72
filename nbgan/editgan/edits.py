"""Edits in the three modes of the paper: from scratch, by a vector, by a vector and refinement.

Source: Ling et al., *EditGAN* (2021), section 3.3 and 3.4; region and terms of the refinement are
those of its release (``tests/golden/editgan``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nbgan.editgan.descent import Descent, Watcher, constant
from nbgan.editgan.distance import Distance
from nbgan.editgan.joint import JointModel
from nbgan.editgan.reading import MeanScores
from nbgan.editgan.regions import dilate, region_of_classes
from nbgan.editgan.terms import EditObjective, EditSettings
from nbgan.editgan.vectors import EditVector
from nbgan.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What is to be done to a picture.

    Args:
        before: code of the picture, ``[1, rows, w_dim]``.
        start: where the optimisation starts, of the same shape.
        target: the wish, class ids int64 ``[H, W]``.
        region: where the wish counts, bool ``[H, W]``, dilated; the rest is to stay.
        settings: iterations and weights.
    """

    before: Tensor
    start: Tensor
    target: Tensor
    region: Tensor
    settings: EditSettings

    def descent(self) -> Descent:
        """The optimisation at its start."""
        return Descent(self.start, rows=self.settings.rows)

    def run(
        self,
        model: JointModel,
        distance: Distance,
        *,
        descent: Descent | None = None,
        watch: Watcher | None = None,
    ) -> Tensor:
        """Optimise.

        Args:
            model: the picture's.
            distance: of pictures.
            descent: one that was begun before; None begins.
            watch: told of each iteration; may stop it.

        Returns:
            The code that was reached, ``[1, rows, w_dim]``.
        """
        descent = descent or self.descent()
        if descent.step >= self.settings.steps:
            return descent.w_plus.detach().clone()
        objective = EditObjective(
            model=model,
            before=self.before,
            target=self.target,
            region=self.region,
            settings=self.settings,
            distance=distance,
        )
        rate = constant(self.settings.learning_rate)
        return descent.run(objective, steps=self.settings.steps, rate=rate, watch=watch)


def edit_mask(
    model: JointModel,
    w_plus: Tensor,
    target: Tensor,
    *,
    region: Tensor | None = None,
    settings: EditSettings | None = None,
) -> Edit:
    """An edit from scratch: the picture is to have another mask.

    Args:
        model: the picture's.
        w_plus: its code, ``[1, rows, w_dim]``.
        target: the edited mask, integer ``[H, W]``.
        region: where it was edited, bool ``[H, W]``, not yet dilated; None takes the pixels where
            it differs from the picture's mask.
        settings: None for the published ones.

    Raises:
        InputError: a mask of another size or with unknown classes, one that changes nothing, or an
            empty region.
    """
    settings = settings or EditSettings()
    target = target.long().cpu()
    model.label_space.check(target.cpu().numpy(), where="edited mask")
    label = model.view(w_plus).label[0].cpu()
    if target.shape != label.shape:
        raise InputError(
            f"edited mask: got {list(target.shape)}, the picture's has {list(label.shape)}"
        )
    if region is not None and not region.any():
        raise InputError("region: it is empty, so nothing would be edited; mark some pixels")
    if region is None:
        region = changed(label, target, model.label_space.ignore_id)
        if not region.any():
            raise InputError(
                "edited mask: it says what the picture's mask says already, so there is nothing "
                "to do; paint another class somewhere"
            )
    region = dilate(region.bool().cpu(), settings.dilations)
    # Unlabelled pixels have no wish: there the picture's own mask stays.
    ignore = model.label_space.ignore_id
    target = target if ignore is None else torch.where(target == ignore, label, target)
    return Edit(before=w_plus, start=w_plus, target=target, region=region, settings=settings)


def changed(label: Tensor, target: Tensor, ignore_id: int | None) -> Tensor:
    """Where a mask wishes for another class, bool ``[H, W]``; unlabelled pixels wish nothing."""
    different = label != target
    return different if ignore_id is None else different & (target != ignore_id)


def edit_vector(
    model: JointModel,
    w_plus: Tensor,
    vector: EditVector,
    *,
    strength: float = 1.0,
    settings: EditSettings | None = None,
) -> Edit:
    """An edit by a vector; with ``settings.steps`` of refinement, 0 for the vector alone.

    The refinement works where the vector's classes are, before or after the vector is added; its
    wish is the mask that the sum has. Where they are nowhere, there is none. The encoder has no say
    in it, as published.

    Args:
        model: the picture's.
        w_plus: its code, ``[1, rows, w_dim]``.
        vector: one of the model's.
        strength: 1 adds the vector as it is, a negative one takes it away.
        settings: None for the vector alone.

    Raises:
        InputError: a vector of another generator.
    """
    vector.check(model)
    settings = replace(settings or EditSettings(steps=0), encoder=0.0)
    moved = w_plus + strength * vector.direction.to(w_plus)
    label, target = (_label(model, w, nearest=settings.release) for w in (w_plus, moved))
    classes = [model.label_space.index(name) for name in vector.classes]
    region = dilate(region_of_classes(classes, label, target), settings.dilations)
    if not region.any():  # there is nothing to refine
        settings = replace(settings, steps=0)
    return Edit(before=w_plus, start=moved, target=target, region=region, settings=settings)


def _label(model: JointModel, w_plus: Tensor, *, nearest: bool) -> Tensor:
    """The mask of a code, int64 ``[H, W]``."""
    if not nearest:
        return model.view(w_plus).label[0].cpu()
    with torch.no_grad():
        maps = model.generator.features(w_plus.to(model.device))
        scores = MeanScores(interpreter=model.interpreter, grid=model.grid, nearest=True)(maps)
    return scores.argmax(dim=1).view(model.grid.height, model.grid.width).cpu()
