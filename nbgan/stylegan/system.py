"""StyleGAN as a trainable system: generator, discriminator, and their losses.

Source: Karras et al., *Analyzing and Improving the Image Quality of StyleGAN* (2020), section 3
and appendix B: logistic losses, lazy R1, path-length regularisation, style mixing. Version 1 is
trained the same way, at its full resolution from the start, against the same discriminator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.data.avatar_plans import Plans
from nbgan.data.labels import LabelSpace
from nbgan.gan.losses import gan_loss, r1_penalty
from nbgan.stylegan.augment import Augmentation
from nbgan.stylegan.discriminator import StyleGAN2Discriminator
from nbgan.stylegan.generator import StyleGenerator
from nbgan.stylegan.generator1 import StyleGAN1Generator
from nbgan.stylegan.generator2 import StyleGAN2Generator
from nbgan.stylegan.growth import grow
from nbgan.stylegan.imitation import (
    CODES,
    HEAD_START,
    IMITATION_BETAS,
    IMITATION_RATE,
    MAPPING_RATE,
    REMINDER,
    detail_weights,
    plan_reader,
)
from nbgan.stylegan.recipe import StyleGANRecipe
from nbgan.train.checkpoint import STATE_FILE, STATE_FORMAT, read_metadata
from nbgan.train.system import Batch, Losses, Phase, System

MEAN_DECAY = 0.998
"""Of the moving average of w, the centre of truncation."""


class StyleGANSystem(System):
    """Pictures from noise, by way of the latents w.

    Args:
        recipe: sizes, losses and regularisation.
        label_space: of the pictures' data set, kept with the weights; the networks do not use it.
    """

    recipe_type: ClassVar = StyleGANRecipe
    shipped: ClassVar = ("generator",)
    recipe: StyleGANRecipe
    mean_length: Tensor

    def __init__(self, recipe: StyleGANRecipe, label_space: LabelSpace | None) -> None:
        super().__init__(recipe, label_space)
        torch.manual_seed(recipe.seed)
        sizes: dict[str, Any] = {"size": recipe.size, "channels": recipe.channels}
        latents: dict[str, Any] = {
            "z_dim": recipe.z_dim,
            "w_dim": recipe.w_dim,
            "mapping_layers": recipe.mapping_layers,
            "mapping_rate": recipe.mapping_rate,
        }
        build: type[StyleGenerator] = (
            StyleGAN1Generator if recipe.version == 1 else StyleGAN2Generator
        )
        self.generator = build(**sizes, **latents)
        self.discriminator = StyleGAN2Discriminator(**sizes)
        if recipe.imitation:
            self.plans = Plans()
            self.plan_reader = plan_reader(self.plans.length, recipe.w_dim)
        self.augmentation = Augmentation(
            probability=recipe.augment_probability if recipe.augment != "none" else 0.0,
            adaptive=recipe.augment == "adaptive",
            target=recipe.augment_target,
            pictures=recipe.augment_pictures,
        )
        self.loss = gan_loss("logistic")
        self.register_buffer("mean_length", torch.zeros(()))

    # --- use -------------------------------------------------------------------------------

    @property
    def device(self) -> torch.device:
        """Where the generator's weights are."""
        return next(self.generator.parameters()).device

    def latents(self, n: int, *, seed: int = 0, psi: float = 0.7) -> Tensor:
        """Draw latents ``[n, rows, w_dim]``, truncated towards their mean.

        Args:
            n: how many.
            seed: the same seed gives the same latents; fewer of them are the first ones.
            psi: truncation; 1 for none, 0 for the mean.
        """
        draw = torch.Generator().manual_seed(seed)
        z = torch.stack([torch.randn(self.recipe.z_dim, generator=draw) for _ in range(n)])
        with torch.no_grad():
            w_plus = self.generator.broadcast(self.generator.mapping(z.to(self.device)))
            return self.generator.truncate(w_plus, psi)

    @torch.no_grad()
    def sample(self, n: int, *, seed: int = 0, psi: float = 0.7, batch_size: int = 16) -> Tensor:
        """Draw pictures ``[n, 3, size, size]``, in [−1, 1] but for overshoots.

        Args:
            n, seed, psi: as in :meth:`latents`.
            batch_size: pictures per forward pass.
        """
        w_plus = self.latents(n, seed=seed, psi=psi)
        return torch.cat([self.generator.synthesis(w) for w in w_plus.split(batch_size)])

    # --- training --------------------------------------------------------------------------

    def begin(self) -> None:
        """Take over what fits of the training, at a lower resolution, that ``start_from`` names.

        Growing as in Karras et al. (2018), without fading in: the discriminator is needed too, so
        it must be the folder of a training rather than a model file.
        """
        if self.recipe.start_from is not None:
            state = Path(self.recipe.start_from) / STATE_FILE
            read_metadata(state, STATE_FORMAT)
            grow(
                self,
                {k.removeprefix("system/"): v for k, v in load_file(state).items()},
                str(state),
            )

    def phases(self) -> list[Phase]:
        """Generator, path length now and then; discriminator, R1 now and then. Before them, where
        the recipe says so, the generator imitates.

        The lazy terms share the optimiser of the network that they regularise; its rate and decays
        make up for the additional updates (appendix B).
        """
        recipe = self.recipe
        lazy_g = recipe.path_length_every if recipe.path_length and recipe.version == 2 else 0
        lazy_d = recipe.r1_every if recipe.r1 else 0
        head_start = max(0, recipe.imitation - HEAD_START)
        phases = [
            Phase(
                name="generator",
                networks=("generator",),
                losses=self.generator_losses,
                optimizer=self._adam(lazy_g),
                start=recipe.imitation,
            )
        ]
        if lazy_g:
            phases.append(
                Phase(
                    name="path_length",
                    networks=("generator",),
                    losses=self.path_length_losses,
                    optimizer="generator",
                    every=lazy_g,
                    start=recipe.imitation,
                )
            )
        phases.append(
            Phase(
                name="discriminator",
                networks=("discriminator",),
                losses=self.discriminator_losses,
                optimizer=self._adam(lazy_d),
                start=head_start,
            )
        )
        if lazy_d:
            phases.append(
                Phase(
                    name="r1",
                    networks=("discriminator",),
                    losses=self.r1_losses,
                    optimizer="discriminator",
                    every=lazy_d,
                    start=head_start,
                )
            )
        return phases + (self._imitation_phases() if recipe.imitation else [])

    def _imitation_phases(self) -> list[Phase]:
        def adam(rate: float) -> Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]:
            return lambda p: torch.optim.Adam(p, lr=rate, betas=IMITATION_BETAS)

        until = self.recipe.imitation
        return [
            Phase(
                name="imitation",
                networks=("generator", "plan_reader"),
                losses=self.imitation_losses,
                optimizer=adam(IMITATION_RATE),
                until=until - self.recipe.settling,
            ),
            Phase(
                name="mapping",
                networks=("generator.mapping",),
                losses=self.mapping_losses,
                optimizer=adam(MAPPING_RATE),
            ),
            Phase(
                name="reminder",
                networks=("generator",),
                losses=self.imitation_losses,
                optimizer="generator",
                every=REMINDER,
                start=until,
            ),
        ]

    def _adam(self, every: int) -> Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]:
        share = every / (every + 1) if every else 1.0
        rate = self.recipe.learning_rate * share
        first, second = (beta**share for beta in self.recipe.betas)
        return lambda p: torch.optim.Adam(p, lr=rate, betas=(first, second), eps=1e-8)

    def generator_losses(self, batch: Batch) -> Losses:
        """What the discriminator thinks of new pictures."""
        w_plus = self._draw(len(batch["image"]), track=True)
        fake = self.generator.synthesis(w_plus, noise="random")
        return {"gan": self.loss.generator(self._judge(fake))}

    def discriminator_losses(self, batch: Batch) -> Losses:
        """New pictures against real ones."""
        with torch.no_grad():
            w_plus = self._draw(len(batch["image"]))
            fake = self.generator.synthesis(w_plus, noise="random")
        judged_real = self._judge(batch["image"])
        self.augmentation.adapt(judged_real.detach())
        return {
            "fake": self.loss.fake(self._judge(fake)),
            "real": self.loss.real(judged_real),
        }

    def r1_losses(self, batch: Batch) -> Losses:
        """The R1 penalty, times the number of steps that it stands for.

        Its gradient is taken at the augmented pictures, which are what the discriminator sees.
        """
        with torch.autocast(self.device.type, enabled=False):
            real = self._augmented(batch["image"].float()).detach().requires_grad_()
            penalty = r1_penalty(self.discriminator(real), real)
        return {"penalty": self.recipe.r1 * self.recipe.r1_every * penalty}

    def imitation_losses(self, batch: Batch) -> Losses:
        """Each ``image`` drawn from its ``plan``, which a reader turns into a latent.

        Not from noise: what the mapping network cannot tell apart would be drawn as its mean, eyes
        half closed.
        """
        image = batch["image"]
        w_plus = self.generator.broadcast(self.plan_reader(batch["plan"]).float())
        drawn = self.generator.synthesis(w_plus, noise="random").float()
        return {"picture": (detail_weights(image) * (drawn - image).abs()).mean()}

    def mapping_losses(self, batch: Batch) -> Losses:
        """The reader's latents from noise: from many points of the normal distribution for each
        ``plan``."""
        plan = batch["plan"].repeat(CODES, 1)
        with torch.no_grad():
            w = self.plan_reader(plan).float()
        codes = self.plans.codes(plan)
        rest = torch.randn(len(codes), self.recipe.z_dim - codes.shape[1], device=codes.device)
        mapped = self.generator.mapping(torch.cat([codes, rest], dim=1)).float()
        self.generator.update_mean(mapped.detach(), MEAN_DECAY)
        return {"latent": F.mse_loss(mapped, w)}

    def path_length_losses(self, batch: Batch) -> Losses:
        """Steps in w should change the picture by the same amount everywhere (eq. 4)."""
        n = max(1, len(batch["image"]) // self.recipe.path_length_shrink)
        with torch.autocast(self.device.type, enabled=False):
            w_plus = self._draw(n)
            image = self.generator.synthesis(w_plus, noise="random")
            directions = torch.randn_like(image) / math.sqrt(image.shape[2] * image.shape[3])
            (gradient,) = torch.autograd.grad((image * directions).sum(), w_plus, create_graph=True)
            lengths = gradient.square().sum(2).mean(1).sqrt()
            mean = torch.lerp(self.mean_length, lengths.mean().detach(), 0.01)
            self.mean_length.copy_(mean)
            penalty = (lengths - mean).square().mean()
        return {"penalty": self.recipe.path_length * self.recipe.path_length_every * penalty}

    def _draw(self, n: int, *, track: bool = False) -> Tensor:
        """New latents ``[n, rows, w_dim]``, some of them mixed from two."""
        w = self.generator.mapping(torch.randn(n, self.recipe.z_dim, device=self.device)).float()
        if track:
            self.generator.update_mean(w, MEAN_DECAY)
        w_plus = self.generator.broadcast(w)
        if self.recipe.mixing:
            other = self.generator.broadcast(
                self.generator.mapping(torch.randn(n, self.recipe.z_dim, device=self.device))
            ).float()
            rows = w_plus.shape[1]
            switch = torch.randint(1, rows, (n, 1))
            switch[torch.rand(n, 1) >= self.recipe.mixing] = rows
            first = (torch.arange(rows) < switch).to(w.device)
            w_plus = torch.where(first[:, :, None], w_plus, other)
        return w_plus

    def _augmented(self, images: Tensor) -> Tensor:
        return images if self.recipe.augment == "none" else self.augmentation(images)

    def _judge(self, images: Tensor) -> Tensor:
        return self.discriminator(self._augmented(images)).float()

    @torch.no_grad()
    def preview(self, batch: Batch) -> Tensor:
        """Two rows of samples without truncation and two with it."""
        n = 2 * len(batch["image"])
        rows = [self.sample(n, seed=0, psi=psi).float().clamp(-1, 1) for psi in (1.0, 0.7)]
        return torch.cat(rows)

    @torch.no_grad()
    def evaluate(self, batches: Iterable[Batch]) -> dict[str, float]:
        """Distances, precision and recall of samples against as many real pictures."""
        from nbgan import zoo
        from nbgan.gan.perceptual import embedded_features
        from nbgan.metrics import distribution_scores, embed, precision_recall

        judge = f"segmenter-{self.recipe.data}"
        if judge not in zoo.names():
            return {}
        real = torch.cat([batch["image"].cpu() for batch in batches])
        fake = torch.cat(list(self._samples(len(real))))
        features = embedded_features(judge, instead_of="Inception")
        scores = {s.name: s.value for s in distribution_scores(features, real, fake)}
        precision, recall = precision_recall(embed(features, real), embed(features, fake))
        return scores | {"precision": precision, "recall": recall}

    def _samples(self, n: int) -> Iterator[Tensor]:
        for first in range(0, n, 50):
            yield self.sample(min(50, n - first), seed=first, psi=1.0).float().clamp(-1, 1).cpu()
