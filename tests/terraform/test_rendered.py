"""What the modules render is what the collector takes, with the secrets of a key vault."""

from __future__ import annotations

import json
import os
import re
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from running import collector, get, log_request
from stubbed import MODULES, ROOT, Terraform
from vault import key_vault

from mainstem.collect.check import check
from mainstem.collect.site import chosen_site
from mainstem.config.collector import read_collector
from mainstem.config.platform import Durability
from mainstem.privacy import SigningKey
from mainstem.privacy.keys import key_id
from mainstem.store.account import Account
from mainstem.store.keyvault import VaultEnvironment

if TYPE_CHECKING:
    from pathlib import Path

    from postgres import PostgresServer

pytestmark = pytest.mark.all

COLLECTOR = MODULES / "az-container-otel-collector"
TOKEN = "a-senders-token"
CONFIG = {
    "url": "https://contosooteleucprod.blob.core.windows.net",
    "client_id": "00000000-0000-0000-0000-00000000000a",
    "connection_string": "",
    "tls": "contosoeucprodkv/otel-collector-tls",
    "token": "contosoeucprodkv/otel-sender-token",
    "client_ca": False,
    "folder": "/etc/mainstem",
    "allowed_networks": [],
    "trusted_proxies": [],
    "blocked_values": ["[a-z]+@[a-z]+\\.example"],
}
PLATFORM = {
    "environment": "prod",
    "region": "euc",
    "location": "westeurope",
    "residency": "central",
    "account": "contosooteleucprod",
    "central": "contosodwheucprod1",
    "durability": "store",
    "days": 14,
    "vault": "contosoeucprodkv",
    "by": "azure",
    "signals": ["logs"],
    "overlay": {"blocked_values": ["PL[0-9]{10}"]},
    "heads": "",
}


def rendered(terraform: Terraform, template: Path, folder: Path, variables: dict[str, Any]) -> str:
    """Render a template as Terraform does when it applies."""
    folder.mkdir(exist_ok=True)
    (folder / "variables.json").write_text(json.dumps(variables))
    (folder / "main.tf").write_text(
        f'output "text" {{\n  value = templatefile("{template}", '
        'jsondecode(file("variables.json")))\n}\n'
    )
    terraform.init(folder)
    plan = terraform.run(folder, "plan", "-input=false", "-out=plan.bin")
    assert plan.returncode == 0, plan.stderr
    shown = json.loads(terraform.run(folder, "show", "-json", "plan.bin").stdout)
    return str(shown["planned_values"]["outputs"]["text"]["value"])


@pytest.fixture
def secrets() -> dict[str, str]:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    chain = "".join(blob.bytes().decode() for blob in issued.cert_chain_pems)
    key = bytes(range(32))
    return {
        # A certificate of Key Vault is one secret with both in it.
        "contosoeucprodkv/otel-collector-tls": issued.private_key_pem.bytes().decode() + chain,
        "contosoeucprodkv/otel-sender-token": TOKEN,
        "contosoeucprodkv/otel-pseudonym-key": f"mainstem.key/1 {key_id(key)} {key.hex()}",
        "contosoeucprodkv/otel-signing-key": SigningKey.generate().line,
        "authority": authority.cert_pem.bytes().decode(),
    }


def test_a_collector_runs_by_what_is_rendered(
    terraform: Terraform, tmp_path: Path, secrets: dict[str, str], azurite_account: str
) -> None:
    secrets["contosoeucprodkv/otel-connection-string"] = azurite_account
    account = azurite_account.partition("AccountName=")[2].partition(";")[0]
    config = rendered(
        terraform,
        COLLECTOR / "config.tmpl",
        tmp_path / "config",
        CONFIG | {"connection_string": "contosoeucprodkv/otel-connection-string"},
    )
    platform = rendered(
        terraform,
        COLLECTOR / "platform.tmpl",
        tmp_path / "platform",
        PLATFORM | {"account": account},
    )
    # Ports and folders are a container's own; on this machine others may have them.
    for port in ("4317", "4318", "13133"):
        config = config.replace(f"0.0.0.0:{port}", "127.0.0.1:0")
    (tmp_path / "config.yaml").write_text(config + "    metrics: {level: none}\n")
    file = tmp_path / "mainstem.yaml"
    file.write_text(
        platform.replace("/var/lib/mainstem", str(tmp_path / "state")).replace(
            f"store: az://{account}", f"store: '{azurite_account}'"
        )
    )
    (tmp_path / "state").mkdir()
    with (
        key_vault(secrets) as variables,
        collector(["--platform", str(file), "--region", "euc"], {**os.environ, **variables}) as it,
    ):
        health = it.ready["health"].removesuffix("/health/status")
        assert get(f"{health}/live")[0] == 200
        assert get(f"{health}/health/status")[0] == 200
        assert sent(it.ready["http"], secrets["authority"], None) == 401
        assert sent(it.ready["http"], secrets["authority"], TOKEN) == 200
        stored = Account.open(azurite_account).container("logs")
        (blob,) = [info.name for info in stored.list()]
        assert it.stop() == 0
    assert blob.endswith(".json.zst")
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith((".key", ".signing"))]


