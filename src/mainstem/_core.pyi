"""The data plane (Rust): receive, decode, redact, encode, spool; and blobs to Arrow.

Everything here that takes time lets other Python threads run meanwhile. No error quotes a payload.
"""

import builtins
from collections.abc import Iterable
from typing import final

__all__ = [
    "BlobRows",
    "BlobStream",
    "BronzeSchema",
    "DataPlane",
    "OutboxItem",
    "PlanError",
    "SpoolError",
    "Survey",
    "bronze_schema",
    "check_hold",
    "check_policy",
    "count_blob",
    "index_blob",
    "index_may_hold",
    "list_spool",
    "process_json",
    "protobuf_blob",
    "read_blob",
    "redact_json",
    "select_records",
    "sign",
    "signature_fits",
    "signing_public_key",
    "steps_rules",
    "stream_blob",
    "transcode",
    "verify_spool",
]

class PlanError(ValueError):
    """A plan or a policy that cannot be carried out: the place in it, and why."""

class SpoolError(OSError):
    """A spool that does not open, or whose files cannot be read or written.

    Another process that holds the spool is one of its reasons.
    """

@final
class DataPlane:
    """A collector's receivers, policies and spool.

    Making one compiles the policies, reads the region's key and opens the spool, which recovers
    what an earlier process left. It also keeps the process from ever writing a core file, since
    requests stand unredacted in its memory.
    """

    def __new__(cls, plan: str) -> DataPlane:
        """Make a data plane from a plan in JSON, as the configuration makes it.

        Raises `PlanError` where the plan, a policy or the key cannot be used, and `SpoolError`
        where the spool cannot be opened.
        """

    def start(self) -> dict[str, dict[str, int]]:
        """Bind the listeners, and take requests from now on.

        Gives the ports by the receivers' ids, and there by "grpc" and "http".

        Raises `OSError` where an address cannot be bound.
        """

    def reload(self, plan: str) -> None:
        """Put another plan in place of the one that holds, without ending a connection.

        The files that it names (the key, certificates) are read anew. Requests under way finish
        under the plan that they began with, and segments seal where their policy changes. Raises
        `PlanError` where the plan cannot be used, or changes what the sockets and the spool stand
        on, and `SpoolError` where a segment's class cannot be opened; then all is as it was.
        """

    def set_pressure(self, level: str) -> None:
        """Say how the process's memory stands to its bounds.

        "none"; "soft": requests are refused as they come; "hard": nor does one that is under way
        get more memory. Raises `ValueError` for another word.
        """

    def next_outbox(
        self, timeout: float, *, after: int | None = None, region: str | None = None
    ) -> OutboxItem | None:
        """Give the first ledger entry that is not confirmed; wait up to `timeout` seconds for one.

        The same entry is given again until it is confirmed. With `after`, the first one behind that
        entry, which itself cannot be uploaded. At the centre `region` says whose spool; raises
        `ValueError` where there is none. Raises `SpoolError` where it cannot be read.
        """

    def confirm(self, seq: int, *, region: str | None = None) -> None:
        """Say that the store holds entry `seq` and its blob, so that the spool can drop them.

        Entries are confirmed in the order of `seq`. Raises `SpoolError` where that is broken.
        """

    def give_up(self, exporter: str, *, region: str | None = None) -> tuple[int, int]:
        """Give up what is owed to an exporter, for good; gives the segments and records of that.

        The chain gets an entry for each segment, which counts them as abandoned. Raises
        `SpoolError` where that cannot be written; `ValueError` as `next_outbox` does.
        """

    def stats(self) -> str:
        """Give what the collector counts about itself, as JSON.

        `signals`: a list of signal, grpc and http (each with requests; accepted, rejected, refused
        and duplicate records; unknown_fields, doubled_keys, invalid_utf8), dropped and sampled
        records, and redactions (rule, count). `refusals`: a list of transport, reason, requests.
        `handshakes_failed`: a list of reason, connections. `certificate_expires_unix` (the first
        to expire; None without TLS). `ack_seconds`: bounds, counts,
        count, sum. `connections`, `open_connections`, `in_flight_bytes`, `in_flight_peak_bytes`.
        `spool`: instance, outbox_entries, outbox_bytes, oldest_age_ms, reserve_bytes, classes, and
        more; `origins`: at the centre, the same by region. `exporters`: a list of exporter, traces,
        logs and metrics (each with sent, send_failed, rejected, refused and abandoned records),
        tries_failed, requests_settled, fault, untaken (number, segment, line, records, reason) and
        spool_error. Counts are since the start.
        """

    def seal(self) -> None:
        """Seal every open segment, so that its entry comes to the outbox. Raises `SpoolError`."""

    def drain(self, timeout: float) -> bool:
        """Take no new request, give those under way `timeout` seconds to finish, and seal.

        False says that some were still under way. Raises `SpoolError` where a segment cannot be
        sealed.
        """

    def close(self) -> None:
        """Take no new request and let the spool go. Requests still under way are refused.

        What was acknowledged stays in the spool. Closing twice is well; any other use of a closed
        data plane raises `RuntimeError`.
        """

