"""The kinds of value that the Collector's keys take, and what a key may say about itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
ENDPOINT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:\s]*):(?P<port>\d{1,5})")


class Component(BaseModel):
    """The keys of one component; a key that it does not list is a mistake."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=False
    )


@dataclass(frozen=True)
class Means:
    """What a key does, in one sentence for the reference."""

    text: str


@dataclass(frozen=True)
class Likewise(Means):
    """The same of a key whose own keys the reference tells elsewhere."""


@dataclass(frozen=True)
class NoEffect:
    """A key of the Collector that is accepted, and whose work is done otherwise here."""

    why: str


@dataclass(frozen=True)
class NotBuilt:
    """A key of the Collector that cannot be passed over in silence and is refused."""

    why: str


def _seconds(value: Any) -> Any:
    if isinstance(value, str):
        if value == "0":
            return 0.0
        parts = DURATION_PART.findall(value)
        if parts and "".join(number + unit for number, unit in parts) == value:
            return sum(float(number) * SECONDS[unit] for number, unit in parts)
    raise ValueError("must be a duration such as 30s, 5m or 1h30m")


def _endpoint(value: str) -> str:
    match = ENDPOINT.fullmatch(value)
    if match is None or int(match["port"]) > 65535:
        raise ValueError("must be an address and a port, such as 127.0.0.1:4317 or 0.0.0.0:4317")
    # An empty host listens everywhere, as it does in the Collector.
    host = {"": "0.0.0.0", "localhost": "127.0.0.1"}.get(match["host"], match["host"])  # noqa: S104
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        raise ValueError("must have an IP address or localhost before its port") from None
    return f"{host}:{match['port']}"


def _empty(value: Any) -> Any:
    """Read a key without a value (`grpc:`) as an empty mapping: there, with its defaults."""
    return {} if value is None else value


Duration = Annotated[float, BeforeValidator(_seconds)]
"""Seconds, written as Go writes durations."""

Endpoint = Annotated[str, AfterValidator(_endpoint)]
"""`host:port`, the host as an address."""

Present = BeforeValidator(_empty)
"""For keys that switch something on by standing there."""
