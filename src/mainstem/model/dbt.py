"""dbt as a subprocess: its log gives the progress, its JSON artifacts the results.

Nothing here rests on dbt's Python interface, which its next major version does not have.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mainstem.errors import DataError, DiskFull, Transient, UsageError, tells_full_disk
from mainstem.model.project import packaged_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

PASSED = ("success", "pass")
NOT_PUBLISHED = "Nothing was published: answers still read the build before."
_RESULT_EVENTS = ("LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult")
# Engines quote the value that did not fit; its place is enough, the value is data.
_QUOTED_VALUE = re.compile(
    r"((?:(?:Conversion|Invalid Input) Error|invalid input (?:syntax|value) for [^:\n]*):[^\n]*?)"
    r"(['\"]).*?\2"
)
_POSTGRES_DETAIL = re.compile(r"^(\s*(?:DETAIL|CONTEXT):).*$", re.MULTILINE)
"""Such as the key that stands twice, or the row that breaks a constraint."""


@dataclass(frozen=True)
class NodeResult:
    """How one model or test fared.

    `kind` is dbt's resource type (`model`, `test`, `unit_test`, ...); `path` is relative to the
    project; `tested` names the model that a test looks at; `publish` is the model's `meta.publish`.
    """

    name: str
    kind: str
    status: str
    seconds: float
    path: str
    materialized: str
    schema: str
    failures: int
    message: str
    tested: str | None = None
    publish: str | None = None
    evidence_days: int | None = None
    description: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.status in PASSED


class BuildError(DataError):
    """dbt could not read the project, a model did not run, or a test found wrong rows."""

    def __init__(self, message: str, results: list[NodeResult], hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.results = results


def run_dbt(
    project: Path,
    profiles: Path,
    target: Mapping[str, str],
    state: Path,
    *,
    newest_load: int,
    full_refresh: bool,
    keep_closed: bool = False,
    progress: Callable[[str], None],
) -> list[NodeResult]:
    """Run `dbt build` (unit tests apart) up to a load and give the results in dbt's order.

    `profiles` is the folder of `profiles.yml`; `target` has the variables that tell dbt of the
    warehouse; `state` is the folder for dbt's artifacts; `keep_closed` makes all open days anew and
    leaves closed ones as they are. BuildError names each model or test with its file; Transient
    where another process holds the warehouse.
    """
    artifacts = state / "target"
    artifacts.mkdir(parents=True, exist_ok=True)
    (artifacts / "run_results.json").unlink(missing_ok=True)
    command = dbt_call("build", project, profiles, state)
    command += ["--target-path", str(artifacts), "--exclude-resource-type", "unit_test"]
    command += ["--full-refresh"] if full_refresh else []
    complaints: list[str] = []
    with subprocess.Popen(
        command,
        cwd=project,
        env={
            **dbt_environment(target),
            "MAINSTEM_NEWEST_LOAD": str(newest_load),
            "MAINSTEM_KEEP_CLOSED": "yes" if keep_closed else "",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            _follow(process, progress, complaints)
        except BaseException:
            process.terminate()
            raise
    results = read_results(artifacts) if (artifacts / "run_results.json").exists() else []
    if process.returncode != 0 or not results:
        raise _failure(results, complaints)
    return results


def dbt_call(verb: str, project: Path, profiles: Path, state: Path) -> list[str]:
    """Give the call of dbt that does a verb on a project, its log a line of JSON each on stdout."""
    command = [str(dbt_command()), "--no-use-colors", "--no-version-check"]
    command += ["--log-format", "json", "--log-level-file", "none", "--log-path", str(state)]
    return [*command, verb, "--project-dir", str(project), "--profiles-dir", str(profiles)]


def dbt_command() -> Path:
    """Give the command of the dbt that is installed beside this Python; UsageError without one."""
    command = Path(sys.executable).with_name("dbt")
    if not command.exists():
        raise UsageError(
            f"there is no dbt beside {sys.executable}",
            hint="Install mainstem with its dependencies: `make setup`, or `pip install mainstem`.",
        )
    return command


def read_results(target: Path) -> list[NodeResult]:
    """Read `run_results.json` with the facts that `manifest.json` knows of each node."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    nodes: dict[str, dict[str, Any]] = {**manifest["nodes"], **manifest.get("unit_tests", {})}
    run = json.loads((target / "run_results.json").read_text(encoding="utf-8"))
    return [
        _result(result, nodes[result["unique_id"]], nodes)
        for result in run["results"]
        if result["unique_id"] in nodes
    ]


