"""A request as the JSON document that a blob's line holds: protobuf's mapping, ids in hex."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format

from reference import messages

if TYPE_CHECKING:
    from google.protobuf.message import Message

ID_KEYS = {"traceId", "spanId", "parentSpanId"}


def document(signal: str, data: bytes) -> Any:
    """Give what the line of a request on the protobuf wire holds, as `json.loads` would."""
    return message_document(messages.read(signal, data))


def message_document(message: Message) -> Any:
    """Give a message's JSON document."""
    return _with_hex_ids(json_format.MessageToDict(message, use_integers_for_enums=True))


def _with_hex_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: base64.b64decode(one).hex() if key in ID_KEYS else _with_hex_ids(one)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_with_hex_ids(one) for one in value]
    return value
