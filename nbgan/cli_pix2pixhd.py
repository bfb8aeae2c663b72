"""``nbgan pix2pixhd …``: what lies between the stages of training, step by step.

Training itself does these steps where it needs them; the commands are for looking into them and
for doing them with other settings or other pictures.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from nbgan.errors import InputError

if TYPE_CHECKING:
    from torch.utils.data import Dataset

    from nbgan.pix2pixhd.system import Pix2PixHDSystem

app = tyro.extras.SubcommandApp()


@app.command
def encode_features(
    model: Annotated[str, tyro.conf.Positional],
    /,
    data: str | None = None,
    data_path: Path | None = None,
) -> None:
    """Encode every instance of the training pictures, and say what there is.

    A run that was stopped goes on where it stopped. The vectors stay in the cache, for `cluster`
    and for enhancers that train with `load_features`.

    Args:
        model: a shipped model or a model file, trained with instance features.
        data: another data set than the model was trained on, of the same classes.
        data_path: its folder, if it is read from files.
    """
    from nbgan.pix2pixhd.features import collect_tables

    system = _open(model)
    encoded = system.encode_data(_pictures(system, data, data_path))
    space = system.label_space
    tables = collect_tables(encoded, space.num_classes)
    for name, table in zip(space.classes, tables, strict=True):
        if len(table):
            large = int((table[:, -1] > system.recipe.cluster_area).sum())
            print(f"{name:20} {len(table):7,} instances, {large:7,} above the least area")
    print(f"vectors: {encoded.folder}")  # type: ignore[attr-defined]


@app.command
def write_features(
    model: Annotated[str, tyro.conf.Positional],
    /,
    data_path: Path | None = None,
    split: Literal["train", "val", "test"] = "train",
    format: Literal["png", "safetensors"] = "png",
) -> None:
    """Write the features of every picture into train_feat, beside train_img.

    Trainings with `load_features` read them from there. Those of this project need no such files,
    see `encode-features`; they are for other programs and other machines. A run that was stopped
    goes on where it stopped.

    Args:
        model: a shipped model or a model file, trained with instance features.
        data_path: folder that holds train_img, train_label and train_inst; by default that of the
            model's training.
        split: which part.
        format: png, as the published program has them (8 bits, three channels), or safetensors.
    """
    from nbgan.data.pix2pixhd_folder import Pix2PixHDFolder
    from nbgan.pix2pixhd.feature_maps import write_feature_maps
    from nbgan.pix2pixhd.features import weights_key

    system = _open(model)
    path = data_path or system.recipe.data_path
    if path is None:
        raise InputError(
            f"'{model}' was trained on '{system.recipe.data}', which is not read from files; give "
            "--data-path, a folder with train_img, train_label and train_inst"
        )
    data = _pictures(system, "pix2pixhd", Path(path), split)
    assert isinstance(data, Pix2PixHDFolder) and system.encoder is not None and system.clusters
    folder = Path(path) / f"{split}_feat"
    written, kept = write_feature_maps(
        data,
        system.encode_data(data),
        folder,
        encoder=weights_key(system.encoder),
        usual=system.clusters.usual(),
        suffix=f".{format}",
    )
    print(f"{folder}: {written:,} feature maps written, {kept:,} were there already")


@app.command
def cluster(
    model: Annotated[str, tyro.conf.Positional],
    /,
    out: Path,
    clusters: int | None = None,
    min_area: float | None = None,
    data: str | None = None,
    data_path: Path | None = None,
    strict: bool = False,
) -> None:
    """Find the cluster centres again and write a model file that holds them.

    Args:
        model: a shipped model or a model file, trained with instance features.
        out: the new model file, .safetensors.
        clusters: most centres per class; by default the model's own number.
        min_area: least area of an instance in 1/32 of the picture; by default the model's own.
        data: another data set than the model was trained on, of the same classes.
        data_path: its folder, if it is read from files.
        strict: end with an error if a class has no instances, or fewer than clusters.
    """
    from nbgan import zoo
    from nbgan.pix2pixhd.clusters import FeatureClusters
    from nbgan.train.checkpoint import read_metadata, save_model

    if out.suffix != ".safetensors":
        raise InputError(f"--out {out}: model files end in .safetensors")
    system = _open(model)
    changes = {"clusters": clusters, "cluster_area": min_area}
    system.recipe = system.recipe.replace(**{k: v for k, v in changes.items() if v is not None})
    system.clusters = FeatureClusters(
        classes=system.label_space.classes,
        clusters=system.recipe.clusters,
        channels=system.recipe.feature_channels,
    )
    encoded = system.encode_data(_pictures(system, data, data_path))
    for remark in system.fit_clusters(encoded, strict=strict):
        print(remark)
    save_model(out, system, card=json.loads(read_metadata(zoo.find(model))["card"]))
    print(f"{int((system.clusters.counts > 0).sum())} centres are in {out}")


def _open(model: str) -> Pix2PixHDSystem:
    from nbgan import zoo
    from nbgan.pix2pixhd.system import Pix2PixHDSystem

    system = zoo.open_model(model)
    if not isinstance(system, Pix2PixHDSystem):
        raise InputError(f"'{model}' is a {system.recipe.system} model, not pix2pixhd")
    if not system.has_styles:
        raise InputError(f"'{model}' was trained without instance features; there is no encoder")
    return system


def _pictures(
    system: Pix2PixHDSystem, data: str | None, path: Path | None, split: str = "train"
) -> Dataset:
    from nbgan.train import open_split

    recipe = system.recipe.replace(load_features=False)
    if data is not None:
        recipe = recipe.replace(data=data, data_path=None)
    if path is not None:
        recipe = recipe.replace(data_path=str(path))
    pictures = open_split(recipe, split)
    if pictures is None:
        raise InputError(f"data set '{recipe.data}' at {recipe.data_path} has no split '{split}'")
    theirs = getattr(pictures, "label_space", None)
    if theirs is None or theirs.classes != system.label_space.classes:
        raise InputError(
            f"data set '{recipe.data}' has other classes than the model, which knows those of "
            f"'{system.label_space.name}'; choose a data set of that label space"
        )
    return pictures
