"""EditGAN as a trainable system: the encoder learns; generator and classifiers stay as they are.

Source: Ling et al., *EditGAN* (2021), section 3.2 and supplement. Pictures that the generator has
sampled come with their true codes; real ones only with themselves, to be painted again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from nbgan.data.labels import LabelSpace
from nbgan.datasetgan import DatasetGANSystem, PixelGrid, fingerprint
from nbgan.editgan.distance import Distance, PictureDistance
from nbgan.editgan.embedding import psnr
from nbgan.editgan.encoder import PyramidEncoder
from nbgan.editgan.joint import JointModel, square_picture
from nbgan.editgan.preview import colored
from nbgan.editgan.recipe import EncoderRecipe
from nbgan.editgan.terms import unit_range
from nbgan.errors import InputError
from nbgan.stylegan.imitation import detail_weights
from nbgan.train.system import Batch, Losses, Phase, System


class Familiarity(nn.Module):
    """How well the encoder's own kind of pictures is painted again: what a strange one is told by.

    Zero where nothing is known, as before the end of a training.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("spread", torch.zeros(()))

    def learn(self, errors: Tensor) -> None:
        """Take note of the embedding errors ``[N]`` of pictures that are as they should be."""
        self.mean.copy_(errors.mean())
        self.spread.copy_(errors.std(correction=0))

    def strange(self, error: float) -> str:
        """What to say of a picture with this error of the encoder's answer; empty if it is
        nothing special."""
        usual, spread = float(self.mean), float(self.spread)
        if not spread or error <= usual + 4 * spread:
            return ""
        return (
            f"embedding error {error:.3f}; pictures that this model knows have {usual:.3f} ± "
            f"{spread:.3f}. It is probably of another kind, and will come out as something else"
        )


