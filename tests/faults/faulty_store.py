"""A proxy between mainstem and a real blob service, which fails as asked and else passes all on."""

from __future__ import annotations

import contextlib
import http.client
import re
import threading
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "date", "server"}
_LISTED = re.compile(rb"<(Blob|BlobPrefix)><Name>([^<]*)</Name>.*?</\1>", re.DOTALL)


class Call(Enum):
    """What is asked of the store."""

    READ = "read"
    WRITE = "write"
    LIST = "list"
    REMOVE = "remove"


class Failure(Enum):
    """How a call fails."""

    BUSY = "answers 503"
    SILENT = "does not answer"
    CUT = "dies in the middle of the body"
    UNCONFIRMED = "does as asked, and its answer is lost"


@dataclass
class Fault:
    """Fails calls of some kinds, of names that hold `name`, but for the first `spared` of them."""

    failure: Failure
    calls: frozenset[Call]
    name: str = ""
    spared: int = 0
    failed: int = 0


@dataclass
class FaultyStore:
    """The proxy; `port` is where it listens. While `hidden` says so, listings lack an object."""

    target: int
    fault: Fault | None = None
    hidden: Callable[[str], bool] = lambda _: False
    healed: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Listen."""
        handler = type("Handler", (_Handler,), {"store": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def fail(self, failure: Failure, *calls: Call, name: str = "", spared: int = 0) -> Fault:
        """Fail from now on."""
        self.healed.clear()
        self.fault = Fault(failure, frozenset(calls), name, spared)
        return self.fault

    def heal(self) -> None:
        """Pass everything on again, and answer nobody who still waits."""
        self.fault = None
        self.hidden = lambda _: False
        self.healed.set()

    def close(self) -> None:
        """Listen no more."""
        self.heal()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def failing(self, call: Call, path: str) -> Failure | None:
        """Tell whether, and how, a call fails; counts it."""
        with self._lock:
            fault = self.fault
            if fault is None or call not in fault.calls or fault.name not in path:
                return None
            if fault.spared:
                fault.spared -= 1
                return None
            fault.failed += 1
            return fault.failure


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: FaultyStore

    def _pass_on(self) -> None:
        failure = self.store.failing(_call(self.command, self.path), self.path)
        size = int(self.headers.get("Content-Length") or 0)
        if failure is Failure.CUT and size:
            self._cut_upload(self.rfile.read(size // 2))
            return
        body = self.rfile.read(size)
        if failure is Failure.BUSY:
            self._answer(503, {"x-ms-error-code": "ServerBusy"}, b"")
        elif failure is Failure.SILENT:
            self.store.healed.wait()
            self.close_connection = True
        else:
            status, headers, answer = self._asked(body)
            if failure is Failure.UNCONFIRMED or (failure and not answer):
                self.close_connection = True
            else:
                cut = len(answer) // 2 if failure is Failure.CUT else len(answer)
                self._answer(status, headers, answer, sent=cut)

    do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = _pass_on  # noqa: N815

    def _asked(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.store.target, timeout=30)
        ) as service:
            service.request(self.command, self.path, body or None, dict(self.headers))
            got = service.getresponse()
            answer = got.read()
        headers = {k: v for k, v in got.getheaders() if k.lower() not in _HOP_BY_HOP}
        if _call(self.command, self.path) is Call.LIST:
            answer = _LISTED.sub(self._unless_hidden, answer)
            headers["Content-Length"] = str(len(answer))
        return got.status, headers, answer

    def _unless_hidden(self, found: re.Match[bytes]) -> bytes:
        return b"" if self.store.hidden(found[2].decode()) else found[0]

    def _cut_upload(self, half: bytes) -> None:
        """Let the service see half of the body, and its sender no answer."""
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.store.target, timeout=30)
        ) as service:
            service.putrequest(self.command, self.path, skip_host=True)
            for name, value in self.headers.items():
                service.putheader(name, value)
            service.endheaders()
            service.send(half)
        self.close_connection = True

    def _answer(
        self, status: int, headers: dict[str, str], body: bytes, sent: int | None = None
    ) -> None:
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:sent])
        if sent is not None and sent < len(body):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep no log."""


def _call(method: str, path: str) -> Call:
    match method:
        case "GET" | "HEAD":
            return Call.LIST if "comp=list" in path else Call.READ
        case "DELETE" | "POST":
            # Removals come as batches of one.
            return Call.REMOVE
    return Call.WRITE
