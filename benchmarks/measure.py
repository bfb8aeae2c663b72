"""Measuring: medians of repeated calls, and peak memory of a process of its own."""

from __future__ import annotations

import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""One line of the table: ``claim``, ``published``, ``ours``, ``unit``, ``ratio``, ``target``."""


def median_seconds(*functions: Callable[[], Any], repeats: int = 9) -> list[float]:
    """Median time of each function; they take turns, so that drift of the machine hits all."""
    for function in functions:
        function()
        function()
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats):
        for i, function in enumerate(functions):
            started = time.perf_counter()
            function()
            times[i].append(time.perf_counter() - started)
    return [statistics.median(t) for t in times]


def in_process(module: str, function: str, **arguments: Any) -> dict[str, float]:
    """Call ``module.function(**arguments)`` in a process of its own.

    Returns:
        The dict that the function returns, with ``peak_mb`` added: the process' peak memory less
        what it held before the call.
    """
    code = (
        "import importlib, json, sys\n"
        "from benchmarks.measure import peak_mb\n"
        f"function = getattr(importlib.import_module({module!r}), {function!r})\n"
        "before = peak_mb()\n"
        f"result = function(**json.loads({json.dumps(arguments)!r}))\n"
        "print(json.dumps(result | {'peak_mb': peak_mb() - before}))\n"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=root
    )
    if done.returncode:
        raise RuntimeError(f"{module}.{function} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def peak_mb() -> float:
    """Peak memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def machine() -> str:
    """What this ran on."""
    import torch

    from nbgan.zoo.build import hardware

    return f"{hardware()}; Python {platform.python_version()}, PyTorch {torch.__version__}"
