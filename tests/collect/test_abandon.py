"""What is owed to an exporter that is configured no more is given up, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from beside import free_port
from centre import PLATFORM, STORED, Running, forwarding, running
from running import log_request, post

from mainstem.books import keep_books
from mainstem.collect.abandon import Abandoned, abandon_owed
from mainstem.collect.site import site_of
from mainstem.config.collector import read_collector
from mainstem.config.platform import load_platform
from mainstem.errors import UsageError
from mainstem.records import LedgerEntry
from mainstem.store import LEDGER, Account

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_owed_to_an_exporter_that_is_gone_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM.replace("logs: forward", "logs: none"))
    (tmp_path / "central.yaml").write_text(STORED)
    platform = load_platform(tmp_path / "mainstem.yaml")
    site = site_of(platform, "euc")
    # Nothing listens there.
    config = forwarding(platform, "euc", free_port())
    config.write_text(config.read_text().replace("[blob, otlp]", "[otlp]"))
    collector = Running(config, site)
    for number in range(3):
        url = f"http://127.0.0.1:{collector.ports['http']}/v1/logs"
        assert post(url, log_request(f"record {number}")) == 200
    collector.plane.seal()
    for uploader in collector.uploaders:
        assert uploader.drained(30)
        uploader.stop(10)
    collector.plane.close()

    with pytest.raises(UsageError, match=r"otlp is one of the exporters of .*: it goes on sending"):
        abandon_owed(read_collector(config), site, "otlp")
    config.write_text(STORED)
    without = read_collector(config)
    with pytest.raises(
        UsageError, match=r"nothing is owed to otlp/old in .*: what is owed goes to"
    ):
        abandon_owed(without, site, "otlp/old")
    assert abandon_owed(without, site, "otlp") == Abandoned(segments=1, records=3)
    with pytest.raises(UsageError, match=r"nothing is owed to otlp in .*: nothing is owed"):
        abandon_owed(without, site, "otlp")

    with running(config, site):
        pass
    ledger = Account.open(f"file:{tmp_path}/stores/euc").container(LEDGER)
    names = [info.name for info in ledger.list() if info.name.endswith(".json")]
    entries = [LedgerEntry.parse(ledger.read(name)) for name in names]
    [forwarded] = [entry.forwarded for entry in entries if entry.forwarded is not None]
    assert (forwarded.exporter, forwarded.sent, forwarded.abandoned) == ("otlp", 0, 3)
    [line] = [one for one in keep_books(platform).totals if one.record_class == "logs-forwarded"]
    assert (line.stored, line.forwarded, line.not_taken, line.pending) == (3, 0, 3, 0)
    assert len(list((site.spool / "outbox").glob("*.refused"))) == 1, "no store has it"
