"""The Dockerfiles are in order, and the list of what is in an image is valid and whole."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from typing import Any

import pytest

from tests.delivery.installed import ROOT, TOOLS, with_uv

pytestmark = pytest.mark.all

IMAGES = ("collector", "jobs")
VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

wrong = JsonStrictValidator(SchemaVersion.V1_5).validate_str(sys.stdin.read())
sys.exit(0 if wrong is None else str(wrong))
"""


def dockerfile(image: str) -> str:
    return (ROOT / "images" / image / "Dockerfile").read_text()


def hadolint(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TOOLS / "hadolint", "--config", ROOT / "images" / ".hadolint.yaml", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("image", IMAGES)
def test_the_dockerfile_has_nothing_that_its_linter_knows_of(image: str) -> None:
    linted = hadolint(dockerfile(image))
    assert linted.returncode == 0, linted.stdout
    # It looks at what stands there: a line that nobody should write is refused.
    assert hadolint(dockerfile(image).replace("USER 10001:10001", "RUN sudo cd /")).returncode == 1


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_runs_as_nobody_in_particular_and_is_built_by_the_uv_of_the_makefile(
    image: str,
) -> None:
    text = dockerfile(image)
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert last.index("HEALTHCHECK") > 0
    assert f"uv=={uv_version()}" in text


def uv_version() -> str:
    found = re.search(r"uv==([\d.]+)", (ROOT / "Makefile").read_text())
    assert found
    return found[1]


def sbom(image: str) -> str:
    return subprocess.run(
        [ROOT / "scripts" / "sbom", image],
        env=with_uv(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("image", IMAGES)
def test_the_list_of_parts_is_valid_cyclonedx_and_the_same_each_time(image: str) -> None:
    text = sbom(image)
    valid = subprocess.run(
        [TOOLS / "python", "-c", VALIDATE], input=text, capture_output=True, text=True, check=False
    )
    assert valid.returncode == 0, valid.stderr
    assert sbom(image) == text


@pytest.mark.parametrize("image", IMAGES)
def test_the_list_of_parts_has_what_is_installed_and_what_the_core_is_built_of(image: str) -> None:
    document: dict[str, Any] = json.loads(sbom(image))
    parts = {part["purl"] for part in document["components"]}
    packages = {part for part in parts if part.startswith("pkg:pypi/")}
    listed = subprocess.run(
        [ROOT / "images" / "requirements", image, "--no-emit-project", "--no-hashes"],
        env=with_uv(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    installed = re.findall(r"^([a-z0-9.-]+)==([^\s;]+)", listed, re.MULTILINE)
    assert packages == {f"pkg:pypi/{name}@{version}" for name, version in installed}
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["dependencies"]
    foreign = {name for name, value in workspace.items() if "path" not in value}
    crates = {part.removeprefix("pkg:cargo/").split("@")[0] for part in parts - packages}
    assert foreign - crates == set()
    references = {part["bom-ref"] for part in document["components"]}
    needed = {ref for entry in document["dependencies"] for ref in entry.get("dependsOn", [])}
    assert needed <= references
