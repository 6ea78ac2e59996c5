"""Threads that look at something again and again while a collector runs."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

EVERY_S = 1.0


class Watch(ABC):
    """One thread that looks until it is closed."""

    def __init__(self, name: str) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def look(self) -> object:
        """Look once; what it gives is nobody's."""

    def every_s(self) -> float:
        """Give the seconds until the next look."""
        return EVERY_S

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self.every_s()):
            self.look()
