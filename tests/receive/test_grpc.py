"""OTLP/gRPC over the real port: what is taken, and what bad input gets."""

from __future__ import annotations

import struct

import grpc
import httpx
import pytest
import zstandard
from exports import MAKERS, points, spans
from google.rpc import error_details_pb2, status_pb2
from grpc_client import METHODS, export
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from planes import MAX_BODY, Collector, Start


def frame(message: bytes, *, flag: int = 0, length: int | None = None) -> bytes:
    return struct.pack(">BI", flag, len(message) if length is None else length) + message


def send_frame(collector: Collector, body: bytes, **headers: str) -> httpx.Response:
    """A call whose frames no gRPC library would send."""
    with httpx.Client(http1=False, http2=True) as client:
        return client.post(
            f"http://{collector.grpc}{METHODS['traces']}",
            content=body,
            headers={"content-type": "application/grpc", "te": "trailers", **headers},
        )


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip])
def test_messages_are_stored(
    collector: Collector, signal: str, compression: grpc.Compression | None
) -> None:
    message = MAKERS[signal](300).SerializeToString()
    reply = export(collector.grpc, message, signal=signal, compression=compression)
    assert reply == b""
    assert collector.counts(signal, "grpc")["accepted"] == 300
    assert len(collector.seal()[signal]) == 1


def test_a_large_message_is_taken(collector: Collector) -> None:
    message = spans(15_000).SerializeToString()
    assert 700_000 < len(message) < MAX_BODY
    assert export(collector.grpc, message) == b""
    assert collector.counts("traces", "grpc")["accepted"] == 15_000
    assert collector.stats()["in_flight_bytes"] == 0


def test_rejected_records_are_told(collector: Collector) -> None:
    request = spans(3)
    request.resource_spans[0].scope_spans[0].spans[0].span_id = bytes(9)
    reply = ExportTraceServiceResponse.FromString(
        export(collector.grpc, request.SerializeToString())
    )
    assert reply.partial_success.rejected_spans == 1


def test_an_empty_request_is_ok_and_stores_nothing(collector: Collector) -> None:
    assert export(collector.grpc, b"") == b""
    assert collector.seal() == {}


def test_the_same_request_again_is_ok_and_stored_once(collector: Collector) -> None:
    message = spans(2).SerializeToString()
    export(collector.grpc, message)
    export(collector.grpc, message)
    counts = collector.counts("traces", "grpc")
    assert (counts["accepted"], counts["duplicate"]) == (2, 2)


def refused(collector: Collector, message: bytes, **options) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        export(collector.grpc, message, **options)
    assert collector.seal() == {}
    return caught.value


def test_malformed_messages_are_refused(collector: Collector) -> None:
    error = refused(collector, b"\x0a\x05abc")
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "at byte" in error.details()
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    assert status_pb2.Status.FromString(details).code == 3


def test_a_message_over_the_limit_is_refused_for_good(collector: Collector) -> None:
    error = refused(collector, bytes(MAX_BODY + 1))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    assert not status_pb2.Status.FromString(details).details  # no RetryInfo: a retry is no use


def test_a_bomb_is_refused_at_the_limit(collector: Collector) -> None:
    error = refused(collector, bytes(64 * MAX_BODY), compression=grpc.Compression.Gzip)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert collector.stats()["in_flight_peak_bytes"] <= 3 * MAX_BODY


def test_unknown_methods_are_unimplemented(collector: Collector) -> None:
    error = refused(collector, b"", method="/opentelemetry.proto.collector.Other/Export")
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_signal_without_a_pipeline_is_unimplemented(start: Start) -> None:
    error = refused(
        start(signals=("traces", "logs")), points().SerializeToString(), signal="metrics"
    )
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (frame(b"\x0a\x00")[:3], {}, "3"),
        (frame(b"abc", length=100), {}, "3"),
        (frame(b"") + frame(b""), {}, "3"),
        (frame(b"", flag=2), {}, "3"),
        (frame(b"x", flag=1), {}, "3"),
        (frame(b"", length=2**32 - 1), {}, "8"),
        (b"", {}, "3"),
        (frame(b"x", flag=1), {"grpc-encoding": "snappy"}, "12"),
        (frame(b"not gzip", flag=1), {"grpc-encoding": "gzip"}, "3"),
    ],
    ids=[
        "cut in the prefix",
        "cut in the message",
        "two messages",
        "unknown flag",
        "compressed by nothing",
        "a length of 4 GiB",
        "no message",
        "unknown encoding",
        "not what the encoding says",
    ],
)
def test_bad_frames_are_refused(
    collector: Collector, body: bytes, headers: dict[str, str], status: str
) -> None:
    reply = send_frame(collector, body, **headers)
    assert reply.status_code == 200
    assert reply.headers["grpc-status"] == status
    assert collector.seal() == {}
    # The connection's other calls do not suffer.
    assert export(collector.grpc, spans().SerializeToString()) == b""


def test_zstd_messages_are_taken(collector: Collector) -> None:
    body = frame(zstandard.compress(spans(9).SerializeToString()), flag=1)
    reply = send_frame(collector, body, **{"grpc-encoding": "zstd"})
    assert reply.status_code == 200
    assert collector.counts("traces", "grpc")["accepted"] == 9


def test_one_port_may_serve_both_protocols(start: Start) -> None:
    collector = start(http=None)
    reply = httpx.post(
        f"http://{collector.grpc}/v1/traces",
        content=spans().SerializeToString(),
        headers={"content-type": "application/x-protobuf"},
    )
    assert reply.status_code == 200


def test_a_stopping_collector_tells_when_to_come_back(collector: Collector) -> None:
    channel = grpc.insecure_channel(collector.grpc)
    call = channel.unary_unary(METHODS["traces"])
    call(spans().SerializeToString(), timeout=10)
    assert collector.plane.drain(5.0)
    with pytest.raises(grpc.RpcError) as caught:
        call(spans().SerializeToString(), timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    channel.close()
    assert error_details_pb2.RetryInfo.DESCRIPTOR is not None
