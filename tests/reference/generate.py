"""Random requests of every shape, made by reflection: no field is forgotten.

`wire` gives bytes as no careful sender writes them and proto3 must be read nevertheless: fields in
any order and number, messages in parts, unknown fields and groups, scalars packed or not, texts
that are not UTF-8, varints longer than they need be. `requests` gives messages, and `json_texts`
writes such a message's JSON as another sender might. `every_field` is one request with all of it.

A strategy draws one seed, from which `random` makes all the rest: drawing each of a request's
thousands of choices from hypothesis takes a second, and this takes a millisecond.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import struct
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor as F
from hypothesis import strategies as st

from reference import messages
from reference.encode import ID_KEYS, message_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")

VARINT, FIXED64, LENGTH, GROUP, END_GROUP, FIXED32 = range(6)
WIRE_TYPES = {
    F.TYPE_BOOL: VARINT,
    F.TYPE_BYTES: LENGTH,
    F.TYPE_DOUBLE: FIXED64,
    F.TYPE_ENUM: VARINT,
    F.TYPE_FIXED32: FIXED32,
    F.TYPE_FIXED64: FIXED64,
    F.TYPE_INT32: VARINT,
    F.TYPE_INT64: VARINT,
    F.TYPE_MESSAGE: LENGTH,
    F.TYPE_SFIXED64: FIXED64,
    F.TYPE_SINT32: VARINT,
    F.TYPE_STRING: LENGTH,
    F.TYPE_UINT32: VARINT,
    F.TYPE_UINT64: VARINT,
}
RANGES = {
    F.TYPE_FIXED32: (0, 2**32 - 1),
    F.TYPE_FIXED64: (0, 2**64 - 1),
    F.TYPE_INT32: (-(2**31), 2**31 - 1),
    F.TYPE_INT64: (-(2**63), 2**63 - 1),
    F.TYPE_SFIXED64: (-(2**63), 2**63 - 1),
    F.TYPE_SINT32: (-(2**31), 2**31 - 1),
    F.TYPE_UINT32: (0, 2**32 - 1),
    F.TYPE_UINT64: (0, 2**64 - 1),
}
VALUE_DEPTH = 3
CHARACTERS = 'ab "\\/\x00\x1f\n\r\t\x7f\u00e9\u2028\ufffd\U0001f600'
NAMES = ["service.name", "tenant.id", "customer.id", "event.name", "user.email"]
DOUBLES = [0.0, -0.0, 1.0, 1e16, 1e300, 5e-324, 0.1, float("nan"), float("inf"), -float("inf")]


def wire(signal: str) -> SearchStrategy[bytes]:
    """Draw a request's bytes that need not be anybody's canonical ones."""
    descriptor = messages.REQUESTS[signal].DESCRIPTOR
    return _seeded(lambda rng: _wire_message(rng, descriptor, VALUE_DEPTH))


def requests(signal: str) -> SearchStrategy[Message]:
    """Draw a request that any protobuf library could have made."""
    return _seeded(lambda rng: _request(rng, signal))


def json_texts(signal: str) -> SearchStrategy[tuple[bytes, Any]]:
    """Draw a request's JSON as some sender might write it, and the document that it means."""

    def build(rng: _Rng) -> tuple[bytes, Any]:
        document = message_document(_request(rng, signal))
        return _json(rng, document, "").encode(), document

    return _seeded(build)


def _seeded(build: Callable[[_Rng], T]) -> SearchStrategy[T]:
    return st.integers(0, 2**64 - 1).map(lambda seed: build(_Rng(seed)))


class _Rng(random.Random):
    """Choices, and how many messages they may still make: else some requests never end."""

    messages_left = 120

    def spend(self) -> bool:
        self.messages_left -= 1
        return self.messages_left > 0


# Messages


def _request(rng: _Rng, signal: str) -> Message:
    request = messages.REQUESTS[signal]()
    _fill(rng, request, VALUE_DEPTH)
    return request


def _fill(rng: _Rng, message: Message, depth: int) -> None:
    for field in messages.known_fields(message.DESCRIPTOR):
        if field.message_type is None:
            if rng.random() < 0.5:
                continue
            if field.is_repeated:
                values = [_scalar(rng, field) for _ in range(rng.randrange(4))]
                getattr(message, field.name).extend(values)
            else:
                setattr(message, field.name, _scalar(rng, field))
            continue
        if _is_value(field) and depth == 0:
            continue
        for _ in range(rng.choice([0, 1, 1, 2, 2, 3] if field.is_repeated else [0, 1])):
            if not rng.spend():
                return
            if field.is_repeated:
                child = getattr(message, field.name).add()
            else:
                child = getattr(message, field.name)
                child.SetInParent()
            _fill(rng, child, depth - _is_value(field))


def _is_value(field: F) -> bool:
    return field.message_type is not None and field.message_type.name == "AnyValue"


