"""The core's decoders and its encoder against protobuf's own classes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import encode, generate, messages

from mainstem import _core

many = settings(deadline=None, max_examples=300)
SIGNALS = sorted(messages.REQUESTS)


def transcoded(signal: str, data: bytes, encoding: str) -> Any:
    line = _core.transcode(signal, data, encoding)
    assert b"\n" not in line
    return json.loads(line)


@pytest.mark.parametrize("signal", SIGNALS)
@many
@given(data=st.data())
def test_any_wire_gives_the_documents_of_protobuf(signal: str, data: st.DataObject) -> None:
    body = data.draw(generate.wire(signal))
    assert transcoded(signal, body, "protobuf") == encode.document(signal, body)


@pytest.mark.parametrize("signal", SIGNALS)
@many
@given(data=st.data())
def test_any_message_gives_the_documents_of_protobuf(signal: str, data: st.DataObject) -> None:
    message = data.draw(generate.requests(signal))
    expected = encode.message_document(message)
    assert transcoded(signal, message.SerializeToString(), "protobuf") == expected


@pytest.mark.parametrize("signal", SIGNALS)
@many
@given(data=st.data())
def test_any_json_gives_the_document_that_it_means(signal: str, data: st.DataObject) -> None:
    body, expected = data.draw(generate.json_texts(signal))
    assert transcoded(signal, body, "json") == expected


@pytest.mark.parametrize("signal", SIGNALS)
def test_every_field_is_kept(signal: str) -> None:
    message = generate.every_field(signal)
    expected = encode.message_document(message)
    assert transcoded(signal, message.SerializeToString(), "protobuf") == expected
    assert transcoded(signal, json.dumps(expected).encode(), "json") == expected


@pytest.mark.parametrize("signal", SIGNALS)
@many
@given(data=st.data())
def test_what_the_core_wrote_it_reads_again(signal: str, data: st.DataObject) -> None:
    line = _core.transcode(signal, data.draw(generate.wire(signal)), "protobuf")
    assert _core.transcode(signal, line, "json") == line


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("encoding", ["protobuf", "json"])
@many
@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_never_quoted(
    signal: str, encoding: str, body: bytes
) -> None:
    try:
        _core.transcode(signal, body + b"SECRET", encoding)
    except ValueError as error:
        message = str(error)
    else:
        message = ""
    assert "SECRET" not in message