@final
class OutboxItem:
    """One ledger entry that waits for its upload, and the blob that it speaks of, if any.

    They are uploaded in this order: `lines`, the blob, `entry`.
    """

    @property
    def seq(self) -> int:
        """The entry's place in its instance's chain, from 0."""

    @property
    def kind(self) -> str:
        """What it records: "genesis", "segment", "heartbeat" or "hour_closed"."""

    @property
    def entry_name(self) -> str:
        """The entry's object name in the ledger container."""

    @property
    def entry(self) -> builtins.bytes:
        """The entry: one JSON object."""

    @property
    def lines(self) -> builtins.bytes | None:
        """24 bytes a line of the blob: the request's digest (16), then its time of receipt.

        The time is in nanoseconds since 1970, little-endian. The object stands beside the entry,
        with `.lines` in place of `.json`. None where there is no blob.
        """

    @property
    def container(self) -> str | None:
        """The blob's container; None where there is no blob."""

    @property
    def blob_name(self) -> str | None:
        """The blob's name in its container; None where there is no blob."""

    @property
    def sha256(self) -> str | None:
        """SHA-256 of the blob in lower-case hex; None where there is no blob."""

    @property
    def bytes(self) -> int:
        """The blob's length; 0 where there is no blob."""

    def pieces(self) -> list[builtins.bytes]:
        """Give the blob's bytes in pieces of at least 64 KiB but for the last; none without a blob.

        The segment is read a commit at a time, so that the pieces are all the memory it takes. They
        are checked against every commit's sum, and not against the blob's own: that was taken of
        the same bytes as they were written. Raises as `payload`.
        """

    def read_into(self, memory: memoryview) -> None:
        """Read the blob's bytes into memory of their length, checked as `pieces` checks them.

        ValueError where the memory is of another length, BufferError where it is not writable; what
        stands in the memory is not to be used then. Raises as `payload` otherwise.
        """

    def payload(self) -> builtins.bytes:
        """Read the blob's bytes, checked against every commit's sum and the blob's own.

        Raises `SpoolError` where they are not what the entry says.
        """

def check_policy(spec: str) -> None:
    """Compile a policy in JSON; raise `PlanError` with the rule and the reason if it cannot be."""

def steps_rules(
    signal: str, steps: str, key_path: str | None = None
) -> tuple[str | None, list[tuple[str, str]]]:
    """Compile a pipeline's steps, as the plan has them; give fingerprint and rules.

    A rule is its name and its effect: "masked", "removed", "pseudonym", "hashed: sha3" and so on.
    Without a key there is no fingerprint. Raises `PlanError` for steps or a key that cannot be
    used; its text begins with the place, as in `steps[1].redaction.blocked_values[0]`.
    """

def check_hold(hold: str) -> None:
    """Compile the options of a processor that holds records back, as the plan has them.

    Raises `PlanError` where they cannot be used; its text begins with the place, as in
    `policies[0].values[1]`.
    """

