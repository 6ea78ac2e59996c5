"""Uploads what a stopped collector left in its spool, without listening to anyone."""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING

from mainstem import _core
from mainstem.collect.heads import HeadSigner, ready_signing_key
from mainstem.collect.health import Exports
from mainstem.collect.plan import make_plan
from mainstem.collect.spool import Place, list_spool
from mainstem.collect.stores import open_stores
from mainstem.collect.upload import Uploader
from mainstem.errors import Transient, UsageError
from mainstem.privacy import load_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mainstem.collect.plan import Plan
    from mainstem.collect.site import Site
    from mainstem.config.collector import CollectorConfig

LOOK_S = 0.5


@contextlib.contextmanager
def open_stopped(plan: Plan, site: Site) -> Iterator[_core.DataPlane]:
    """Open a stopped collector's spool within the block, and seal what it left open.

    UsageError where the spool does not open, as where a collector holds it.
    """
    try:
        plane = _core.DataPlane(plan.core_json())
    except (_core.PlanError, _core.SpoolError) as error:
        raise UsageError(f"the spool {site.spool} does not open: {error}") from None
    with contextlib.closing(plane):
        plane.seal()
        yield plane


def drain_spool(
    config: CollectorConfig, site: Site, timeout_s: float, progress: Callable[[str], None]
) -> int:
    """Upload all that waits; gives the number of entries that went up.

    UsageError where a collector holds the spool; Transient, with the reason, where some of it
    stays when the time is over.
    """
    load_key(site.key)
    signer = HeadSigner(ready_signing_key(site))
    plan = make_plan(config, site)
    stores = open_stores(plan, site)
    exports = Exports(1, float("inf"))
    with open_stopped(plan, site) as plane:
        uploaders = [
            Uploader(plane, stores, exports, region=region, signer=signer)
            for region in site.origins or (None,)
        ]
        for uploader in uploaders:
            uploader.start()
        deadline = time.monotonic() + timeout_s
        for uploader in uploaders:
            while not uploader.drained(LOOK_S):
                waiting = json.loads(plane.stats())["spool"]["outbox_entries"]
                progress(f"{waiting} entries wait for the store")
                if uploader.dead or time.monotonic() > deadline:
                    break
            uploader.stop(max(1.0, deadline - time.monotonic()))
    spools = [site.spool / region for region in site.origins] or [site.spool]
    left = sum(held.place is not Place.CONFIRMED for path in spools for held in list_spool(path))
    if left:
        raise Transient(
            f"{left} entries are left in the spool: {exports.trouble() or 'the time was over'}",
            hint="Try again, or with a longer --timeout.",
        )
    return sum(uploader.uploaded.entries for uploader in uploaders)
