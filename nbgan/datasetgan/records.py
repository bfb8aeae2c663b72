"""Training data: sampled pictures to annotate, each with the latent that it was painted from.

Source: Zhang et al., *DatasetGAN* (2021), section 3.1: a few sampled pictures are annotated in
detail. The files are those of :mod:`nbgan.data.latents`.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL.PngImagePlugin import PngInfo
from safetensors.torch import save
from torch import Tensor
from torchvision.transforms.functional import to_pil_image

from nbgan.data.labels import LabelSpace
from nbgan.data.latents import LATENT_FORMAT, MARK, Latent, indexed_picture, read_latent
from nbgan.data.pictures import read_header, to_uint8
from nbgan.datasetgan.features import PixelGrid
from nbgan.datasetgan.generators import draw_latents, fingerprint
from nbgan.errors import InputError
from nbgan.stylegan import StyleGenerator
from nbgan.train.checkpoint import write_atomically

Annotator = Callable[[Tensor], Tensor]
"""Pictures ``[N, 3, H, W]`` in [−1, 1] to class ids ``[N, H, W]``, or class scores
``[N, classes, H, W]``."""


def make_training_data(
    generator: StyleGenerator,
    path: str | Path,
    *,
    label_space: LabelSpace,
    n: int = 16,
    seed: int = 0,
    psi: float = 0.7,
    psi_rows: int | None = None,
    size: tuple[int, int] | None = None,
    annotator: Annotator | None = None,
    point: Callable[[Tensor], Tensor] | None = None,
    split: str = "train",
) -> list[Path]:
    """Sample pictures and lay them out for annotation, one record a picture.

    Records that are there already stay as they are, so masks that were painted survive, and a
    stopped run goes on.

    Args:
        generator: a trained StyleGAN.
        path: folder to write to.
        label_space: the classes to annotate.
        n: pictures.
        seed: decides the pictures; ``n`` may grow later.
        psi, psi_rows: truncation, see :meth:`~nbgan.stylegan.StyleGenerator.truncate`.
        size: (height, width) of the labels; None takes the generator's own.
        annotator: stands in for the human; None leaves all pixels unlabelled, or of class 0 where
            the label space has no ignore id.
        point: finds keypoints: pictures to ``[N, K, 2]``, pixel x, y; None for no keypoints.
        split: ``"train"``, ``"val"`` or ``"test"``.

    Returns:
        The masks' paths.

    Raises:
        InputError: the folder holds records of another generator, seed or label space.
    """
    if n < 1:
        raise InputError(f"n: got {n}; sample at least 1 picture, published are 16")
    root = Path(path)
    height, width = size or (generator.size, generator.size)
    grid = PixelGrid(height=height, width=width)
    _write_label_space(root, label_space)
    folder = root if split == "train" else root / split
    mark = fingerprint(generator)
    masks = []
    # Validation pictures come from far behind the training pictures of the same seed.
    offset = {"train": 0, "val": 10**6, "test": 2 * 10**6}[split]
    for i in range(n):
        w_plus = draw_latents(generator, [offset + i], seed=seed, psi=psi, rows=psi_rows)
        latent = Latent(w_plus=w_plus[0].cpu(), average=generator.w_mean.cpu(), generator=mark)
        mask = folder / "labels" / f"{i:04d}.png"
        masks.append(mask)
        if mask.exists():
            _same_record(folder, mask, latent)
            continue
        with torch.no_grad():
            image = grid.picture(generator.synthesis(w_plus)).clamp(-1, 1)
        label = _annotate(annotator, image, label_space)
        points = None if point is None else point(image)[0].cpu()
        latent = Latent(
            w_plus=latent.w_plus, average=latent.average, generator=mark, keypoints=points
        )
        write_atomically(folder / "images" / mask.name, _png(image[0]))
        write_atomically(_latent_path(mask), _latent_bytes(latent))
        save_mask(mask, label, label_space, latent)  # last: a record with a mask is whole
    return masks


def save_mask(
    path: str | Path, label: np.ndarray | Tensor, label_space: LabelSpace, latent: Latent
) -> None:
    """Write a record's mask: class ids ``[H, W]`` as an indexed PNG that carries its latent's mark.

    Raises:
        InputError: unknown ids, or a disk that is full; the earlier mask is kept then.
    """
    ids = label.cpu().numpy() if isinstance(label, Tensor) else label
    label_space.check(ids, where=str(path))
    info = PngInfo()
    info.add_text(MARK, latent.mark)
    file = io.BytesIO()
    indexed_picture(ids, label_space.colors).save(file, format="PNG", pnginfo=info)
    write_atomically(path, file.getvalue())


def latent_of(mask: str | Path) -> Latent:
    """The latent of a record, given its mask's path."""
    return read_latent(_latent_path(Path(mask)))


def _latent_path(mask: Path) -> Path:
    return mask.parent.parent / "latents" / f"{mask.stem}.safetensors"


def _latent_bytes(latent: Latent) -> bytes:
    tensors = {"w_plus": latent.w_plus.float(), "average": latent.average.float()}
    if latent.keypoints is not None:
        tensors["keypoints"] = latent.keypoints.float()
    tensors = {k: v.contiguous().clone() for k, v in tensors.items()}
    return save(tensors, {"format": LATENT_FORMAT, "generator": latent.generator})


def _annotate(annotator: Annotator | None, image: Tensor, space: LabelSpace) -> Tensor:
    if annotator is None:
        empty = 0 if space.ignore_id is None else space.ignore_id
        return torch.full(image.shape[2:], empty)
    with torch.no_grad():
        answer = annotator(image)
    answer = answer.argmax(dim=1) if answer.ndim == 4 else answer
    if answer.shape != image[:, 0].shape:
        raise InputError(
            f"annotator: returned {list(answer.shape)} for pictures {list(image.shape)}; expected "
            "class ids [N, H, W] or class scores [N, classes, H, W] of the same size"
        )
    return answer[0].cpu()


def _png(image: Tensor) -> bytes:
    file = io.BytesIO()
    to_pil_image(to_uint8(image.cpu())).save(file, format="PNG")
    return file.getvalue()


def _write_label_space(root: Path, label_space: LabelSpace) -> None:
    file = root / "label_space.json"
    text = label_space.to_json()
    if file.exists():
        if LabelSpace.from_json(file.read_text()) != label_space:
            raise InputError(
                f"{file}: the records there have another label space than "
                f"'{label_space.name}'; choose another folder"
            )
        return
    write_atomically(file, text.encode())


def _same_record(folder: Path, mask: Path, wanted: Latent) -> None:
    kept = latent_of(mask)
    if kept.generator != wanted.generator or not torch.allclose(
        kept.w_plus, wanted.w_plus, atol=1e-5
    ):
        raise InputError(
            f"{folder}: record {mask.stem} is of another generator, seed or truncation; its mask "
            "would not fit. Choose another folder"
        )
    read_header(folder / "images" / mask.name)
