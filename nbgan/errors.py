"""One exception for everything a user can get wrong."""


class InputError(ValueError):
    """Bad input, caught at the door.

    The message names the file or argument, the value that was seen, what is allowed and how to
    fix it. It is raised before anything reaches a device or is written to disk.
    """
