"""What would be stored of a request, without a collector and without storing it."""

from __future__ import annotations

import difflib
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem import _core
from mainstem.collect.steps import pipeline_steps
from mainstem.errors import UsageError
from mainstem.privacy import ensure_key, load_key
from mainstem.records import Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.collect.site import Site
    from mainstem.config.collector import CollectorConfig

FIELDS = {
    Signal.TRACES: "resourceSpans",
    Signal.LOGS: "resourceLogs",
    Signal.METRICS: "resourceMetrics",
}
WORD = re.compile(r"\s+|\S+")


@dataclass(frozen=True)
class Piece:
    """A stretch of what would be stored, and whether redaction changed it.

    A changed one without text stands where something was removed.
    """

    text: str
    changed: bool


@dataclass(frozen=True)
class Attempt:
    """What would be stored: the text, or the request in indented JSON.

    `rules` counts the values that each rule changed or removed. `own_key` is False where the
    region's key is not here, so that pseudonyms come out otherwise than in the region.
    """

    signal: Signal
    stored: str
    pieces: tuple[Piece, ...]
    rules: dict[str, int]
    own_key: bool


@dataclass(frozen=True)
class Redacted:
    """A request as it came and as it would be stored, both as a blob's line, and what was done."""

    before: bytes
    after: bytes
    rules: dict[str, int]
    own_key: bool


def attempt(given: str, config: CollectorConfig, site: Site) -> Attempt:
    """Redact one OTLP/JSON request, or else a text as the body of a log record.

    UsageError for a request that cannot be decoded, and for a signal without a pipeline.
    """
    signal, request = _request(given)
    is_text = request is None
    if request is None:
        record = {"body": {"stringValue": given.rstrip("\n")}}
        request = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})
    done = redacted(signal, request, config, site)
    # A record that cannot be redacted safely is not stored at all.
    show = _body if is_text else _indented
    stored = show(done.after)
    pieces = tuple(pieces_of(show(done.before), stored, by_line=not is_text))
    return Attempt(signal, stored, pieces, done.rules, done.own_key)


def redacted(signal: Signal, request: str, config: CollectorConfig, site: Site) -> Redacted:
    """Take one OTLP/JSON request through the pipeline of its signal.

    UsageError for a request that cannot be decoded, and for a signal without a pipeline.
    """
    found = [
        steps for steps in pipeline_steps(config, site).values() if steps.pipeline.signal == signal
    ]
    if not found:
        raise UsageError(f"{config.file} has no pipeline for {signal}")
    data = request.encode()
    with tempfile.TemporaryDirectory() as folder:
        own_key = site.key.exists()
        key = load_key(site.key) if own_key else ensure_key(Path(folder) / "once.key")
        try:
            before = _core.transcode(signal.value, data, "json")
            after, rules, _ = _core.process_json(
                signal.value, data, found[0].to_json(), str(key.path)
            )
        except ValueError as error:
            raise UsageError(f"the request cannot be decoded: {error}") from None
    return Redacted(before, after, rules, own_key)


def _request(given: str) -> tuple[Signal, str | None]:
    """Tell the signal of an OTLP/JSON request; anything else is a text."""
    try:
        document = json.loads(given)
    except ValueError:
        return Signal.LOGS, None
    if isinstance(document, dict):
        for signal, field in FIELDS.items():
            if field in document:
                return signal, given.strip()
    return Signal.LOGS, None


def _indented(line: bytes) -> str:
    return json.dumps(json.loads(line), indent=2, ensure_ascii=False) + "\n"


def _body(line: bytes) -> str:
    records = json.loads(line).get("resourceLogs", [])
    if not records:
        return ""
    body = records[0]["scopeLogs"][0]["logRecords"][0].get("body", {})
    return str(body.get("stringValue", "")) + "\n"


def pieces_of(before: str, after: str, *, by_line: bool) -> Iterator[Piece]:
    """Cut what is stored into pieces that stand in the request as well, and pieces that do not."""
    cut = (lambda text: text.splitlines(keepends=True)) if by_line else WORD.findall
    left, right = cut(before), cut(after)
    # The comma behind an item says nothing but that another one follows.
    matcher = difflib.SequenceMatcher(
        None, [_plain(part) for part in left], [_plain(part) for part in right], autojunk=False
    )
    for kind, _, _, begin, end in matcher.get_opcodes():
        yield Piece("".join(right[begin:end]), changed=kind != "equal")


def _plain(part: str) -> str:
    return part.rstrip("\n").rstrip(",")
