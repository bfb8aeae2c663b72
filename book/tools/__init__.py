"""How the book is built: execute the chapters, prepare the scripts, write the pages."""


class BuildError(Exception):
    """The book cannot be built; the message says which file, what is wrong and how to fix it."""
