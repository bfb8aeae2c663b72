"""Going on at a higher resolution with what was learned at a lower one.

Source: Karras et al., *Progressive Growing of GANs* (2018), without fading in.
"""

from __future__ import annotations

from torch import Tensor

from nbgan.errors import InputError
from nbgan.train.system import System


def grow(system: System, state: dict[str, Tensor], where: str) -> list[str]:
    """Take over the weights of a run at a lower resolution.

    Args:
        system: freshly built, at the higher resolution.
        state: tensors of the earlier run by name.
        where: the file that they come from, for messages.

    Returns:
        Names of the parameters that the earlier run did not have and that start fresh.

    Raises:
        InputError: a shared layer has another shape, or nothing fits.
    """
    own = system.state_dict()
    shared = {k: v for k, v in state.items() if k in own}
    wrong = [k for k, v in shared.items() if v.shape != own[k].shape]
    if wrong or not any(k.startswith("generator.") for k in shared):
        detail = (
            f"'{wrong[0]}' has shape {tuple(shared[wrong[0]].shape)}, this recipe needs "
            f"{tuple(own[wrong[0]].shape)}"
            if wrong
            else "it holds none of this generator's tensors"
        )
        raise InputError(
            f"{where}: {detail}; recipe field 'start_from' wants a run of the same channels and "
            "latents at a lower resolution"
        )
    fresh = sorted(set(own) - set(shared))
    for name in fresh:
        # New resolutions add nothing to the picture at first: training goes on with what it had.
        if name.startswith(("generator.to_rgbs.", "generator.to_rgb.")):
            own[name].zero_()
    system.load_state_dict(shared, strict=False)
    return fresh
