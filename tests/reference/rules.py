"""A team's own rules once more, in plain Python: what becomes of a text under rules with patterns.

Written from docs/redaction.md and not from the core: slow, and independent of it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote_to_bytes

STARS = "****"
DEEPEST = 4
SHORTEST_BASE64 = 12
_PSEUDONYM = re.compile(r"p_[0-9a-f]{8}(?:-\d{4}(?:q\d|m\d\d)?)?_[0-9a-f]{32}")
_UNITS = ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3), (10**8, 1))
"""From so large a number on, a time counts so many to the second."""
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_COMPONENT = re.compile(r"[A-Za-z0-9\-._~*+%]+")
_BASE64 = re.compile(r"([A-Za-z0-9+/_-]+)(={0,2})")

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

Change = "Callable[[str], str | None]"


@dataclass
class Result:
    """What is left of a text, and what goes with it."""

    text: str
    attribute_goes: bool = False
    record_goes: bool = False


@dataclass
class Rules:
    """Rules in order, under a region's key and at a time."""

    rules: list[dict[str, Any]]
    key: bytes
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def apply(self, text: str) -> Result:
        """Redact a text: each rule's finds in the last one's output, then what is hidden in it."""
        result = Result(text)
        for rule in self.rules:
            result.text = self._replaced(rule, result.text, result) or result.text
        for rule in self.rules:
            ways = rule.get("decode", ())

            def look(inner: str, rule: dict[str, Any] = rule) -> str | None:
                return self._replaced(rule, inner, result)

            result.text = _within(result.text, ways, DEEPEST, look) or result.text
        return result

    def _replaced(self, rule: dict[str, Any], text: str, result: Result) -> str | None:
        finds = [match for match in re.finditer(rule["pattern"], text, re.ASCII) if match[0]]
        action = rule.get("action", "mask")
        if finds and action.startswith("drop"):
            result.attribute_goes |= action == "drop_attribute"
            result.record_goes |= action == "drop_record"
            return STARS
        changed = re.sub(rule["pattern"], lambda m: self._becomes(rule, m[0]), text, flags=re.ASCII)
        return changed if changed != text else None

    def _becomes(self, rule: dict[str, Any], found: str) -> str:
        match rule.get("action", "mask"):
            case "partial":
                return STARS + _kept(found, rule["keep"])
            case "hash":
                name, data = rule["hash_function"], found.encode()
                if name.startswith("hmac-"):
                    key = rule["hmac_key"].encode()
                    return hmac.new(key, data, name.removeprefix("hmac-")).hexdigest()
                return hashlib.new({"sha3": "sha3_256"}.get(name, name), data).hexdigest()
            case "pseudonym":
                return found if _PSEUDONYM.fullmatch(found) else self._pseudonym(rule, found)
            case "generalise":
                return _coarser(found, rule["to"], rule.get("size")) or STARS
        return STARS

    def _pseudonym(self, rule: dict[str, Any], found: str) -> str:
        id_ = _tag(self.key, "mainstem/1 key id").hex()[:8]
        key = _tag(self.key, "mainstem/1 pseudonym")
        period = {
            "year": f"{self.now:%Y}",
            "quarter": f"{self.now:%Y}q{(self.now.month + 2) // 3}",
            "month": f"{self.now:%Y}m{self.now:%m}",
        }.get(rule.get("rotate") or "never")
        if period:
            key = _tag(_tag(self.key, "mainstem/1 pseudonym rotation"), period)
            id_ = f"{id_}-{period}"
        return f"p_{id_}_{_tag(key, found).hex()[:32]}"


def _kept(found: str, keep: int | str) -> str:
    """Give the end that stays, of what is at least twice as long; or an address's domain."""
    if keep == "domain":
        at = max(found.rfind("@"), found.rfind("%40"))
        return found[at:] if at >= 0 else ""
    count = int(keep)
    plain = found.removeprefix(STARS)
    done_before = plain != found and len(plain) <= count
    if len(plain) < 2 * count and not done_before:
        return ""
    return plain[-count:]


def _coarser(found: str, to: str, size: float | None) -> str | None:
    whole = int(found) if re.fullmatch(r"[+-]?[0-9]+", found, re.ASCII) else None
    if to == "network":
        return _network(found)
    if to == "hour":
        if whole is None:
            return _hour(found)
        unit = next((unit for least, unit in _UNITS if whole >= least), None)
        return None if unit is None else str(whole - whole % (3600 * unit))
    assert size is not None
    if whole is not None and size == int(size):
        return str(whole // int(size) * int(size))
    number = float(found) // size * size
    if whole is not None:
        return str(int(number))
    return str(int(number)) if number == int(number) else repr(number)


def _network(found: str) -> str | None:
    try:
        address = ipaddress.ip_address(found.partition("/")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    bits = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


def _hour(found: str) -> str | None:
    match = re.search(r"(?<![0-9])([0-9]{2}):[0-9]{2}(:[0-9]{2}(?:[.,][0-9]*)?)?", found)
    if match is None:
        return None
    return (
        found[: match.start()]
        + match[1]
        + ":00"
        + (":00" if match[2] else "")
        + found[match.end() :]
    )


def _within(text: str, ways: tuple[str, ...], depth: int, change: Change) -> str | None:
    if depth == 0:
        return None

    def look(inner: str) -> str | None:
        changed = change(inner)
        deeper = _within(inner if changed is None else changed, ways, depth - 1, change)
        return changed if deeper is None else deeper

    before = text
    for way in ways:
        text = {"json": _json, "url": _url, "base64": _base64}[way](text, look)
    return text if text != before else None


def _json(text: str, look: Change) -> str:
    begins = re.search(r'[{["]', text)
    if begins is None:
        return text

    def string(match: re.Match[str]) -> str:
        try:
            decoded = json.loads(match[0])
            decoded.encode()
        except ValueError:
            return match[0]
        changed = look(decoded)
        return match[0] if changed is None else json.dumps(changed, ensure_ascii=False)

    return text[: begins.start()] + _STRING.sub(string, text[begins.start() :])


def _url(text: str, look: Change) -> str:
    def component(match: re.Match[str]) -> str:
        raw = unquote_to_bytes(match[0])
        try:
            decoded = raw.decode()
        except UnicodeDecodeError:
            return match[0]
        changed = look(decoded) if len(raw) < len(match[0]) else None
        return match[0] if changed is None else _percent_encoded(changed)

    return _COMPONENT.sub(component, text) if "%" in text else text


def _percent_encoded(text: str) -> str:
    return quote(text, safe="-._~*+")


def _base64(text: str, look: Change) -> str:
    def run(match: re.Match[str]) -> str:
        letters, padding = match[1], match[2]
        of_urls = re.search("[-_]", letters) is not None
        if of_urls and re.search("[+/]", letters):
            return match[0]
        standard = letters.replace("-", "+").replace("_", "/")
        try:
            decoded = base64.b64decode(standard + "=" * (-len(letters) % 4), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return match[0]
        if len(match[0]) < SHORTEST_BASE64 or re.search(
            r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", decoded
        ):
            return match[0]
        changed = look(decoded)
        if changed is None:
            return match[0]
        encode = base64.urlsafe_b64encode if of_urls else base64.b64encode
        again = encode(changed.encode()).decode()
        return again if padding else again.rstrip("=")

    return _BASE64.sub(run, text)


def _tag(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
