"""From the Collector's YAML to a CollectorConfig: everything that is wrong is told at once."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mainstem.config.collector.azureblob import AzureBlob
from mainstem.config.collector.ends import blob_ends, counts_only
from mainstem.config.collector.exporters import Blob, BlobExporter, Debug, File
from mainstem.config.collector.forwarding import Forwarding, OtlpGrpc, OtlpHttp
from mainstem.config.collector.holding import Holding, Interval, TailSampling
from mainstem.config.collector.model import (
    CollectorConfig,
    HoldStep,
    Pipeline,
    ProcessorStep,
    RedactionStep,
)
from mainstem.config.collector.processors import Batch, MemoryLimiter, Redaction
from mainstem.config.collector.receivers import HealthCheck, Otlp, TextEncoding
from mainstem.config.collector.security import (
    Auth,
    Authenticator,
    BasicAuth,
    BearerTokenAuth,
    Senders,
)
from mainstem.config.collector.service import Service
from mainstem.config.collector.stateless import (
    Attributes,
    ProbabilisticSampler,
    Resource,
    Stateless,
)
from mainstem.config.collector.statements import Filter, Transform
from mainstem.config.collector.values import Component, NoEffect, NotBuilt
from mainstem.config.document import Document, parse_document, read_document
from mainstem.config.validate import nearest, validate
from mainstem.errors import ConfigError
from mainstem.records import CONVERTED_SUFFIX, LOCAL_SUFFIX, Signal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mainstem.config.document import KeyPath
    from mainstem.errors import Problem

COMPONENTS: dict[str, dict[str, type[Component]]] = {
    "receivers": {"otlp": Otlp},
    "processors": {
        "batch": Batch,
        "memory_limiter": MemoryLimiter,
        "redaction": Redaction,
        "attributes": Attributes,
        "resource": Resource,
        "filter": Filter,
        "transform": Transform,
        "probabilistic_sampler": ProbabilisticSampler,
        "tail_sampling": TailSampling,
        "interval": Interval,
    },
    "exporters": {
        "azureblob": AzureBlob,
        "azure_blob": AzureBlob,
        "blob": Blob,
        "file": File,
        "otlp": OtlpGrpc,
        "otlp_grpc": OtlpGrpc,
        "otlphttp": OtlpHttp,
        "otlp_http": OtlpHttp,
        "debug": Debug,
    },
    "extensions": {
        "health_check": HealthCheck,
        "text_encoding": TextEncoding,
        "bearertokenauth": BearerTokenAuth,
        "basicauth": BasicAuth,
        "senders": Senders,
    },
}
CLASS_NAME = re.compile(r"(?=.{1,40}$)[a-z0-9]+(-[a-z0-9]+)*")
SECTIONS = (*COMPONENTS, "connectors", "service")


def read_collector(path: Path, environment: Mapping[str, str] = os.environ) -> CollectorConfig:
    """Read a Collector's configuration file; ConfigError lists all that is wrong with it."""
    return _read(read_document(path, environment))


def parse_collector(
    text: str, file: str, directory: Path, environment: Mapping[str, str]
) -> CollectorConfig:
    """Read a Collector's configuration from text; `${file:...}` is relative to `directory`."""
    return _read(parse_document(text, file, directory, environment))


DEFAULT = """\
# What runs where a region of the platform file names no collector configuration.
receivers: {otlp: {protocols: {grpc: , http: }}}
processors: {redaction: {allow_all_keys: true}}
exporters: {blob: {compression: zstd}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], processors: [redaction], exporters: [blob]}
    logs: {receivers: [otlp], processors: [redaction], exporters: [blob]}
    metrics: {receivers: [otlp], processors: [redaction], exporters: [blob]}
"""


def default_collector(directory: Path) -> CollectorConfig:
    """Give the configuration of a region that names none: all signals, to the region's store."""
    return parse_collector(DEFAULT, "(built in)", directory, {})


def _read(document: Document) -> CollectorConfig:
    reader = _Reader(document, notes=list(document.notes))
    config = reader.read()
    if config is None or reader.problems:
        raise ConfigError(sorted(reader.problems, key=lambda found: (found.line, found.column)))
    return config


