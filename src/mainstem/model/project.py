"""The dbt project that a build runs: where it lies, and whether it changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from mainstem.errors import UsageError

# What decides the content of a table; tests and descriptions only say what it should be.
_DECIDING_FOLDERS = ("models", "macros", "seeds", "snapshots")
_DECIDING_ENDINGS = (".sql", ".csv")
_PACKAGES = ("packages.yml", "dependencies.yml")


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


def has_packages(project: Path) -> bool:
    """Tell whether a project takes models from packages, mainstem's own among them."""
    return any((project / name).is_file() for name in _PACKAGES)


def fingerprint(project: Path) -> Fingerprint:
    """Hash a project's files, by their paths and contents, and those of the package it may take."""
    tables, checks = hashlib.sha256(), hashlib.sha256()
    if has_packages(project):
        package = fingerprint(packaged_project())
        tables.update(package.tables.encode())
        checks.update(package.checks.encode())
    folders = (project / name for name in (*_DECIDING_FOLDERS, "tests"))
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    heads = [project / name for name in ("dbt_project.yml", *_PACKAGES)]
    for path in [*(head for head in heads if head.is_file()), *sorted(files)]:
        relative = path.relative_to(project)
        decides = relative.parts[0] != "tests" and path.suffix in _DECIDING_ENDINGS
        digest = tables if decides or path in heads else checks
        digest.update(relative.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return Fingerprint(tables.hexdigest()[:16], checks.hexdigest()[:16])
