"""`mainstem.yaml`: the regions, their stores and routes, the warehouse (docs/configuration.md).

Paths are relative to the file and come out absolute; a store's address stays as written, because
the store room reads it with the file's folder as base.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    Field,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from mainstem.config.alerts import Alerts
from mainstem.config.central import Central
from mainstem.config.dashboard import Dashboard
from mainstem.config.decay import Decay
from mainstem.config.document import read_document
from mainstem.config.platform_rules import rules
from mainstem.config.redaction import RedactionOverlay
from mainstem.config.residency import Aggregates, Residency
from mainstem.config.routes import Replicator, Route, RouteOf, SignalRoute
from mainstem.config.sources import Sources
from mainstem.config.validate import validate
from mainstem.config.values import (
    Durability,
    FrozenModel,
    KeyPlace,
    LocalPath,
    RepeatedSpans,
    StoreAddress,
)
from mainstem.config.warehouse import WarehouseAddress, WarehouseOf
from mainstem.errors import ConfigError, UsageError
from mainstem.records import Signal

__all__ = ["Central", "Durability", "Hold", "Platform", "Region", "Residency", "Retention"]


class Retention(FrozenModel):
    """How long blobs are kept, regionally and centrally; a maximum, not a wish."""

    days: Annotated[int, Field(ge=1, le=3650, description="Days that blobs are kept.")] = 14
    grace_days: Annotated[
        int, Field(ge=0, le=365, description="Days more for what is not loaded yet.")
    ] = 7
    reads_days: Annotated[
        int, Field(ge=1, le=3650, description="Days of the notes of who read in the region.")
    ] = 400
    signals: Annotated[
        dict[Signal, Annotated[int, Field(ge=1, le=3650)]],
        Field(default_factory=dict, description="Days of a signal's blobs, where they are others."),
    ]

    def days_of(self, signal: Signal) -> int:
        """Give the days that a signal's blobs are kept."""
        return self.signals.get(signal, self.days)

    @property
    def longest_days(self) -> int:
        """The days after which none of the region's blobs is kept, loaded or not."""
        return max(map(self.days_of, Signal)) + self.grace_days


