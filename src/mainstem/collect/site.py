"""Where a collector stands: its region, spool, key and store."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem.config.collector import CollectorConfig, default_collector, read_collector
from mainstem.config.platform import (
    Durability,
    Platform,
    load_platform,
)
from mainstem.config.redaction import RedactionOverlay
from mainstem.config.routes import SignalRoute
from mainstem.errors import UsageError
from mainstem.store.keyvault import VaultEnvironment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainstem.records import Signal


@dataclass(frozen=True)
class Site:
    """What a collector takes from its surroundings and not from the Collector's configuration.

    `store` is the region's store, if a platform file names one; relative addresses are read from
    `base`. `origins` are the regions that forward to the centre, where this is its collector: each
    has a spool in a folder of its name.
    """

    region: str
    environment: str
    spool: Path
    key: Path
    durability: Durability
    base: Path
    signing_key: str
    public_keys: Path
    store: str | None = field(default=None, repr=False)
    overlay: RedactionOverlay = field(default_factory=RedactionOverlay)
    routes: Mapping[Signal, SignalRoute] = field(default_factory=dict)
    may_be_unredacted: bool = False
    isolated: bool = False
    origins: tuple[str, ...] = ()
    strict: bool = False
    witness: str | None = field(default=None, repr=False)

    def route(self, signal: Signal) -> SignalRoute:
        """Tell how a signal's records travel; without a platform file none is decided on."""
        return self.routes.get(signal, SignalRoute())


def local_site() -> Site:
    """Stand without a platform file: region `default`, and a spool under the user's state folder.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    folder = Path(state) / "mainstem" / "default"
    return Site(
        region="default",
        environment="play",
        spool=folder / "spool",
        key=folder / "region.key",
        signing_key=str(folder / "region.signing"),
        public_keys=folder / "region.public.json",
        durability=Durability.DISK,
        base=Path.cwd(),
    )


def site_of(platform: Platform, name: str) -> Site:
    """Stand in a region of a platform; UsageError where its collector runs by another file."""
    region = platform.region(name)
    if region.residency.is_closed and platform.home != name:
        raise UsageError(
            f"{name} is isolated and this platform file knows nothing but its name",
            hint="Run its collector with the region's own platform file, the one with `home`.",
        )
    if (
        region.spool is None
        or region.pseudonym_key is None
        or region.signing_key is None
        or region.public_keys is None
    ):
        raise TypeError("a region that load_platform gives has a spool and keys")
    return Site(
        region=name,
        environment=platform.environment,
        spool=region.spool,
        key=Path(region.pseudonym_key),
        signing_key=region.signing_key,
        public_keys=region.public_keys,
        durability=region.durability,
        base=platform.directory,
        store=region.store,
        overlay=region.redaction,
        may_be_unredacted=region.unredacted == "allow",
        isolated=region.residency.is_closed,
        routes=region.routes,
        strict=region.security == "strict",
        witness=witness_of(platform),
    )


CENTRE = "central"


def central_site(platform: Platform) -> Site:
    """Stand at the centre; UsageError where the platform file has no collector there."""
    central = platform.central
    if central is None or central.collector is None or not central.origins:
        raise UsageError(
            "the platform file has no collector at the centre",
            hint="Name its configuration in central.collector, and in central.origins the regions "
            "that forward to it.",
        )
    return Site(
        region=CENTRE,
        environment=platform.environment,
        spool=central.spool,
        key=central.key,
        signing_key=central.signing_key,
        public_keys=central.public_keys,
        durability=central.durability,
        base=platform.directory,
        store=platform.centre_of(central.origins[0]),
        origins=central.origins,
        witness=witness_of(platform),
    )


def witness_of(platform: Platform) -> str | None:
    """Give the address of the store that another administrator holds, if there is one."""
    return platform.witness.store if platform.witness is not None else None


def chosen_site(platform: Path | None, region: str | None) -> tuple[Platform | None, Site]:
    """Stand where a command was told to, or without a platform file."""
    if platform is None or region is None:
        if platform is not None or region is not None:
            raise UsageError("--platform and --region go together")
        return None, local_site()
    loaded = load_platform(platform)
    return loaded, site_of(loaded, region)


def central_collector(
    config: Path | None, platform: Path | None, region: str | None
) -> tuple[CollectorConfig, Site]:
    """Stand at the centre with the configuration given, else the platform file's."""
    if platform is None or region is not None:
        raise UsageError("--central goes with --platform, and with no region")
    loaded = load_platform(platform)
    site = central_site(loaded)
    named = config or (loaded.central.collector if loaded.central else None)
    if named is None:
        raise TypeError("a central site has a collector")
    return read_collector(named, VaultEnvironment()), site


def collector_of(
    config: Path | None, platform: Platform | None, region: str | None
) -> CollectorConfig:
    """Read the configuration given, else the region's, else the one that is built in."""
    if config is not None:
        return read_collector(config, VaultEnvironment())
    if platform is None or region is None:
        raise UsageError("collect needs --config FILE, or --platform and --region")
    named = platform.region(region).collector
    return (
        default_collector(platform.directory)
        if named is None
        else read_collector(named, VaultEnvironment())
    )