def dbt_version(target: Path) -> str:
    """Tell the version of dbt that wrote the artifacts."""
    run = json.loads((target / "run_results.json").read_text(encoding="utf-8"))
    return str(run["metadata"]["dbt_version"])


def _result(
    result: dict[str, Any], node: dict[str, Any], nodes: dict[str, dict[str, Any]]
) -> NodeResult:
    config = node.get("config", {})
    meta = config.get("meta") or {}
    tested = node.get("attached_node")
    return NodeResult(
        name=node["name"],
        kind=node["resource_type"],
        status=result["status"],
        seconds=float(result["execution_time"]),
        path=node["original_file_path"],
        materialized=config.get("materialized", ""),
        schema=node.get("schema", ""),
        failures=int(result.get("failures") or 0),
        message=_without_values(result.get("message") or ""),
        tested=nodes[tested]["name"] if tested in nodes else None,
        publish=meta.get("publish"),
        evidence_days=meta.get("evidence_days"),
        description=" ".join(node.get("description", "").split()),
    )


def dbt_environment(target: Mapping[str, str]) -> dict[str, str]:
    """Give what dbt is told, the place of mainstem's own models among it."""
    # A person's own DBT_ settings are for their own dbt; here they would change what a build does.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
    return kept | {
        **target,
        "MAINSTEM_DBT": str(packaged_project()),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def complaints_of(lines: Iterable[str]) -> list[str]:
    """Give what dbt's log, a line of JSON each, complains of, without the values."""
    return [
        _without_values(str(event["info"]["msg"]).strip())
        for event in _events(lines)
        if event["info"]["level"] == "error"
    ]


def _follow(
    process: subprocess.Popen[str], progress: Callable[[str], None], complaints: list[str]
) -> None:
    """Show each result as it comes, and keep what dbt complains of outside of the results."""
    progress("reading the dbt project")
    for event in _events(process.stdout or ()):
        info, data = event["info"], event.get("data", {})
        if info["name"] in _RESULT_EVENTS:
            node = data.get("node_info", {}).get("node_name") or data.get("name", "")
            progress(f"{data.get('index')} of {data.get('total')}: {node}")
        elif info["level"] == "error":
            complaints.append(_without_values(str(info["msg"]).strip()))


def _events(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if isinstance(event, dict) and "info" in event:
            yield event
        elif line.strip():
            # Not dbt's log: the interpreter's own last words, such as a missing module.
            yield {"info": {"name": "", "level": "error", "msg": line}}


def _without_values(message: str) -> str:
    return _POSTGRES_DETAIL.sub(r"\1 …", _QUOTED_VALUE.sub(r"\1\2…\2", message))


def _failure(results: list[NodeResult], complaints: list[str]) -> Exception:
    text = "\n".join([*complaints, *(result.message for result in results)])
    if "Could not set lock" in text:
        return Transient(
            "another process holds the warehouse",
            hint="Wait for that load or build to end, and run `mainstem build` again.",
        )
    if tells_full_disk(text):
        return DiskFull("dbt could not write to the warehouse", hint=NOT_PUBLISHED)
    wrong = [result for result in results if not result.passed and result.status != "skipped"]
    if not wrong:
        said = "\n  ".join(line for complaint in complaints for line in complaint.splitlines())
        return BuildError(f"dbt could not run the project:\n  {said}", results)
    skipped = sum(result.status == "skipped" for result in results)
    lines = [f"{len(wrong)} of {len(results)} models and tests failed"]
    lines += [f"  {_describe(result)}" for result in wrong]
    if skipped:
        lines.append(f"  {skipped} that depend on them were skipped")
    return BuildError(
        "\n".join(lines),
        results,
        hint=f"{NOT_PUBLISHED} Mend the model or the data that it names, and build again.",
    )


def _describe(result: NodeResult) -> str:
    if result.kind == "test" and result.status == "fail":
        return f"{result.path}: test {result.name} found {result.failures} rows that break it"
    message = "\n    ".join(line for line in result.message.splitlines() if line.strip())
    return f"{result.path}: {result.kind} {result.name}:\n    {message}"
