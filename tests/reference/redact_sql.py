"""Statements in any text once more, in plain Python: their literals, and the names in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Span = tuple[int, int]
Finder = "Callable[[str, int], Span | None]"

_ANY = "(?:[^;']|'[^']*')*?"
_W = r"[\t\n\x0b\x0c\r\x20]"
_NOT = r"\t\n\x0b\x0c\r\x20"
STATEMENTS = (
    (
        rf"\b(?i:select)\b{_ANY}\b(?i:from)\b{_ANY}"
        rf"\b(?i:where|join|limit|having|union|offset|(?:order|group){_W}+by)\b"
    ),
    rf"\bSELECT{_W}{_ANY}\bFROM{_W}",
    rf"""\bSELECT{_W}+(?:[A-Za-z_][A-Za-z0-9_.]*{_W}*\(|['"0-9@])""",
    (
        rf"\b(?i:(?:insert|replace)(?:{_W}+ignore)?{_W}+into|merge{_W}+into){_W}[^;']*?"
        r"(?:\b(?i:values?|select|set|using)\b|\()"
    ),
    (
        rf"\b(?i:update){_W}+[^{_NOT};]+(?:{_W}+(?:(?i:as){_W}+)?[A-Za-z_][A-Za-z0-9_]*)?"
        rf"{_W}+(?i:set){_W}+[^{_NOT}=;]+{_W}*="
    ),
    rf"""\b(?i:delete{_W}+from){_W}+[A-Za-z0-9_."`\[\]*]+{_W}*(?:;|\Z|\b(?i:where|using)\b)""",
    (
        rf"\b(?:CALL|EXEC|EXECUTE){_W}+[A-Za-z_\[][A-Za-z0-9_.\[\]]*{_W}*['(@0-9]"
        rf"|\b(?i:(?:create|alter){_W}+(?:user|role|login|table)){_W}"
    ),
)
_WORD = r"[A-Za-z0-9_@\#\x80-\U0010ffff]"
_PARTS = re.compile(
    rf"""
      (?P<literal> ' (?:[^'\\]|''|\\(?!')(?:.|\Z))* (?:'|\Z|\\'.*)
                 | " (?:[^"\\]|""|\\(?!")(?:.|\Z))* (?:"|\Z|\\".*)
                 | ` (?:[^`]|``)* \Z
                 | \$(?P<tag>(?:(?![0-9]){_WORD}{_WORD}*)?)\$ .*? (?:\$(?P=tag)\$|\Z)
                 | [0-9](?:(?<=[eE])[+-]|[A-Za-z0-9_.\x80-\U0010ffff])* )
    | (?P<quoted> `(?:[^`]|``)*` )
    | (?P<word> (?:\$|(?![0-9]){_WORD})(?:{_WORD}|\$)* )
    | (?P<line> --[^\n]* )
    | (?P<block> /\* .*? (?:\*/|\Z) )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
BEFORE_NAMES = {
    "from", "join", "into", "update", "table", "database", "schema", "use", "truncate",
}  # fmt: skip
TRACE = re.compile(
    r"[ \t\n\f\r]*(?:at |Caused by|Traceback"
    r"|[A-Za-z0-9._$]*(?:Exception|Error)(?![A-Za-z0-9._$]))"
)
CLAUSES = {"where", "order", "group", "having", "limit", "on", "set", "select"}
BETWEEN = {"if", "not", "exists", "only", "lateral", "ignore", "table"}


def sql_literals() -> list[Finder]:
    """Find the literals of statements, and what their comments say."""
    return [_finder(pattern, _literals) for pattern in STATEMENTS]


def database_names() -> list[Finder]:
    """Find the names of tables and databases in statements."""
    return [_finder(pattern, _names) for pattern in STATEMENTS]


def _finder(
    pattern: str, within: Callable[[list[re.Match[str]]], list[Span]]
) -> Callable[[str, int], Span | None]:
    compiled = re.compile(pattern, re.ASCII)

    def finds(text: str) -> Iterator[Span]:
        at = 0
        while (match := compiled.search(text, at)) is not None:
            parts, at = _statement(text, match.start())
            yield from within(parts)

    def find(text: str, at: int) -> Span | None:
        return next((span for span in finds(text) if span[0] >= at), None)

    return find


def _statement(text: str, start: int) -> tuple[list[re.Match[str]], int]:
    limit = _enclosed(text, start)
    depth, at, parts = 0, start, []
    while at < limit:
        part = _PARTS.match(text, at, limit)
        assert part is not None
        at = part.end()
        if part["other"]:
            depth += (part[0] in "([{") - (part[0] in ")]}")
            entity = re.search("&[A-Za-z0-9#]{2,5};$", text[:at], re.ASCII)
            ends = part[0] == ";" and entity is None
            trace = part[0] == "\n" and TRACE.match(text[at:])
            if ends or depth < 0 or trace:
                return parts, at
        parts.append(part)
    return parts, limit


def _enclosed(text: str, start: int) -> int:
    opening = text.rfind('"', max(0, len(text[:start].encode()) and start - 256), start)
    if opening < 0:
        return len(text)
    escaped = text[:opening].endswith("\\")
    before = text[: opening - escaped].rstrip(" \t\n\f\r")
    if before and before[-1] not in ":=([{," and opening + 1 < start:
        return len(text)
    for quote in re.finditer('"', text[start:]):
        at = start + quote.start()
        if (at > start and text[at - 1] == "\\") == escaped:
            return at - 1 if escaped else at
    return len(text)


def _literals(parts: list[re.Match[str]]) -> list[Span]:
    found = []
    for part in parts:
        if part["literal"]:
            found.append(part.span())
        elif part["line"]:
            found.append((part.start() + 2, part.end()))
        elif part["block"]:
            closed = len(part[0]) >= 4 and part[0].endswith("*/")
            found.append((part.start() + 2, part.end() - 2 * closed))
    return [span for span in found if span[0] < span[1]]


def _names(parts: list[re.Match[str]]) -> list[Span]:
    found: list[Span] = []
    expected = listed = named = False
    for part in parts:
        word = (part["word"] or "").lower()
        if word in BEFORE_NAMES:
            expected, listed, named = True, word == "from", False
        elif expected and word in BETWEEN:
            pass
        elif expected and not part["other"] and not part["line"] and not part["block"]:
            text = part[0]
            expected = False
            if (part["literal"] and not text.startswith('"')) or text.startswith(("@", "$")):
                continue
            cut = 0 if part["word"] or len(text) <= 2 else 1
            found.append((part.start() + cut, part.end() - cut))
            named = True
        elif part[0] == "." and named:
            expected = True
        elif part[0] == "," and listed:
            expected, named = True, False
        elif part["other"] and part[0] in "[] \t\n\f\r":
            pass
        else:
            if part[0] == "(":
                listed = False
            expected = named = False
            listed = listed and word not in CLAUSES
    return found
