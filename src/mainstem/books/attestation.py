"""What can be said of each region and day: which policy ran, what it masked, who looked again.

A segment lies under one policy, whose fingerprint its entry has, and in it is what that policy let
through; so every record in a segment passed it. Foreign blobs have no entry, and nothing is known
of what they passed; append blobs and protobuf are read as foreign ones are, and no entry commits to
what stands in them. Verifications say that what is stored is what the entries speak of, scans that
other detectors found nothing in it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mainstem.books.evidence import gather
from mainstem.books.proofs import proofs_of
from mainstem.records import CONVERTED_SUFFIX
from mainstem.store import ProofKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mainstem.books.evidence import Evidence
    from mainstem.config.platform import Platform
    from mainstem.store import Proof


@dataclass
class PolicyUse:
    """One policy in a region, on a day or over all; times are UTC, `first` and `last` of a seal.

    Figures are records; `masked` are values, by rule.
    """

    policy: str
    first: datetime
    last: datetime
    received: int = 0
    stored: int = 0
    rejected: int = 0
    dropped: int = 0
    masked: dict[str, int] = field(default_factory=dict)

    def with_(self, other: PolicyUse) -> PolicyUse:
        """Add up with another day's."""
        return PolicyUse(
            self.policy,
            min(self.first, other.first),
            max(self.last, other.last),
            self.received + other.received,
            self.stored + other.stored,
            self.rejected + other.rejected,
            self.dropped + other.dropped,
            dict(Counter(self.masked) + Counter(other.masked)),
        )


@dataclass
class Day:
    """One UTC day of a region: its policies, and what is stored that passed none that is known."""

    day: str
    policies: list[PolicyUse] = field(default_factory=list)
    stored: int = 0
    passed: int = 0

    @property
    def all_passed(self) -> bool:
        """Whether every stored record passed a policy that is named here."""
        return self.stored == self.passed


@dataclass(frozen=True)
class Verified:
    """A verification that was recorded."""

    at: datetime
    verdict: str
    found: int
    witnessed: str | None


@dataclass(frozen=True)
class Scanned:
    """A scan that was recorded, of one store; `since` and `sample_percent` are its limits."""

    at: datetime
    store: str
    since: str | None
    sample_percent: float
    blobs: int
    rows: int
    found: Mapping[str, int]
    libraries: Mapping[str, str]


@dataclass
class Attestation:
    """What can be answered for of one region."""

    region: str
    policies: list[PolicyUse] = field(default_factory=list)
    days: list[Day] = field(default_factory=list)
    verified: Verified | None = None
    scanned: list[Scanned] = field(default_factory=list)
    """The newest scan of each store."""


@dataclass
class Attestations:
    """All regions that could be looked at, and those that could not, and why."""

    regions: list[Attestation] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    isolated: list[str] = field(default_factory=list)


def attest(
    platform: Platform, days: int, progress: Callable[[str], None] = lambda _: None
) -> Attestations:
    """Answer for the newest `days` days of each region that have segments or foreign blobs.

    DataError where a record of proofs is missing or changed.
    """
    with gather(platform, progress) as evidence:
        result = Attestations(unread=dict(evidence.unread), isolated=list(evidence.isolated))
        for region in platform.regions:
            if region not in evidence.isolated:
                result.regions.append(attested(platform, evidence, region, days))
    return result


def proved(platform: Platform, region: str) -> tuple[Verified | None, list[Scanned]]:
    """Give a region's last verification, and the newest scan of each store."""
    verified, scanned = None, dict[str, Scanned]()
    for proof in proofs_of(platform, region):
        if proof.kind is ProofKind.VERIFICATION:
            body = proof.body
            verified = Verified(_at(proof), body["verdict"], body["found"], body["witnessed"])
        else:
            scanned |= {scan.store: scan for scan in _scans(proof)}
    return verified, list(scanned.values())


def attested(platform: Platform, evidence: Evidence, region: str, days: int) -> Attestation:
    """Answer for a region's newest `days` days by what has been gathered; DataError as above."""
    found = Attestation(region)
    found.verified, found.scanned = proved(platform, region)
    by_day = _uses(evidence, region)
    overall: dict[str, PolicyUse] = {}
    for uses in by_day.values():
        for use in uses.values():
            before = overall.get(use.policy)
            overall[use.policy] = use if before is None else before.with_(use)
    foreign: dict[str, int] = dict(
        evidence.warehouse.query(
            """
            SELECT strftime(received_at, '%Y-%m-%d'), sum(records_stored)::BIGINT
            FROM bronze.load_blobs
            WHERE region = ? AND segment IS NULL AND status <> 'replaced' GROUP BY ALL
            """,
            (region,),
        )
    )
    found.policies = sorted(overall.values(), key=lambda use: use.first)
    for name in sorted(by_day.keys() | foreign.keys())[-days:]:
        of_day = sorted(by_day.get(name, {}).values(), key=lambda use: use.first)
        own = sum(use.stored for use in of_day)
        passed = sum(use.stored for use in of_day if use.policy)
        found.days.append(Day(name, of_day, own + foreign.get(name, 0), passed))
    return found


def _uses(evidence: Evidence, region: str) -> dict[str, dict[str, PolicyUse]]:
    """Add up the segments of each day and policy."""
    found: dict[str, dict[str, PolicyUse]] = {}
    of_segments = """
        SELECT substr(hour, 1, 10) AS day, coalesce(policy, '') AS policy, * EXCLUDE (policy)
        FROM entries WHERE region = $1 AND kind = 'segment'
    """
    for day, policy, *figures in evidence.warehouse.query(
        f"""
        SELECT day, policy, min("at"), max("at"), sum(received)::BIGINT,
            coalesce(sum(stored) FILTER (NOT ends_with(coalesce(class, ''), $2)), 0)::BIGINT,
            sum(rejected)::BIGINT, sum(dropped)::BIGINT
        FROM ({of_segments}) GROUP BY ALL
        """,  # noqa: S608
        (region, CONVERTED_SUFFIX),
    ):
        found.setdefault(day, {})[policy] = PolicyUse(policy, *figures)
    for day, policy, rule, values in evidence.warehouse.query(
        f"""
        SELECT day, policy, rule.key, sum(rule.value)::BIGINT FROM (
            SELECT day, policy,
                unnest(map_entries(from_json(redactions, '"MAP(VARCHAR, BIGINT)"'))) AS rule
            FROM ({of_segments})
        )
        GROUP BY ALL ORDER BY ALL
        """,  # noqa: S608
        (region,),
    ):
        found[day][policy].masked[rule] = values
    return found


def _scans(proof: Proof) -> list[Scanned]:
    """Take a scan apart by the stores that it searched."""
    body: Mapping[str, Any] = proof.body
    found: dict[str, Counter[str]] = {store: Counter() for store in body["stores"]}
    for find in body["finds"]:
        found[find["store"]][find["detector"]] += find["times"]
    told = sum((each for each in found.values()), Counter[str]())
    if told != Counter(body["found"]):
        # More was found than is told one by one: nothing says where, so it counts everywhere.
        found = {store: Counter(body["found"]) for store in found}
    return [
        Scanned(
            at=_at(proof),
            store=store,
            since=body["since"],
            sample_percent=body["sample_percent"],
            blobs=body["blobs"].get(store, 0),
            rows=body["rows"] if store == "warehouse" else 0,
            found=dict(counts),
            libraries=body["libraries"],
        )
        for store, counts in found.items()
    ]


def _at(proof: Proof) -> datetime:
    return datetime.fromtimestamp(proof.at_unix_nano // 1_000_000_000, UTC)
