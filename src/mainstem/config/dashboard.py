"""Where the dashboard is reached and who may see what: the key `dashboard` of the platform file."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlencode

from pydantic import Field, model_validator

from mainstem.config.values import FrozenModel


class Page(StrEnum):
    """The pages, by their part of the address."""

    OVERVIEW = "overview"
    LICENSES = "licenses"
    FEATURES = "features"
    BILLING = "billing"
    TENANT = "tenant"
    PRIVACY = "privacy"
    OPERATIONS = "operations"


class Role(FrozenModel):
    """What some people may see; who fits several roles sees what any of them shows."""

    users: Annotated[tuple[str, ...], Field(description="People, as the proxy names them.")] = ()
    groups: Annotated[tuple[str, ...], Field(description="Their groups.")] = ()
    regions: Annotated[
        tuple[str, ...], Field(description="The regions whose rows they see; all if none.")
    ] = ()
    pages: Annotated[tuple[Page, ...], Field(description="The pages they see; all if none.")] = ()

    @model_validator(mode="after")
    def _is_somebodys(self) -> Self:
        if not (self.users or self.groups):
            raise ValueError("is nobody's: name users or groups")
        return self


class Access(FrozenModel):
    """How a proxy says who a person is, and what each may see; who fits no role sees nothing."""

    user: Annotated[
        str, Field(description="The header in which the proxy in front says who it is.")
    ] = "X-Forwarded-Email"
    groups: Annotated[
        str, Field(description="The header with their groups, separated by commas.")
    ] = "X-Forwarded-Groups"
    roles: Annotated[tuple[Role, ...], Field(description="Who may see what.")]


class Dashboard(FrozenModel):
    """The whole key."""

    address: Annotated[
        str | None,
        Field(pattern=r"^https?://", description="Where people reach it; alerts link to it."),
    ] = None
    access: Access | None = None

    def link(self, page: str) -> str | None:
        """Give the address of a page by its `place`; None where no address is known."""
        return None if self.address is None else f"{self.address.rstrip('/')}/{page}"


def place(page: Page, **filters: str | None) -> str:
    """Name a page under filters, relative to the dashboard's address."""
    chosen = {name: value for name, value in filters.items() if value}
    path = "" if page is Page.OVERVIEW else page.value
    return f"{path}?{urlencode(chosen)}" if chosen else path
