"""Painting with a style for every instance, and changing one at a time.

Source: Wang et al. (2018), section 3.4: at inference each object takes a cluster centre, or the
features that the encoder reads off a picture.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from nbgan.errors import InputError
from nbgan.gan.perceptual import check_images
from nbgan.pix2pixhd.clusters import FeatureClusters
from nbgan.pix2pixhd.encoder import FeatureEncoder
from nbgan.pix2pixhd.pooling import class_of, instance_table
from nbgan.pix2pixhd.recipe import Pix2PixHDRecipe
from nbgan.pix2pixhd.styles import (
    SLOTS,
    InstanceStyles,
    check_classes,
    instance_ids,
    paint_style,
    paint_tables,
    styles_of,
)
from nbgan.train.painting import PaintingSystem
from nbgan.train.system import Batch


class StyledPainting(PaintingSystem):
    """What a trained pix2pixHD offers to its users.

    Three ways to say how instances look, from coarse to fine: a *style* (a tensor for whole
    pictures, from :meth:`sample_style` or :meth:`style_of`), *tables* (a vector for each instance
    id, from :meth:`instance_styles`, to be edited) and a *feature map* (from :meth:`encode` or
    :meth:`paint_styles`).
    """

    recipe: Pix2PixHDRecipe
    encoder: FeatureEncoder | None
    clusters: FeatureClusters | None

    @abstractmethod
    def condition(self, label: Tensor, instance: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Maps for the networks, and instance ids."""

    @abstractmethod
    def paint(self, condition: Tensor, features: Tensor | None) -> Tensor:
        """The generator on its input."""

    @abstractmethod
    def feature_map(self, image: Tensor, ids: Tensor) -> Tensor:
        """Encoder features pooled over instances."""

    @property
    def given(self) -> str:
        """What part of a batch pictures are painted from."""
        return "source" if self.recipe.rgb else "label"

    @property
    def has_styles(self) -> bool:
        """Whether the model was trained with instance features."""
        return self.encoder is not None

    @torch.no_grad()
    def generate(
        self,
        label: Tensor,
        instance: Tensor | None = None,
        style: Tensor | None = None,
        features: Tensor | None = None,
    ) -> Tensor:
        """Paint label maps.

        Args:
            label: class ids ``[N, H, W]``; any size that the networks can halve. With ``rgb``
                pictures ``[N, 3, H, W]`` in [−1, 1].
            instance: instance ids ``[N, H, W]``, 0 = no instance, things as class · 1000 + n or
                simply numbered.
            style: ``[N, classes, SLOTS, F]``; None takes each class's most frequent cluster.
            features: a feature map ``[N, F, H, W]`` instead of a style.

        Returns:
            Pictures ``[N, 3, H, W]`` in [−1, 1].

        Raises:
            InputError: bad ids or sizes, no instance map, or a style for a model without styles.
        """
        condition, ids = self.condition(label, instance)
        if not self.has_styles:
            if style is not None or features is not None:
                raise InputError(
                    f"{'style' if features is None else 'features'}: this model was trained "
                    "without instance features; leave it out"
                )
            return self.paint(condition, None)
        assert ids is not None
        if features is None:
            features = paint_style(ids, self._style(style, len(label)))
        elif style is not None:
            raise InputError("style and features: give one of them")
        expected = (len(label), self.recipe.feature_channels, *label.shape[1:])
        if tuple(features.shape) != expected:
            raise InputError(
                f"features: expected shape {list(expected)}, got {list(features.shape)}"
            )
        return self.paint(condition, features.to(condition))

    @torch.no_grad()
    def encode(self, image: Tensor, label: Tensor, instance: Tensor | None = None) -> Tensor:
        """Pictures with their maps to feature maps ``[N, F, H, W]``, constant over instances.

        Args:
            image: ``[N, 3, H, W]`` in [−1, 1].
            label, instance: ids ``[N, H, W]``.

        Raises:
            InputError: a model without styles, or maps that are missing or do not fit.
        """
        self._need_styles("encode")
        check_images(image)
        if image.shape[-2:] != label.shape[-2:]:
            raise InputError(
                f"image: size {list(image.shape[-2:])} differs from label's "
                f"{list(label.shape[-2:])}; resize the maps with nearest neighbour"
            )
        ids = instance_ids(label, instance).to(self.device)
        return self.feature_map(image.to(self.device), ids)

    @torch.no_grad()
    def sample_style(self, n: int, seed: int = 0) -> Tensor:
        """Draw ``n`` styles ``[n, classes, SLOTS, F]``: a cluster for each instance-to-be."""
        generator = torch.Generator().manual_seed(seed)
        return self._need_styles("sample_style").sample(n, generator)

    @torch.no_grad()
    def style_of(
        self, image: Tensor, label: Tensor | None = None, instance: Tensor | None = None
    ) -> Tensor:
        """The styles ``[N, classes, SLOTS, F]`` of pictures; they fit any other label map, too."""
        clusters = self._need_styles("style_of")
        if label is None:
            raise InputError(
                "style_of: this model takes a style from each instance of a picture, so give the "
                "picture's label map and instance map as well"
            )
        features = self.encode(image, label, instance).float()
        ids = instance_ids(label, instance).to(self.device)
        return styles_of(features, ids, clusters.usual())

    @torch.no_grad()
    def instance_styles(
        self,
        label: Tensor,
        instance: Tensor | None = None,
        *,
        image: Tensor | None = None,
        style: Tensor | None = None,
        choices: Mapping[int, int] | None = None,
    ) -> list[InstanceStyles]:
        """The vector of every instance of label maps, to be edited and painted.

        Args:
            label, instance: ids ``[N, H, W]``.
            image: pictures ``[N, 3, H, W]`` to read the vectors off; None takes the style.
            style: as in :meth:`generate`.
            choices: cluster index by instance id, for those instances that are there.

        Returns:
            One dict per label map: vectors ``[F]`` by instance id; stuff has its class id.

        Raises:
            InputError: as :meth:`generate`; a cluster that does not exist.
        """
        clusters = self._need_styles("instance_styles")
        ids = instance_ids(label, instance).to(self.device)
        if image is not None:
            features = self.encode(image, label, instance)
        else:
            features = paint_style(ids, self._style(style, len(label)))
        tables = [
            dict(zip(table.ids.tolist(), table.means.float().unbind(), strict=True))
            for table in instance_table(features.float(), ids)
        ]
        for identity, index in (choices or {}).items():
            if not any(identity in table for table in tables):
                raise InputError(
                    f"choices: no instance {identity} in the label maps; there are "
                    f"{', '.join(map(str, sorted({i for table in tables for i in table})[:12]))} …"
                )
            vector = clusters.centre(int(class_of(torch.tensor(identity))), index)
            for table in tables:
                if identity in table:
                    table[identity] = vector
        return tables

    def paint_styles(
        self, label: Tensor, instance: Tensor | None, tables: list[InstanceStyles]
    ) -> Tensor:
        """Tables of vectors to the feature map ``[N, F, H, W]`` that :meth:`generate` takes.

        Raises:
            InputError: an instance without a vector, or a vector of another length.
        """
        self._need_styles("paint_styles")
        ids = instance_ids(label, instance).to(self.device)
        check_classes(ids, self.label_space.num_classes)
        return paint_tables(ids, tables, self.recipe.feature_channels)

    @torch.no_grad()
    def paint_in_own_style(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Paint what a batch gives in the styles of its pictures, where there are styles."""
        if not self.recipe.rgb:
            return super().paint_in_own_style(batch)
        return self.generate(batch[self.given], batch.get("instance")).float()

    @torch.no_grad()
    def preview(self, batch: Batch) -> Tensor:
        """Rows: what is given, real picture, picture in its own style, in a random style."""
        if not self.recipe.rgb:
            return super().preview(batch)
        given, real = batch[self.given].to(self.device), batch["image"].to(self.device)
        return torch.cat([given, real, self.paint_in_own_style(batch)])

    @torch.no_grad()
    def evaluate(self, batches: Iterable[Batch]) -> dict[str, float]:
        """mIoU and pixel accuracy; with ``rgb`` the mean absolute difference of colours, 0 to 1."""
        if not self.recipe.rgb:
            return super().evaluate(batches)
        total, values = 0.0, 0
        for batch in batches:
            real = batch["image"].to(self.device)
            total += (self.paint_in_own_style(batch) - real).abs().sum().item() / 2
            values += real.numel()
        return {"difference": total / values} if values else {}

    def _style(self, style: Tensor | None, n: int) -> Tensor:
        clusters = self._need_styles("style")
        usual = clusters.usual()
        if style is None:
            return usual[None, :, None].expand(n, -1, SLOTS, -1)
        expected = (n, len(usual), SLOTS, clusters.channels)
        if tuple(style.shape) != expected:
            raise InputError(
                f"style: expected shape {list(expected)}, one style per label map, got "
                f"{list(style.shape)}"
            )
        return style.to(usual)

    def _need_styles(self, what: str) -> FeatureClusters:
        if self.clusters is None:
            raise InputError(
                f"{what}: this model was trained without instance features, so it has no styles"
            )
        return self.clusters
