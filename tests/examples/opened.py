"""Record every path below a folder that any process opens, as the kernel reports it.

inotify sees an open whoever makes it: Python, DuckDB, or the core. A hook within Python would miss
the last two.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

IN_OPEN = 0x20
IN_CREATE = 0x100
IN_ISDIR = 0x4000_0000
IN_Q_OVERFLOW = 0x4000
IN_NONBLOCK = os.O_NONBLOCK
IN_CLOEXEC = os.O_CLOEXEC
EVENT = struct.Struct("iIII")

_libc = ctypes.CDLL(None, use_errno=True)


class OpenedPaths:
    """As a context manager, the paths below `root` that were opened while it was entered.

    Folders that are made meanwhile are watched from then on; what was there before misses nothing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths: set[Path] = set()
        self._folders: dict[int, Path] = {}
        self._overflowed = False
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        self._descriptor = _libc.inotify_init1(IN_NONBLOCK | IN_CLOEXEC)
        assert self._descriptor >= 0, os.strerror(ctypes.get_errno())
        for folder in [self.root, *(path for path in self.root.rglob("*") if path.is_dir())]:
            self._watch(folder)
        self._read()  # looking for folders opened them
        self.paths.clear()
        self._reader = threading.Thread(target=self._follow, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._reader.join()
        self._read()
        os.close(self._descriptor)
        assert not self._overflowed, "the kernel dropped events: nothing can be said"

    def below(self, folder: Path) -> set[Path]:
        """Give the opened paths that lie in a folder, or are it."""
        return {path for path in self.paths if path == folder or folder in path.parents}

    def _watch(self, folder: Path) -> None:
        watch = _libc.inotify_add_watch(
            self._descriptor, os.fsencode(folder), ctypes.c_uint32(IN_OPEN | IN_CREATE)
        )
        if watch >= 0:  # else it is gone again
            self._folders[watch] = folder

    def _follow(self) -> None:
        while not self._stop.is_set():
            if select.select([self._descriptor], [], [], 0.05)[0]:
                self._read()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._descriptor, 1 << 16)
            except BlockingIOError:
                return
            at = 0
            while at < len(data):
                watch, mask, _, length = EVENT.unpack_from(data, at)
                name = data[at + EVENT.size : at + EVENT.size + length].rstrip(b"\0")
                at += EVENT.size + length
                self._note(watch, mask, os.fsdecode(name))

    def _note(self, watch: int, mask: int, name: str) -> None:
        if mask & IN_Q_OVERFLOW:
            self._overflowed = True
            return
        path = self._folders[watch] / name if name else self._folders[watch]
        if mask & IN_OPEN:
            self.paths.add(path)
        elif mask & IN_ISDIR:
            self._watch(path)
