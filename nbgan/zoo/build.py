"""Train, score and pack the shipped weights: ``python -m nbgan.zoo.build [NAME …]``.

Training goes on where it was stopped; what is already trained is only scored and packed again.
"""

from __future__ import annotations

import base64
import io
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from nbgan.classifier import ClassifierRecipe
from nbgan.datasetgan import DatasetGANRecipe, DeepLabRecipe
from nbgan.editgan import EncoderRecipe
from nbgan.errors import InputError
from nbgan.pix2pixhd import Pix2PixHDRecipe
from nbgan.segmenter import SegmenterRecipe
from nbgan.spade import SpadeRecipe
from nbgan.stylegan import StyleGANRecipe
from nbgan.train import Recipe, save_model, start_training
from nbgan.train.start import open_split
from nbgan.train.system import Batch, System
from nbgan.ugatit import UGATITRecipe
from nbgan.ugatit.identity_training import IdentityRecipe
from nbgan.zoo import WEIGHTS
from nbgan.zoo.labelled import KEYPOINTS, avatar_records, avatar_shards
from nbgan.zoo.scoring import scores

LICENCE = "MIT; trained on the embedded worlds of this repository"


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
            "Hair and background have stains.",
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
}
"""The zoo. Earlier entries may be needed to train or judge later ones."""

PLANNED: dict[str, Entry] = {
    "editgan-avatars": Entry(
        recipe=EncoderRecipe.preset("cpu"),
        failures=(
            "Rare hats, prints on clothes and fine patterns come back as something more common.",
            "Knows the drawn faces only: a photograph comes back as another face, with a warning.",
            "Thin parts, brows and the rims of glasses, may come back thicker or not at all.",
        ),
    ),
}
"""What the zoo will hold: can be trained by name, and ships when it is good."""


def hardware() -> str:
    """The processor or GPU that this runs on, in words."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        model = lines[0].split(":", 1)[1].strip() if lines else model
    return f"{model}, {torch.get_num_threads()} threads"


def grid(system: System, batch: Batch) -> str:
    """The system's preview of a batch as WebP, base64 text: an eighth of a PNG."""
    count = len(next(iter(batch.values())))
    picture = make_grid(system.preview(batch), nrow=count, padding=2, pad_value=1)
    file = io.BytesIO()
    to_pil_image(picture.mul(0.5).add(0.5).clamp(0, 1)).save(
        file, format="WEBP", quality=90, method=6
    )
    return base64.b64encode(file.getvalue()).decode()


def whole_recipe(name: str, *, runs: Path = Path("runs")) -> Recipe:
    """An entry's recipe, with the run that it starts from and the files that it trains on."""
    return list(trainings(name, runs=runs).values())[-1]


def trainings(name: str, *, runs: Path = Path("runs")) -> dict[Path, Recipe]:
    """Every training of an entry by its folder, in order: what is called ``…-start`` is the start
    of what is called so without."""
    entry = (PLANNED | ENTRIES)[name]
    stages = [*entry.before, entry.recipe]
    by_folder: dict[Path, Recipe] = {}
    for stage, recipe in enumerate(stages, start=1):
        if entry.data is not None:
            recipe = recipe.replace(data_path=str(runs / f"{name}-data"))
        if by_folder:
            recipe = recipe.replace(start_from=str(list(by_folder)[-1]))
        elif entry.start_from is not None:
            recipe = recipe.replace(start_from=str(runs / entry.start_from))
        by_folder[runs / (name + "-start" * (len(stages) - stage))] = recipe
    return by_folder


def make(name: str, *, runs: Path = Path("runs")) -> dict[str, Any]:
    """Train (or go on training), score and pack one model; returns its card."""
    entry = (PLANNED | ENTRIES)[name]
    recipe = whole_recipe(name, runs=runs)
    if entry.data is not None:
        assert recipe.data_path is not None
        entry.data(Path(recipe.data_path))
    trained = [
        start_training(stage, out=out, resume=True)
        for out, stage in trainings(name, runs=runs).items()
    ]
    trainer = trained[-1]
    system = trainer.system
    data = trainer.validation_data
    if entry.scored_on is not None:
        data = open_split(recipe.replace(data=entry.scored_on, data_path=None), "val")
    assert data is not None
    batches = list(DataLoader(data, batch_size=16))
    measured = scores(system, batches[: -(-500 // 16)])
    card = {
        "steps": trainer.step,
        "seconds": round(sum(training.seconds for training in trained)),
        "pictures_seen": sum(training.pictures_seen for training in trained),
        "hardware": hardware(),
        "parameters": sum(
            p.numel() for net in system.shipped_networks().values() for p in net.parameters()
        ),
        "scores": {key: round(float(value), 6) for key, value in measured.items()},
        "scored_on": f"{len(data)} validation pictures of "  # type: ignore[arg-type]
        f"{entry.scored_on or recipe.data}",
        "failures": list(entry.failures),
        "licence": LICENCE,
        "grid": grid(system, {k: v[:8] for k, v in batches[0].items()}),
    }
    save_model(WEIGHTS / f"{name}.safetensors", system, card=card, half=True)
    return card


def main(wanted: list[str] | None = None) -> None:
    """Make the named models, or all of them."""
    wanted = (sys.argv[1:] if wanted is None else wanted) or list(ENTRIES)
    known = [*ENTRIES, *PLANNED]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise InputError(f"no zoo entry {', '.join(unknown)}; known: {', '.join(known)}")
    for name in wanted:
        card = make(name)
        print(f"{name}: {card['scores']}", flush=True)


if __name__ == "__main__":
    main()
