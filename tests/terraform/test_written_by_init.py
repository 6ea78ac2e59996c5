"""The Terraform that `mainstem init` writes is formatted, and fits the modules that it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stubbed import MODULES, Terraform, copied

from tests.init.written import REGIONS, written

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.all

ROOTS = [
    f"{environment}/{root}"
    for environment in ("play", "prod")
    for root in ("shared", "company", "aus-shared", "aus")
]


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the repository beside a checkout of mainstem, where it looks for the modules."""
    beside = tmp_path_factory.mktemp("beside")
    copied(MODULES, beside / "mainstem" / "terraform")
    return written(beside / "telemetry") / "terraform" / "environments"


def test_what_is_written_is_formatted(environments: Path, terraform: Terraform) -> None:
    done = terraform.run(environments, "fmt", "-check", "-recursive")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("root", ROOTS)
def test_a_root_is_valid(root: str, environments: Path, terraform: Terraform) -> None:
    terraform.init(environments / root)
    done = terraform.run(environments / root, "validate")
    assert done.returncode == 0, done.stderr


def test_a_regions_policy_goes_from_mainstem_yaml_into_its_plan(
    environments: Path, terraform: Terraform
) -> None:
    root = environments / "test" / "company"
    (root / "looked_at.tf").write_text('output "policy" {\n  value = local.policies["euc"]\n}\n')
    plan = terraform.plan(root)
    policy = plan["planned_values"]["outputs"]["policy"]["value"]
    assert policy["blocked_values"] == ["CUST-[0-9]{6}"]
    assert set(plan["variables"]["ALLOWED_SOURCES"]["value"]) == set(REGIONS) - {"aus"}
