"""Whether exports succeed, and the health_check endpoint that tells it.

`check_collector_pipeline` does nothing in the Collector
(https://github.com/open-telemetry/opentelemetry-collector-contrib/issues/11780); here it works:
503 once exports failed `exporter_failure_threshold` times within `interval`, 200 after one that
succeeded.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

    from mainstem.config.collector.receivers import HealthCheck

LIVE = "/live"
SLOWEST_CLIENT_S = 5


@dataclass
class Exports:
    """How the exports went lately; written by the uploader, read by health and metrics."""

    threshold: int | None
    """Failures within `interval_s` seconds that make it unhealthy; None where nobody asked."""

    interval_s: float
    clock: Callable[[], float] = time.monotonic
    _failures: deque[float] = field(default_factory=deque)
    _reason: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def failed(self, reason: str) -> None:
        """Count a failure; the reason is an error's text, which holds no address."""
        with self._lock:
            self._failures.append(self.clock())
            self._reason = reason
            while len(self._failures) > (self.threshold or 1):
                self._failures.popleft()

    def succeeded(self) -> None:
        """Forget the failures: the way to the store is open again."""
        with self._lock:
            self._failures.clear()

    def trouble(self) -> str | None:
        """Say why exports count as broken, or None."""
        with self._lock:
            if self.threshold is None:
                return None
            since = self.clock() - self.interval_s
            recent = sum(1 for failure in self._failures if failure >= since)
            if recent < self.threshold:
                return None
            return f"{recent} exports failed within {self.interval_s:g} s; last: {self._reason}"


class Troubled(Protocol):
    """Anything whose trouble makes the collector unhealthy."""

    def trouble(self) -> str | None:
        """Say why, or None where all is well."""


class SpoolTrouble:
    """Whether the spool's disk is full, or something has waited too long for its upload."""

    def __init__(self, stats: Callable[[], str], max_age_s: float) -> None:
        self._stats = stats
        self._max_age_s = max_age_s

    def trouble(self) -> str | None:
        """Say what is wrong with the spool, or None."""
        stats = json.loads(self._stats())
        spools = stats.get("origins") or {"": stats["spool"]}
        for region, spool in spools.items():
            which = f"the spool of {region}" if region else "the spool"
            if spool["reserve_bytes"] == 0:
                return f"{which}: its disk is full, nothing is taken"
            age_s = spool["oldest_age_ms"] / 1000
            if age_s > self._max_age_s:
                return f"{which}: its oldest entry has waited {age_s:.0f} s for the store"
        return None


class Health:
    """What the endpoint answers: starting, serving (well or not), or draining."""

    def __init__(self, *troubled: Troubled) -> None:
        self._troubled = list(troubled)
        self.state = "starting"
        self._since = time.time()

    def answer(self) -> tuple[int, dict[str, Any]]:
        """Give the status code and the JSON body."""
        reason = self.state if self.state != "serving" else self._trouble()
        if reason is not None:
            return 503, {"status": "Server not available", "reason": reason}
        up = datetime.fromtimestamp(self._since, UTC).isoformat(timespec="milliseconds")
        uptime = f"{time.time() - self._since:.3f}s"
        return 200, {"status": "Server available", "upSince": up, "uptime": uptime}

    def watch(self, troubled: Troubled) -> None:
        """Ask one more from now on."""
        self._troubled.append(troubled)

    def _trouble(self) -> str | None:
        return next(filter(None, (one.trouble() for one in self._troubled)), None)


class HealthServer:
    """The endpoint: the configured path, and `/live` for whether the process runs at all."""

    def __init__(
        self, config: HealthCheck, health: Health, tls: ssl.SSLContext | None = None
    ) -> None:
        host, _, port = config.endpoint.rpartition(":")
        handler = type(
            "Handler",
            (_Handler,),
            {"health": health, "path_of_health": config.path, "bodies": config.response_body},
        )
        self._server = _Server((host.strip("[]"), int(port)), handler)
        self._server.tls = tls
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.2,), name="health", daemon=True
        )

    @property
    def address(self) -> str:
        """The address and port that were bound."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    tls: ssl.SSLContext | None = None

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection; its handshake is made in its own thread, with the first read."""
        connection, address = super().get_request()
        if self.tls is not None:
            connection = self.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    health: ClassVar[Health]
    path_of_health: ClassVar[str]
    bodies: ClassVar[Any]
    timeout = SLOWEST_CLIENT_S
    server_version = "mainstem"
    sys_version = ""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == LIVE:
            self._send(200, json.dumps({"status": "live"}))
        elif path == self.path_of_health:
            status, answer = self.health.answer()
            own = self.bodies.healthy if status == 200 else self.bodies.unhealthy
            self._send(status, json.dumps(answer) if own is None else own)
        else:
            self._send(404, json.dumps({"status": "no such path"}))

    do_HEAD = do_GET  # noqa: N815

    def _send(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep no access log."""