def process_json(
    signal: str, data: bytes, steps: str, key_path: str
) -> tuple[bytes, dict[str, int], dict[str, int]]:
    """Take one request through decoder, a pipeline's steps and encoder.

    As `redact_json`; gives the line, the values masked by rule, and the books: records received,
    stored, rejected, dropped, sampled.
    """

def redact_json(
    signal: str, data: bytes, policy: str, key_path: str
) -> tuple[bytes, dict[str, int]]:
    """Take one request through decoder, policy and encoder.

    `data` is a request on the protobuf wire or in OTLP/JSON (then it begins with a brace). Gives
    the blob's line without its newline, and the values masked by rule. Raises `ValueError` for a
    request that cannot be decoded and `PlanError` for a policy or key that cannot be used.
    """

@final
class Survey:
    """All detectors, each by itself, and what they found in blobs so far; never a value.

    Safe to use from several threads.
    """

    def __init__(self) -> None: ...
    def look(self, data: bytes) -> tuple[int, int]:
        """Look through a blob of whatever signal; give its records and the lines not understood."""

    def seen(self) -> list[tuple[str, int, str | None, dict[str, int]]]:
        """Give each key, the values under it, what its name does to them, and finds by detector.

        What is no attribute stands under its place: `(body)`, `(span name)`. A key that is itself
        a find is masked. The third is what the defaults make of every value under the key:
        "pseudonym", "removed", "masked" or the like.
        """

def transcode(signal: str, data: bytes, encoding: str, to: str = "json") -> bytes:
    """Decode a request (`encoding`: "protobuf" or "json") and write it as a blob's line.

    With `to="protobuf"` it is written as an `Export*ServiceRequest` on the wire. Nothing is
    redacted: this is for tests. Raises `ValueError` for what cannot be decoded.
    """

@final
class BronzeSchema:
    """The columns of a signal's bronze table, for every reader of the Arrow C interface."""

    def __arrow_c_schema__(self) -> object: ...

def bronze_schema(signal: str) -> BronzeSchema:
    """Give the one definition of a signal's bronze table; `load_id` is the loader's to add."""

@final
class BlobRows:
    """The rows of one blob, and what became of its lines.

    `records` = `rows` + `skipped_records` + records left out of lines that `bad` names.
    """

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Give the rows in batches of at most 131,072; each call gives a stream of its own."""

    @property
    def rows(self) -> int:
        """Rows in the stream."""

    @property
    def lines(self) -> int:
        """Lines that are not blank, the bad ones among them."""

    @property
    def records(self) -> int:
        """Records of all lines that could be read, those of skipped lines among them."""

    @property
    def skipped_records(self) -> int:
        """Records of the lines that were to be skipped."""

    @property
    def bad(self) -> list[tuple[int, int, str]]:
        """The first thousand bad lines: line, offset in it, code.

        They could not be read or, under `bad_id`, not wholly.
        """

    @property
    def bad_lines(self) -> int:
        """How many lines are bad."""

@final
class BlobStream:
    """The rows of one blob while it is read, and after the last row what became of its lines.

    Until then the properties raise `RuntimeError`. They raise `ValueError` where `lines` does not
    have one entry a line, and what the iterator of pieces raised, if it did: either ends the rows
    early, and those before count for nothing.
    """

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Give the rows, once, in batches of at most 131,072 or some 8 MiB of text."""

    @property
    def rows(self) -> int:
        """As of `BlobRows`, like the rest."""

    @property
    def lines(self) -> int: ...
    @property
    def records(self) -> int: ...
    @property
    def skipped_records(self) -> int: ...
    @property
    def bad(self) -> list[tuple[int, int, str]]: ...
    @property
    def bad_lines(self) -> int: ...
    @property
    def contents(self) -> builtins.bytes:
        """Each line that could be read: its number (8, little-endian), its text's digest (16).

        The digest says nothing of where the line stands. Empty where `lines` was given.
        """

