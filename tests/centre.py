"""A collector at the centre and regions that forward to it, for tests."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

from running import CONFIG

from mainstem import _core
from mainstem.collect.heads import HeadSigner, ready_signing_key
from mainstem.collect.health import Exports
from mainstem.collect.plan import make_plan
from mainstem.collect.stores import open_stores
from mainstem.collect.upload import Uploader
from mainstem.config.collector import read_collector
from mainstem.privacy import ensure_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mainstem.collect.site import Site
    from mainstem.config.platform import Platform

REGIONS = ("euc", "use")
PLATFORM = """\
environment: test
regions:
  euc: {store: "file:stores/euc", collector: euc.yaml, routes: {logs: forward}}
  use: {store: "file:stores/use", collector: use.yaml, routes: {logs: forward}}
central: {store: "file:stores/central", collector: central.yaml, origins: [euc, use]}
"""


STORED = CONFIG.replace('{url: "URL"}', "")
"""Everything goes to the store that the platform file names."""


class Running:
    """A data plane with its uploaders, as the supervisor runs them."""

    def __init__(self, config: Path, site: Site, listeners: dict[str, Any] | None = None) -> None:
        plan = make_plan(read_collector(config), site)
        if listeners is not None:
            plan.core["receivers"]["otlp"]["listeners"] = listeners
        ensure_key(site.key)
        self.plane = _core.DataPlane(plan.core_json())
        self.ports = self.plane.start()["otlp"]
        stores = open_stores(plan, site)
        signer = HeadSigner(ready_signing_key(site))
        self.uploaders = [
            Uploader(self.plane, stores, Exports(None, 0), region=region, signer=signer)
            for region in site.origins or (None,)
        ]
        for uploader in self.uploaders:
            uploader.start()

    def finish(self) -> None:
        """Seal, send on what is owed, and bring everything to the store."""
        self.plane.seal()
        deadline = time.monotonic() + 60
        while json.loads(self.plane.stats())["spool"]["owed"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        for uploader in self.uploaders:
            assert uploader.drained(30)
            uploader.stop(10)


@contextlib.contextmanager
def running(config: Path, site: Site, listeners: dict[str, Any] | None = None) -> Iterator[Running]:
    collector = Running(config, site, listeners)
    try:
        yield collector
        collector.finish()
    finally:
        collector.plane.close()


def token(region: str) -> str:
    return f"token-of-{region}"


def senders() -> dict[str, Any]:
    tokens = [
        {
            "sha256": hashlib.sha256(token(region).encode()).hexdigest(),
            "identity": {"name": region, "region": region, "may_forward_for": [region]},
        }
        for region in REGIONS
    ]
    settings = {
        "senders": {
            "header": "authorization",
            "scheme": "Bearer",
            "tokens": tokens,
            "users": [],
            "certificates": [],
        }
    }
    return {"grpc": settings, "http": settings}


def forwarding(platform: Platform, region: str, port: int) -> Path:
    """A region's configuration: its logs are stored there, and sent on to a port."""
    path = platform.directory / f"{region}.yaml"
    path.write_text(
        STORED.replace(
            "exporters:\n",
            f"exporters:\n  otlp: {{endpoint: 'http://127.0.0.1:{port}',\n"
            f"    headers: {{authorization: 'Bearer {token(region)}'}},\n"
            "    retry_on_failure: {initial_interval: 20ms}}\n",
            1,
        ).replace(
            "logs: {receivers: [otlp], processors: [redaction], exporters: [blob]}",
            "logs: {receivers: [otlp], processors: [redaction], exporters: [blob, otlp]}",
        )
    )
    return path
