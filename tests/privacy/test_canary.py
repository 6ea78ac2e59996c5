"""A marked secret in every string and bytes field of all three signals: none may come out.

The fields are found by reflection over protobuf's descriptors, so that a field which a new version
of OTLP adds is planted too.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from mainstem.privacy import build_policy_spec
from mainstem.vocabulary import load_vocabulary
from tests.privacy.sides import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.message import Message

    from tests.privacy.sides import Redactor

# What is planted, and the part of it that must not come out.
SECRETS = {
    "email": ("to canary.anna@contoso.example now", "canary.anna"),
    "card": ("paid 4111 1111 1111 1111 ok", "4111 1111 1111 1111"),
    "jwt": ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.c2ln", "eyJzdWIiOiJjYW5hcnkifQ"),
    "ipv4": ("peer 203.0.113.77", "203.0.113.77"),
    "ipv6": ("peer [2001:db8::77]:1", "2001:db8::77"),
    "iban": ("DE89 3704 0044 0532 0130 00", "0532 0130"),
    "key": ("-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----", "Y2FuYXJ5"),
    "token": ("Authorization: Bearer canary0123456789", "canary0123456789"),
    "url": ("redis://canary:pa55@cache", "canary:pa55"),
    "aws": ("AKIACANARYCANARY1234", "AKIACANARYCANARY1234"),
    "account": ("AccountName=a;AccountKey=Y2FuYXJ5MDEyMzQ1Njc4OQ==", "Y2FuYXJ5MDEy"),
    "password": ("db_password=canary-pa55", "canary-pa55"),
}
# Identifiers by the standard, of 16 or 8 bytes, in which no text fits.
IDS = {"trace_id", "span_id", "parent_span_id"}
DEEPEST = 14
POLICY = json.loads(build_policy_spec([], None, load_vocabulary().identifiers).to_json())


def planted(kind: type[Message], secret: str) -> Iterator[tuple[str, Message]]:
    """Yield a request for each path to a string or bytes field, with the secret there alone."""
    for path in _paths(kind.DESCRIPTOR.fields, ()):
        yield ".".join(field.name for field in path), _plant(kind(), path, secret)


def _paths(
    fields: Any, before: tuple[FieldDescriptor, ...]
) -> Iterator[tuple[FieldDescriptor, ...]]:
    for field in fields:
        path = (*before, field)
        if field.name in IDS or field.name.endswith("_strindex"):
            continue
        if field.message_type is None:
            if field.cpp_type == field.CPPTYPE_STRING:
                yield path
        # A value within a value within a value shows that nesting is followed.
        elif [step.message_type for step in path].count(field.message_type) <= 2:
            assert len(path) <= DEEPEST
            yield from _paths(field.message_type.fields, path)


def _plant(root: Message, path: tuple[FieldDescriptor, ...], secret: str) -> Message:
    message: Any = root
    for field in path[:-1]:
        held = getattr(message, field.name)
        if field.is_repeated:
            message = held.add()
        else:
            held.SetInParent()
            message = held
    last = path[-1]
    value = secret.encode() if last.type == last.TYPE_BYTES else secret
    if last.is_repeated:
        getattr(message, last.name).append(value)
    else:
        setattr(message, last.name, value)
    return root


def _holds(output: Any, secret: str) -> bool:
    """Whether a JSON value holds a text, in the clear or in base64."""
    if isinstance(output, dict):
        return any(_holds(part, secret) for pair in output.items() for part in pair)
    if isinstance(output, list):
        return any(_holds(part, secret) for part in output)
    if not isinstance(output, str):
        return False
    try:
        decoded = base64.b64decode(output, validate=True)
    except ValueError:
        decoded = b""
    return secret in output or secret.encode() in decoded


@pytest.mark.parametrize("signal", REQUESTS)
@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS)
def test_no_secret_survives(redactor: Redactor, signal: str, text: str, secret: str) -> None:
    merged = REQUESTS[signal]()
    survived: list[str] = []
    paths = 0
    for _, request in planted(REQUESTS[signal], text):
        paths += 1
        merged.MergeFrom(request)
    assert paths > 30
    if _holds(redactor.core(signal, merged, POLICY), secret):
        survived = [
            path
            for path, request in planted(REQUESTS[signal], text)
            if _holds(redactor.core(signal, request, POLICY), secret)
        ]
    assert survived == []


@pytest.mark.parametrize("signal", REQUESTS)
def test_every_planted_secret_would_come_out_without_a_policy(
    redactor: Redactor, signal: str
) -> None:
    text, secret = SECRETS["email"]
    nothing = {"coverage": "attributes"}
    lost = [
        path
        for path, request in planted(REQUESTS[signal], text)
        if not _holds(redactor.core(signal, request, nothing), secret)
    ]
    assert lost == []


# An identifier whose bytes are an address, which no rule may touch.
TRACE_ID, SPAN_ID = b"anna@contoso.com", b"a@b.info"
ACTIONS: dict[str, dict[str, Any]] = {
    "mask": {"action": "mask"},
    "partial": {"action": "partial", "keep": "domain"},
    "hash": {"action": "hash", "hash_function": "sha3"},
    "pseudonym": {"action": "pseudonym", "rotate": "month"},
    "generalise": {"action": "generalise", "to": "network"},
    "drop_attribute": {"action": "drop_attribute"},
    "drop_record": {"action": "drop_record"},
}


@pytest.mark.parametrize("signal", REQUESTS)
@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
@pytest.mark.parametrize("decode", [[], ["json", "url", "base64"]], ids=["plain", "decoding"])
def test_no_secret_survives_an_action_and_every_id_does(
    redactor: Redactor, signal: str, action: dict[str, Any], decode: list[str]
) -> None:
    text, secret = SECRETS["email"]
    rule = {"name": "overlay.mail", "detector": "email", "decode": decode, **action}
    policy = POLICY | {"rules": [rule]}
    merged = REQUESTS[signal]()
    for _, request in planted(REQUESTS[signal], text):
        _identify(request)
        merged.MergeFrom(request)
    output = redactor.core(signal, merged, policy)
    assert not _holds(output, secret)
    gone = action["action"] == "drop_record"
    ids = {value for key, value in _leaves(output) if key in {"traceId", "spanId"}}
    if signal != "metrics" and not gone:
        assert ids == {TRACE_ID.hex(), SPAN_ID.hex()}
    counts = redactor.counts(signal, merged, policy)
    assert counts["overlay.mail"] > 30
    assert "email" not in counts


def _identify(message: Message) -> None:
    """Give every message that has ids such ids."""
    for field in message.DESCRIPTOR.fields:
        if field.name in IDS:
            setattr(message, field.name, TRACE_ID if field.name == "trace_id" else SPAN_ID)
        elif field.message_type is not None:
            held = getattr(message, field.name)
            if field.is_repeated:
                for one in held:
                    _identify(one)
            elif message.HasField(field.name):
                _identify(held)


def _leaves(output: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(output, dict):
        for key, value in output.items():
            if isinstance(value, dict | list):
                yield from _leaves(value)
            else:
                yield key, value
    elif isinstance(output, list):
        for value in output:
            yield from _leaves(value)
