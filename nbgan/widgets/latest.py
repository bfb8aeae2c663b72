"""Work that is asked for faster than it can be done: only the latest wish counts."""

from __future__ import annotations

import threading
from collections.abc import Callable


class LatestOnly:
    """Does ``work``; wishes that come meanwhile are one more turn of it, in the same thread.

    Args:
        work: takes the state as it is when it is called.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._running = False
        self._stale = False

    def __call__(self) -> None:
        """Work here, or leave it to the call that is already working."""
        with self._lock:
            self._stale = True
            if self._running:
                return
            self._running = True
        try:
            while self._take():
                self._work()
        finally:
            self._running = False

    def _take(self) -> bool:
        with self._lock:
            wanted, self._stale = self._stale, False
            if not wanted:
                self._running = False
            return wanted
