"""The same work in plain Python: `python -m bench.plain FILE` receives for `bench.collector`.

Parse with protobuf's classes, mask two patterns in attribute values, write JSON, compress, append
to FILE with one fdatasync, then answer. Prints the bound ports as one line of JSON and ends with
its standard input.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import zstandard
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench import spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue

PATTERNS = [re.compile(pattern) for pattern in spans.PATTERNS]
EXPORT = "opentelemetry.proto.collector.trace.v1.TraceService"


def mask(attributes: Iterable[KeyValue]) -> None:
    """Replace what the two patterns find in text values."""
    for attribute in attributes:
        if attribute.value.HasField("string_value"):
            text = attribute.value.string_value
            for pattern in PATTERNS:
                text = pattern.sub("****", text)
            attribute.value.string_value = text


def work(body: bytes, compressor: zstandard.ZstdCompressor) -> bytes:
    """Turn a request's bytes into one compressed line of redacted OTLP/JSON."""
    message = ExportTraceServiceRequest.FromString(body)
    for resource in message.resource_spans:
        mask(resource.resource.attributes)
        for scope in resource.scope_spans:
            for span in scope.spans:
                mask(span.attributes)
                for event in span.events:
                    mask(event.attributes)
    text = MessageToJson(message, indent=None, use_integers_for_enums=True)
    return compressor.compress(text.encode() + b"\n")


class Spool:
    """One file; a request is durable once `keep` returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()
        self._compressor = zstandard.ZstdCompressor(level=1)

    def keep(self, body: bytes) -> bytes:
        """Store a request; gives the reply, an empty message."""
        with self._lock:
            self._file.write(work(body, self._compressor))
            os.fdatasync(self._file.fileno())
        return b""


def serve_http(keep: Callable[[bytes], bytes]) -> ThreadingHTTPServer:
    """Take OTLP/HTTP with protobuf bodies on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            reply = keep(self.rfile.read(int(self.headers["content-length"])))
            self.send_response_only(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def serve_grpc(keep: Callable[[bytes], bytes]) -> tuple[grpc.Server, int]:
    """Take OTLP/gRPC on a free port."""
    handler = grpc.unary_unary_rpc_method_handler(lambda body, _: keep(body))
    server = grpc.server(
        ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", 20 << 20)]
    )
    server.add_registered_method_handlers(EXPORT, {"Export": handler})
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def main() -> None:
    """Run until standard input ends."""
    spool = Spool(Path(sys.argv[1]))
    http = serve_http(spool.keep)
    grpc_server, grpc_port = serve_grpc(spool.keep)
    print(json.dumps({"grpc": grpc_port, "http": http.server_port}), flush=True)
    sys.stdin.read()
    http.shutdown()
    grpc_server.stop(None)


if __name__ == "__main__":
    main()
