"""Streets: a procedural town with the classes and instances of Cityscapes."""

from nbgan.data.streets.dataset import Streets
from nbgan.data.streets.moods import MOODS

__all__ = ["MOODS", "Streets"]
