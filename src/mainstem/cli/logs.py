"""`mainstem logs`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mainstem.cli.app import app
from mainstem.cli.output import DEFAULT_PLATFORM, JsonOption, PlatformOption
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
    attributes_text,
    clock,
    cut,
    one_of,
    time_range,
)
from mainstem.config.platform import load_platform
from mainstem.read.filters import Filter
from mainstem.read.region import RegionReader
from mainstem.records import Signal

SEVERITIES = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}


@app.command(
    name="logs", epilog="Example: mainstem logs --region euc --service checkout --severity warn"
)
def logs_command(
    *,
    region: RegionOption,
    platform: PlatformOption = DEFAULT_PLATFORM,
    since: SinceOption = None,
    until: UntilOption = None,
    service: ServiceOption = None,
    tenant: TenantOption = None,
    event: Annotated[str | None, typer.Option(help="The event's name.")] = None,
    severity: Annotated[
        str | None, typer.Option(help="The least: trace, debug, info, warn, error or fatal.")
    ] = None,
    trace: Annotated[str | None, typer.Option(help="The id of the trace they belong to.")] = None,
    text: TextOption = None,
    limit: LimitOption = 100,
    as_otlp: OtlpOption = False,
    as_json: JsonOption = False,
    follow: FollowOption = False,
) -> None:
    """Find log records and events in a region, where they were written.

    The latest that match, from the last hour unless told otherwise. Who reads, when and what is
    written down in the region. Exit code 1: nothing was found.
    """
    wanted = Filter(
        Signal.LOGS,
        *time_range(since, until),
        trace_id=trace and trace.lower(),
        service=service,
        tenant=tenant,
        event=event,
        text=text,
        severity=one_of("--severity", severity, SEVERITIES),
    )
    answer(
        RegionReader(load_platform(platform), region),
        wanted,
        VIEW,
        Output(limit, as_otlp, as_json, follow),
    )


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        clock(row),
        row["severity_text"] or _severity(row["severity_number"]),
        row["service_name"] or "-",
        row["tenant_id"] or "-",
        row["event_name"] or "-",
        cut(row["body"] or attributes_text(row["log_attributes"])),
    )


def _severity(number: int) -> str:
    reached = [name for name, least in SEVERITIES.items() if number >= least]
    return reached[-1] if reached else "-"


VIEW = View("Log records", ("time", "severity", "service", "tenant", "event", "text"), _cells)
