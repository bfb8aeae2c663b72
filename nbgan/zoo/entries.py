"""What ships: each model's recipes, and what a reader should know of its limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgan.classifier import ClassifierRecipe
from nbgan.datasetgan import DatasetGANRecipe, DeepLabRecipe
from nbgan.editgan import EncoderRecipe
from nbgan.pix2pixhd import Pix2PixHDRecipe
from nbgan.segmenter import SegmenterRecipe
from nbgan.spade import SpadeRecipe
from nbgan.stylegan import StyleGANRecipe
from nbgan.train import Recipe
from nbgan.ugatit import UGATITRecipe
from nbgan.ugatit.identity_training import IdentityRecipe
from nbgan.zoo.labelled import KEYPOINTS, avatar_records, avatar_shards


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A shipped model: how it is trained, and what a reader should know of its limits."""

    recipe: Recipe
    failures: tuple[str, ...]
    before: tuple[Recipe, ...] = ()
    """Trainings that go before, each the start of the next: at a smaller size, where steps are
    cheap, or with simpler losses."""
    start_from: str | None = None
    """Entry whose training the first one goes on from."""
    data: Callable[[Path], None] | None = None
    """Makes the files that the recipe trains on, in the folder that it is given."""
    scored_on: str | None = None
    """World whose validation pictures score the model; None takes the recipe's own data."""


STREETS: dict[str, Any] = {
    "data": "streets",
    "size": 256,
    "aspect_ratio": 2.0,
    "train_pictures": 4000,
    "use_instances": True,
    "batch_size": 2,
    "steps": 5000,
    "decay_from": 2500,
    "perceptual": 0.0,
    "learning_rate": 7e-4,
}
"""SPADE at the budget of pix2pixHD: its pictures, batch and steps at full size. What pix2pixHD has
more, its first stage at half the size, costs about what SPADE's dearer steps cost."""

_SEGMENTER_STREETS = SegmenterRecipe.preset(
    "cpu",
    data="streets",
    size=256,
    aspect_ratio=2.0,
    train_pictures=4000,
    batch_size=8,
    steps=1600,
    learning_rate=2e-3,
)

