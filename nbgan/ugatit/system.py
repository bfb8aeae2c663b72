"""U-GAT-IT and photo2cartoon as a trainable system: two generators, four discriminators, losses.

Source: Kim et al., *U-GAT-IT* (2020), sections 2.1 and 2.2; the face-identity term is that of
photo2cartoon (minivision-ai, 2020). One step is one update of every discriminator, then one of the
generators, as published, with the published numbers at less cost:

- All updates ask for the same translations by the same weights, so they are made once. The
  discriminators see them without a graph, the generators' update takes up the graph where it is.
- Nothing connects the discriminators, so each is a phase of its own: one gradient at a time.
- A generator is given the pictures to translate and those to leave alone in one batch. No norm
  looks across a batch, so nothing changes.
- The discriminators' three passes (real, translated, and again for the generators) stay apart:
  each takes a power iteration of spectral norm.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.gan.losses import gan_loss, r1_penalty
from nbgan.train.system import Batch, Losses, Phase, System
from nbgan.ugatit.cartoon import CartoonGenerator
from nbgan.ugatit.compact import CompactAdam, make_compact
from nbgan.ugatit.discriminator import CAMDiscriminator, smallest_side
from nbgan.ugatit.generator import GeneratorOutput, UGATITGenerator
from nbgan.ugatit.identity import FaceIdentity, face_identity
from nbgan.ugatit.recipe import AVATAR_PAIR, UGATITRecipe
from nbgan.ugatit.sharing import Made, SharedTranslations, learning, translate_both
from nbgan.ugatit.start import take_discriminators, take_generator
from nbgan.ugatit.terms import SCALES, discriminator_terms, generator_terms

Direction = Literal["a2b", "b2a"]
GENERATORS = ("generator_a2b", "generator_b2a")


class UGATITSystem(System):
    """Translate pictures of a source domain A into a target domain B, and back.

    Args:
        recipe: networks, sizes and losses.
        label_space: of the data; not used.
        face: distance of faces for the face-identity loss; None builds what the recipe names when
            training begins.

    Raises:
        InputError: sizes that the networks cannot take.
    """

    recipe_type: ClassVar = UGATITRecipe
    shipped: ClassVar = GENERATORS
    recipe: UGATITRecipe

    def __init__(
        self,
        recipe: UGATITRecipe,
        label_space: LabelSpace | None = None,
        face: FaceIdentity | None = None,
    ) -> None:
        super().__init__(recipe, label_space)
        layers = {"global": recipe.global_layers, "local": recipe.local_layers}
        least = smallest_side(max(layers.values()))
        if recipe.size < least:
            raise InputError(
                f"recipe: pictures of {recipe.size} pixels are too small for discriminators of "
                f"{max(layers.values())} layers, which need {least}; raise 'size' or lower "
                "'global_layers' and 'local_layers'"
            )
        torch.manual_seed(recipe.seed)
        self.generator_a2b = self._generator()
        self.generator_b2a = self._generator()
        self.discriminators = nn.ModuleDict(
            {
                f"{scale}_{domain}": CAMDiscriminator(
                    layers=layers[scale],
                    width=recipe.discriminator_width,
                    max_width=recipe.discriminator_max_width,
                    cam=recipe.cam,
                )
                for domain in "ab"
                for scale in SCALES
            }
        )
        if recipe.compact:
            for name in GENERATORS:
                make_compact(self.get_submodule(name))
        self._loss = gan_loss(recipe.gan)
        self._face = face
        self._shared = SharedTranslations(recipe.accumulate)

    def _generator(self) -> UGATITGenerator:
        recipe = self.recipe
        sizes: dict[str, Any] = {
            "width": recipe.width,
            "halvings": recipe.halvings,
            "blocks": recipe.blocks,
            "size": recipe.size,
            "light": recipe.light,
            "norm": recipe.norm,
            "cam": recipe.cam,
            "checkpoint": recipe.checkpoint,
        }
        if recipe.variant == "photo2cartoon":
            return CartoonGenerator(levels=recipe.levels, **sizes)
        return UGATITGenerator(**sizes)

    # --- use -------------------------------------------------------------------------------

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.generator_a2b.parameters()).device

    @torch.no_grad()
    def translate(self, image: Tensor, direction: Direction = "a2b") -> GeneratorOutput:
        """Translate pictures.

        Args:
            image: ``[N, 3, H, W]`` in [−1, 1], of the domain that the direction starts from.
            direction: ``"a2b"``, source to target, or ``"b2a"``.

        Returns:
            Pictures ``[N, 3, H, W]``, and with attention CAM logits ``[N, 2]`` and heat maps
            ``[N, 1, h, w]``, sides divided by 2 to the number of halvings.

        Raises:
            InputError: no such direction, or pictures that the generator cannot take.
        """
        if direction not in ("a2b", "b2a"):
            raise InputError(f"direction: got {direction!r}; choose 'a2b' or 'b2a'")
        generator = self.generator_a2b if direction == "a2b" else self.generator_b2a
        result: GeneratorOutput = generator(image.to(self.device))
        return result

    # --- training --------------------------------------------------------------------------

    def begin(self) -> None:
        """Take over the weights that ``start_from`` names, discriminators too where it is the
        folder of a training: new ones would undo what the generators have learned."""
        super().begin()
        if self.recipe.start_from is not None:
            take_discriminators(self.discriminators, Path(self.recipe.start_from))

    def begin_from(self, other: System) -> None:
        """Take the generators of a trained system; photo2cartoon may take U-GAT-IT's."""
        self._check_kind(other)
        theirs = other.shipped_networks()
        for name, ours in self.shipped_networks().items():
            where = f"start_from '{self.recipe.start_from}' ({name})"
            take_generator(ours, theirs[name], where=where)

    def check_data(self, data: Dataset) -> None:
        """Refuse data without two sides, and a face-identity loss without its network."""
        item = data[0]
        missing = [part for part in ("source", "target") if part not in item]
        if missing:
            raise InputError(
                f"data set '{self.recipe.data}': its items have no {' and no '.join(missing)}; "
                "translation needs the pictures of two domains, such as 'avatar-pair' or "
                "'unpaired'"
            )
        if self.recipe.face_weight and self._face is None:
            if self.recipe.identity_network is None and self.recipe.data != AVATAR_PAIR:
                raise InputError(
                    f"recipe field 'identity_network': the embedded one knows '{AVATAR_PAIR}' "
                    f"only, this recipe reads '{self.recipe.data}'. Give the published "
                    "model_mobilefacenet.pth or one of your own ('python -m nbgan train identity "
                    "--likeness views'), or set face_weight to 0"
                )
            self._face = face_identity(self.recipe.identity_network)
        several = torch.distributed.is_available() and torch.distributed.is_initialized()
        if self.recipe.compact and several and torch.distributed.get_world_size() > 1:
            raise InputError(
                "recipe field 'compact' is for one process, this training has "
                f"{torch.distributed.get_world_size()}; leave it out"
            )

    @property
    def face(self) -> FaceIdentity:
        """The distance of faces that the recipe names.

        Raises:
            InputError: no such identity network.
        """
        if self._face is None:
            self._face = face_identity(self.recipe.identity_network)
        return self._face

    def phases(self) -> list[Phase]:
        """An update of each discriminator, now and then with R1, then one of both generators.

        Published programs update the discriminators together. Nothing connects them, so one at a
        time gives the same numbers, and only one needs room for its gradient.
        """
        recipe = self.recipe

        def optimizer(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
            kind = CompactAdam if recipe.compact else partial(torch.optim.Adam, fused=True)
            rate, decay = recipe.learning_rate, recipe.weight_decay
            return kind(parameters, lr=rate, betas=recipe.betas, weight_decay=decay)

        return [
            *(
                Phase(
                    name=f"discriminator_{name}",
                    networks=(f"discriminators.{name}",),
                    losses=partial(self.discriminator_losses, name=name),
                    optimizer=optimizer,
                )
                for name in self.discriminators
            ),
            *(
                Phase(
                    name=f"r1_{name}",
                    networks=(f"discriminators.{name}",),
                    losses=partial(self.r1_losses, name=name),
                    optimizer=f"discriminator_{name}",
                    every=recipe.r1_every,
                )
                for name in self.discriminators
                if recipe.r1
            ),
            Phase(
                name="generators",
                networks=GENERATORS,
                losses=self.generator_losses,
                optimizer=optimizer,
                after=self.clip_rho_,
            ),
        ]

    def discriminator_losses(self, batch: Batch, name: str) -> Losses:
        """What one discriminator minimises, on patches and on CAM logits.

        Args:
            batch: ``source`` and ``target``, ``[N, 3, H, W]`` in [−1, 1].
            name: of the discriminator, such as ``"global_a"``.
        """
        made = self._shared.find(batch)
        if made is None:
            # With accumulated batches the graphs of all would have to wait, so there are none.
            graph = self.recipe.accumulate == 1 and torch.is_grad_enabled()
            generators = [self.generator_a2b, self.generator_b2a]
            with learning(generators) if graph else torch.no_grad():
                made = translate_both(self.generator_a2b, self.generator_b2a, batch)
            self._shared.keep(batch, made)
        domain = name[-1]
        return discriminator_terms(
            self.discriminators[name],
            _real(batch)[domain],
            made[domain],
            self.recipe.weights,
            self._loss,
        )

    def r1_losses(self, batch: Batch, name: str) -> Losses:
        """The R1 penalty of one discriminator (Mescheder et al., 2018, eq. 9), times the number of
        steps that it stands for.

        Of a patch's score and of a CAM logit, each on its own: scores of patches that do not
        overlap have gradients at right angles, so their sum is divided by the root of their number.

        Args:
            batch, name: as for :meth:`discriminator_losses`.
        """
        with torch.autocast(self.device.type, enabled=False):
            real = _real(batch)[name[-1]].detach().float().requires_grad_()
            scores, cam_logits, _ = self.discriminators[name](real)
            judged = scores.flatten(1) / math.sqrt(scores[0].numel())
            if cam_logits is not None:
                judged = torch.cat([judged, cam_logits], dim=1)
            penalty = r1_penalty(judged, real)
        return {"penalty": self.recipe.r1 * self.recipe.r1_every * penalty}

    def generator_losses(self, batch: Batch) -> Losses:
        """Weighted terms of the generators, by the domain that they lead into (eq. 3 to 7).

        Args:
            batch: as for :meth:`discriminator_losses`.
        """
        made = self._made(batch)
        returned = {
            "a": self.generator_b2a(self._noisy(made["b"].fake)).image,
            "b": self.generator_a2b(self._noisy(made["a"].fake)).image,
        }
        return generator_terms(
            self.discriminators,
            _real(batch),
            made,
            returned,
            self.recipe.weights,
            self.face if self.recipe.face_weight else None,
            self._loss,
        )

    def _made(self, batch: Batch) -> Made:
        """What was made of a batch before, or is made now, with its graph."""
        made = self._shared.take(batch)
        if made is None or not made["a"].fake.requires_grad:
            made = translate_both(self.generator_a2b, self.generator_b2a, batch)
        return made

    def _noisy(self, fake: Tensor) -> Tensor:
        if not self.recipe.cycle_noise:
            return fake
        return fake + self.recipe.cycle_noise * torch.randn_like(fake)

    def clip_rho_(self) -> None:
        """Clip every ``rho`` of both generators to [0, 1]."""
        self.generator_a2b.clip_rho_()
        self.generator_b2a.clip_rho_()

    # --- looking and scoring ---------------------------------------------------------------

    def preview(self, batch: Batch) -> Tensor:
        """Rows: source, its translation, heat map if any, back again; the same from the target."""
        from nbgan.ugatit.scores import preview_rows

        return torch.cat(preview_rows(self, batch))

    def evaluate(self, batches: Iterable[Batch]) -> dict[str, float]:
        """Distances to the domains and parts that were kept; see :mod:`nbgan.ugatit.scores`."""
        from nbgan.ugatit.scores import translation_scores

        return translation_scores(self, batches)


def _real(batch: Batch) -> dict[str, Tensor]:
    """The pictures of a batch by their domain."""
    return {"a": batch["source"], "b": batch["target"]}
