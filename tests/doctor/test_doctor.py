"""Each check finds what it is for, names where, and says how to mend it; a well one is passed."""

from __future__ import annotations

import json
import os
import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from builders import Collector, line, record

from mainstem.books import write_heads
from mainstem.books.evidence import Evidence
from mainstem.config.platform import Platform, load_platform
from mainstem.doctor import Finding, examine
from mainstem.doctor.finding import Patient
from mainstem.doctor.replication import crowded_destinations
from mainstem.doctor.stores import LifecycleRules
from mainstem.load import load
from mainstem.privacy import ensure_key
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.retain.rule import lifecycle_rules
from mainstem.store import Account
from mainstem.store.azure import AzureAccount
from mainstem.store.azure_rest import call
from mainstem.warehouse import open_books

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLATFORM = """
environment: prod
regions:
  euc: {store: "file:./stores/euc"}
  aus: {residency: isolated}
central: {store: "file:./stores/central"}
"""


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def stand(folder: Path, text: str = PLATFORM) -> Platform:
    (folder / "mainstem.yaml").write_text(text)
    return load_platform(folder / "mainstem.yaml")


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return stand(tmp_path)


@pytest.fixture
def euc(platform: Platform) -> Collector:
    return Collector(Account.open("file:./stores/euc", platform.directory), "euc", now=now())


def found(platform: Platform, check: str) -> list[Finding]:
    return examine(platform).checks[check]


def only(platform: Platform, check: str) -> Finding:
    (finding,) = found(platform, check)
    assert finding.cure
    return finding


def age(path: Path, hours: float) -> None:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def test_a_deployment_that_is_well(platform: Platform, euc: Collector) -> None:
    euc.now = now() - timedelta(minutes=1)
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2))
    replicate(platform)
    load(platform)
    examination = examine(platform)
    assert {name: each for name, each in examination.checks.items() if each} == {}
    assert examination.well
    assert examination.isolated == ["aus"]


def test_no_collector_has_ever_written(platform: Platform) -> None:
    assert "no entry" in only(platform, "collectors are heard of").evidence


def test_a_collector_went_silent(platform: Platform) -> None:
    store = Account.open("file:./stores/euc", platform.directory)
    Collector(store, "euc", now=now() - timedelta(minutes=30))
    assert only(platform, "collectors are heard of").subject == "euc"


def test_a_clock_is_ahead(platform: Platform, euc: Collector) -> None:
    euc.now = now() + timedelta(minutes=10)
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    finding = only(platform, "clocks agree")
    assert euc.instance in finding.evidence
    assert "ahead of the store" in finding.evidence


def test_an_hour_was_left_open(platform: Platform, euc: Collector) -> None:
    euc.now = now() - timedelta(hours=5)
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    assert "has not closed" in only(platform, "hours are closed").evidence


def test_a_blob_has_no_entry(platform: Platform, euc: Collector) -> None:
    lost = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1), upload_entry=False)
    assert found(platform, "every blob has an entry") == [], "it may still come"
    age(platform.directory / "stores/euc/logs" / lost.name, 30)
    assert lost.name in only(platform, "every blob has an entry").evidence


@pytest.mark.usefixtures("euc")
def test_foreign_blobs_are_loaded_by_nobody(platform: Platform) -> None:
    store = Account.open("file:./stores/euc", platform.directory)
    blob = line(Signal.TRACES, [record(Signal.TRACES, now(), 1)])
    store.container("traces").create("traces.json", blob)
    assert "routes.traces" in only(platform, "every foreign blob is loaded").cure


def test_blobs_have_not_travelled(platform: Platform, euc: Collector) -> None:
    euc.now = now() - timedelta(hours=30)
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    assert "1 blobs of logs" in only(platform, "what travels has travelled").evidence
    replicate(platform)
    assert found(platform, "what travels has travelled") == []


def test_nothing_was_ever_loaded(platform: Platform) -> None:
    assert "never" in only(platform, "loads run").evidence


