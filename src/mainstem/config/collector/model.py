"""What a Collector's configuration says, once it is known to be right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainstem.config.collector.exporters import BlobExporter
    from mainstem.config.collector.forwarding import OtlpGrpc, OtlpHttp
    from mainstem.config.collector.holding import Holding
    from mainstem.config.collector.processors import MemoryLimiter, Redaction
    from mainstem.config.collector.receivers import HealthCheck, Otlp
    from mainstem.config.collector.security import Authenticator
    from mainstem.config.collector.service import Telemetry
    from mainstem.config.collector.stateless import Stateless
    from mainstem.config.document import Document
    from mainstem.errors import Problem
    from mainstem.records import Signal


@dataclass(frozen=True)
class Destination:
    """A store: an address as the store room reads it, and how to sign in there.

    `address` is None for the store that the platform file names for the region. `label` may stand
    in messages. `sign_in` names one of Entra's ways, with its `credentials` by the exporter's keys;
    None where the address tells, or else the environment.
    """

    address: str | None = field(repr=False)
    label: str
    sign_in: str | None = None
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class BlobEnd:
    """An exporter that writes blobs, by its id in the file, and the store that it writes to."""

    id: str
    options: BlobExporter
    destination: Destination

    def container(self, signal: Signal) -> str:
        """Name the container that a signal's blobs go to."""
        name: str = getattr(self.options.container, signal.value)
        return name

    def name_format(self, signal: Signal) -> str:
        """Give the strftime format of a signal's blob names."""
        return self.options.blob_name_format.strftime(signal)


@dataclass(frozen=True)
class RedactionStep:
    """The redaction processors that follow each other, with their ids: one policy.

    Without any, what is always on.
    """

    processors: tuple[tuple[str, Redaction], ...]


@dataclass(frozen=True)
class ProcessorStep:
    """A processor that is a step of its own; `kind` is its type."""

    kind: str
    id: str
    processor: Stateless


@dataclass(frozen=True)
class HoldStep:
    """A processor that holds records back; `kind` is its type."""

    kind: str
    id: str
    processor: Holding


@dataclass(frozen=True)
class Pipeline:
    """What one signal goes through. Ids are those of the file: `otlp`, `redaction/eu`.

    `steps` run in this order; the processors whose work is done elsewhere are not among them.
    Behind them `hold` may keep records back, and `after` are the steps of what goes on.
    `ends` are the exporters that store and `forward` those that send on; `counted` says whether one
    counts. `segment_class` names the segments that its records go to, in spool and ledger: of a
    signal's pipelines one has the signal's name, and its records are those that travel and are
    loaded.
    """

    signal: Signal
    id: str
    receivers: tuple[str, ...]
    processors: tuple[str, ...]
    steps: tuple[RedactionStep | ProcessorStep, ...]
    ends: tuple[BlobEnd, ...]
    counted: bool
    segment_class: str
    forward: tuple[str, ...] = ()
    hold: HoldStep | None = None
    after: tuple[ProcessorStep, ...] = ()

    @property
    def redactions(self) -> tuple[RedactionStep, ...]:
        """The steps that redact, in order; never empty."""
        return tuple(step for step in self.steps if isinstance(step, RedactionStep))


@dataclass(frozen=True)
class CollectorConfig:
    """A whole configuration; `notes` say in one line each what has no effect.

    `receivers`, by id, are those that a pipeline takes records from.
    """

    receivers: Mapping[str, Otlp]
    pipelines: Mapping[str, Pipeline]
    forwarding: Mapping[str, OtlpGrpc | OtlpHttp]
    health: HealthCheck | None
    authenticators: Mapping[str, Authenticator]
    memory_limiters: tuple[MemoryLimiter, ...]
    telemetry: Telemetry
    notes: tuple[Problem, ...]
    document: Document = field(repr=False)

    @property
    def file(self) -> str:
        """The file's name, as messages give it."""
        return self.document.file
