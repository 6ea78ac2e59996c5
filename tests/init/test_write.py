"""What is written is in order: by mainstem's checks and the workflows' linters; its demo runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mainstem.cli import add_verbs
from mainstem.cli.app import app
from mainstem.config.platform import Residency, load_platform
from mainstem.errors import UsageError
from mainstem.init import write_repository
from tests.beside import free_port
from tests.delivery.linters import azure_findings, github_findings
from tests.init.written import REGIONS, answers, written

ROOT = Path(__file__).parents[2]
VERBATIM = ROOT / "src" / "mainstem" / "init" / "verbatim"
OWN = {"github": ROOT / ".github" / "workflows", "azure-devops": ROOT / "azure-pipelines"}


def run(*arguments: str) -> None:
    add_verbs([arguments[0]])
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("repository"))


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(UsageError, match=r"README\.md already"):
        write_repository(answers(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"


def test_the_platform_file_knows_a_closed_region_by_its_name_alone(repository: Path) -> None:
    platform = load_platform(repository / "mainstem.yaml")
    assert set(platform.regions) == set(REGIONS)
    assert platform.regions["aus"].store is None
    own = load_platform(repository / "regions" / "aus" / "mainstem.yaml")
    assert own.home == "aus"
    assert own.regions["aus"].residency is Residency.ISOLATED
    assert own.central is None


@pytest.mark.parametrize("region", ["use", "aus"])
def test_each_regions_rules_hold_its_examples(repository: Path, region: str) -> None:
    folder = repository / "regions" / region if region == "aus" else repository
    platform = str(folder / "mainstem.yaml")
    run("policy", "test", "--platform", platform, str(repository / "policy" / f"{region}.yaml"))


def test_the_demos_collector_is_taken_by_config_check(repository: Path) -> None:
    file, platform = repository / "demo" / "collector.yaml", repository / "mainstem.yaml"
    run("config", "check", str(file), "--platform", str(platform), "--region", "euc")


def test_the_command_writes_the_same_from_a_file_as_from_flags(tmp_path: Path) -> None:
    (tmp_path / "answers.yaml").write_text(
        "company: contoso\ndomain: contoso.example\nworkflows: azure-devops\n"
        "regions:\n  euc: {location: westeurope}\n"
        "  aus: {location: australiaeast, residency: isolated}\n"
    )
    run("init", str(tmp_path / "file"), "--answers", str(tmp_path / "answers.yaml"))
    flags = ("--company", "contoso", "--domain", "contoso.example", "--workflows", "azure-devops")
    regions = ("--region", "euc=westeurope", "--region", "aus=australiaeast:isolated")
    run("init", str(tmp_path / "flags"), *flags, *regions)
    first, second = (
        {path.relative_to(top): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        for top in (tmp_path / "file", tmp_path / "flags")
    )
    assert first == second
    assert Path("azure-pipelines/deploy.yml") in first


@pytest.mark.parametrize("system", OWN)
def test_the_workflows_that_are_copied_are_this_repositorys_own(system: str) -> None:
    for path in (VERBATIM / system).rglob("*"):
        own = OWN[system] / path.relative_to(VERBATIM / system)
        if path.is_file() and own.exists():
            assert path.read_bytes() == own.read_bytes(), f"cp {own} {path}"
        else:
            assert path.is_dir() or path.name == "check.yml"


@pytest.mark.all
def test_the_workflows_have_nothing_that_their_linters_know_of(tmp_path: Path) -> None:
    assert github_findings(written(tmp_path / "g") / ".github" / "workflows") == ""
    azure = written(tmp_path / "a", workflows="azure-devops") / "azure-pipelines"
    assert azure_findings(sorted(azure.rglob("*.yml"))) == ""


@pytest.mark.all
def test_its_check_passes_and_its_demo_answers(tmp_path: Path) -> None:
    """The demo builds the team's own model on top of mainstem's, so that dbt has read both."""
    top = written(tmp_path / "repository")
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "mainstem"
    program.write_text(f"#!{sys.executable}\nfrom mainstem.cli import main\n\nmain()\n")
    program.chmod(0o755)
    done = subprocess.run(
        ["make", "check", "demo", f"BIN={programs}"],
        cwd=top,
        env={**os.environ, "DEMO_PORT": str(free_port()), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Demo Account" in done.stdout
    assert "mart_license_days" in done.stdout
    assert "the books balance" in done.stdout
    assert "ann@example.com" not in done.stdout
