"""Commands of DatasetGAN: records to annotate, the factory, and its evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from nbgan.errors import InputError

Split = Literal["train", "val", "test"]


def records(
    generator: Annotated[str, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    /,
    annotator: str | None = None,
    labels: Path | None = None,
    n: int = 16,
    seed: int = 0,
    psi: float = 0.7,
    split: Split = "train",
) -> None:
    """Sample pictures to annotate, each with its latent: the training data of DatasetGAN.

    Run it again to add records; masks that are there already stay as they are.

    Args:
        generator: name of a shipped StyleGAN, or path of its model file.
        out: folder for pictures, masks and latents.
        annotator: a shipped segmenter that stands in for the human; without it masks are empty.
        labels: label_space.json or classes.txt; by default that of the annotator.
        n: number of pictures.
        seed: decides the pictures.
        psi: truncation; 1 for none.
        split: which part of the data set to write.
    """
    from nbgan import zoo
    from nbgan.data import read_label_space
    from nbgan.datasetgan import make_training_data
    from nbgan.datasetgan.generators import open_generator

    network = zoo.load_segmenter(annotator) if annotator else None
    if labels is None and network is None:
        raise InputError("--labels: give a label_space.json or classes.txt, or --annotator NAME")
    space = read_label_space(labels) if labels else network.label_space  # type: ignore[union-attr]
    if network is not None and network.label_space.classes != space.classes:
        raise InputError(
            f"--labels {labels}: its classes are not those of '{annotator}', which are "
            f"{', '.join(network.label_space.classes)}"
        )
    masks = make_training_data(
        open_generator(generator).generator,
        out,
        label_space=space,
        n=n,
        seed=seed,
        psi=psi,
        annotator=network,
        split=split,
    )
    print(f"{len(masks)} records are in {masks[0].parent.parent}")


def factory(
    model: Annotated[str, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    /,
    n: int = 10_000,
    shard_size: int = 250,
    seed: int = 0,
    batch_size: int = 4,
    worker: int | None = None,
    workers: int | None = None,
) -> None:
    """Write sampled pictures and their labels to shards; run it again to go on.

    Several processes share the work: start each with its number, or all with accelerate launch.

    Args:
        model: name of a shipped DatasetGAN, or path of its model file.
        out: folder of the shards.
        n: pictures in all.
        shard_size: pictures per shard.
        seed: decides the pictures.
        batch_size: pictures per forward pass.
        worker: number of this process, from 0; by default as launched.
        workers: how many processes there are; by default as launched.
    """
    from nbgan import zoo
    from nbgan.datasetgan import DatasetGANSystem, write_shards
    from nbgan.datasetgan.factory import Order

    system = zoo.open_model(model)
    if not isinstance(system, DatasetGANSystem):
        raise InputError(f"'{model}' is a {system.recipe.system} model; a factory needs datasetgan")
    order = Order(pictures=n, shard_size=shard_size, seed=seed, batch_size=batch_size)
    paths = write_shards(system, out, order, worker=worker, workers=workers)
    print(f"{len(paths)} of {order.shards} shards are in {out}")


def crossvalidate(
    shards: Annotated[Path, tyro.conf.Positional],
    test: Annotated[str, tyro.conf.Positional],
    /,
    out: Path = Path("runs/crossvalidate"),
    test_path: Path | None = None,
    pictures: int = 200,
    preset: str = "compare",
    drop: float = 0.0,
    checkpoints: int = 5,
    folds: int = 5,
) -> None:
    """Train DeepLabV3 on a factory's shards and score it on real pictures, as DatasetGAN does.

    Args:
        shards: folder of the shards.
        test: data set of the real pictures, for example avatars; its split "test" is used.
        out: folder for weights, training state and log.
        test_path: folder of that data set, where it is read from disk.
        pictures: how many real pictures.
        preset: of the DeepLabV3 recipe.
        drop: share of the most uncertain pictures to leave out; published is 0.1.
        checkpoints: how many to choose from.
        folds: how many; each chooses a checkpoint, which is tested on the others.
    """
    from torch.utils.data import Subset

    from nbgan.data import Shards, open_dataset
    from nbgan.datasetgan import DeepLabRecipe, cross_validate, train_checkpoints
    from nbgan.datasetgan.crossvalidation import check_folds

    recipe = DeepLabRecipe.preset(preset, data_path=str(shards))
    train_data = Shards(path=shards, size=recipe.height_width, drop=drop)
    options = {} if test_path else {"length": pictures}
    size = recipe.size if recipe.aspect_ratio == 1 else recipe.height_width
    real = open_dataset(test, path=test_path, split="test", size=size, **options)
    chosen: Any = Subset(real, range(min(pictures, len(real))))  # type: ignore[arg-type]
    chosen.label_space = getattr(real, "label_space", None)
    check_folds(len(chosen), folds)
    matrices = train_checkpoints(
        recipe, train_data, chosen, out=out, checkpoints=checkpoints, progress=True
    )
    result = cross_validate(matrices, folds=folds)
    print(f"mIoU: {result.mean:.4f} ± {result.std:.4f} over {folds} folds")
