"""What one key of the platform file says about another, with file, line and key of each breach.

Checked are the raw values, so that all that is wrong is told at once with the models' own problems.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mainstem.config.alert_rules import access_rules, alert_rules
from mainstem.config.residency import Residency
from mainstem.config.routes import Replicator, Route, SignalRoute
from mainstem.config.validate import as_list, as_mapping, nearest
from mainstem.config.values import is_azure
from mainstem.records import Signal
from mainstem.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.config.document import Document, KeyPath
    from mainstem.errors import Problem

REGION_NAME = re.compile(r"[a-z][a-z0-9]{0,19}")
CLOSED = tuple(residency.value for residency in Residency if residency.is_closed)


def rules(document: Document) -> list[Problem]:
    """Check what one key says about another; on the raw values, so that it adds to the rest."""
    top = as_mapping(document.value)
    regions = {name: as_mapping(region) for name, region in as_mapping(top.get("regions")).items()}
    home = top.get("home")
    problems = [
        problem
        for name, region in regions.items()
        for problem in _region_rules(document, name, region, at_home=name == home)
    ]
    problems += _source_rules(document, as_mapping(top.get("sources")))
    problems += _hold_rules(document, top.get("holds"), regions)
    problems += alert_rules(document, as_mapping(top.get("alerts")))
    problems += access_rules(document, as_mapping(top.get("dashboard")), regions)
    problems += _central_rules(document, top, regions)
    problems += _origin_rules(document, as_mapping(top.get("central")), regions)
    if home is not None:
        problems += _home_rules(document, home, regions)
    return problems


def _source_rules(document: Document, sources: dict[str, Any]) -> Iterator[Problem]:
    """Check that what a source maps or presets are columns of its table."""
    for name, table in load_vocabulary().business.items():
        known = [column.name for column in table.columns]
        for key in ("columns", "defaults"):
            for column in as_mapping(as_mapping(sources.get(name)).get(key)):
                if column not in known:
                    reason = f"is not a column of {name}"
                    at = ("sources", name, key, column)
                    yield document.problem(at, reason, nearest(str(column), known))


def _is_closed(region: dict[str, Any]) -> bool:
    return region.get("residency") in CLOSED


def _home_rules(
    document: Document, home: object, regions: dict[str, dict[str, Any]]
) -> Iterator[Problem]:
    if home not in regions:
        yield document.problem(("home",), "is not one of the regions in this file")
    elif isinstance(home, str) and not _is_closed(regions[home]):
        reason = "is for an isolated region's own file: set its residency to isolated"
        yield document.problem(("home",), reason)
    for name in regions:
        if name != home:
            yield document.problem(("regions", name), "a file with `home` knows that region alone")


def _central_rules(
    document: Document, top: dict[str, Any], regions: dict[str, dict[str, Any]]
) -> Iterator[Problem]:
    """Check that there are central stores, and that each region and route names one of them."""
    outward = [name for name, region in regions.items() if not _is_closed(region)]
    if "central" not in top:
        if outward and top.get("home") is None:
            reason = f"is missing: the copies of {', '.join(outward)} come together there"
            yield document.problem(("central",), reason)
        return
    central = as_mapping(top["central"])
    stores = as_mapping(central.get("stores"))
    if ("store" in central) == bool(stores):
        reason = "needs `store`, the one, or `stores`, several by name"
        yield document.problem(("central",), reason if not stores else f"{reason}, and not both")
        return
    for name in outward:
        region = regions[name]
        at: KeyPath = ("regions", name)
        if "central" in region:
            yield from _named_store(document, (*at, "central"), region["central"], stores)
        elif stores:
            reason = f"is missing: which of {', '.join(stores)} its ledger and signals go to"
            yield document.problem((*at, "central"), reason)
        for signal, route in as_mapping(region.get("routes")).items():
            named = as_mapping(route).get("to")
            if named is not None:
                key = (*at, "routes", signal, "to")
                yield from _named_store(document, key, named, stores)
        yield from _azure_rules(document, name, region, central, stores)


def _named_store(
    document: Document, key: KeyPath, named: object, stores: dict[str, Any]
) -> Iterator[Problem]:
    if not stores:
        yield document.problem(key, "has nothing to choose: the centre has one store")
    elif named not in stores:
        hint = nearest(str(named), stores)
        yield document.problem(key, "is not one of central.stores", hint)


def _azure_rules(
    document: Document,
    name: str,
    region: dict[str, Any],
    central: dict[str, Any],
    stores: dict[str, Any],
) -> Iterator[Problem]:
    """Check that both ends of what Azure is to copy are Azure's."""
    at: KeyPath = ("regions", name)
    routes = as_mapping(region.get("routes")).items()
    asked = [
        ((*at, "routes", signal, "by"), as_mapping(route).get("to"))
        for signal, route in routes
        if as_mapping(route).get("by") == Replicator.AZURE
    ]
    if region.get("ledger_by") == Replicator.AZURE:
        asked.append(((*at, "ledger_by"), None))
    for key, to in asked:
        ends = (
            region.get("store"),
            stores.get(str(to or region.get("central")), central.get("store")),
        )
        if any(isinstance(end, str) and not is_azure(end) for end in ends):
            reason = "`azure` copies between two accounts of Azure's, and one of these is none"
            yield document.problem(key, reason, "use mainstem")


