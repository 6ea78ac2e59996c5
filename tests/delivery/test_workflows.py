"""The workflows of both systems are in order, and hold nothing that a thief could use."""

from __future__ import annotations

import re
import subprocess

import pytest
from ruamel.yaml import YAML

from tests.delivery.installed import ROOT
from tests.delivery.linters import azure_findings, github_findings

pytestmark = pytest.mark.all

GITHUB = ROOT / ".github" / "workflows"
AZURE = sorted((ROOT / "azure-pipelines").rglob("*.yml"))
SCRIPTS = [ROOT / "images" / "release", ROOT / "azure-pipelines" / "templates" / "terraform.sh"]


def test_githubs_workflows_have_nothing_that_their_linters_know_of() -> None:
    assert github_findings(GITHUB) == ""


def test_azures_pipelines_are_what_their_schema_knows() -> None:
    assert azure_findings(AZURE) == ""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_can_be_read_by_bash(script: object) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_no_workflow_reads_a_stored_secret() -> None:
    for path in [*GITHUB.glob("*.yml"), *AZURE]:
        assert not re.search(r"secrets\.|secureFile|password:", path.read_text()), path


def test_every_action_is_pinned_by_its_commit() -> None:
    for path in GITHUB.glob("*.yml"):
        for used in re.findall(r"uses: (\S+)", path.read_text()):
            assert used.startswith("./") or re.search(r"@[0-9a-f]{40}$", used), f"{path}: {used}"


@pytest.mark.parametrize("image", ["collector", "jobs"])
def test_each_image_has_its_own_workflow_version_and_paths(image: str) -> None:
    read = YAML(typ="safe").load
    github = read((GITHUB / f"image-{image}.yml").read_text())["on"]["push"]
    azure = read((ROOT / "azure-pipelines" / f"image-{image}.yml").read_text())["trigger"]
    assert github["tags"] == azure["tags"]["include"] == [f"{image}-v*"]
    for path in (*github["paths"], *azure["paths"]["include"]):
        assert (ROOT / path.removesuffix("/**")).exists(), path
    other = {"collector": "jobs", "jobs": "collector"}[image]
    assert not [path for path in github["paths"] if f"images/{other}" in path]


def test_environments_follow_each_other_and_nothing_is_applied_for_a_pull_request() -> None:
    jobs = YAML(typ="safe").load((GITHUB / "deploy.yml").read_text())["jobs"]
    order = ["play-shared", "play-company", "test-shared", "test-company", "prod-shared"]
    assert [job.get("needs") for job in jobs.values()] == [None, *order]
    assert all("pull_request" in job["with"]["apply"] for job in jobs.values())
