"""The rules of a load by Spark that need no Spark: repeats, plans, and what becomes of a blob."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mainstem.errors import DataError
from mainstem.load.spark.executor import Read
from mainstem.load.spark.repeats import skip_lines
from mainstem.load.spark.settle import Settling, touched
from mainstem.store import Account
from mainstem.warehouse import WarehouseBusy
from mainstem.warehouse.spark import Plan, Task, Writer, expect_alone, newest_plan, write_plan
from mainstem.warehouse.spark.plan import unfinished_versions

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OWN = Task(
    kind="own",
    region="euc",
    signal="logs",
    container="euc-logs",
    name="a.json",
    environment="play",
    received_at=1_700_000_000_000_000_000,
    segment="5e",
    sha256="aa",
    stored=5,
    lines=2,
    ledger="euc-ledger",
    lines_name="a.lines",
    lines_sha256="bb",
)
FOREIGN = Task("foreign", "euc", "logs", "euc-logs", "f.json", "play", 0, etag="1")
LOOK = Task("look", "euc", "logs", "euc-logs", "a.json", "play", 0, etag="2", sha256="aa")


def plan(*tasks: Task, **more: Any) -> Plan:
    return Plan(7, 1, Writer.this(), {"bronze.loads": 3}, tasks=list(tasks), **more)


def skipped(*seen: tuple[int, int, float]) -> list[tuple[int, int]]:
    """Give the lines that are skipped of one request, seen at (ordinal, line, hours)."""
    places = [
        {"ordinal": ordinal, "line": line, "received_at": NOON + timedelta(hours=hours)}
        for ordinal, line, hours in seen
    ]
    kind = pa.struct(
        [("ordinal", pa.int32()), ("line", pa.int64()), ("received_at", pa.timestamp("us", "UTC"))]
    )
    batch = pa.RecordBatch.from_arrays([pa.array([places], pa.list_(kind))], names=["seen"])
    return [
        (row["ordinal"], row["line"])
        for out in skip_lines(iter([batch]))
        for row in out.to_pylist()
    ]


def test_a_request_is_skipped_within_24_hours_of_a_line_that_was_kept() -> None:
    assert skipped((0, 0, 0), (0, 1, 0), (1, 0, 23.9)) == [(0, 1), (1, 0)]
    assert skipped((0, 0, 0), (1, 0, 24)) == []
    assert skipped((0, 0, 30), (1, 0, 10)) == [(1, 0)], "it counts both ways"
    assert skipped((0, 0, 0), (1, 0, 20), (2, 0, 40)) == [(1, 0)], "what was skipped does not count"
    assert skipped((-1, 0, 0), (0, 0, 1)) == [(0, 0)], "an earlier load kept it"


def test_a_plan_is_read_as_it_was_written_and_holds_no_address(tmp_path: Path) -> None:
    account = Account.open(f"file:{tmp_path}")
    assert newest_plan(account) is None
    written = plan(OWN, FOREIGN, entries={"euc": {"aa": [[0, 4]]}}, sources={"accounts": "cc"})
    write_plan(account, written)
    assert newest_plan(account) == written
    with pytest.raises(WarehouseBusy, match="number 7"):
        write_plan(account, plan())
    assert newest_plan(account) == written, "nothing was written over it"


def test_what_is_no_plan_is_refused(tmp_path: Path) -> None:
    account = Account.open(f"file:{tmp_path}")
    account.container("plans").create("000000000001.json", b'{"format": "mainstem.plan/9"}')
    with pytest.raises(DataError, match="000000000001"):
        newest_plan(account)


def test_a_plan_is_run_again_unless_its_process_is_seen_to_run() -> None:
    expect_alone(plan())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        writer = Writer.this()
        started = Path(f"/proc/{other.pid}/stat").read_text().rpartition(")")[2].split()[19]
        running = dataclasses.replace(writer, pid=other.pid, started=started)
        with pytest.raises(WarehouseBusy, match=f"process {other.pid}"):
            expect_alone(dataclasses.replace(plan(), writer=running))
        another = dataclasses.replace(running, started="0")
        expect_alone(dataclasses.replace(plan(), writer=another))  # Its number was given again.
        other.communicate(b"\n")
    expect_alone(dataclasses.replace(plan(), writer=running))


def test_a_reader_sees_the_tables_before_a_plan_that_has_not_ended() -> None:
    now = {"bronze.loads": 4}
    assert unfinished_versions(None, None, now) == now
    assert unfinished_versions(plan(), 7, now) == now
    assert unfinished_versions(plan(), 6, now) == {"bronze.loads": 3}


def row(**more: Any) -> dict[str, Any]:
    return {"sha256": "aa", "etag": "1", "status": "loaded", "records_loaded": 5, **more}


def settle(
    task: Task, read: Read, current: dict[str, Any] | None = None, in_bronze: int = 0
) -> Any:
    settling = Settling(
        plan(task), {} if current is None else {task.key: current}, {task.key: in_bronze}
    )
    settling.settle(task, read)
    return settling.result


def test_a_blob_that_was_read_is_loaded_with_what_bronze_has_of_it() -> None:
    read = Read(0, "read", "aa", "1", None, 2, 5, 3, 2)
    (blob,) = settle(OWN, read, in_bronze=3).load_blobs
    assert blob["records_loaded"] == 3
    assert (blob["records_stored"], blob["records_duplicate"], blob["lines"]) == (5, 2, 2)


def test_a_blob_whose_rows_an_earlier_try_did_not_write_is_left_to_the_next_load() -> None:
    read = Read(0, "read", "aa", "1", None, 2, 5, 5)
    assert settle(OWN, read).left == [OWN]
    assert settle(OWN, Read(0, "missing")).left == [OWN]


def test_a_blob_that_has_gone_since_an_earlier_try_wrote_its_rows_is_loaded() -> None:
    (blob,) = settle(OWN, Read(0, "missing"), in_bronze=5).load_blobs
    assert (blob["sha256"], blob["records_loaded"], blob["records_duplicate"]) == ("aa", 5, 0)


def test_a_foreign_blob_replaces_what_it_gave_and_touches_its_days() -> None:
    read = Read(0, "read", "cc", "1", None, 1, 6, 6)
    settled = settle(FOREIGN, read, row(), in_bronze=6)
    assert [blob["status"] for blob in settled.changed] == ["replaced"]
    before = {FOREIGN.key: {date(2026, 11, 1)}}
    days = touched(plan(), {FOREIGN.key: {date(2026, 11, 2)}}, before, settled)
    assert [day["event_date"].day for day in days] == [1, 2]


def test_a_blob_of_ours_that_is_not_what_its_entry_says_goes_to_quarantine() -> None:
    settled = settle(OWN, Read(0, "refused", "cc", "1", "blob_differs_from_its_entry"))
    assert [blob["status"] for blob in settled.load_blobs] == ["quarantined"]
    assert [place["records"] for place in settled.quarantine] == [5]
    assert settled.problems == ["euc logs: euc-logs/a.json is not what its ledger entry says"]


@pytest.mark.parametrize(
    ("sha256", "current", "problems", "mended"),
    [
        ("aa", row(), 0, False),
        ("cc", row(), 1, False),
        ("aa", row(sha256="cc", status="quarantined"), 0, True),
    ],
)
def test_a_blob_of_ours_that_was_written_to_is_looked_at(
    sha256: str, current: dict[str, Any], problems: int, *, mended: bool
) -> None:
    settled = settle(LOOK, Read(0, "looked", sha256, "2"), current)
    assert len(settled.problems) == problems
    assert settled.mended is mended
    assert [blob["etag"] for blob in settled.changed] == ["2"]
