"""The channel of instance edges.

Source: Wang et al., *High-Resolution Image Synthesis and Semantic Manipulation with Conditional
GANs* (2018), section 3.3 and figure 4. Checked against the published implementation
(``tests/golden/pix2pixhd``).
"""

from __future__ import annotations

from torch import Tensor

from nbgan.errors import InputError
from nbgan.spade.semantics import instance_edges

MAX_INSTANCE_ID = 2**16 - 1
"""Instance maps are 16-bit pictures; class * 1000 + n stays below this for 64 classes."""


def check_instance(instance: Tensor) -> None:
    """Refuse what is not a map of instance ids.

    Args:
        instance: ids, integer ``[N, H, W]``, 0 to 65535.

    Raises:
        InputError: not integers, not three axes, or ids that do not fit 16 bits.
    """
    if instance.ndim != 3:
        raise InputError(
            f"instance: expected ids [N, H, W], got shape {list(instance.shape)}; "
            "add a batch axis with instance[None], or drop a channel axis with instance[:, 0]"
        )
    if instance.is_floating_point() or instance.is_complex():
        raise InputError(
            f"instance: ids must be integers, got {instance.dtype}; convert with instance.long()"
        )
    if not instance.numel():
        return
    low, high = (int(v) for v in instance.long().aminmax())
    if low < 0 or high > MAX_INSTANCE_ID:
        raise InputError(
            f"instance: id {low if low < 0 else high} is outside 0 to {MAX_INSTANCE_ID}, the range "
            "of a 16-bit instance map. Number the instances as class * 1000 + n, or read the "
            "file as 16-bit"
        )


def edge_map(instance: Tensor) -> Tensor:
    """Where an instance meets another: ids ``[N, H, W]`` to ``[N, 1, H, W]``, float 0 or 1.

    A pixel is an edge if one of its four neighbours has another id, so both sides of a border are
    marked; the picture's own border is no edge.

    Raises:
        InputError: not a map of instance ids; see :func:`check_instance`.
    """
    check_instance(instance)
    return instance_edges(instance)
