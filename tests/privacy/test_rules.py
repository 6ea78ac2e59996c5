"""A team's own rules through the core: on wire as no careful sender writes it, and in the books."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from mainstem import _core
from mainstem.config.redaction import RedactionOverlay
from mainstem.privacy import build_policy_spec
from tests.privacy.otlp_documents import FRAGMENTS
from tests.privacy.sides import REQUESTS
from tests.reference.generate import wire

if TYPE_CHECKING:
    from tests.privacy.sides import Redactor

HIDDEN = ["json", "url", "base64"]
RULES: list[dict[str, Any]] = [
    {"name": "never", "pattern": "tenant-1", "action": "drop_record"},
    {"name": "mail", "detector": "email", "action": "partial", "keep": "domain", "decode": HIDDEN},
    {"name": "net", "detector": "ipv4", "action": "generalise", "to": "network"},
    {"name": "card", "detector": "payment_card", "types": ["int", "double"], "decode": HIDDEN},
    {"name": "person", "keys": ["user.*"], "action": "pseudonym", "rotate": "quarter"},
    {"name": "n", "pattern": "[0-9]+", "action": "generalise", "to": "bucket", "size": 10},
    {"name": "hash", "pattern": "abc", "action": "hash", "hash_function": "sha3"},
    {"name": "gone", "pattern": "secret-7", "action": "drop_attribute"},
]
POLICY = build_policy_spec([], RedactionOverlay.model_validate({"rules": RULES})).to_json()
_RUN = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("signal", REQUESTS)
@_RUN
@given(data=st.data())
def test_redaction_does_not_depend_on_how_a_request_is_written(
    redactor: Redactor, signal: str, data: st.DataObject
) -> None:
    written = data.draw(wire(signal))
    # What begins so is taken for JSON here, where no header says what it is.
    assume(not written.startswith(b"{"))
    plain = _core.transcode(signal, written, "protobuf")
    key = str(redactor.key_path)
    ours = _core.redact_json(signal, written, POLICY, key)
    assert ours == _core.redact_json(signal, plain, POLICY, key)


def test_a_dropped_record_is_in_the_books(redactor: Redactor) -> None:
    records = [{"body": {"stringValue": text}} for text in ("by tenant-1", *FRAGMENTS[:3])]
    request = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
    steps = json.dumps([{"redaction": json.loads(POLICY)}])
    _, rules, books = _core.process_json("logs", request.encode(), steps, str(redactor.key_path))
    assert books == {"received": 4, "stored": 3, "rejected": 0, "dropped": 1, "sampled": 0}
    assert rules["overlay.never"] == 1
