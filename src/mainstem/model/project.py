"""The dbt project that a build runs: where it lies, and whether it changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mainstem.errors import UsageError

# What decides the content of a table; tests, descriptions and lint settings do not.
_DECIDING = (".sql", "dbt_project.yml")


def packaged_project() -> Path:
    """Give the project that comes with mainstem: `dbt/` at the top of its repository."""
    return Path(__file__).parents[3] / "dbt"


def find_project(chosen: Path | None) -> Path:
    """Give the project's folder, absolute; UsageError where it holds no dbt_project.yml."""
    project = (chosen or packaged_project()).resolve()
    if not (project / "dbt_project.yml").is_file():
        raise UsageError(
            f"there is no dbt project in {project}",
            hint="Name its folder with --project; mainstem's own is `dbt/` in its repository.",
        )
    return project


def fingerprint(project: Path) -> str:
    """Hash what decides the content of tables: models, macros and the project file; 16 hex."""
    digest = hashlib.sha256()
    for folder in ("models", "macros", "seeds", "snapshots", "dbt_project.yml"):
        found = project / folder
        for path in sorted(found.rglob("*")) if found.is_dir() else [found]:
            if path.is_file() and path.name.endswith((*_DECIDING, ".csv")):
                digest.update(path.relative_to(project).as_posix().encode() + b"\0")
                digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