def read_blob(
    data: bytes,
    *,
    signal: str,
    name: str,
    region: str,
    environment: str,
    received_at_ns: int,
    lines: bytes | None,
    skip: list[int],
    promote: dict[str, list[str]],
    having: list[str] = ...,
) -> BlobRows:
    """Make a blob's lines into rows; what cannot be read is in `bad`, and the rest goes on.

    `data` is JSON Lines, one JSON object over any number of lines, or one protobuf request; plain,
    gzip or zstd. `lines` is what stands beside a segment's ledger entry, 24 bytes a line: digest
    and time of receipt; without it all lines were received at `received_at_ns`. `skip` are numbers
    of lines from 0. `promote` gives attribute keys for `service_name` and `tenant_id`. Lines that
    do not hold each text of `having`, byte for byte, are passed over and not counted.

    ValueError where `lines` has not one entry for each line, or an argument is none of the known.
    """

def protobuf_blob(pieces: list[bytes], signal: str, compression: str) -> bytes:
    """Write a blob of ours as one protobuf `TracesData`, `LogsData` or `MetricsData`.

    The blob comes in pieces, plain, gzip or zstd; `compression` (`none`, `gzip`, `zstd`) is that of
    the message. ValueError where a line is no request.
    """

def index_blob(data: bytes, tenant_keys: list[str]) -> bytes:
    """Index a blob of ours: its services, and filters over its trace ids and tenants.

    The blob is plain, gzip or zstd; `tenant_keys` are the attributes that name a
    tenant. The layout is in docs/formats.md.
    """

def index_may_hold(
    index: bytes,
    *,
    trace_id: str | None = None,
    service: str | None = None,
    tenant: str | None = None,
) -> bool:
    """Tell whether the indexed blob may hold all of what is given.

    It may say yes where there is nothing, about once in a hundred times, and never no where there
    is; yes too for bytes that are no index.
    """

def select_records(data: bytes, signal: str, wanted: dict[int, set[int]]) -> list[bytes]:
    """Give some records of a blob as OTLP/JSON again, one request for each of their lines.

    `wanted` has, by number of line, the ordinals of the records in it, as a row's `line` and
    `ordinal` say. Resources and scopes that none of them stands in are left out.
    """

def stream_blob(
    pieces: Iterable[bytes],
    *,
    signal: str,
    name: str,
    region: str,
    environment: str,
    received_at_ns: int,
    lines: bytes | None,
    skip: list[int],
    promote: dict[str, list[str]],
) -> BlobStream:
    """Make rows as `read_blob` does, in a thread of its own and as they are asked for.

    Memory holds two batches of rows, a line and one of `pieces`, whatever the blob's size. The
    thread stops when the stream is let go.
    """

def count_blob(data: bytes, signal: str) -> tuple[int, int]:
    """Count a blob's lines and the records in them, as `read_blob` does."""

def signing_public_key(seed: bytes) -> bytes:
    """Give the Ed25519 public key (32 bytes) of a seed of 32 bytes; ValueError for another length.

    https://www.rfc-editor.org/rfc/rfc8032
    """

def sign(seed: bytes, message: bytes) -> bytes:
    """Sign a message by Ed25519: 64 bytes, the same for the same seed and message."""

def signature_fits(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature is that of a message under a public key."""

def list_spool(path: str) -> str:
    """Give what lies in a spool's folder, as JSON; another process may hold the spool.

    A list of state ("open", "waiting", "confirmed"), seq, kind, segment, class, lines, bytes (of
    the blob) and at_unix_nano. Raises `SpoolError` where the folder cannot be read.
    """

def verify_spool(path: str) -> str:
    """Check the sums, hashes and the chain of a spool's folder, and give what was found, as JSON.

    `entries`, `segments`, `bytes`, `unfinished_bytes` (behind the last commit of open segments) and
    `faults`: a list of file and reason. Nothing is changed, and another process may hold the spool.
    Raises `SpoolError` where a file cannot be read.
    """
