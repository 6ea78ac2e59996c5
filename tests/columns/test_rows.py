"""Bronze rows of the core against a plain reference."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import encode, generate, messages, rows

from mainstem import _core

if TYPE_CHECKING:
    from collections.abc import Iterator

many = settings(deadline=None, max_examples=200)
SIGNALS = sorted(messages.REQUESTS)
RECEIVED = 1_750_000_000_123_456_789


def read(signal: str, lines: list[rows.Line], blob: rows.Blob) -> _core.BlobRows:
    documents = [encode.message_document(line.message) for line in lines]
    beside = [line.digest + line.received_ns.to_bytes(8, "little") for line in lines]
    return _core.read_blob(
        gzip.compress("\n".join(map(json.dumps, documents)).encode()),
        signal=signal,
        name=blob.name,
        region=blob.region,
        environment=blob.environment,
        received_at_ns=0,
        lines=b"".join(beside),
        skip=[],
        promote={"tenant_id": blob.tenant_keys},
    )


STRUCTURED = {"bool", "int", "double", "array", "map"}


def comparable(row: dict[str, Any]) -> dict[str, str]:
    """A row as text, since NaN equals nothing and 1 equals 1.0."""
    return {key: repr(value) for key, value in row.items()}


def expected_row(row: dict[str, Any]) -> dict[str, str]:
    row = dict(row)
    for key in rows.JSON_COLUMNS & row.keys():
        if row[key] is not None:
            row[key] = rows.canonical(row[key])
    return comparable(row)


def actual_row(row: dict[str, Any]) -> dict[str, str]:
    row = dict(row)
    is_json = rows.JSON_COLUMNS | ({"body"} if row.get("body_type") in STRUCTURED else set())
    for key in is_json & row.keys():
        if row[key] is not None:
            row[key] = rows.canonical(json.loads(row[key]))
    return comparable(row)


@pytest.mark.parametrize("signal", SIGNALS)
@many
@given(data=st.data())
def test_rows_are_those_of_the_reference(signal: str, data: st.DataObject) -> None:
    blob = rows.Blob()
    lines = [
        rows.Line(
            message=data.draw(generate.requests(signal)),
            number=number,
            digest=bytes([number]) * 16,
            received_ns=RECEIVED + number,
        )
        for number in range(data.draw(st.integers(1, 3)))
    ]
    read_rows = read(signal, lines, blob)
    expected = [expected_row(row) for line in lines for row in rows.rows(signal, line, blob)]
    actual = [actual_row(row) for row in pa.table(read_rows).to_pylist()]
    assert actual == expected
    assert read_rows.bad == []
    assert (read_rows.rows, read_rows.lines) == (len(expected), len(lines))


@pytest.mark.parametrize("signal", SIGNALS)
def test_every_field_has_its_column(signal: str) -> None:
    line = rows.Line(generate.every_field(signal), 0, b"d" * 16, RECEIVED)
    blob = rows.Blob()
    actual = pa.table(read(signal, [line], blob)).to_pylist()
    expected = [expected_row(row) for row in rows.rows(signal, line, blob)]
    assert [actual_row(row) for row in actual] == expected
    assert list(actual[0]) == pa.schema(_core.bronze_schema(signal)).names
    held = {key for row in actual for key, value in row.items() if value is not None}
    # No attribute of this request has one of the promoted keys.
    assert set(actual[0]) - held == {"service_name", "tenant_id"}


@pytest.mark.parametrize("signal", SIGNALS)
def test_counts_agree(signal: str) -> None:
    message = generate.every_field(signal)
    body = message.SerializeToString()
    data = b"\n".join([_core.transcode(signal, body, "protobuf")] * 3)
    lines, records = _core.count_blob(data, signal)
    one = len(rows.rows(signal, rows.Line(message, 0, b"", RECEIVED), rows.Blob()))
    assert (lines, records) == (3, 3 * one)


def test_a_stream_can_be_had_again() -> None:
    line = rows.Line(generate.every_field("logs"), 0, b"d" * 16, RECEIVED)
    read_rows = read("logs", [line], rows.Blob())
    assert pa.table(read_rows).equals(pa.table(read_rows))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"signal": "profiles"}, "a signal is"),
        ({"lines": b"short"}, "do not match"),
        ({"lines": bytes(24)}, "do not match"),
        ({"promote": {"user_id": ["user.id"]}}, "promoted"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], reason: str) -> None:
    good: dict[str, Any] = {
        "signal": "logs",
        "name": "n",
        "region": "euc",
        "environment": "test",
        "received_at_ns": RECEIVED,
        "lines": None,
        "skip": [],
        "promote": {},
    }
    assert _core.read_blob(b"{}\n{}\n", **good).lines == 2
    with pytest.raises(ValueError, match=reason):
        _core.read_blob(b"{}\n{}\n", **(good | arguments))


def stream_of(pieces: Iterator[bytes]) -> _core.BlobStream:
    return _core.stream_blob(
        pieces,
        signal="logs",
        name="blob",
        region="euc",
        environment="test",
        received_at_ns=RECEIVED,
        lines=None,
        skip=[],
        promote={},
    )


def test_a_stream_reads_no_further_than_its_rows_are_taken() -> None:
    """Or memory would grow with the blob. A piece here has half a MB of text in its rows."""
    bodies = ",".join([json.dumps({"body": {"stringValue": "x" * 1000}})] * 500)
    piece = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + bodies.encode() + b"]}]}]}\n"
    asked = taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal asked
        for _ in range(150):
            asked += 1
            yield piece

    stream = stream_of(pieces())
    for batch in pa.RecordBatchReader.from_stream(stream):
        taken += batch.num_rows
        # One batch is taken, one waits, one is on its way; each has some 8 MiB.
        assert asked < taken // 500 + 40
    assert taken == stream.rows == 75_000
    assert len(stream.contents) == 150 * 24
    with pytest.raises(RuntimeError, match="taken before"):
        pa.table(stream)


def test_what_the_pieces_raise_is_told() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"\n"
        raise OSError("the store is gone")

    stream = stream_of(pieces())
    with pytest.raises(RuntimeError, match="not taken"):
        _ = stream.rows
    assert pa.table(stream).num_rows == 0
    with pytest.raises(OSError, match="the store is gone"):
        _ = stream.rows
