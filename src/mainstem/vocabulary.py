"""The words that mainstem knows: events, attributes, business tables (docs/vocabulary.md).

One file, `vocabulary.yaml`, holds them; the redaction policy and the loader read it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Attribute:
    """One attribute key, and the other keys that are read as it.

    `type` is `string`, `int` or `double`; `values` lists what is allowed, where that is closed.
    """

    name: str
    type: str
    description: str
    identifier: bool = False
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The key itself, then its aliases: the first that a record has counts."""
        return (self.name, *self.aliases)


@dataclass(frozen=True)
class Event:
    """One product event: a log record whose EventName is `name`."""

    name: str
    description: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """One column of a business table.

    `type` is `text`, `date`, `timestamp`, `decimal`, `rate`, `int`, `timezone` or `currency`;
    `values` lists what is allowed, where that is closed.
    """

    name: str
    type: str
    nullable: bool = False
    description: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class BusinessTable:
    """One table of the schema `sources`, filled from full extracts.

    `interval` names its first day and the day after its last, where it has them. With `history` a
    row that changed closes the one before it.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    interval: tuple[str, str] | None = None
    history: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """All of it, keyed by name in the file's order."""

    attributes: Mapping[str, Attribute]
    events: Mapping[str, Event]
    business: Mapping[str, BusinessTable]

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The keys, aliases included, that the built-in detectors spare."""
        return tuple(
            key for attribute in self.attributes.values() if attribute.identifier
            for key in attribute.keys
        )  # fmt: skip

    @property
    def promoted_columns(self) -> dict[str, list[str]]:
        """Give the attribute keys that each promoted column of bronze is taken from, in order."""
        return {"service_name": ["service.name"], "tenant_id": self.promoted("tenant.id")}

    def promoted(self, name: str = "tenant.id") -> list[str]:
        """Give the keys to look for, in order, for a column that is promoted from attributes."""
        return list(self.attributes[name].keys)


@cache
def load_vocabulary() -> Vocabulary:
    """Read the packaged vocabulary, once."""
    text = files("mainstem").joinpath("vocabulary.yaml").read_text(encoding="utf-8")
    raw: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return Vocabulary(
        attributes={
            name: Attribute(
                name=name,
                type=entry["type"],
                description=entry["description"],
                identifier=entry.get("identifier", False),
                aliases=tuple(entry.get("aliases", ())),
                values=tuple(entry.get("values", ())),
            )
            for name, entry in raw["attributes"].items()
        },
        events={
            name: Event(
                name=name,
                description=entry["description"],
                required=tuple(entry["required"]),
                optional=tuple(entry.get("optional", ())),
            )
            for name, entry in raw["events"].items()
        },
        business={
            name: BusinessTable(
                name=name,
                description=entry["description"],
                key=tuple(entry["key"]),
                columns=tuple(
                    Column(
                        name=column,
                        type=details["type"],
                        nullable=details.get("nullable", False),
                        description=details.get("description", ""),
                        values=tuple(details.get("values", ())),
                    )
                    for column, details in entry["columns"].items()
                ),
                interval=tuple(entry["interval"]) if "interval" in entry else None,
                history=entry.get("history", False),
            )
            for name, entry in raw["business"].items()
        },
    )
