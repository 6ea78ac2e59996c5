"""The models at three scales, on each engine: time and memory of a load and a build.

`python -m bench.models [--json] [--tenants 200,2000,10000] [--engines duckdb,postgresql]`. Blobs
are the example's 400 days, put into stores without collectors. Load and build are the commands
themselves, each a process of its own, with what it starts; the memory is the most that one of these
processes had resident. PostgreSQL is a server of this run, whose own memory is not in the table.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.programs import show
from examples.contoso.direct import write_platform
from tests.beside import free_port
from tests.postgres import PASSWORD, PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator

SCALES = (200, 2_000, 10_000)
ENGINES = ("duckdb", "postgresql")
VARIABLE = "MAINSTEM_BENCH_PASSWORD"


@contextmanager
def warehouse(engine: str) -> Iterator[str]:
    """Give the address of an empty warehouse, as a platform file has it."""
    if engine == "duckdb":
        yield "duckdb:./warehouse.duckdb"
        return
    server = PostgresServer(free_port())
    try:
        server.execute("postgres", "CREATE DATABASE bench")
        os.environ[VARIABLE] = PASSWORD
        yield f"{{address: '{server.address('bench')}', password: 'env:{VARIABLE}'}}"
    finally:
        server.remove()


def run(verb: str, platform: Path) -> dict[str, float]:
    """Run a command to its end; seconds, processor seconds and the most memory, in MB."""
    command = [str(Path(sys.executable).parent / "mainstem"), verb, "--platform", str(platform)]
    begun = time.perf_counter()
    with (platform.parent / f"{verb}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"mainstem {verb} ended with {process.returncode}; see {log.name}")
    return {
        "wall": time.perf_counter() - begun,
        "cpu": used.ru_utime + used.ru_stime,
        "resident": used.ru_maxrss / 1024,
    }


def measure(engine: str, tenants: int, folder: Path) -> dict[str, Any]:
    """Load and build the example at a scale; one row of the table."""
    with warehouse(engine) as address:
        platform = write_platform(folder, datetime.now(UTC), tenants=tenants, warehouse=address)
        run("replicate", platform)
        load, build = run("load", platform), run("build", platform)
    published = next(folder.glob("published/*/build.json"))
    tables = json.loads(published.read_text(encoding="utf-8"))["tables"]
    return {
        "engine": engine,
        "tenants": tenants,
        "published rows": sum(table["rows"] for table in tables),
        "load s": round(load["wall"], 1),
        "load CPU s": round(load["cpu"], 1),
        "load MB": round(load["resident"]),
        "build s": round(build["wall"], 1),
        "build CPU s": round(build["cpu"], 1),
        "build MB": round(build["resident"]),
        "load average": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="python -m bench.models")
    options.add_argument("--json", action="store_true", help="print JSON in place of a table")
    options.add_argument("--tenants", default=",".join(map(str, SCALES)), help="scales")
    options.add_argument("--engines", default=",".join(ENGINES), help="of duckdb, postgresql")
    chosen = options.parse_args()
    rows = []
    for tenants in map(int, chosen.tenants.split(",")):
        for engine in chosen.engines.split(","):
            with tempfile.TemporaryDirectory(prefix="mainstem-models-") as name:
                rows.append(measure(engine, tenants, Path(name)))
    show("Four hundred days of telemetry, from blobs to answers", rows)


if __name__ == "__main__":
    main()
