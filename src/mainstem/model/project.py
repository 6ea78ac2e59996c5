"""The dbt project that a build runs: where it lies, and whether it changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from mainstem.errors import UsageError

# What decides the content of a table; tests and descriptions only say what it should be.
_DECIDING_FOLDERS = ("models", "macros", "seeds", "snapshots")
_DECIDING_ENDINGS = (".sql", ".csv")


@dataclass(frozen=True)
class Fingerprint:
    """Hashes of a project, 16 hex each: of what decides tables, and of tests and descriptions."""

    tables: str
    checks: str


def packaged_project() -> Path:
    """Give the project that comes with mainstem: `dbt/` of its repository, or a wheel's copy."""
    return Path(__file__).parents[1] / "dbt"


def find_project(chosen: Path | None) -> Path:
    """Give the project's folder, absolute; UsageError where it holds no dbt_project.yml."""
    project = (chosen or packaged_project()).resolve()
    if not (project / "dbt_project.yml").is_file():
        raise UsageError(
            f"there is no dbt project in {project}",
            hint="Name its folder with --project; without one it is mainstem's own.",
        )
    return project


def fingerprint(project: Path) -> Fingerprint:
    """Hash a project's files, by their paths and contents."""
    tables, checks = hashlib.sha256(), hashlib.sha256()
    folders = (project / name for name in (*_DECIDING_FOLDERS, "tests"))
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    for path in [project / "dbt_project.yml", *sorted(files)]:
        relative = path.relative_to(project)
        decides = relative.parts[0] != "tests" and path.suffix in _DECIDING_ENDINGS
        digest = tables if decides or path.name == "dbt_project.yml" else checks
        digest.update(relative.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return Fingerprint(tables.hexdigest()[:16], checks.hexdigest()[:16])
