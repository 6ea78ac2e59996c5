"""A region killed with SIGKILL while it forwards, and a centre that goes away: all arrives once.

Every acknowledged record lies in the centre's warehouse exactly once, though lines are sent again
after each kill, and the books balance.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import time
from typing import TYPE_CHECKING

import pytest
from beside import free_port
from centre import PLATFORM, REGIONS, STORED, forwarding, running, senders, token
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


@pytest.mark.parametrize(
    "rounds", [2, pytest.param(60, marks=[pytest.mark.prove, pytest.mark.timeout(3600)])]
)
def test_kills_of_the_centre_while_regions_forward_lose_nothing_and_double_nothing(
    tmp_path: Path, rounds: int
) -> None:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    central = tmp_path / "central.yaml"
    platform = load_platform(tmp_path / "mainstem.yaml")
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    acknowledged: list[str] = []
    of_centre = ["--platform", str(tmp_path / "mainstem.yaml"), "--central"]
    port = free_port()
    central.write_text(with_senders(STORED).replace("127.0.0.1:0", f"127.0.0.1:{port}", 1))
    with contextlib.ExitStack() as stack:
        regions = []
        for region in REGIONS:
            forwarding(platform, region, port)
            of_region = ["--platform", str(tmp_path / "mainstem.yaml"), "--region", region]
            regions.append(stack.enter_context(collector(of_region)))
        for number in range(rounds):
            with collector(of_centre) as centre:
                assert centre.ready
                for record in range(RECORDS):
                    for name, region in zip(REGIONS, regions, strict=True):
                        body = f"{name} {number}-{record}"
                        if post(f"{region.otlp}/v1/logs", log_request(body)) == 200:
                            acknowledged.append(body)
                time.sleep(chance.uniform(0, 0.3))
                centre.kill()
        with collector(of_centre) as centre:
            assert centre.ready
            for region in regions:
                # A region that stops waits for a receiver that answers.
                assert region.stop() == 0, region.events
            assert centre.stop() == 0, centre.events
    replicate(platform)
    load(platform)
    with open_warehouse(platform, read_only=True) as warehouse:
        rows = warehouse.query("SELECT region, body FROM bronze.otel_logs")
    assert sorted(body for _, body in rows) == sorted(acknowledged), f"seed {seed}"
    assert all(body.startswith(region) for region, body in rows)
    assert keep_books(platform).problems == []


def with_senders(text: str) -> str:
    """Let a configuration know the regions by their tokens, in its own words."""
    clients = [
        {
            "name": region,
            "region": region,
            "may_forward_for": [region],
            "token_sha256": [hashlib.sha256(token(region).encode()).hexdigest()],
        }
        for region in REGIONS
    ]
    guarded = '{endpoint: "127.0.0.1:0", auth: {authenticator: senders}}'
    for before, after in (
        ('{endpoint: "127.0.0.1:0"}', guarded),
        ("extensions:\n", f"extensions:\n  senders: {json.dumps({'clients': clients})}\n"),
        ("extensions: [health_check]", "extensions: [health_check, senders]"),
    ):
        text = text.replace(before, after, 1)
    return text
