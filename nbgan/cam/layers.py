"""Looking inside a network: hooks that are there inside a ``with`` block and gone after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from nbgan.errors import InputError

_LISTED = 40


def layer_names(model: nn.Module) -> list[str]:
    """Names of all modules inside a network, as :meth:`torch.nn.Module.named_modules` gives them,
    in the order in which they were built."""
    return [name for name, _ in model.named_modules() if name]


def find_layer(model: nn.Module, name: str) -> nn.Module:
    """A module by its name.

    Raises:
        InputError: no such module; the message lists those there are.
    """
    modules = dict(model.named_modules())
    if not name or name not in modules:
        names = layer_names(model)
        more = f" … and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        raise InputError(
            f"layer: {type(model).__name__} has no layer '{name}'; it has "
            f"{', '.join(names[:_LISTED]) or 'no layers at all'}{more}"
        )
    return modules[name]


@contextmanager
def watch(
    model: nn.Module, *layers: str, replace: Callable[[Tensor], Tensor] | None = None
) -> Iterator[dict[str, Tensor]]:
    """Keep what layers put out, and take in, while a network runs.

    The tensors are those of the last forward pass inside the block, graph included; a gradient can
    be taken with respect to them. The hooks are removed at the end of the block, also if it ends
    with an error.

    Args:
        model: any network.
        layers: names of layers, see :func:`layer_names`; ``"fc"`` keeps the output of ``fc``,
            ``"fc.input"`` its first input, if there is no layer of that name.
        replace: what the network goes on with instead of an output; for the outputs only. What is
            kept is the output as it was.

    Yields:
        Name to tensor; filled by the forward pass, as long as the layer puts out one tensor.

    Raises:
        InputError: no layer of that name; the message lists those there are.
    """
    kept: dict[str, Tensor] = {}
    known = set(layer_names(model))
    handles = []

    def keep_output(name: str) -> Callable[..., Any]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> Any:
            if isinstance(output, Tensor):
                kept[name] = output
                return None if replace is None else replace(output)
            return None

        return hook

    def keep_input(name: str) -> Callable[..., Any]:
        def hook(_module: nn.Module, inputs: Any) -> None:
            if inputs and isinstance(inputs[0], Tensor):
                kept[name] = inputs[0]

        return hook

    wanted = []
    for name in layers:
        owner = name.removesuffix(".input")
        at_input = name not in known and owner in known
        wanted.append((name, find_layer(model, owner if at_input else name), at_input))
    try:
        for name, module, at_input in wanted:
            if at_input:
                handles.append(module.register_forward_pre_hook(keep_input(name)))
            else:
                handles.append(module.register_forward_hook(keep_output(name)))
        yield kept
    finally:
        for handle in handles:
            handle.remove()
