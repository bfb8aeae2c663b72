"""``nbgan``: train, sample and evaluate from the command line."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from nbgan.cli_datasetgan import crossvalidate, factory, records
from nbgan.cli_edit import app as edit_app
from nbgan.cli_pix2pixhd import app as pix2pixhd_app
from nbgan.cli_sample import sample
from nbgan.cli_translate import translate
from nbgan.errors import InputError

Split = Literal["train", "val", "test"]
app = tyro.extras.SubcommandApp()


def main(arguments: list[str] | None = None) -> None:
    """Entry point. Bad input ends with a message and exit code 2, without a traceback."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if arguments[:1] == ["train"]:
            train(arguments[1:])
        elif arguments and arguments[0] in GROUPS:
            group, description = GROUPS[arguments[0]]
            group.cli(args=arguments[1:], prog=f"nbgan {arguments[0]}", description=description)
        else:
            app.cli(
                args=arguments,
                prog="nbgan",
                description="GANs that paint from masks and edit pictures.",
            )
    except InputError as error:
        print(f"nbgan: {error}", file=sys.stderr)
        raise SystemExit(2) from None


@app.command(name="train")
def _train_help() -> None:
    """Train a system, for example `nbgan train spade`; see `nbgan train --help`."""
    raise AssertionError("main() dispatches train")


def train(arguments: list[str]) -> None:
    """Train a system by a preset, any field of which can be changed with a flag.

    The flags depend on the system and their defaults on the preset, so these two are read first.
    """
    from nbgan.train import SYSTEMS, start_training, system_type

    system = arguments[0] if arguments and not arguments[0].startswith("-") else None
    if system is None:
        print(
            "usage: nbgan train SYSTEM [--preset NAME] [--out FOLDER] [--resume] "
            "[--FIELD VALUE …]\n\n"
            f"SYSTEM is one of: {', '.join(SYSTEMS)}.\n"
            "`nbgan train SYSTEM --help` lists the presets and every field of its recipe.\n\n"
            "On your own folder (images/, labels/, label_space.json):\n"
            "  nbgan train spade --data folder --data-path my_pictures --out runs/mine\n"
            "On several GPUs or processes:\n"
            "  accelerate launch -m nbgan train spade --preset gpu --out runs/big"
        )
        if "--help" not in arguments and "-h" not in arguments:
            raise InputError("train needs the name of a system")
        return
    recipe_type: Any = system_type(system).recipe_type
    preset = _value_of("--preset", arguments) or "cpu"
    default = recipe_type.preset(preset)
    flat: Any = tyro.conf.OmitArgPrefixes  # flags are --steps, not --recipe.steps
    command: Any = dataclasses.make_dataclass(
        "Train",
        [
            ("preset", Literal[tuple(recipe_type.presets())], dataclasses.field(default=preset)),
            ("out", Path, dataclasses.field(default=Path("runs") / system)),
            ("resume", bool, dataclasses.field(default=False)),
            ("recipe", flat[recipe_type], dataclasses.field(default=default)),
        ],
    )
    command.__doc__ = f"""Train {system}. Presets: {", ".join(recipe_type.presets())}.

    Args:
        preset: where the defaults below come from.
        out: folder for weights, training state, log and sample grids.
        resume: go on from the training state in the folder.
    """
    chosen: Any = tyro.cli(command, args=arguments[1:], prog=f"nbgan train {system}")
    trainer = start_training(chosen.recipe, out=chosen.out, resume=chosen.resume)
    scores = trainer.evaluate()
    if trainer.main:
        for name, value in scores.items():
            print(f"{name}: {value:.4f}")
        print(f"weights: {chosen.out / 'model.safetensors'}")


def _value_of(flag: str, arguments: list[str]) -> str | None:
    for i, argument in enumerate(arguments):
        if argument == flag and i + 1 < len(arguments):
            return arguments[i + 1]
        if argument.startswith(flag + "="):
            return argument.split("=", 1)[1]
    return None


app.command(sample)
app.command(translate)


@app.command
def evaluate(model: Annotated[str, tyro.conf.Positional], /, pictures: int = 500) -> None:
    """Score a model on validation pictures of the data set that it was trained on.

    Args:
        model: name of a shipped model or path of a model file.
        pictures: how many pictures to use.
    """
    from torch.utils.data import DataLoader

    from nbgan import zoo
    from nbgan.train import open_split

    system = zoo.open_model(model)
    data = open_split(system.recipe.replace(evaluate_pictures=pictures), "val")
    if data is None:
        raise InputError("the model's data set has no validation split")
    for name, value in system.evaluate(DataLoader(data, batch_size=16)).items():
        print(f"{name}: {value:.4f}")


data_app = tyro.extras.SubcommandApp()
zoo_app = tyro.extras.SubcommandApp()
official_app = tyro.extras.SubcommandApp()


@data_app.command
def report(
    name: Annotated[str, tyro.conf.Positional],
    /,
    path: Path | None = None,
    split: Split = "train",
    size: int | None = None,
    limit: int = 500,
    figure: Path | None = None,
) -> None:
    """Say what is in a data set, and what is wrong with it, before you train.

    Args:
        name: landscapes, avatars, streets, avatar-pair, folder, images, unpaired, coco_stuff,
            ade20k, celeba_mask_hq or pix2pixhd.
        path: folder of the data set, for those that are read from disk.
        split: which part.
        size: side of the pictures; by default the files' own.
        limit: read at most so many pictures.
        figure: write a picture of the report to this file.
    """
    from nbgan.data import needs_path, open_dataset
    from nbgan.data.report import report as make_report

    # A report should list everything that is wrong, so opening must not stop at the first.
    options = {"strict": False} if needs_path(name) else {}
    data = open_dataset(name, path=path, split=split, size=size, **options)
    results = [make_report(side, limit=limit) for side in getattr(data, "sides", (data,))]
    for number, result in enumerate(results):
        print(result)
        if figure is not None:
            both = len(results) > 1
            file = figure.with_stem(f"{figure.stem}_{'AB'[number]}") if both else figure
            result.figure().savefig(file, dpi=150)
            print(f"figure: {file}")
    if not all(result.ok for result in results):
        raise SystemExit(1)


