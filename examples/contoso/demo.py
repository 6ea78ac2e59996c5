"""`make demo`: four regions, from an instrumented product to answers, on this machine.

    python -m examples.contoso.demo [FOLDER]

Every step is a command of its own, printed as it runs, that works by hand afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table

from examples.contoso.business import write_business
from examples.contoso.catalog import PARTNER_REGION, REGIONS
from examples.contoso.check import compare
from examples.contoso.commands import MAINSTEM, SENDS_BY, collector, mainstem, service
from examples.contoso.evidence import asking, redactions
from examples.contoso.history import History
from examples.contoso.invoices import make_invoices
from examples.contoso.mistakes import MARKERS
from examples.contoso.processes import ProcessError, Processes
from examples.contoso.questions import COMPARISONS
from examples.contoso.scenario import Scenario
from examples.contoso.search import Search
from examples.contoso.sender import Delivery, SendError, send
from examples.contoso.stage import Stage, set_stage
from examples.contoso.tally import Tally
from examples.contoso.traffic import Traffic
from examples.contoso.truth import write_truth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from examples.contoso.otlp import Request

LIVE_SECONDS = 20.0
KILLED_REGION = "use"
DOWN_SECONDS = 1.5


class Demo:
    """One run, from an empty folder to answers."""

    def __init__(self, root: Path) -> None:
        self.console = Console()
        self.started = time.monotonic()
        self.now = datetime.now(UTC)
        self.stage: Stage = set_stage(root)
        self.scenario = Scenario.ending(self.now)
        self.history = History(self.scenario, self.now)
        self.tally = Tally()
        self.failed = 0

    def run(self) -> int:
        """Run everything; the number of things that went wrong."""
        requests = self.prepare()
        with Processes(self.stage.logs) as processes:
            self.start(processes)
            self.send(processes, requests)
            self.drain(processes)
        self.write_files()
        self.section("The partner's own region: loaded and answered where it was collected")
        for verb in ("load", "build"):
            self.mainstem(verb, self.stage.partner_platform)
        self.mainstem("answers", self.stage.partner_platform, "license-limits")
        self.mainstem("books", self.stage.partner_platform)
        self.section("The centre: from the regions' blobs to answers")
        for verb in ("replicate", "load", "build", "answers", "books"):
            self.mainstem(verb, self.stage.platform)
        self.prove()
        self.farewell()
        return self.failed

    def section(self, title: str) -> None:
        """Begin a part of the demo on the screen."""
        self.console.print()
        seconds = time.monotonic() - self.started
        self.console.print(Rule(f"[bold]{title}[/] [dim]after {seconds:.0f} s[/]", align="left"))

    def prepare(self) -> list[Request]:
        """Make the history, whole, so that sending has an end to show."""
        self.section(f"Contoso's last {len(self.scenario.dates)} days")
        with self.console.status("deciding what 200 tenants in four regions did"):
            requests = list(self.history.requests())
        self.tally.add(self.history.tally)
        records = sum(request.records for request in requests)
        size = sum(len(request.body) for request in requests) / 1e6
        self.console.print(
            f"{records:,} spans, log records and data points in {len(requests):,} OTLP requests "
            f"({size:.0f} MB), {self.scenario.first_day} to {self.scenario.today}; "
            f"{self.tally.planted.total():,} secrets planted in them, "
            f"{self.history.late:,} records that come late, and {self.history.doubled:,} twice"
        )
        return requests

    def start(self, processes: Processes) -> None:
        """Start four collectors and four services."""
        self.section("Four collectors, four services")
        for region in REGIONS:
            command = collector(self.stage, region)
            self.show(command.arguments)
            processes.start(command)
        for region in REGIONS:
            processes.start(service(self.stage, region))
        with self.console.status("waiting until they answer"):
            for region in REGIONS:
                processes.wait_until_ready(f"collector-{region}")
                processes.wait_until_ready(f"contoso-{region}")
        table = Table("region", "OTLP/gRPC", "OTLP/HTTP", "Contoso Transform", "sends by")
        for region, ports in self.stage.ports.items():
            table.add_row(
                region,
                f"127.0.0.1:{ports.grpc}",
                f"127.0.0.1:{ports.http}",
                f"127.0.0.1:{ports.service}",
                SENDS_BY[region],
            )
        self.console.print(table)

    def send(self, processes: Processes, requests: list[Request]) -> None:
        """Send history and live traffic; kill a collector in the middle and start it again."""
        self.section("Traffic, old and new, and a crash in the middle")
        total = sum(request.records for request in requests)
        halfway = threading.Event()
        over = threading.Event()
        problems: list[Exception] = []
        delivered: list[Delivery] = []
        with self.progress() as progress:
            past = progress.add_task("history, records", total=total)
            live = progress.add_task("live, requests", total=None)

            def on_sent(request: Request) -> None:
                progress.update(past, advance=request.records)
                if progress.tasks[past].completed >= total / 2:
                    halfway.set()

            def send_history() -> None:
                try:
                    delivered.append(send(requests, self.stage.receivers(), on_sent=on_sent))
                except SendError as error:
                    problems.append(error)
                    halfway.set()

            traffic = Traffic(
                self.scenario,
                self.stage.services(),
                LIVE_SECONDS,
                on_answer=lambda _: progress.update(live, advance=1),
            )
            sender = threading.Thread(target=send_history, daemon=True)
            crash = threading.Thread(
                target=self.crash, args=(processes, halfway, over, progress), daemon=True
            )
            sender.start()
            crash.start()
            try:
                traffic.run(over)
                sender.join()
            finally:
                over.set()
                halfway.set()
                crash.join()
        if problems:
            raise problems[0]
        self.tally.add(traffic.tally)
        done = traffic.tally
        self.console.print(
            f"{total:,} records of the past, and live {done.features.total():,} uses of features "
            f"and {done.completed.total() + done.failed.total():,} transformations; "
            f"{delivered[0].repeated:,} requests were sent again with the same bytes"
        )

    def crash(
        self,
        processes: Processes,
        halfway: threading.Event,
        over: threading.Event,
        progress: Progress,
    ) -> None:
        """Kill a collector without a word, leave it down for a moment, start it again."""
        halfway.wait()
        if over.is_set():
            return
        name = f"collector-{KILLED_REGION}"
        progress.console.print(
            f"[bold red]SIGKILL[/] to {name}, process {processes.process_id(name)}; "
            "the senders go on"
        )
        command = processes.kill(name)
        if over.wait(DOWN_SECONDS):
            return
        processes.start(command)
        processes.wait_until_ready(name)
        progress.console.print(f"{name} is up again, process {processes.process_id(name)}")

    def drain(self, processes: Processes) -> None:
        """End services, then collectors: each sends on what it holds before it goes."""
        with self.console.status("ending services and collectors: each first delivers what it has"):
            processes.end([f"contoso-{region}" for region in REGIONS])
            processes.end([f"collector-{region}" for region in REGIONS])
        left = self.stage.left_in_spools()
        if left:
            raise ProcessError(f"{len(left)} segments are left in the spools, see {left[0]}")
        self.console.print("services and collectors ended; the spools are empty")

    def write_files(self) -> None:
        """Write the business files, as month-end would, and the truth, apart."""
        invoices = make_invoices(self.scenario, self.tally)
        write_business(self.stage.root / "business", self.scenario, invoices, tuple(REGIONS))
        write_business(self.stage.partner / "business", self.scenario, invoices, (PARTNER_REGION,))
        write_truth(self.stage.truth, self.scenario, self.tally, invoices)

    def mainstem(self, verb: str, platform: Path, *options: str) -> None:
        """Run one command as a user would."""
        arguments = mainstem(verb, platform, *options)
        self.console.print()
        self.show(arguments)
        code = subprocess.run(arguments, check=False).returncode
        if code != 0:
            self.failed += 1
            self.console.print(f"[bold red]mainstem {verb} ended with {code}")

    def prove(self) -> None:
        """Show what the evidence says: redactions, the search for secrets, answers and truth."""
        self.section("Evidence")
        self.show_redactions()
        self.show_search()
        self.show_truth()

    def show_redactions(self) -> None:
        """Show how many values each rule redacted, as the ledgers say."""
        counts = {region: redactions(self.stage.store_of(region)) for region in REGIONS}
        rules = sorted({rule for by_rule in counts.values() for rule in by_rule})
        table = Table("rule", *REGIONS, "all", title="Values redacted", title_justify="left")
        for column in table.columns[1:]:
            column.justify = "right"
        for rule in rules:
            row = [counts[region].get(rule, 0) for region in REGIONS]
            table.add_row(rule, *(f"{count:,}" for count in row), f"{sum(row):,}")
        total = [sum(counts[region].values()) for region in REGIONS]
        table.add_section()
        table.add_row("all", *(f"{count:,}" for count in total), f"{sum(total):,}")
        self.console.print(table)

    def show_search(self) -> None:
        """Search every file that was written for every planted secret."""
        search = Search(MARKERS)
        with self.console.status("searching every file for planted secrets"):
            search.folder(self.stage.root)
        for found in search.found[:20]:
            self.console.print(f"[bold red]found[/] {found.kind} in {found.path}: {found.where}")
        self.failed += bool(search.found)
        self.console.print(
            f"[bold {'red' if search.found else 'green'}]{len(search.found)} planted secrets found "
            f"in any file written[/] ({self.tally.planted.total():,} planted; {search.files:,} "
            f"files searched, {search.size / 1e6:,.0f} MB with compressed ones inflated, and "
            f"{search.columns:,} columns of tables)"
        )

    def show_truth(self) -> None:
        """Compare the answers of both warehouses with what happened."""
        truth = json.loads(self.stage.truth.read_text(encoding="utf-8"))
        for part, folder in (("central", self.stage.root), ("partner", self.stage.partner)):
            with asking(folder / "published") as ask:
                for verdict in compare(COMPARISONS, truth[part], ask):
                    self.failed += not verdict.good
                    if not verdict.good:
                        for line in verdict.wrong[:10]:
                            self.console.print(f"[bold red]wrong[/] {line}", highlight=False)
                    name = verdict.name.replace("_", " ")
                    self.console.print(f"{part} {name}: {verdict.figure}", highlight=False)

    def farewell(self) -> None:
        """Say where to look next."""
        self.section("Where to look next")
        root = _relative(self.stage.root)
        program = _relative(MAINSTEM)
        for what, command in (
            (
                "the dashboard, at 127.0.0.1:8501",
                f"{program} dashboard --platform {root}/mainstem.yaml",
            ),
            ("one answer", f"{program} answers license-limits --platform {root}/mainstem.yaml"),
            ("nothing new, and it says so", f"{program} load --platform {root}/mainstem.yaml"),
            ("a blob as it is stored", f"find {root}/stores -name 'logs_*'"),
            ("the collectors' configuration", f"cat {root}/collectors/euc.yaml"),
            ("the ledger of a region", f"find {root}/stores/euc/ledger -name '*.json'"),
            ("what happened in truth", f"less {_relative(self.stage.truth)}"),
        ):
            self.console.print(f"{what:<32} [bold]{command}", highlight=False, soft_wrap=True)

    def show(self, arguments: Sequence[str]) -> None:
        """Print a command as a user can repeat it."""
        line = " ".join(_relative(Path(a)) if a.startswith("/") else a for a in arguments)
        self.console.print(f"[bold cyan]$[/] {line}", highlight=False, soft_wrap=True)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Show bars for what goes on."""
        with Progress(
            TextColumn("{task.description:<18}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
        ) as progress:
            yield progress


def _relative(path: Path) -> str:
    return os.path.relpath(path)


def main() -> int:
    """Run the demo in a folder, `demo/` if none is named; the exit code."""
    parser = argparse.ArgumentParser(description="Run the main job on this machine.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("demo"))
    folder: Path = parser.parse_args().folder
    # As Ctrl-C, so that the processes are ended however the demo is.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(stderr=True)
    try:
        demo = Demo(folder.resolve())
        failed = demo.run()
    except (FileExistsError, ProcessError, SendError, httpx.HTTPError) as error:
        console.print(f"[bold red]the demo stopped:[/] {error}")
        return 1
    except KeyboardInterrupt:
        console.print("stopped; all processes that the demo started have ended")
        return 130
    demo.console.print(f"\ndone in {time.monotonic() - demo.started:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
