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
        labels: folder of label maps (indexed PNG), or of pictures for a model that paints from
            pictures; without it, those of the model's own world.
        instances: folder of instance maps (16-bit PNG) of the same file names, for models that
            tell instances apart.
        seed: decides the styles.
    """
    from torchvision.utils import save_image

    from nbgan import zoo
    from nbgan.train.painting import PaintingSystem

    if n < 1:
        raise InputError(f"--n must be at least 1, got {n}")
    system = zoo.open_model(model)
    if not isinstance(system, PaintingSystem):
        hint = "; use nbgan translate" if system.recipe.system == "ugatit" else ""
        raise InputError(
            f"'{model}' is a {system.recipe.system} model, which paints no pictures from label "
            f"maps{hint}"
        )
    given = "label" if system.label_space else "source"
    items = _maps_of_world(system, n) if labels is None else _maps(system, labels, instances, n)
    style = system.sample_style(len(items), seed) if system.has_styles else None
    pictures = []  # one by one: files may differ in size, and none is written before all are done
    for index, item in enumerate(items.values()):
        ids = item["instance"][None] if "instance" in item else None
        own = None if style is None else style[index : index + 1]
        pictures.append(system.generate(item[given][None], ids, own)[0])
    out.mkdir(parents=True, exist_ok=True)
    for (name, item), picture in zip(items.items(), pictures, strict=True):
        save_image(picture * 0.5 + 0.5, out / f"{name}.png")
        if given == "label":
            system.label_space.write_png(out / f"{name}_label.png", item["label"])
        else:
            save_image(item["source"] * 0.5 + 0.5, out / f"{name}_source.png")
    what = "label maps" if given == "label" else "sources"
    print(f"{len(items)} pictures and their {what} are in {out}")


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

    from nbgan.data.pictures import IMAGE_SUFFIXES, picture_tensor, read_ids, read_picture

    suffixes = (".png",) if system.label_space else IMAGE_SUFFIXES
    inside = sorted(labels.iterdir()) if labels.is_dir() else []
    files = [file for file in inside if file.suffix.lower() in suffixes][:n]
    if not files:
        raise InputError(
            f"--labels {labels}: holds no {' or '.join(suffixes)} file; give the folder of the "
            f"{'label maps' if system.label_space else 'pictures'}"
        )
    items = {}
    for file in files:
        if system.label_space:
            items[file.stem] = {"label": torch.from_numpy(system.label_space.read_png(file))}
        else:
            items[file.stem] = {"source": picture_tensor(read_picture(file))}
        if instances is not None:
            ids = read_ids(instances / f"{file.stem}.png", "instance map")
            items[file.stem]["instance"] = torch.from_numpy(ids)
    return items
