"""What a person looks for in a region's telemetry, and how it is asked of blobs and of rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mainstem.records import Signal

if TYPE_CHECKING:
    from datetime import datetime

_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")
"""Text that stands in a blob of ours as it is, whatever encoder wrote it."""

_TEXTS = {
    Signal.TRACES: "name, status_message, span_attributes, events_json",
    Signal.LOGS: "body, severity_text, event_name, log_attributes",
    Signal.METRICS: "name, description, metric_attributes",
}
_EVENT = {
    Signal.TRACES: "list_contains(json_extract_string(events_json, '$[*].name'), ?)",
    Signal.LOGS: "event_name = ?",
}


@dataclass(frozen=True)
class Filter:
    """All that is given must hold; times are UTC, `since` included and `until` not.

    `text` is found in any case in names, bodies, messages and attributes. `event` is a log record's
    event name, or that of an event of a span. `severity` is the least severity number. `status` is
    a span's status code. Durations are in nanoseconds.
    """

    signal: Signal
    since: datetime
    until: datetime
    trace_id: str | None = None
    service: str | None = None
    tenant: str | None = None
    name: str | None = None
    event: str | None = None
    text: str | None = None
    severity: int | None = None
    status: int | None = None
    min_duration_ns: int | None = None
    max_duration_ns: int | None = None

    def conditions(self) -> tuple[str, list[Any]]:
        """Give the condition on bronze rows, in SQL with `?`, and its parameters."""
        texts = f"{_TEXTS[self.signal]}, resource_attributes"
        asked: list[tuple[str, Any]] = [
            ("event_ts >= ?", self.since.replace(tzinfo=None)),
            ("event_ts < ?", self.until.replace(tzinfo=None)),
            ("trace_id = ?", self.trace_id),
            ("service_name = ?", self.service),
            ("tenant_id = ?", self.tenant),
            ("name = ?", self.name),
            (_EVENT.get(self.signal, ""), self.event),
            (f"contains(lower(concat_ws(' ', {texts})), ?)", self.text and self.text.lower()),
            ("severity_number >= ?", self.severity),
            ("status_code = ?", self.status),
            ("duration_time_unix_nano >= ?", self.min_duration_ns),
            ("duration_time_unix_nano <= ?", self.max_duration_ns),
        ]
        given = [(sql, value) for sql, value in asked if value is not None]
        return " AND ".join(sql for sql, _ in given), [value for _, value in given]

    def having(self) -> list[str]:
        """Give texts that a line of our own blobs holds if any record of it is looked for."""
        quoted = (self.trace_id, self.service, self.tenant, self.name, self.event)
        return [f'"{text}"' for text in quoted if text is not None and _PLAIN.fullmatch(text)]

    def described(self) -> dict[str, str]:
        """Give what is asked for under its option's name, for the log of reads."""
        return {
            name: value.isoformat() if name in ("since", "until") else str(value)
            for name, value in vars(self).items()
            if value is not None and name != "signal"
        }
