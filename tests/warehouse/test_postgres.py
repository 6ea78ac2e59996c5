"""PostgreSQL as the warehouse: the same rows as DuckDB, once each, whatever the server suffers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from beside import free_port
from builders import Request
from platforms import NOW, collector, on_duckdb, on_postgres, rows, write_blobs
from postgres import PASSWORD

from mainstem.backup import back_up, restore
from mainstem.books import Breach, keep_books, take_status, verify
from mainstem.config.platform import load_platform
from mainstem.errors import ConfigError, DataError, Transient, UsageError
from mainstem.load import Choice, load, preview_load
from mainstem.load.bronze import Bronze
from mainstem.load.quarantine import drop_quarantined, list_quarantine, retry_quarantined
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.store import Account
from mainstem.warehouse import NoWarehouse, WarehouseBusy, WarehouseFailed, open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from postgres import PostgresServer

    from mainstem.load.plan import Origin


def test_the_same_blobs_give_the_same_rows_on_both_engines(tmp_path: Path, postgres: str) -> None:
    duckdb, server = on_duckdb(tmp_path), on_postgres(tmp_path, postgres)
    euc = collector(duckdb)
    write_blobs(euc)
    replicate(duckdb)
    assert vars(load(server)) == vars(load(duckdb))
    assert rows(server) == rows(duckdb)
    assert len(rows(server)["bronze.otel_logs"]) == 3 + 2 + 4 + 2 + 1 + 2
    assert rows(server)["sources.contract_lines"]
    assert load(server).nothing_new

    # A foreign blob whose content changed replaces its rows; what is in quarantine is retried.
    copy = tmp_path / "stores/central/euc-logs/foreign.json"
    copy.write_bytes(Request.of(Signal.LOGS, NOW, 3).data)
    for platform in (duckdb, server):
        (quarantined,) = list_quarantine(platform)
        assert retry_quarantined(platform, [quarantined.blob]) == [quarantined]
        load(platform)
        drop_quarantined(platform, [quarantined.blob])
    assert rows(server) == rows(duckdb)
    assert list_quarantine(server) == list_quarantine(duckdb)

    assert keep_books(server) == keep_books(duckdb)
    assert keep_books(server).hours
    assert take_status(server).regions == take_status(duckdb).regions
    assert preview_load(server) == preview_load(duckdb)
    assert verify(server) == verify(duckdb)


def test_what_was_done_to_rows_is_found(
    tmp_path: Path, postgres: str, postgres_server: PostgresServer
) -> None:
    platform = on_postgres(tmp_path, postgres)
    write_blobs(collector(platform))
    replicate(platform)
    load(platform)
    assert not verify(platform).findings
    postgres_server.execute(
        postgres.rpartition("/")[2],
        "DELETE FROM bronze.otel_logs WHERE ctid = (SELECT min(ctid) FROM bronze.otel_logs)",
        "UPDATE bronze.otel_spans SET name = 'another' WHERE line = 0 AND ordinal = 0",
        "INSERT INTO bronze.otel_metrics SELECT * FROM bronze.otel_metrics LIMIT 1",
    )
    assert {found.breach for found in verify(platform).findings} == {
        Breach.ROW_DELETED,
        Breach.ROW_ALTERED,
        Breach.ROW_DOUBLED,
    }
    assert not keep_books(platform).balanced


@pytest.mark.parametrize("step", [1, 3])
def test_a_restart_in_the_middle_of_a_load_loses_and_doubles_nothing(
    tmp_path: Path,
    postgres: str,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    duckdb, server = on_duckdb(tmp_path), on_postgres(tmp_path, postgres)
    write_blobs(collector(duckdb))
    replicate(duckdb)
    load(duckdb)
    monkeypatch.setattr("mainstem.load.run.STEP_BLOBS", 1)
    touch, steps = Bronze.touch, iter(range(1, 100))

    def touch_and_crash(self: Bronze, origin: Origin) -> None:
        touch(self, origin)
        if next(steps) == step:
            # Rows and load ledger of this step are written, and not committed.
            postgres_server.crash()
            postgres_server.start()

    monkeypatch.setattr(Bronze, "touch", touch_and_crash)
    with pytest.raises(WarehouseFailed, match="ended the connection") as caught:
        load(server)
    assert caught.value.exit_code == Transient.exit_code
    assert "Run again" in str(caught.value)
    assert load(server).load_id == (2 if step > 1 else 1), "dense"
    numbered = ("bronze.loads", "bronze.load_touched")
    found, expected = rows(server), rows(duckdb)
    for table in expected.keys() - set(numbered):
        assert without_load(found[table]) == without_load(expected[table])
    days = {repr(row) for row in without_load(expected["bronze.load_touched"])}
    assert {repr(row) for row in without_load(found["bronze.load_touched"])} == days
    books = keep_books(server)
    assert books.hours == keep_books(duckdb).hours


def without_load(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out which of the two loads took a blob."""
    rows = [{name: row[name] for name in row if name != "load_id"} for row in found]
    return sorted(rows, key=repr)


def test_one_writer_and_it_is_named(tmp_path: Path, postgres: str) -> None:
    platform = on_postgres(tmp_path, postgres)
    load(platform)
    with open_warehouse(platform):
        with pytest.raises(WarehouseBusy, match=rf"process {os.getpid()} on .*user mainstem"):
            load(platform)
        assert not keep_books(platform).hours, "readers do not wait for it"
    load(platform)