def test_a_key_is_open_to_others_or_gone(platform: Platform) -> None:
    key = platform.directory / "keys/euc.key"
    ensure_key(key)
    assert found(platform, "keys are there, private and young") == []
    age(key, 24 * 500)
    assert "500 days old" in only(platform, "keys are there, private and young").evidence
    key.chmod(0o644)
    assert "other users" in only(platform, "keys are there, private and young").evidence
    key.unlink()
    (platform.directory / "spool/euc").mkdir(parents=True)
    (platform.directory / "spool/euc/instance.json").touch()
    assert "is gone" in only(platform, "keys are there, private and young").evidence


def test_a_configuration_would_not_start(tmp_path: Path) -> None:
    text = PLATFORM.replace('stores/euc"', 'stores/euc", collector: euc.yaml')
    (tmp_path / "euc.yaml").write_text("receivers: {otlp: }\nexporters: {blob: }\nprocessor: {}\n")
    findings = found(stand(tmp_path, text), "configurations start")
    assert any("processors" in finding.evidence for finding in findings)


def test_durability_of_memory_in_production(tmp_path: Path) -> None:
    text = PLATFORM.replace('stores/euc"', 'stores/euc", durability: memory')
    assert only(stand(tmp_path, text), "what is acknowledged lasts").subject == "euc"


def test_a_store_cannot_be_looked_at(azurite_account: str, tmp_path: Path) -> None:
    wrong = re.sub(r"AccountKey=[^;]*", "AccountKey=" + "A" * 86 + "==", azurite_account)
    finding = only(
        stand(tmp_path, PLATFORM.replace("file:./stores/euc", wrong)), "stores can be looked at"
    )
    assert "refused" in finding.evidence
    assert "AAAA" not in f"{finding}"


def test_what_azure_says_of_its_accounts(azurite_account: str, tmp_path: Path) -> None:
    text = PLATFORM.replace("file:./stores/euc", azurite_account)
    platform = stand(tmp_path, text)
    Collector(Account.open(azurite_account), "euc", now=now())
    assert found(platform, "nobody else may read them") == []
    assert found(platform, "accounts can be replicated by Azure") == []
    account = AzureAccount.from_connection_string(azurite_account)
    opened = call(
        account,
        "PUT",
        "index",
        query={"restype": "container"},
        headers={"x-ms-blob-public-access": "blob"},
        doing="making a public container",
    )
    assert opened.status == 201
    finding = only(platform, "nobody else may read them")
    assert "the container index" in finding.evidence
    assert "AccountKey" not in f"{finding}"


@pytest.fixture
def azure(tmp_path: Path) -> Platform:
    text = PLATFORM.replace("file:./stores/euc", "az://contosoeuc").replace(
        "file:./stores/central", "az://contoso"
    )
    return stand(tmp_path, text)


def rules_of(platform: Platform, account: str) -> LifecycleRules:
    wanted = {each.account: each.document for each in lifecycle_rules(platform)}
    document = wanted[account]
    assert document is not None
    return LifecycleRules(account, json.loads(json.dumps({"policy": document})))


def test_rules_as_they_are_printed_are_well(azure: Platform) -> None:
    for account in ("az://contosoeuc", "az://contoso"):
        assert list(rules_of(azure, account).findings(azure)) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rule: rule.update(enabled=False), "no rule deletes"),
        (lambda rule: rule["definition"]["actions"].pop("version"), "stay for ever"),
        (
            lambda rule: rule["definition"]["actions"].update(
                baseBlob={"delete": {"daysAfterModificationGreaterThan": 3}}
            ),
            "go after 3 days, and are to be kept for 14",
        ),
        (
            lambda rule: rule["definition"]["actions"].update(
                baseBlob={"delete": {"daysAfterCreationGreaterThan": 99}}
            ),
            "stay for 99 days, and may be kept for 14",
        ),
    ],
)
def test_rules_that_are_not_as_retention_wants_them(
    azure: Platform, change: object, says: str
) -> None:
    rules = rules_of(azure, "az://contosoeuc")
    logs = next(
        rule
        for rule in rules.policy["policy"]["rules"]
        if rule["definition"]["filters"]["prefixMatch"] == ["logs/"]
    )
    change(logs)  # type: ignore[operator]
    (finding,) = rules.findings(azure)
    assert says in finding.evidence
    assert "logs" in finding.evidence


def test_rules_of_an_account_that_nobody_knows(azure: Platform) -> None:
    (finding,) = LifecycleRules("az://other", {}).findings(azure)
    assert "az://contosoeuc" in finding.cure


