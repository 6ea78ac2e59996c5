"""What a collector does when it cannot take more: a full disk, full memory, its own end."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import grpc
import httpx
import pytest
from exports import logs, spans
from google.rpc import error_details_pb2, status_pb2
from grpc_client import METHODS, export
from planes import MAX_BODY, plan

from mainstem import _core

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from planes import Collector, Start

PROTOBUF = {"content-type": "application/x-protobuf"}


def send(collector: Collector, body: bytes) -> httpx.Response:
    return httpx.post(f"{collector.http}/v1/traces", content=body, headers=PROTOBUF, timeout=30)


def retry_delay(error: grpc.RpcError) -> int:
    """The seconds that the reply's RetryInfo asks for."""
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    (detail,) = status_pb2.Status.FromString(details).details
    info = error_details_pb2.RetryInfo()
    assert detail.Unpack(info)
    return int(info.retry_delay.seconds)


def reserve(collector: Collector) -> int:
    """The bytes that the spool keeps for sealing."""
    return int(collector.stats()["spool"]["reserve_bytes"])


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def test_a_full_disk_refuses_until_there_is_space(start: Start, small_disk: Path) -> None:
    spool = {**plan(small_disk)["spool"], "segment_bytes": 1024 * 1024}
    collector = start(small_disk, spool=spool)
    acknowledged = 0
    for _ in range(100):
        reply = send(collector, spans(1000).SerializeToString())
        if reply.status_code != 200:
            break
        acknowledged += 1000
    assert reply.status_code == 503
    assert int(reply.headers["retry-after"]) > 0
    assert acknowledged > 0
    with pytest.raises(grpc.RpcError) as caught:
        export(collector.grpc, spans(1000).SerializeToString())
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert retry_delay(caught.value) > 0

    collector.take()  # what is uploaded makes space
    while send(collector, spans(1000).SerializeToString()).status_code != 200:
        time.sleep(0.05)
    acknowledged += 1000
    stored = [
        span["spanId"]
        for line in collector.seal()["traces"]
        for span in line["resourceSpans"][0]["scopeSpans"][0]["spans"]
    ]
    assert len(stored) == len(set(stored)) == acknowledged
    assert collector.counts("traces", "http")["accepted"] == acknowledged


def test_a_disk_full_of_open_segments_is_sealed_with_the_room_kept_for_it(
    start: Start, small_disk: Path
) -> None:
    spool = {**plan(small_disk)["spool"], "segment_bytes": 2 * 1024 * 1024}
    collector = start(small_disk, spool=spool)
    kept = reserve(collector)
    assert kept > 0
    export(collector.grpc, logs().SerializeToString(), signal="logs")
    acknowledged = 0
    for number in range(2):  # the disk is full each time before a segment is
        bodies = (spans(200).SerializeToString() for _ in range(100))
        while send(collector, next(bodies)).status_code == 200:
            acknowledged += 200
        wait_for(lambda: reserve(collector) == 0)
        wait_for(lambda: collector.take() != {} and reserve(collector) == kept)
        assert acknowledged > number * 200
    collector.seal()
    stored = [
        span["spanId"]
        for line in collector.received["traces"]
        for span in line["resourceSpans"][0]["scopeSpans"][0]["spans"]
    ]
    assert len(stored) == len(set(stored)) == acknowledged
    assert len(collector.received["logs"]) == 1
    assert collector.counts("traces", "http")["accepted"] == acknowledged
    assert reserve(collector) == kept


def test_a_sender_that_hangs_up_before_the_answer_is_stored_once(collector: Collector) -> None:
    body = spans(2).SerializeToString()
    for _ in range(20):
        open_request(collector, body, len(body)).close()
    assert send(collector, body).status_code == 200
    wait_for(lambda: collector.stats()["in_flight_bytes"] == 0)
    assert len(collector.seal()["traces"]) == 1


def open_request(collector: Collector, sent: bytes, promised: int) -> socket.socket:
    """A request whose body stays unfinished."""
    connection = socket.create_connection(("127.0.0.1", collector.ports["http"]))
    head = (
        "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/x-protobuf\r\n"
        f"content-length: {promised}\r\n\r\n"
    )
    connection.sendall(head.encode() + sent)
    return connection


