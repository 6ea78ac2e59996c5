"""Who looks, and what they may see: by the headers of a proxy in front, and the roles of the file.

Nothing here proves who somebody is. The proxy does, so it has to be the only way to the dashboard
and has to take these headers away from what comes from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstem.config.dashboard import Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainstem.config.dashboard import Access


@dataclass(frozen=True)
class Viewer:
    """A person who looks: the regions whose rows they see (None: all), and the pages."""

    name: str | None
    regions: frozenset[str] | None
    pages: tuple[Page, ...]


EVERYBODY = Viewer(None, None, tuple(Page))
"""Who looks where no access is configured: whoever can reach the address."""


def viewer_of(access: Access | None, headers: Mapping[str, str]) -> Viewer | None:
    """Tell what the person of a request may see; None: nothing.

    Header names are compared without their case. Of several roles a person has what any gives.
    """
    if access is None:
        return EVERYBODY
    given = {name.lower(): value for name, value in headers.items()}
    name = given.get(access.user.lower(), "").strip()
    groups = {each.strip() for each in given.get(access.groups.lower(), "").split(",")} - {""}
    if not name:
        return None
    roles = [
        role for role in access.roles if name in role.users or not groups.isdisjoint(role.groups)
    ]
    if not roles:
        return None
    of_all = any(not role.regions for role in roles)
    regions = None if of_all else frozenset(each for role in roles for each in role.regions)
    pages = {page for role in roles for page in role.pages or tuple(Page)}
    return Viewer(name, regions, tuple(page for page in Page if page in pages))
