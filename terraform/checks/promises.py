"""Hold a Terraform plan to what the platform promises.

    terraform plan -out plan.bin && terraform show -json plan.bin > plan.json
    python terraform/checks/promises.py plan.json [--closed aus]

Plain Python, nothing to install. `--closed` names a region that is run apart: then nothing in the
plan may lead out of it. Exit code 1: a promise is broken, and each line says where.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Values = dict[str, Any]

# A daily load that fails on a Friday has to find its blobs on Monday.
LEAST_DAYS = 4
GRACE_DAYS = 7
SOURCES_PER_DESTINATION = 2

ANYONE = {"*", "0.0.0.0/0", "::/0", "Internet", "any"}
SECRET_NAMES = re.compile(
    r"(^|_)(password|access_key|account_key|workspace_key|shared_key|client_secret|sas_token)$"
)
SECRET_TEXTS = re.compile(
    r"AccountKey=[^;]|SharedAccessSignature=|[?&]sig=|PRIVATE KEY-----|mainstem\.key/[12] "
)
# What these data sources read, passwords and keys among it, stands in the state.
REVEALING_DATA = {
    "azurerm_storage_account",
    "azurerm_container_registry",
    "azurerm_log_analytics_workspace",
    "azurerm_key_vault_secret",
    "azurerm_key_vault_certificate_data",
    "azurerm_storage_account_sas",
}
_RESOURCE_GROUP = re.compile(r"/resourceGroups/([^/]+)", re.IGNORECASE)
_RETENTION = re.compile(r"retention: \{days: (\d+)\}")


@dataclass(frozen=True)
class Resource:
    """A resource that the plan leaves behind; what is not known before an apply is None."""

    address: str
    type: str
    values: Values


@dataclass(frozen=True)
class Finding:
    """A promise that a plan breaks, and where."""

    promise: str
    address: str
    what: str

    def __str__(self) -> str:
        return f"{self.address}: {self.what} ({self.promise})"


@dataclass(frozen=True)
class Plan:
    """A plan as `terraform show -json` prints it."""

    document: Values

    @property
    def resources(self) -> list[Resource]:
        """All managed resources that are there once it is applied."""
        return [
            Resource(each["address"], each["type"], each["values"])
            for each in _walk(self.document["planned_values"]["root_module"])
            if each["mode"] == "managed"
        ]

    @property
    def data(self) -> list[Resource]:
        """All data sources that were read for it."""
        state = self.document.get("prior_state", {}).get("values", {}).get("root_module", {})
        return [
            Resource(each["address"], each["type"], each["values"])
            for each in _walk(state)
            if each["mode"] == "data"
        ]

    def of(self, *types: str) -> list[Resource]:
        """Give the resources of some types."""
        return [each for each in self.resources if each.type in types]

    @property
    def checked(self) -> set[str]:
        """The resources whose preconditions hold; those that have none are not among them."""
        return {
            instance["address"]["to_display"]
            for check in self.document.get("checks", ())
            for instance in check.get("instances", ())
            if instance["status"] == "pass"
        }


def _walk(module: Values) -> Iterator[Values]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _walk(child)


def _texts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _texts(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, path)


_SETTINGS = (
    ("azurerm_storage_account", "allow_nested_items_to_be_public", False, "may be opened to all"),
    ("azurerm_storage_account", "min_tls_version", "TLS1_2", "takes TLS older than 1.2"),
    ("azurerm_storage_container", "container_access_type", "private", "anyone may read it"),
    ("azurerm_postgresql_flexible_server", "public_network_access_enabled", False, "is public"),
    ("azurerm_data_factory", "public_network_enabled", False, "is public"),
    ("azurerm_key_vault", "rbac_authorization_enabled", True, "its rights are not Entra's"),
    ("azurerm_container_registry", "anonymous_pull_enabled", False, "anyone may pull"),
)


def public_endpoints(plan: Plan) -> Iterator[Finding]:
    """Answer the world behind a guard alone."""
    for each in plan.of("azurerm_container_group"):
        if each.values.get("ip_address_type") != "Private" and each.address not in plan.checked:
            yield _public(each, "public, and nothing requires TLS and a token or a certificate")
    for each in plan.of("azurerm_network_security_rule"):
        sources = {
            each.values.get("source_address_prefix"),
            *(each.values.get("source_address_prefixes") or ()),
        }
        inbound = (each.values["direction"], each.values["access"]) == ("Inbound", "Allow")
        if inbound and sources & ANYONE:
            yield _public(each, "lets anyone in")
    guards = [each.values for each in plan.of("azurerm_web_application_firewall_policy")]
    for each in plan.of("azurerm_application_gateway"):
        if not any(_allows_known_sources_alone(guard) for guard in guards):
            yield _public(each, "no firewall rule blocks addresses that are not on a list")
    for type_name, name, wanted, what in _SETTINGS:
        for each in plan.of(type_name):
            if each.values.get(name) != wanted:
                yield _public(each, what)


def _public(each: Resource, what: str) -> Finding:
    return Finding("no public endpoint without a guard", each.address, what)


def _allows_known_sources_alone(policy: Values) -> bool:
    settings = (policy.get("policy_settings") or [{}])[0]
    return settings.get("mode") == "Prevention" and any(
        rule["action"] == "Block"
        and rule.get("enabled") is not False
        and any(
            match["operator"] == "IPMatch" and match["negation_condition"] and match["match_values"]
            for match in rule["match_conditions"]
        )
        for rule in policy["custom_rules"]
    )


def shared_keys(plan: Plan) -> Iterator[Finding]:
    """Sign in with identities alone."""
    promise = "no shared key"
    off = {
        "azurerm_storage_account": "shared_access_key_enabled",
        "azurerm_log_analytics_workspace": "local_authentication_enabled",
        "azurerm_container_registry": "admin_enabled",
    }
    for each in plan.of(*off):
        if each.values.get(off[each.type]) is not False:
            yield Finding(promise, each.address, f"{off[each.type]} is not false")
    for each in plan.resources:
        for path, _ in _texts(each.values):
            name = path.rpartition(".")[2]
            if name in ("storage_account_key", "workspace_key", "access_key"):
                yield Finding(promise, each.address, f"{path} is given")


def secrets(plan: Plan) -> Iterator[Finding]:
    """Hold a secret in neither plan nor state."""
    promise = "no secret in plan or state"
    for each in plan.resources:
        for path, text in _texts(each.values):
            if SECRET_NAMES.search(path) or SECRET_TEXTS.search(text):
                yield Finding(promise, each.address, f"{path} holds one")
        if each.type == "azurerm_key_vault_secret" and each.values.get("value") is not None:
            yield Finding(promise, each.address, "value is written to the state: use value_wo")
    for each in plan.data:
        if each.type in REVEALING_DATA:
            yield Finding(promise, each.address, "brings keys or passwords into the state")
    for name, variable in plan.document.get("variables", {}).items():
        if any(SECRET_TEXTS.search(text) for _, text in _texts(variable)):
            yield Finding(promise, f"var.{name}", "its value holds one: make it ephemeral")


def retention(plan: Plan) -> Iterator[Finding]:
    """Keep what is not loaded yet, and let what is old go with its versions."""
    promise = "retention after load"
    days = [
        int(found)
        for job in plan.of("azurerm_container_app_job")
        for secret in job.values["secret"]
        for found in _RETENTION.findall(secret["value"])
    ]
    accounts = {
        each.address.rpartition(".")[0]: (each.values["blob_properties"] or [{}])[0]
        for each in plan.of("azurerm_storage_account")
        if each.values.get("blob_properties")
    }
    soft = max(
        (
            each["delete_retention_policy"][0]["days"]
            for each in accounts.values()
            if each.get("delete_retention_policy") and each.get("versioning_enabled")
        ),
        default=0,
    )
    # `retain` removes first, with a record; the rule stands behind it with more days.
    least = max(days) + GRACE_DAYS - soft if days else LEAST_DAYS
    for policy in plan.of("azurerm_storage_management_policy"):
        for rule in policy.values["rule"]:
            actions = rule["actions"][0]
            base, version = (actions.get(kind) or [{}] for kind in ("base_blob", "version"))
            kept = next(
                (n for name, n in base[0].items() if name.startswith("delete_") and n), None
            )
            if not rule["enabled"] or kept is None:
                yield Finding(promise, policy.address, f"{rule['name']} deletes nothing")
            elif kept < least:
                what = f"{rule['name']} deletes after {kept} days, before {least}"
                yield Finding(promise, policy.address, what)
            if not version[0].get("delete_after_days_since_creation"):
                yield Finding(promise, policy.address, f"{rule['name']} leaves versions for ever")


def replication(plan: Plan) -> Iterator[Finding]:
    """Stay within the two policies that Azure takes at a destination."""
    sources = defaultdict(list)
    for each in plan.of("azurerm_storage_object_replication"):
        sources[each.values["destination_storage_account_id"]].append(each.address)
    for destination, addresses in sources.items():
        if len(addresses) > SOURCES_PER_DESTINATION:
            name = str(destination).rpartition("/")[2]
            what = f"{name} has {len(addresses)} sources"
            yield Finding("at most two sources a destination", addresses[-1], what)


def closed(plan: Plan, region: str) -> Iterator[Finding]:
    """Lead nowhere out of a region that is closed."""
    promise = "a closed region stays closed"
    for each in plan.of("azurerm_storage_object_replication"):
        yield Finding(promise, each.address, "replicates")
    for each in plan.of("azurerm_virtual_network_peering"):
        yield Finding(promise, each.address, "joins another network")
    for each in plan.resources:
        for path, text in _texts(each.values):
            foreign = [
                group for group in _RESOURCE_GROUP.findall(text) if region not in group.lower()
            ]
            if foreign:
                kind = {
                    "azurerm_role_assignment": "gives a right in",
                    "azurerm_monitor_diagnostic_setting": "sends its log to",
                }.get(each.type, "refers to")
                yield Finding(promise, each.address, f"{kind} {foreign[0]} ({path})")


PROMISES: tuple[Callable[[Plan], Iterator[Finding]], ...] = (
    public_endpoints,
    shared_keys,
    secrets,
    retention,
    replication,
)


def broken(document: Values, region: str | None = None) -> list[Finding]:
    """List the promises that a plan breaks; of a closed region, if one is named, also its own."""
    plan = Plan(document)
    found = [finding for promise in PROMISES for finding in promise(plan)]
    return found + list(closed(plan, region) if region else ())


def main() -> int:
    """Check a file; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("plan", type=Path, help="what `terraform show -json` printed")
    parser.add_argument("--closed", metavar="REGION", help="a region that is run apart")
    given = parser.parse_args()
    found = broken(json.loads(given.plan.read_text(encoding="utf-8")), given.closed)
    for finding in found:
        print(finding)
    print(f"{len(found)} promises are broken" if found else "all promises are kept")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
