"""A team's own project takes mainstem's models as a package, and is not written into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mainstem.model import BuildError
from mainstem.model.packages import profiles_of, with_packages
from mainstem.model.project import fingerprint, packaged_project

if TYPE_CHECKING:
    from pathlib import Path

TARGET = {"MAINSTEM_ENGINE": "duckdb", "MAINSTEM_WAREHOUSE": "warehouse.duckdb"}
PROJECT = "name: contoso\nversion: 0.1.0\nprofile: mainstem\n"
PACKAGES = "packages:\n  - local: \"{{ env_var('MAINSTEM_DBT') }}\"\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "dbt"
    folder.mkdir()
    (folder / "dbt_project.yml").write_text(PROJECT)
    (folder / "packages.yml").write_text(PACKAGES)
    return folder


def test_the_packages_are_beside_a_copy_and_the_project_is_as_it_was(
    project: Path, tmp_path: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*")}
    copy = with_packages(project, TARGET, tmp_path / "state")
    assert (copy / "dbt_packages" / "mainstem").resolve() == packaged_project().resolve()
    assert (copy / "dbt_project.yml").read_text() == PROJECT
    assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before


def test_a_package_that_is_not_there_is_told_with_what_dbt_says(
    project: Path, tmp_path: Path
) -> None:
    (project / "packages.yml").write_text("packages:\n  - local: nowhere\n")
    with pytest.raises(BuildError, match="nowhere"):
        with_packages(project, TARGET, tmp_path / "state")


def test_without_packages_a_project_runs_where_it_is(project: Path, tmp_path: Path) -> None:
    (project / "packages.yml").unlink()
    assert with_packages(project, TARGET, tmp_path / "state") == project


def test_profiles_are_the_projects_own_or_mainstems(project: Path) -> None:
    assert profiles_of(project) == packaged_project()
    (project / "profiles.yml").write_text("mainstem: {}\n")
    assert profiles_of(project) == project


def test_another_mainstem_makes_another_project_of_one_that_takes_its_models(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = fingerprint(project)
    other = tmp_path / "other"
    other.mkdir()
    (other / "dbt_project.yml").write_text("name: mainstem\n")
    monkeypatch.setattr("mainstem.model.project.packaged_project", lambda: other)
    assert fingerprint(project).days != before.days
    (project / "packages.yml").unlink()
    alone = fingerprint(project)
    monkeypatch.undo()
    assert fingerprint(project) == alone
