"""`mainstem traces`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from mainstem.cli.app import app
from mainstem.cli.output import DEFAULT_PLATFORM, JsonOption, PlatformOption, stdout
from mainstem.cli.reading import (
    FollowOption,
    LimitOption,
    OtlpOption,
    Output,
    RegionOption,
    ServiceOption,
    SinceOption,
    TenantOption,
    TextOption,
    UntilOption,
    View,
    answer,
    clock,
    cut,
    one_of,
    time_range,
)
from mainstem.config.platform import load_platform
from mainstem.errors import UsageError
from mainstem.read.filters import Filter
from mainstem.read.region import RegionReader
from mainstem.read.trace import ERROR, duration_text, page, trace_of
from mainstem.records import Signal

if TYPE_CHECKING:
    from mainstem.read.trace import Trace

STATUSES = {"unset": 0, "ok": 1, "error": ERROR}
DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|m)")
UNITS_NS = {"ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9}
TRACE_ID = re.compile(r"[0-9a-f]{32}")
MOST_SPANS = 100_000
"""Of one trace; a trace of more is cut, and that is said."""


@app.command(
    name="traces",
    epilog="Example: mainstem traces --region euc --tenant t-042 --min-duration 500ms",
)
def traces_command(
    trace_id: Annotated[
        str | None, typer.Argument(help="A trace's id, in hex: all of it, as a waterfall.")
    ] = None,
    *,
    region: RegionOption,
    platform: PlatformOption = DEFAULT_PLATFORM,
    since: SinceOption = None,
    until: UntilOption = None,
    service: ServiceOption = None,
    tenant: TenantOption = None,
    name: Annotated[str | None, typer.Option(help="The span's name.")] = None,
    event: Annotated[str | None, typer.Option(help="The name of an event of the span.")] = None,
    status: Annotated[str | None, typer.Option(help="unset, ok or error.")] = None,
    min_duration: Annotated[str | None, typer.Option(help="Such as 250ms.")] = None,
    max_duration: Annotated[str | None, typer.Option(help="Such as 2s.")] = None,
    text: TextOption = None,
    limit: LimitOption = 50,
    html: Annotated[
        Path | None, typer.Option(help="Write the trace to this file as a page.")
    ] = None,
    as_otlp: OtlpOption = False,
    as_json: JsonOption = False,
    follow: FollowOption = False,
) -> None:
    """Find spans in a region, or show one trace, where they were written.

    Without an id the latest spans that match, from the last hour unless told otherwise; with one
    the whole trace. Who reads, when and what is written down in the region. Exit code 1: nothing
    was found.
    """
    if trace_id is not None:
        trace_id = trace_id.lower().replace("-", "")
        if not TRACE_ID.fullmatch(trace_id):
            raise UsageError("a trace's id is 32 hex digits")
        since, limit = since or "14d", max(limit, MOST_SPANS)
    elif html is not None:
        raise UsageError("--html shows one trace: name it by its id")
    wanted = Filter(
        Signal.TRACES,
        *time_range(since, until),
        trace_id=trace_id,
        service=service,
        tenant=tenant,
        name=name,
        event=event,
        text=text,
        status=one_of("--status", status, STATUSES),
        min_duration_ns=_duration("--min-duration", min_duration),
        max_duration_ns=_duration("--max-duration", max_duration),
    )
    answer(
        RegionReader(load_platform(platform), region),
        wanted,
        VIEW,
        Output(limit, as_otlp, as_json, follow),
        show_whole=partial(_show_trace, html) if trace_id is not None else None,
    )


def _show_trace(html: Path | None, rows: list[dict[str, Any]]) -> None:
    trace = trace_of(rows)
    if html is None:
        _print_waterfall(trace)
    else:
        html.write_text(page(trace), encoding="utf-8")
        stdout.print(f"{html}", soft_wrap=True, highlight=False)


def _duration(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    given = DURATION.fullmatch(text)
    if given is None:
        raise UsageError(f"{option}: {text!r} is no duration: 250ms, 2s, 1.5m")
    return int(float(given[1]) * UNITS_NS[given[2]])


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    failed = "✗ " if row["status_code"] == STATUSES["error"] else ""
    return (
        clock(row),
        duration_text(row["duration_time_unix_nano"] or 0),
        row["service_name"] or "-",
        failed + cut(row["name"]),
        row["tenant_id"] or "-",
        row["trace_id"] or "-",
    )


def _print_waterfall(trace: Trace) -> None:
    errors = sum(span.failed for span in trace.spans)
    begun = datetime.fromtimestamp(trace.begun_ns / 1e9, UTC)
    stdout.print(
        f"{trace.trace_id}  {begun:%Y-%m-%d %H:%M:%S.%f} UTC  {duration_text(trace.duration_ns)}  "
        f"{len(trace.spans)} spans, {errors} failed  {', '.join(trace.services)}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    width = stdout.width if stdout.is_terminal else 160
    left = min(60, max(24, width * 2 // 5))
    bar = max(10, width - left - 12)
    whole = max(1, trace.duration_ns)
    for span in trace.spans:
        label = "  " * span.depth + ("… " if span.orphan else "") + f"{span.name} · {span.service}"
        begin = min(bar - 1, span.start_ns * bar // whole)
        length = max(1, min(bar - begin, round(span.duration_ns * bar / whole)))
        line = Text()
        line.append(_fit(label, left), "bold red" if span.failed else "")
        line.append(" " + " " * begin + "█" * length, "red" if span.failed else "cyan")
        line.append(" " * (bar - begin - length) + f" {duration_text(span.duration_ns):>9}")
        stdout.print(line, no_wrap=True, crop=False, soft_wrap=True)
        if span.failed and span.message:
            stdout.print(
                Text(_fit("  " * span.depth + f"  ✗ {span.message}", width), "red"), soft_wrap=True
            )


def _fit(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"


VIEW = View("Spans", ("time", "duration", "service", "name", "tenant", "trace"), _cells)
