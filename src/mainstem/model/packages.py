"""A team's own dbt project, which takes mainstem's models as a package (docs/models.md)."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from mainstem.model.dbt import BuildError, complaints_of, dbt_call, dbt_environment
from mainstem.model.project import has_packages, packaged_project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NOT_SOURCE = shutil.ignore_patterns("dbt_packages", "target", "logs", "package-lock.yml")


def with_packages(project: Path, target: Mapping[str, str], state: Path) -> Path:
    """Give the folder that dbt runs in: the project's own, or a copy with its packages.

    dbt writes packages and their lock beside the project, which an image does not let it; a lock of
    where mainstem is installed is no one else's either. BuildError where one is not to be had.
    """
    if not has_packages(project):
        return project
    copy = state / "project"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(project, copy, ignore=_NOT_SOURCE)
    done = subprocess.run(
        dbt_call("deps", copy, profiles_of(copy), state),
        cwd=copy,
        env=dbt_environment(target),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = "\n  ".join(complaints_of(done.stdout.splitlines()))
        raise BuildError(f"dbt could not get the packages of {project}:\n  {said}", [])
    return copy


def profiles_of(project: Path) -> Path:
    """Give the folder of a project's profiles: its own, or that of mainstem's."""
    return project if (project / "profiles.yml").is_file() else packaged_project()
