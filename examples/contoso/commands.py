"""The commands of the demo: a collector and a service for each region, and mainstem's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from examples.contoso.processes import Command

if TYPE_CHECKING:
    from examples.contoso.stage import Stage

MAINSTEM = Path(sys.executable).parent / "mainstem"
SENDS_BY = {
    "euc": "grpc",
    "use": "grpc",
    "cac": "http/protobuf",
    "aus": "http/protobuf",
}
"""The SDK's OTLP protocol in each region, so that both are seen."""


def mainstem(verb: str, platform: Path, *options: str) -> list[str]:
    """Give a command that reads a platform file."""
    return [str(MAINSTEM), verb, "--platform", str(platform), *options]


def collector(stage: Stage, region: str) -> Command:
    """Give the command of a region's collector."""
    config = str(stage.collector_of(region))
    return Command(
        f"collector-{region}",
        mainstem("collect", stage.platform_of(region), "--region", region, "--config", config),
        {},
        f"http://127.0.0.1:{stage.ports[region].health}/",
    )


def service(stage: Stage, region: str, scale: float = 1.0) -> Command:
    """Give the command of a region's Contoso Transform, whose customers are of a scale."""
    ports = stage.ports[region]
    receiver = ports.grpc if SENDS_BY[region] == "grpc" else ports.http
    return Command(
        f"contoso-{region}",
        [
            *(sys.executable, "-m", "uvicorn", "examples.contoso.service:app"),
            *("--port", str(ports.service), "--no-access-log", "--log-level", "warning"),
        ],
        {
            "CONTOSO_REGION": region,
            "CONTOSO_SCALE": str(scale),
            "OTEL_SEMCONV_STABILITY_OPT_IN": "http",
            "OTEL_EXPORTER_OTLP_PROTOCOL": SENDS_BY[region],
            "OTEL_EXPORTER_OTLP_TIMEOUT": "30",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver}",
        },
        f"http://127.0.0.1:{ports.service}/health",
    )