class Region(FrozenModel):
    """One region: its collector, store, routes and rules."""

    location: Annotated[str, Field(description="The cloud's name for the place.")] = ""
    residency: Annotated[
        Residency,
        Field(
            description="`isolated`: this file knows the region's name alone; `aggregates`: and "
            "where its weekly counts are."
        ),
    ] = Residency.CENTRAL
    aggregates: Annotated[
        Aggregates, Field(description="Of a region of that residency: its weekly counts.")
    ] = Aggregates()
    central: Annotated[
        str | None,
        Field(description="Which of several central stores its ledger and signals go to."),
    ] = None
    ledger_by: Annotated[
        Replicator, Field(description="Who copies its ledger: `mainstem`, or `azure` by itself.")
    ] = Replicator.MAINSTEM
    store: Annotated[
        StoreAddress | None,
        Field(description="Where the region's collector puts its blobs.", repr=False),
    ] = None
    collector: Annotated[
        LocalPath | None, Field(description="The OpenTelemetry Collector's configuration.")
    ] = None
    routes: Annotated[
        dict[Signal, RouteOf],
        Field(
            default_factory=dict,
            description="How each signal travels to the centre, and which of its records.",
        ),
    ]
    retention: Retention = Retention.model_validate({})
    decay: Annotated[
        Decay | None,
        Field(description="What the warehouse keeps of it, how long; everything where none."),
    ] = None
    spool: Annotated[
        LocalPath | None, Field(description="The collector's folder; `spool/<region>` if none.")
    ] = None
    durability: Annotated[Durability, Field(description="When the collector answers OK.")] = (
        Durability.DISK
    )
    pseudonym_key: Annotated[
        KeyPlace | None,
        Field(
            description="The region's key file, or `keyvault:vault/secret` where no disk lasts; "
            "`keys/<region>.key` if none."
        ),
    ] = None
    signing_key: Annotated[
        KeyPlace | None,
        Field(
            description="The file of the key that signs its chains, or `keyvault:vault/secret`; "
            "`keys/<region>.signing` if none."
        ),
    ] = None
    public_keys: Annotated[
        LocalPath | None,
        Field(description="The list of its public keys; `keys/<region>.public.json` if none."),
    ] = None
    redaction: Annotated[
        RedactionOverlay, Field(description="What this region redacts beside all others.")
    ] = RedactionOverlay()
    unredacted: Annotated[
        Literal["refuse", "allow"],
        Field(description="`allow` lets a pipeline start whose policy redacts nothing."),
    ] = "refuse"
    security: Annotated[
        Literal["warn", "strict"],
        Field(description="`strict` refuses a public listener without a guard."),
    ] = "warn"
    repeated_spans: Annotated[
        RepeatedSpans,
        Field(
            description="What becomes of a span that another exporter's blob holds and that is "
            "there already under its trace's and its own id: `keep` it, or `drop` it as a repeat."
        ),
    ] = RepeatedSpans.KEEP
    _name: str = PrivateAttr("")

    @property
    def name(self) -> str:
        """The region's key in the file: `euc`."""
        return self._name

    def route(self, signal: Signal) -> Route:
        """Tell how a signal travels."""
        return self.routes[signal].route

    def is_by_azure(self, signal: Signal) -> bool:
        """Tell whether a signal is copied by Azure's own object replication."""
        route = self.routes[signal]
        return route.route is Route.REPLICATE and route.by is Replicator.AZURE

    def _complete(self, name: str, directory: Path, base: RedactionOverlay) -> Region:
        routes = dict.fromkeys(Signal, SignalRoute())
        if self.residency is Residency.CENTRAL:
            routes[Signal.LOGS] = SignalRoute(route=Route.REPLICATE)
        region = self.model_copy(
            update={
                "routes": routes | self.routes,
                "redaction": self.redaction.on(base),
                "spool": self.spool or directory / "spool" / name,
                "pseudonym_key": self.pseudonym_key or str(directory / "keys" / f"{name}.key"),
                "signing_key": self.signing_key or str(directory / "keys" / f"{name}.signing"),
                "public_keys": self.public_keys or directory / "keys" / f"{name}.public.json",
            }
        )
        region._name = name
        return region


class Witness(FrozenModel):
    """Where another administrator holds the heads of the chains."""

    store: Annotated[
        StoreAddress,
        Field(
            description="A store with credentials of its own; the container is `heads`.", repr=False
        ),
    ]


class Run(FrozenModel):
    """What a scheduled pass does beside replicating, loading and building."""

    retain: Annotated[
        bool, Field(description="Whether it ends with removing what is as old as it may be.")
    ] = False
    decay: Annotated[
        bool, Field(description="Whether detail that is old enough decays behind its build.")
    ] = False


class Hold(FrozenModel):
    """What no retention removes while this stands here; a blob has to fit all that is given."""

    name: Annotated[str, Field(min_length=1, description="What it is called: a case's number.")]
    regions: Annotated[tuple[str, ...], Field(description="The regions; all if none.")] = ()
    tenants: Annotated[
        tuple[str, ...], Field(description="Blobs that may hold a record of one of these.")
    ] = ()
    blobs: Annotated[tuple[str, ...], Field(description="Blobs of these names.")] = ()
    since: Annotated[
        AwareDatetime | None, Field(description="Blobs with a record from this time on.")
    ] = None
    until: Annotated[
        AwareDatetime | None, Field(description="Blobs with a record from before this time.")
    ] = None


