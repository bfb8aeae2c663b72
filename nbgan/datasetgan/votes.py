"""What an ensemble says together: the vote, how much its members disagree, which pictures to keep.

Source: Zhang et al., *DatasetGAN* (2021), section 3.2; the disagreement is the Jensen–Shannon
divergence of Kuo et al. (2018), *Cost-sensitive active learning for intracranial hemorrhage
detection*. Checked against the published release (``tests/golden/datasetgan``).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nbgan.errors import InputError

PUBLISHED_OFFSET = 30
"""Pictures of lowest uncertainty that the published filter drops."""


class Ballot:
    """Collects the members' class scores of the same pixels.

    Args:
        pixels, classes, members: how many.
        device: where to count.
    """

    def __init__(
        self, *, pixels: int, classes: int, members: int, device: torch.device | str = "cpu"
    ) -> None:
        self.members = members
        self.votes = torch.zeros(pixels, classes, dtype=torch.int32, device=device)
        self.probability = torch.zeros(pixels, classes, device=device)
        self.entropy = torch.zeros(pixels, device=device)

    def add(self, pixels: slice, logits: Tensor) -> None:
        """Count one member's scores ``[P, classes]`` of some pixels."""
        probability = logits.float().softmax(dim=1)
        self.probability[pixels] += probability
        self.entropy[pixels] += torch.special.entr(probability).sum(dim=1)
        choice = logits.argmax(dim=1, keepdim=True)
        one = torch.ones_like(choice, dtype=torch.int32)
        self.votes[pixels].scatter_add_(1, choice, one)

    @property
    def labels(self) -> Tensor:
        """The class of most votes, int64 ``[pixels]``; of equal ones the smallest."""
        classes = self.votes.shape[1]
        order = torch.arange(classes, device=self.votes.device)
        return (self.votes * classes - order).argmax(dim=1)

    @property
    def disagreement(self) -> Tensor:
        """Entropy of the mean distribution less the mean entropy, in nats, ``[pixels]``.

        0 where all members agree; at most the logarithm of the number of members.
        """
        mean = self.probability / self.members
        return torch.special.entr(mean).sum(dim=1) - self.entropy / self.members


def image_score(disagreement: Tensor) -> Tensor:
    """Uncertainty of whole pictures: the mean over their most uncertain tenth of pixels.

    Args:
        disagreement: ``[N, H, W]``.

    Returns:
        ``[N]``.
    """
    pixels = disagreement.flatten(1)
    count = max(1, pixels.shape[1] // 10)
    return pixels.topk(count, dim=1).values.mean(dim=1)


def keep_certain(scores: Sequence[float] | Tensor, *, drop: float) -> list[int]:
    """Numbers of the pictures that stay when the most uncertain ones go.

    Args:
        scores: of all pictures.
        drop: share to leave out, 0 to 1.

    Returns:
        Ascending numbers; ``int(count * drop)`` are left out.

    Raises:
        InputError: a share outside 0 to 1.
    """
    values = _checked(scores, drop)
    kept = torch.argsort(values, stable=True)[: len(values) - int(len(values) * drop)]
    return sorted(kept.tolist())


def keep_published(
    scores: Sequence[float] | Tensor, *, drop: float, max_data: int = 0
) -> list[int]:
    """The published filter, with its trap: the 30 *lowest* scores are dropped as well.

    It sorts by score and keeps the slice from place 30 to place ``30 - m``, with ``m`` the number
    to drop. The 30 most certain pictures go, and only ``m - 30`` of the most uncertain ones.

    Args:
        scores: in the order of generation.
        drop: share to leave out; 0 keeps all.
        max_data: take only the first so many pictures; 0 for all.

    Returns:
        Numbers by ascending score, as the release lists them.

    Raises:
        InputError: a share outside 0 to 1, or one that drops 30 pictures or fewer, for which the
            published slice is empty.
    """
    values = _checked(scores, drop)
    if max_data:
        values = values[:max_data]
    if not drop:
        return list(range(len(values)))
    dropped = int(len(values) * drop)
    if dropped <= PUBLISHED_OFFSET:
        raise InputError(
            f"drop: {drop} of {len(values)} pictures are {dropped}; the published filter keeps "
            f"nothing unless more than {PUBLISHED_OFFSET} are dropped. Sample more pictures or use "
            "keep_certain"
        )
    order = torch.argsort(values, stable=True)
    return order[PUBLISHED_OFFSET : len(values) - dropped + PUBLISHED_OFFSET].tolist()


def _checked(scores: Sequence[float] | Tensor, drop: float) -> Tensor:
    if not 0 <= drop < 1:
        raise InputError(f"drop is a share from 0 to under 1, got {drop}; published is 0.1")
    return torch.as_tensor(scores, dtype=torch.float64)
