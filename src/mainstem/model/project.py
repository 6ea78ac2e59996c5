"""The dbt project that a build runs: where it lies, and whether it changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem.errors import UsageError

if TYPE_CHECKING:
    from mainstem.config.platform import Platform

# What decides rows that a build keeps; tests and descriptions only say what they should be.
_DECIDING_FOLDERS = ("models", "macros", "seeds", "snapshots")
_DECIDING_ENDINGS = (".sql", ".csv")
_PACKAGES = ("packages.yml", "dependencies.yml")


@dataclass(frozen=True)
class Fingerprint:
    """Hashes of a project, 16 hex each.

    `days`: of what decides the rows of models that are built day by day. `checks`: of the rest, so
    of marts, which each build makes anew and nothing is built on, of tests and of descriptions.
    """

    days: str
    checks: str


def packaged_project() -> Path:
    """Give the project that comes with mainstem: `dbt/` of its repository, or a wheel's copy."""
    return Path(__file__).parents[1] / "dbt"


def find_project(platform: Platform, chosen: Path | None) -> Path:
    """Give the folder of the project that is chosen, else the platform file's, else mainstem's own.

    It is absolute. UsageError where it holds no dbt_project.yml.
    """
    project = (chosen or platform.models or packaged_project()).resolve()
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
    days, checks = hashlib.sha256(), hashlib.sha256()
    if has_packages(project):
        package = fingerprint(packaged_project())
        days.update(package.days.encode())
        checks.update(package.checks.encode())
    folders = (project / name for name in (*_DECIDING_FOLDERS, "tests"))
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    heads = [project / name for name in ("dbt_project.yml", *_PACKAGES)]
    for path in [*(head for head in heads if head.is_file()), *sorted(files)]:
        relative = path.relative_to(project)
        decides = relative.parts[0] != "tests" and path.suffix in _DECIDING_ENDINGS
        content = path.read_bytes()
        if path.name.startswith("mart_") and b"touched_days" not in content:
            decides = False
        digest = days if decides or path in heads else checks
        digest.update(relative.as_posix().encode() + b"\0" + content + b"\0")
    return Fingerprint(days.hexdigest()[:16], checks.hexdigest()[:16])