class Platform(FrozenModel):
    """The whole file."""

    environment: Annotated[
        Literal["play", "test", "prod"], Field(description="Which of the three platforms this is.")
    ]
    home: Annotated[
        str | None,
        Field(description="In an isolated region's own file: that region, loaded in place."),
    ] = None
    redaction: Annotated[
        RedactionOverlay, Field(description="What every region redacts: the base of theirs.")
    ] = RedactionOverlay()
    regions: Annotated[dict[str, Region], Field(min_length=1, description="The regions by name.")]
    central: Central | None = None
    witness: Annotated[
        Witness | None,
        Field(description="Where collectors write their chains' heads, hourly."),
    ] = None
    warehouse: Annotated[WarehouseOf, Field(description="Where records are loaded to.")] = (
        WarehouseAddress(address="duckdb:./warehouse.duckdb")
    )
    published: Annotated[
        LocalPath,
        Field(description="Where a build publishes what answers read.", validate_default=True),
    ] = Path("published")
    models: Annotated[
        LocalPath | None, Field(description="The dbt project of a build; mainstem's own if none.")
    ] = None
    sources: Sources = Sources()
    run: Run = Run()
    alerts: Annotated[Alerts, Field(description="What is worth an alert, and for whom.")] = (
        Alerts.model_validate({})
    )
    dashboard: Annotated[Dashboard, Field(description="Where it is reached, and by whom.")] = (
        Dashboard()
    )
    holds: Annotated[
        tuple[Hold, ...], Field(description="Legal holds: what stays whatever its age.")
    ] = ()
    _directory: Path = PrivateAttr(Path())

    @model_validator(mode="after")
    def _complete(self, info: ValidationInfo) -> Self:
        directory: Path = (info.context or {}).get("directory", Path())
        self._directory = directory
        for name, region in self.regions.items():
            self.regions[name] = region._complete(name, directory, self.redaction)
        return self

    @property
    def directory(self) -> Path:
        """The file's folder, absolute."""
        return self._directory

    @property
    def warehouse_path(self) -> Path:
        """The DuckDB file, absolute; UsageError where the warehouse is another."""
        return self.warehouse.file(self._directory)

    def region(self, name: str) -> Region:
        """Find a region by name; UsageError names those that there are."""
        try:
            return self.regions[name]
        except KeyError:
            known = ", ".join(sorted(self.regions))
            raise UsageError(f"there is no region {name}", hint=f"regions: {known}") from None

    def centre_of(self, region: str, signal: Signal | None = None) -> str | None:
        """Tell the central store that a region's signal goes to, or its ledger without one.

        None where nothing of the region has a central copy.
        """
        found = self.region(region)
        if found.residency.is_closed or self.central is None or self.home == region:
            return None
        named = found.routes[signal].to if signal is not None else None
        return self.central.address(named or found.central)

    def loaded_from(self, region: str, signal: Signal) -> tuple[str, str] | None:
        """Tell the one place (store address, container) that a signal is loaded from, if any."""
        found = self.region(region)
        if self.home == region and found.store is not None:
            return found.store, signal.value
        store = self.centre_of(region, signal)
        if store is None or found.route(signal) is Route.NONE:
            return None
        return store, f"{region}-{signal.value}"

    def ledger_from(self, region: str) -> tuple[str, str] | None:
        """Tell the place that a region's ledger is read from; None for an isolated one."""
        found = self.region(region)
        if self.home == region and found.store is not None:
            return found.store, "ledger"
        store = self.centre_of(region)
        return None if store is None else (store, f"{region}-ledger")


def load_platform(path: Path) -> Platform:
    """Read a platform file; ConfigError lists all that is wrong, with line, column and key."""
    document = read_document(path, os.environ)
    directory = path.resolve().parent
    platform, problems = validate(Platform, document, context={"directory": directory})
    mismatched = {problem.key for problem in problems}
    problems += [problem for problem in rules(document) if problem.key not in mismatched]
    if platform is None or problems:
        raise ConfigError(sorted(problems, key=lambda problem: (problem.line, problem.column)))
    return platform
