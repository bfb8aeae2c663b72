"""pix2pixHD as a trainable system: generator, feature encoder, discriminators and their losses.

Source: Wang et al. (2018), sections 3.2 to 3.4. Published order: generator and discriminators are
judged on the same painted picture, then both are updated. Edges and classes go to both sides,
features to the generator only.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.gan.discriminator import MultiScaleDiscriminator, in_autocast_type
from nbgan.gan.losses import gan_loss
from nbgan.gan.perceptual import PerceptualLoss, VGG19Features, embedded_features
from nbgan.pix2pixhd import losses
from nbgan.pix2pixhd.clusters import FeatureClusters
from nbgan.pix2pixhd.condition import condition_channels, condition_maps
from nbgan.pix2pixhd.encoder import FeatureEncoder
from nbgan.pix2pixhd.enhancer import LocalEnhancer
from nbgan.pix2pixhd.generator import GlobalGenerator, TrunkSizes, initialize
from nbgan.pix2pixhd.pooling import instance_mean
from nbgan.pix2pixhd.recipe import Pix2PixHDRecipe
from nbgan.pix2pixhd.stages import StagedTraining
from nbgan.pix2pixhd.styles import paint_rows
from nbgan.train.system import Batch, Losses, Phase


class Pix2PixHDSystem(StagedTraining):
    """Paint pictures from label maps and instance maps, each instance in a style of its own.

    Args:
        recipe: sizes, losses and stage.
        label_space: the classes of the label maps; None with ``rgb``, where pictures are given.
        perceptual: perceptual loss of two pictures; None builds what the recipe names when
            training first asks for it.

    Raises:
        InputError: classes where the recipe expects pictures, or none where it expects classes.
    """

    recipe_type: ClassVar = Pix2PixHDRecipe
    shipped: ClassVar = ("generator", "encoder", "clusters")

    def __init__(
        self,
        recipe: Pix2PixHDRecipe,
        label_space: LabelSpace | None,
        perceptual: PerceptualLoss | None = None,
    ) -> None:
        super().__init__(recipe, label_space)
        _check_classes(recipe, label_space)
        torch.manual_seed(recipe.seed)
        condition = condition_channels(label_space, edges=recipe.use_instances)
        features = recipe.feature_channels if recipe.instance_features else 0
        self.generator = _generator(recipe, condition + features)
        self.encoder = self.clusters = None
        if recipe.instance_features and label_space is not None:
            self.encoder = FeatureEncoder(
                width=recipe.encoder_width,
                downsamplings=recipe.encoder_downsamplings,
                features=features,
                norm=recipe.norm,
            )
            self.clusters = FeatureClusters(
                classes=label_space.classes, clusters=recipe.clusters, channels=features
            )
        self.discriminator = MultiScaleDiscriminator(
            in_channels=condition + 3,
            scales=recipe.discriminator_scales,
            width=recipe.discriminator_width,
            layers=recipe.discriminator_layers + 1,
            norm=recipe.norm,
            spectral=False,
        )
        for network in (self.generator, self.encoder, self.discriminator):
            if network is not None:
                initialize(network, std=recipe.initial_std)
        self.gan_loss = gan_loss(recipe.gan_loss)
        self._perceptual = perceptual
        self._painted: list[tuple[Tensor, Tensor]] = []

    # --- maps ------------------------------------------------------------------------------

    def condition(self, label: Tensor, instance: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """One-hot classes and edges ``[N, C, H, W]``, and instance ids ``[N, H, W]`` if used.

        Args:
            label: class ids ``[N, H, W]``; with ``rgb`` pictures ``[N, 3, H, W]`` in [−1, 1],
                whose channels take the place of the classes.
            instance: instance ids ``[N, H, W]``, if the networks see them.

        Raises:
            InputError: bad ids or pictures, or no instance map where one is needed.
        """
        return condition_maps(
            label,
            instance,
            None if self.recipe.rgb else self.label_space,
            edges=self.recipe.use_instances,
            ids=self.recipe.instance_features,
            device=self.device,
        )

    def paint(self, condition: Tensor, features: Tensor | None) -> Tensor:
        """The generator on its input: classes, edges, then features."""
        seen = condition if features is None else torch.cat([condition, features], dim=1)
        return self.generator(in_autocast_type(seen))

    def feature_map(self, image: Tensor, ids: Tensor) -> Tensor:
        """Encoder features pooled over instances; an enhancer's encoder sees the coarse picture.

        The encoder learned at the global generator's size, and stays there: an enhancer gives it
        the picture at that size, and pools what it says over the instances at full size.
        """
        assert self.encoder is not None
        factor = 2**self.recipe.enhancers if self.recipe.generator == "local" else 1
        if factor > 1:
            unpooled = self.encoder.unpooled(F.avg_pool2d(image, factor))
            return instance_mean(F.interpolate(unpooled, scale_factor=factor), ids)
        return self.encoder(image, ids)

    # --- training --------------------------------------------------------------------------

    def phases(self) -> list[Phase]:
        """A generator update (encoder included), then a discriminator update.

        With ``fix_global_until`` the outermost enhancer learns alone up to that step; then the
        generator phase begins, whose optimiser is a fresh one.
        """
        recipe = self.recipe

        def adam(parameters):
            return torch.optim.Adam(parameters, lr=recipe.learning_rate, betas=recipe.betas)

        learns_features = self.encoder is not None and not recipe.load_features
        painters = ("generator", "encoder") if learns_features else ("generator",)
        release = recipe.fix_global_until
        phases = [
            Phase(
                name="generator",
                networks=painters,
                losses=self.generator_losses,
                optimizer=adam,
                start=release,
            ),
            Phase(
                name="discriminator",
                networks=("discriminator",),
                losses=self.discriminator_losses,
                optimizer=adam,
            ),
        ]
        if release:
            fixed = Phase(
                name="enhancer",
                networks=(f"generator.local_parts.{recipe.enhancers - 1}",),
                losses=self.generator_losses,
                optimizer=adam,
                until=release,
            )
            phases.insert(0, fixed)
        return phases

    def generator_losses(self, batch: Batch) -> Losses:
        """Weighted terms of the generator: GAN, feature matching, perceptual, pixel.

        Args:
            batch: with ``image``, ``label`` (``source`` with ``rgb``), ``instance`` if used and,
                with ``load_features``, ``features``, or ``feature_ids`` and ``feature_rows``.
        """
        given = batch[self.given]
        condition, ids = self.condition(given, batch.get("instance"))
        real = batch["image"]
        fake = self.paint(condition, self._features(batch, ids))
        self._painted.append((given, fake.detach()))
        judged = self._judge(condition, fake)
        terms = {"gan": losses.generator_loss(judged, self.gan_loss)}
        if self.recipe.feature_matching:
            with torch.no_grad():
                target = self._judge(condition, real)
            terms["feature_matching"] = losses.feature_matching(
                judged, target, weight=self.recipe.feature_matching
            )
        if self.recipe.perceptual:
            terms["perceptual"] = self.recipe.perceptual * self.perceptual(fake, real)
        if self.recipe.pixel:
            terms["pixel"] = self.recipe.pixel * F.l1_loss(fake.float(), real)
        return terms

    def discriminator_losses(self, batch: Batch) -> Losses:
        """The discriminators' terms on the picture that the generator was just judged on."""
        given = batch[self.given]
        condition, ids = self.condition(given, batch.get("instance"))
        fake = self._take_painted(given)
        if fake is None:
            with torch.no_grad():
                fake = self.paint(condition, self._features(batch, ids))
        judged_fake = self._judge(condition, fake)
        judged_real = self._judge(condition, batch["image"])
        return losses.discriminator_losses(judged_fake, judged_real, self.gan_loss)

    def _judge(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
        seen = [in_autocast_type(condition), in_autocast_type(picture)]
        return self.discriminator(torch.cat(seen, dim=1))

    def _take_painted(self, given: Tensor) -> Tensor | None:
        """The picture of the generator phase for this very batch; it is then forgotten."""
        for k, (painted_from, fake) in enumerate(self._painted):
            if painted_from is given:
                del self._painted[k]
                return fake
        self._painted.clear()
        return None

    def _features(self, batch: Batch, ids: Tensor | None) -> Tensor | None:
        if self.encoder is None:
            return None
        assert ids is not None
        if self.recipe.load_features and "features" in batch:
            return batch["features"]
        if "feature_rows" in batch:
            return paint_rows(ids, batch["feature_ids"], batch["feature_rows"])
        return self.feature_map(batch["image"], ids)

    @property
    def perceptual(self) -> PerceptualLoss:
        """The perceptual loss that the recipe names."""
        if self._perceptual is None:
            self._perceptual = PerceptualLoss(
                VGG19Features()
                if self.recipe.perceptual_features == "vgg19"
                else embedded_features()
            )
        return self._perceptual


def _check_classes(recipe: Pix2PixHDRecipe, label_space: LabelSpace | None) -> None:
    if recipe.rgb and label_space is not None:
        raise InputError(
            f"recipe field 'rgb' is set, but this data set has classes ('{label_space.name}'); "
            "leave rgb out, or use a folder with trainA and trainB (data='pix2pixhd')"
        )
    if not recipe.rgb and label_space is None:
        raise InputError(
            "this data set has pictures but no classes; use one with label maps, or set rgb=True "
            "(--rgb) to turn the pictures of trainA into those of trainB"
        )


def _generator(recipe: Pix2PixHDRecipe, in_channels: int) -> GlobalGenerator | LocalEnhancer:
    local = recipe.generator == "local"
    sizes = TrunkSizes(
        in_channels=in_channels,
        width=recipe.width * (2**recipe.enhancers if local else 1),
        downsamplings=recipe.downsamplings,
        blocks=recipe.blocks,
        norm=recipe.norm,
    )
    if local:
        return LocalEnhancer(
            in_channels=in_channels,
            width=recipe.width,
            global_generator=sizes,
            enhancers=recipe.enhancers,
            blocks=recipe.local_blocks,
            norm=recipe.norm,
        )
    return GlobalGenerator(
        in_channels=in_channels,
        width=sizes.width,
        downsamplings=sizes.downsamplings,
        blocks=sizes.blocks,
        norm=sizes.norm,
    )
