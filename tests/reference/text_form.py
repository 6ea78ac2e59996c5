"""A value's text, as the OpenTelemetry Collector's data model gives it."""

from __future__ import annotations

import base64
import json
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue


def text_form(value: AnyValue) -> str:
    """Give a value's text as the collector's data model has it."""
    kind = value.WhichOneof("value")
    match kind:
        case "string_value":
            return value.string_value
        case "bool_value":
            return "true" if value.bool_value else "false"
        case "int_value":
            return str(value.int_value)
        case "double_value":
            double = value.double_value
            if not math.isfinite(double):
                shown = "NaN" if math.isnan(double) else f"{'+' if double > 0 else '-'}Inf"
                return f"json: unsupported value: {shown}"
            return _number(double)
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
        case "array_value" | "kvlist_value":
            try:
                return _json(value)
            except ValueError:
                return ""
    return ""


def _number(double: float) -> str:
    """Go's JSON number: the shortest digits, with an exponent below 1e-6 and from 1e21."""
    if double != 0 and not 1e-6 <= abs(double) < 1e21:
        digits, _, exponent = repr(double).partition("e")
        return f"{digits}e{int(exponent):+d}"
    return format(Decimal(repr(double)), "f").removesuffix(".0")


def _json(value: AnyValue) -> str:
    kind = value.WhichOneof("value")
    if kind is None:
        return "null"
    if kind == "kvlist_value":
        entries = {entry.key: entry.value for entry in value.kvlist_value.values}
        order = sorted(entries, key=str.encode)
        return "{" + ",".join(f"{_quoted(key)}:{_json(entries[key])}" for key in order) + "}"
    if kind == "array_value":
        return "[" + ",".join(_json(one) for one in value.array_value.values) + "]"
    if kind in {"string_value", "bytes_value"}:
        return _quoted(text_form(value))
    if kind == "double_value" and not math.isfinite(value.double_value):
        raise ValueError
    return text_form(value)


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub("[\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", quoted)
