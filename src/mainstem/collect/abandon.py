"""Gives up what a stopped collector's spool owes to an exporter that is configured no more."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstem.collect.drain import open_stopped
from mainstem.collect.plan import make_plan
from mainstem.errors import UsageError
from mainstem.privacy import load_key

if TYPE_CHECKING:
    from mainstem.collect.site import Site
    from mainstem.config.collector import CollectorConfig


@dataclass(frozen=True)
class Abandoned:
    """What was given up: segments, and the records in them that the receiver had not taken."""

    segments: int
    records: int


def abandon_owed(config: CollectorConfig, site: Site, exporter: str) -> Abandoned:
    """Record in the chain that nothing more goes to an exporter; the books count it as not taken.

    UsageError where the configuration still has the exporter, where nothing is owed to it, or where
    a collector holds the spool.
    """
    load_key(site.key)
    plan = make_plan(config, site)
    if exporter in plan.core["exporters"]:
        raise UsageError(
            f"{exporter} is one of the exporters of {config.file}: it goes on sending",
            hint="Take it out of the pipelines first, if nothing more is to go there.",
        )
    with open_stopped(plan, site) as plane:
        owed = {one["exporter"] for one in json.loads(plane.stats())["spool"]["owed"]}
        if exporter not in owed:
            known = f"what is owed goes to {', '.join(sorted(owed))}" if owed else "nothing is owed"
            raise UsageError(f"nothing is owed to {exporter} in {site.spool}: {known}")
        return Abandoned(*plane.give_up(exporter))
