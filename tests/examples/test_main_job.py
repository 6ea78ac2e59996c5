"""The main job at a small scale, with real processes: what is answered is what happened.

Four collectors and four services run; one collector is killed in the middle. The same commands as
in the demo then bring the data to answers.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from examples.contoso.business import write_business
from examples.contoso.catalog import PARTNER_REGION, REGIONS
from examples.contoso.check import compare
from examples.contoso.commands import collector, mainstem, service
from examples.contoso.evidence import asking, redactions, stored
from examples.contoso.history import History
from examples.contoso.invoices import make_invoices
from examples.contoso.mistakes import MARKERS
from examples.contoso.processes import Processes
from examples.contoso.questions import COMPARISONS
from examples.contoso.scenario import Scenario
from examples.contoso.search import Search
from examples.contoso.sender import Delivery, send
from examples.contoso.stage import Stage, set_stage
from examples.contoso.traffic import Traffic
from examples.contoso.truth import write_truth
from mainstem.present.questions import load_questions
from tests.examples.opened import OpenedPaths

if TYPE_CHECKING:
    from pathlib import Path

    from examples.contoso.otlp import Request

KILLED = "collector-use"
SCALE = 0.3
STEPS = ("replicate", "load", "build")


@dataclass
class Job:
    """What is left after the run."""

    stage: Stage
    delivery: Delivery
    doubled: Counter[tuple[str, str]]
    """Records of requests that were sent twice, once."""
    opened: OpenedPaths
    truth: dict[str, Any]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    stage = set_stage(tmp_path_factory.mktemp("main-job") / "demo")
    now = datetime.now(UTC)
    scenario = Scenario.ending(now, scale=SCALE)
    history = History(scenario, now)
    with Processes(stage.logs) as processes:
        for region in REGIONS:
            processes.start(collector(stage, region))
            processes.start(service(stage, region, SCALE))
        for region in REGIONS:
            processes.wait_until_ready(f"collector-{region}")
            processes.wait_until_ready(f"contoso-{region}")
        requests = list(history.requests())
        traffic = Traffic(scenario, stage.services(), seconds=4)
        live = threading.Thread(target=traffic.run, args=(threading.Event(),))
        live.start()
        delivery = send(requests, stage.receivers(), on_sent=_killing(processes, requests))
        live.join()
        processes.end([f"contoso-{region}" for region in REGIONS])
        processes.end([f"collector-{region}" for region in REGIONS])
    assert stage.left_in_spools() == []
    tally = history.tally
    tally.add(traffic.tally)
    invoices = make_invoices(scenario, tally)
    write_business(stage.root / "business", scenario, invoices, tuple(REGIONS))
    write_business(stage.partner / "business", scenario, invoices, (PARTNER_REGION,))
    write_truth(stage.truth, scenario, tally, invoices)
    with OpenedPaths(stage.root) as opened:
        for verb in (*STEPS, "answers", "books"):
            run(verb, stage.platform)
    for verb in ("load", "build"):
        run(verb, stage.partner_platform)
    return Job(
        stage,
        delivery,
        doubled(requests),
        opened,
        json.loads(stage.truth.read_text(encoding="utf-8")),
    )


def doubled(requests: list[Request]) -> Counter[tuple[str, str]]:
    seen: set[bytes] = set()
    again: Counter[tuple[str, str]] = Counter()
    for request in requests:
        if request.body in seen:
            again[request.region, request.signal] += request.records
        seen.add(request.body)
    return again


def _killing(processes: Processes, requests: list[Request]) -> Any:
    """Kill a collector once half of the history is sent, and start it again at once."""
    half = len(requests) // 2
    answered = 0
    lock = threading.Lock()

    def on_sent(_: Request) -> None:
        nonlocal answered
        with lock:
            answered += 1
            if answered == half:
                processes.start(processes.kill(KILLED))

    return on_sent


def run(verb: str, platform: Path, *options: str) -> str:
    done = subprocess.run(
        mainstem(verb, platform, *options), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{verb} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("part", ["central", "partner"])
def test_every_answer_is_what_happened(job: Job, part: str) -> None:
    folder = job.stage.root if part == "central" else job.stage.partner
    with asking(folder / "published") as ask:
        verdicts = compare(COMPARISONS, job.truth[part], ask)

    assert [(v.name, v.figure, v.wrong[:5]) for v in verdicts if not v.good] == []
    assert len(verdicts) == len(COMPARISONS)


def test_every_acknowledged_record_is_stored_although_a_collector_was_killed(job: Job) -> None:
    kept = {region: stored(job.stage.store_of(region)) for region in REGIONS}

    assert job.delivery.repeated > 0
    once = job.delivery.records - job.doubled
    for (region, signal), acknowledged in once.items():
        assert kept[region][signal] > acknowledged  # and what came live


def test_the_answers_command_answers_every_question(job: Job) -> None:
    document = run("answers", job.stage.platform, "--json")
    answers = json.loads(document)["answers"]

    assert [answer["name"] for answer in answers] == list(load_questions())


def test_no_planted_secret_is_in_any_file_written(job: Job) -> None:
    search = Search(MARKERS)
    search.folder(job.stage.root)

    assert search.found == []
    assert search.columns > 100
    assert all(redactions(job.stage.store_of(region)).total() for region in REGIONS)


def test_the_centre_opens_no_path_of_the_isolated_region(job: Job) -> None:
    assert job.opened.below(job.stage.partner) == set()
    # The record is one of all paths, whoever opened them: Python, the core, DuckDB.
    assert job.stage.platform in job.opened.paths
    assert job.stage.root / "warehouse.duckdb" in job.opened.paths
    assert {path.suffix for path in job.opened.below(job.stage.store_of("euc"))} >= {".zst"}


def test_the_central_file_knows_the_isolated_region_by_name_alone(job: Job) -> None:
    text = job.stage.platform.read_text(encoding="utf-8")

    assert job.stage.partner.name not in text


def test_a_second_pass_finds_nothing_new(job: Job) -> None:
    first = {verb: run(verb, job.stage.platform) for verb in STEPS}

    assert {verb: "nothing new" in said for verb, said in first.items()} == dict.fromkeys(
        STEPS, True
    )
