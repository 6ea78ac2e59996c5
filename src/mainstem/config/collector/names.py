"""How blobs are named: `blob_name_format`, in Go's time layout."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, model_validator

from mainstem.config.collector.gotime import strftime_of
from mainstem.config.collector.values import Component, Means, NoEffect
from mainstem.records import Signal

RANGE = re.compile(r"(?P<start>\d+)-(?P<end>\d+)")

_SERIAL = NoEffect("the segment's id makes a blob's name unique")


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError("must be a time zone's IANA name, such as Europe/Berlin") from None
    return name


def _range(text: str) -> str:
    match = RANGE.fullmatch(text)
    if match is None or int(match["start"]) >= int(match["end"]):
        raise ValueError("must be two offsets such as 0-10, the second behind the first")
    return text


class BlobNameFormat(Component):
    """`blob_name_format`: names in Go's time layout, of the time that a segment opened."""

    logs_format: Annotated[
        str,
        Means("Names in Go's time layout; a segment's id goes before the extension."),
    ] = "2006/01/02/logs_15_04_05.json"
    metrics_format: Annotated[str, Means("The same for metrics.")] = (
        "2006/01/02/metrics_15_04_05.json"
    )
    traces_format: Annotated[str, Means("The same for traces.")] = "2006/01/02/traces_15_04_05.json"
    timezone: Annotated[
        str, AfterValidator(_timezone), Means("The IANA zone of the times in names.")
    ] = "UTC"
    time_parser_enabled: Annotated[
        bool, Means("`false` takes the formats as they stand, without a time.")
    ] = True
    time_parser_ranges: Annotated[
        tuple[Annotated[str, AfterValidator(_range)], ...],
        Means("Where the formats hold a layout, as offsets such as `0-10`; whole if none."),
    ] = ()
    template_enabled: Annotated[
        bool,
        Means("Refused where a format holds `{{`: a blob holds many requests, and is none's."),
    ] = False
    serial_num_enabled: Annotated[Any, _SERIAL] = None
    serial_num_range: Annotated[Any, _SERIAL] = None
    serial_num_before_extension: Annotated[Any, _SERIAL] = None
    params: Annotated[Any, NoEffect("they are for templates alone")] = None

    @model_validator(mode="after")
    def _names(self) -> Self:
        for signal in Signal:
            layout = getattr(self, f"{signal.value}_format")
            if self.template_enabled and "{{" in layout:
                raise ValueError(
                    f"{signal.value}_format is a template: a blob holds many requests, so its "
                    "name comes from no record"
                )
            try:
                self.strftime(signal)
            except ValueError as error:
                raise ValueError(f"{signal.value}_format {error}") from None
        return self

    def strftime(self, signal: Signal) -> str:
        """Give the strftime format of a signal's names; ValueError where no blob can have it."""
        layout: str = getattr(self, f"{signal.value}_format")
        if not self.time_parser_enabled:
            return strftime_of(layout, ())
        if not self.time_parser_ranges:
            return strftime_of(layout)
        spans = sorted(
            (int(match["start"]), int(match["end"]))
            for match in map(RANGE.fullmatch, self.time_parser_ranges)
            if match is not None
        )
        return strftime_of(layout, spans)
