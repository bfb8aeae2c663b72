"""The named editing vectors of the avatars: ``python -m nbgan.zoo.vectors [NAME …]``.

The paper finds a vector on one picture. Here one direction is sought that serves several faces at
once: it minimises the mean of their losses, which are those of any edit (:mod:`nbgan.editgan`). It
starts at the mean difference between what the encoder says of the faces with the part exchanged and
of the faces as they are.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import cycle, islice
from pathlib import Path

import torch
from torch import Tensor, nn

from nbgan import zoo
from nbgan.editgan.descent import Descent, warm_and_cool
from nbgan.editgan.distance import Distance
from nbgan.editgan.editor import Editor
from nbgan.editgan.edits import edit_mask
from nbgan.editgan.joint import JointModel, View
from nbgan.editgan.preview import preview
from nbgan.editgan.regions import dilate
from nbgan.editgan.scores import region_iou, score_edit
from nbgan.editgan.terms import EditObjective, EditSettings
from nbgan.editgan.vectors import EditVector, VectorLibrary
from nbgan.errors import InputError
from nbgan.train.checkpoint import write_atomically
from nbgan.train.system import Losses
from nbgan.zoo.exchanges import EXCHANGES, Pair, pairs

MODEL = "editgan-avatars"
JUDGE = "segmenter-avatars"
VECTORS = Path(__file__).parent / "vectors"
SCORES = "scores.json"

FACES, TOGETHER, STEPS = 12, 2, 120
"""Faces that a vector is made on, how many of them a step sees, and steps."""
HELD_OUT = 20
"""Faces of the validation split that it is scored on."""


@dataclass(frozen=True, kw_only=True)
class VectorScores:
    """What a vector does to faces that it was not made on; means over them.

    Args:
        iou_before: mean IoU in the region between the wished mask and what the judge sees in the
            unedited picture: what doing nothing would get.
        iou: the same of the edited picture.
        improved: share of the faces whose IoU grew.
        psnr: likeness to the unedited picture outside the region, in dB.
        distance: perceptual distance to it there.
        moved: share of the pixels there whose class, to the judge, is another one.
        faces: how many.
    """

    iou_before: float
    iou: float
    improved: float
    psnr: float
    distance: float
    moved: float
    faces: int


# --- use -----------------------------------------------------------------------------------------


def library() -> VectorLibrary:
    """The named vectors that ship with the library."""
    return VectorLibrary(VECTORS)


def names() -> list[str]:
    """Their names, in order of the alphabet."""
    return library().names()


def load(name: str) -> EditVector:
    """A named vector; it belongs to the shipped model ``editgan-avatars``.

    Raises:
        InputError: unknown name; the message lists the known ones.
    """
    return library().load(name)


def scores(name: str) -> VectorScores:
    """How a named vector did on faces that it was not made on.

    Raises:
        InputError: unknown name.
    """
    file = VECTORS / SCORES
    known = json.loads(file.read_text()) if file.exists() else {}
    if name not in known:
        raise InputError(f"no scores of a vector '{name}'; there are {', '.join(known) or 'none'}")
    return VectorScores(**known[name])


# --- making --------------------------------------------------------------------------------------


def shared_direction(
    model: JointModel,
    distance: Distance,
    examples: Sequence[Pair],
    *,
    settings: EditSettings | None = None,
    together: int = TOGETHER,
) -> Tensor:
    """One direction that gives each of some faces the mask of its partner.

    Args:
        model: with an encoder.
        distance: of pictures.
        examples: faces with their partners, at the size of the model's labels.
        settings: of the edits; None takes the published weights.
        together: faces in a step; they take turns.

    Returns:
        ``[rows, w_dim]``.
    """
    settings = settings or EditSettings(steps=STEPS)
    before, after = (
        model.encode(model.square(torch.stack(images)))
        for images in zip(*((p.before["image"], p.after["image"]) for p in examples), strict=True)
    )
    objectives = []
    for code, pair in zip(before, examples, strict=True):
        edit = edit_mask(
            model, code[None], pair.after["label"], region=pair.region, settings=settings
        )
        objectives.append(
            EditObjective(
                model=model,
                before=edit.before,
                target=edit.target,
                region=edit.region,
                settings=settings,
                distance=distance,
            )
        )
    turns = cycle(zip(before.split(1), objectives, strict=True))

    def mean_losses(direction: Tensor) -> Losses:
        parts = [objective(code + direction) for code, objective in islice(turns, together)]
        return {name: torch.stack([p[name] for p in parts]).mean() for name in parts[0]}

    descent = Descent((after - before).mean(dim=0, keepdim=True), rows=settings.rows)
    rate = warm_and_cool(settings.learning_rate)
    return descent.run(mean_losses, steps=settings.steps, rate=rate)[0]


def usual_region(examples: Sequence[Pair], settings: EditSettings) -> Tensor:
    """Where most of the faces change, bool ``[H, W]``, dilated; where any does, if most nowhere
    do."""
    share = torch.stack([pair.region for pair in examples]).float().mean(dim=0)
    common = share > 0.5
    return dilate(common if common.any() else share > 0, settings.dilations)


@torch.no_grad()
def score(
    editor: Editor, vector: EditVector, examples: Sequence[Pair], judge: nn.Module
) -> VectorScores:
    """Apply a vector at strength 1 to other faces, and let a judge look.

    Args:
        editor: the vector's model.
        vector: to score.
        examples: faces with their partners.
        judge: pictures to class scores; it knows nothing of the generator.
    """
    model = editor.model
    vector.check(model)
    rows, before_iou = [], []
    for pair in examples:
        w_plus = model.encode(model.square(pair.before["image"][None]))
        images = [model.view(w).image for w in (w_plus, w_plus + vector.direction.to(w_plus))]
        before, after = (View(image=x, label=judge(x).argmax(dim=1)) for x in images)
        region, wish = dilate(pair.region), pair.after["label"]
        rows.append(score_edit(before, after, target=wish, region=region, distance=editor.distance))
        before_iou.append(region_iou(before.label[0].cpu()[region], wish[region]))

    def mean(values: Sequence[float]) -> float:
        return sum(values) / len(values)

    return VectorScores(
        iou_before=mean(before_iou),
        iou=mean([row.iou for row in rows]),
        improved=mean([float(r.iou > b) for r, b in zip(rows, before_iou, strict=True)]),
        psnr=mean([row.psnr for row in rows]),
        distance=mean([row.distance for row in rows]),
        moved=mean([row.moved for row in rows]),
        faces=len(rows),
    )


def make(
    editor: Editor, name: str, *, faces: int = FACES, steps: int = STEPS, seed: int = 0
) -> EditVector:
    """Make a named vector on faces of the training split; its preview shows one that is held out.

    Args:
        editor: the model.
        name: of :data:`~nbgan.zoo.exchanges.EXCHANGES`.
        faces: how many serve.
        steps: of the optimisation.
        seed: another one takes other faces.
    """
    model, exchange = editor.model, EXCHANGES[name]
    size, settings = model.grid.height, EditSettings(steps=steps)
    examples = pairs(exchange, count=faces, size=size, seed=seed)
    direction = shared_direction(model, editor.distance, examples, settings=settings)
    vector = EditVector(
        name=name,
        direction=direction.cpu(),
        region=usual_region(examples, settings),
        classes=exchange.classes,
        generator=model.mark,
    )
    (other,) = pairs(exchange, count=1, size=size, split="val", seed=seed)
    w_plus = model.encode(model.square(other.before["image"][None])).cpu()
    before, after = (model.view(w) for w in (w_plus, w_plus + vector.direction))
    return replace(vector, preview=preview(before, after, model.label_space))


def main(wanted: list[str] | None = None) -> None:
    """Make, score and keep the named vectors, or all of them."""
    wanted = (sys.argv[1:] if wanted is None else wanted) or list(EXCHANGES)
    unknown = [name for name in wanted if name not in EXCHANGES]
    if unknown:
        raise InputError(f"no vector {', '.join(unknown)}; known: {', '.join(EXCHANGES)}")
    editor, judge, shelf = Editor.open(MODEL), zoo.load_judge(JUDGE), library()
    for name in wanted:
        vector = make(editor, name)
        shelf.save(vector, replace=True)
        held_out = pairs(
            EXCHANGES[name], count=HELD_OUT, size=editor.model.grid.height, split="val", seed=1
        )
        found = score(editor, vector, held_out, judge)
        file = shelf.path / SCORES
        known = json.loads(file.read_text()) if file.exists() else {}
        known[name] = {key: round(value, 4) for key, value in asdict(found).items()}
        text = json.dumps(dict(sorted(known.items())), indent=1) + "\n"
        write_atomically(file, text.encode())
        print(
            f"{name}: IoU {found.iou_before:.3f} to {found.iou:.3f}, PSNR outside "
            f"{found.psnr:.1f} dB",
            flush=True,
        )


if __name__ == "__main__":
    main()
