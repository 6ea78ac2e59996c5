"""The uploader with a real data plane and store, and something wrong between them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from running import log_request, post, region_plane

from mainstem.collect.health import Exports
from mainstem.collect.stores import Stores
from mainstem.collect.upload import Uploader
from mainstem.records import EntryKind, LedgerEntry
from mainstem.store import LEDGER, Account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mainstem import _core


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[_core.DataPlane]:
    with region_plane(tmp_path) as made:
        yield made


def test_entries_go_up_in_the_order_of_their_chain(plane: _core.DataPlane, tmp_path: Path) -> None:
    port = plane.start()["otlp"]["http"]
    for body in ("one", "two", "three"):
        assert post(f"http://127.0.0.1:{port}/v1/logs", log_request(body)) == 200
        plane.seal()
    account = Account.open(f"file:{tmp_path}/store")
    uploader = Uploader(plane, Stores(account), Exports(threshold=1, interval_s=60))
    uploader.start()
    assert uploader.drained(30)
    assert uploader.stop(10)
    ledger = account.container(LEDGER)
    names = [info.name for info in ledger.list() if info.name.endswith(".json")]
    entries = [LedgerEntry.parse(ledger.read(name)) for name in names]
    assert [entry.seq for entry in entries] == list(range(len(entries)))
    assert [entry.previous for entry in entries[1:]] == [entry.sha256 for entry in entries[:-1]]
    segments = [entry for entry in entries if entry.kind is EntryKind.SEGMENT]
    assert len(segments) == 3
    assert (uploader.uploaded.blobs, sum(uploader.uploaded.records.values())) == (3, 3)
    assert json.loads(plane.stats())["spool"]["outbox_entries"] == 0


def test_another_content_under_a_name_is_an_alarm_and_the_rest_goes_on(
    plane: _core.DataPlane, tmp_path: Path
) -> None:
    port = plane.start()["otlp"]["http"]
    assert post(f"http://127.0.0.1:{port}/v1/logs", log_request("one")) == 200
    plane.seal()
    first = plane.next_outbox(5)
    assert first is not None
    account = Account.open(f"file:{tmp_path}/store")
    ledger = account.container(LEDGER)
    ledger.create(first.entry_name, b"another")
    uploader = Uploader(plane, Stores(account), Exports(threshold=1, interval_s=60))
    uploader.start()
    assert uploader.drained(30)
    assert uploader.stop(10)
    assert uploader.uploaded.conflicts == 1
    assert ledger.read(first.entry_name) == b"another", "nothing is overwritten"
    [blob] = account.container("logs").list()
    assert b'"one"' in account.container("logs").read(blob.name), "the rest goes on"
    waiting = json.loads(plane.stats())["spool"]["outbox_entries"]
    assert waiting >= 2, "what is held is kept, and what is behind it"

    # Somebody moves the other object away, and the collector is started again.
    (tmp_path / "store" / LEDGER / first.entry_name).unlink()
    again = Uploader(plane, Stores(account), Exports(threshold=1, interval_s=60))
    again.start()
    assert again.drained(30)
    assert again.stop(10)
    assert json.loads(plane.stats())["spool"]["outbox_entries"] == 0
    assert again.uploaded.conflicts == 0
