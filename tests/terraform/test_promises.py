"""The check of plans finds each promise that a plan breaks, and nothing in one that keeps them."""

from __future__ import annotations

import copy
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[2] / "terraform" / "checks" / "promises.py"
_spec = importlib.util.spec_from_file_location("promises", FILE)
assert _spec is not None
assert _spec.loader is not None
promises = importlib.util.module_from_spec(_spec)
sys.modules["promises"] = promises
_spec.loader.exec_module(promises)

ACCOUNT = {
    "name": "contosooteleucprod",
    "allow_nested_items_to_be_public": False,
    "min_tls_version": "TLS1_2",
    "shared_access_key_enabled": False,
    "blob_properties": [{"versioning_enabled": True, "delete_retention_policy": [{"days": 1}]}],
}
RULE = {
    "name": "telemetry",
    "enabled": True,
    "actions": [
        {
            "base_blob": [{"delete_after_days_since_creation_greater_than": 20}],
            "version": [{"delete_after_days_since_creation": 20}],
        }
    ],
}
GUARD = {
    "custom_rules": [
        {
            "action": "Block",
            "match_conditions": [
                {
                    "operator": "IPMatch",
                    "negation_condition": True,
                    "match_values": ["192.0.2.0/25"],
                }
            ],
        }
    ],
    "policy_settings": [{"mode": "Prevention"}],
}
WORKSPACE = "/subscriptions/s/resourceGroups/contosoausprod/providers/x/workspaces/w"
GOOD: dict[str, list[dict[str, Any]]] = {
    "azurerm_storage_account": [ACCOUNT],
    "azurerm_storage_container": [{"name": "logs", "container_access_type": "private"}],
    "azurerm_storage_management_policy": [{"rule": [RULE]}],
    "azurerm_storage_object_replication": [
        {"destination_storage_account_id": "/x/dwh1"},
        {"destination_storage_account_id": "/x/dwh1"},
        {"destination_storage_account_id": "/x/dwh2"},
    ],
    "azurerm_container_group": [{"ip_address_type": "Private", "container": [{"volume": []}]}],
    "azurerm_container_app_job": [
        {"secret": [{"name": "platform", "value": "retention: {days: 14}"}]}
    ],
    "azurerm_network_security_rule": [
        {
            "direction": "Inbound",
            "access": "Allow",
            "source_address_prefix": None,
            "source_address_prefixes": ["192.0.2.0/25"],
        }
    ],
    "azurerm_web_application_firewall_policy": [GUARD],
    "azurerm_application_gateway": [{"name": "gateway"}],
    "azurerm_postgresql_flexible_server": [{"public_network_access_enabled": False}],
    "azurerm_data_factory": [{"public_network_enabled": False}],
    "azurerm_key_vault": [{"rbac_authorization_enabled": True}],
    "azurerm_key_vault_secret": [{"value": None}],
    "azurerm_container_registry": [{"admin_enabled": False, "anonymous_pull_enabled": False}],
    "azurerm_log_analytics_workspace": [{"local_authentication_enabled": False}],
    "azurerm_monitor_diagnostic_setting": [{"log_analytics_workspace_id": WORKSPACE}],
    "azurerm_role_assignment": [{"scope": WORKSPACE}],
}


def plan(resources: dict[str, list[dict[str, Any]]], **more: Any) -> dict[str, Any]:
    listed = [
        {"address": f"{kind}.it[{number}]", "mode": "managed", "type": kind, "values": values}
        for kind, each in resources.items()
        for number, values in enumerate(each)
    ]
    module = {"child_modules": [{"resources": listed}]}
    return {"planned_values": {"root_module": module}, **more}


def broken(kind: str, values: dict[str, Any], region: str | None = None) -> list[str]:
    resources = copy.deepcopy(GOOD)
    if region:
        del resources["azurerm_storage_object_replication"]
    resources.setdefault(kind, []).append({**(GOOD.get(kind) or [{}])[0], **values})
    found = promises.broken(plan(resources), region)
    assert all(finding.address.startswith(kind) for finding in found)
    return [finding.promise for finding in found]


def test_a_plan_that_keeps_them() -> None:
    assert promises.broken(plan(GOOD)) == []


RULE_OFF = {**RULE, "enabled": False}
EARLY = {"actions": [{**RULE["actions"][0], "base_blob": [{"delete_after_x": 14}]}]}  # type: ignore[dict-item,index]
NO_VERSIONS = {"actions": [{"base_blob": RULE["actions"][0]["base_blob"]}]}  # type: ignore[index]


