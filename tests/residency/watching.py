"""A proxy of plain TCP that keeps every byte that passes, in both directions."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Watch:
    """Listens on a port of its own and passes on to another; `seen` is all that passed."""

    target: int
    connections: int = 0
    _pieces: list[bytes] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._start(self._accept)

    @property
    def seen(self) -> bytes:
        return b"".join(self._pieces)

    def close(self) -> None:
        """Listen no more, and wait for what is under way."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in list(self._threads):
            thread.join()

    def _start(self, run: Callable[..., None], *arguments: socket.socket) -> threading.Thread:
        thread = threading.Thread(target=run, args=arguments)
        self._threads.append(thread)
        thread.start()
        return thread

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.target)) as service:
            back = self._start(self._pass_on, service, client)
            self._pass_on(client, service)
            back.join()

    def _pass_on(self, here: socket.socket, there: socket.socket) -> None:
        """Keep a piece before it is passed on, so that nothing passes unseen."""
        with contextlib.suppress(OSError):
            while piece := here.recv(65536):
                self._pieces.append(piece)
                there.sendall(piece)
        with contextlib.suppress(OSError):
            there.shutdown(socket.SHUT_WR)