def wait_for_bytes(collector: Collector, least: int) -> None:
    wait_for(lambda: collector.stats()["in_flight_bytes"] >= least)


def test_memory_stays_bounded_while_bodies_wait(start: Start) -> None:
    collector = start(in_flight_bytes=2 * MAX_BODY)
    whole = spans(1000).SerializeToString()
    with contextlib.ExitStack() as held:
        for _ in range(2):
            request = open_request(collector, b"x" * (MAX_BODY - 1), MAX_BODY)
            held.enter_context(contextlib.closing(request))
        wait_for_bytes(collector, 2 * MAX_BODY)
        reply = send(collector, whole)
        assert reply.status_code == 429
        assert int(reply.headers["retry-after"]) > 0
        assert collector.stats()["in_flight_peak_bytes"] <= 2 * MAX_BODY
    while send(collector, whole).status_code != 200:
        time.sleep(0.05)
    assert collector.refusals()["http", "too_busy"] >= 1


def test_a_promise_alone_holds_little_memory(start: Start) -> None:
    collector = start(in_flight_bytes=2 * MAX_BODY)
    with contextlib.ExitStack() as held:
        for _ in range(6):
            held.enter_context(contextlib.closing(open_request(collector, b"\x0a", MAX_BODY)))
        wait_for_bytes(collector, 1)
        assert send(collector, spans().SerializeToString()).status_code == 200


def test_a_body_that_ends_early_is_not_stored(collector: Collector) -> None:
    body = spans(2).SerializeToString()
    open_request(collector, body, len(body) + 10).close()
    wait_for(lambda: ("http", "truncated") in collector.refusals())
    assert collector.seal() == {}
    assert collector.stats()["in_flight_bytes"] == 0


def test_a_sender_that_waits_to_be_asked_hears_of_the_limit_at_once(collector: Collector) -> None:
    with socket.create_connection(("127.0.0.1", collector.ports["http"]), timeout=20) as connection:
        connection.sendall(
            b"POST /v1/traces HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\n"
            b"content-type: application/x-protobuf\r\ncontent-length: 99999999\r\n\r\n"
        )
        assert connection.recv(1024).startswith(b"HTTP/1.1 413 ")


def test_what_is_no_http_is_cut_off(collector: Collector) -> None:
    for noise in (b"\x16\x03\x01\x02\x00\x01\x00", b"PRI * HTTP/9", b"PRx\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", collector.ports["grpc"]), timeout=20) as odd:
            odd.sendall(noise)
            odd.shutdown(socket.SHUT_WR)
            while odd.recv(1024):
                pass
    assert export(collector.grpc, spans().SerializeToString()) == b""


def test_draining_finishes_what_is_under_way_and_takes_no_more(collector: Collector) -> None:
    body = spans(2).SerializeToString()
    request = open_request(collector, body[:10], len(body))
    idle = httpx.Client()
    idle.post(f"{collector.http}/v1/traces", content=b"", headers=PROTOBUF)
    wait_for_bytes(collector, 1)
    assert not collector.plane.drain(0.1)
    request.sendall(body[10:])
    assert request.recv(1024).startswith(b"HTTP/1.1 200 ")
    request.close()
    assert collector.plane.drain(20.0)
    with pytest.raises(httpx.ConnectError):
        send(collector, body)
    idle.close()
    assert len(collector.seal()["traces"]) == 1


def test_a_call_after_the_drain_is_told_to_come_back(collector: Collector) -> None:
    with grpc.insecure_channel(collector.grpc) as channel:
        call = channel.unary_unary(METHODS["traces"])
        call(spans().SerializeToString(), timeout=10)
        assert collector.plane.drain(20.0)
        with pytest.raises(grpc.RpcError) as caught:
            call(spans().SerializeToString(), timeout=10)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_second_collector_on_the_same_spool_is_refused(
    collector: Collector, tmp_path: Path
) -> None:
    with pytest.raises(_core.SpoolError, match="another process holds the spool"):
        _core.DataPlane(json.dumps(plan(tmp_path)))


def test_a_closed_data_plane_says_so(collector: Collector) -> None:
    collector.plane.close()
    collector.plane.close()
    with pytest.raises(RuntimeError, match="closed"):
        collector.plane.stats()