ENTRIES: dict[str, Entry] = {
    "segmenter-landscapes": Entry(
        recipe=SegmenterRecipe.preset("cpu", data="landscapes"),
        failures=(
            "Far objects of a few pixels are often missed.",
            "Knows the drawn world only: photographs are labelled at random.",
        ),
    ),
    "segmenter-avatars": Entry(
        recipe=SegmenterRecipe.preset(
            "cpu", data="avatars", train_pictures=4000, steps=1500, flip=False, learning_rate=3e-3
        ),
        failures=(
            "Thin parts such as eyebrows and the rims of glasses lose a pixel at their borders.",
            "Knows the drawn world only: photographs are labelled at random.",
        ),
    ),
    "classifier-avatars": Entry(
        before=(ClassifierRecipe.preset("cpu_start"),),
        recipe=ClassifierRecipe.preset("cpu"),
        failures=(
            "Closed eyes behind dark glasses cannot be seen, and are guessed.",
            "Its maps have 16 × 16 values, and show the telling parts of a thing, not its extent.",
            "Knows the drawn world only: photographs are labelled at random.",
        ),
    ),
    "spade-landscapes": Entry(
        recipe=SpadeRecipe.preset("cpu"),
        failures=(
            "Its mIoU flatters it: the judge's features also served as its perceptual loss, and "
            "the recipe was chosen by trials on some of the validation pictures.",
            "Flower fields show a coarse grid; small houses lose their windows and doors.",
            "Sun, moon and stars, which no label names, are not painted.",
            "A sampled style may lie between two moods; few are snowy.",
            "Maps unlike the world's (sky below grass, say) give flat colours.",
        ),
    ),
    "compare-spade-landscapes": Entry(
        recipe=SpadeRecipe.preset("compare_spade"),
        failures=("Trained for a comparison at a small budget, not for use: one style only.",),
    ),
    "compare-input-landscapes": Entry(
        recipe=SpadeRecipe.preset("compare_input"),
        failures=("Trained for a comparison at a small budget, not for use: one style only.",),
    ),
    "segmenter-streets": Entry(
        before=(_SEGMENTER_STREETS,),
        recipe=_SEGMENTER_STREETS.replace(dice=1.0, steps=500, learning_rate=1e-3),
        failures=(
            "Thin and far objects of a few pixels are often missed.",
            "Classes that the streets never show are never found.",
            "Knows the drawn world only: photographs are labelled at random.",
        ),
    ),
    "pix2pixhd-streets": Entry(
        before=(Pix2PixHDRecipe.preset("cpu", size=128, steps=6000, decay_from=None),),
        recipe=Pix2PixHDRecipe.preset("cpu"),
        failures=(
            "Soft: façades are smeared where no class says where windows are, and a faint pattern "
            "of dots from the transposed convolutions shows in even surfaces.",
            "Far people and signs of a few pixels are blots.",
            "A style drawn for each instance ignores the light of the scene.",
            "Maps unlike the world's (a road above the roofs, say) give flat colours.",
        ),
    ),
    "pix2pixhd-streets-enhancer": Entry(
        before=(Pix2PixHDRecipe.preset("enhancer_cpu"),),
        recipe=Pix2PixHDRecipe.preset(
            "enhancer_cpu",
            window=None,
            steps=500,
            decay_from=1,
            fix_global_until=0,
            start_discriminators=True,
        ),
        failures=(
            "Façades are smeared, contours too dark, and even surfaces show a fine pattern of "
            "dots.",
            "What the global generator paints wrongly, the enhancer keeps.",
            "A style drawn for each instance ignores the light of the scene.",
        ),
    ),
    "spade-streets": Entry(
        recipe=SpadeRecipe.preset("cpu", **STREETS),
        failures=(
            "Trained for a comparison with pix2pixHD at one budget; one style for a whole picture.",
        ),
    ),
    "segmenter-avatar-sides": Entry(
        # It knows the coloured side already.
        recipe=SegmenterRecipe.preset(
            "cpu",
            data="avatar-sides",
            train_pictures=3000,
            start_from="segmenter-avatars",
            steps=500,
            flip=False,
            learning_rate=2e-3,
            dice=1.0,
        ),
        failures=(
            "Thin parts such as eyebrows and the rims of glasses lose a pixel at their borders.",
            "Knows faces of one artist, in colours and in ink, on white.",
        ),
    ),
    "identity-avatars": Entry(
        recipe=IdentityRecipe.preset("cpu"),
        failures=(
            "Knows six attributes of drawn faces, in colours and in ink, and nothing else of them.",
            "Closed eyes are told less surely than the rest; photographs are strange to it.",
        ),
    ),
    "ugatit-avatars": Entry(
        recipe=UGATITRecipe.preset("cpu"),
        failures=(
            "Colours that ink cannot show are guessed: skins come back in a few browns, clothes in "
            "other colours.",
            "Long and light hair gets specks and thin coloured fringes; rare hats become hair.",
            "Faces unlike the world's, photographs among them, give meaningless drawings.",
        ),
    ),
    "photo2cartoon-avatars": Entry(
        recipe=UGATITRecipe.preset("cpu_cartoon"),
        start_from="ugatit-avatars",
        failures=(
            "The way back to colours is soft: borders blur, and skins come back in a few browns.",
            "Thin rims of glasses are often lost on the way to ink; long hair gets ragged.",
            "Faces unlike the world's, photographs among them, give meaningless drawings.",
        ),
    ),
    "stylegan2-avatars": Entry(
        before=(StyleGANRecipe.preset("cpu_start"),),
        recipe=StyleGANRecipe.preset("cpu"),
        failures=(
            "It learned by imitation before it played: see chapter 4.",
            "Where its mapping network cannot decide, parts are half there: a hat's border in the "
            "hair, pale stains in long hair.",
            "The rims of glasses are soft.",
        ),
    ),
    "stylegan-avatars": Entry(
        recipe=StyleGANRecipe.preset("cpu_v1"),
        failures=(
            "It learned by imitation before it played: see chapter 4.",
            "Its faces have 64 pixels, and are softer than the artist's.",
            "Wide hair has pale stains; hats run into the hair.",
        ),
    ),
    "datasetgan-avatars": Entry(
        data=avatar_records,
        recipe=DatasetGANRecipe.preset("cpu", keypoints=KEYPOINTS),
        failures=(
            "It learned from 16 pictures that a segmenter annotated, and repeats its mistakes.",
            "Parts that few of the 16 faces have, such as hats, are found less surely.",
        ),
    ),
    "deeplab-avatars": Entry(
        data=avatar_shards,
        before=(DeepLabRecipe.preset("cpu_start"),),
        recipe=DeepLabRecipe.preset("cpu"),
        scored_on="avatars",
        failures=(
            "It learned from a factory's pictures and labels, never from the artist's.",
            "Small parts are outlined roughly: it learned for some minutes from 600 pictures.",
            "Knows the drawn faces only: photographs are labelled at random.",
        ),
    ),
    "editgan-avatars": Entry(
        before=(EncoderRecipe.preset("cpu_start"),),
        recipe=EncoderRecipe.preset("cpu"),
        failures=(
            "Rare hats, prints on clothes and fine patterns come back as something more common.",
            "Knows the drawn faces only: a photograph comes back as another face, with a warning.",
            "Mouths, brows and the rims of glasses come back as more common ones, or not at all, "
            "until the code is optimised.",
        ),
    ),
}
"""The zoo. Earlier entries may be needed to train or judge later ones."""
