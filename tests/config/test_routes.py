"""Which records travel: what the platform file says, and what it may not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mainstem.config.platform import Region, load_platform
from mainstem.config.routes import Route
from mainstem.errors import ConfigError
from mainstem.records import Signal

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
environment: play
regions:
  euc:
    store: file:./stores/euc
    routes:
      logs:
        route: replicate
        local:
          - event_name: [session.start, session.*]
          - {event: false, severity_below: warn}
          - {tenant: [acme], attributes: {tier: [free, trial]}}
        regional_keys: [enduser.*]
      traces: replicate
      metrics: none
central: {store: 'file:./stores/central'}
"""


def euc(directory: Path, text: str) -> Region:
    path = directory / "mainstem.yaml"
    path.write_text(text)
    return load_platform(path).region("euc")


def test_a_signal_s_route_has_a_short_form_and_a_long_one(tmp_path: Path) -> None:
    region = euc(tmp_path, FILE)
    assert [region.route(signal) for signal in (Signal.LOGS, Signal.TRACES, Signal.METRICS)] == [
        Route.REPLICATE,
        Route.REPLICATE,
        Route.NONE,
    ]
    assert not region.routes[Signal.TRACES].decides
    logs = region.routes[Signal.LOGS]
    assert logs.divides
    nothing = {
        "event": None,
        "name": [],
        "severity_below": None,
        "tenant": [],
        "service": [],
        "attributes": {},
    }
    assert logs.to_core() == {
        "local": [
            nothing | {"name": ["session.start", "session.*"]},
            nothing | {"event": False, "severity_below": 13},
            nothing | {"tenant": ["acme"], "attributes": {"tier": ["free", "trial"]}},
        ],
        "travels": [],
        "regional_keys": ["enduser.*"],
    }


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (
            "- event_name: [session.start, session.*]",
            "- span_name: [work]",
            "9:13: regions.euc.routes.logs.local[0].span_name: is no condition on logs",
        ),
        (
            "traces: replicate",
            "traces: {route: replicate, travels: [{severity_below: warn}]}",
            "13:45: regions.euc.routes.traces.travels[0].severity_below: is no condition on traces",
        ),
        (
            "metrics: none",
            "metrics: {regional_keys: [host.name]}",
            (
                "14:17: regions.euc.routes.metrics.regional_keys: has nothing to decide: by its "
                "route, nothing of the signal travels"
            ),
        ),
        (
            "- event_name: [session.start, session.*]",
            "- {}",
            (
                "9:13: regions.euc.routes.logs.local[0]: needs a condition at least: this one "
                "would hold for every record"
            ),
        ),
        (
            "- event_name: [session.start, session.*]",
            "- tenants: [acme]",
            (
                "9:13: regions.euc.routes.logs.local[0].tenants: is not a key known here (did you "
                "mean tenant?)"
            ),
        ),
        (
            "severity_below: warn",
            "severity_below: warning",
            (
                "10:28: regions.euc.routes.logs.local[1].severity_below: must be 'debug', 'info', "
                "'warn', 'error' or 'fatal'"
            ),
        ),
        (
            "regional_keys: [enduser.*]",
            "regional_keys: ['*']",
            (
                "12:9: regions.euc.routes.logs.regional_keys: must not be `*` alone: nothing would "
                "be left"
            ),
        ),
        (
            "traces: replicate",
            "traces: sometimes",
            "13:7: regions.euc.routes.traces.route: must be 'replicate', 'forward' or 'none'",
        ),
    ],
)
def test_a_problem_names_its_place_and_what_is_allowed(
    tmp_path: Path, before: str, after: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        euc(tmp_path, FILE.replace(before, after))
    found = [str(item).removeprefix(f"{tmp_path}/mainstem.yaml:") for item in caught.value.problems]
    assert found == [problem]


STORES = """\
environment: play
regions:
  euc:
    store: az://euc
    central: west
    ledger_by: azure
    routes:
      logs: {route: replicate, by: azure, since: 2026-11-01}
      traces: {route: replicate, to: east}
central:
  stores: {west: 'az://west', east: 'file:./stores/east'}
"""


def test_a_region_and_a_route_name_one_of_several_central_stores(tmp_path: Path) -> None:
    (tmp_path / "mainstem.yaml").write_text(STORES)
    platform = load_platform(tmp_path / "mainstem.yaml")
    assert platform.ledger_from("euc") == ("az://west", "euc-ledger")
    assert platform.loaded_from("euc", Signal.LOGS) == ("az://west", "euc-logs")
    assert platform.loaded_from("euc", Signal.TRACES) == ("file:./stores/east", "euc-traces")
    assert platform.region("euc").is_by_azure(Signal.LOGS)
    assert not platform.region("euc").is_by_azure(Signal.TRACES)
    since = platform.region("euc").routes[Signal.LOGS].since
    assert since is not None
    assert since.isoformat() == "2026-11-01"


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (
            "to: east",
            "to: eas",
            "9:34: regions.euc.routes.traces.to: is not one of central.stores (did you mean east?)",
        ),
        (
            "    central: west\n",
            "",
            (
                "3:3: regions.euc.central: is missing: which of west, east its ledger and signals "
                "go to"
            ),
        ),
        (
            "to: east",
            "to: east, by: azure",
            (
                "9:44: regions.euc.routes.traces.by: `azure` copies between two accounts of "
                "Azure's, and one of these is none (use mainstem)"
            ),
        ),
        (
            "since: 2026-11-01",
            "sinc: 2026-11-01",
            "8:43: regions.euc.routes.logs.sinc: is not a key known here (did you mean since?)",
        ),
        (
            "since: 2026-11-01",
            "since: lately",
            "8:43: regions.euc.routes.logs.since: must be a date: 2026-11-01",
        ),
        (
            "{route: replicate, to: east}",
            "{route: none, since: 2026-11-01}",
            "9:29: regions.euc.routes.traces.since: is for the route `replicate` alone",
        ),
        (
            "{west: 'az://west', east: 'file:./stores/east'}",
            "{}",
            "10:1: central: needs `store`, the one, or `stores`, several by name",
        ),
        (
            "  stores:",
            "  store: az://one\n  stores:",
            "10:1: central: needs `store`, the one, or `stores`, several by name, and not both",
        ),
    ],
)
def test_a_route_that_leads_nowhere_names_its_place(
    tmp_path: Path, before: str, after: str, problem: str
) -> None:
    path = tmp_path / "mainstem.yaml"
    path.write_text(STORES.replace(before, after, 1))
    with pytest.raises(ConfigError) as caught:
        load_platform(path)
    assert [str(each).removeprefix(f"{tmp_path}/") for each in caught.value.problems] == [
        f"mainstem.yaml:{problem}"
    ]
