"""GANs that paint from masks and edit pictures: the library of the book."""

__version__ = "0.1.0"
