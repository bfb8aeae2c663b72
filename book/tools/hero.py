"""The picture of the README and the first page: ``python -m book.tools.hero``.

Label maps of held-out landscapes, and what the shipped model paints on them in a few styles. The
landscapes are the first ones of the test split and the styles the first ones of their seed: nothing
is selected.
"""

from __future__ import annotations

import torch
from torchvision.utils import make_grid, save_image

from book.tools.build import ROOT

LAYOUTS, STYLES = 5, 3


def main() -> None:
    """Paint and save ``book/static/hero.png``: a row of label maps, below it a row per style."""
    import nbgan.zoo
    from nbgan.data import open_dataset
    from nbgan.spade import SpadeSystem

    model = nbgan.zoo.load("spade-landscapes")
    assert isinstance(model, SpadeSystem)
    world = open_dataset("landscapes", size=model.recipe.size, split="test")
    label = torch.stack([world[i]["label"] for i in range(LAYOUTS)])
    colors = torch.from_numpy(model.label_space.colorize(label)).permute(0, 3, 1, 2) / 255
    rows = [colors]
    for style in model.sample_style(STYLES, 0):
        picture = model.generate(label, style=style.expand(LAYOUTS, -1))
        rows.append(picture.float().cpu() * 0.5 + 0.5)
    grid = make_grid(torch.cat(rows), nrow=LAYOUTS, padding=4, pad_value=1.0)
    save_image(grid, ROOT / "book/static/hero.png")


if __name__ == "__main__":
    main()
