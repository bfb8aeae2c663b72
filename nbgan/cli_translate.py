"""``nbgan translate``: a folder of pictures into the other domain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tyro

from nbgan.errors import InputError


def translate(
    model: Annotated[str, tyro.conf.Positional],
    pictures: Annotated[Path, tyro.conf.Positional],
    /,
    out: Path = Path("translated"),
    direction: Literal["a2b", "b2a"] = "a2b",
    background: Literal["keep", "white"] = "keep",
    masks: Path | None = None,
    heatmaps: bool = False,
    batch_size: int = 8,
) -> None:
    """Translate every picture of a folder and save the results as PNG.

    Args:
        model: name of a shipped model (`nbgan zoo list`) or path of a model file.
        pictures: folder of pictures; each is resized to the size that the model was trained at.
        out: folder for the results, which keep the names.
        direction: a2b from source to target, b2a back.
        background: white removes backgrounds first, by the pictures' alpha or by masks.
        masks: folder of PNG masks of the same names, 0 = background.
        heatmaps: also save where the generator looked.
        batch_size: pictures at once.
    """
    import torch
    from torchvision.utils import save_image

    from nbgan import zoo
    from nbgan.data import Cutouts, ImagesDataset
    from nbgan.ugatit.scores import heat_rows
    from nbgan.ugatit.system import UGATITSystem

    if batch_size < 1:
        raise InputError(f"--batch-size must be at least 1, got {batch_size}")
    if masks is not None and background == "keep":
        raise InputError("--masks are for removing backgrounds; add --background white")
    system = zoo.open_model(model)
    if not isinstance(system, UGATITSystem):
        raise InputError(
            f"'{model}' is a {system.recipe.system} model, which translates no pictures; give one "
            "of system 'ugatit'"
        )
    size = system.recipe.size
    if background == "white":
        data: ImagesDataset = Cutouts(images=pictures, masks=masks, size=size)
    else:
        data = ImagesDataset(images=pictures, size=size)
    if heatmaps and not system.recipe.cam:
        raise InputError(f"--heatmaps: '{model}' was trained without attention and has none")
    out.mkdir(parents=True, exist_ok=True)
    for first in range(0, len(data), batch_size):
        entries = data.entries[first : first + batch_size]
        images = torch.stack([data[first + i]["image"] for i in range(len(entries))])
        made = system.translate(images, direction)
        results = {"": made.image}
        if heatmaps and made.heatmap is not None:
            results["_heat"] = heat_rows(images, made.heatmap)
        for ending, batch in results.items():
            for entry, picture in zip(entries, batch, strict=True):
                file = out / f"{entry.key}{ending}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                save_image(picture * 0.5 + 0.5, file)
    print(f"{len(data)} pictures are in {out}")
