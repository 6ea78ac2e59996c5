"""A region's data plane, as tests of what stands around it use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from running import stand

from mainstem import _core
from mainstem.collect.plan import make_plan
from mainstem.collect.site import site_of
from mainstem.config.collector import read_collector
from mainstem.config.platform import load_platform
from mainstem.privacy import ensure_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[_core.DataPlane]:
    stand(tmp_path)
    site = site_of(load_platform(tmp_path / "mainstem.yaml"), "euc")
    plan = make_plan(read_collector(tmp_path / "collector.yaml"), site)
    ensure_key(site.key)
    site.spool.mkdir(parents=True)
    made = _core.DataPlane(plan.core_json())
    yield made
    made.close()
