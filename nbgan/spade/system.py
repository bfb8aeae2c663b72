"""SPADE as a trainable system: generator, discriminator, image encoder and their losses.

Source: Park et al. (2019), section 3 and appendix A. Published order and weights: one generator
update, then one discriminator update on newly generated pictures; fake and real pass the
discriminator as one batch.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.gan.discriminator import MultiScaleDiscriminator, in_autocast_type, judge_together
from nbgan.gan.losses import (
    feature_matching_loss,
    gan_loss,
    kl_loss,
    over_scales,
    reparameterize,
)
from nbgan.gan.perceptual import PerceptualLoss, VGG19Features, embedded_features
from nbgan.spade.baseline import InputGenerator
from nbgan.spade.networks import ImageEncoder, Modulation, SpadeGenerator
from nbgan.spade.recipe import SpadeRecipe
from nbgan.spade.semantics import label_channels, semantics
from nbgan.train.painting import PaintingSystem
from nbgan.train.system import Batch, Losses, Phase


class SpadeSystem(PaintingSystem):
    """Paint pictures from label maps.

    Args:
        recipe: sizes, losses and conditioning.
        label_space: the classes of the label maps.
        perceptual: perceptual loss of two pictures; None builds what the recipe names when
            training first asks for it.
    """

    recipe_type: ClassVar = SpadeRecipe
    shipped: ClassVar = ("generator", "encoder")
    recipe: SpadeRecipe
    label_space: LabelSpace

    def __init__(
        self,
        recipe: SpadeRecipe,
        label_space: LabelSpace,
        perceptual: PerceptualLoss | None = None,
    ) -> None:
        super().__init__(recipe, label_space)
        torch.manual_seed(recipe.seed)
        channels = label_channels(
            label_space, dont_care=recipe.dont_care, use_instances=recipe.use_instances
        )
        sizes: dict[str, Any] = {
            "label_channels": channels,
            "width": recipe.width,
            "height_width": recipe.height_width,
            "depth": recipe.depth,
            "z_dim": recipe.z_dim,
            "max_width": recipe.max_width,
        }
        self.generator: SpadeGenerator | InputGenerator
        if recipe.conditioning == "spade":
            self.generator = SpadeGenerator(
                **sizes,
                hidden=recipe.hidden,
                norm=recipe.norm,
                kernel_size=recipe.kernel_size,
            )
        else:
            self.generator = InputGenerator(**sizes)
        self.encoder = (
            None
            if recipe.z_dim is None
            else ImageEncoder(
                width=recipe.encoder_width, z_dim=recipe.z_dim, size=recipe.encoder_size
            )
        )
        self.discriminator = MultiScaleDiscriminator(
            in_channels=channels + 3,
            scales=recipe.discriminator_scales,
            width=recipe.discriminator_width,
            layers=recipe.discriminator_layers,
        )
        for network in (self.generator, self.encoder, self.discriminator):
            if network is not None:
                initialize(network, gain=recipe.initial_gain)
        self.gan_loss = gan_loss(recipe.gan_loss)
        self._perceptual = perceptual

    # --- use -------------------------------------------------------------------------------

    def segmap(self, label: Tensor, instance: Tensor | None = None) -> Tensor:
        """Class ids ``[N, H, W]`` to the map that the networks see, checked."""
        expected = self.recipe.height_width
        if tuple(label.shape[-2:]) != expected:
            raise InputError(
                f"label: size {label.shape[-2]} × {label.shape[-1]} (height × width); this model "
                f"paints {expected[0]} × {expected[1]}. Resize the map with nearest neighbour"
            )
        return semantics(
            label,
            instance,
            self.label_space,
            dont_care=self.recipe.dont_care,
            use_instances=self.recipe.use_instances,
        ).to(self.device)

    @property
    def has_styles(self) -> bool:
        """Whether the model was trained with styles."""
        return self.encoder is not None

    @torch.no_grad()
    def modulations(self, label: Tensor, instance: Tensor | None = None) -> list[list[Modulation]]:
        """What depends on the label map alone; pass it to :meth:`generate` to try many styles."""
        if not isinstance(self.generator, SpadeGenerator):
            raise InputError(
                "modulations: this model takes the label map at its input only and has none"
            )
        return self.generator.modulations(self.segmap(label, instance))

    @torch.no_grad()
    def generate(
        self,
        label: Tensor,
        instance: Tensor | None = None,
        style: Tensor | None = None,
        modulations: list[list[Modulation]] | None = None,
    ) -> Tensor:
        """Paint label maps.

        Args:
            label: class ids ``[N, H, W]``.
            instance: instance ids ``[N, H, W]``, if the model was built for them.
            style: ``[N, z_dim]`` from :meth:`encode` or :meth:`sample_style`; None takes the mean
                style, all zeros.
            modulations: what :meth:`modulations` gave for this label map.

        Returns:
            Pictures ``[N, 3, H, W]`` in [−1, 1].

        Raises:
            InputError: bad ids or sizes, or a style for a model that has none.
        """
        segmap = self.segmap(label, instance)
        z_dim = self.recipe.z_dim
        if z_dim is None:
            if style is not None:
                raise InputError("style: this model was trained without styles; leave it out")
        elif style is None:
            style = torch.zeros(len(label), z_dim)
        elif tuple(style.shape) != (len(label), z_dim):
            raise InputError(
                f"style: expected shape {[len(label), z_dim]}, one style per label map, got "
                f"{list(style.shape)}"
            )
        z = None if style is None else style.to(segmap)
        if modulations is not None and isinstance(self.generator, SpadeGenerator):
            return self.generator(segmap, z, modulations)
        return self.generator(segmap, z)

    @torch.no_grad()
    def encode(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures ``[N, 3, H, W]`` in [−1, 1] to mean and log variance of their style.

        Raises:
            InputError: the model was trained without styles.
        """
        if self.encoder is None:
            raise InputError("encode: this model was trained without styles, it has no encoder")
        return self.encoder(image.to(self.device))

    def style_of(
        self, image: Tensor, label: Tensor | None = None, instance: Tensor | None = None
    ) -> Tensor:
        """The mean styles ``[N, z_dim]`` of pictures ``[N, 3, H, W]``; the maps do not matter."""
        return self.encode(image)[0]

    def sample_style(self, n: int, seed: int = 0) -> Tensor:
        """Draw ``n`` styles ``[n, z_dim]`` from the prior."""
        if self.recipe.z_dim is None:
            raise InputError("sample_style: this model was trained without styles")
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(n, self.recipe.z_dim, generator=generator)

    # --- training --------------------------------------------------------------------------

    def phases(self) -> list[Phase]:
        """A generator update (encoder included), then a discriminator update."""
        rate, betas = self.recipe.learning_rate, self.recipe.betas
        painters = ("generator",) if self.encoder is None else ("generator", "encoder")
        return [
            Phase(
                name="generator",
                networks=painters,
                losses=self.generator_losses,
                optimizer=lambda p: torch.optim.Adam(p, lr=rate / 2, betas=betas),
            ),
            Phase(
                name="discriminator",
                networks=("discriminator",),
                losses=self.discriminator_losses,
                optimizer=lambda p: torch.optim.Adam(p, lr=rate * 2, betas=betas),
            ),
        ]

    def generator_losses(self, batch: Batch, noise: Tensor | None = None) -> Losses:
        """Weighted terms of the generator: GAN, feature matching, perceptual, pixel, KL.

        Args:
            batch: with ``image``, ``label`` and, if used, ``instance``.
            noise: of the style, ``[N, z_dim]``; drawn if None.
        """
        segmap = in_autocast_type(self.segmap(batch["label"], batch.get("instance")))
        fake, style_losses = self._paint(segmap, batch["image"], noise)
        judged_fake, judged_real = judge_together(self.discriminator, segmap, fake, batch["image"])
        losses = {"gan": over_scales(self.gan_loss.generator, judged_fake)}
        if self.recipe.feature_matching:
            losses["feature_matching"] = self.recipe.feature_matching * feature_matching_loss(
                judged_fake, judged_real
            )
        if self.recipe.perceptual:
            losses["perceptual"] = self.recipe.perceptual * self.perceptual(fake, batch["image"])
        if self.recipe.pixel:
            losses["pixel"] = self.recipe.pixel * F.l1_loss(fake.float(), batch["image"])
        return losses | style_losses

    def discriminator_losses(self, batch: Batch, noise: Tensor | None = None) -> Losses:
        """The discriminator's terms on new fakes, which carry no graph of the generator."""
        segmap = in_autocast_type(self.segmap(batch["label"], batch.get("instance")))
        with torch.no_grad():
            fake, _ = self._paint(segmap, batch["image"], noise)
        judged_fake, judged_real = judge_together(self.discriminator, segmap, fake, batch["image"])
        return {
            "fake": over_scales(self.gan_loss.fake, judged_fake),
            "real": over_scales(self.gan_loss.real, judged_real),
        }

    def _paint(self, segmap: Tensor, image: Tensor, noise: Tensor | None) -> tuple[Tensor, Losses]:
        if self.encoder is None:
            return self.generator(segmap), {}
        mu, logvar = self.encoder(image)
        z = reparameterize(mu.float(), logvar.float(), noise)
        return self.generator(segmap, z), {"kl": self.recipe.kl * kl_loss(mu, logvar)}

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


def initialize(network: nn.Module, *, gain: float = 0.02) -> None:
    """Xavier-normal weights (Glorot & Bengio, 2010), zero biases.

    With spectral norm the raw weight is what is drawn.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            weight = getattr(module, "weight_orig", module.weight)
            nn.init.xavier_normal_(weight, gain=gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
