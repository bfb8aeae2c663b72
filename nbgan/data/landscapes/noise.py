"""Fractal noise, sampled from a few periodic textures that are built once per process.

Summing octaves for every picture would be slow. Each kind of noise is therefore summed once into
a periodic texture; a lookup at any coordinate then costs one bilinear read, octaves included.
Lattice values are blended with the cubic B-spline, which hides the grid. Ridged noise follows
Musgrave, in Ebert et al., "Texturing and Modeling: A Procedural Approach".
"""

from __future__ import annotations

from functools import cache

import numpy as np

PERIOD = 32
"""Noise repeats after this many units; the coarsest bumps are about one unit wide."""

_SIZE = 1024
_OCTAVES = 5


def _octave(rng: np.random.Generator, cells: int) -> np.ndarray:
    """Periodic smooth noise ``[_SIZE, _SIZE]`` with ``cells`` random values along each side."""
    lattice = rng.random((cells, cells), dtype=np.float32) - 0.5
    position = np.arange(_SIZE, dtype=np.float32) * (cells / _SIZE)
    whole = np.floor(position).astype(np.int64)
    f = position - whole
    weights = (
        (1 - f) ** 3 / 6,
        (3 * f**3 - 6 * f**2 + 4) / 6,
        (-3 * f**3 + 3 * f**2 + 3 * f + 1) / 6,
        f**3 / 6,
    )
    for _ in range(2):
        lattice = sum(
            w[:, None] * lattice[(whole + k - 1) % cells] for k, w in enumerate(weights)
        ).T
    return lattice / lattice.std()


@cache
def _texture(kind: str) -> np.ndarray:
    rng = np.random.default_rng(20190318)
    octaves = [_octave(rng, PERIOD * 2**o) for o in range(_OCTAVES)]
    total: np.ndarray
    if kind == "soft":
        total = octaves[0] + 0.35 * octaves[1]
    elif kind == "fractal":
        total = np.asarray(sum(0.5**o * octave for o, octave in enumerate(octaves)))
    elif kind == "ridged":
        total, weight = np.zeros_like(octaves[0]), np.float32(1.0)
        for o, octave in enumerate(octaves):
            ridge = np.clip(1 - np.abs(octave) / 1.6, 0, 1) ** 2
            total = total + 0.52**o * weight * ridge
            weight = np.clip(ridge * 1.6, 0, 1)
        return np.ascontiguousarray(total / np.quantile(total, 0.999), dtype=np.float32)
    else:
        total = np.asarray(sum(0.5**o * (np.abs(octave) - 0.8) for o, octave in enumerate(octaves)))
    return np.ascontiguousarray(total / (2.4 * total.std()), dtype=np.float32)


def noise(kind: str, u: np.ndarray, v: np.ndarray | np.float32) -> np.ndarray:
    """Noise at the coordinates ``(u, v)``, broadcast together.

    Args:
        kind: ``"soft"`` (two octaves), ``"fractal"`` (five), ``"billow"`` (five, round lumps with
            sharp creases), all about -1..1; or ``"ridged"`` (five, sharp crests), 0..1.
        u: coordinates, one unit per coarsest bump.
        v: the other axis.
    """
    texture = _texture(kind).reshape(-1)
    scale = np.float32(_SIZE / PERIOD)
    u = np.asarray(u, dtype=np.float32) * scale
    v = np.asarray(v, dtype=np.float32) * scale
    u, v = np.broadcast_arrays(u, v)
    u0, v0 = np.floor(u), np.floor(v)
    fu, fv = u - u0, v - v0
    last = _SIZE - 1
    left = u0.astype(np.int32) & last
    row = (v0.astype(np.int32) & last) * _SIZE
    right = (left + 1) & last
    below = (row + _SIZE) & (_SIZE * _SIZE - 1)
    top = texture[row + left]
    top += (texture[row + right] - top) * fu
    bottom = texture[below + left]
    bottom += (texture[below + right] - bottom) * fu
    return top + (bottom - top) * fv


def random_of(cell: np.ndarray, salt: int) -> np.ndarray:
    """A fixed random number in 0..1 for each integer cell: a hash, not a generator."""
    h = (cell.astype(np.int64) * 0x9E3779B1 + salt * 0x85EBCA6B) & 0xFFFFFFFF
    h = ((h ^ (h >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
    h = ((h ^ (h >> 12)) * 0x297A2D39) & 0xFFFFFFFF
    return ((h ^ (h >> 15)) & 0xFFFFFF).astype(np.float32) / np.float32(0x1000000)


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 below ``low``, 1 above ``high``, smooth in between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
