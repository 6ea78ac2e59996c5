"""Contrib's reach in plain Python: its redaction processor's own order, one processor at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.reference.processor import SUMMARY_KEYS, Processor, Touched, summarise
from tests.reference.text_form import text_form

if TYPE_CHECKING:
    from collections.abc import Sequence


def contrib_attributes(processors: Sequence[Processor], attributes: Any) -> None:
    """Redact an attribute map."""
    for processor in processors:
        _attributes(processor, attributes)


def contrib_log_record(processors: Sequence[Processor], record: Any) -> None:
    """Redact a log record's attributes and body."""
    for processor in processors:
        _attributes(processor, record.attributes)
        touched = Touched()
        present = record.HasField("body")
        _body(processor, record.body, "", touched)
        if not present and record.body.WhichOneof("value") is None:
            record.ClearField("body")
        summarise(processor, touched, record.attributes, "redaction.body")


def _attributes(processor: Processor, attributes: Any) -> None:
    touched = Touched()
    kept = []
    for attribute in attributes:
        key = attribute.key
        if processor.passes(key) or (key not in SUMMARY_KEYS and processor.ignores(key)):
            if not processor.passes(key):
                touched.ignored.append(key)
        elif key in SUMMARY_KEYS or not processor.keeps(key):
            touched.redacted.append(key)
            continue
        else:
            _value(processor, attribute, touched)
        kept.append(type(attribute).FromString(attribute.SerializeToString()))
    del attributes[:]
    attributes.extend(kept)
    summarise(processor, touched, attributes, "redaction")


def _value(processor: Processor, attribute: Any, touched: Touched) -> None:
    key, text = attribute.key, processor.counted(attribute.value)
    outcome, after = processor.value(text)
    if outcome == "allowed":
        touched.allowed.append(key)
    elif processor.blocks(key):
        attribute.value.string_value = processor.mask_all(text)
        touched.masked.append(key)
    elif outcome == "masked":
        attribute.value.string_value = after
        touched.masked.append(key)


def _body(processor: Processor, value: Any, path: str, touched: Touched) -> None:
    kind = value.WhichOneof("value")
    if kind == "kvlist_value":
        kept = []
        for entry in value.kvlist_value.values:
            key, name = entry.key, f"{path}.{entry.key}" if path else entry.key
            if processor.ignores(key):
                touched.ignored.append(name)
            elif not processor.keeps(key):
                touched.redacted.append(name)
                continue
            elif processor.blocks(key):
                entry.value.string_value = processor.mask_all(entry.value.string_value)
                touched.masked.append(name)
            else:
                _body(processor, entry.value, name, touched)
            kept.append(type(entry).FromString(entry.SerializeToString()))
        del value.kvlist_value.values[:]
        value.kvlist_value.values.extend(kept)
    elif kind == "array_value":
        for index, one in enumerate(value.array_value.values):
            _body(processor, one, f"{path}.[{index}]" if path else f"[{index}]", touched)
    else:
        outcome, after = processor.value(text_form(value))
        if outcome:
            getattr(touched, outcome).append(path or "body")
        if outcome == "masked":
            value.string_value = after
