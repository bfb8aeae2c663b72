"""The order of the pictures, the seeds and the mirroring of each training step."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from nbgan.errors import InputError
from nbgan.train.system import Batch

MAPS = ("image", "label", "instance", "source", "target", "features")
"""Parts of a batch that have pixels."""


class StepSampler:
    """Indices of the pictures of each step; an endless shuffle that can start anywhere.

    Args:
        length: pictures in the data set.
        batch_size: pictures per forward pass and process.
        accumulate: forward passes per step.
        seed: decides the order.
        start: first step.
        process, processes: which part of each global batch is ours.
    """

    def __init__(
        self,
        *,
        length: int,
        batch_size: int,
        accumulate: int = 1,
        seed: int = 0,
        start: int = 0,
        process: int = 0,
        processes: int = 1,
    ) -> None:
        self.length, self.batch_size, self.accumulate = length, batch_size, accumulate
        self.seed, self.start = seed, start
        self.process, self.processes = process, processes

    def __iter__(self) -> Iterator[list[int]]:
        ours = self.batch_size * self.accumulate
        position = self.start * ours * self.processes + self.process * ours
        while True:
            for first in range(position, position + ours, self.batch_size):
                yield [self._index(k) for k in range(first, first + self.batch_size)]
            position += ours * self.processes

    def _index(self, k: int) -> int:
        epoch, place = divmod(k, self.length)
        return int(self._order(epoch)[place])

    def _order(self, epoch: int) -> Tensor:
        if getattr(self, "_epoch", None) != epoch:
            generator = torch.Generator().manual_seed(mix(self.seed, epoch))
            self._epoch = epoch
            self._permutation = torch.randperm(self.length, generator=generator)
        return self._permutation


def mix(*numbers: int) -> int:
    """A seed from several numbers, well spread even where they are close to each other."""
    value = 0
    for number in numbers:
        value = (value ^ number) * 6364136223846793005 + 1442695040888963407
        value = (value ^ (value >> 29)) & (2**63 - 1)
    return value


def mirror(batch: Batch) -> Batch:
    """Mirror a batch of pictures and maps left to right."""
    if "keypoints" in batch:
        raise InputError("recipe field 'flip' cannot be used with keypoints: left becomes right")
    return batch | {k: v.flip(-1) for k, v in batch.items() if k in MAPS}
