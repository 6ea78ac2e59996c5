from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from examples.contoso.otlp import Request
from examples.contoso.sender import SendError, send

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUESTS = [Request("euc", "logs", f"body {number}".encode() * 9, 3) for number in range(40)]


class Collector(ThreadingHTTPServer):
    """Answers each of `answers` in turn, None by breaking the connection, and then 200."""

    def __init__(self, answers: list[int | None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.lock = threading.Lock()
        self.taken: list[bytes] = []
        self.refused: list[bytes] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            answer = self.server.answers.pop(0) if self.server.answers else 200
            (self.server.taken if answer == 200 else self.server.refused).append(body)
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def answers() -> list[int | None]:
    return []


@pytest.fixture
def collector(answers: list[int | None]) -> Iterator[Collector]:
    server = Collector(answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_request_is_delivered_once(collector: Collector) -> None:
    delivery = send(REQUESTS, {"euc": collector.address})

    assert delivery.records == {("euc", "logs"): 120}
    assert delivery.repeated == 0
    assert len(collector.taken) == len(set(collector.taken)) == 40


@pytest.mark.parametrize("answers", [[429, 503, None, 502, 504]])
def test_what_was_refused_for_now_goes_again_with_the_same_bytes(collector: Collector) -> None:
    delivery = send(REQUESTS, {"euc": collector.address})

    assert delivery.records == {("euc", "logs"): 120}
    assert delivery.repeated == 5
    assert len(collector.taken) == 40
    assert set(collector.refused) <= set(collector.taken)


@pytest.mark.parametrize("answers", [[200, 400]])
def test_what_is_refused_for_good_ends_the_sending(collector: Collector) -> None:
    with pytest.raises(SendError, match="euc answered 400"):
        send(REQUESTS, {"euc": collector.address})
