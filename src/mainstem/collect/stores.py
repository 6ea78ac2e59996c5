"""The stores of a running collector: that of the ledger, and those of its classes of segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mainstem.collect.append import Appender
from mainstem.collect.destination import open_account
from mainstem.store.names import LEDGER, central_container

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mainstem.collect.plan import Plan
    from mainstem.collect.site import Site
    from mainstem.store.account import Account


def container_of(name: str, region: str | None) -> str:
    """Name a container of a collector's own region, or at the centre one of another's."""
    return name if region is None else central_container(region, name)


class Target(NamedTuple):
    """Where a class's blobs go; with an appender, to the end of append blobs.

    `protobuf` is the compression of blobs that are one protobuf message. `exporter` is the id of
    the one that stores; that of a class of an earlier configuration is not known any more.
    """

    account: Account
    appender: Appender | None = None
    protobuf: str | None = None
    exporter: str = LEDGER


class Stores:
    """Where what is in the outbox goes."""

    def __init__(self, ledger: Account, targets: Mapping[str, Target] | None = None) -> None:
        self.ledger = ledger
        self._targets = dict(targets or {})

    def of(self, record_class: str | None) -> Target:
        """Get a class's target; a class of an earlier configuration goes to the ledger's store."""
        return self._targets.get(record_class or "", Target(self.ledger))

    @property
    def exporters(self) -> tuple[str, ...]:
        """The ids of the exporters that store."""
        return tuple(dict.fromkeys(target.exporter for target in self._targets.values()))

    def forget(self, seq: int) -> None:
        """Drop what was noted for entries up to this one."""
        for target in self._targets.values():
            if target.appender is not None:
                target.appender.forget(seq)


def open_stores(plan: Plan, site: Site) -> Stores:
    """Open all stores of a plan, each once; nothing is asked of them yet."""
    ledger = open_account(plan.ledger, site)
    accounts = {ledger.label: ledger}
    targets = {}
    for made in plan.classes:
        if made.destination is None:
            continue
        account = open_account(made.destination, site)
        account = accounts.setdefault(account.label, account)
        appender = None
        if made.separator is not None:
            appender = Appender(account, site.spool / "append" / made.name, made.separator)
        compression = made.to_core()["compression"] if made.protobuf else None
        exporter = made.end.id if made.end is not None else LEDGER
        targets[made.name] = Target(account, appender, compression, exporter)
    return Stores(ledger, targets)


def needed_containers(plan: Plan, stores: Stores) -> Iterator[tuple[Account, str]]:
    """List the containers that a plan writes to, in the order of their stores."""
    for region in plan.core["origins"] or (None,):
        yield stores.ledger, container_of(LEDGER, region)
        for made in plan.classes:
            if made.container is not None:
                yield stores.of(made.name).account, container_of(made.container, region)
