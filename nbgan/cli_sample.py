"""``nbgan sample``: pictures from label maps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from nbgan.errors import InputError

if TYPE_CHECKING:
    import torch

    from nbgan.train.painting import PaintingSystem
    from nbgan.train.system import System


def sample(
    model: Annotated[str, tyro.conf.Positional],
    /,
    out: Path = Path("samples"),
    n: int = 8,
    labels: Path | None = None,
    instances: Path | None = None,
    seed: int = 0,
) -> None:
    """Paint pictures from label maps and save them as PNG.

    Args:
        model: name of a shipped model (`nbgan zoo list`) or path of a model file.
        out: folder for the pictures.
        n: number of pictures.
        labels: folder of label maps (indexed PNG); without it, maps of the model's own world.
        instances: folder of instance maps (16-bit PNG) of the same file names, for models that
            tell instances apart.
        seed: decides the styles.
    """
    import torch
    from torchvision.utils import save_image

    from nbgan import zoo
    from nbgan.train.painting import PaintingSystem

    if n < 1:
        raise InputError(f"--n must be at least 1, got {n}")
    system = zoo.open_model(model)
    if not isinstance(system, PaintingSystem):
        raise InputError(f"'{model}' is a {system.recipe.system} model, which paints no pictures")
    items = _maps_of_world(system, n) if labels is None else _maps(system, labels, instances, n)
    maps = torch.stack([item["label"] for item in items.values()])
    ids = [item["instance"] for item in items.values() if "instance" in item]
    style = system.sample_style(len(items), seed) if system.has_styles else None
    pictures = system.generate(maps, torch.stack(ids) if ids else None, style)
    out.mkdir(parents=True, exist_ok=True)
    for name, label, picture in zip(items, maps, pictures, strict=True):
        save_image(picture * 0.5 + 0.5, out / f"{name}.png")
        system.label_space.write_png(out / f"{name}_label.png", label)
    print(f"{len(items)} pictures and their label maps are in {out}")


def _maps_of_world(system: System, n: int) -> dict[str, dict[str, torch.Tensor]]:
    from nbgan.train import open_split

    data = open_split(system.recipe.replace(evaluate_pictures=n), "val")
    if data is None:
        raise InputError("the model's data set has no validation split; give --labels FOLDER")
    return {f"{i:04d}": data[i] for i in range(min(n, len(data)))}  # type: ignore[arg-type]


def _maps(
    system: PaintingSystem, labels: Path, instances: Path | None, n: int
) -> dict[str, dict[str, torch.Tensor]]:
    import torch

    from nbgan.data.pictures import read_ids

    files = sorted(labels.glob("*.png"))[:n]
    if not files:
        raise InputError(f"--labels {labels}: holds no .png file")
    items = {f.stem: {"label": torch.from_numpy(system.label_space.read_png(f))} for f in files}
    if instances is not None:
        for file in files:
            ids = read_ids(instances / file.name).astype("int64")
            items[file.stem]["instance"] = torch.from_numpy(ids)
    return items
