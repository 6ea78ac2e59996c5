"""Put the history into stores without collectors, as a foreign exporter's blobs.

    python -m examples.contoso.direct FOLDER [--tenants 10000]

makes a platform with all that a load and a build need, at any scale, for benchmarks of what comes
after the collectors. Nothing is redacted on this way.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from examples.contoso.business import TABLES, write_business
from examples.contoso.catalog import CENTRAL_REGIONS, REGIONS
from examples.contoso.history import History
from examples.contoso.invoices import make_invoices
from examples.contoso.scenario import TENANTS, Scenario
from examples.contoso.truth import write_truth

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOB_BYTES = 4_000_000
PLATFORM = """\
environment: play
regions:
{regions}central:
  store: file:./stores/central
warehouse: {warehouse}
published: ./published
sources:
{sources}"""
REGION = (
    "  {name}: {{store: 'file:./stores/{name}', routes: {{logs: replicate, traces: replicate}}}}\n"
)


def write_platform(
    root: Path,
    now: datetime,
    *,
    tenants: int = TENANTS,
    warehouse: str = "duckdb:./warehouse.duckdb",
) -> Path:
    """Write stores, business files, truth and the platform file; gives that file."""
    scenario = Scenario.ending(now, scale=tenants / TENANTS)
    history = History(scenario, now, tuple(CENTRAL_REGIONS))
    for region, signal, name, data in _blobs(history):
        path = root / "stores" / region / signal / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    invoices = make_invoices(scenario, history.tally, tuple(CENTRAL_REGIONS))
    write_business(root / "business", scenario, invoices, tuple(REGIONS))
    write_truth(root / "truth.json", scenario, history.tally, invoices)
    platform = root / "mainstem.yaml"
    platform.write_text(
        PLATFORM.format(
            regions="".join(REGION.format(name=name) for name in CENTRAL_REGIONS),
            warehouse=warehouse,
            sources="".join(f"  {name}: business/{name}.csv\n" for name in TABLES),
        ),
        encoding="utf-8",
    )
    return platform


def _blobs(history: History) -> Iterator[tuple[str, str, str, bytes]]:
    """Join some requests of a region and signal: protobuf messages in a row are one message."""
    waiting: dict[tuple[str, str], list[bytes]] = defaultdict(list)
    number = 0
    for request in history.requests(doubled=False):
        bodies = waiting[request.region, request.signal]
        bodies.append(request.body)
        if sum(map(len, bodies)) > BLOB_BYTES:
            number += 1
            yield request.region, request.signal, f"{number:06d}.pb", b"".join(bodies)
            bodies.clear()
    for (region, signal), bodies in waiting.items():
        if bodies:
            yield region, signal, "last.pb", b"".join(bodies)


def main() -> None:
    """Write a platform into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tenants", type=int, default=TENANTS)
    given = parser.parse_args()
    print(write_platform(given.folder, datetime.now(UTC), tenants=given.tenants))


if __name__ == "__main__":
    main()