def sent(address: str, authority: str, token: str | None) -> int:
    """Send a record over TLS, as a sender with a token or without one."""
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    port = address.rpartition(":")[2]
    url = f"https://localhost:{port}/v1/logs"
    request = urllib.request.Request(url, log_request("a@b.example"), headers)
    context = ssl.create_default_context(cadata=authority)
    try:
        with urllib.request.urlopen(request, timeout=20, context=context) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tls": "", "token": "", "allowed_networks": ["10.48.0.0/24"]},
        {
            "client_ca": True,
            "allowed_networks": ["10.48.0.0/24"],
            "trusted_proxies": ["10.48.0.0/24"],
        },
    ],
    ids=["public", "private", "certificates"],
)
@pytest.mark.parametrize(
    "region",
    [
        {},
        {"residency": "isolated"},
        {"residency": "aggregates"},
        {"by": "mainstem", "heads": "heads"},
    ],
    ids=["central", "isolated", "aggregates", "mainstem"],
)
def test_each_variant_is_accepted(
    changes: dict[str, Any],
    region: dict[str, Any],
    terraform: Terraform,
    tmp_path: Path,
    secrets: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "senders-ca.pem").write_text(secrets["authority"])
    changes = {"folder": str(tmp_path), **changes}
    for name, variables in (("config", CONFIG | changes), ("platform", PLATFORM | region)):
        text = rendered(terraform, COLLECTOR / f"{name}.tmpl", tmp_path / name, variables)
        file = {"config": "config.yaml", "platform": "mainstem.yaml"}[name]
        (tmp_path / file).write_text(text)
    with key_vault(secrets) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        _, site = chosen_site(tmp_path / "mainstem.yaml", "euc")
        report = check(read_collector(tmp_path / "config.yaml", VaultEnvironment()), site)
    assert [row.pipeline for row in report.rows] == ["traces", "logs", "metrics"]
    assert site.durability is Durability.STORE
    assert site.isolated == (region.get("residency") in ("isolated", "aggregates"))


def test_support_of_a_region_reads_its_own_rows(
    terraform: Terraform, tmp_path: Path, postgres: str, postgres_server: PostgresServer
) -> None:
    database = postgres.rpartition("/")[2].partition("?")[0]
    sql = rendered(
        terraform,
        MODULES / "warehouse" / "roles.sql.tmpl",
        tmp_path / "roles",
        {"regions": ["euc", "use"]},
    )
    tables = ("otel_logs", "otel_spans", "otel_metrics")
    postgres_server.execute(
        database,
        "CREATE SCHEMA bronze",
        *(f"CREATE TABLE bronze.{table} (region text, body text)" for table in tables),
        *(
            f"INSERT INTO bronze.{table} VALUES ('euc', 'of Europe'), ('use', 'of America')"
            for table in tables
        ),
    )
    statements = re.split(
        r"(?<=;)\n(?=(?:DO|CREATE|GRANT|REVOKE) )", re.sub(r"^--.*\n", "", sql, flags=re.MULTILINE)
    )
    for _ in range(2):  # a second time after a region was added
        postgres_server.execute(database, *statements)
    for table in tables:
        postgres_server.execute(
            database,
            "SET ROLE region_euc",
            f"""
            DO $$ BEGIN
              ASSERT (SELECT string_agg(body, ',') FROM region_euc.{table}) = 'of Europe';
              BEGIN
                PERFORM FROM region_use.{table};
                RAISE 'read another region';
              EXCEPTION WHEN insufficient_privilege THEN NULL;
              END;
              BEGIN
                PERFORM FROM bronze.{table};
                RAISE 'read all regions';
              EXCEPTION WHEN insufficient_privilege THEN NULL;
              END;
            END $$;
            """,
        )


def test_alarms_look_for_what_is_logged() -> None:
    collectors = (MODULES / "monitoring" / "main.tf").read_text()
    jobs = (MODULES / "pipeline" / "factory.tf").read_text()
    source = (ROOT / "src" / "mainstem" / "collect" / "upload.py").read_text()
    (listed,) = re.findall(r"Message has_any \((.*)\)", collectors)
    for phrase in json.loads(f"[{listed}]"):
        assert phrase in source
    (pattern,) = re.findall(r'extract\("(.*?)", 1, Log\)', jobs)
    lag = {"logs": {"blobs": 3, "oldest": "2026-11-24T05:42:00.000000Z"}}
    found = re.search(
        pattern.replace('\\\\\\"', '"').replace('\\"', '"'), json.dumps(lag, indent=2)
    )
    assert found is not None
    assert found[1] == "2026-11-24T05:42:00.000000Z"
