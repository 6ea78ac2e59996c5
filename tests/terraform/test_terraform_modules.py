"""Modules and environments are formatted, fit azurerm's schema, and do what their tests say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stubbed import ENVIRONMENTS, MODULES, TERRAFORM, Terraform, copied

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.all

ROOTS = sorted(path.parent for path in ENVIRONMENTS.glob("*/*/main.tf"))


def test_files_are_formatted(terraform: Terraform) -> None:
    done = terraform.run(TERRAFORM, "fmt", "-check", "-recursive")
    assert done.returncode == 0, f"terraform fmt -recursive: {done.stdout}"


@pytest.mark.parametrize("module", sorted(MODULES.iterdir()), ids=lambda path: path.name)
def test_module(module: Path, tree: Path, terraform: Terraform) -> None:
    folder = copied(module, tree)
    terraform.init(folder)
    done = terraform.run(folder, "validate")
    assert done.returncode == 0, done.stderr
    if list(folder.glob("tests/*.tftest.hcl")):
        done = terraform.run(folder, "test")
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("root", ROOTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_environment_is_valid(root: Path, tree: Path, terraform: Terraform) -> None:
    folder = copied(root, tree)
    terraform.init(folder)
    done = terraform.run(folder, "validate")
    assert done.returncode == 0, done.stderr
