"""Deployments whose stores, disks and clocks fail when a test says so."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from deployment import Deployment
from faulty_store import FaultyStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL_DISK = 48 << 20


@pytest.fixture
def faulty(azurite: Iterator[str]) -> Iterator[FaultyStore]:
    """Stand between mainstem and Azure's emulator."""
    found = re.search(r"BlobEndpoint=http://127.0.0.1:(\d+)/", next(azurite))
    assert found is not None
    with closing(FaultyStore(int(found[1]))) as store:
        yield store


@pytest.fixture
def cloud(azurite: Iterator[str], faulty: FaultyStore, tmp_path: Path) -> Deployment:
    """A region and a centre in Azure accounts, both behind the one that fails."""
    region, centre = next(azurite), next(azurite)
    through = [
        re.sub(r"127.0.0.1:\d+", f"127.0.0.1:{faulty.port}", each) for each in (region, centre)
    ]
    return Deployment(tmp_path, *through, behind=region)


@pytest.fixture
def local(tmp_path: Path) -> Deployment:
    """A region and a centre in folders."""
    return Deployment(tmp_path)


@dataclass(frozen=True)
class Disk:
    """A file system of its own; `fill` leaves so many bytes of it."""

    path: Path

    def fill(self, *, left: int = 0) -> None:
        with (self.path / "filler").open("wb") as filler:
            while True:
                room = os.statvfs(self.path)
                try:
                    os.posix_fallocate(filler.fileno(), 0, room.f_bavail * room.f_frsize - left)
                except OSError:
                    continue  # a collector wrote meanwhile
                return

    def make_room(self) -> None:
        (self.path / "filler").unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Disk]:
    """A real file system with little room; skipped where this user may mount none."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(path)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system takes root")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
