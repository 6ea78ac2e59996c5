"""The demo's folder: two platform files, a collector's configuration for each region, ports.

The centre knows Europe, the United States and Canada. Australia is a partner's: it has a folder of
its own, with its platform file, store, keys and warehouse; the central file knows its name alone.
"""

from __future__ import annotations

import shutil
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from examples.contoso.business import TABLES
from examples.contoso.catalog import CENTRAL_REGIONS, PARTNER_REGION, REGIONS
from examples.contoso.mistakes import TOKEN_PATTERN, VAT_ID_PATTERN

if TYPE_CHECKING:
    from pathlib import Path

MARK = ".made-by-the-contoso-demo"
"""Only a folder that holds this file is ever emptied."""


@dataclass(frozen=True)
class Ports:
    """Where one region's processes listen, on 127.0.0.1."""

    grpc: int
    http: int
    health: int
    metrics: int
    service: int


@dataclass(frozen=True)
class Stage:
    """The demo's folder and ports."""

    root: Path
    ports: dict[str, Ports]

    @property
    def platform(self) -> Path:
        """The central platform file."""
        return self.root / "mainstem.yaml"

    @property
    def partner(self) -> Path:
        """The partner's folder."""
        return self.root / f"partner-{PARTNER_REGION}"

    @property
    def partner_platform(self) -> Path:
        """The partner's own platform file."""
        return self.partner / "mainstem.yaml"

    @property
    def logs(self) -> Path:
        """What the processes write to standard output and error."""
        return self.root / "logs"

    @property
    def truth(self) -> Path:
        """What happened; no platform file names it."""
        return self.root / "truth" / "truth.json"

    def platform_of(self, region: str) -> Path:
        """Give the platform file that a region's collector runs under."""
        return self.partner_platform if region == PARTNER_REGION else self.platform

    def collector_of(self, region: str) -> Path:
        """Give a region's collector configuration."""
        if region == PARTNER_REGION:
            return self.partner / "collector.yaml"
        return self.root / "collectors" / f"{region}.yaml"

    def store_of(self, region: str) -> Path:
        """Give the folder of a region's own blob store."""
        return self.partner / "store" if region == PARTNER_REGION else self.root / "stores" / region

    def left_in_spools(self) -> list[Path]:
        """Give the segments that no store has yet; none once the collectors have ended well."""
        return [
            segment
            for platform in (self.root, self.partner)
            for segment in (platform / "spool").rglob("*.seg")
        ]

    def receivers(self) -> dict[str, str]:
        """Give each region's OTLP/HTTP address."""
        return {region: f"http://127.0.0.1:{ports.http}" for region, ports in self.ports.items()}

    def services(self) -> dict[str, str]:
        """Give each region's address of Contoso Transform."""
        return {region: f"http://127.0.0.1:{ports.service}" for region, ports in self.ports.items()}


def set_stage(root: Path) -> Stage:
    """Make the folder anew and write its configuration.

    FileExistsError where the folder is someone else's.
    """
    if root.exists():
        if any(root.iterdir()) and not (root / MARK).exists():
            raise FileExistsError(f"{root} is not empty and was not made by the demo")
        shutil.rmtree(root)
    root.mkdir(parents=True)
    (root / MARK).touch()
    stage = Stage(root, _free_ports())
    for folder in (stage.partner, stage.logs, root / "collectors"):
        folder.mkdir()
    stage.platform.write_text(_central_platform(), encoding="utf-8")
    stage.partner_platform.write_text(_partner_platform(), encoding="utf-8")
    for region, ports in stage.ports.items():
        stage.collector_of(region).write_text(_collector(ports), encoding="utf-8")
    return stage


def _free_ports() -> dict[str, Ports]:
    """Ask the system for ports that are free, all at once, so that they differ."""
    with ExitStack() as stack:
        free = []
        for _ in range(5 * len(REGIONS)):
            listener = stack.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            free.append(listener.getsockname()[1])
    return {region: Ports(*free[5 * place : 5 * place + 5]) for place, region in enumerate(REGIONS)}


def _central_platform() -> str:
    regions = "".join(
        f"""\
  {region}:
    location: {location}
    store: file:./stores/{region}
    collector: collectors/{region}.yaml
    routes: {{logs: replicate, traces: none, metrics: {_metrics_route(region)}}}
    retention: {{days: 14}}
{_overlay(region)}"""
        for region, location in CENTRAL_REGIONS.items()
    )
    return f"""\
# The centre of the demo: three regions whose logs travel, and one that is known by name alone.
environment: play
regions:
{regions}\
  {PARTNER_REGION}:                     # a partner's: nothing of it is known here but this
    location: {REGIONS[PARTNER_REGION]}
    residency: isolated
central:
  store: file:./stores/central
warehouse: duckdb:./warehouse.duckdb
published: ./published
{_sources()}"""


def _metrics_route(region: str) -> str:
    """Let one region's metrics travel, so that both ways are seen."""
    return "replicate" if region == "euc" else "none"


def _overlay(region: str) -> str:
    """Let Europe redact more than the others do."""
    if region != "euc":
        return ""
    return f"    redaction: {{blocked_values: ['{VAT_ID_PATTERN}']}}    # VAT ids, here alone\n"


def _partner_platform() -> str:
    return f"""\
# The partner's own platform: everything is loaded where it was collected.
environment: play
home: {PARTNER_REGION}
regions:
  {PARTNER_REGION}:
    location: {REGIONS[PARTNER_REGION]}
    residency: isolated
    store: file:./store
    collector: collector.yaml
warehouse: duckdb:./warehouse.duckdb
published: ./published
{_sources()}"""


def _sources() -> str:
    return "sources:\n" + "".join(f"  {name}: business/{name}.csv\n" for name in TABLES)


def _collector(ports: Ports) -> str:
    pipelines = "".join(
        f"    {signal}: {{receivers: [otlp], processors: [redaction, batch], exporters: [blob]}}\n"
        for signal in ("traces", "logs", "metrics")
    )
    return f"""\
# The OpenTelemetry Collector's configuration, as `mainstem collect` reads it.
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{ports.grpc}"}}
      http: {{endpoint: "127.0.0.1:{ports.http}"}}
processors:
  redaction:
    allow_all_keys: true
    blocked_values:             # beside the built-in detectors
      - '{TOKEN_PATTERN}'       # Contoso's own API tokens
  batch: {{}}
exporters:
  blob: {{compression: zstd}}     # to the store that the platform file names for the region
extensions:
  health_check: {{endpoint: "127.0.0.1:{ports.health}"}}
service:
  extensions: [health_check]
  telemetry:
    metrics: {{address: "127.0.0.1:{ports.metrics}"}}
  pipelines:
{pipelines}"""
