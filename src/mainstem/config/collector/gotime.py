"""Go's time layouts (`2006/01/02/logs_15_04_05.json`) as strftime formats."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# In the order that Go's own reader tries them, https://pkg.go.dev/time#pkg-constants
CONVERSIONS = {
    "January": "%B",
    "Jan": "%b",
    "Monday": "%A",
    "Mon": "%a",
    "MST": "%Z",
    "002": "%j",
    "01": "%m",
    "02": "%d",
    "03": "%I",
    "04": "%M",
    "05": "%S",
    "06": "%y",
    "15": "%H",
    "1": "%-m",
    "2006": "%Y",
    "2": "%-d",
    "_2006": "_%Y",
    "_2": "%e",
    "3": "%-I",
    "4": "%-M",
    "5": "%-S",
    "PM": "%p",
    "pm": "%P",
    "-07:00": "%:z",
    "-0700": "%z",
}
NOT_BEFORE_LETTERS = ("Jan", "Mon")
FRACTION = re.compile(r"[.,](?:0+|9+)(?!\d)")
PART = re.compile(
    "|".join(
        re.escape(part) + ("(?![a-z])" if part in NOT_BEFORE_LETTERS else "")
        for part in CONVERSIONS
    )
    + "|%"
)


def strftime_of(layout: str, spans: Sequence[tuple[int, int]] | None = None) -> str:
    """Translate a layout; ValueError where a blob's name cannot hold what it asks for.

    `spans` are the parts that are one, as offsets that do not overlap; what is outside is taken as
    it stands.
    """
    if not layout or layout.startswith("/") or layout.endswith("/") or "//" in layout:
        raise ValueError("must be a path without empty parts")
    if any(part in (".", "..") for part in layout.split("/")):
        raise ValueError("must not hold `.` or `..` as a part")
    if spans is None:
        return _translated(layout)
    parts, at = [], 0
    for start, end in spans:
        if start < at:
            raise ValueError("has time_parser_ranges that overlap")
        parts += [layout[at:start].replace("%", "%%"), _translated(layout[start:end])]
        at = min(end, len(layout))
    return "".join(parts) + layout[at:].replace("%", "%%")


def _translated(layout: str) -> str:
    if FRACTION.search(layout):
        raise ValueError("must not hold fractions of a second: a segment's id tells blobs apart")
    return PART.sub(lambda match: CONVERSIONS.get(match.group(), "%%"), layout)
