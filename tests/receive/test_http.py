"""OTLP/HTTP over the real port: what is taken, and what bad input gets."""

from __future__ import annotations

import gzip
import json

import httpx
import pytest
import zstandard
from exports import MAKERS, json_of, logs, points, spans
from google.rpc import status_pb2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from planes import MAX_BODY, Collector, Start

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


def post(
    collector: Collector,
    body: bytes,
    headers: dict[str, str] | None = None,
    path: str = "/v1/traces",
) -> httpx.Response:
    headers = PROTOBUF if headers is None else headers
    return httpx.post(collector.http + path, content=body, headers=headers, timeout=30)


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
def test_protobuf_is_stored(collector: Collector, signal: str) -> None:
    reply = post(collector, MAKERS[signal](3).SerializeToString(), path=f"/v1/{signal}")
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["content-type"] == "application/x-protobuf"
    assert collector.counts(signal, "http")["accepted"] == 3
    assert len(collector.seal()[signal]) == 1


@pytest.mark.parametrize("signal", ["logs", "metrics"])
def test_json_is_stored(collector: Collector, signal: str) -> None:
    reply = post(collector, json_of(MAKERS[signal](2)), JSON, f"/v1/{signal}")
    assert (reply.status_code, reply.json()) == (200, {})
    assert collector.counts(signal, "http")["accepted"] == 2
    assert len(collector.seal()[signal]) == 1


def test_json_with_a_charset_is_json(collector: Collector) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    assert post(collector, json_of(logs()), headers, "/v1/logs").status_code == 200


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("zstd", lambda body: zstandard.ZstdCompressor(write_content_size=False).compress(body)),
        ("gzip", lambda body: gzip.compress(body[:100]) + gzip.compress(body[100:])),
        ("identity", bytes),
    ],
    ids=["gzip", "zstd", "zstd without its size", "gzip of two members", "identity"],
)
def test_compressed_bodies_are_taken(collector: Collector, encoding: str, compress) -> None:
    body = compress(spans(500).SerializeToString())
    reply = post(collector, body, {**PROTOBUF, "content-encoding": encoding})
    assert reply.status_code == 200
    assert collector.counts("traces", "http")["accepted"] == 500


def test_a_body_in_chunks_of_unknown_length_is_taken(collector: Collector) -> None:
    body = spans(5000).SerializeToString()
    pieces = (body[start : start + 1000] for start in range(0, len(body), 1000))
    reply = httpx.post(collector.http + "/v1/traces", content=pieces, headers=PROTOBUF)
    assert reply.status_code == 200
    assert collector.counts("traces", "http")["accepted"] == 5000
    assert collector.stats()["in_flight_bytes"] == 0


@pytest.mark.parametrize("body", [b"", spans(0).SerializeToString()])
def test_an_empty_request_is_ok_and_stores_nothing(collector: Collector, body: bytes) -> None:
    assert post(collector, body).status_code == 200
    assert post(collector, b"{}", JSON).json() == {}
    assert collector.seal() == {}


def test_ids_of_a_wrong_length_are_rejected_by_record(collector: Collector) -> None:
    request = spans(3)
    request.resource_spans[0].scope_spans[0].spans[1].trace_id = b"short"
    reply = post(collector, request.SerializeToString())
    assert reply.status_code == 200
    partial = ExportTraceServiceResponse.FromString(reply.content).partial_success
    assert partial.rejected_spans == 1
    assert partial.error_message == "records with a trace id or span id of a wrong length"
    counts = collector.counts("traces", "http")
    assert (counts["accepted"], counts["rejected"]) == (2, 1)


def test_a_json_sender_is_told_of_rejected_records_in_json(collector: Collector) -> None:
    record = {"body": {"stringValue": "x"}, "traceId": "0102"}
    request = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    reply = post(collector, json.dumps(request).encode(), JSON, "/v1/logs")
    assert reply.status_code == 200
    assert reply.json()["partialSuccess"]["rejectedLogRecords"] == "1"


def test_the_same_request_again_is_ok_and_stored_once(collector: Collector) -> None:
    body = spans(4).SerializeToString()
    assert [post(collector, body).status_code for _ in range(3)] == [200, 200, 200]
    # The digest is of the inflated body, so a retry may be compressed in another way.
    assert post(collector, gzip.compress(body), {**PROTOBUF, "content-encoding": "gzip"}).is_success
    counts = collector.counts("traces", "http")
    assert (counts["accepted"], counts["duplicate"]) == (4, 12)
    assert len(collector.seal()["traces"]) == 1


