"""`mainstem collect`: one region's collector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mainstem.cli.app import app
from mainstem.collect.site import collector_of, local_site, site_of
from mainstem.collect.supervise import collect
from mainstem.config.platform import load_platform
from mainstem.errors import UsageError


@app.command(
    "collect",
    epilog="Example: mainstem collect --platform mainstem.yaml --region euc",
)
def collect_command(
    config: Annotated[
        Path | None,
        typer.Option(help="The OpenTelemetry Collector's configuration; else the region's own."),
    ] = None,
    platform: Annotated[
        Path | None,
        typer.Option(envvar="MAINSTEM_PLATFORM", help="The platform file, with --region."),
    ] = None,
    region: Annotated[
        str | None, typer.Option(envvar="MAINSTEM_REGION", help="The region to collect in.")
    ] = None,
    json_logs: Annotated[
        bool, typer.Option("--json", help="Log one JSON document a line.")
    ] = False,
) -> None:
    """Receive OTLP, redact it in memory, and put it into the region's store.

    Without a platform file: region `default`, and a spool and a key under the user's state folder.
    """
    if (platform is None) != (region is None):
        raise UsageError("--platform and --region go together")
    loaded = load_platform(platform) if platform is not None else None
    site = site_of(loaded, region) if loaded is not None and region is not None else local_site()
    collect(collector_of(config, loaded, region), site, json_logs=json_logs)
