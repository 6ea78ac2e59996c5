"""Loading into Delta tables by Spark: the same rows as the embedded load, whatever dies."""

from __future__ import annotations

import os
import signal as signals
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from builders import Collector, Request

from mainstem.books import keep_books, take_status
from mainstem.config.platform import Platform, load_platform
from mainstem.errors import Transient
from mainstem.load import compact, load
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.store import Account
from mainstem.warehouse import WarehouseBusy, open_books
from mainstem.warehouse.spark.session import open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

pytestmark = [
    pytest.mark.all,
    pytest.mark.timeout(900),
    # py4j leaves its sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

JARS = Path(__file__).parents[2] / ".tools" / "spark"
NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
REGIONS = """
environment: play
regions:
  euc:
    store: file:./stores/euc
    routes: {logs: replicate, traces: replicate, metrics: replicate}
central:
  store: file:./stores/central
"""
OPTIONS = {
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    # A test is over before compiling pays, the JVM's second compiler's and Spark's own.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
MAINSTEM = [sys.executable, "-c", "from mainstem.cli import main; main()"]


class Died(BaseException):
    """Stands where a process ends: nothing after it runs."""


def platform_in(directory: Path, master: str, lake: str = "lake") -> Platform:
    jars = sorted(str(jar) for jar in JARS.glob("*.jar"))
    assert jars, "run `make spark`"
    options = {**OPTIONS, "spark.jars": ",".join(jars)}
    lines = "".join(f'    {name}: "{value}"\n' for name, value in options.items())
    path = directory / f"{lake}.yaml"
    path.write_text(
        f'{REGIONS}warehouse:\n  address: "spark:{master}"\n  tables: file:./{lake}\n'
        f"  spark:\n{lines}"
    )
    return load_platform(path)


def embedded_in(directory: Path) -> Platform:
    (directory / "mainstem.yaml").write_text(REGIONS)
    return load_platform(directory / "mainstem.yaml")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A driver, and two executors that are processes of their own; all loads here use it."""
    directory = tmp_path_factory.mktemp("cluster")
    with open_session(platform_in(directory, "local-cluster[2,1,1024]").warehouse) as session:
        yield session


@pytest.fixture
def spark(tmp_path: Path, cluster: Any) -> Platform:
    return platform_in(tmp_path, "local-cluster[2,1,1024]")


@pytest.fixture
def embedded(tmp_path: Path) -> Platform:
    return embedded_in(tmp_path)


def fill(platform: Platform) -> list[Collector]:
    """Leave in the region what each rule of the load is about."""
    store = Account.open("file:./stores/euc", platform.directory)
    ours = Collector(store, "euc", now=NOW)
    other = Collector(store, "euc", instance="00000000000000bb", now=NOW)
    for kind in Signal:
        ours.segment(kind, ours.requests(kind, 3, 2))
        other.segment(kind, other.requests(kind, 4))
    same = Request.of(Signal.LOGS, NOW, 3)
    ours.segment(Signal.LOGS, [same])
    other.segment(Signal.LOGS, [*other.requests(Signal.LOGS, 2), same, same])
    ours.segment(Signal.LOGS, [*ours.requests(Signal.LOGS, 2), Request(b"{", 0, b"x" * 16)])
    ours.segment(Signal.METRICS, ours.requests(Signal.METRICS, 2), data=b"not what was sealed\n")
    replicate(platform)
    central = Account.open("file:./stores/central", platform.directory)
    central.container("euc-logs").create(
        "2026/contrib.json", Request.of(Signal.LOGS, NOW, 5, first=900).data
    )
    return [ours, other]


def tables_of(platform: Platform) -> dict[str, list[Any]]:
    """Read what a load left, in an order of its own."""
    found = {}
    with open_books(platform) as (session, destination):
        for kind in Signal:
            rows = destination.arrow(f"SELECT * FROM bronze.{kind.bronze_table}").read_all()
            found[kind.bronze_table] = in_order(rows)
        for table, columns in {
            "ledger": "*",
            "load_blobs": "*",
            "load_touched": "*",
            "quarantine": "*",
            "loads": "load_id, blobs, records",
        }.items():
            found[table] = in_order(
                session.arrow(f"SELECT {columns} FROM bronze.{table}").read_all()
            )
        digests = destination.arrow("SELECT * FROM bronze.request_digests").read_all()
        found["request_digests"] = in_order(digests)
    return found


def in_order(rows: pa.Table) -> list[tuple[Any, ...]]:
    names = sorted(rows.column_names)
    return sorted((tuple(row[name] for name in names) for row in rows.to_pylist()), key=repr)


def at(text: str, act: Callable[[], object]) -> Callable[[str], None]:
    """Do something once, when a load says where it is."""
    done = []

    def hear(said: str) -> None:
        if said.startswith(text) and not done:
            done.append(said)
            act()

    return hear


def executors(driver: int) -> list[int]:
    """Find the executors' processes among the children of the driver's JVM."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == driver and b"CoarseGrainedExecutorBackend" in command:
                found.append(int(entry.name))
    return found


def test_rows_equal_the_embedded_load_with_an_executor_killed_in_the_middle(
    cluster: Any, spark: Platform, embedded: Platform
) -> None:
    ours, _ = fill(embedded)
    expected = load(embedded)
    driver = cluster.sparkContext._gateway.proc.pid
    killed = []

    def kill() -> None:
        pids = executors(driver)
        assert len(pids) == 2, "executors are processes of their own"
        os.kill(pids[0], signals.SIGKILL)
        killed.append(pids[0])

    # The rows are read and lie with the executors: those of the one that dies are read again.
    result = load(spark, at("logs: writing", kill))
    assert killed
    assert (result.load_id, result.entries) == (expected.load_id, expected.entries)
    assert result.signals == expected.signals
    assert result.problems == expected.problems
    assert tables_of(spark) == tables_of(embedded)
    assert load(spark).load_id is None, "nothing new"

    # A second day: a repeat of yesterday's requests, and a foreign blob with another content.
    repeated = Request.of(Signal.LOGS, NOW, 3)
    ours.segment(Signal.LOGS, [repeated, *ours.requests(Signal.LOGS, 4)])
    replicate(embedded)
    foreign = embedded.directory / "stores/central/euc-logs/2026/contrib.json"
    foreign.write_bytes(Request.of(Signal.LOGS, NOW - timedelta(days=1), 6, first=900).data)
    assert load(spark).signals == load(embedded).signals
    assert tables_of(spark) == tables_of(embedded)
    books, by_spark = keep_books(embedded), keep_books(spark)
    assert by_spark.hours == books.hours
    assert by_spark.problems == books.problems
    assert take_status(spark).regions == take_status(embedded).regions


def test_a_load_that_died_between_commits_is_ended_by_the_next(
    spark: Platform, embedded: Platform
) -> None:
    fill(embedded)
    load(embedded)

    def die() -> None:
        raise Died

    for place in ("logs: writing", "writing the books"):
        with pytest.raises(Died):
            load(spark, at(place, die))
        assert take_status(spark).last_load is None, "readers see what the last whole load left"
    with pytest.raises(Transient, match="load 1 was interrupted"):
        compact(spark)
    assert load(spark).load_id == 1
    assert tables_of(spark) == tables_of(embedded)


def test_compaction_changes_files_and_no_rows(spark: Platform, embedded: Platform) -> None:
    ours, _ = fill(embedded)
    for kind in (Signal.LOGS, Signal.METRICS):
        ours.segment(kind, ours.requests(kind, 3))
        replicate(embedded)
        load(embedded)
        load(spark)
    before = tables_of(spark)

    def die() -> None:
        raise Died

    with pytest.raises(Died):
        compact(spark, at("bronze.load_touched", die))
    assert tables_of(spark) == before
    done = {table.table: table for table in compact(spark)}
    assert done["bronze.load_touched"].removed_files == 2
    assert done["bronze.load_touched"].added_files == 1
    assert tables_of(spark) == before == tables_of(embedded)
    assert compact(spark) == [], "nothing is left to put together"


def test_of_two_loads_at_once_one_steps_aside(spark: Platform, embedded: Platform) -> None:
    fill(embedded)
    load(embedded)
    with pytest.raises(WarehouseBusy, match="took number 1"):
        # The other one plans and runs while this one is about to write its plan.
        load(spark, at("euc metrics: listing", lambda: load(spark)))
    assert tables_of(spark) == tables_of(embedded)


def test_a_killed_process_loses_and_doubles_nothing(
    tmp_path: Path, spark: Platform, embedded: Platform
) -> None:
    fill(embedded)
    load(embedded)
    platform_in(tmp_path, "local[1]", lake="lake")
    process = subprocess.Popen(
        [*MAINSTEM, "load", "--platform", "lake.yaml"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    committed = tmp_path / "lake/bronze/otel_spans/_delta_log" / f"{0:020}.json"
    while not committed.exists():
        assert process.poll() is None, "it ended before a table was committed"
        time.sleep(0.01)
    process.send_signal(signals.SIGSTOP)
    with pytest.raises(WarehouseBusy, match=f"process {process.pid}"):
        load(spark)
    process.kill()
    process.wait()
    assert load(spark).load_id == 1
    assert tables_of(spark) == tables_of(embedded)
