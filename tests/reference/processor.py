"""One `redaction` processor in plain Python: its keys, values, mask and summary."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.reference.redact_text import STARS
from tests.reference.text_form import text_form

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue

SUMMARY_KEYS = {
    f"redaction.{body}{what}.{form}"
    for body in ("", "body.")
    for what in ("redacted", "masked", "allowed", "ignored")
    for form in ("keys", "count")
} - {"redaction.ignored.keys", "redaction.body.ignored.keys"}


@dataclass
class Touched:
    """The names of what one processor did something to."""

    redacted: list[str] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def summarise(processor: Processor, touched: Touched, attributes: Any, prefix: str) -> None:
    """Write what one processor did."""
    if processor.summary == "silent":
        return
    for what in ("redacted", "masked", "allowed", "ignored"):
        names, adds = getattr(touched, what), what in {"redacted", "masked"}
        keys, count = f"{prefix}.{what}.keys", f"{prefix}.{what}.count"
        if not names:
            if not adds:
                for name in (keys, count) if what == "allowed" else (count,):
                    _remove(attributes, name)
            continue
        if processor.summary == "debug" and what != "ignored":
            value = _slot(attributes, keys)
            before = value.string_value.split(",") if value.string_value and adds else []
            value.string_value = ",".join(sorted(names + before, key=str.encode))
        slot = _slot(attributes, count)
        slot.int_value = (slot.int_value if adds else 0) + len(names)


class Processor:
    """One `redaction` processor."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.summary = spec.get("summary", "silent")
        self.patterns = {
            option: [_go(pattern) for pattern in spec.get(option, ())]
            for option in (
                "ignored_key_patterns",
                "blocked_key_patterns",
                "blocked_values",
                "allowed_values",
            )
        }

    def _any(self, option: str, text: str) -> bool:
        return any(pattern.search(text) for pattern in self.patterns[option])

    def ignores(self, key: str) -> bool:
        return key in self.spec.get("ignored_keys", ()) or self._any("ignored_key_patterns", key)

    def keeps(self, key: str) -> bool:
        return self.spec.get("allow_all_keys", False) or self._listed(key)

    def _listed(self, key: str) -> bool:
        return key in self.spec.get("allowed_keys", ())

    def names(self, key: str) -> bool:
        return self.ignores(key) or self._listed(key) or key in SUMMARY_KEYS

    def passes(self, key: str) -> bool:
        """Whether an attribute is a summary, which is none of the processor's business."""
        return key in SUMMARY_KEYS and (self.summary != "silent" or self.keeps(key))

    def blocks(self, key: str) -> bool:
        return self._any("blocked_key_patterns", key)

    def allows(self, text: str) -> bool:
        return self._any("allowed_values", text)

    def counted(self, value: AnyValue) -> str:
        if value.WhichOneof("value") == "string_value":
            return value.string_value
        return text_form(value) if self.spec.get("redact_all_types") else ""

    def value(self, text: str) -> tuple[str | None, str]:
        if self.allows(text):
            return "allowed", text
        before = text
        for pattern in self.patterns["blocked_values"]:
            text = _replace(pattern, text, self.mask)
        return ("masked" if text != before else None), text

    def mask_all(self, text: str) -> str:
        return self.mask(text)

    def mask(self, text: str) -> str:
        name = self.spec.get("hash_function", "none")
        data, key = text.encode(), self.spec.get("hmac_key", "").encode()
        if name == "none":
            return STARS
        if name.startswith("hmac-"):
            return hmac.new(key, data, name.removeprefix("hmac-")).hexdigest()
        return hashlib.new({"sha3": "sha3_256"}.get(name, name), data).hexdigest()


def _go(pattern: str) -> re.Pattern[str]:
    """Compile one of the few patterns whose meaning in Go is that in Python, `$` aside."""
    return re.compile(re.sub(r"\$$", r"\\Z", pattern), re.ASCII)


def _replace(pattern: re.Pattern[str], text: str, mask: Callable[[str], str]) -> str:
    """Replace all matches as Go does: no empty match right behind another match."""
    out, copied, at, last = "", 0, 0, -1
    while at <= len(text) and (match := pattern.search(text, at)) is not None:
        if match.start() == match.end() == last:
            at += 1
            continue
        out += text[copied : match.start()] + mask(match[0])
        copied = at = last = match.end()
    return out + text[copied:]


def _slot(attributes: Any, key: str) -> AnyValue:
    for attribute in attributes:
        if attribute.key == key:
            return attribute.value
    return attributes.add(key=key).value


def _remove(attributes: Any, key: str) -> None:
    for index in reversed(range(len(attributes))):
        if attributes[index].key == key:
            del attributes[index]
