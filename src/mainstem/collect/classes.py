"""From pipelines and their exporters to the classes of segment, each with the store it goes to.

Every exporter of a pipeline that stores makes a class of its own. Of a signal's classes one has the
signal's name (or `-converted` behind it): that of the pipeline that is the signal's own, and there
of the exporter that writes to the region's store, or else the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mainstem.collect.destination import label_of, resolved
from mainstem.config.collector.azureblob import AzureBlob
from mainstem.config.collector.exporters import BlobExporter
from mainstem.errors import ConfigError, UsageError
from mainstem.records import CONVERTED_SUFFIX, LOCAL_SUFFIX, converted_class, local_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mainstem.collect.site import Site
    from mainstem.config.collector import BlobEnd, CollectorConfig, Destination, Pipeline
    from mainstem.errors import Problem
    from mainstem.records import Signal


@dataclass(frozen=True)
class SegmentClass:
    """One kind of segment: a pipeline's records on their way to one container of one store.

    `end` and `destination` are None where the segments are sent on and not stored. `exporters` send
    them on. `local` is the class of the records that a rule keeps, `separator` what ends the lines
    of append blobs; `protobuf` says whether a blob is one message.
    """

    name: str
    pipeline: Pipeline
    end: BlobEnd | None
    destination: Destination | None
    container: str | None
    exporters: tuple[str, ...] = ()
    separator: str | None = None
    protobuf: bool = False
    local: SegmentClass | None = None

    @property
    def signal(self) -> Signal:
        """The signal of its records."""
        return self.pipeline.signal

    @property
    def converts(self) -> bool:
        """Whether its blobs are something else than its segments."""
        return self.separator is not None or self.protobuf

    @property
    def is_main(self) -> bool:
        """Whether it is the one of its signal that travels and is loaded."""
        return self.name in (self.signal.value, converted_class(self.signal))

    def to_core(self) -> dict[str, Any]:
        """Give the class as the data plane has it."""
        options = self.end.options if self.end is not None else BlobExporter()
        return {
            "signal": self.signal.value,
            "container": self.container,
            "exporters": list(self.exporters),
            "name_format": options.blob_name_format.strftime(self.signal),
            "timezone": options.blob_name_format.timezone,
            "compression": options.compression,
        }


def segment_classes(config: CollectorConfig, site: Site) -> list[SegmentClass]:
    """List the classes in the order of the file; ConfigError where two of them would meet."""
    found = [made for pipeline in config.pipelines.values() for made in _of(pipeline, site)]
    problems = list(_meetings(config, found, site))
    if problems:
        raise ConfigError(problems)
    return found


def with_local(classes: Sequence[SegmentClass]) -> list[SegmentClass]:
    """List the classes and those of what they keep."""
    return [one for made in classes for one in (made, made.local) if one is not None]


def _of(pipeline: Pipeline, site: Site) -> Iterator[SegmentClass]:
    ends = sorted(
        pipeline.ends,
        key=lambda end: (not _is_regions(end, site), _converts(end)),
    )
    if not ends:
        whole = SegmentClass(pipeline.segment_class, pipeline, None, None, None, pipeline.forward)
        yield _divided(whole, site)
    for number, end in enumerate(ends):
        separator = _separator(end)
        name = pipeline.segment_class
        if number:
            name = f"{name}-{_words(end.id)}"
        elif _converts(end) and name == pipeline.signal:
            name = converted_class(pipeline.signal)
        made = SegmentClass(
            name,
            pipeline,
            end,
            resolved(end.destination, site),
            end.container(pipeline.signal),
            pipeline.forward if not number else (),
            separator,
            end.options.format == "proto",
        )
        yield _divided(made, site)


def _divided(whole: SegmentClass, site: Site) -> SegmentClass:
    """Add the class of the records that do not travel, where rules say that there are any."""
    if not whole.is_main or not site.route(whole.signal).divides:
        return whole
    destination, container = whole.destination, whole.container
    if destination is None:
        destination, container = resolved(None, site), whole.signal.value
    kept = replace(
        whole,
        name=local_class(whole.signal),
        destination=destination,
        container=f"{container}{LOCAL_SUFFIX}",
        exporters=(),
        separator=None,
        protobuf=False,
    )
    return replace(whole, local=kept)


def _meetings(
    config: CollectorConfig, classes: Sequence[SegmentClass], site: Site
) -> Iterator[Problem]:
    """Say where two classes would have one name, or write into one container."""
    names: set[str] = set()
    places: dict[tuple[str, str, str], SegmentClass] = {}
    for made in with_local(classes):
        at = ("service", "pipelines", made.pipeline.id, "exporters")
        if made.name in names:
            reason = f"{made.name} is the class of another exporter: give one of them a name"
            yield config.document.problem(at, reason)
        names.add(made.name)
        if made.destination is None or made.container is None:
            continue
        place = label_of(made.destination, site), made.container, made.signal.value
        if (other := places.setdefault(place, made)) is not made:
            yield config.document.problem(
                at,
                f"{other.pipeline.id} writes {made.signal} into the container {made.container} of "
                "the same store",
                "what lies in one container is loaded as one: give this pipeline an exporter with "
                "a container or a store of its own",
            )
        elif made.converts and not made.is_main and made.container == made.signal:
            reason = f"blobs of another format in the container {made.container} would be loaded"
            yield config.document.problem(at, reason)


def _is_regions(end: BlobEnd, site: Site) -> bool:
    """Whether an exporter writes to the store that the region is read from."""
    if site.store is None:
        return False
    return label_of(resolved(end.destination, site), site) == label_of(resolved(None, site), site)


def _separator(end: BlobEnd) -> str | None:
    options = end.options
    if isinstance(options, AzureBlob) and options.append_blob.enabled:
        return options.append_blob.separator
    return None


def _converts(end: BlobEnd) -> bool:
    return _separator(end) is not None or end.options.format == "proto"


def _words(id_: str) -> str:
    kind, _, name = id_.partition("/")
    words = re.sub(r"[^a-z0-9]+", "-", (name or kind).lower()).strip("-") or "more"
    return f"to-{words}" if f"-{words}" in (LOCAL_SUFFIX, CONVERTED_SUFFIX) else words


def check_blocks(
    classes: Sequence[SegmentClass], site: Site, max_body_bytes: int, most: int
) -> None:
    """UsageError where append blobs cannot be: at the centre, or for requests beyond a block."""
    if not any(made.separator is not None for made in classes):
        return
    if site.origins:
        raise UsageError(
            "append_blob is not for the collector of the centre: its copies are what is loaded",
            hint="Set append_blob.enabled to false.",
        )
    if max_body_bytes > most:
        raise UsageError(
            f"append_blob takes requests of up to {most >> 20} MiB: a block holds no more",
            hint="Lower the receiver's max_recv_msg_size_mib and max_request_body_size.",
        )
