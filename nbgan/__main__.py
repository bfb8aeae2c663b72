"""``python -m nbgan``, and ``accelerate launch -m nbgan`` for several processes."""

from nbgan.cli import main

main()