WITNESS = "the witness holds the newest heads"


def test_a_witness_that_lacks_heads_or_is_behind(tmp_path: Path) -> None:
    platform = stand(tmp_path, PLATFORM + 'witness: {store: "file:./auditor"}\n')
    euc = Collector(Account.open("file:./stores/euc", platform.directory), "euc", now=now())
    [lacking] = found(platform, WITNESS)
    assert (lacking.subject, "no heads" in lacking.evidence) == ("euc", True)
    write_heads(platform, Account.open("file:./auditor", platform.directory))
    assert found(platform, WITNESS) == []
    euc.now += timedelta(hours=4)
    euc.write_entry("heartbeat")
    [behind] = found(platform, WITNESS)
    assert "has had no heads since" in behind.evidence


def test_a_witness_that_cannot_be_reached(tmp_path: Path) -> None:
    platform = stand(tmp_path, PLATFORM + 'witness: {store: "file:./auditor"}\n')
    assert found(platform, WITNESS) == [], "nothing was collected yet"
    Collector(Account.open("file:./stores/euc", platform.directory), "euc", now=now())
    (tmp_path / "auditor" / "heads").mkdir(parents=True)
    (tmp_path / "auditor" / "heads" / "euc").write_text("this is no folder")
    assert len(found(platform, WITNESS)) == 1


def test_an_azure_witness_without_immutability(tmp_path: Path, azurite_account: str) -> None:
    platform = stand(tmp_path, PLATFORM + f'witness: {{store: "{azurite_account}"}}\n')
    Collector(Account.open("file:./stores/euc", platform.directory), "euc", now=now())
    write_heads(platform, Account.open(azurite_account))
    [loose] = found(platform, WITNESS)
    assert "no policy of immutability" in loose.evidence
    assert "immutability-policy create" in loose.cure


def test_more_than_two_accounts_into_one_by_azure(tmp_path: Path) -> None:
    regions = "".join(
        f"  {name}: {{store: 'az://contoso{name}', central: {central}, ledger_by: azure, "
        f"routes: {{logs: {{route: replicate, by: azure}}}}}}\n"
        for name, central in (("euc", "west"), ("use", "west"), ("cac", "west"), ("aus", "east"))
    )
    (tmp_path / "mainstem.yaml").write_text(
        f"environment: play\nregions:\n{regions}"
        "central: {stores: {west: 'az://west', east: 'az://east'}}\n"
    )
    platform = load_platform(tmp_path / "mainstem.yaml")
    with open_books(platform) as (session, warehouse):
        patient = Patient(platform, Evidence(session, warehouse), now().replace(tzinfo=None))
        (found,) = crowded_destinations(patient)
    assert found.subject == "az://west"
    assert "az://contosocac, az://contosoeuc, az://contosouse" in found.evidence


def test_azure_is_to_copy_what_it_cannot(azurite: Iterator[str], tmp_path: Path) -> None:
    west, centre = next(azurite), next(azurite)
    (tmp_path / "mainstem.yaml").write_text(
        f"environment: prod\nregions:\n  euc: {{store: '{west}', ledger_by: azure, "
        "routes: {logs: {route: replicate, by: azure}}}\n"
        f"central: {{store: '{centre}'}}\n"
    )
    platform = load_platform(tmp_path / "mainstem.yaml")
    store = Account.open(west)
    euc = Collector(store, "euc", now=now())
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    assert found(platform, "Azure replicates block blobs") == []
    # The emulator keeps no versions.
    unversioned = only(platform, "accounts that Azure replicates keep versions")
    assert unversioned.subject == store.label
    assert "--enable-versioning true" in unversioned.cure
    store.append_blobs("logs").make("2026/11/24/logs_23_59_59.json")
    appended = only(platform, "Azure replicates block blobs")
    assert "logs/2026/11/24/logs_23_59_59.json is an append blob" in appended.evidence


def test_blobs_went_before_a_load(platform: Platform, euc: Collector) -> None:
    check = "nothing went before it was loaded"
    euc.now = now() - timedelta(days=16)
    segment = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2))
    assert found(platform, check) == []
    Account.open("file:./stores/euc", platform.directory).container("logs").remove(segment.name)
    finding = only(platform, check)
    assert "1 blobs of logs (2 records) are gone" in finding.evidence
