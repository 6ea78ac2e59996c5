from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mainstem.config.platform import Durability, Platform, Residency, load_platform
from mainstem.config.routes import Route
from mainstem.errors import ConfigError, UsageError
from mainstem.records import Signal

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
environment: play
regions:
  euc:
    location: westeurope
    store: file:./stores/euc
    collector: collectors/euc.yaml
    routes: {metrics: replicate}
    redaction: {blocked_values: ['PL[0-9]{10}']}
  aus: {location: australiaeast, residency: isolated}
central: {store: 'az://central'}
sources: {accounts: business/accounts.csv}
"""

HOME = """\
environment: prod
home: aus
regions:
  aus: {residency: isolated, store: 'file:./stores/aus', durability: store}
"""


def load(directory: Path, text: str) -> Platform:
    path = directory / "mainstem.yaml"
    path.write_text(text)
    return load_platform(path)


def problems(directory: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(directory, text)
    return [str(problem).removeprefix(f"{directory}/") for problem in caught.value.problems]


def test_a_file_becomes_absolute_paths_and_complete_routes(tmp_path: Path) -> None:
    platform = load(tmp_path, GOOD)
    euc = platform.region("euc")
    assert euc.name == "euc"
    assert euc.collector == tmp_path / "collectors/euc.yaml"
    assert euc.spool == tmp_path / "spool/euc"
    assert euc.pseudonym_key == str(tmp_path / "keys/euc.key")
    assert euc.durability is Durability.DISK
    assert {signal: euc.route(signal) for signal in Signal} == {
        Signal.LOGS: Route.REPLICATE,
        Signal.TRACES: Route.NONE,
        Signal.METRICS: Route.REPLICATE,
    }
    assert platform.published == tmp_path / "published"
    assert platform.warehouse_path == tmp_path / "warehouse.duckdb"
    assert platform.sources.accounts is not None
    assert platform.sources.accounts.path == tmp_path / "business/accounts.csv"


def test_each_signal_is_loaded_from_one_place(tmp_path: Path) -> None:
    platform = load(tmp_path, GOOD)
    assert platform.loaded_from("euc", Signal.LOGS) == ("az://central", "euc-logs")
    assert platform.loaded_from("euc", Signal.TRACES) is None
    assert platform.ledger_from("euc") == ("az://central", "euc-ledger")


def test_the_central_file_has_nothing_to_load_from_an_isolated_region(tmp_path: Path) -> None:
    platform = load(tmp_path, GOOD)
    assert platform.region("aus").residency is Residency.ISOLATED
    assert platform.ledger_from("aus") is None
    assert all(platform.loaded_from("aus", signal) is None for signal in Signal)


def test_an_isolated_region_loads_in_place_at_home(tmp_path: Path) -> None:
    platform = load(tmp_path, HOME)
    assert platform.loaded_from("aus", Signal.TRACES) == ("file:./stores/aus", "traces")
    assert platform.ledger_from("aus") == ("file:./stores/aus", "ledger")


def test_an_address_of_an_isolated_region_is_an_error_at_each_key(tmp_path: Path) -> None:
    text = GOOD.replace(
        "{location: australiaeast, residency: isolated}",
        "{residency: isolated, store: 'az://aus', spool: s}",
    )
    reason = "an isolated region has nothing but its name and location here"
    found = problems(tmp_path, text)
    assert len(found) == 2
    assert found[0].startswith(f"mainstem.yaml:9:30: regions.aus.store: {reason}")
    assert found[1].startswith(f"mainstem.yaml:9:49: regions.aus.spool: {reason}")


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("play", "dev", "1:1: environment: must be 'play', 'test' or 'prod'"),
        ("sources:", "source:", "11:1: source: is not a key known here (did you mean sources?)"),
        (
            "residency: isolated",
            "residency: aggregates",
            "9:3: regions.aus.aggregates.store: is missing: where its weekly counts are read",
        ),
        (
            "residency: isolated",
            "residency: aggregates, aggregates: {store: 'file:./a', k: 3}",
            "9:89: regions.aus.aggregates.k: is set in the region's own file, under `home`",
        ),
        (
            "central: {store: 'az://central'}\n",
            "",
            "1:1: central: is missing: the copies of euc come together there",
        ),
        ("    store: file:./stores/euc\n", "", "3:3: regions.euc.store: is missing"),
        (
            "business/accounts.csv",
            "{path: a.csv, columns: {account_nam: Name}}",
            (
                "11:45: sources.accounts.columns.account_nam: is not a column of accounts "
                "(did you mean account_name?)"
            ),
        ),
        (
            "business/accounts.csv",
            "{path: a.csv, table: crm.accounts}",
            "11:11: sources.accounts: needs `path` or `table`, and not both",
        ),
        (
            "business/accounts.csv",
            "{table: gold.accounts}",
            (
                "11:22: sources.accounts.table: is one of mainstem's own: not in bronze, sources, "
                "silver, gold, meta"
            ),
        ),
        (
            "  euc:",
            "  EU-C:",
            (
                "3:3: regions.EU-C: is not a region's name: a letter, then letters and digits, "
                "in lower case"
            ),
        ),
    ],
)
def test_a_problem_names_its_place_and_what_is_allowed(
    tmp_path: Path, before: str, after: str, problem: str
) -> None:
    assert problems(tmp_path, GOOD.replace(before, after, 1)) == [f"mainstem.yaml:{problem}"]


def test_home_is_for_an_isolated_region_alone(tmp_path: Path) -> None:
    assert problems(tmp_path, HOME + "  euc: {residency: isolated}\n") == [
        "mainstem.yaml:5:3: regions.euc: a file with `home` knows that region alone"
    ]
    assert problems(tmp_path, HOME.replace("isolated", "central")) == [
        (
            "mainstem.yaml:2:1: home: is for an isolated region's own file: "
            "set its residency to isolated"
        )
    ]


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        "environment: dev\nregions:\n  euc:\n    stor: file:./a\n    retention: {days: many}\n",
    )
    assert [line.split(": ")[1] for line in found] == [
        "environment",
        "central",
        "regions.euc.store",
        "regions.euc.stor",
        "regions.euc.retention.days",
    ]


def test_a_problem_never_quotes_the_value(tmp_path: Path) -> None:
    text = GOOD.replace("file:./stores/euc", "https://a.blob.core.windows.net/?sig=hunter2")
    assert "hunter2" not in "".join(problems(tmp_path, text))
    assert "hunter2" not in repr(load(tmp_path, GOOD.replace("az://central", "az://c?sig=hunter2")))


def test_a_store_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CENTRAL_STORE", "s3://central")
    platform = load(tmp_path, GOOD.replace("'az://central'", "'${env:CENTRAL_STORE}'"))
    assert platform.central is not None
    assert platform.central.store == "s3://central"


def test_an_unknown_region_is_answered_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="regions: aus, euc"):
        load(tmp_path, GOOD).region("usw")
