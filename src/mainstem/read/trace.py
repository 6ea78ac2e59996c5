"""The spans of one trace as a tree in order of time, and as a page."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ERROR = 2
"""`STATUS_CODE_ERROR` of the trace protocol."""


@dataclass
class Span:
    """A span; times are in nanoseconds, `start_ns` from the trace's first start."""

    span_id: str
    parent_id: str | None
    service: str
    name: str
    kind: int
    start_ns: int
    duration_ns: int
    status: int
    message: str | None
    attributes: dict[str, Any]
    events: list[dict[str, Any]]
    depth: int = 0
    orphan: bool = False
    """Whether its parent is not among the spans found."""

    @property
    def failed(self) -> bool:
        """Whether its status says error."""
        return self.status == ERROR


@dataclass
class Trace:
    """A trace's spans, each behind its parent, siblings in order of their start."""

    trace_id: str
    begun_ns: int
    duration_ns: int
    spans: list[Span] = field(default_factory=list)

    @property
    def services(self) -> list[str]:
        """The services that took part, in order of appearance."""
        return list(dict.fromkeys(span.service for span in self.spans))


def trace_of(rows: Sequence[dict[str, Any]]) -> Trace:
    """Make a trace of its bronze rows, at least one; repeated spans count once."""
    unique = {row["span_id"]: row for row in reversed(rows)}.values()
    begun = min(row["start_time_unix_nano"] or 0 for row in unique)
    spans = [_span(row, begun) for row in unique]
    end = max(span.start_ns + span.duration_ns for span in spans)
    return Trace(rows[0]["trace_id"], begun, end, list(_in_order(spans)))


def _span(row: dict[str, Any], begun: int) -> Span:
    return Span(
        span_id=row["span_id"] or "",
        parent_id=row["parent_span_id"],
        service=row["service_name"] or "unknown",
        name=row["name"],
        kind=row["kind"],
        start_ns=(row["start_time_unix_nano"] or 0) - begun,
        duration_ns=max(0, row["duration_time_unix_nano"] or 0),
        status=row["status_code"],
        message=row["status_message"],
        attributes=json.loads(row["span_attributes"]),
        events=json.loads(row["events_json"]),
    )


def _in_order(spans: list[Span]) -> Iterator[Span]:
    known = {span.span_id for span in spans}
    children: dict[str | None, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (span.start_ns, -span.duration_ns, span.span_id)):
        span.orphan = span.parent_id is not None and span.parent_id not in known
        parent = None if span.orphan else span.parent_id
        children.setdefault(parent, []).append(span)
    waiting = [(span, 0) for span in reversed(children.pop(None, []))]
    while waiting or children:
        if not waiting:
            # Spans that are each other's parents: begin anywhere, so that none is lost.
            waiting = [(span, 0) for span in reversed(children.pop(next(iter(children))))]
        span, span.depth = waiting.pop()
        yield span
        waiting += [(child, span.depth + 1) for child in reversed(children.pop(span.span_id, []))]


def duration_text(nanoseconds: int) -> str:
    """Write a duration in the largest unit that leaves at least one before the point."""
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000)):
        if nanoseconds >= size:
            return (
                f"{nanoseconds / size:.3g} {unit}"
                if nanoseconds < 1000 * size
                else (f"{nanoseconds / size:,.0f} {unit}")
            )
    return f"{nanoseconds} ns"


def page(trace: Trace) -> str:
    """Write a trace as one HTML page that needs nothing else."""
    hues = {service: index * 67 % 360 for index, service in enumerate(trace.services)}
    whole = max(1, trace.duration_ns)
    rows = "\n".join(_row(span, whole, hues[span.service]) for span in trace.spans)
    legend = " ".join(
        f'<span class="service" style="--hue:{hue}">{escape(service)}</span>'
        for service, hue in hues.items()
    )
    template = Template(files("mainstem.read").joinpath("trace.html").read_text("utf-8"))
    return template.substitute(
        trace_id=escape(trace.trace_id),
        spans=len(trace.spans),
        duration=duration_text(trace.duration_ns),
        legend=legend,
        rows=rows,
    )


def _row(span: Span, whole: int, hue: int) -> str:
    left = 100 * span.start_ns / whole
    width = max(0.15, 100 * span.duration_ns / whole)
    details = _details(
        {
            "span id": span.span_id,
            **({"parent (not found)": span.parent_id} if span.orphan else {}),
            **({"status": span.message or "error"} if span.failed else {}),
            **span.attributes,
        }
    ) + "".join(
        f"<h4>{escape(str(event.get('name', '')))}</h4>{_details(event.get('attributes', {}))}"
        for event in span.events
    )
    return (
        f'<details class="{"failed" if span.failed else ""}" style="--hue:{hue}">'
        f'<summary><span class="name" style="padding-left:{span.depth * 14}px">'
        f"{escape(span.name)} <small>{escape(span.service)}</small></span>"
        f'<span class="time"><i style="left:{left:.3f}%;width:{width:.3f}%"></i></span>'
        f'<span class="duration">{duration_text(span.duration_ns)}</span></summary>'
        f"{details}</details>"
    )


def _details(values: dict[str, Any]) -> str:
    return "<dl>" + "".join(_pairs(values.items())) + "</dl>"


def _pairs(items: Iterable[tuple[str, Any]]) -> Iterator[str]:
    for key, value in items:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield f"<dt>{escape(key)}</dt><dd>{escape(text)}</dd>"
