"""A configuration that takes another's place while the collector runs (SIGHUP), and files renewed.

What is wrong with the new one is said in the log, and the old one stays.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from mainstem import _core
from mainstem.collect.plan import make_plan
from mainstem.collect.stores import open_stores
from mainstem.errors import MainstemError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mainstem.collect.plan import Plan
    from mainstem.collect.site import Site
    from mainstem.collect.stores import Stores
    from mainstem.config.collector import CollectorConfig

log = structlog.get_logger("reload")

Stamp = tuple[int, int, int] | None


class Reloader:
    """Knows the configuration that holds, and puts another in its place.

    `apply` is told of each plan that took over, with its configuration and its stores.
    """

    def __init__(
        self,
        plane: _core.DataPlane,
        config: CollectorConfig,
        site: Site,
        plan: Plan,
        *,
        reread: Callable[[], tuple[CollectorConfig, Site]],
        prepare: Callable[[Stores, Plan], None],
        apply: Callable[[CollectorConfig, Stores], None],
    ) -> None:
        self._plane = plane
        self._config = config
        self._site = site
        self._plan = plan
        self._reread = reread
        self._prepare = prepare
        self._apply = apply
        self._stamps = stamps(plan.watched)
        self._next_look = time.monotonic() + plan.look_every_s

    def reload(self) -> bool:
        """Read everything anew; False where that is wrong and the old one stays."""
        try:
            config, site = self._reread()
            self._replace(config, site)
        except MainstemError as error:
            log.critical("not reloaded, the configuration that was there stays", reason=str(error))
            return False
        log.info("reloaded", pipelines=list(config.pipelines))
        return True

    def look(self) -> None:
        """Read certificates, tokens and passwords anew where one of their files has changed."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + self._plan.look_every_s
        now = stamps(self._plan.watched)
        if now == self._stamps:
            return
        try:
            self._replace(self._config, self._site)
        except MainstemError as error:
            # A file may be half written: it is looked at again.
            log.critical("not renewed, what was there stays", reason=str(error))
            return
        log.info("renewed", files=[str(path) for path in self._plan.watched])

    def _replace(self, config: CollectorConfig, site: Site) -> None:
        plan = make_plan(config, site)
        # Before the core reads certificates: one that changes meanwhile is seen the next time.
        now = stamps(plan.watched)
        self._refuse_fixed(config, plan)
        stores = open_stores(plan, site)
        self._prepare(stores, plan)
        try:
            self._plane.reload(plan.core_json())
        except (_core.PlanError, _core.SpoolError) as error:
            raise UsageError(str(error)) from None
        for warning in plan.warnings:
            if warning not in self._plan.warnings:
                log.warning("configuration", warning=warning)
        self._config, self._site, self._plan, self._stamps = config, site, plan, now
        self._apply(config, stores)

    def _refuse_fixed(self, config: CollectorConfig, plan: Plan) -> None:
        """Name what the running process stands on and cannot change."""
        before, after = (_stores_of(each, self._site) for each in (self._plan, plan))
        # What waits of a class that goes would follow the ledger.
        moved = [name for name, store in before.items() if after.get(name, after[""]) != store]
        for what, same in (
            (f"the store of {moved[0] or 'the ledger'}" if moved else "", not moved),
            ("health_check", self._config.health == config.health),
            ("service.telemetry", self._config.telemetry == config.telemetry),
        ):
            if not same:
                raise UsageError(f"{what} cannot change while the collector runs: restart it")


def _stores_of(plan: Plan, site: Site) -> dict[str, str]:
    """Name the store of each class, and under the empty name that of the ledger."""
    stores = open_stores(plan, site)
    labels = {made.name: stores.of(made.name).account.label for made in plan.classes}
    return {**labels, "": stores.ledger.label}


def stamps(files: Sequence[Path]) -> list[Stamp]:
    """Tell by what a change of each file shows; None for one that is not there."""
    return [_stamp(path) for path in files]


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