class EncoderSystem(System):
    """The encoder of a generator, and with it all that an editor needs: see :meth:`joint`.

    Args:
        recipe: which generator, which encoder, how it learns.
        label_space: of the pictures; the classes of edits are those of the classifiers.
        distance: of pictures; None builds what the recipe names when it is needed.

    Raises:
        InputError: ``painter`` names no DatasetGAN, one of other proportions, or one that has
            changed since the encoder was trained.
    """

    recipe_type: ClassVar = EncoderRecipe
    shipped: ClassVar = ("encoder", "familiarity")
    recipe: EncoderRecipe
    label_space: LabelSpace

    def __init__(
        self,
        recipe: EncoderRecipe,
        label_space: LabelSpace | None = None,
        distance: Distance | None = None,
    ) -> None:
        painter = open_painter(recipe)
        mark = fingerprint(painter.generator)
        super().__init__(recipe.replace(painter_mark=mark), painter.label_space)
        self.painter = painter.requires_grad_(False)
        height, width = recipe.height_width
        self.grid = PixelGrid(height=height, width=width)
        # Compared as shares: sizes may differ, as the classifiers can be read at any pixel.
        theirs = painter.grid
        if self.grid.width * theirs.height != self.grid.height * theirs.width:
            raise InputError(
                f"recipe: pictures of {width} × {height} pixels, but '{recipe.painter}' labels "
                f"{theirs.width} × {theirs.height}; give 'aspect_ratio' {theirs.width}/"
                f"{theirs.height}"
            )
        generator = painter.generator
        torch.manual_seed(recipe.seed)
        self.encoder = PyramidEncoder(
            rows=generator.rows,
            w_dim=generator.w_dim,
            size=generator.size,
            channels=recipe.channels,
            width=recipe.width,
            blocks=recipe.blocks,
            one_code=recipe.one_code,
        )
        self.encoder.begin_at(generator.w_mean)
        self.familiarity = Familiarity()
        self._distance = distance
        self._labelled = label_space == painter.label_space

    # --- use -------------------------------------------------------------------------------

    def joint(self) -> JointModel:
        """Generator, classifiers and encoder as one model, frozen, for edits."""
        model = JointModel(
            generator=self.painter.generator,
            interpreter=self.painter.interpreter,
            grid=self.grid,
            label_space=self.label_space,
            encoder=self.encoder,
        )
        return model.eval().requires_grad_(False)

    @property
    def distance(self) -> Distance:
        """The distance of pictures that the recipe names.

        Raises:
            InputError: LPIPS, where its trunk's weights are absent.
        """
        if self._distance is None:
            self._distance = PictureDistance(self.recipe.perceptual_network)
        return self._distance

    # --- training --------------------------------------------------------------------------

    def check_data(self, data: Dataset) -> None:
        """Refuse data without pictures of the right size."""
        image = data[0].get("image")
        shape = (3, self.grid.height, self.grid.width)
        if image is None or tuple(image.shape) != shape:
            found = "no picture" if image is None else f"pictures of {list(image.shape)}"
            raise InputError(
                f"data set '{self.recipe.data}': its items hold {found}; the encoder needs "
                f"{list(shape)}. Set 'size' and 'aspect_ratio'"
            )

    def phases(self) -> list[Phase]:
        """An update on real pictures, then one on sampled ones, by one optimiser."""
        recipe = self.recipe
        return [
            Phase(
                name="real",
                networks=("encoder",),
                losses=self.real_losses,
                optimizer=lambda p: torch.optim.Adam(p, lr=recipe.learning_rate),
                start=recipe.real_from,
            ),
            Phase(
                name="sampled",
                networks=("encoder",),
                losses=self.sampled_losses,
                optimizer="real",
            ),
        ]

    def real_losses(self, batch: Batch) -> Losses:
        """A real picture should be painted again."""
        image = square_picture(batch["image"], self.grid, self.painter.generator.size)
        return self._likeness(self.encoder(image), image)

    def sampled_losses(self, batch: Batch) -> Losses:
        """A sampled picture should be painted again, from the code that it was painted from."""
        generator = self.painter.generator
        with torch.no_grad():
            z = torch.randn(self.recipe.sampled, generator.z_dim, device=generator.w_mean.device)
            w_plus = generator.broadcast(generator.mapping(z).float())
            w_plus = generator.truncate(w_plus, self.recipe.psi)
            image = generator.synthesis(w_plus).float()
        found = self.encoder(image)
        return {"latent": self.recipe.latent * F.mse_loss(found, w_plus)} | self._likeness(
            found, image
        )

    def _likeness(self, w_plus: Tensor, image: Tensor) -> Losses:
        if not self.recipe.perceptual and not self.recipe.pixel:
            return {}
        painted = self.painter.generator.synthesis(w_plus).float()
        difference = (unit_range(painted) - unit_range(image)).square()
        if self.recipe.detail:
            difference = difference * detail_weights(image)
        return {
            "perceptual": self.recipe.perceptual * self.distance(painted, image).float().mean(),
            "pixel": self.recipe.pixel * difference.mean(),
        }

    # --- looking and scoring ---------------------------------------------------------------

    @torch.no_grad()
    def complete(self, data: Dataset) -> None:
        """Note how well pictures of the training are painted again."""
        model = self.joint()
        count = min(len(data), self.recipe.evaluate_pictures)  # type: ignore[arg-type]
        images = [data[i]["image"][None] for i in range(count)]
        self.familiarity.learn(torch.cat([self._again(model, image)[2] for image in images]).cpu())

    def _again(self, model: JointModel, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Square pictures, what their codes paint, and the distance of the two ``[N]``."""
        square = model.square(image)
        painted = model.generator.synthesis(model.encode(square)).float().clamp(-1, 1)
        return square, painted, self.distance(painted, square).float()

    @torch.no_grad()
    def preview(self, batch: Batch) -> Tensor:
        """Rows: real picture, painted again, its mask; sampled picture, painted again."""
        model, image = self.joint(), batch["image"]
        again = model.view(model.encode(model.square(image)))
        first = model.view(self.painter.latents(range(len(image)), seed=1))
        second = model.view(model.encode(model.square(first.image)))
        masks = torch.stack([colored(label, self.label_space) for label in again.label])
        rows = [image, again.image, masks, first.image, second.image]
        return torch.cat([row.float().cpu() for row in rows])

    @torch.no_grad()
    def evaluate(self, batches: Iterable[Batch]) -> dict[str, float]:
        """How real pictures come back: distance, PSNR, and their masks' mIoU where they have one;
        and how far the codes of sampled pictures are missed."""
        from nbgan.metrics import ConfusionMatrix

        model = self.joint()
        confusion = ConfusionMatrix(label_space=self.label_space)
        distances, ratios, labelled = [], [], False
        for batch in batches:
            square, painted, distance = self._again(model, batch["image"])
            distances.append(distance)
            ratios += [psnr(a[None], b[None]) for a, b in zip(painted, square, strict=True)]
            if self._labelled and "label" in batch:
                labelled = True
                label = model.view(model.encode(square)).label
                confusion.update(label, batch["label"].to(label.device))
        w_plus = self.painter.latents(range(16), seed=1)
        found = model.encode(model.generator.synthesis(w_plus).float())
        scores = {
            "distance": float(torch.cat(distances).mean()),
            "psnr": sum(ratios) / len(ratios),
            "latent": float(F.mse_loss(found, w_plus)),
        }
        return scores | ({"miou": confusion.mean_iou} if labelled else {})


def open_painter(recipe: EncoderRecipe) -> DatasetGANSystem:
    """The DatasetGAN that a recipe names.

    Raises:
        InputError: no such model, one of another kind, or another than the encoder was trained
            for.
    """
    from nbgan import zoo

    painter = zoo.open_model(recipe.painter)
    if not isinstance(painter, DatasetGANSystem):
        raise InputError(
            f"painter '{recipe.painter}' is a {painter.recipe.system} model; EditGAN edits with "
            "the generator and the classifiers of a datasetgan model"
        )
    mark = fingerprint(painter.generator)
    if recipe.painter_mark and recipe.painter_mark != mark:
        raise InputError(
            f"painter '{recipe.painter}': its generator is {mark[:8]}…, the encoder was trained "
            f"for {recipe.painter_mark[:8]}…; bring that model back, or train the encoder anew"
        )
    return painter
