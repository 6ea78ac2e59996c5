"""Detectors, statements and URLs once more, in plain Python: slow, and independent of the core."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from tests.reference import redact_numbers as numbers
from tests.reference.redact_sql import database_names, sql_literals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STARS = "****"

Span = tuple[int, int]
Finder = "Callable[[str, int], Span | None]"

_NAME = r"(?i:passw(?:or)?d|pwd|passphrase|secret|api[_-]?key|token|secret[_-]?access[_-]?key)"
_ASSIGNED = r"""(?:\\?["'])?[ \t]*[:=][ \t]*"""
_S = r"\t\n\x0b\x0c\r\x20"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
_KEY_BEGIN = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
_KEY_END = r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"


def _pattern(pattern: str, check: Callable[[str, Span], Span | int | None] | None = None) -> Finder:
    """Find group 1 (or the whole match), as far as the check confirms it.

    A check gives the span, or None to look on behind the span's first character, or where to.
    """
    compiled = re.compile(pattern, re.ASCII)

    def find(text: str, at: int) -> Span | None:
        while (match := compiled.search(text, at)) is not None:
            span = match.span(1 if compiled.groups else 0)
            if check is None:
                return span
            checked = check(text, span)
            if isinstance(checked, tuple):
                return checked
            at = span[0] + 1 if checked is None else checked
        return None

    return find


def _char(text: str, at: int) -> str:
    return text[at] if 0 <= at < len(text) else ""


def _alnum(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _random(text: str, span: Span) -> Span | int:
    token = text[span[0] : span[1]]
    return span if len(token) >= 20 or re.search("[0-9]", token) else span[1]


def _email(text: str, span: Span) -> Span | int:
    git = text[span[0] :].startswith("git@") and _char(text, span[1]) == ":"
    return span[1] if git else span


def _with_a_digit(text: str, span: Span) -> Span | int:
    return span if re.search("[0-9]", text[span[0] : span[1]]) else span[1]


def _query_value(text: str, span: Span) -> Span | int:
    before = re.split("([?&])", text[: span[0]])
    if before[-2] == "?":
        return span
    parameter = re.split(r"([ \t\n\f\r?&\"'<>])", "".join(before[:-2]))
    asked = len(parameter) > 1 and parameter[-2] == "?"
    return span if asked or "=" in parameter[-1] else span[1]


def _ipv4(text: str, span: Span) -> Span | None:
    before, behind = _char(text, span[0] - 1), _char(text, span[1])
    if re.match("[0-9]", before) or re.match("[0-9]", behind):
        return None
    if before in {"v", "V"} and before and not _alnum(_char(text, span[0] - 2)):
        return None
    product = before == "/" and re.match("[A-Za-z]", _char(text, span[0] - 2))
    if product and text[: span[1]].endswith(".0.0.0"):
        return None
    return None if _network(text, span, ".0", 24) else span


def _network(text: str, span: Span, zeros: str, most: int) -> bool:
    prefix = re.compile("/([0-9]+)").match(text, span[1])
    ends = text[span[0] : span[1]].endswith(zeros)
    return ends and prefix is not None and 1 <= int(prefix[1]) <= most


def _ipv6(text: str, span: Span) -> Span | int:
    run = text[span[0] : span[1]].rstrip(".")
    end = span[0] + len(run)
    for start in (span[0], span[0] + run.find(":") + 1):
        if re.match(r"[A-Za-z0-9_]", _char(text, start - 1)):
            continue
        for stop in (end, span[0] + run.rfind(":")):
            if stop <= start or re.match(r"[A-Za-z0-9_]", _char(text, stop)):
                continue
            address = text[start:stop]
            try:
                ipaddress.IPv6Address(address)
            except ValueError:
                continue
            if re.search("[0-9]", address):
                network = _network(text, (start, stop), "::", 64)
                return span[1] if network else (start, stop)
    return span[1]


_CARD_SHAPES = re.compile(
    r"(?:[0-9]{13,19}|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}"
    r"|[0-9]{4}([ -])[0-9]{4}\2[0-9]{4}\2[0-9]{4}\2[0-9]{1,3}|[0-9]{4}([ -])[0-9]{6}\3[0-9]{4,5})"
)
_CARD_ISSUERS = re.compile(
    r"220[0-4]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|30[0-5]|3095|36|38|39|35(?:2[89]|[3-8])"
    r"|4|50|5[1-5]|5[6-8]|6"
)


def _card(text: str, span: Span) -> Span | None:
    start = span[0]
    if _char(text, start - 1) == "." and re.match("[0-9]", _char(text, start - 2)):
        return None
    for end in range(min(len(text), start + 24), start + 12, -1):
        candidate = text[start:end]
        if not _CARD_SHAPES.fullmatch(candidate) or re.match("[A-Za-z0-9_]", _char(text, end)):
            continue
        digits = [int(char) for char in candidate if char.isdigit()]
        amex = len(digits) == 15 and candidate[:2] in {"34", "37"}
        doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
        if (amex or _CARD_ISSUERS.match(candidate)) and sum(digits[::-2] + doubled) % 10 == 0:
            return (start, end)
    return None


_IBANS = {
    15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU", 31: "MT SC",
    32: "LC", 33: "RU",
}  # fmt: skip


def _iban(text: str, span: Span) -> Span | None:
    country = text[span[0] : span[0] + 2].upper()
    length = next((length for length, known in _IBANS.items() if country in known.split()), 0)
    shape = re.compile(rf"[A-Za-z0-9](?:[ -]?[A-Za-z0-9]){{{length - 1}}}") if length else None
    match = shape.match(text, span[0]) if shape else None
    if match is None or _alnum(_char(text, match.end())):
        return None
    plain = re.sub("[ -]", "", match[0])
    moved = plain[4:] + plain[:4]
    return match.span() if int("".join(str(int(c, 36)) for c in moved)) % 97 == 1 else None


# By name, in the order of their work.
DETECTORS: dict[str, list[Finder]] = {
    "private_key": [_pattern(rf"{_KEY_BEGIN}(?s:.*?)(?:{_KEY_END}|\Z)")],
    "jwt": [_pattern(r"eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){2,4}")],
    "bearer_token": [
        _pattern(r"(?i:\bbearer)[ \t:=]+([A-Za-z0-9._~+/=-]{8,})", _random),
        _pattern(r"(?i:\bbasic)[ \t]+([A-Za-z0-9+/]{8,}={0,2})", _random),
    ],
    "connection_string": [
        _pattern(
            r"(?i:\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|SharedSecretValue"
            rf"|ClientSecret)=)([^;&{_S}\"'<>]+)"
        ),
        _pattern(rf"(?i:[?&;]sig=)([^;&{_S}\"'<>]+)"),
    ],
    "cloud_key": [
        _pattern(pattern, _with_a_digit if r"\bsk-" in pattern else None)
        for pattern in (
            r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
            r"\bAIza[A-Za-z0-9_-]{35}",
            r"\bya29\.[A-Za-z0-9_-]{20,}",
            r"\bgh[opsur]_[A-Za-z0-9]{30,}",
            r"\bgithub_pat_[A-Za-z0-9_]{22,}",
            r"\bglpat-[A-Za-z0-9_-]{20,}",
            r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
            r"hooks\.slack\.com/services/([A-Za-z0-9/_-]+)",
            r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
            r"\bsk-[A-Za-z0-9_-]{20,}",
            r"[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}",
        )
    ],
    "url_credentials": [_pattern(rf"://([^{_S}/?#\"'<>]+)@")],
    "secret": [
        _pattern(
            rf"""(?i:authorization|cookie){_ASSIGNED}(?:\\?["'])?([^\r\n"']+)""",
        ),
        _pattern(rf"""{_NAME}{_ASSIGNED}\\?["']([^"'\\]+)\\?["']"""),
        _pattern(rf"""{_NAME}{_ASSIGNED}([^{_S}"'&,;{{}}()<>\[\]\\]+)"""),
    ],
    "sql_literal": sql_literals(),
    "database_name": [
        _pattern(
            r"(?i:\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|cockroachdb|clickhouse|db2"
            rf"|sqlserver)://[^{_S}/\"'<>]+/)([A-Za-z0-9_$-]+)"
        ),
        _pattern(
            r"(?i:\b(?:initial catalog|database|databasename|dbname)[ \t]*=[ \t]*)"
            rf"[\"']?([^;&{_S}\"'?,)]+)"
        ),
        _pattern(
            r"(?i:\b(?:relation|table|database|schema|collection)[ \t]+)"
            r"""\\?["'`]([^"'`\\]+)\\?["'`]"""
        ),
        _pattern(
            r"\A(?:SELECT|INSERT|UPDATE|DELETE|UPSERT|MERGE|TRUNCATE|find|aggregate"
            r"|findAndModify)[ \t]+([A-Za-z0-9_.$-]+)\Z"
        ),
        *database_names(),
    ],
    "query_string": [
        _pattern(rf"[?&](?:amp;)?[A-Za-z0-9_.~%\[\]-]+=([^&#{_S}\"'<>]+)", _query_value),
        _pattern(rf"[A-Za-z0-9/]\?([^{_S}=&#?\"'<>]+)(?:[&#\"'<>]|[{_S}]+HTTP/)"),
    ],
    "email": [
        _pattern(
            r"""[^\x00-\x20@<>()\[\]\\,;:"'/|=?&*\x7f]+(?:@|%40)"""
            r"(?:[A-Za-z0-9\x80-\U0010ffff-]+\.)+[A-Za-z\x80-\U0010ffff]{2,}",
            _email,
        )
    ],
    "iban": [_pattern(r"\b[A-Za-z]{2}[0-9]{2}[ -]?[A-Za-z0-9]{2}", _iban)],
    "payment_card": [_pattern(r"\b[2-6][0-9]{3}[ -]?[0-9]{2}", _card)],
    "us_ssn": [
        _pattern("[0-9]{3}-[0-9]{2}-[0-9]{4}", numbers.us_ssn),
        _pattern(
            r"(?i:\bssn|\bsocial security(?: (?:number|no\.?))?)"
            r"[^0-9\n]{1,12}([0-9]{3} ?[0-9]{2} ?[0-9]{4})",
            numbers.us_ssn,
        ),
    ],
    "ca_sin": [
        _pattern("[0-9]{3}[ -][0-9]{3}[ -][0-9]{3}", numbers.ca_sin),
        _pattern(
            r"(?i:\bsin|\bsocial insurance(?: (?:number|no\.?))?)[^0-9\n]{1,12}([0-9]{9})",
            numbers.ca_sin,
        ),
    ],
    "au_tfn": [
        _pattern("[0-9]{3}[ -][0-9]{3}[ -][0-9]{3}", numbers.au_tfn),
        _pattern(
            r"(?i:\btfn|\btax file(?: (?:number|no\.?))?)[^0-9\n]{1,12}([0-9]{9})", numbers.au_tfn
        ),
    ],
    "de_tax_id": [_pattern("[1-9][0-9][ ]?[0-9]{3}[ ]?[0-9]{3}[ ]?[0-9]{3}", numbers.de_tax_id)],
    "ipv6": [_pattern(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*", _ipv6)],
    "ipv4": [_pattern(rf"(?:{_OCTET}\.){{3}}{_OCTET}", _ipv4)],
    "mac": [
        _pattern(
            "[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})"
            r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}",
            numbers.mac,
        )
    ],
    "phone": [
        _pattern(
            r"(?:\+[1-9][0-9]{0,2}[ ./()-]{0,2}|\b00[ /-]?[1-9][0-9]{0,2}[ ./()-]{1,2})"
            r"(?:[0-9][ ./()-]{0,2}){6,13}[0-9]",
            numbers.international,
        ),
        _pattern(
            r"(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[-. ]"
            r"|[2-9][0-9]{2}[-. ][2-9][0-9]{2}[-.])[0-9]{4}",
            numbers.national,
        ),
        _pattern(
            r"(?:\(0[2-9][0-9]{0,4}\)|0[1-9][0-9]{1,4}[ /-]|0[2378] )[ /-]{0,2}[1-9][0-9]{2,}"
            r"(?:[ -][0-9]{2,}){0,3}",
            numbers.national,
        ),
    ],
    "guid": [_pattern(r"\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b")],
}


def detect(text: str, names: list[str]) -> Iterator[str]:
    """Yield the text after each detector that changed it."""
    for name, finders in DETECTORS.items():
        if name not in names:
            continue
        before = text
        for find in finders:
            text = _masked(text, find, "?" if name == "sql_literal" else STARS)
        if text != before:
            yield text


def _masked(text: str, find: Finder, mask: str) -> str:
    out, copied, at = "", 0, 0
    while (span := find(text, at)) is not None:
        at = span[1]
        if text[span[0] : span[1]] != mask:
            out += text[copied : span[0]] + mask
            copied = span[1]
    return out + text[copied:]


_REST = r"""
    | (?P<name> `(?:[^`]|``)*` )
    | (?P<open> ` .* )
    | (?P<dollar> \$(?P<tag>(?:[A-Za-z_@\#\x80-\U0010ffff][\w@\#\x80-\U0010ffff]*)?)\$
                  .*? (?:\$(?P=tag)\$|\Z) )
    | (?P<word> \$?[A-Za-z_@\#\x80-\U0010ffff][\w@\#$\x80-\U0010ffff]*
              | \$[\w@\#$\x80-\U0010ffff]* )
    | (?P<number> [0-9](?:[eE][+-]|[\w.\x80-\U0010ffff])* )
    | (?P<line> --[^\n]* )
    | (?P<comment> /\* .*? (?:\*/|\Z) )
    """
_FLAGS = re.VERBOSE | re.ASCII | re.DOTALL
_SQL = re.compile(
    r"""(?P<quoted> ' (?:[^'\\]|''|\\(?!')(?:.|\Z))* (?:'|\Z|\\'.*)
                  | " (?:[^"\\]|""|\\(?!")(?:.|\Z))* (?:"|\Z|\\".*) )"""
    + _REST,
    _FLAGS,
)
_JSON = re.compile(
    r"""(?P<quoted> ' (?:[^'\\]|''|\\(?:.|\Z))* (?:'|\Z)
                  | " (?:[^"\\]|""|\\(?:.|\Z))* (?:"|\Z) )"""
    + _REST,
    _FLAGS,
)


def without_literals(statement: str) -> str:
    """Replace a statement's literals with `?` and empty its comments."""
    is_json = statement.lstrip(" \t\n\f\r").startswith(("{", "["))

    def shape(match: re.Match[str]) -> str:
        if match["line"]:
            return "--"
        if match["comment"]:
            return "/**/"
        field = match["quoted"] and is_json and re.match(r"[ \t\n\f\r]*:", statement[match.end() :])
        literal = match["quoted"] or match["dollar"] or match["number"] or match["open"]
        return "?" if literal and not field else match[0]

    return (_JSON if is_json else _SQL).sub(shape, statement)


def without_query_values(url: str) -> str:
    """Replace the values of a URL's query, and its fragment, with the mask."""
    url, hash_, fragment = url.partition("#")
    path, mark, query = url.partition("?")
    parts = [
        re.sub("(?s)=.+", f"={STARS}", part) if "=" in part else part and STARS
        for part in query.split("&")
    ]
    return path + mark + "&".join(parts) + hash_ + (fragment and STARS)
