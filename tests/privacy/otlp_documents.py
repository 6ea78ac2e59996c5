"""Random requests of every shape, with texts that rules and detectors care about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, FieldDescriptor
    from google.protobuf.message import Message

FRAGMENTS = [
    "anna@contoso.com", "anna%40contoso.com", "jörg@exämple.de", "a@b", "10.1.2.3", "v1.2.3.4",
    "1.2.3.4.5", "256.1.1.1", "2001:db8::1", "::", "::1", "10:30:45", "a::b", "1::2:", ":",
    "::ffff:10.0.0.1",
    "4111111111111111", "4111 1111 1111 1111", "3782-822463-10005", "4111111111111112", "0.",
    "DE89370400440532013000", "GB82 WEST 1234 5698 7654 32", "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "Bearer abcdef0123456789", "bearer tokens",
    "password=", "token:", '"secret": "', "Authorization: ", "https://bob:pw@host/p?a=1&b=2#c",
    "?sig=abc", ";AccountKey=", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----",
    "select 'it''s' from t1 where a = 12.5e-3", '{"find": "users"}', "'", '"', "`", "\\",
    "$$", "$q$", "--", "SELECT 1", "select a from t where b = ", "insert into t values (",
    "SELECT x(",
    "update t set a = 7", " from ", "(", ")", ";", ", ", "00:1b:44:11:3a:b7",
    "001b.4411.3ab7",
    "26-11-24-08-41-47", ":", "/24", "10.1.2.0/24", "2001:db8:1::/48", "(212) 555-0123",
    "+1 212 555 0123",
    "030 12345678", "0412 345 678", "536-22-8145", "ssn ", "130 692 544", "123 456 782",
    "86095742719", "postgres://h/customers", "Database=x", 'relation "people"', "?q=anna&r=1",
    "/*", "*/", "+49 30 12345678", "123e4567-e89b-12d3-a456-426614174000", "tenant-1", "secret-7",
    "****", "*", "x" * 20, "é", "\n", "\0", " ", "=", "&", "?", "#", ".", "-", "_", "1", "12",
    "abc",
]  # fmt: skip
KEYS = [
    "tenant.id", "service.version", "user.id", "user.name", "user.active", "enduser.pseudo.id",
    "session.id", "client.address", "db.query.text", "db.statement", "url.full", "url.query",
    "http.target", "password", "x-api-key", "http.request.header.cookie", "id", "user", "note",
    "ignored.one",
    "blocked.one", "redaction.masked.keys", "redaction.masked.count", "anna@contoso.com", "k4", "",
]  # fmt: skip

texts = st.one_of(
    st.sampled_from(FRAGMENTS),
    st.lists(st.sampled_from(FRAGMENTS), min_size=2, max_size=5).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
keys = st.one_of(st.sampled_from(KEYS), st.sampled_from(KEYS), texts)
_MESSAGES: dict[str, st.SearchStrategy[Any]] = {}


def requests(kind: type[Message]) -> st.SearchStrategy[Any]:
    """Give requests of a message class."""
    return _messages(kind.DESCRIPTOR, 0).map(lambda build: build(kind()))


def _messages(descriptor: Descriptor, depth: int) -> st.SearchStrategy[Any]:
    """Give functions that fill a message in."""
    parts = []
    for field in descriptor.fields:
        if field.name.endswith("_strindex"):
            continue
        if field.message_type is not None and depth > 11:
            continue
        many = field.message_type is not None and not _is_leaf(field)
        chance = 1 if many and depth < 6 else 0.5
        parts.append((field, _field(field, depth), chance))

    @st.composite
    def build(draw: st.DrawFn) -> Any:
        filled = []
        used: set[str] = set()
        for field, strategy, chance in parts:
            oneof = field.containing_oneof
            if oneof is not None and oneof.name in used:
                continue
            if chance == 1 or draw(st.booleans()):
                filled.append((field, draw(strategy)))
                if oneof is not None:
                    used.add(oneof.name)
        return lambda message: _fill(message, filled)

    return build()


def _is_leaf(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.name in {"AnyValue", "KeyValue"}


def _field(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    if field.message_type is not None:
        name = field.message_type.full_name
        key = f"{name} {depth}"
        if key not in _MESSAGES:
            _MESSAGES[key] = st.deferred(
                lambda: _messages(field.message_type, depth + (3 if _is_leaf(field) else 1))
            )
        one = _MESSAGES[key]
    else:
        one = _scalar(field)
    if field.is_repeated:
        return st.lists(one, max_size=3, min_size=1 if depth < 3 else 0)
    return one


def _scalar(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.name.endswith("trace_id"):
        return st.just(bytes(range(1, 17)))
    if field.name.endswith("span_id"):
        return st.just(bytes(range(1, 9)))
    match field.cpp_type:
        case field.CPPTYPE_STRING if field.type == field.TYPE_BYTES:
            return st.one_of(texts.map(str.encode), st.binary(max_size=8))
        case field.CPPTYPE_STRING:
            return keys if field.name == "key" else texts
        case field.CPPTYPE_BOOL:
            return st.booleans()
        case field.CPPTYPE_DOUBLE | field.CPPTYPE_FLOAT:
            return st.one_of(st.floats(), st.integers(-10, 10).map(float))
        case field.CPPTYPE_ENUM:
            return st.sampled_from([value.number for value in field.enum_type.values])
        case field.CPPTYPE_UINT32 | field.CPPTYPE_UINT64:
            return st.integers(0, 2**32 - 1)
        case _:
            return st.integers(-(2**31), 2**31 - 1)


def _fill(message: Any, filled: list[tuple[FieldDescriptor, Any]]) -> Any:
    for field, value in filled:
        if field.message_type is None:
            if field.is_repeated:
                getattr(message, field.name).extend(value)
            else:
                setattr(message, field.name, value)
        elif field.is_repeated:
            for build in value:
                build(getattr(message, field.name).add())
        else:
            getattr(message, field.name).SetInParent()
            value(getattr(message, field.name))
    return message
