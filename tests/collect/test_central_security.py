"""Regions known at the centre by their client certificates, all of it as files say it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from centre import PLATFORM, REGIONS, STORED, Running, running
from running import log_request, post

from mainstem.collect.site import central_site, site_of
from mainstem.config.platform import load_platform
from mainstem.load import load
from mainstem.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.config.platform import Platform

SENDERS = """\
extensions:
  senders:
    clients:
      - {name: euc, certificates: [collector.euc.example], region: euc, may_forward_for: [euc]}
      - {name: use, certificates: [collector.use.example], region: use, may_forward_for: [use]}
"""
GUARDED = """\
{endpoint: "127.0.0.1:0", auth: {authenticator: senders},
    tls: {cert_file: pki/centre.pem, key_file: pki/centre.key, client_ca_file: pki/ca.pem}}"""
SENDING = """\
exporters:
  otlp:
    endpoint: "https://localhost:PORT"
    tls: {ca_file: pki/ca.pem, cert_file: pki/CERTIFICATE.pem, key_file: pki/CERTIFICATE.key}
    retry_on_failure: {initial_interval: 20ms}
"""


def issue(folder: Path, authority: trustme.CA, file: str, name: str) -> None:
    issued = authority.issue_cert(name)
    issued.cert_chain_pems[0].write_to_path(folder / f"{file}.pem")
    issued.private_key_pem.write_to_path(folder / f"{file}.key")


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    """A platform whose collectors have certificates under names from the platform file's folder."""
    pki = tmp_path / "pki"
    pki.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(pki / "ca.pem")
    issue(pki, authority, "centre", "localhost")
    issue(pki, authority, "stranger", "collector.aus.example")
    for region in REGIONS:
        issue(pki, authority, region, f"collector.{region}.example")
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    text = STORED.replace('{endpoint: "127.0.0.1:0"}', GUARDED, 1)
    text = text.replace("extensions:\n", SENDERS, 1)
    (tmp_path / "central.yaml").write_text(
        text.replace("extensions: [health_check]", "extensions: [health_check, senders]")
    )
    return load_platform(tmp_path / "mainstem.yaml")


def region_config(platform: Platform, region: str, port: int, certificate: str) -> Path:
    path = platform.directory / f"{region}.yaml"
    sending = SENDING.replace("PORT", str(port)).replace("CERTIFICATE", certificate)
    logs = "logs: {receivers: [otlp], processors: [redaction], exporters: [blob"
    text = STORED.replace("exporters:\n", sending, 1)
    path.write_text(text.replace(logs, f"{logs}, otlp", 1))
    return path


def collect_in(platform: Platform, region: str, port: int) -> Any:
    return running(region_config(platform, region, port, region), site_of(platform, region))


def test_a_certificate_says_which_region_s_records_these_are(platform: Platform) -> None:
    with running(platform.directory / "central.yaml", central_site(platform)) as central:
        for region in REGIONS:
            with collect_in(platform, region, central.ports["grpc"]) as regional:
                url = f"http://127.0.0.1:{regional.ports['http']}/v1/logs"
                assert post(url, log_request(f"from {region}")) == 200
    load(platform)
    with open_warehouse(platform, read_only=True) as warehouse:
        rows = warehouse.query("SELECT region, body FROM bronze.otel_logs ORDER BY 1")
    assert rows == [(region, f"from {region}") for region in REGIONS]


def test_a_certificate_of_nobody_known_is_turned_away_and_nothing_is_lost(
    platform: Platform,
) -> None:
    site = site_of(platform, "euc")
    with running(platform.directory / "central.yaml", central_site(platform)) as central:
        port = central.ports["grpc"]
        stranger = Running(region_config(platform, "euc", port, "stranger"), site)
        url = f"http://127.0.0.1:{stranger.ports['http']}/v1/logs"
        assert post(url, log_request("kept")) == 200
        stranger.plane.seal()
        deadline = time.monotonic() + 60
        while not (report := _exporter(stranger))["tries_failed"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert report["logs"]["sent"] == 0
        for uploader in stranger.uploaders:
            uploader.stop(10)
        stranger.plane.close()
        # With its own certificate, the region sends what it still owes.
        with collect_in(platform, "euc", port):
            pass
    load(platform)
    with open_warehouse(platform, read_only=True) as warehouse:
        assert warehouse.query("SELECT region, body FROM bronze.otel_logs") == [("euc", "kept")]


def _exporter(collector: Running) -> dict[str, Any]:
    [report] = json.loads(collector.plane.stats())["exporters"]
    return dict(report)
