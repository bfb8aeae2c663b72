"""Cluster centres of feature vectors, class by class: the styles to choose from.

Source: Wang et al. (2018), section 3.4: "we perform K-means clustering on these features for each
semantic category; each cluster thus encodes the features for a specific style". As published:
instances above a least area, k-means with a fixed seed, at most as many clusters as instances.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.pix2pixhd.styles import SLOTS


class FeatureClusters(nn.Module):
    """Centres per class; buffers, so that they travel in the model file.

    Args:
        classes: class names, for messages.
        clusters: most centres per class.
        channels: length of a feature vector.
    """

    centres: Tensor
    """``[classes, clusters, channels]``, the centre of most instances first; zeros beyond."""
    counts: Tensor
    """Instances of each centre, ``[classes, clusters]``; 0 where there is no centre."""

    def __init__(self, *, classes: Sequence[str], clusters: int = 10, channels: int = 3) -> None:
        super().__init__()
        self.classes = tuple(classes)
        self.register_buffer("centres", torch.zeros(len(classes), clusters, channels))
        self.register_buffer("counts", torch.zeros(len(classes), clusters, dtype=torch.int64))

    @property
    def channels(self) -> int:
        """Length of a feature vector."""
        return self.centres.shape[2]

    def of_class(self, c: int) -> Tensor:
        """The centres of a class, ``[k, channels]``; k may be 0."""
        return self.centres[c, self.counts[c] > 0]

    def centre(self, c: int, index: int) -> Tensor:
        """One centre ``[channels]``.

        Raises:
            InputError: the class has no such centre.
        """
        have = self.of_class(c)
        if not 0 <= index < len(have):
            allowed = f"0 to {len(have) - 1}" if len(have) else "none: no instance was clustered"
            raise InputError(
                f"cluster {index} of class '{self.classes[c]}' does not exist; it has {allowed}"
            )
        return have[index]

    def usual(self) -> Tensor:
        """Each class's centre of most instances, ``[classes, channels]``."""
        return self.centres[:, 0]

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw a centre for each class and slot, as often as its instances.

        Returns:
            ``[n, classes, SLOTS, channels]``; zeros for a class without centres.
        """
        weights = self.counts.double().cpu()
        weights[:, 0] += weights.sum(dim=1) == 0  # a class without centres takes its zeros
        picks = torch.multinomial(weights, n * SLOTS, replacement=True, generator=generator)
        index = picks.to(self.centres.device)[..., None].expand(-1, -1, self.channels)
        drawn = self.centres.gather(1, index)
        return drawn.unflatten(1, (n, SLOTS)).transpose(0, 1)

    def fit(
        self,
        tables: Sequence[Tensor],
        *,
        min_area: float = 0.5,
        strict: bool = False,
        seed: int = 0,
    ) -> list[str]:
        """Find the centres.

        Args:
            tables: per class, rows of features and area in 1/32 of the picture, as
                :func:`~nbgan.pix2pixhd.pooling.class_tables` makes them.
            min_area: rows of less area, or just as much, are left out. A class that has no
                larger row keeps all of its rows.
            strict: raise where :meth:`fit` would otherwise only report.
            seed: of k-means.

        Returns:
            One sentence for each class that has fewer centres than asked for.

        Raises:
            InputError: no instance at all; if ``strict``, a class without instances or with
                fewer than clusters.
        """
        if len(tables) != len(self.classes):
            raise InputError(
                f"tables: {len(tables)} tables for {len(self.classes)} classes; give one per class"
            )
        if not sum(map(len, tables)):
            raise InputError(
                "tables: no instance of any class; encode some pictures with their instance maps "
                "first"
            )
        wanted = self.centres.shape[1]
        remarks = []
        self.centres.zero_()
        self.counts.zero_()
        for c, (name, table) in enumerate(zip(self.classes, tables, strict=True)):
            large = table[table[:, -1] > min_area]
            rows = (large if len(large) else table)[:, :-1].double().cpu().numpy()
            distinct = len(np.unique(rows, axis=0)) if len(rows) else 0
            if distinct < wanted:
                seen = f"{distinct} different instances" if distinct else "no instance"
                remarks.append(
                    f"class '{name}' has {seen} for {wanted} clusters; "
                    + ("lower 'clusters'" if distinct else "leave it out")
                    + " or encode more pictures"
                )
            if distinct:
                found = KMeans(min(distinct, wanted), random_state=seed, n_init=10).fit(rows)
                counts = np.bincount(found.labels_, minlength=len(found.cluster_centers_))
                order = np.argsort(-counts, kind="stable")
                k = len(order)
                self.centres[c, :k] = torch.from_numpy(found.cluster_centers_[order])
                self.counts[c, :k] = torch.from_numpy(counts[order])
        if strict and remarks:
            raise InputError("clusters: " + "; ".join(remarks))
        return remarks
