"""The core's protobuf encoder against protobuf's own classes; its JSON stands in test_decode."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import encode, generate, messages

from mainstem import _core

many = settings(deadline=None, max_examples=300)
SIGNALS = sorted(messages.REQUESTS)


@pytest.mark.parametrize("signal", SIGNALS)
@many
@given(data=st.data())
def test_any_request_written_on_the_wire_is_the_one_that_was_read(
    signal: str, data: st.DataObject
) -> None:
    body = data.draw(generate.wire(signal))
    written = _core.transcode(signal, body, "protobuf", "protobuf")
    assert encode.document(signal, written) == encode.document(signal, body)
    assert _core.transcode(signal, written, "protobuf", "protobuf") == written


@pytest.mark.parametrize("signal", SIGNALS)
@many
@given(data=st.data())
def test_a_blob_s_line_goes_back_to_the_wire(signal: str, data: st.DataObject) -> None:
    body = data.draw(generate.wire(signal))
    line = _core.transcode(signal, body, "protobuf")
    written = _core.transcode(signal, line, "json", "protobuf")
    assert _core.transcode(signal, written, "protobuf") == line


@pytest.mark.parametrize("signal", SIGNALS)
def test_every_field_is_written_as_protobuf_writes_it(signal: str) -> None:
    message = generate.every_field(signal)
    body = message.SerializeToString(deterministic=True)
    written = _core.transcode(signal, body, "protobuf", "protobuf")
    assert type(message).FromString(written) == message
    assert len(written) == len(body)
