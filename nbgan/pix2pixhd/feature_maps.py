"""The encoder's features as files beside the pictures (``train_feat``), the published way.

:mod:`nbgan.pix2pixhd.features` keeps a vector for each instance in the cache, and training needs no
more. Files are for pictures that go elsewhere: to another machine, another program or an editor.
"""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset
from tqdm.auto import tqdm

from nbgan.data.feature_files import WRITTEN_SUFFIXES, encoder_of, find_features, write_features
from nbgan.data.pix2pixhd_folder import Pix2PixHDFolder
from nbgan.data.scan import Entry
from nbgan.errors import InputError
from nbgan.pix2pixhd.edges import MAX_INSTANCE_ID
from nbgan.pix2pixhd.pooling import class_of
from nbgan.pix2pixhd.styles import check_classes, instance_ids, paint_tables


def write_feature_maps(
    data: Pix2PixHDFolder,
    encoded: Dataset,
    folder: str | Path,
    *,
    encoder: str,
    usual: Tensor,
    suffix: str = ".png",
    progress: bool = True,
) -> tuple[int, int]:
    """Write a feature map for each picture, named as its mask and as large as its files.

    Maps that this encoder wrote before are kept, so a run that was stopped goes on; those of
    another encoder are replaced.

    Args:
        data: the pictures, with instance maps.
        encoded: their instances' vectors, in the same order; from
            :func:`~nbgan.pix2pixhd.features.encode_instances`.
        folder: usually ``train_feat`` beside ``train_img``.
        encoder: names the encoder and its weights.
        usual: ``[classes, F]``, for instances too small to be seen by the encoder.
        suffix: ``".png"`` (8 bits, three channels, a few kilobytes) or ``".safetensors"`` (half
            precision, any number of channels, six bytes a pixel).
        progress: show a bar.

    Returns:
        How many were written, and how many were there already.

    Raises:
        InputError: before anything is written: no instance maps, another suffix, or maps of other
            names that would be read in place of these; later: a full disk.
    """
    folder = Path(folder)
    if suffix not in WRITTEN_SUFFIXES:
        raise InputError(
            f"format '{suffix}': feature maps are written as {' or '.join(WRITTEN_SUFFIXES)}"
        )
    if suffix == ".png" and usual.shape[1] != 3:
        raise InputError(
            f"format '.png': this encoder's features have {usual.shape[1]} channels, a picture "
            "holds three; write them as .safetensors"
        )
    targets = [folder / f"{_stem(entry)}{suffix}" for entry in data.entries]
    for entry, target in zip(data.entries, targets, strict=True):
        other = find_features(folder, data.feature_stems(entry))
        if other not in (None, target):
            raise InputError(
                f"{other}: is a feature map of this picture, too, but would be called "
                f"{target.name} here; remove or move the older maps first"
            )
    if folder.exists() and not os.access(folder, os.W_OK):
        raise InputError(f"{folder}: cannot be written; change its permissions, or choose another")
    written = 0
    pairs = zip(data.entries, targets, strict=True)
    for index, (entry, target) in enumerate(
        tqdm(pairs, total=len(targets), desc="feature maps", disable=not progress)
    ):
        if target.is_file() and encoder_of(target) == encoder:
            continue
        write_features(target, _full_size(data, entry, encoded[index], usual), encoder=encoder)
        written += 1
    return written, len(targets) - written


def _stem(entry: Entry) -> Path:
    named_as = entry.image if entry.label is None else entry.label
    return Path(entry.key).with_name(named_as.stem)


def _full_size(
    data: Pix2PixHDFolder, entry: Entry, encoded: dict[str, Tensor], usual: Tensor
) -> Tensor:
    """The vectors painted over the instances of the files, ``[F, H, W]``."""
    if entry.label is None or entry.instance is None:
        raise InputError(f"{entry.image}: has no instance map; feature maps need one")
    label = torch.from_numpy(data.read_label(entry.label))[None]
    instance = torch.from_numpy(data.read_instance(entry.instance, entry))[None]
    ids = instance_ids(label, instance)
    check_classes(ids, len(usual))
    present = encoded["ids"] <= MAX_INSTANCE_ID
    table = dict(zip(encoded["ids"][present].tolist(), encoded["features"][present], strict=True))
    for identity in ids.unique().tolist():
        table.setdefault(identity, usual[int(class_of(torch.tensor(identity)))])
    return paint_tables(ids, [table], usual.shape[1])[0]
