"""Legal holds keep what they fit, whatever its age, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from builders import Collector, Request, Segment

from mainstem import _core
from mainstem.books import keep_books, verify
from mainstem.config.platform import Platform, load_platform
from mainstem.errors import ConfigError
from mainstem.load import load
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.retain import plan_retention, retain
from mainstem.store import INDEX, Account, index_name

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
PLATFORM = """
environment: play
regions:
  euc: {store: "file:./stores/euc"}
  use: {store: "file:./stores/use"}
central: {store: "file:./stores/central"}
"""


def stand(folder: Path, holds: str = "") -> Platform:
    (folder / "mainstem.yaml").write_text(PLATFORM + holds)
    return load_platform(folder / "mainstem.yaml")


@pytest.fixture
def old(tmp_path: Path) -> dict[str, Segment]:
    """Write three old segments, loaded, two of them with an index, and a young one."""
    platform = stand(tmp_path)
    account = Account.open("file:./stores/euc", platform.directory)
    euc = Collector(account, "euc", now=NOW - timedelta(days=21))
    written = {}
    for name, days, tenant, indexed in (
        ("acme", 20, "acme", True),
        ("globex", 19, "globex", True),
        ("unknown", 18, "globex", False),
        ("young", 0, "acme", True),
    ):
        euc.now = NOW - timedelta(days=days)
        segment = euc.segment(Signal.LOGS, [Request.of(Signal.LOGS, euc.now, 2, tenant=tenant)])
        written[name] = segment
        if indexed:
            data = account.container("logs").read(segment.name)
            index = _core.index_blob(data, ["tenant.id"])
            account.container(INDEX).create(index_name("logs", segment.name), index)
    Collector(Account.open("file:./stores/use", platform.directory), "use", now=NOW)
    replicate(platform)
    load(platform)
    return written


def going(platform: Platform) -> dict[str, list[str]]:
    return {
        store.store: [each.removal.name for each in store.blobs]
        for store in plan_retention(platform).stores
        if store.region == "euc"
    }


@pytest.mark.parametrize(
    ("hold", "kept"),
    [
        ("tenants: [acme]", ["acme", "unknown"]),
        ("tenants: [acme], regions: [use]", []),
        ("tenants: [initech]", ["unknown"]),
        ("blobs: [NAME]", ["globex"]),
        ("since: SINCE, until: UNTIL", ["globex"]),
        ("since: SINCE", ["globex", "unknown"]),
        ("until: UNTIL, tenants: [acme]", ["acme"]),
        ("regions: [euc]", ["acme", "globex", "unknown"]),
    ],
)
def test_a_hold_keeps_what_it_fits(
    tmp_path: Path, old: dict[str, Segment], hold: str, kept: list[str]
) -> None:
    hold = hold.replace("NAME", old["globex"].name)
    hold = hold.replace("SINCE", (NOW - timedelta(days=19, hours=1)).isoformat())
    hold = hold.replace("UNTIL", (NOW - timedelta(days=18, hours=1)).isoformat())
    platform = stand(tmp_path, f"holds: [{{name: case-7, {hold}}}]\n")
    goes = [old[name].name for name in ("acme", "globex", "unknown") if name not in kept]
    assert going(platform) == {"region": goes, "centre": goes}
    held = {
        store.store: store.holdings[0].held
        for store in plan_retention(platform).stores
        if store.region == "euc"
    }
    assert held == {"region": len(kept), "centre": len(kept)}


def test_what_was_held_goes_when_the_hold_ends(tmp_path: Path, old: dict[str, Segment]) -> None:
    platform = stand(tmp_path, "holds: [{name: case-7, tenants: [acme]}]\n")
    retain(plan_retention(platform), insist=True)
    account = Account.open("file:./stores/euc", platform.directory)
    left = [info.name for info in account.container("logs").list()]
    assert left == [old[name].name for name in ("acme", "unknown", "young")]
    assert keep_books(platform).problems == []
    assert verify(platform).findings == []
    after = stand(tmp_path)
    retain(plan_retention(after), insist=True)
    assert [info.name for info in account.container("logs").list()] == [old["young"].name]
    assert [info.name for info in account.container(INDEX).list()] == [
        index_name("logs", old["young"].name)
    ]


def test_a_hold_of_no_region_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds\[0\]\.regions\[0\].*euc, use"):
        stand(tmp_path, "holds: [{name: case-7, regions: [eu]}]\n")
