"""What several models of the platform file are made of: addresses, paths, and their base."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
)
from pydantic_core import CoreSchema, core_schema

STORE_SCHEMES = ("file:", "az://", "s3://", "gs://", "memory://")
# What an Azure connection string begins with, in any order of its parts.
CONNECTION_STRING = re.compile(
    r"(DefaultEndpointsProtocol|UseDevelopmentStorage|AccountName|BlobEndpoint)="
)


VAULT_REFERENCE = re.compile(r"keyvault:[A-Za-z0-9-]{3,24}/[A-Za-z0-9-]{1,127}")


def is_azure(address: str) -> bool:
    """Tell whether a store's address is that of an Azure account."""
    return address.startswith("az://") or CONNECTION_STRING.match(address) is not None


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


def _key_place(place: str, info: ValidationInfo) -> str:
    if place.startswith("keyvault:"):
        if VAULT_REFERENCE.fullmatch(place):
            return place
        raise ValueError("is not named as keyvault:vault/secret")
    return str(_resolve(Path(place), info))


LocalPath = Annotated[Path, AfterValidator(_resolve)]
KeyPlace = Annotated[str, Field(min_length=1), AfterValidator(_key_place)]
StoreAddress = Annotated[str, Field(min_length=1), AfterValidator(_store_address)]


class FrozenModel(BaseModel):
    """A part of the file: unknown keys are errors, and values are never quoted back."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ShortForm:
    """Lets a text stand in the file for a mapping with that text under one key.

    `text` is the JSON Schema of what may be written so.
    """

    def __init__(self, key: str, text: dict[str, Any]) -> None:
        self._key = key
        self._text = text

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._whole, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [self._text, handler(schema)]}

    def _whole(self, value: Any) -> Any:
        return {self._key: value} if isinstance(value, str) else value


class Durability(StrEnum):
    """When a collector answers OK: after the disk's sync, after the upload, or at once."""

    DISK = "disk"
    STORE = "store"
    MEMORY = "memory"


class RepeatedSpans(StrEnum):
    """What becomes of a foreign span that is there already."""

    KEEP = "keep"
    DROP = "drop"
