"""A region killed with SIGKILL while it forwards, and a centre that goes away: all arrives once.

Every acknowledged record lies in the centre's warehouse exactly once, though lines are sent again
after each kill, and the books balance.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from centre import PLATFORM, STORED, forwarding, running, senders
from running import collector, log_request, post

from mainstem.books import keep_books
from mainstem.collect.site import central_site
from mainstem.config.platform import load_platform
from mainstem.load import load
from mainstem.replicate import replicate
from mainstem.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = 40


@pytest.mark.parametrize(
    "rounds", [2, pytest.param(60, marks=[pytest.mark.prove, pytest.mark.timeout(3600)])]
)
def test_kills_of_a_region_that_forwards_lose_nothing_and_double_nothing(
    tmp_path: Path, rounds: int
) -> None:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    central = tmp_path / "central.yaml"
    central.write_text(STORED)
    platform = load_platform(tmp_path / "mainstem.yaml")
    site = central_site(platform)
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    acknowledged: list[str] = []
    arguments = ["--platform", str(tmp_path / "mainstem.yaml"), "--region", "euc"]
    port = 0
    for number in range(rounds):
        # The centre comes back on its port, and goes away again below.
        if port:
            central.write_text(STORED.replace("127.0.0.1:0", f"127.0.0.1:{port}", 1))
        with running(central, site, senders()) as centre:
            port = centre.ports["grpc"]
            forwarding(platform, "euc", port)
            with collector(arguments) as region:
                for record in range(RECORDS):
                    body = f"{number}-{record}"
                    if post(f"{region.otlp}/v1/logs", log_request(body)) == 200:
                        acknowledged.append(body)
                time.sleep(chance.uniform(0, 0.3))
                region.kill()
        with collector(arguments) as region:
            # What the kill left is sealed, and there is nobody to send it to.
            assert region.ready
            time.sleep(chance.uniform(0, 0.3))
            region.kill()
    with running(central, site, senders()), collector(arguments) as region:
        assert region.ready
        assert region.stop() == 0
    replicate(platform)
    load(platform)
    with open_warehouse(platform, read_only=True) as warehouse:
        bodies = [body for (body,) in warehouse.query("SELECT body FROM bronze.otel_logs")]
    assert sorted(bodies) == sorted(acknowledged), f"seed {seed}"
    assert keep_books(platform).problems == []
