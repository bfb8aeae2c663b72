"""What the studio says of a model."""

from __future__ import annotations

import html

from nbgan import zoo
from nbgan.widgets.painting import PaintingModel


def about(model: PaintingModel) -> str:
    """A model in a line, and what is known to fail."""
    height, width = model.height_width
    facts = [
        f"{model.system.recipe.system}, {width} × {height} pixels",
        f"{model.label_space.num_classes} classes",
        "a style for each object"
        if model.object_styles
        else ("many styles" if model.has_styles else "one style"),
    ]
    failures: list[str] = []
    if model.name in zoo.names():
        card = zoo.card(model.name)
        share = card.get("scores", {}).get("miou_share_of_real")
        if share is not None:
            facts.append(f"mIoU {share:.0%} of that of real pictures")
        failures = card.get("failures", [])
    text = f"<p class='nbgan-words'>{html.escape(' · '.join(facts))}</p>"
    if failures:
        items = "".join(f"<li>{html.escape(failure)}</li>" for failure in failures)
        text += (
            "<details class='nbgan-words'><summary>Known weaknesses</summary>"
            f"<ul>{items}</ul></details>"
        )
    return text
