"""What was proved of a region's data, and when: verifications and scans, one immutable object each.

`proofs/<region>/<number>.json` in the account that the region's ledger is read from. Numbers are
dense, and each object holds the hash of the one before, so that none that found something can be
taken out from among the others.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mainstem.errors import DataError
from mainstem.records import NO_PREVIOUS
from mainstem.store.errors import ContentConflict
from mainstem.store.names import numbered_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mainstem.store.container import Container

PROOFS = "proofs"
"""The container."""
FORMAT = "mainstem.proof/1"


class ProofKind(StrEnum):
    """What was done."""

    VERIFICATION = "verification"
    """Entries, blobs and rows were held against each other."""
    SCAN = "scan"
    """Blobs or rows were searched for personal data and secrets."""


@dataclass(frozen=True)
class Proof:
    """One object; `sha256` is that of its own bytes, which the next names as `previous`.

    `body` is what was done and found, by kind (docs/formats.md).
    """

    kind: ProofKind
    region: str
    number: int
    previous: str
    sha256: str
    at_unix_nano: int
    body: Mapping[str, Any]

    @classmethod
    def parse(cls, data: bytes) -> Proof:
        """Read an object's bytes; ValueError, KeyError or TypeError if it is none."""
        raw: dict[str, Any] = json.loads(data)
        if raw["format"] != FORMAT:
            raise ValueError(f"not of format {FORMAT}")
        return cls(
            kind=ProofKind(raw["kind"]),
            region=raw["region"],
            number=raw["number"],
            previous=raw["previous"],
            sha256=hashlib.sha256(data).hexdigest(),
            at_unix_nano=int(raw["at_unix_nano"]),
            body=raw["body"],
        )


def read_proofs(proofs: Container, region: str) -> Iterator[Proof]:
    """Read all that was recorded of a region, in order; DataError where one is missing or changed.

    The first that is still there may be any number: the store's own rules may remove old ones.
    """
    before: Proof | None = None
    for info in proofs.list(region):
        proof = _read(proofs, region, info.name)
        if before is not None and (proof.number, proof.previous) != (
            before.number + 1,
            before.sha256,
        ):
            raise _broken(proofs, info.name)
        yield proof
        before = proof


def write_proof(
    proofs: Container, region: str, kind: ProofKind, body: Mapping[str, Any], *, at_unix_nano: int
) -> Proof:
    """Record what was done; where another run took the next number meanwhile, the one after it.

    DataError where the newest record is none: what follows from it could not be told.
    """
    while True:
        newest = proofs.last(region)
        before = _read(proofs, region, newest) if newest else None
        number = before.number + 1 if before else 1
        document = {
            "format": FORMAT,
            "kind": kind.value,
            "region": region,
            "number": number,
            "previous": before.sha256 if before else NO_PREVIOUS,
            "at_unix_nano": str(at_unix_nano),
            "body": body,
        }
        data = json.dumps(document, separators=(",", ":")).encode()
        try:
            proofs.create(numbered_name(region, number), data)
        except ContentConflict:
            continue
        return Proof.parse(data)


def _read(proofs: Container, region: str, name: str) -> Proof:
    """Read a record; DataError where it is none, or not the one of its name."""
    try:
        proof = Proof.parse(proofs.read(name))
        if name == numbered_name(region, proof.number):
            return proof
    except (ValueError, KeyError, TypeError):
        pass
    raise _broken(proofs, name)


def _broken(proofs: Container, name: str) -> DataError:
    return DataError(
        f"{proofs.label}: {proofs.name}/{name} does not follow from the one before it",
        hint="A record of a verification or a scan is missing or was changed. Find out who "
        "did it, and verify and scan again.",
    )
