"""Training of a small identity network on avatars, the default of the face-identity loss.

Two ways of saying who is like whom:

- *attributes*: an embedding has one number for each attribute, positive where a face has it. On the
  sphere the cosine of two sure faces is then the share of attributes in which they agree minus the
  share in which they do not, whoever drew them.
- *views*, for faces without attributes: two views of one face, moved, recoloured or turned into an
  ink drawing, are pulled together on the sphere and away from all others of the batch, by the
  normalised-temperature cross-entropy of Chen et al., *SimCLR* (2020), eq. 1.

The network is a narrow MobileFaceNet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import torch
from torch import Tensor
from torch.nn import functional as F

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.train.recipe import Recipe
from nbgan.train.system import Batch, Losses, Phase, System
from nbgan.ugatit.identity import FaceIdentity
from nbgan.ugatit.identity_views import Views
from nbgan.ugatit.mobilefacenet import MobileFaceNet


@dataclass(frozen=True, kw_only=True)
class IdentityRecipe(Recipe):
    """How an identity network is built and trained."""

    system: ClassVar[str] = "identity"

    data: str = "avatar-sides"
    likeness: Literal["attributes", "views"] = "attributes"
    """What makes two faces alike: the same attributes (data with ``attributes``), or being two
    views of one picture (any data)."""
    width: int = 16
    """Channels of the first stage; the published MobileFaceNet has 64."""
    embedding: int = 6
    """Numbers in an embedding: as many as there are attributes; for ``views`` any, published: 512.
    """
    repeats: tuple[int, int, int] = (2, 3, 1)
    """Residual blocks in the three stages; published: 4, 6, 2."""
    temperature: float = 0.1
    """Cosines, or with ``attributes`` the embedding's numbers, are divided by it to make logits."""
    shift: float = 0.08
    """Largest shift of a view, as a share of the picture's side."""
    scale: float = 0.12
    """Largest change of a view's scale."""
    jitter: float = 0.3
    """Largest change of brightness, contrast and hue."""
    grey: float = 0.2
    """Share of the views without colour."""
    ink: float = 0.0
    """Share of the views as ink drawings, for faces of which no artist made any."""
    learning_rate: float = 2e-3
    """Rate of AdamW; it falls linearly to zero."""
    weight_decay: float = 1e-2
    """Weight decay of AdamW."""

    @classmethod
    def presets(cls) -> dict[str, Self]:
        """``smoke``, ``cpu`` (the shipped weights) and ``gpu``."""
        cpu = cls(
            size=64,
            train_pictures=6000,
            batch_size=64,
            steps=2500,
            decay_from=0,
            channels_last=True,
            ema_decay=0.99,
            shift=0.04,
            scale=0.06,
            jitter=0.2,
            evaluate_pictures=500,
        )
        smoke = cls(
            size=32,
            train_pictures=16,
            batch_size=4,
            steps=3,
            width=4,
            repeats=(1, 1, 1),
            log_every=1,
            sample_every=2,
            checkpoint_every=2,
            evaluate_pictures=8,
        )
        gpu = cpu.replace(size=112, width=64, repeats=(4, 6, 2), batch_size=256)
        return {"smoke": smoke, "cpu": cpu, "gpu": gpu.replace(steps=20_000, precision="bf16")}


