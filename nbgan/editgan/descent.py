"""Descent on a latent code: Adam, watched, stopped and continued.

Embedding, editing and refining are this loop with different losses.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from nbgan.errors import InputError
from nbgan.train.system import Losses

Objective = Callable[[Tensor], Losses]
"""A code ``[1, rows, w_dim]`` to weighted terms; their sum is minimised."""

Rate = Callable[[int, int], float]
"""Number of an iteration, from 1, and how many there are, to a learning rate."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What a watcher is told after each iteration.

    Args:
        step, steps: iterations done, and how many there will be.
        losses: weighted terms, by name, before the iteration.
        w_plus: the code after it.
    """

    step: int
    steps: int
    losses: dict[str, float]
    w_plus: Tensor


Watcher = Callable[[Progress], bool | None]
"""Called after each iteration; False stops there, and what is reached is kept."""


class Descent:
    """Adam on one latent code.

    The last iterate is the result, as in the release.

    Args:
        w_plus: where it starts, ``[1, rows, w_dim]``.
        rows: only rows from the first up to before the last number move; None moves all.

    Raises:
        InputError: several codes, or rows that there are not.
    """

    def __init__(self, w_plus: Tensor, *, rows: tuple[int, int] | None = None) -> None:
        if w_plus.ndim != 3 or len(w_plus) != 1:
            raise InputError(
                f"w_plus: expected one code [1, rows, w_dim], got {list(w_plus.shape)}"
            )
        count = w_plus.shape[1]
        first, last = rows or (0, count)
        if not 0 <= first < last <= count:
            raise InputError(
                f"rows: got {first} to {last}; the code has rows 0 to {count}, give two numbers "
                "that ascend"
            )
        self.still = torch.ones(count, dtype=torch.bool)
        self.still[first:last] = False
        self.w_plus = w_plus.detach().clone().requires_grad_()
        self.optimizer = torch.optim.Adam([self.w_plus])
        self.step = 0

    def run(
        self, objective: Objective, *, steps: int, rate: Rate, watch: Watcher | None = None
    ) -> Tensor:
        """Go on up to ``steps`` iterations in all.

        Returns:
            The code ``[1, rows, w_dim]`` that was reached.
        """
        while self.step < steps:
            self.step += 1
            self.optimizer.param_groups[0]["lr"] = rate(self.step, steps)
            terms = objective(self.w_plus)
            (gradient,) = torch.autograd.grad(torch.stack(list(terms.values())).sum(), self.w_plus)
            gradient[:, self.still] = 0
            self.w_plus.grad = gradient
            self.optimizer.step()
            if watch is not None:
                losses = {name: value.item() for name, value in terms.items()}
                reached = Progress(
                    step=self.step, steps=steps, losses=losses, w_plus=self.w_plus.detach().clone()
                )
                if watch(reached) is False:
                    break
        return self.w_plus.detach().clone()

    def state(self) -> dict[str, Tensor]:
        """Everything that going on needs, as plain tensors."""
        moments = self.optimizer.state.get(self.w_plus, {})
        own = {"w_plus": self.w_plus.detach().clone(), "step": torch.tensor(self.step)}
        return own | {f"adam_{k}": torch.as_tensor(v).clone() for k, v in moments.items()}

    def resume(self, state: dict[str, Tensor]) -> None:
        """Take up what :meth:`state` gave: the run equals one that was never stopped."""
        with torch.no_grad():
            self.w_plus.copy_(state["w_plus"])
        self.step = int(state["step"])
        moments = {k.removeprefix("adam_"): v.clone() for k, v in state.items() if "adam_" in k}
        if moments:
            self.optimizer.state[self.w_plus] = moments


def constant(rate: float) -> Rate:
    """The same rate throughout."""
    return lambda step, steps: rate


def warm_and_cool(rate: float, *, warm: float = 0.05, cool: float = 0.25) -> Rate:
    """A rate that rises over the first part of a run and falls along a cosine over the last.

    Source: the projector of Karras et al., *StyleGAN2* (2020), appendix D, as EditGAN uses it.

    Args:
        rate: between the two.
        warm, cool: shares of the run.
    """

    def at(step: int, steps: int) -> float:
        t = step / (steps + 1)
        fall = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - t) / cool))
        return rate * fall * min(1.0, t / warm)

    return at
