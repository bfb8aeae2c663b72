"""Training the full model in little memory: no whole gradient of its wide layer, a smaller Adam.

The full generator's first linear layer sees all features in a row: 268 million weights at 256
pixels, 1 GB, and as much again for the gradient and for each of Adam's moments, twice over. But
the gradient of a linear layer is a sum of outer products, one for each picture that went through:
``dL/dW = Σ_k δ_kᵀ x_k``. With a batch of one these are three (translated, returned, left alone).
So :class:`WideLinear` keeps the factors, and :class:`CompactAdam` makes the gradient from them a
few rows at a time, uses it, and forgets it. The numbers are those of the plain way.

Adam's first moment forgets half of itself at each step (beta 0.5), so bfloat16 is enough for it;
the second moment, whose changes are far smaller than itself, stays in float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Factors = list[tuple[Tensor, Tensor]]
_CHUNK = 2**22
"""Numbers of a weight that are updated at once."""


class _LinearByFactors(torch.autograd.Function):
    """``x Wᵀ`` whose backward pass keeps the gradient of W as factors."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: nn.Parameter) -> Tensor:
        ctx.save_for_backward(x)
        ctx.weight = weight
        return x.float() @ weight.T

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        (gradient,) = gradients
        factors_of(ctx.weight).append((gradient, x))
        return (gradient @ ctx.weight).to(x.dtype), None


class WideLinear(nn.Linear):
    """A linear layer that leaves factors of its weight's gradient, for :class:`CompactAdam`.

    Computes in float32 whatever autocast says: a copy of the weight in half precision would cost
    half a gigabyte.
    """

    def forward(self, x: Tensor) -> Tensor:
        """``[N, in_features]`` to ``[N, out_features]``, float32."""
        with torch.autocast(x.device.type, enabled=False):
            if torch.is_grad_enabled() and self.weight.requires_grad:
                y: Tensor = _LinearByFactors.apply(x, self.weight)
            else:
                y = F.linear(x.float(), self.weight)
            return y if self.bias is None else y + self.bias


def factors_of(weight: Tensor) -> Factors:
    """The factors ``(δ [N, out], x [N, in])`` that backward passes left at a weight so far."""
    if not hasattr(weight, "factors"):
        weight.factors = []  # type: ignore[attr-defined]
    return weight.factors  # type: ignore[attr-defined]


def make_compact(generator: nn.Module) -> None:
    """Give the first linear layer of a full model's style features to :class:`WideLinear`.

    A light model has none that is wide, and stays as it is. Names of parameters do not change.
    """
    first = generator.style[0]  # type: ignore[index]
    if not generator.light and isinstance(first, nn.Linear):
        first.__class__ = WideLinear


class CompactAdam(torch.optim.Optimizer):
    """Adam (Kingma & Ba, 2015, algorithm 1) with L2 decay, for gradients whole or in factors.

    Args:
        parameters: what to update.
        lr: rate.
        betas: decay rates; the first one must leave bfloat16 enough digits, so at most 0.9.
        eps: added to the root of the second moment.
        weight_decay: times the weight, added to the gradient.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        *,
        lr: float,
        betas: tuple[float, float],
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient, then forget the factors."""
        for group in self.param_groups:
            for parameter in group["params"]:
                factors = factors_of(parameter)
                if parameter.grad is not None or factors:
                    self._update(parameter, factors, group)
                    factors.clear()

    def _update(self, parameter: nn.Parameter, factors: Factors, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(parameter, dtype=torch.bfloat16)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        state["step"] += 1
        count, (first, second) = float(state["step"]), group["betas"]
        rate = group["lr"] / (1 - first**count)
        scale = math.sqrt(1 - second**count)
        for rows, gradient in _gradients(parameter, factors):
            weight = parameter[rows]
            if group["weight_decay"]:
                gradient = gradient.add(weight, alpha=group["weight_decay"])
            moment = state["exp_avg"][rows].float().lerp_(gradient, 1 - first)
            squares = state["exp_avg_sq"][rows]
            squares.mul_(second).addcmul_(gradient, gradient, value=1 - second)
            weight.addcdiv_(moment, squares.sqrt().div_(scale).add_(group["eps"]), value=-rate)
            state["exp_avg"][rows] = moment

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget gradients and factors."""
        super().zero_grad(set_to_none)
        for group in self.param_groups:
            for parameter in group["params"]:
                factors_of(parameter).clear()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As in PyTorch, which turns every moment into the type of its weight; not here."""
        super().load_state_dict(state_dict)
        for state in self.state.values():
            state["exp_avg"] = state["exp_avg"].to(torch.bfloat16)


def _gradients(parameter: nn.Parameter, factors: Factors) -> Iterator[tuple[Any, Tensor]]:
    """Index of some rows of a parameter and the gradient there, until all rows have come."""
    if parameter.ndim == 0 or (parameter.numel() <= _CHUNK and not factors):
        assert parameter.grad is not None
        yield ..., parameter.grad
        return
    step = max(1, _CHUNK * len(parameter) // parameter.numel())
    if factors:
        left = torch.cat([gradient for gradient, _ in factors])
        right = torch.cat([x.float() for _, x in factors])
    for start in range(0, len(parameter), step):
        rows = slice(start, start + step)
        whole = parameter.grad
        gradient = left[:, rows].T @ right if factors else torch.zeros(())
        yield rows, gradient if whole is None else whole[rows] + gradient
