"""`build`: decides whether there is anything to do, runs the models, publishes what came out."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from mainstem import __version__
from mainstem.errors import Transient, UsageError
from mainstem.model.dbt import NodeResult, dbt_version, run_dbt
from mainstem.model.operations import publish_operations
from mainstem.model.packages import profiles_of, with_packages
from mainstem.model.project import Fingerprint, find_project, fingerprint
from mainstem.model.publish import copy_tables, data_date
from mainstem.model.published import Build, current_build, partial_folder, publish_folder
from mainstem.model.target import dbt_target
from mainstem.warehouse import expect_tables, hold_for_others, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mainstem.config.platform import Platform

STATE = ".state"
"""The folder of dbt's artifacts and of the builds' lock, beside what they publish: one writer."""


@dataclass(frozen=True)
class BuildPlan:
    """What a build has to do; `why` is None where there is nothing new.

    `keep_closed`: all open days are made anew, and closed ones stay as they are.
    """

    newest_load: int
    newest_load_at: str | None
    project: Fingerprint
    full_refresh: bool
    keep_closed: bool
    why: str | None


@dataclass(frozen=True)
class BuildOutcome:
    """What a build did: the published build and its folder, and, where it ran, dbt's results."""

    build: Build
    folder: Path
    why: str | None
    results: list[NodeResult] = field(default_factory=list)
    stale_operations: str | None = None
    """Why the state of the platform could not be published beside the build; None: it was."""

    @property
    def nothing_new(self) -> bool:
        """Whether the build before still holds."""
        return self.why is None


def build(
    platform: Platform,
    *,
    project: Path | None = None,
    full_refresh: bool = False,
    keep_closed: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> BuildOutcome:
    """Bring the models up to the newest load and publish gold; publish how the platform fares.

    `full_refresh` makes all days anew, `keep_closed` all but those whose detail has decayed.

    Raises UsageError where there is no warehouse or project, or where closed days would have to be
    made anew, Transient where another process holds the warehouse, BuildError where a model or test
    fails; nothing is published then.
    """
    found = find_project(platform, project)
    state = platform.published / STATE
    with _only_build(state):
        published = current_build(platform.published)
        before = published[0] if published else None
        plan = plan_build(platform, found, before, force=full_refresh, keep_closed=keep_closed)
        if plan.why is None and published is not None:
            stale = _publish_operations(platform, progress)
            return BuildOutcome(published[0], published[1], why=None, stale_operations=stale)
        with hold_for_others(platform):
            target = dbt_target(platform)
            results = run_dbt(
                with_packages(found, target, state),
                profiles_of(found),
                target,
                state,
                newest_load=plan.newest_load,
                full_refresh=plan.full_refresh,
                keep_closed=plan.keep_closed,
                progress=progress,
            )
            progress("publishing gold")
            made, folder = _publish(platform, plan, results, dbt_version(state / "target"))
        stale = _publish_operations(platform, progress)
    return BuildOutcome(made, folder, plan.why, results, stale)


def plan_build(
    platform: Platform,
    project: Path,
    before: Build | None,
    *,
    force: bool,
    keep_closed: bool = False,
) -> BuildPlan:
    """Compare the warehouse and the project with the build before.

    Changed models rebuild all days: the days that they made earlier would follow the old rules.
    UsageError where days are among them whose detail is gone, unless they are to be kept.
    """
    with open_warehouse(platform, read_only=True) as warehouse:
        expect_tables(warehouse)
        closed = warehouse.query(
            "SELECT region, CAST(max(closed_before) AS VARCHAR) FROM bronze.closed_days "
            "WHERE grain = 'detail' GROUP BY region ORDER BY region"
        )
        rows = warehouse.query(
            "SELECT load_id, CAST(finished_at AS VARCHAR) FROM bronze.loads "
            "ORDER BY load_id DESC LIMIT 1"
        )
    newest_load, newest_load_at = rows[0] if rows else (0, None)
    now = fingerprint(project)
    why = None
    if force or keep_closed:
        why = "a full refresh was asked for"
    elif before is None:
        why = "nothing is published yet"
    elif before.project != now.days:
        why = "the models changed: all days are built anew"
    elif (before.newest_load, before.newest_load_at) != (newest_load, newest_load_at):
        why = f"loads up to {newest_load} are new"
    elif before.checks != now.checks:
        why = "marts, tests or descriptions changed"
    anew = force or keep_closed or (before is not None and before.project != now.days)
    if anew and closed and not keep_closed:
        days = ", ".join(f"of {region} before {day}" for region, day in closed)
        raise UsageError(
            f"{why}, and days {days} are closed: their detail is gone, and what the models hold of "
            "them would be lost",
            hint="`mainstem build --keep-closed` makes all other days anew and keeps these as they "
            "are (docs/decay.md).",
        )
    return BuildPlan(
        newest_load=newest_load,
        newest_load_at=newest_load_at,
        project=now,
        full_refresh=anew and not closed,
        keep_closed=anew and bool(closed),
        why=why,
    )


def days_would_differ(platform: Platform, build: Build, project: Path | None = None) -> bool:
    """Tell whether a project changed since a build in what decides rows that it keeps."""
    return build.project != fingerprint(find_project(platform, project)).days


def _publish(
    platform: Platform, plan: BuildPlan, results: list[NodeResult], dbt: str
) -> tuple[Build, Path]:
    built_at = datetime.now(UTC)
    build_id = f"{built_at:%Y%m%dT%H%M%S}{built_at.microsecond // 1000:03d}Z-{plan.newest_load:06d}"
    partial = partial_folder(platform.published, build_id)
    with open_warehouse(platform, read_only=True) as warehouse:
        latest = data_date(warehouse)
        tables = copy_tables(warehouse, partial, results)
    made = Build(
        build_id=build_id,
        built_at=built_at.isoformat(timespec="seconds"),
        environment=platform.environment,
        newest_load=plan.newest_load,
        newest_load_at=plan.newest_load_at,
        data_date=latest,
        project=plan.project.days,
        checks=plan.project.checks,
        full_refresh=plan.full_refresh,
        versions={"mainstem": __version__, "dbt": dbt, "duckdb": version("duckdb")},
        tables=tables,
    )
    return made, publish_folder(platform.published, made, partial)


def _publish_operations(platform: Platform, progress: Callable[[str], None]) -> str | None:
    """Publish how the platform fares; gives why not, since the build itself is made by then."""
    try:
        publish_operations(platform, progress)
    except Transient as error:
        return error.message
    return None


@contextmanager
def _only_build(state: Path) -> Iterator[None]:
    """Hold the lock of the platform's builds; Transient where another build holds it."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Transient(
                "another build of this platform is running",
                hint="Wait until it ends, and run `mainstem build` again.",
            ) from None
        yield
