"""The store is away for a while: everything is spooled, said, and delivered afterwards."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from running import collector, get, log_request, post, stand

from mainstem.store import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE_S = 60


class Gate:
    """A TCP relay that can be opened: while it is shut, nobody listens."""

    def __init__(self, target: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port: int = found.getsockname()[1]
        self._target = target
        self._open = contextlib.ExitStack()

    def open(self) -> None:
        listener = self._open.enter_context(socket.create_server(("127.0.0.1", self.port)))
        self._start(self._accept, listener)

    def close(self) -> None:
        self._open.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._open.enter_context(listener.accept()[0])
                server = self._open.enter_context(
                    socket.create_connection(("127.0.0.1", self._target))
                )
                self._start(_relay, client, server)
                self._start(_relay, server, client)

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments)
        # Its socket is shut down first, so that it wakes and can be waited for.
        self._open.callback(thread.join)
        self._open.callback(_shut, arguments[0])
        thread.start()


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


def _relay(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def gate(azurite_account: str) -> Iterator[Gate]:
    found = re.search(r"BlobEndpoint=http://127.0.0.1:(\d+)/", azurite_account)
    assert found is not None
    with contextlib.closing(Gate(int(found[1]))) as made:
        yield made


def test_a_store_that_is_away_is_spooled_for_and_delivered_to(
    azurite_account: str, gate: Gate, tmp_path: Path
) -> None:
    key = azurite_account.partition("AccountKey=")[2].partition(";")[0]
    through = re.sub(r"127.0.0.1:\d+", f"127.0.0.1:{gate.port}", azurite_account)
    with collector(stand(tmp_path, through)) as running:
        health = running.ready["health"]
        assert running.event("store not reached at start, spooling")
        sent = [f"record {number}" for number in range(20)]
        for body in sent:
            assert post(f"{running.otlp}/v1/logs", log_request(body)) == 200
        _until(lambda: get(health)[0] == 503)
        assert "exports failed within 300 s" in get(health)[1]
        assert get(f"{health}live")[0] == 200
        assert key not in str(running.events)
        gate.open()
        _until(lambda: get(health)[0] == 200)
        assert running.stop() == 0
    logs = Account.open(azurite_account).container("logs")
    stored = "".join(logs.read(info.name).decode() for info in logs.list())
    assert all(f'"{body}"' in stored for body in sent)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