class IdentitySystem(System):
    """An identity network and how it learns to tell faces apart."""

    recipe_type: ClassVar = IdentityRecipe
    shipped: ClassVar = ("network",)
    recipe: IdentityRecipe

    def __init__(self, recipe: IdentityRecipe, label_space: LabelSpace | None) -> None:
        super().__init__(recipe, label_space)
        if recipe.batch_size < 2:
            raise InputError(
                "recipe field 'batch_size': an identity network learns by telling the faces of a "
                f"batch apart, so it needs 2 or more, got {recipe.batch_size}"
            )
        torch.manual_seed(recipe.seed)
        width = recipe.width
        self.network = MobileFaceNet(
            embedding=recipe.embedding,
            widths=(width, 2 * width, 4 * width, 8 * width),
            repeats=recipe.repeats,
            size=recipe.size,
        )
        self.views = Views(
            shift=recipe.shift,
            scale=recipe.scale,
            jitter=recipe.jitter,
            grey=recipe.grey,
            ink=recipe.ink,
        )

    def distance(self) -> FaceIdentity:
        """The face-identity distance under this network; the whole picture is the face."""
        name = f"identity network trained on {self.recipe.data} (not MobileFaceNet's weights)"
        return FaceIdentity(self.network, size=self.recipe.size, crop=False, name=name)

    def phases(self) -> list[Phase]:
        """One phase: faces that are alike come together."""
        return [
            Phase(
                name="identity",
                networks=("network",),
                losses=self.losses,
                optimizer=lambda p: torch.optim.AdamW(
                    p, lr=self.recipe.learning_rate, weight_decay=self.recipe.weight_decay
                ),
            )
        ]

    def losses(self, batch: Batch) -> Losses:
        """Loss of a batch with ``image`` and, for that kind of likeness, ``attributes``.

        Among views, where the batch has a ``label``, class 0 is a backdrop and changes its colour.

        Raises:
            InputError: attributes are asked for, and the batch has none, or another number of them
                than an embedding has.
        """
        image, label = batch["image"], batch.get("label")
        if self.recipe.likeness == "attributes":
            known = self._attributes(batch)
            logits = self.network(self.views(image)).float() / self.recipe.temperature
            return {"attributes": F.binary_cross_entropy_with_logits(logits, known)}
        both = torch.cat([self.views(image, label), self.views(image, label)])
        first, second = self.network(both).chunk(2)
        return {"contrast": contrastive_loss(first, second, self.recipe.temperature)}

    def _attributes(self, batch: Batch) -> Tensor:
        known = batch.get("attributes")
        if known is None:
            raise InputError(
                f"recipe field 'likeness': data set '{self.recipe.data}' has no attributes; "
                "choose 'views'"
            )
        if known.shape[1] != self.recipe.embedding:
            raise InputError(
                f"recipe field 'embedding': got {self.recipe.embedding}, data set "
                f"'{self.recipe.data}' has {known.shape[1]} attributes; give an embedding as many "
                "numbers"
            )
        return known.float()

    @torch.no_grad()
    def preview(self, batch: Batch) -> Tensor:
        """Rows: picture, two views of it."""
        image, label = batch["image"], batch.get("label")
        return torch.cat([image, self.views(image, label), self.views(image, label)])

    @torch.no_grad()
    def evaluate(self, batches: Iterable[Batch]) -> dict[str, float]:
        """How far likeness is what it was meant to be, on validation faces.

        Returns:
            For ``attributes``: ``told``, the share of faces that are rightly said to have an
            attribute, averaged with the share rightly said not to, and over attributes.
            For ``views``: ``top1``, share of pictures whose recoloured view is nearest to them
            among the views of all pictures; ``top1_ink``, the same for ink drawings;
            ``distance_same`` and ``distance_other``, mean distances to the own ink drawing and to
            those of others.
        """
        if self.recipe.likeness == "attributes":
            return {"told": self._told(batches)}
        plain, recoloured, drawn = [], [], []
        with torch.random.fork_rng():
            torch.manual_seed(self.recipe.seed)
            for batch in batches:
                image, label = batch["image"], batch.get("label")
                plain.append(self.network(image))
                recoloured.append(self.network(self.views(image, label, ink=0.0)))
                drawn.append(self.network(self.views(image, label, ink=1.0)))
        anchors = torch.cat(plain).float()
        similar = anchors @ torch.cat(recoloured).float().T
        similar_ink = anchors @ torch.cat(drawn).float().T
        own = torch.arange(len(anchors), device=anchors.device)
        others = ~torch.eye(len(anchors), dtype=torch.bool, device=anchors.device)
        return {
            "top1": (similar.argmax(dim=1) == own).float().mean().item(),
            "top1_ink": (similar_ink.argmax(dim=1) == own).float().mean().item(),
            "distance_same": (1 - similar_ink.diagonal()).mean().item(),
            "distance_other": (1 - similar_ink[others]).mean().item(),
        }

    def _told(self, batches: Iterable[Batch]) -> float:
        found = [(self.network(b["image"]) > 0, self._attributes(b) > 0.5) for b in batches]
        said, known = (torch.cat(part) for part in zip(*found, strict=True))
        right = [
            (said == known)[known == there].float().mean()
            for said, known in zip(said.T, known.T, strict=True)
            for there in (True, False)
            if (known == there).any()
        ]
        return torch.stack(right).mean().item()


def contrastive_loss(first: Tensor, second: Tensor, temperature: float = 0.1) -> Tensor:
    """Cross-entropy of finding the partner among all other views of the batch (SimCLR, eq. 1).

    Args:
        first, second: embeddings ``[N, D]`` of length 1; row i of both shows the same face.
        temperature: cosines are divided by this.

    Returns:
        Scalar, float32.
    """
    everything = torch.cat([first, second]).float()
    similar = everything @ everything.T / temperature
    similar = similar.masked_fill(
        torch.eye(len(everything), dtype=torch.bool, device=similar.device), float("-inf")
    )
    count = len(first)
    partner = torch.arange(2 * count, device=similar.device).roll(count)
    return F.cross_entropy(similar, partner)
