"""Landscapes: a procedural world of lakes, coasts, rivers and hills, in several moods."""

from nbgan.data.landscapes.classes import LANDSCAPES
from nbgan.data.landscapes.dataset import Landscapes
from nbgan.data.landscapes.moods import MOODS

__all__ = ["LANDSCAPES", "MOODS", "Landscapes"]
