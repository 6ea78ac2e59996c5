"""What the images install works where there is nothing else, and writes into its volume alone."""

from __future__ import annotations

import json
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.delivery.installed import ROOT, Installed, build_wheel, install
from tests.running import collector, log_request, post, stand

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.all

WAREHOUSE_PACKAGES = {"duckdb", "pyarrow", "dbt", "adbc_driver_manager", "psycopg2"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def jobs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install("jobs", wheel, tmp_path_factory.mktemp("jobs"))


@pytest.fixture(scope="module")
def collects(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install("collector", wheel, tmp_path_factory.mktemp("collector"))


def test_the_wheel_has_the_models_and_nothing_else_of_their_folder(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "dbt"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    # What only the linter of SQL reads stays behind.
    kept = {path for path in listed.stdout.split() if not path.startswith(("dbt/lint/", "dbt/."))}
    names = zipfile.ZipFile(wheel).namelist()
    inside = {name.removeprefix("mainstem/") for name in names if name.startswith("mainstem/dbt/")}
    assert inside == kept


def test_the_collectors_image_has_nothing_of_the_warehouse(collects: Installed) -> None:
    (packages,) = collects.prefix.glob("lib/python3*/site-packages")
    assert not WAREHOUSE_PACKAGES & {path.name for path in packages.iterdir()}


def test_the_collectors_image_tells_its_version_and_checks_a_configuration(
    collects: Installed,
) -> None:
    assert collects.run("--version").stdout.startswith("mainstem ")
    arguments = stand(collects.home / "checked")
    checked = collects.run("config", "check", collects.home / "checked/collector.yaml", *arguments)
    assert checked.returncode == 0, checked.stderr
    assert "traces" in checked.stdout


def test_from_a_request_to_an_answer(collects: Installed, jobs: Installed) -> None:
    before = collects.files(), jobs.files()
    folder = collects.home / "platform"
    arguments = stand(folder)
    program = [str(collects.prefix / "bin" / "mainstem")]
    with collector(arguments, collects.environment, program) as running:
        assert post(f"{running.otlp}/v1/logs", log_request("mail to ann@example.com")) == 200
        assert running.stop() == 0
    platform = ("--platform", folder / "mainstem.yaml")
    for verb in ("replicate", "load", "build"):
        done = jobs.run(verb, *platform)
        assert done.returncode == 0, done.stdout + done.stderr
    # No product event came, and so there is no tenant; that the question is answered is the point.
    answered = jobs.run("answers", "license-limits", *platform, "--json")
    assert answered.returncode == 0, answered.stderr
    assert json.loads(answered.stdout)
    books = jobs.run("books", *platform, "--json")
    assert books.returncode == 0, books.stdout + books.stderr
    assert (collects.files(), jobs.files()) == before
    assert not list((jobs.home / "tmp").iterdir())
    assert not list((collects.home / "tmp").iterdir())