def _origin_rules(
    document: Document, central: dict[str, Any], regions: dict[str, dict[str, Any]]
) -> Iterator[Problem]:
    """Check that who forwards is expected at the centre, and that the centre has a collector."""
    origins = as_list(central.get("origins"))
    places = {regions[name].get("central") for name in origins if name in regions}
    for index, name in enumerate(origins):
        key: KeyPath = ("central", "origins", index)
        if name not in regions:
            reason = f"is not one of the regions in this file: {', '.join(sorted(regions))}"
            yield document.problem(key, reason)
        elif _is_closed(regions[name]):
            yield document.problem(key, "is isolated: nothing leaves it")
    if len(places) > 1:
        reason = "go to several central stores, and the central collector writes to one"
        yield document.problem(("central", "origins"), reason)
    if origins and "collector" not in central:
        yield document.problem(("central", "collector"), "is missing: origins forward to it")
    for name, region in regions.items():
        for signal, route in as_mapping(region.get("routes")).items():
            way = route.get("route") if isinstance(route, dict) else route
            if way == Route.FORWARD and name not in origins:
                at: KeyPath = ("regions", name, "routes", signal)
                reason = "forwards, and the centre does not expect it"
                yield document.problem(at, reason, f"name {name} in central.origins")


def _hold_rules(document: Document, holds: Any, regions: dict[str, Any]) -> list[Problem]:
    problems = []
    for index, hold in enumerate(as_list(holds)):
        for place, region in enumerate(as_list(as_mapping(hold).get("regions"))):
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
    if residency != "aggregates" and "aggregates" in region:
        wrong(("aggregates",), "is for a region whose residency is `aggregates`")
    if _is_closed(region) and not at_home:
        for key, reason, hint in _closed_rules(region):
            wrong(key, reason, hint)
    elif "store" not in region:
        wrong(("store",), "is missing")
    for signal, route in as_mapping(region.get("routes")).items():
        for place, reason in _route_rules(signal, route):
            wrong(("routes", signal, *place), reason)
    return problems


def _closed_rules(region: dict[str, Any]) -> Iterator[tuple[KeyPath, str, str | None]]:
    """Say what the central file must not know of a region that its own file speaks for."""
    counted = region.get("residency") == "aggregates"
    known = ("location", "residency", *(["aggregates"] if counted else []))
    own = "its store, keys and collector stand in its own platform file, under `home`"
    for key in region:
        if key not in known:
            yield (key,), "an isolated region has nothing but its name and location here", own
    if counted:
        published = as_mapping(region.get("aggregates"))
        if "store" not in published:
            yield ("aggregates", "store"), "is missing: where its weekly counts are read", None
        for key in published:
            if key != "store":
                yield ("aggregates", key), "is set in the region's own file, under `home`", None


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
    if route.route is not Route.REPLICATE:
        for key in ("to", "since", "by"):
            if key in route.model_fields_set:
                yield (key,), "is for the route `replicate` alone"