def test_a_writer_that_was_killed_frees_the_lock(tmp_path: Path, postgres: str) -> None:
    platform = on_postgres(tmp_path, postgres)
    program = (
        "import sys; from pathlib import Path; "
        "from mainstem.config.platform import load_platform; "
        "from mainstem.warehouse import open_warehouse\n"
        "with open_warehouse(load_platform(Path(sys.argv[1]))): print('held'); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", program, str(tmp_path / "postgres.yaml")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(WarehouseBusy, match=f"process {holder.pid}"):
            load(platform)
        holder.kill()
    deadline = time.monotonic() + 30
    while True:
        try:
            load(platform)
        except WarehouseBusy:
            # The server notices the closed connection when it next looks at it.
            assert time.monotonic() < deadline
        else:
            break


def test_a_backup_comes_back_on_either_engine(tmp_path: Path, postgres: str) -> None:
    duckdb, server = on_duckdb(tmp_path), on_postgres(tmp_path, postgres)
    write_blobs(collector(duckdb))
    replicate(duckdb)
    load(duckdb)
    backups = Account.open("file:./backups", tmp_path)
    made = back_up(duckdb, backups)
    before = rows(duckdb)
    assert restore(server, backups) == made
    assert rows(server) == before
    with pytest.raises(UsageError, match="there is a warehouse"):
        restore(server, backups)
    duckdb.warehouse_path.unlink()
    again = Account.open("file:./backups-of-postgres", tmp_path)
    back_up(server, again)
    restore(duckdb, again)
    assert rows(duckdb) == before
    assert load(server).nothing_new


def test_a_restore_that_fails_leaves_nothing(tmp_path: Path, postgres: str) -> None:
    duckdb, server = on_duckdb(tmp_path), on_postgres(tmp_path, postgres)
    load(duckdb)
    backups = Account.open("file:./backups", tmp_path)
    name = back_up(duckdb, backups).name
    (part,) = tmp_path.glob(f"backups/backup/{name}/sources.accounts/*.parquet")
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(DataError, match="cut short"):
        restore(server, backups)
    with pytest.raises(NoWarehouse):
        rows(server)


def test_a_password_is_never_shown(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = on_postgres(tmp_path, postgres)
    monkeypatch.setenv("MAINSTEM_TEST_PASSWORD", "another-secret")
    with pytest.raises(UsageError, match="refuses the user mainstem") as caught:
        load(platform)
    assert "another-secret" not in f"{caught.value}{caught.value.__cause__}{platform!r}"
    file = tmp_path / "postgres.yaml"
    file.write_text(file.read_text().replace("env:MAINSTEM_TEST_PASSWORD", "file:./password"))
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    (tmp_path / "password").chmod(0o604)
    with pytest.raises(UsageError, match="every user of the machine"):
        load(load_platform(file))
    (tmp_path / "password").chmod(0o600)
    load(load_platform(file))
    file.write_text(file.read_text().replace("mainstem@", f"mainstem:{PASSWORD}@"))
    with pytest.raises(ConfigError, match="holds a password") as refused:
        load_platform(file)
    assert PASSWORD not in str(refused.value)


def test_a_user_needs_the_rights_that_the_page_lists(
    tmp_path: Path, postgres: str, postgres_server: PostgresServer
) -> None:
    database = postgres.rpartition("/")[2]
    postgres_server.execute(
        "postgres", f"CREATE ROLE {database}_loader LOGIN PASSWORD '{PASSWORD}'"
    )
    platform = on_postgres(tmp_path, postgres_server.address(database, f"{database}_loader"))
    with pytest.raises(UsageError, match="lacks a right"):
        load(platform)
    postgres_server.execute("postgres", f"GRANT CREATE ON DATABASE {database} TO {database}_loader")
    load(platform)
    # From then on its own tables are enough.
    postgres_server.execute(
        "postgres", f"REVOKE CREATE ON DATABASE {database} FROM {database}_loader"
    )
    assert load(platform).nothing_new


def test_a_server_that_is_not_there(tmp_path: Path, postgres: str) -> None:
    platform = on_postgres(tmp_path, f"postgresql://mainstem@127.0.0.1:{free_port()}/none")
    with pytest.raises(Transient, match="cannot be reached"):
        load(platform)
    missing = on_postgres(tmp_path, f"{postgres}_missing")
    with pytest.raises(UsageError, match="no such database"):
        load(missing)


def test_repeats_and_a_day_again_are_alike_on_both_engines(tmp_path: Path, postgres: str) -> None:
    duckdb, server = on_duckdb(tmp_path), on_postgres(tmp_path, postgres)
    euc = collector(duckdb)
    write_blobs(euc)
    first, second = (Request.of(Signal.LOGS, NOW, 2, at).data for at in (900, 901))
    for name in ("again.json", "and-again.json"):
        euc.account.container("logs").create(name, first + b"\n" + second + b"\n" + first)
    span = Request.of(Signal.TRACES, NOW, 2, 900).data
    euc.account.container("traces").create("again.json", span + b"\n" + span + b" ")
    replicate(duckdb)
    assert vars(load(server)) == vars(load(duckdb))
    assert rows(server) == rows(duckdb)
    day = Choice(replay=NOW.date())
    assert vars(load(server, choice=day)) == vars(load(duckdb, choice=day))
    assert rows(server) == rows(duckdb)
    assert keep_books(server) == keep_books(duckdb)
