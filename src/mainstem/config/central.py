"""The centre: the stores where the regions' copies come together, and its collector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from mainstem.config.values import Durability, FrozenModel, KeyPlace, LocalPath, StoreAddress

StoreName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,19}$")]


class Central(FrozenModel):
    """Where the regions' copies come together: in one `store`, or in several `stores` by name."""

    store: Annotated[
        StoreAddress | None, Field(description="The central store, if it is one.", repr=False)
    ] = None
    stores: Annotated[
        dict[StoreName, StoreAddress],
        Field(
            default_factory=dict,
            description="The central stores by name, if they are several.",
            repr=False,
        ),
    ]
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

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of all its stores, each once."""
        all_of_them = [*([self.store] if self.store else []), *self.stores.values()]
        return tuple(dict.fromkeys(all_of_them))

    def address(self, name: str | None) -> str:
        """Give the address of the store of a name; KeyError where load_platform checked nothing."""
        return self.store if self.store and name is None else self.stores[name or ""]