@data_app.command(name="convert-cityscapes")
def convert_cityscapes(
    raw: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    /,
    list_file: Annotated[Path | None, tyro.conf.arg(name="list")] = None,
    split: tuple[Split, ...] = (),
    instances: Literal["auto", "yes", "no"] = "auto",
    rgb: bool = False,
    copy: bool = False,
) -> None:
    """Turn a raw Cityscapes tree into the folders of pix2pixHD; run it again to add what is new.

    Args:
        raw: folder that holds leftImg8bit and gtFine.
        out: folder for train_img, train_label, train_inst and so on.
        list_file: text file with a frame a line: picture, then annotation; else the whole tree.
        split: only these; by default all that there are.
        instances: yes leaves out frames without instance map, no writes none; auto looks at what
            a split has.
        rgb: write trainA (colour-coded maps) and trainB (pictures) instead.
        copy: copy files instead of hard-linking them.
    """
    from nbgan.data.cityscapes.convert import convert

    result = convert(
        raw,
        out,
        list_file=list_file,
        splits=split or None,
        instances={"auto": None, "yes": True, "no": False}[instances],
        rgb=rgb,
        copy=copy,
    )
    print(result)
    if not result.ok:
        raise SystemExit(1)


@data_app.command(name="export-streets")
def export_streets(
    out: Annotated[Path, tyro.conf.Positional],
    /,
    pictures: int = 100,
    height: int = 512,
    width: int = 1024,
    seed: int = 0,
    workers: int = 0,
) -> None:
    """Draw streets and write them as a raw Cityscapes tree, the input of convert-cityscapes.

    Args:
        out: new or empty folder for leftImg8bit, gtFine and the list files.
        pictures: number of training pictures; val and test get a fifth of that each.
        height: of the pictures, in pixels.
        width: of the pictures, in pixels.
        seed: another seed, another town.
        workers: processes that draw; 0 draws in this one.
    """
    from nbgan.data.cityscapes.export import export_streets as export

    counts = export(out, pictures=pictures, height=height, width=width, seed=seed, workers=workers)
    print(f"{out}: " + ", ".join(f"{n:,} frames of {split}" for split, n in counts.items()))


@data_app.command(name="portraits-on-white")
def portraits_on_white(
    release: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    /,
    split: Split = "train",
) -> None:
    """Write the portraits of CelebAMask-HQ without background: one side of an unpaired training.

    Args:
        release: folder that holds CelebA-HQ-img and CelebAMask-HQ-mask-anno.
        out: new or empty folder for the pictures.
        split: which part.
    """
    from nbgan.data.celeba_mask_hq import portraits_on_white as write

    print(f"{write(release, out, split=split):,} pictures are in {out}")


@zoo_app.command(name="list")
def zoo_list() -> None:
    """List the shipped models."""
    from nbgan import zoo

    for name in zoo.names():
        card = zoo.card(name)
        scores = ", ".join(f"{k} {v:.3f}" for k, v in card.get("scores", {}).items())
        print(f"{name:24} {card['system']:10} {card['megabytes']:6.2f} MB  {scores}")


@zoo_app.command
def card(name: Annotated[str, tyro.conf.Positional], /) -> None:
    """Print what is known of a shipped model, as JSON.

    Args:
        name: as `nbgan zoo list` prints it.
    """
    from nbgan import zoo

    print(json.dumps({k: v for k, v in zoo.card(name).items() if k != "grid"}, indent=2))


@official_app.command(name="list")
def official_list() -> None:
    """List the parts of published systems that can be loaded."""
    from nbgan import official

    print("\n".join(official.loadable()))


@official_app.command
def inspect(
    path: Annotated[Path, tyro.conf.Positional], part: Annotated[str, tyro.conf.Positional], /
) -> None:
    """Load a published checkpoint and say what it is.

    Args:
        path: the authors' file.
        part: what it holds, for example spade/generator.
    """
    from nbgan import official

    network = official.load(path, part)
    count = sum(p.numel() for p in network.parameters())
    print(f"{path}: {part}, {type(network).__name__}, {count:,} parameters")


for _command in (records, factory, crossvalidate):
    app.command(_command)

GROUPS = {
    "data": (data_app, "Look into data sets."),
    "edit": (edit_app, "Edit pictures by their masks, and with vectors."),
    "pix2pixhd": (pix2pixhd_app, "What lies between the stages of pix2pixHD's training."),
    "zoo": (zoo_app, "Look into the shipped weights."),
    "official": (official_app, "Look into published checkpoints."),
}
"""Commands that have commands of their own."""


def _list_group(name: str, description: str) -> None:
    """Let ``nbgan --help`` list a group; :func:`main` runs it."""

    def group() -> None:
        raise AssertionError("main() dispatches groups")

    group.__doc__ = description
    app.command(name=name)(group)


for _name, (_, _description) in GROUPS.items():
    _list_group(_name, _description)
