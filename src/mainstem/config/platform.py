"""`mainstem.yaml`: the regions, their stores and routes, the warehouse (docs/configuration.md).

Paths are relative to the file and come out absolute; a store's address stays as written, because
the store room reads it with the file's folder as base.
"""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from mainstem.config.document import read_document
from mainstem.config.redaction import RedactionOverlay
from mainstem.config.routes import Route, RouteOf, SignalRoute
from mainstem.config.validate import validate
from mainstem.errors import ConfigError, UsageError
from mainstem.records import Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.config.document import Document, KeyPath
    from mainstem.errors import Problem

REGION_NAME = re.compile(r"[a-z][a-z0-9]{0,19}")
STORE_SCHEMES = ("file:", "az://", "s3://", "gs://", "memory://")
# What an Azure connection string begins with, in any order of its parts.
CONNECTION_STRING = re.compile(r"(DefaultEndpointsProtocol|UseDevelopmentStorage|AccountName)=")


class Residency(StrEnum):
    """How much of a region's data the law lets out."""

    CENTRAL = "central"
    ISOLATED = "isolated"
    AGGREGATES = "aggregates"


class Durability(StrEnum):
    """When a collector answers OK: after the disk's sync, after the upload, or at once."""

    DISK = "disk"
    STORE = "store"
    MEMORY = "memory"


def _resolve(path: Path, info: ValidationInfo) -> Path:
    directory: Path = (info.context or {}).get("directory", Path())
    return directory / path.expanduser()


def _store_address(address: str) -> str:
    if address.startswith(STORE_SCHEMES) or CONNECTION_STRING.match(address):
        return address
    raise ValueError(
        "is not a store's address: file:./folder, az://account, s3://bucket, gs://bucket, "
        "memory:// or an Azure connection string"
    )


VAULT_REFERENCE = re.compile(r"keyvault:[A-Za-z0-9-]{3,24}/[A-Za-z0-9-]{1,127}")


def _key_place(place: str, info: ValidationInfo) -> str:
    if place.startswith("keyvault:"):
        if VAULT_REFERENCE.fullmatch(place):
            return place
        raise ValueError("is not named as keyvault:vault/secret")
    return str(_resolve(Path(place), info))


def _warehouse_address(address: str) -> str:
    if address.startswith("duckdb:"):
        return address
    raise ValueError("is not a warehouse's address: duckdb:./file.duckdb")


