"""A small deployment under test: one region, its centre, and the command line that a person uses.

What is wrong is made wrong beneath it; afterwards `expect_all` says that nothing came of it.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from builders import Collector

from mainstem.books import keep_books
from mainstem.cli import main
from mainstem.config.platform import Platform, load_platform
from mainstem.records import Signal
from mainstem.store import Account
from mainstem.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM = """\
environment: play
regions:
  euc:
    store: {store}
    routes: {{logs: replicate, traces: none, metrics: replicate}}
central: {{store: {central}}}
warehouse: duckdb:{warehouse}
"""


@dataclass(frozen=True)
class Said:
    """What a command ended with, and what it printed for a person."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What it printed for a machine."""
        return json.loads(self.out)


@dataclass
class Deployment:
    """A platform file in a folder, and a collector's hand that writes into the region's store.

    `behind` is the region's store as the collector reaches it, where commands reach it otherwise.
    """

    directory: Path
    store: str = "file:./stores/euc"
    central: str = "file:./stores/central"
    behind: str | None = None
    warehouse: str = "./warehouse.duckdb"
    records: int = 0

    def __post_init__(self) -> None:
        """Write the platform file."""
        text = PLATFORM.format(
            store=json.dumps(self.store),
            central=json.dumps(self.central),
            warehouse=self.warehouse,
        )
        (self.directory / "mainstem.yaml").write_text(text)

    @property
    def platform(self) -> Platform:
        return load_platform(self.directory / "mainstem.yaml")

    @cached_property
    def euc(self) -> Collector:
        account = Account.open(self.behind or self.store, self.directory)
        return Collector(account, "euc", now=datetime.now(UTC) - timedelta(hours=5))

    def collect(self, segments: int, *, requests: int = 2) -> list[str]:
        """Write segments of logs; gives their blobs' names."""
        names = []
        for _ in range(segments):
            sent = self.euc.requests(Signal.LOGS, *[3] * requests)
            names.append(self.euc.segment(Signal.LOGS, sent).name)
            self.records += 3 * requests
        return names

    def run(self, *arguments: str) -> Said:
        """Call `mainstem` as a person does, in this process."""
        platform = ["--platform", str(self.directory / "mainstem.yaml")]
        with (
            redirect_stdout(io.StringIO()) as out,
            redirect_stderr(io.StringIO()) as err,
            patch.object(sys, "argv", ["mainstem", *arguments, *platform]),
        ):
            try:
                main()
            except SystemExit as ended:
                code = ended.code
        assert isinstance(code, int) or code is None
        return Said(code or 0, out.getvalue(), err.getvalue())

    def bring(self) -> None:
        """Replicate and load without a fault."""
        for verb in ("replicate", "load"):
            said = self.run(verb)
            assert said.code == 0, said.err

    def query(self, sql: str) -> list[Any]:
        with open_warehouse(self.platform, read_only=True) as warehouse:
            return warehouse.query(sql)

    def expect_balance(self) -> None:
        """Whatever happened, the books balance now."""
        assert keep_books(self.platform).problems == []

    def expect_all(self) -> None:
        """All that was collected is in the warehouse, each record once, and the books balance."""
        books = keep_books(self.platform, recount=True)
        assert books.problems == []
        ids = "SELECT count(*), count(DISTINCT record_id) FROM bronze.otel_logs"
        assert self.query(ids) == [(self.records, self.records)]
        for verb in ("replicate", "load"):
            said = self.run(verb, "--json")
            assert (said.code, said.document["nothing_new"]) == (0, True)
