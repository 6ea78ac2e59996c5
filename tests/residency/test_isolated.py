"""Isolated means that no central command asks for, sends or reads a byte of the region.

Every address in the central file leads through a proxy that keeps what passes, in real commands as
a person runs them. The isolated region's own service stands behind a proxy of its own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from builders import Collector, Request
from running import MAINSTEM
from watching import Watch

from mainstem.records import Signal
from mainstem.store import Account

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CANARY = "tenant-of-the-partner"
COMMANDS = (
    ("replicate", "--past"),
    ("load",),
    ("run",),
    ("answers",),
    ("books", "--verify"),
    ("status",),
    ("retain",),
    ("retain", "--apply", "--more-than-half"),
    ("doctor",),
)


def through(connection_string: str, port: int) -> str:
    return re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}", connection_string)


def port_of(connection_string: str) -> int:
    found = re.search(r"127\.0\.0\.1:(\d+)", connection_string)
    assert found is not None
    return int(found[1])


def name_of(connection_string: str) -> str:
    return connection_string.split("AccountName=")[1].split(";", maxsplit=1)[0]


def fill(account: Account, region: str, instance: str, tenant: str) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    writer = Collector(account, region, instance=instance, now=now - timedelta(minutes=5))
    for signal in Signal:
        writer.segment(signal, [Request.of(signal, writer.now, 3, 0, tenant)])
    writer.write_entry("heartbeat")


@pytest.fixture
def accounts(azurite: Iterator[str]) -> tuple[str, str, str]:
    """Give connection strings of the region, the centre and the isolated region."""
    return next(azurite), next(azurite), next(azurite)


def run_central(
    folder: Path, commands: Sequence[tuple[str, ...]] = COMMANDS
) -> dict[tuple[str, ...], subprocess.CompletedProcess[str]]:
    """Run central commands as processes that know nothing but the central file."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    done = {}
    for command in commands:
        done[command] = subprocess.run(
            [*MAINSTEM, *command, "--platform", "mainstem.yaml"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        # 1: something is worth telling (the books of an hour that is open, a finding of doctor).
        assert done[command].returncode in (0, 1), (command, done[command].stderr)
    return done


def test_no_byte_of_an_isolated_region_is_asked_for(
    tmp_path: Path, accounts: tuple[str, str, str]
) -> None:
    region, centre, isolated = accounts
    with (
        closing(Watch(port_of(region))) as watch,
        closing(Watch(port_of(isolated))) as forbidden,
    ):
        (tmp_path / "mainstem.yaml").write_text(
            "environment: test\n"
            "regions:\n"
            f"  euc: {{store: {json.dumps(through(region, watch.port))}}}\n"
            "  aus: {location: australiaeast, residency: isolated}\n"
            f"central: {{store: {json.dumps(through(centre, watch.port))}}}\n"
        )
        fill(Account.open(region), "euc", "00000000000000aa", "acme")
        fill(Account.open(isolated), "aus", "00000000000000bb", CANARY)
        done = run_central(tmp_path)
        seen = watch.seen
        assert forbidden.connections == 0
    assert b"acme" in seen, "the watch sees what is loaded"
    assert name_of(region).encode() in seen
    for told in (CANARY, name_of(isolated), "aus-", "/aus/", "aus%2F", "00000000000000bb"):
        assert told.encode() not in seen, told
    for file in tmp_path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert CANARY.encode() not in content, file
            assert name_of(isolated).encode() not in content, file
    for command, verb in (
        (("books", "--verify"), "books"),
        (("status",), "status"),
        (("retain",), "retain"),
        (("doctor",), "doctor"),
    ):
        said = " ".join(f"{done[command].stdout} {done[command].stderr}".split())
        assert re.search(rf"aus: isolated.*mainstem {verb}", said), said


def test_of_a_region_that_publishes_counts_nothing_but_their_container_is_asked_for(
    tmp_path: Path, accounts: tuple[str, str, str]
) -> None:
    region, centre, closed = accounts
    with (
        closing(Watch(port_of(region))) as watch,
        closing(Watch(port_of(closed))) as counts,
    ):
        (tmp_path / "mainstem.yaml").write_text(
            "environment: test\n"
            "regions:\n"
            f"  euc: {{store: {json.dumps(through(region, watch.port))}}}\n"
            "  aus:\n"
            "    residency: aggregates\n"
            f"    aggregates: {{store: {json.dumps(through(closed, counts.port))}}}\n"
            f"central: {{store: {json.dumps(through(centre, watch.port))}}}\n"
        )
        fill(Account.open(region), "euc", "00000000000000aa", "acme")
        fill(Account.open(closed), "aus", "00000000000000bb", CANARY)
        Account.open(closed).ensure_container("aggregates")
        run_central(tmp_path, [("replicate", "--past"), ("load",), ("books",)])
        seen, asked = watch.seen, counts.seen
    assert CANARY.encode() not in seen
    assert CANARY.encode() not in asked
    paths = {
        line.split(b" ")[1]
        for line in asked.splitlines()
        if line.startswith((b"GET /", b"PUT /", b"HEAD /", b"POST /", b"DELETE /"))
    }
    assert paths, "the counts were looked for"
    container = f"/{name_of(closed)}/aggregates"
    assert all(re.match(rf"{container}[/?]", path.decode()) for path in paths), paths
    assert all(line.split(b" ")[0] == b"GET" for line in asked.splitlines() if b" HTTP/1.1" in line)