def _scalar(rng: _Rng, field: F) -> Any:
    if field.name in messages.ID_LENGTHS:
        return rng.randbytes(rng.choice([messages.ID_LENGTHS[field.name]] * 3 + [0]))
    if field.name.endswith("time_unix_nano"):
        return _time(rng)
    if field.type == F.TYPE_BOOL:
        return rng.random() < 0.5
    if field.type == F.TYPE_BYTES:
        return rng.randbytes(rng.randrange(20))
    if field.type == F.TYPE_DOUBLE:
        return _double(rng)
    if field.type == F.TYPE_STRING:
        return _text(rng)
    if field.type == F.TYPE_ENUM:
        return rng.choice([0, 1, 2, 3, 5, 24, -1, 2**31 - 1])
    low, high = RANGES[field.type]
    return rng.choice([low, high, 0, 1, rng.randint(low, high), rng.randrange(1000)])


def _time(rng: _Rng) -> int:
    recent = rng.randrange(1_600_000_000, 1_900_000_000) * 10**9 + rng.randrange(10**9)
    return rng.choice([0, 1, 2**63 - 1, 2**63, 2**64 - 1, recent, recent, recent])


def _double(rng: _Rng) -> float:
    if rng.random() < 0.5:
        return rng.choice(DOUBLES)
    number: float = struct.unpack("<d", rng.randbytes(8))[0]
    return number


def _text(rng: _Rng) -> str:
    if rng.random() < 0.3:
        return rng.choice(NAMES)
    return "".join(rng.choices(CHARACTERS, k=rng.choice([0, 1, 3, 8, 9, 20, 40])))


# The wire


def _wire_message(rng: _Rng, descriptor: Descriptor, depth: int) -> bytes:
    fields = [
        field for field in messages.known_fields(descriptor) if depth > 0 or not _is_value(field)
    ]
    if not rng.spend():
        return b""
    # Messages first: a choice among many scalars would seldom go deep.
    nested = [field for field in fields if field.message_type is not None]
    parts = []
    for _ in range(rng.randrange(6)):
        kind = rng.randrange(12)
        if kind == 0:
            parts.append(_unknown(rng, descriptor, 2))
        elif kind == 1 and fields:
            parts.append(_mistyped(rng, rng.choice(fields)))
        elif fields:
            choice = nested if nested and kind < 8 else fields
            parts.append(_wire_field(rng, rng.choice(choice), depth))
    return b"".join(parts)


def _wire_field(rng: _Rng, field: F, depth: int) -> bytes:
    wire_type = WIRE_TYPES[field.type]
    if field.message_type is not None:
        payload = _wire_message(rng, field.message_type, depth - _is_value(field))
    elif field.is_repeated and wire_type != LENGTH and rng.random() < 0.5:
        elements = [_payload(rng, wire_type) for _ in range(rng.randrange(4))]
        return _tagged(rng, field.number, LENGTH, b"".join(elements))
    elif field.name in messages.ID_LENGTHS:
        length = messages.ID_LENGTHS[field.name]
        payload = rng.randbytes(rng.choice([length] * 8 + [0, length - 1, 24]))
    elif field.type == F.TYPE_STRING:
        payload = _text(rng).encode() if rng.random() < 0.8 else _bad_text(rng)
    else:
        payload = _payload(rng, wire_type)
    return _tagged(rng, field.number, wire_type, payload)


def _bad_text(rng: _Rng) -> bytes:
    pieces = [
        b"a",
        b"\xff",
        b"\xc3",
        b"\xe2\x82",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x98",
        b"\xc0\x80",
        b'"',
    ]
    return b"".join(rng.choices(pieces, k=rng.randrange(1, 6)))


def _mistyped(rng: _Rng, field: F) -> bytes:
    """A known number with another wire type, which makes an unknown field of it."""
    known = {WIRE_TYPES[field.type]}
    if field.is_repeated and WIRE_TYPES[field.type] != LENGTH:
        known.add(LENGTH)
    wire_type = rng.choice(sorted({VARINT, FIXED64, LENGTH, FIXED32} - known))
    return _tagged(rng, field.number, wire_type, _payload(rng, wire_type))


def _unknown(rng: _Rng, descriptor: Descriptor, depth: int) -> bytes:
    known = {field.number for field in messages.known_fields(descriptor)}
    number = rng.choice(sorted({4, 6, 8, 13, 17, 99, 2**29 - 1} - known))
    wire_type = rng.choice([VARINT, FIXED64, LENGTH, FIXED32, GROUP])
    if wire_type != GROUP:
        return _tagged(rng, number, wire_type, _payload(rng, wire_type))
    inner = [_unknown(rng, descriptor, depth - 1) for _ in range(rng.randrange(depth + 1))]
    return _tagged(rng, number, GROUP, b"".join(inner)) + varint(number << 3 | END_GROUP)


def _payload(rng: _Rng, wire_type: int) -> bytes:
    if wire_type == VARINT:
        number = rng.choice([0, 1, 2, 127, 128, 2**31, 2**32 + 5, 2**64 - 1, rng.getrandbits(64)])
        return varint(number, length=rng.choice([1, 1, 1, 2, 5, 10]))
    if wire_type == FIXED64:
        return rng.choice([struct.pack("<d", _double(rng)), struct.pack("<Q", _time(rng))])
    return rng.randbytes(4 if wire_type == FIXED32 else rng.randrange(8))