@pytest.mark.parametrize(
    ("promise", "kind", "values"),
    [
        ("no public endpoint without a guard", kind, values)
        for kind, values in (
            ("azurerm_container_group", {"ip_address_type": "Public"}),
            ("azurerm_network_security_rule", {"source_address_prefix": "*"}),
            ("azurerm_network_security_rule", {"source_address_prefixes": ["0.0.0.0/0"]}),
            ("azurerm_storage_account", {"allow_nested_items_to_be_public": True}),
            ("azurerm_storage_account", {"min_tls_version": "TLS1_0"}),
            ("azurerm_storage_container", {"container_access_type": "blob"}),
            ("azurerm_postgresql_flexible_server", {"public_network_access_enabled": True}),
            ("azurerm_data_factory", {"public_network_enabled": None}),
            ("azurerm_key_vault", {"rbac_authorization_enabled": False}),
            ("azurerm_container_registry", {"anonymous_pull_enabled": True}),
        )
    ]
    + [
        ("no shared key", kind, values)
        for kind, values in (
            ("azurerm_storage_account", {"shared_access_key_enabled": True}),
            ("azurerm_log_analytics_workspace", {"local_authentication_enabled": None}),
            ("azurerm_container_registry", {"admin_enabled": True}),
        )
    ]
    + [
        ("no secret in plan or state", kind, values)
        for kind, values in (
            ("azurerm_key_vault_secret", {"value": "planted"}),
            ("azurerm_postgresql_flexible_server", {"administrator_password": "planted"}),
            ("azurerm_container_group", {"container": [{"volume": "AccountKey=planted"}]}),
            ("azurerm_container_app_job", {"secret": [{"value": "https://a/?x=1&sig=planted"}]}),
        )
    ]
    + [
        (
            "retention after load",
            "azurerm_storage_management_policy",
            {"rule": [{**RULE, **change}]},
        )
        for change in (RULE_OFF, EARLY, NO_VERSIONS)
    ]
    + [
        (
            "at most two sources a destination",
            "azurerm_storage_object_replication",
            {"destination_storage_account_id": "/x/dwh1"},
        )
    ],
)
def test_each_promise_that_is_broken_is_found(
    promise: str, kind: str, values: dict[str, Any]
) -> None:
    assert broken(kind, values) == [promise]


def test_a_key_that_is_handed_over_is_found_twice() -> None:
    values = {"container": [{"volume": [{"storage_account_key": "planted"}]}]}
    assert set(broken("azurerm_container_group", values)) == {
        "no shared key",
        "no secret in plan or state",
    }


def test_a_gateway_whose_firewall_lets_all_in_is_found() -> None:
    resources = copy.deepcopy(GOOD)
    resources["azurerm_web_application_firewall_policy"][0]["policy_settings"][0]["mode"] = (
        "Detection"
    )
    assert [finding.address for finding in promises.broken(plan(resources))] == [
        "azurerm_application_gateway.it[0]"
    ]


def test_a_public_collector_with_its_guard_is_none() -> None:
    resources = copy.deepcopy(GOOD)
    resources["azurerm_container_group"][0]["ip_address_type"] = "Public"
    instance = {"address": {"to_display": "azurerm_container_group.it[0]"}, "status": "pass"}
    assert promises.broken(plan(resources, checks=[{"instances": [instance]}])) == []


def test_what_data_sources_reveal_is_found() -> None:
    data = {"address": "data.x.y", "mode": "data", "type": "azurerm_storage_account", "values": {}}
    state = {"values": {"root_module": {"resources": [data]}}}
    found = promises.broken(plan(GOOD, prior_state=state))
    assert [finding.address for finding in found] == ["data.x.y"]


def test_a_secret_in_a_variable_is_found() -> None:
    variables = {"STORE": {"value": "AccountName=a;AccountKey=planted"}}
    found = promises.broken(plan(GOOD, variables=variables))
    assert [finding.address for finding in found] == ["var.STORE"]
    assert "planted" not in str(found[0])


ELSEWHERE = WORKSPACE.replace("aus", "euc")


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("azurerm_storage_object_replication", {"destination_storage_account_id": "/x/dwh1"}),
        ("azurerm_virtual_network_peering", {"name": "to-centre"}),
        ("azurerm_role_assignment", {"scope": ELSEWHERE}),
        ("azurerm_monitor_diagnostic_setting", {"log_analytics_workspace_id": ELSEWHERE}),
    ],
)
def test_a_way_out_of_a_closed_region_is_found(kind: str, values: dict[str, Any]) -> None:
    assert broken(kind, values, "aus") == ["a closed region stays closed"]
