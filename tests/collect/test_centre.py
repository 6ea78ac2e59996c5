"""Regions forward to a collector at the centre, and the load takes what it wrote, once."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from centre import PLATFORM, REGIONS, STORED, forwarding, running, senders
from running import log_request, post

from mainstem.books import export_bundle, keep_books, verify
from mainstem.collect.plan import make_plan
from mainstem.collect.site import central_site, site_of
from mainstem.config.collector import read_collector
from mainstem.config.platform import load_platform
from mainstem.errors import ConfigError, UsageError
from mainstem.load import load
from mainstem.replicate import replicate
from mainstem.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.config.platform import Platform


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    (tmp_path / "central.yaml").write_text(STORED)
    return load_platform(tmp_path / "mainstem.yaml")


def test_what_the_regions_forward_is_loaded_once_and_the_books_balance(platform: Platform) -> None:
    centre = central_site(platform)
    with running(platform.directory / "central.yaml", centre, senders()) as central:
        for region in REGIONS:
            config = forwarding(platform, region, central.ports["grpc"])
            with running(config, site_of(platform, region)) as regional:
                for number in range(5):
                    body = log_request(f"{region} {number}, mail to ann@example.com")
                    assert post(f"http://127.0.0.1:{regional.ports['http']}/v1/logs", body) == 200
    replicate(platform)
    load(platform)
    with open_warehouse(platform, read_only=True) as warehouse:
        rows = warehouse.query("SELECT region, body FROM bronze.otel_logs ORDER BY 1, 2")
    assert rows == [
        (region, f"{region} {number}, mail to ****") for region in REGIONS for number in range(5)
    ]
    books = keep_books(platform)
    assert books.problems == []
    told = {
        (line.region, line.record_class): (line.stored, line.loaded, line.forwarded)
        for line in books.totals
    }
    assert told == {
        (region, kind): figures
        for region in REGIONS
        for kind, figures in (("logs", (5, 5, 0)), ("logs-forwarded", (5, 0, 5)))
    }
    assert load(platform).nothing_new
    verified = verify(platform)
    assert (verified.findings, verified.unchecked) == ([], {})
    assert verified.heads >= 6, "each region's in its store and the centre, and the centre's own"
    bundle = export_bundle(platform, platform.directory / "bundle").path
    page = [sys.executable, "-I", str(bundle / "verify.py")]
    done = subprocess.run(page, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "consistent", done.stdout + done.stderr


def test_an_isolated_region_that_would_send_on_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "mainstem.yaml").write_text(
        "environment: test\nhome: aus\nregions:\n"
        "  aus: {residency: isolated, store: 'file:store', collector: aus.yaml}\n"
    )
    platform = load_platform(tmp_path / "mainstem.yaml")
    config = read_collector(forwarding(platform, "aus", 4317))
    with pytest.raises(UsageError, match="the pipeline logs would send records to otlp, and aus"):
        make_plan(config, site_of(platform, "aus"))


def test_a_route_that_forwards_needs_an_exporter(platform: Platform) -> None:
    config = read_collector(platform.directory / "central.yaml")
    with pytest.raises(UsageError, match="euc forwards logs, and no pipeline of it has"):
        make_plan(config, site_of(platform, "euc"))


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("[euc, use]", "[euc]", "regions.use.routes.logs: forwards, and the centre does not"),
        ("[euc, use]", "[euc, use, aus]", r"central.origins\[2\]: is not one of the regions"),
        (", collector: central.yaml", "", "central.collector: is missing"),
    ],
)
def test_regions_and_centre_must_agree(
    tmp_path: Path, before: str, after: str, problem: str
) -> None:
    assert before in PLATFORM
    (tmp_path / "mainstem.yaml").write_text(PLATFORM.replace(before, after))
    with pytest.raises(ConfigError, match=problem):
        load_platform(tmp_path / "mainstem.yaml")