LocalPath = Annotated[Path, AfterValidator(_resolve)]
KeyPlace = Annotated[str, Field(min_length=1), AfterValidator(_key_place)]
StoreAddress = Annotated[str, Field(min_length=1), AfterValidator(_store_address)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Retention(_Model):
    """How long blobs are kept, regionally and centrally; a maximum, not a wish."""

    days: Annotated[int, Field(ge=1, le=3650, description="Days that blobs are kept.")] = 14
    grace_days: Annotated[
        int, Field(ge=0, le=365, description="Days more for what is not loaded yet.")
    ] = 7
    signals: Annotated[
        dict[Signal, Annotated[int, Field(ge=1, le=3650)]],
        Field(description="Days of a signal's blobs, where they are others."),
    ] = {}

    def days_of(self, signal: Signal) -> int:
        """Give the days that a signal's blobs are kept."""
        return self.signals.get(signal, self.days)

    @property
    def longest_days(self) -> int:
        """The days after which none of the region's blobs is kept, loaded or not."""
        return max(map(self.days_of, Signal)) + self.grace_days


class Region(_Model):
    """One region: its collector, store, routes and rules."""

    location: Annotated[str, Field(description="The cloud's name for the place.")] = ""
    residency: Annotated[
        Residency, Field(description="`isolated`: this file knows the region's name alone.")
    ] = Residency.CENTRAL
    store: Annotated[
        StoreAddress | None,
        Field(description="Where the region's collector puts its blobs.", repr=False),
    ] = None
    collector: Annotated[
        LocalPath | None, Field(description="The OpenTelemetry Collector's configuration.")
    ] = None
    routes: Annotated[
        dict[Signal, RouteOf],
        Field(description="How each signal travels to the centre, and which of its records."),
    ] = {}
    retention: Retention = Retention()
    spool: Annotated[
        LocalPath | None, Field(description="The collector's folder; `spool/<region>` if none.")
    ] = None
    durability: Annotated[Durability, Field(description="When the collector answers OK.")] = (
        Durability.DISK
    )
    pseudonym_key: Annotated[
        LocalPath | None, Field(description="The region's key file; `keys/<region>.key` if none.")
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
    _name: str = PrivateAttr("")

    @property
    def name(self) -> str:
        """The region's key in the file: `euc`."""
        return self._name

    def route(self, signal: Signal) -> Route:
        """Tell how a signal travels."""
        return self.routes[signal].route

    def _complete(self, name: str, directory: Path, base: RedactionOverlay) -> Region:
        routes = dict.fromkeys(Signal, SignalRoute())
        if self.residency is Residency.CENTRAL:
            routes[Signal.LOGS] = SignalRoute(route=Route.REPLICATE)
        region = self.model_copy(
            update={
                "routes": routes | self.routes,
                "redaction": self.redaction.on(base),
                "spool": self.spool or directory / "spool" / name,
                "pseudonym_key": self.pseudonym_key or directory / "keys" / f"{name}.key",
                "signing_key": self.signing_key or str(directory / "keys" / f"{name}.signing"),
                "public_keys": self.public_keys or directory / "keys" / f"{name}.public.json",
            }
        )
        region._name = name
        return region


class Central(_Model):
    """Where the regions' copies come together."""

    store: Annotated[StoreAddress, Field(description="The central store.", repr=False)]
    collector: Annotated[
        LocalPath | None,
        Field(description="The configuration of the collector that regions forward to."),
    ] = None
    origins: Annotated[
        tuple[str, ...], Field(description="The regions whose collectors forward to it.")
    ] = ()
    spool: Annotated[
        LocalPath,
        Field(description="Its folder, with one for each origin.", validate_default=True),
    ] = Path("spool/central")
    key: Annotated[
        LocalPath,
        Field(description="Its key file, made on the first start.", validate_default=True),
    ] = Path("keys/central.key")
    signing_key: Annotated[
        KeyPlace,
        Field(description="The key that signs its chains, as a region's.", validate_default=True),
    ] = "keys/central.signing"
    public_keys: Annotated[
        LocalPath,
        Field(description="The list of its public keys.", validate_default=True),
    ] = Path("keys/central.public.json")
    durability: Annotated[Durability, Field(description="When it answers OK.")] = Durability.DISK


class Witness(_Model):
    """Where another administrator holds the heads of the chains."""

    store: Annotated[
        StoreAddress,
        Field(
            description="A store with credentials of its own; the container is `heads`.", repr=False
        ),
    ]


class Sources(_Model):
    """The business files (CSV or Parquet) that a load takes whole when they changed."""

    accounts: LocalPath | None = None
    tenant_accounts: LocalPath | None = None
    contract_lines: LocalPath | None = None
    invoice_lines: LocalPath | None = None


class Hold(_Model):
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


class Platform(_Model):
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
    warehouse: Annotated[
        str,
        AfterValidator(_warehouse_address),
        Field(description="Where records are loaded to: `duckdb:` and a path."),
    ] = "duckdb:./warehouse.duckdb"
    published: Annotated[
        LocalPath,
        Field(description="Where a build publishes what answers read.", validate_default=True),
    ] = Path("published")
    sources: Sources = Sources()
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
        """The DuckDB file, absolute."""
        path = self.warehouse.removeprefix("duckdb:").removeprefix("//")
        return self._directory / path

    def region(self, name: str) -> Region:
        """Find a region by name; UsageError names those that there are."""
        try:
            return self.regions[name]
        except KeyError:
            known = ", ".join(sorted(self.regions))
            raise UsageError(f"there is no region {name}", hint=f"regions: {known}") from None

    def loaded_from(self, region: str, signal: Signal) -> tuple[str, str] | None:
        """Tell the one place (store address, container) that a signal is loaded from, if any."""
        found = self.region(region)
        if self.home == region and found.store is not None:
            return found.store, signal.value
        if found.residency is Residency.ISOLATED or self.central is None:
            return None
        if found.route(signal) is Route.NONE:
            return None
        return self.central.store, f"{region}-{signal.value}"

    def ledger_from(self, region: str) -> tuple[str, str] | None:
        """Tell the place that a region's ledger is read from; None for an isolated one."""
        found = self.region(region)
        if self.home == region and found.store is not None:
            return found.store, "ledger"
        if found.residency is Residency.ISOLATED or self.central is None:
            return None
        return self.central.store, f"{region}-ledger"


def load_platform(path: Path) -> Platform:
    """Read a platform file; ConfigError lists all that is wrong, with line, column and key."""
    document = read_document(path, os.environ)
    directory = path.resolve().parent
    platform, problems = validate(Platform, document, context={"directory": directory})
    mismatched = {problem.key for problem in problems}
    problems += [problem for problem in _rules(document) if problem.key not in mismatched]
    if platform is None or problems:
        raise ConfigError(sorted(problems, key=lambda problem: (problem.line, problem.column)))
    return platform


def _rules(document: Document) -> list[Problem]:
    """Check what one key says about another; on the raw values, so that it adds to the rest."""
    top = document.value if isinstance(document.value, dict) else {}
    regions = top.get("regions")
    regions = regions if isinstance(regions, dict) else {}
    home = top.get("home")
    problems = [
        problem
        for name, region in regions.items()
        for problem in _region_rules(
            document, name, region if isinstance(region, dict) else {}, at_home=name == home
        )
    ]
    problems += _hold_rules(document, top.get("holds"), regions)
    problems += _origin_rules(document, top.get("central"), regions)
    outward = [name for name in regions if (regions[name] or {}).get("residency") != "isolated"]
    if outward and home is None and "central" not in top:
        reason = f"is missing: the copies of {', '.join(outward)} come together there"
        problems.append(document.problem(("central",), reason))
    if home is not None:
        if home not in regions:
            problems.append(document.problem(("home",), "is not one of the regions in this file"))
        elif home in outward:
            reason = "is for an isolated region's own file: set its residency to isolated"
            problems.append(document.problem(("home",), reason))
        problems += [
            document.problem(("regions", name), "a file with `home` knows that region alone")
            for name in regions
            if name != home
        ]
    return problems


def _origin_rules(document: Document, central: Any, regions: dict[str, Any]) -> Iterator[Problem]:
    """Check that who forwards is expected at the centre, and that the centre has a collector."""
    central = central if isinstance(central, dict) else {}
    origins = central.get("origins")
    origins = origins if isinstance(origins, list) else []
    for index, name in enumerate(origins):
        key: KeyPath = ("central", "origins", index)
        if name not in regions:
            reason = f"is not one of the regions in this file: {', '.join(sorted(regions))}"
            yield document.problem(key, reason)
        elif (regions[name] or {}).get("residency") == "isolated":
            yield document.problem(key, "is isolated: nothing leaves it")
    if origins and "collector" not in central:
        yield document.problem(("central", "collector"), "is missing: origins forward to it")
    for name, region in regions.items():
        routes = region.get("routes") if isinstance(region, dict) else None
        for signal, route in (routes if isinstance(routes, dict) else {}).items():
            way = route.get("route") if isinstance(route, dict) else route
            if way == Route.FORWARD and name not in origins:
                at: KeyPath = ("regions", name, "routes", signal)
                reason = "forwards, and the centre does not expect it"
                yield document.problem(at, reason, f"name {name} in central.origins")


def _hold_rules(document: Document, holds: Any, regions: dict[str, Any]) -> list[Problem]:
    problems = []
    for index, hold in enumerate(holds if isinstance(holds, list) else []):
        named = hold.get("regions") if isinstance(hold, dict) else None
        for place, region in enumerate(named if isinstance(named, list) else []):
            if region not in regions:
                key: KeyPath = ("holds", index, "regions", place)
                reason = f"is not one of the regions in this file: {', '.join(sorted(regions))}"
                problems.append(document.problem(key, reason))
    return problems


def _region_rules(
    document: Document, name: str, region: dict[str, Any], *, at_home: bool
) -> list[Problem]:
    at: KeyPath = ("regions", name)
    problems: list[Problem] = []

    def wrong(key: KeyPath, reason: str, hint: str | None = None) -> None:
        problems.append(document.problem((*at, *key), reason, hint))

    if not REGION_NAME.fullmatch(name):
        wrong((), "is not a region's name: a letter, then letters and digits, in lower case")
    residency = region.get("residency", "central")
    if residency == "aggregates":
        wrong(("residency",), "`aggregates` is not built yet: use central or isolated")
    if residency == "isolated" and not at_home:
        for key in region:
            if key not in ("location", "residency"):
                wrong(
                    (key,),
                    "an isolated region has nothing but its name and location here",
                    "its store, keys and collector stand in its own platform file, under `home`",
                )
    elif "store" not in region:
        wrong(("store",), "is missing")
    routes = region.get("routes")
    for signal, route in (routes if isinstance(routes, dict) else {}).items():
        for place, reason in _route_rules(signal, route):
            wrong(("routes", signal, *place), reason)
    return problems


def _route_rules(signal: str, given: object) -> Iterator[tuple[KeyPath, str]]:
    """Say what is wrong with the records that a signal's route names."""
    try:
        of = Signal(signal)
        route = SignalRoute.model_validate(given if isinstance(given, dict) else {"route": given})
    except ValueError:  # A wrong type or word, which the model's own problems tell.
        return
    yield from route.mismatches(of)
    if route.route is Route.NONE:
        for key in ("local", "travels", "regional_keys"):
            if getattr(route, key):
                yield (key,), "has nothing to decide: by its route, nothing of the signal travels"
