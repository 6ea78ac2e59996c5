"""A gRPC client that sends bytes: whole messages through grpcio, frames through HTTP/2 by hand."""

from __future__ import annotations

import grpc

METHODS = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}


def export(
    target: str,
    message: bytes,
    *,
    signal: str = "traces",
    method: str | None = None,
    compression: grpc.Compression | None = None,
) -> bytes:
    """Send one message and give the reply's bytes; raises `grpc.RpcError` where it is refused."""
    with grpc.insecure_channel(
        target, options=[("grpc.max_send_message_length", -1), ("grpc.enable_retries", 0)]
    ) as channel:
        call = channel.unary_unary(
            METHODS[signal] if method is None else method,
            request_serializer=None,
            response_deserializer=None,
        )
        reply: bytes = call(message, timeout=10, compression=compression)
        return reply
