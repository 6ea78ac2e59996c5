"""A request's bytes as protobuf's own classes, read as mainstem promises to read them.

Where the promise goes beyond protobuf: a text that is not UTF-8 is repaired instead of refused, the
fields of the profiles signal are unknown, and a record with an id of a wrong length is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, FileDescriptor
    from google.protobuf.message import Message

REQUESTS: dict[str, type[Message]] = {
    "traces": trace_service_pb2.ExportTraceServiceRequest,
    "logs": logs_service_pb2.ExportLogsServiceRequest,
    "metrics": metrics_service_pb2.ExportMetricsServiceRequest,
}
PROFILES_FIELDS = {"key_strindex", "string_value_strindex"}
RECORDS = {
    "Span",
    "LogRecord",
    "NumberDataPoint",
    "HistogramDataPoint",
    "ExponentialHistogramDataPoint",
    "SummaryDataPoint",
}
ID_LENGTHS = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}


def known_fields(descriptor: Descriptor) -> list[FieldDescriptor]:
    """The fields of a message that mainstem knows."""
    return [field for field in descriptor.fields if field.name not in PROFILES_FIELDS]


def read(signal: str, data: bytes) -> Message:
    """Read a request; protobuf's DecodeError where it is none."""
    loose = _loose_class(REQUESTS[signal].DESCRIPTOR.full_name).FromString(data)
    return strict(signal, loose)


def strict(signal: str, loose: Message) -> Message:
    """Give a request without unknown fields, bad texts and records with bad ids."""
    request = REQUESTS[signal]()
    _copy(loose, request)
    return request


def _copy(source: Message, target: Message) -> None:
    for source_field, value in source.ListFields():
        field = target.DESCRIPTOR.fields_by_name[source_field.name]
        if field.message_type is None:
            if field.is_repeated:
                getattr(target, field.name).extend(_scalar(field, one) for one in value)
            else:
                setattr(target, field.name, _scalar(field, value))
        elif not field.is_repeated:
            child = getattr(target, field.name)
            child.SetInParent()
            _copy(value, child)
        else:
            for one in value:
                if field.message_type.name not in RECORDS or _ids_are_good(one):
                    _copy(one, getattr(target, field.name).add())


def _scalar(field: FieldDescriptor, value: object) -> object:
    if field.type == FieldDescriptor.TYPE_STRING and isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value


def _ids_are_good(message: Message) -> bool:
    """Whether the ids of a record, of its links and of its exemplars have an id's length."""
    for field, value in message.ListFields():
        if field.name in ID_LENGTHS and len(value) != ID_LENGTHS[field.name]:
            return False
        if field.name in {"links", "exemplars"} and not all(map(_ids_are_good, value)):
            return False
    return True


def _loose_class(name: str) -> type[Message]:
    return message_factory.GetMessageClass(_LOOSE.FindMessageTypeByName(name))


def _loose_pool() -> descriptor_pool.DescriptorPool:
    """The same messages with bytes for texts, and without the fields of the profiles signal."""
    pool = descriptor_pool.DescriptorPool()
    added: set[str] = set()

    def add(file: FileDescriptor) -> None:
        if file.name in added:
            return
        added.add(file.name)
        for dependency in file.dependencies:
            add(dependency)
        proto = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(proto)
        for message in proto.message_type:
            loosen(message)
        pool.Add(proto)

    def loosen(message: descriptor_pb2.DescriptorProto) -> None:
        fields = [field for field in message.field if field.name not in PROFILES_FIELDS]
        del message.field[:]
        message.field.extend(fields)
        for field in message.field:
            if field.type == FieldDescriptor.TYPE_STRING:
                field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
        for nested in message.nested_type:
            loosen(nested)

    for request in REQUESTS.values():
        add(request.DESCRIPTOR.file)
    return pool


_LOOSE = _loose_pool()