@dataclass
class _Reader:
    document: Document
    notes: list[Problem]
    problems: list[Problem] = field(default_factory=list)
    found: dict[tuple[str, str], Component] = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)

    def read(self) -> CollectorConfig | None:
        top = self.document.value
        if not isinstance(top, dict):
            self._wrong((), "must be a mapping with receivers, exporters and service")
            return None
        for section in top:
            if section not in SECTIONS:
                self._wrong((section,), "is not a key known here", nearest(section, SECTIONS))
        if top.get("connectors"):
            self._wrong(("connectors",), "connectors are not built yet")
        for section, kinds in COMPONENTS.items():
            self._section(section, kinds)
        service = self._service()
        if service is None:
            return None
        pipelines = self._pipelines(service)
        health = self._health(service)
        self._encodings(service)
        authenticators = self._authenticators(service)
        self._unused()
        if self.problems:
            return None
        return self._assemble(service, pipelines, health, authenticators)

    def _section(self, section: str, kinds: dict[str, type[Component]]) -> None:
        components = self.document.value.get(section) or {}
        if not isinstance(components, dict):
            self._wrong((section,), "must be a mapping of components")
            return
        for name in components:
            kind = name.partition("/")[0]
            model = kinds.get(kind)
            if model is None:
                word = section.removesuffix("s")
                reason = f"{kind} is not {_a(word)} known here"
                self._wrong((section, name), reason, nearest(kind, kinds))
                continue
            component, problems = validate(model, self.document, (section, name))
            self.problems += problems
            if component is not None:
                self.found[section, name] = component
                self._remarks(component, (section, name))

    def _service(self) -> Service | None:
        if "service" not in self.document.value:
            self._wrong(("service",), "is missing: it says what runs")
            return None
        service, problems = validate(Service, self.document, ("service",))
        self.problems += problems
        if service is not None:
            self._remarks(service, ("service",))
        return service

    def _remarks(self, component: Component, path: KeyPath) -> None:
        """Say of each key that was given whether it has no effect or cannot be passed over."""
        for key in component.model_fields_set:
            value = getattr(component, key)
            at = (*path, key)
            for mark in type(component).model_fields[key].metadata:
                if isinstance(mark, NoEffect):
                    self.notes.append(self.document.problem(at, f"has no effect: {mark.why}"))
                elif isinstance(mark, NotBuilt) and value not in (None, False, "", [], {}):
                    self._wrong(at, "is not built yet", mark.why)
            for child, child_path in _children(value, at):
                self._remarks(child, child_path)

    def _pipelines(self, service: Service) -> dict[str, Pipeline]:
        pipelines: dict[str, Pipeline] = {}
        for name, given in service.pipelines.items():
            at: KeyPath = ("service", "pipelines", name)
            kind = name.partition("/")[0]
            if kind not in list(Signal):
                self._wrong(at, f"{kind} is not a signal known here", nearest(kind, list(Signal)))
                continue
            signal = Signal(kind)
            for section in ("receivers", "processors", "exporters"):
                self._references(section, getattr(given, section), (*at, section))
            if not given.receivers:
                self._wrong((*at, "receivers"), "must name a receiver")
            forward = tuple(id_ for id_ in given.exporters if self._sends_on(id_))
            ends = blob_ends(given.exporters, self.found)
            known = all(("exporters", id_) in self.found for id_ in given.exporters)
            if known and not ends and not forward:
                reason = "must name an exporter that stores what is acknowledged, or sends it on"
                self._wrong((*at, "exporters"), reason)
            before, hold, after = self._hold(given.processors, signal, at)
            pipelines[name] = Pipeline(
                signal,
                name,
                given.receivers,
                given.processors,
                self._steps(before, at),
                ends,
                counts_only(given.exporters, self.found),
                self._class(name, signal, service, at),
                forward,
                hold,
                after,
            )
        self._addresses({id_ for pipeline in pipelines.values() for id_ in pipeline.receivers})
        return pipelines

    def _class(self, name: str, signal: Signal, service: Service, at: KeyPath) -> str:
        """Name a pipeline's class; the signal's own is that of its name, or else of the first."""
        of_signal = [id_ for id_ in service.pipelines if id_.partition("/")[0] == signal.value]
        if name == (signal.value if signal.value in of_signal else of_signal[0]):
            return signal.value
        own = name.partition("/")[2]
        if not CLASS_NAME.fullmatch(own):
            self._wrong(at, "needs a name of lower-case letters, digits and hyphens behind its `/`")
        elif f"-{own}" in (LOCAL_SUFFIX, CONVERTED_SUFFIX):
            self._wrong(at, f"{own} is a name that the ledger has for something else")
        return f"{signal.value}-{own}"

    def _hold(
        self, ids: tuple[str, ...], signal: Signal, at: KeyPath
    ) -> tuple[tuple[str, ...], HoldStep | None, tuple[ProcessorStep, ...]]:
        """Divide processors at the one that holds records back, if one does."""
        kinds = [self.found.get(("processors", id_)) for id_ in ids]
        places = [(place, kind) for place, kind in enumerate(kinds) if isinstance(kind, Holding)]
        if not places:
            return ids, None, ()
        path: KeyPath = (*at, "processors")
        (first, holding), *others = places
        if others:
            self._wrong((*path, others[0][0]), "holds records that another holds already: one may")
        for place in range(first + 1, len(ids)):
            if isinstance(kinds[place], Redaction):
                reason = f"{ids[first]} holds records before they are redacted"
                self._wrong((*path, first), reason, f"put {ids[place]} before it")
        wanted = Signal.TRACES if isinstance(holding, TailSampling) else Signal.METRICS
        if signal is not wanted:
            self._wrong((*path, first), f"is for {wanted} alone")
        hold = HoldStep(ids[first].partition("/")[0], ids[first], holding)
        after = tuple(
            ProcessorStep(id_.partition("/")[0], id_, kind)
            for id_, kind in zip(ids[first + 1 :], kinds[first + 1 :], strict=True)
            if isinstance(kind, Stateless)
        )
        return ids[:first], hold, after

    def _steps(
        self, ids: tuple[str, ...], at: KeyPath
    ) -> tuple[RedactionStep | ProcessorStep, ...]:
        """Make steps of processors; those that follow each other and redact are one."""
        steps: list[RedactionStep | ProcessorStep] = []
        for id_ in ids:
            match self.found.get(("processors", id_)):
                case Redaction() as redaction:
                    earlier: tuple[tuple[str, Redaction], ...] = ()
                    if steps and isinstance(last := steps[-1], RedactionStep):
                        earlier = last.processors
                        steps.pop()
                    steps.append(RedactionStep((*earlier, (id_, redaction))))
                case Stateless() as processor:
                    steps.append(ProcessorStep(id_.partition("/")[0], id_, processor))
        if not any(isinstance(step, RedactionStep) for step in steps):
            reason = "no redaction processor: the built-in detectors and keys still apply"
            self.notes.append(self.document.problem(at, reason))
            steps.append(RedactionStep(()))
        return tuple(steps)

    def _sends_on(self, id_: str) -> bool:
        kind = COMPONENTS["exporters"].get(id_.partition("/")[0])
        return kind is not None and issubclass(kind, Forwarding)

    def _addresses(self, used: set[str]) -> None:
        """Say where two receivers would listen on one address."""
        taken: dict[str, str] = {}
        for (_, id_), receiver in self.found.items():
            if not isinstance(receiver, Otlp) or id_ not in used:
                continue
            for name, endpoint in receiver.endpoints().items():
                # Port 0 is another one each time.
                if endpoint.endswith(":0") or taken.setdefault(endpoint, id_) == id_:
                    continue
                at: KeyPath = ("receivers", id_, "protocols", name, "endpoint")
                self._wrong(at, f"{endpoint} is the address of {taken[endpoint]} already")

    def _references(self, section: str, ids: tuple[str, ...], at: KeyPath) -> None:
        configured = self.document.value.get(section)
        if not isinstance(configured, dict):
            configured = {}
        for index, id_ in enumerate(ids):
            if id_ in ids[:index]:
                self._wrong((*at, index), f"{id_} stands here a second time")
            self.used.add((section, id_))
            if id_ not in configured:
                reason = f"{id_} is not one of the {section} in this file"
                self._wrong((*at, index), reason, nearest(id_, configured))

    def _health(self, service: Service) -> HealthCheck | None:
        self._references("extensions", service.extensions, ("service", "extensions"))
        checks = [
            component
            for id_ in service.extensions
            if isinstance(component := self.found.get(("extensions", id_)), HealthCheck)
        ]
        if len(checks) > 1:
            self._wrong(("service", "extensions"), "names more than one health_check")
        return checks[0] if checks else None

    def _encodings(self, service: Service) -> None:
        for (section, id_), component in self.found.items():
            if not isinstance(component, BlobExporter):
                continue
            given: list[tuple[KeyPath, str]] = [
                ((section, id_, "encodings", signal.value), encoding)
                for signal in Signal
                if (encoding := getattr(component.encodings, signal.value)) is not None
            ]
            if isinstance(component, File) and component.encoding is not None:
                given.append(((section, id_, "encoding"), component.encoding))
            for at, encoding in given:
                if not isinstance(self.found.get(("extensions", encoding)), TextEncoding):
                    known = [
                        name
                        for (_, name), extension in self.found.items()
                        if isinstance(extension, TextEncoding)
                    ]
                    reason = "is not a text_encoding extension in this file"
                    self._wrong(at, reason, nearest(encoding, known))
                elif encoding not in service.extensions:
                    self._wrong(at, f"{encoding} is not in service.extensions")

    def _authenticators(self, service: Service) -> dict[str, Authenticator]:
        """Collect the started extensions that know senders, and check who is named by listeners."""
        started = {
            id_: component
            for id_ in service.extensions
            if isinstance(component := self.found.get(("extensions", id_)), Authenticator)
        }
        for (section, id_), receiver in self.found.items():
            if not isinstance(receiver, Otlp):
                continue
            for protocol in ("grpc", "http"):
                auth: Auth | None = getattr(getattr(receiver.protocols, protocol), "auth", None)
                if auth is None:
                    continue
                at: KeyPath = (section, id_, "protocols", protocol, "auth", "authenticator")
                named = started.get(auth.authenticator)
                if named is None:
                    reason = "is not an authenticator in service.extensions"
                    self._wrong(at, reason, nearest(auth.authenticator, started))
                elif isinstance(named, BasicAuth) and named.htpasswd is None:
                    self._wrong(at, "names an extension without htpasswd, which is for exporters")
        return started

    def _unused(self) -> None:
        for section, id_ in self.found:
            if (section, id_) not in self.used:
                reason = "is used by no pipeline" if section != "extensions" else "is not started"
                self.notes.append(self.document.problem((section, id_), reason))

    def _assemble(
        self,
        service: Service,
        pipelines: dict[str, Pipeline],
        health: HealthCheck | None,
        authenticators: dict[str, Authenticator],
    ) -> CollectorConfig:
        used = {id_ for pipeline in pipelines.values() for id_ in pipeline.receivers}
        return CollectorConfig(
            receivers={
                id_: component
                for (_, id_), component in self.found.items()
                if isinstance(component, Otlp) and id_ in used
            },
            pipelines=pipelines,
            forwarding={
                id_: component
                for (_, id_), component in self.found.items()
                if isinstance(component, OtlpGrpc | OtlpHttp)
            },
            health=health,
            authenticators=authenticators,
            memory_limiters=tuple(
                limiter
                for id_ in {id_: None for p in pipelines.values() for id_ in p.processors}
                if isinstance(limiter := self.found["processors", id_], MemoryLimiter)
            ),
            telemetry=service.telemetry,
            notes=tuple(sorted(self.notes, key=lambda note: (note.line, note.column))),
            document=self.document,
        )

    def _wrong(self, path: KeyPath, reason: str, hint: str | None = None) -> None:
        self.problems.append(self.document.problem(path, reason, hint))


def _children(value: Any, at: KeyPath) -> Iterator[tuple[Component, KeyPath]]:
    if isinstance(value, Component):
        yield value, at
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _children(item, (*at, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _children(item, (*at, index))


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
