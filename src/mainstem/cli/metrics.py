"""`mainstem metrics`."""

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
    time_range,
)
from mainstem.config.platform import load_platform
from mainstem.read.filters import Filter
from mainstem.read.region import RegionReader
from mainstem.records import Signal


@app.command(name="metrics", epilog="Example: mainstem metrics --region euc --name queue.depth")
def metrics_command(
    *,
    region: RegionOption,
    platform: PlatformOption = DEFAULT_PLATFORM,
    since: SinceOption = None,
    until: UntilOption = None,
    service: ServiceOption = None,
    tenant: TenantOption = None,
    name: Annotated[str | None, typer.Option(help="The metric's name.")] = None,
    text: TextOption = None,
    limit: LimitOption = 100,
    as_otlp: OtlpOption = False,
    as_json: JsonOption = False,
    follow: FollowOption = False,
) -> None:
    """Find data points of metrics in a region, where they were written.

    The latest that match, from the last hour unless told otherwise. Who reads, when and what is
    written down in the region. Exit code 1: nothing was found.
    """
    wanted = Filter(
        Signal.METRICS,
        *time_range(since, until),
        service=service,
        tenant=tenant,
        name=name,
        text=text,
    )
    answer(
        RegionReader(load_platform(platform), region),
        wanted,
        VIEW,
        Output(limit, as_otlp, as_json, follow),
    )


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    value = row["int_value"] if row["int_value"] is not None else row["double_value"]
    if value is None:
        value = f"n={row['count']} sum={row['sum']}"
    unit = f" {row['unit']}" if row["unit"] else ""
    return (
        clock(row),
        row["service_name"] or "-",
        row["name"],
        f"{value}{unit}",
        cut(attributes_text(row["metric_attributes"])),
    )


VIEW = View("Points", ("time", "service", "name", "value", "attributes"), _cells)
