"""Every string of a blob or of a row, with its place; none of the collector's own reading.

A place is made of OTLP's own field names and of positions, never of attribute keys: a key may be
what somebody ought not to have written.
"""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
PIECE = 1 << 20
"""Characters of a line that is no JSON, or of a binary blob, that are looked at together."""
_FIELD_NAMES = """
    resourceLogs resourceSpans resourceMetrics resource scopeLogs scopeSpans scopeMetrics scope
    schemaUrl name version attributes key value stringValue boolValue intValue doubleValue
    arrayValue values kvlistValue bytesValue droppedAttributesCount entityRefs idKeys
    descriptionKeys type logRecords timeUnixNano observedTimeUnixNano severityNumber severityText
    body flags traceId spanId eventName spans parentSpanId traceState kind startTimeUnixNano
    endTimeUnixNano events droppedEventsCount links droppedLinksCount status message code metrics
    description unit metadata gauge sum histogram exponentialHistogram summary dataPoints
    aggregationTemporality isMonotonic asDouble asInt exemplars filteredAttributes count
    bucketCounts explicitBounds min max scale zeroCount zeroThreshold positive negative offset
    quantileValues quantile
"""
_FIELDS = frozenset(_FIELD_NAMES.split())
_COUNTED = frozenset(
    {
        *("timeUnixNano", "observedTimeUnixNano", "startTimeUnixNano", "endTimeUnixNano"),
        *("traceId", "spanId", "parentSpanId", "count", "bucketCounts", "zeroCount"),
    }
)
"""Fields whose text is a number or an id by OTLP's definition, where it looks like one."""
_NUMBER_OR_ID = re.compile(r"-?\d{1,20}|[0-9a-fA-F]{0,32}")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffd]+")


class Text(NamedTuple):
    """A string and where it stands; a line counts from 0."""

    line: int
    path: str
    text: str


def texts_of_blob(data: bytes) -> Iterator[Text]:
    """Give the strings of a blob, names and keys included, decompressed as its first bytes say."""
    plain: io.BufferedIOBase | pa.NativeFile = io.BytesIO(data)
    for mark, codec in ((GZIP, "gzip"), (ZSTD, "zstd")):
        if data.startswith(mark):
            plain = pa.CompressedInputStream(pa.BufferReader(data), codec)
    for number, line in enumerate(io.BufferedReader(plain)):
        try:
            document = json.loads(line)
        except ValueError:
            yield from _raw(number, line.decode("utf-8", "replace"))
        else:
            yield from _walk(number, "", document, known=True)


def texts_of_value(path: str, value: str) -> Iterator[Text]:
    """Give the strings of a column's value, which may be JSON text itself."""
    if value[:1] in ("{", "["):
        try:
            document = json.loads(value)
        except ValueError:
            pass
        else:
            yield from _walk(0, path, document, known=False)
            return
    yield Text(0, path, value)


def _walk(line: int, path: str, value: Any, *, known: bool) -> Iterator[Text]:
    """Walk a document; where names are not `known` ones, a field goes by its position."""
    match value:
        case str():
            yield Text(line, path, value)
        case dict():
            for position, (key, inner) in enumerate(value.items()):
                is_field = known and key in _FIELDS
                here = f"{path}.{key}" if is_field else f"{path}{{{position}}}"
                if not is_field:
                    yield Text(line, f"{here} (key)", key)
                if is_field and key in _COUNTED and _is_number_or_id(inner):
                    continue
                yield from _walk(line, here.removeprefix("."), inner, known=known)
        case list():
            for position, inner in enumerate(value):
                yield from _walk(line, f"{path}[{position}]", inner, known=known)
        case bool() | None:
            return
        case int() | float():
            yield Text(line, path, str(value))


def _is_number_or_id(value: object) -> bool:
    if isinstance(value, list):
        return all(_is_number_or_id(each) for each in value)
    return isinstance(value, int) or (
        isinstance(value, str) and _NUMBER_OR_ID.fullmatch(value) is not None
    )


def _raw(line: int, text: str) -> Iterator[Text]:
    """Give what is no JSON, protobuf for one, in its printable pieces."""
    for piece in _UNPRINTABLE.split(text):
        for start in range(0, len(piece), PIECE):
            yield Text(line, "", piece[start : start + PIECE])