@pytest.mark.parametrize(
    "body", [b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x05abc", b"\xff\xff\xff\xff\xff\xff"]
)
def test_malformed_protobuf_is_refused_with_a_status(collector: Collector, body: bytes) -> None:
    reply = post(collector, body)
    assert reply.status_code == 400
    assert reply.headers["content-type"] == "application/x-protobuf"
    status = status_pb2.Status.FromString(reply.content)
    assert status.code == 3
    assert "at byte" in status.message
    assert collector.seal() == {}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"resourceLogs": 3}',
        b'{"resourceLogs": [{}]} trailing',
        b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "secret-xyz',
    ],
)
def test_malformed_json_is_refused_without_being_quoted(collector: Collector, body: bytes) -> None:
    reply = post(collector, body, JSON, "/v1/logs")
    assert reply.status_code == 400
    assert reply.json()["code"] == 3
    assert "secret" not in reply.text
    assert collector.seal() == {}


def test_deep_nesting_is_refused(collector: Collector) -> None:
    value = b'{"stringValue":"x"}'
    for _ in range(5000):
        value = b'{"arrayValue":{"values":[' + value + b"]}}"
    record = b'{"logRecords":[{"body":' + value + b"}]}"
    body = b'{"resourceLogs":[{"scopeLogs":[' + record + b"]}]}"
    reply = post(collector, body, JSON, "/v1/logs")
    assert reply.status_code == 400
    assert reply.json()["message"].startswith("too_deep")


def test_a_body_over_the_limit_is_refused(collector: Collector) -> None:
    reply = post(collector, b"\x0a" * (MAX_BODY + 1))
    assert reply.status_code == 413
    assert status_pb2.Status.FromString(reply.content).code == 8
    pieces = (b"\x0a" * 10_000 for _ in range(MAX_BODY // 10_000 + 2))
    reply = httpx.post(collector.http + "/v1/traces", content=pieces, headers=PROTOBUF)
    assert reply.status_code == 413
    assert collector.stats()["in_flight_peak_bytes"] <= 2 * MAX_BODY


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstandard.compress)]
)
def test_a_decompression_bomb_is_refused_at_the_limit(
    collector: Collector, encoding: str, compress
) -> None:
    bomb = compress(bytes(64 * MAX_BODY))
    reply = post(collector, bomb, {**PROTOBUF, "content-encoding": encoding})
    assert reply.status_code == 413
    assert collector.stats()["in_flight_peak_bytes"] <= 3 * MAX_BODY


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_what_cannot_be_inflated_is_refused(collector: Collector, encoding: str) -> None:
    headers = {**PROTOBUF, "content-encoding": encoding}
    assert post(collector, b"certainly not compressed", headers).status_code == 400
    whole = gzip.compress(b"x" * 1000) if encoding == "gzip" else zstandard.compress(b"x" * 1000)
    assert post(collector, whole[:-5], headers).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({}, 415),
        ({**PROTOBUF, "content-encoding": "br"}, 415),
    ],
)
def test_other_types_and_encodings_are_refused(
    collector: Collector, headers: dict[str, str], status: int
) -> None:
    assert post(collector, spans().SerializeToString(), headers).status_code == status
    assert collector.seal() == {}


def test_other_paths_and_methods_are_refused(collector: Collector) -> None:
    assert post(collector, b"", path="/v1/profiles").status_code == 404
    reply = httpx.get(collector.http + "/v1/traces")
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")


def test_a_signal_without_a_pipeline_is_not_found(start: Start) -> None:
    collector = start(signals=("traces", "logs"))
    assert post(collector, points().SerializeToString(), path="/v1/metrics").status_code == 404
    assert post(collector, spans().SerializeToString()).status_code == 200


def test_browsers_may_send_from_configured_origins_alone(start: Start) -> None:
    collector = start(cors=["https://app.example"])
    asks = {
        "origin": "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    reply = httpx.options(collector.http + "/v1/logs", headers=asks)
    assert reply.status_code == 204
    assert reply.headers["access-control-allow-origin"] == "https://app.example"
    assert reply.headers["access-control-allow-headers"] == "content-type"
    reply = post(collector, json_of(logs()), {**JSON, "origin": asks["origin"]}, "/v1/logs")
    assert reply.headers["access-control-allow-origin"] == "https://app.example"
    other = httpx.options(
        collector.http + "/v1/logs", headers={**asks, "origin": "https://other.example"}
    )
    assert other.status_code == 405
    assert "access-control-allow-origin" not in other.headers


def test_what_is_stored_is_redacted(collector: Collector) -> None:
    request = spans(name="mail to ann@example.com")
    post(collector, request.SerializeToString())
    (line,) = collector.seal()["traces"]
    assert line["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"] == "mail to ****"
    signals = {entry["signal"]: entry for entry in collector.stats()["signals"]}
    assert {"rule": "email", "count": 1} in signals["traces"]["redactions"]
