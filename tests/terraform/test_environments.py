"""Each environment's plan keeps the promises, in each residency of the partner's region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from stubbed import ENVIRONMENTS, PASSWORD, Terraform, copied
from test_promises import promises

from mainstem.config.platform import load_platform

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.all

ROOTS = [
    ("shared", {}, None),
    ("aus-shared", {}, "aus"),
    *(("company", {"AUS": residency}, None) for residency in ("central", "isolated", "aggregates")),
    *(("aus", {"RESIDENCY": residency}, "aus") for residency in ("isolated", "aggregates")),
]


# Play and test differ from production in sizes and names alone: each residency is planned there.
PLANS = [
    pytest.param(environment, *each, id="-".join((environment, each[0], *each[1].values())))
    for environment in ("play", "test", "prod")
    for each in ROOTS
    if environment == "prod" or "isolated" in each[1].values() or not each[1]
]


@pytest.mark.parametrize(("environment", "root", "variables", "closed"), PLANS)
def test_promises_are_kept(
    environment: str,
    root: str,
    variables: dict[str, str],
    closed: str | None,
    tree: Path,
    terraform: Terraform,
) -> None:
    folder = copied(ENVIRONMENTS / environment / root, tree)
    plan = terraform.plan(folder, **variables)
    assert promises.broken(plan, closed) == []
    assert PASSWORD.encode() not in (folder / "plan.bin").read_bytes()
    assert PASSWORD not in str(plan)
    names = {
        each.values["name"]
        for each in promises.Plan(plan).of("azurerm_storage_account", "azurerm_key_vault")
    }
    assert all(environment in name for name in names), names
    platform = plan["planned_values"].get("outputs", {}).get("mainstem_yaml")
    if platform is not None:
        _loads(platform["value"], folder / "mainstem.yaml", variables)


def _loads(text: str, file: Path, variables: dict[str, str]) -> None:
    """Mainstem reads the platform file that the loading job gets."""
    file.write_text(text)
    platform = load_platform(file)
    assert platform.run.retain
    if variables.get("RESIDENCY"):
        assert platform.home == "aus"
    else:
        assert {"euc", "use", "cac", "aus"} == set(platform.regions)
        aus = platform.regions["aus"]
        assert aus.residency.value == variables["AUS"]
        assert (aus.store is None) == (variables["AUS"] != "central")


def test_a_third_source_is_found(tree: Path, terraform: Terraform) -> None:
    folder = copied(ENVIRONMENTS / "prod" / "company", tree)
    plan = terraform.plan(folder, AUS="central")
    policies: list[dict[str, Any]] = [
        each.values for each in promises.Plan(plan).of("azurerm_storage_object_replication")
    ]
    assert len(policies) == 4
    for values in policies[:3]:
        values["destination_storage_account_id"] = policies[0]["destination_storage_account_id"]
    assert [each.promise for each in promises.broken(plan)] == ["at most two sources a destination"]
