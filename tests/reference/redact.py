"""Redaction once more, in plain Python over protobuf's own messages: what the core must equal.

It follows docs/redaction.md and contrib's redaction processor, is slow, and shares nothing with the
core but the key's derivation.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from tests.reference.contrib import contrib_attributes, contrib_log_record
from tests.reference.processor import Processor, Touched, summarise
from tests.reference.redact_text import STARS, detect, without_literals, without_query_values
from tests.reference.text_form import text_form

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message

PSEUDONYM = re.compile("p_[0-9a-f]{8}_[0-9a-f]{32}")
IDENTIFIER = re.compile("[A-Za-z0-9._-]{1,64}")
AMBIGUOUS = {
    "iban", "payment_card", "us_ssn", "ca_sin", "au_tfn", "de_tax_id", "ipv4", "mac", "phone",
    "guid",
}  # fmt: skip
DATABASES = {
    "db.namespace", "db.name", "db.collection.name", "db.sql.table", "db.mongodb.collection",
    "db.cassandra.table", "db.cassandra.keyspace", "db.mssql.instance_name",
    "db.cosmosdb.container",
}  # fmt: skip
REMOVED = {
    *(f"user.{name}" for name in (
        "name", "full_name", "first_name", "last_name", "given_name", "family_name", "display_name",
        "username", "phone", "address")),
    *(f"enduser.{name}" for name in ("name", "full_name", "display_name", "username")),
    "url.query", "url.fragment",
}  # fmt: skip
REMOVED_PREFIXES = ("db.query.parameter.", "db.operation.parameter.", "db.response.returned_row.")
PSEUDONYMS = {
    "session.id", "session.previous_id", "client.address", "client.socket.address",
    "http.client_ip",
}  # fmt: skip
URLS = {
    "url.full", "url.original", "http.url", "http.target", "http.request.header.referer",
    "http.response.header.location",
}  # fmt: skip
STATEMENTS = {"db.query.text", "db.statement"}
SECRETS = {
    "authorization", "proxy_authorization", "cookie", "set_cookie", "pwd", "passphrase",
    "credential", "credentials", "connection_string", "connectionstring", "private_key",
    "privatekey", "sas",
}  # fmt: skip
SECRET_ENDINGS = ("password", "passwd", "secret", "token", "apikey", "api_key", "access_key")


class Reference:
    """A policy in the core's JSON form, applied to messages in place."""

    def __init__(self, spec: dict[str, Any], key: bytes) -> None:
        self.full = spec.get("coverage", "full") == "full"
        self.vocabulary = set(spec.get("vocabulary", ()))
        self.detectors = list(spec.get("detectors", ()))
        self.personal_keys = spec.get("personal_keys", False)
        self.processors = [Processor(one) for one in spec.get("processors", ())]
        self.key_id = _tag(key, "mainstem/1 key id").hex()[:8]
        self.pseudonym_key = _tag(key, "mainstem/1 pseudonym")
        self.structural_key = _tag(key, "mainstem/1 structural mask")
        self.touched: list[Touched] = []

    def apply(self, request: Message) -> None:
        """Redact an Export*ServiceRequest."""
        for resource in (
            next(value for _, value in request.ListFields()) if request.ListFields() else ()
        ):
            if resource.HasField("resource"):
                self.attributes(resource.resource.attributes)
            if self.full:
                resource.schema_url = self.text(resource.schema_url)
                for entity in resource.resource.entity_refs:
                    entity.schema_url = self.text(entity.schema_url)
                    entity.type = self.name(entity.type)
                    entity.id_keys[:] = [self.key(key) for key in entity.id_keys]
                    entity.description_keys[:] = [self.key(key) for key in entity.description_keys]
            scopes = next(
                getattr(resource, name)
                for name in ("scope_spans", "scope_logs", "scope_metrics")
                if hasattr(resource, name)
            )
            for scope in scopes:
                if scope.HasField("scope"):
                    self.attributes(scope.scope.attributes)
                if self.full:
                    scope.schema_url = self.text(scope.schema_url)
                    if scope.HasField("scope"):
                        scope.scope.name = self.name(scope.scope.name)
                        scope.scope.version = self.text(scope.scope.version, spared=True)
                for span in getattr(scope, "spans", ()):
                    self.span(span)
                for record in getattr(scope, "log_records", ()):
                    self.log_record(record)
                for metric in getattr(scope, "metrics", ()):
                    self.metric(metric)

    def span(self, span: Any) -> None:
        self.attributes(span.attributes)
        for event in span.events:
            self.attributes(event.attributes)
        if not self.full:  # Sanitizers, which change span names, have tests of their own.
            return
        span.name = self.text(span.name)
        span.trace_state = self.text(span.trace_state)
        for event in span.events:
            event.name = self.text(event.name)
        for link in span.links:
            link.trace_state = self.text(link.trace_state)
            self.attributes(link.attributes)
        if span.HasField("status"):
            span.status.message = self.text(span.status.message)

    def log_record(self, record: Any) -> None:
        if not self.full:
            contrib_log_record(self.processors, record)
            return
        self.attributes(record.attributes)
        if record.HasField("body"):
            self.touched = [Touched() for _ in self.processors]
            self.inner(record.body, set(range(len(self.processors))), False, None, "", body=True)
            self.summarise(record.attributes, "redaction.body")
        if self.full:
            record.severity_text = self.text(record.severity_text)
            record.event_name = self.text(record.event_name)

    def metric(self, metric: Any) -> None:
        if self.full:
            metric.name = self.name(metric.name)
            metric.description = self.text(metric.description)
            metric.unit = self.text(metric.unit)
            self.attributes(metric.metadata)
        kind = metric.WhichOneof("data")
        for point in getattr(metric, kind).data_points if kind else ():
            self.attributes(point.attributes)
            for exemplar in getattr(point, "exemplars", ()) if self.full else ():
                self.attributes(exemplar.filtered_attributes)

    # -- texts

    def text(
        self,
        text: str,
        active: set[int] | None = None,
        *,
        spared: bool = False,
        path: str | None = None,
    ) -> str:
        for index, processor in enumerate(self.processors):
            if active is not None and index not in active:
                continue
            outcome, text = processor.value(text)
            if outcome and path is not None:
                self.touch(index, outcome, path)
        return self.detect(text, spared)

    def detect(self, text: str, spared: bool = False) -> str:
        names = self.detectors
        if spared and IDENTIFIER.fullmatch(text):
            names = [name for name in names if name not in AMBIGUOUS]
        return [text, *detect(text, names)][-1]

    def name(self, name: str, active: set[int] | None = None) -> str:
        if self.text(name, active) == name:
            return name
        return f"{STARS}_{_tag(self.structural_key, name).hex()[:8]}"

    def key(self, key: str) -> str:
        unnamed = {i for i, processor in enumerate(self.processors) if not processor.names(key)}
        return self.name(key, unnamed) if self.full else key

    # -- attributes

    def attributes(self, attributes: Any) -> None:
        if not self.full:
            contrib_attributes(self.processors, attributes)
            return
        self.touched = [Touched() for _ in self.processors]
        every = set(range(len(self.processors)))
        kept = []
        for attribute in attributes:
            key = attribute.key
            spared = self.spared(key)

            def look(
                value: AnyValue, active: set[int], key: str = key, spared: bool = spared
            ) -> None:
                self.value(value, active, spared, key)

            if self.entry(attribute, every, None, key, look, removable=True, attribute=True):
                attribute.key = self.key(key)
                kept.append(attribute)
        copies = [type(attribute).FromString(attribute.SerializeToString()) for attribute in kept]
        del attributes[:]
        attributes.extend(copies)
        self.summarise(attributes, "redaction")

    def spared(self, key: str) -> bool:
        return key in self.vocabulary or key == "version" or key.endswith((".version", "_version"))

    def entry(
        self,
        entry: Any,
        active: set[int],
        parent: str | None,
        path: str,
        look: Callable[[AnyValue, set[int]], None],
        *,
        removable: bool,
        attribute: bool = False,
    ) -> bool:
        key, active = entry.key, set(active)
        for index in sorted(active):
            processor = self.processors[index]
            if attribute and processor.passes(key):
                active.discard(index)
            elif processor.ignores(key):
                active.discard(index)
                self.touch(index, "ignored", path)
            elif removable and not processor.keeps(key):
                self.touch(index, "redacted", path)
                return False
        value = AnyValue()
        value.CopyFrom(entry.value)
        before = value.SerializeToString()
        kept = self.by_key(value, key, active, parent, path, look)
        if value.SerializeToString() != before:
            entry.value.CopyFrom(value)
        return kept

    def by_key(
        self,
        value: AnyValue,
        key: str,
        active: set[int],
        parent: str | None,
        path: str,
        look: Callable[[AnyValue, set[int]], None],
    ) -> bool:
        blocked = False
        for index in sorted(active):
            processor = self.processors[index]
            if not processor.blocks(key):
                continue
            text = processor.counted(value)
            if processor.allows(text):
                self.touch(index, "allowed", path)
                continue
            value.string_value = processor.mask_all(text)
            blocked = True
            self.touch(index, "masked", path)
        if blocked:
            return True
        personal = None
        if self.personal_keys:
            personal = _personal(key) or (
                _personal(f"{parent}.{key}") if parent is not None else None
            )
        if personal == "removed":
            return False
        if personal == "pseudonym":
            return self.pseudonymise(value)
        if personal in {"statement", "url"}:
            rewrite = without_literals if personal == "statement" else without_query_values
            each = (
                value.array_value.values if value.WhichOneof("value") == "array_value" else [value]
            )
            for one in each:
                if one.WhichOneof("value") == "string_value":
                    one.string_value = rewrite(one.string_value)
        kind = value.WhichOneof("value")
        whole = ("secret" in self.detectors and _secret(key)) or (
            "database_name" in self.detectors and key in DATABASES
        )
        if (
            whole
            and kind not in {None, "bool_value"}
            and not (kind == "string_value" and value.string_value in {"", STARS})
        ):
            value.string_value = STARS
            return True
        look(value, active)
        return True

    def pseudonymise(self, value: AnyValue) -> bool:
        kind = value.WhichOneof("value")
        if kind in {None, "bool_value"}:
            return True
        if kind == "kvlist_value":
            return False
        if kind == "array_value":
            for one in value.array_value.values:
                if one.WhichOneof("value") == "array_value" or not self.pseudonymise(one):
                    return False
            return True
        text = text_form(value)
        if kind != "string_value" or not (text == "" or PSEUDONYM.fullmatch(text)):
            value.string_value = f"p_{self.key_id}_{_tag(self.pseudonym_key, text).hex()[:32]}"
        return True

    def value(self, value: AnyValue, active: set[int], spared: bool, key: str) -> None:
        if value.WhichOneof("value") == "string_value":
            value.string_value = self.text(value.string_value, active, spared=spared, path=key)
            return
        for index in sorted(active):
            self.processed(value, index, self.processors[index].counted(value), key)
        kind = value.WhichOneof("value")
        if kind == "string_value":
            value.string_value = self.detect(value.string_value, spared)
        elif kind in {"array_value", "kvlist_value", "bytes_value"} and self.full:
            self.inner(value, active, spared, key, "", body=False)

    def processed(self, value: AnyValue, index: int, text: str, path: str) -> None:
        outcome, after = self.processors[index].value(text)
        if outcome:
            self.touch(index, outcome, path)
        if after != text:
            value.string_value = after

    def inner(
        self,
        value: AnyValue,
        active: set[int],
        spared: bool,
        parent: str | None,
        path: str,
        *,
        body: bool,
    ) -> None:
        kind = value.WhichOneof("value")
        if kind == "array_value":
            for index, one in enumerate(value.array_value.values):
                self.inner(one, active, spared, parent, _join(path, f"[{index}]"), body=body)
        elif kind == "kvlist_value":
            kept = []
            for entry in value.kvlist_value.values:
                key, step = entry.key, _join(path, entry.key)

                def look(
                    value: AnyValue, active: set[int], key: str = key, step: str = step
                ) -> None:
                    self.inner(value, active, self.spared(key), key, step, body=body)

                if self.entry(entry, active, parent, step, look, removable=body):
                    entry.key = self.key(key)
                    kept.append(type(entry).FromString(entry.SerializeToString()))
            del value.kvlist_value.values[:]
            value.kvlist_value.values.extend(kept)
        elif kind == "string_value":
            name = (path or "body") if body else None
            value.string_value = self.text(value.string_value, active, spared=spared, path=name)
        else:
            if body:
                for index in sorted(active):
                    self.processed(value, index, text_form(value), path or "body")
            if value.WhichOneof("value") == "string_value":
                value.string_value = self.detect(value.string_value, spared)
            elif kind == "bytes_value" and self.full:
                text = value.bytes_value.decode("utf-8", "replace")
                if self.text(text, active) != text:
                    value.bytes_value = STARS.encode()

    # -- summaries

    def touch(self, index: int, what: str, name: str) -> None:
        getattr(self.touched[index], what).append(self.name(name) if self.full else name)

    def summarise(self, attributes: Any, prefix: str) -> None:
        for processor, touched in zip(self.processors, self.touched, strict=True):
            summarise(processor, touched, attributes, prefix)


def _personal(key: str) -> str | None:
    if key in REMOVED or key.startswith(REMOVED_PREFIXES):
        return "removed"
    if key in PSEUDONYMS or key.startswith(("user.", "enduser.")):
        return "pseudonym"
    if key in URLS:
        return "url"
    return "statement" if key in STATEMENTS else None


def _secret(key: str) -> bool:
    last = re.split("[./:]", key)[-1].replace("-", "_")
    plain = "".join(char.lower() if char.isascii() else char for char in last)
    return plain in SECRETS or plain.endswith(SECRET_ENDINGS)


def _join(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step


def _tag(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
