"""The tiny world of :mod:`objects` as files in the layout of pix2pixHD."""

from pathlib import Path

import numpy as np
from objects import SPACE, Objects
from PIL import Image

from nbgan.data.pictures import to_uint8


def write_objects(root: Path, *, train=4, val=2, size=(32, 64), instances=True) -> Path:
    """``{split}_img``, ``{split}_label`` and ``{split}_inst``; validation pictures come last."""
    for split, indices in (("train", range(train)), ("val", range(train, train + val))):
        for index in indices:
            item = Objects(train + val, size)[index]
            parts = {"img": picture(item["image"]), "label": item["label"].byte().numpy()}
            if instances:
                parts["inst"] = item["instance"].numpy().astype(np.uint16)
            for kind, array in parts.items():
                save(array, root / f"{split}_{kind}/{index}.png")
    (root / "label_space.json").write_text(SPACE.to_json())
    return root


def write_pairs(root: Path, *, train=4, val=2, size=(32, 64), instances=True) -> Path:
    """``{split}A`` (class colours) and ``{split}B``, and instance maps."""
    for split, indices in (("train", range(train)), ("val", range(train, train + val))):
        for index in indices:
            item = Objects(train + val, size)[index]
            save(SPACE.colorize(item["label"]), root / f"{split}A/{index}.png")
            save(picture(item["image"]), root / f"{split}B/{index}.png")
            if instances:
                ids = item["instance"].numpy().astype(np.uint16)
                save(ids, root / f"{split}_inst/{index}.png")
    return root


def picture(image):
    """``[3, H, W]`` in [−1, 1] to bytes ``[H, W, 3]``."""
    return to_uint8(image).permute(1, 2, 0).contiguous().numpy()


def save(array: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
