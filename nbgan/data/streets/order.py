"""The order of painting: what stands behind comes first.

Sorting by distance fails beside long things: a lamp behind a parked bus may be nearer than the
bus's middle. Of two things that a plane parts, the one on the viewer's side can hide the other and
never the reverse; footprints are boxes along the axes, so such planes are easily found.
"""

from __future__ import annotations

import numpy as np


def painting_order(boxes: np.ndarray, eye_x: float) -> list[int]:
    """Order in which things are to be painted.

    Args:
        boxes: footprints, float ``[N, 4]``: left, right, near end, far end, in metres; the viewer
            stands at (``eye_x``, 0) and looks along the second axis.
        eye_x: place of the viewer.

    Returns:
        Positions in ``boxes``, hindmost first. Where footprints overlap, and where things hide
        each other in a ring, the farther middle comes first.
    """
    left, right, near, far = boxes.T
    # hides[i, j]: a plane parts the two, and the viewer is on the side of j.
    hides = near[:, None] >= far[None, :]
    hides |= (left[:, None] >= right[None, :]) & (eye_x <= left[:, None])
    hides |= (right[:, None] <= left[None, :]) & (eye_x >= right[:, None])
    # Parted both ways, neither hides the other.
    before = hides & ~hides.T
    waiting = before.sum(axis=0)
    left_over = np.argsort(-(near + far), kind="stable").tolist()
    order = []
    while left_over:
        free = next((i for i in left_over if waiting[i] == 0), left_over[0])
        left_over.remove(free)
        order.append(free)
        waiting = waiting - before[free]
    return order
