"""Models in the page: export to ONNX, and the demos that the book's pages hold."""

from nbgan.live.card import LiveCard
from nbgan.live.export import export, run
from nbgan.live.weights import rounded

__all__ = ["LiveCard", "export", "rounded", "run"]
