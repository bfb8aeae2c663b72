"""Keypoints of a drawn face, measured on its labelled layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nbgan.data.avatar_styles import CLASSES, StyleSheet
from nbgan.data.layers import Layer, layer_map

KEYPOINT_NAMES = (
    "left_eye",
    "right_eye",
    "left_eyebrow",
    "right_eyebrow",
    "nose",
    "mouth",
    "mouth_left",
    "mouth_right",
    "chin",
)
_MEASURED = {name: CLASSES.index(name) for name in ("eyes", "eyebrows", "nose", "mouth")}
# A part counts as visible while this share of it is.
_LEAST_VISIBLE = 0.25
_MISSING = (float("nan"), float("nan"))


def find_keypoints(
    sheet: StyleSheet, layers: Sequence[Layer], top: np.ndarray, *, head: str = "*"
) -> np.ndarray:
    """Keypoints float32 ``[K, 2]``, pixel x, y, in the order of ``KEYPOINT_NAMES``.

    Parts are measured whole, painted without what lies over them, so that a curl before an eye
    does not move the eye's centre. A centre is the mean of the part's pixels; the two of a pair
    are told apart by the widest gap between columns, and left is the viewer's left.

    Args:
        sheet: how to read the style.
        layers: the picture's layers.
        top: int64 ``[S, S]``, index of the layer that owns each pixel, -1 for none.
        head: variant of the head, on which the chin depends.

    Returns:
        NaN where three quarters of a part or more are covered, or it is not drawn.
    """
    size = top.shape[0]
    faces = [layer for layer in layers if layer.class_id in _MEASURED.values()]
    alone = np.full((size, size), -1)
    if faces:
        order = layer_map(faces, size, view_box=sheet.view_box)
        alone = np.array([layer.class_id for layer in faces] + [-1])[order]
    seen = np.array([layer.class_id for layer in layers] + [0])[top]
    points = dict.fromkeys(KEYPOINT_NAMES, _MISSING)
    for name in ("eyes", "eyebrows"):
        mask = alone == _MEASURED[name]
        left = np.arange(size) < _gap(mask)
        for side, half in (("left", left), ("right", ~left)):
            points[f"{side}_{name.removesuffix('s')}"] = _center(
                mask & half, seen == _MEASURED[name]
            )
    for name in ("nose", "mouth"):
        points[name] = _center(alone == _MEASURED[name], seen == _MEASURED[name])
    if not np.isnan(points["mouth"][0]):
        rows, columns = np.nonzero(alone == _MEASURED["mouth"])
        for side, column in (("left", columns.min()), ("right", columns.max())):
            points[f"mouth_{side}"] = (float(column), float(rows[columns == column].mean()))
    points["chin"] = _chin(sheet, seen, head)
    return np.array([points[name] for name in KEYPOINT_NAMES], dtype=np.float32)


def _center(mask: np.ndarray, shown: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    if not len(rows) or shown[mask].mean() < _LEAST_VISIBLE:
        return _MISSING
    return float(columns.mean()), float(rows.mean())


def _chin(sheet: StyleSheet, seen: np.ndarray, head: str) -> tuple[float, float]:
    x0, y0, width, _ = sheet.view_box
    x, y = sheet.chin.get(head) or sheet.chin["*"]
    scale = seen.shape[0] / width
    column, row = (x - x0) * scale - 0.5, (y - y0) * scale - 0.5
    shown = CLASSES[seen[round(row), round(column)]] in ("skin", "facial_hair")
    return (column, row) if shown else _MISSING


def _gap(mask: np.ndarray) -> float:
    """Column that parts the left from the right half of a pair: the middle of the widest gap."""
    columns = np.flatnonzero(mask.any(axis=0))
    if len(columns) < 2:
        return mask.shape[1] / 2
    steps = np.diff(columns)
    widest = int(steps.argmax())
    if steps[widest] == 1:
        return (columns[0] + columns[-1]) / 2
    return (columns[widest] + columns[widest + 1]) / 2


def keypoints_in_map(label: np.ndarray) -> np.ndarray:
    """The keypoints that a class map alone can tell: all of ``KEYPOINT_NAMES`` but the chin.

    Of what is covered it knows nothing, so hidden parts move the centre of what is left; the drawn
    world's own keypoints (:func:`find_keypoints`) are measured on whole parts.

    Args:
        label: class ids ``[H, W]`` of the avatars' label space.

    Returns:
        Pixel x, y, float32 ``[8, 2]``; NaN for parts that are absent, and for both of a pair if
        only one side is there.
    """
    points = dict.fromkeys(KEYPOINT_NAMES[:-1], _MISSING)
    for name in ("eyes", "eyebrows"):
        mask = label == _MEASURED[name]
        left = np.arange(label.shape[1]) < _gap(mask)
        sides = {"left": mask & left, "right": mask & ~left}
        if all(half.any() for half in sides.values()):
            for side, half in sides.items():
                points[f"{side}_{name.removesuffix('s')}"] = _center(half, half)
    for name in ("nose", "mouth"):
        mask = label == _MEASURED[name]
        points[name] = _center(mask, mask)
    rows, columns = np.nonzero(label == _MEASURED["mouth"])
    if len(columns):
        for side, column in (("left", columns.min()), ("right", columns.max())):
            points[f"mouth_{side}"] = (float(column), float(rows[columns == column].mean()))
    return np.array([points[name] for name in points], dtype=np.float32)
