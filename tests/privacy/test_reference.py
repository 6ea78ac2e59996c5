"""The core's redaction equals the plain reference's, for random requests under several policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from mainstem.privacy import ALWAYS_ON, BY_CHOICE
from tests.privacy.otlp_documents import FRAGMENTS, requests
from tests.privacy.sides import REQUESTS

if TYPE_CHECKING:
    from tests.privacy.sides import Redactor

ARTICLE = {
    "name": "redaction",
    "allow_all_keys": True,
    "blocked_values": [
        r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}",
        r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}",
    ],
}
EVERYTHING: dict[str, Any] = {
    "name": "redaction/all",
    "allowed_keys": [
        "tenant.id",
        "user",
        "user.id",
        "id",
        "note",
        "blocked.one",
        "password",
        "k4",
        "",
    ],
    "ignored_keys": ["ignored.one"],
    "ignored_key_patterns": ["^service"],
    "blocked_key_patterns": ["blocked", "^k"],
    "blocked_values": ["secret-[0-9]", r"\d+", "a*b"],
    "allowed_values": ["tenant-1", "^x+$"],
    "redact_all_types": True,
    "hash_function": "sha3",
    "summary": "debug",
}
KEYED = ARTICLE | {
    "name": "redaction/keyed",
    "hash_function": "hmac-sha512",
    "hmac_key": "k",
    "blocked_values": ["abc", "^$", r"\bx"],
    "summary": "info",
}
POLICIES: dict[str, dict[str, Any]] = {
    "article, contrib's reach": {"coverage": "attributes", "processors": [ARTICLE]},
    "article, full": {"processors": [ARTICLE]},
    "all options, contrib's reach": {"coverage": "attributes", "processors": [EVERYTHING]},
    "all options, full": {"processors": [EVERYTHING]},
    "two processors, contrib's reach": {
        "coverage": "attributes",
        "processors": [KEYED, EVERYTHING],
    },
    "two processors, full": {"processors": [EVERYTHING, KEYED]},
    "detectors": {
        "detectors": [*ALWAYS_ON, *BY_CHOICE],
        "personal_keys": True,
        "vocabulary": ["tenant.id"],
    },
    "all of it": {
        "processors": [KEYED, ARTICLE],
        "detectors": list(ALWAYS_ON),
        "personal_keys": True,
        "vocabulary": ["tenant.id"],
    },
}


# Shrinking whole requests takes longer than a test may; a failing one is shown as it is.
_REQUESTS = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("signal", REQUESTS)
@_REQUESTS
@given(data=st.data())
def test_core_equals_reference(
    redactor: Redactor, signal: str, policy: dict[str, Any], data: st.DataObject
) -> None:
    request = data.draw(requests(REQUESTS[signal]))
    assert redactor.core(signal, request, policy) == redactor.reference(signal, request, policy)


_JOINED = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=8).map("".join)


@pytest.mark.parametrize("key", ["note", "db.query.text", "url.full"])
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(_JOINED, min_size=20, max_size=40))
def test_texts_of_adjoining_finds(redactor: Redactor, key: str, texts: list[str]) -> None:
    """Fragments that touch each other: where one find ends and the next begins."""
    policy = POLICIES["detectors"]
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    for text in texts:
        record.attributes.add(key=key).value.string_value = text
    core = redactor.core("logs", request, policy)
    assert core == redactor.reference("logs", request, policy)
