"""The parts of Terraform's files that follow from the regions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mainstem.init.answers import Answers, RegionAnswer

ENVIRONMENTS = ("play", "test", "prod")
FIRST_NETWORK = {"play": 40, "test": 44, "prod": 48}
"""Private networks 10.<n>.0.0/16, one an environment; a region has a /20 of it."""
REGIONS_A_NETWORK = 16


def module_source(answers: Answers, name: str) -> str:
    """Give the source of a module, which stands before the query of a repository's address."""
    place, question, query = answers.modules.partition("?")
    return f"{place.rstrip('/')}/{name}{question}{query}"


def central_regions(answers: Answers) -> dict[str, RegionAnswer]:
    """Give the regions that are loaded at home, the home region first."""
    named = {n: region for n, region in answers.regions.items() if region.residency == "central"}
    return {answers.home: named[answers.home], **named}


def closed_regions(answers: Answers) -> dict[str, RegionAnswer]:
    """Give the regions that have a platform of their own."""
    return {n: region for n, region in answers.regions.items() if region.residency != "central"}


def locations(regions: dict[str, RegionAnswer]) -> str:
    """Write a map of places by region."""
    return _aligned((name, json.dumps(region.location)) for name, region in regions.items())


def networks(regions: Iterable[str], environment: str) -> str:
    """Write a map of address spaces by region."""
    first = FIRST_NETWORK[environment]
    return _aligned(
        (name, f'"10.{first + place // REGIONS_A_NETWORK}.{place % REGIONS_A_NETWORK * 16}.0/20"')
        for place, name in enumerate(regions)
    )


def closed(regions: dict[str, RegionAnswer]) -> str:
    """Write what the centre knows of regions that are closed to it."""
    return _aligned(
        (name, f'{{ location = {json.dumps(region.location)}, residency = "isolated" }}')
        for name, region in regions.items()
    )


def sources(regions: Iterable[str]) -> str:
    """Write the addresses that may send, which nobody has (RFC 5737), for a team to replace."""
    return _aligned((name, f'["192.0.2.{place}/32"]') for place, name in enumerate(regions, 1))


def shards(regions: Iterable[str]) -> str:
    """Write which central account each region replicates to: two regions each, as Azure allows."""
    return _aligned((name, str(place // 2 + 1)) for place, name in enumerate(regions))


def _aligned(pairs: Iterable[tuple[str, str]]) -> str:
    """Write lines of a map as `terraform fmt` aligns them."""
    lines = list(pairs)
    width = max((len(name) for name, _ in lines), default=0)
    return "\n".join(f"    {name:<{width}} = {value}" for name, value in lines)
