"""Send prepared requests to collectors over OTLP/HTTP, and lose none.

A request that was refused for now (429, 502, 503, 504) or whose connection broke is sent again with
the same bytes until it is answered, as an OpenTelemetry SDK does; the collector counts it once.
"""

from __future__ import annotations

import gzip
import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass
from queue import Queue
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from examples.contoso.otlp import Request

RETRYABLE = {429, 502, 503, 504}
GIVE_UP_AFTER = 60.0
"""Seconds that one request is tried for."""
WAITING_REQUESTS = 64


@dataclass(frozen=True)
class Delivery:
    """What was delivered: records by region and signal, and how often a request was repeated."""

    records: Counter[tuple[str, str]]
    repeated: int


class SendError(Exception):
    """A collector refused a request for good, or did not answer for a minute."""


def send(
    requests: Iterable[Request],
    endpoints: Mapping[str, str],
    *,
    threads: int = 4,
    on_sent: Callable[[Request], None] | None = None,
) -> Delivery:
    """Send every request to its region's collector.

    `on_sent` is called after each answer, from the sending threads. `SendError` where one request
    could not be delivered: the rest is not sent then.
    """
    waiting: Queue[Request | None] = Queue(maxsize=WAITING_REQUESTS)
    workers = [_Worker(waiting, endpoints, on_sent) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        for request in requests:
            waiting.put(request)
            if any(worker.error for worker in workers):
                break
    finally:
        for _ in workers:
            waiting.put(None)
        for worker in workers:
            worker.join()
    for worker in workers:
        if worker.error:
            raise worker.error
    return Delivery(
        records=sum((worker.sent for worker in workers), Counter()),
        repeated=sum(worker.repeated for worker in workers),
    )


class _Worker(threading.Thread):
    """One sender with a connection to each collector; half of its bodies go compressed."""

    def __init__(
        self,
        waiting: Queue[Request | None],
        endpoints: Mapping[str, str],
        on_sent: Callable[[Request], None] | None,
    ) -> None:
        super().__init__(name="contoso-sender", daemon=True)
        self.waiting = waiting
        self.addresses = {region: urlsplit(url).netloc for region, url in endpoints.items()}
        self.connections: dict[str, http.client.HTTPConnection] = {}
        self.on_sent = on_sent
        self.sent: Counter[tuple[str, str]] = Counter()
        self.tried = 0
        self.repeated = 0
        self.error: SendError | None = None

    def run(self) -> None:
        while (request := self.waiting.get()) is not None:
            if self.error is not None:
                continue  # drain the queue, so that the maker of requests is not held up
            try:
                self._deliver(request)
            except SendError as error:
                self.error = error
        for connection in self.connections.values():
            connection.close()

    def _deliver(self, request: Request) -> None:
        self.tried += 1
        compress = self.tried % 2 == 0
        body = gzip.compress(request.body, compresslevel=1, mtime=0) if compress else request.body
        headers = {"Content-Type": "application/x-protobuf"}
        if compress:
            headers["Content-Encoding"] = "gzip"
        give_up = time.monotonic() + GIVE_UP_AFTER
        pause = 0.05
        while True:
            status = self._try(request, body, headers)
            if status == http.client.OK:
                break
            if status is not None and status not in RETRYABLE:
                raise SendError(
                    f"{request.region} answered {status} to a request of {request.signal}"
                )
            if time.monotonic() > give_up:
                raise SendError(
                    f"{request.region} took no request of {request.signal} for a minute"
                )
            self.repeated += 1
            time.sleep(pause)
            pause = min(pause * 2, 1.0)
        self.sent[request.region, request.signal] += request.records
        if self.on_sent is not None:
            self.on_sent(request)

    def _try(self, request: Request, body: bytes, headers: dict[str, str]) -> int | None:
        """Send once; the status, or None where the connection broke."""
        connection = self.connections.get(request.region)
        if connection is None:
            connection = http.client.HTTPConnection(self.addresses[request.region], timeout=15)
            self.connections[request.region] = connection
        try:
            connection.request("POST", f"/v1/{request.signal}", body, headers)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None
        return response.status
