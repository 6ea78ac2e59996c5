"""`mainstem collect`: one region's collector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mainstem.cli.app import app
from mainstem.collect.site import Site, central_collector, chosen_site, collector_of
from mainstem.collect.supervise import collect
from mainstem.collect.vault_key import with_key_at_hand
from mainstem.config.collector import CollectorConfig


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
    central: Annotated[
        bool,
        typer.Option("--central", help="Run the collector that regions forward to, at the centre."),
    ] = False,
    json_logs: Annotated[
        bool, typer.Option("--json", help="Log one JSON document a line.")
    ] = False,
) -> None:
    """Receive OTLP, redact it in memory, and put it into the region's store or send it on.

    With --central: take what the regions' collectors forward, and put it into the central store.
    Without a platform file: region `default`, and a spool and a key under the user's state folder.
    """

    def read() -> tuple[CollectorConfig, Site]:
        if central:
            return central_collector(config, platform, region)
        loaded, site = chosen_site(platform, region)
        return collector_of(config, loaded, region), with_key_at_hand(site)

    collect(*read(), reread=read, json_logs=json_logs)