def _tagged(rng: _Rng, number: int, wire_type: int, payload: bytes) -> bytes:
    padding = rng.choice([1, 1, 1, 1, 3])
    tag = varint(number << 3 | wire_type, length=padding)
    if wire_type == LENGTH:
        return tag + varint(len(payload), length=padding) + payload
    return tag + payload


def varint(number: int, length: int = 1) -> bytes:
    """Encode a number in at least `length` bytes."""
    encoded = bytearray()
    while number >= 0x80 or len(encoded) + 1 < length:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


# JSON


def _json(rng: _Rng, value: Any, key: str) -> str:
    space = rng.choice(["", "", "", " ", "\n\t"])
    if isinstance(value, list):
        return f"[{space}" + ",".join(_json(rng, one, key) for one in value) + f"{space}]"
    if isinstance(value, dict):
        return "{" + space + f",{space}".join(_members(rng, value)) + space + "}"
    if key in ID_KEYS:
        return json.dumps(rng.choice([value, value.upper()]))
    if key in LONG_KEYS and isinstance(value, str) and rng.random() < 0.5:
        return value
    if key in ENUM_NAMES and value in ENUM_NAMES[key] and rng.random() < 0.5:
        return json.dumps(ENUM_NAMES[key][value])
    return json.dumps(value, ensure_ascii=rng.random() < 0.5)


def _members(rng: _Rng, value: dict[str, Any]) -> list[str]:
    members = []
    for key, one in rng.sample(list(value.items()), len(value)):
        snake_case = re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", key)
        name = rng.choice([key, key, key, snake_case])
        kind = rng.randrange(16)
        if kind == 0:
            unknown = {"a": [1, -2.5e3, {"b": None, "": {}}], "c": ']"', "d": [True, []]}
            members.append(f'"unknown": {json.dumps(unknown)}')
        elif kind == 1:
            members.append(f'"{key}": null')  # the same key again: the last one counts
        elif kind == 2:
            members.append(f'"{snake_case}": {_json(rng, one, key)}')
        members.append(f'"{name}": {_json(rng, one, key)}')
    return members


def _fields_of(*kinds: int) -> list[F]:
    found: list[F] = []
    seen: set[str] = set()

    def visit(descriptor: Descriptor) -> None:
        if descriptor.full_name in seen:
            return
        seen.add(descriptor.full_name)
        for field in messages.known_fields(descriptor):
            if field.type in kinds:
                found.append(field)
            if field.message_type is not None:
                visit(field.message_type)

    for request in messages.REQUESTS.values():
        visit(request.DESCRIPTOR)
    return found


LONG_KEYS = {
    field.json_name
    for field in _fields_of(F.TYPE_FIXED64, F.TYPE_INT64, F.TYPE_SFIXED64, F.TYPE_UINT64)
}
ENUM_NAMES = {
    field.json_name: {value.number: value.name for value in field.enum_type.values}
    for field in _fields_of(F.TYPE_ENUM)
}


# All there is


def every_field(signal: str) -> Message:
    """Make a request that has every field, and every member of every oneof, at least once.

    Each text is its own: the field's name and a number.
    """
    request = messages.REQUESTS[signal]()
    _fill_all(request, itertools.count(1), VALUE_DEPTH)
    return request


def _fill_all(message: Message, numbers: itertools.count[int], depth: int, member: int = 0) -> None:
    for field in messages.known_fields(message.DESCRIPTOR):
        oneof = field.containing_oneof
        if oneof is not None and len(oneof.fields) > 1:
            members = [one for one in oneof.fields if one.name not in messages.PROFILES_FIELDS]
            if field != members[member % len(members)]:
                continue
        if field.message_type is None:
            value = _value(field, next(numbers))
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
        elif field.message_type.name == "AnyValue" and depth == 0:
            continue
        elif field.is_repeated:
            for one in range(_alternatives(field.message_type)):
                child = getattr(message, field.name).add()
                _fill_all(child, numbers, depth - (field.message_type.name == "AnyValue"), one)
        else:
            child = getattr(message, field.name)
            child.SetInParent()
            _fill_all(child, numbers, depth - (field.message_type.name == "AnyValue"), member)


def _alternatives(descriptor: Descriptor) -> int:
    """How many elements show every member of the oneofs in them."""
    own = [len(oneof.fields) for oneof in descriptor.oneofs]
    held = [
        len(oneof.fields)
        for field in descriptor.fields
        if field.message_type is not None and field.message_type.name == "AnyValue"
        for oneof in field.message_type.oneofs
    ]
    return max([1, *own, *held])


def _value(field: F, number: int) -> Any:
    if field.name in messages.ID_LENGTHS:
        return number.to_bytes(messages.ID_LENGTHS[field.name], "big")
    if field.type == F.TYPE_STRING:
        return f"{field.name}-{number}"
    if field.type == F.TYPE_BYTES:
        return f"{field.name}-{number}".encode()
    if field.type == F.TYPE_BOOL:
        return True
    if field.type == F.TYPE_DOUBLE:
        return number + 0.5
    if field.type == F.TYPE_ENUM:
        return field.enum_type.values[-1].number
    return number
