"""Translations that several updates of one training step ask for, made once.

The discriminators come first and need no graph, the generators' update goes on with it. So the
graph is built while only a discriminator is being updated, and waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from nbgan.train.system import Batch
from nbgan.ugatit.generator import GeneratorOutput
from nbgan.ugatit.terms import Translated

Made = dict[str, Translated]
"""Translations by the domain that they lead into."""


def translate_both(generator_a2b: nn.Module, generator_b2a: nn.Module, batch: Batch) -> Made:
    """Both generators on a batch, each on the pictures to translate and those to leave alone.

    Args:
        generator_a2b, generator_b2a: from the source domain to the target, and back.
        batch: ``source`` and ``target``, ``[N, 3, H, W]`` in [−1, 1].
    """
    source, target = batch["source"], batch["target"]
    return {
        "a": _apart(generator_b2a(torch.cat([target, source])), len(target)),
        "b": _apart(generator_a2b(torch.cat([source, target])), len(source)),
    }


def _apart(output: GeneratorOutput, count: int) -> Translated:
    image, logits, _ = output
    if logits is None:
        return Translated(image[:count], image[count:], None, None)
    return Translated(image[:count], image[count:], logits[:count], logits[count:])


class SharedTranslations:
    """Keeps what was made of the last few batches, each until the generators' update takes it.

    Args:
        batches: how many can wait: as many as a step accumulates.
    """

    def __init__(self, batches: int = 1) -> None:
        self.batches = batches
        self.waiting: list[tuple[Tensor, Made]] = []

    def find(self, batch: Batch) -> Made | None:
        """What was made of this very batch, or None."""
        return next((made for source, made in self.waiting if source is batch["source"]), None)

    def keep(self, batch: Batch, made: Made) -> None:
        """Let translations wait; the oldest batch gives way."""
        self.waiting = [*self.waiting, (batch["source"], made)][-self.batches :]

    def take(self, batch: Batch) -> Made | None:
        """As :meth:`find`, and nothing of this batch waits any longer."""
        made = self.find(batch)
        self.waiting = [one for one in self.waiting if one[0] is not batch["source"]]
        return made


@contextmanager
def learning(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Within this context the networks' weights ask for gradients, so a graph is kept."""
    weights = [p for network in networks for p in network.parameters()]
    before = [p.requires_grad for p in weights]
    for p in weights:
        p.requires_grad_(True)
    try:
        yield
    finally:
        for p, asked in zip(weights, before, strict=True):
            p.requires_grad_(asked)
