"""What `mainstem books` prints of proofs: a verification, a bundle, the evidence by day."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from mainstem.books import attest, export_bundle, proved, record_verification, verify
from mainstem.cli.output import print_json, print_table, showing, stderr, stdout
from mainstem.errors import MainstemError

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.books import Attestation, PolicyUse, Scanned, Verification, Verified
    from mainstem.config.platform import Platform
    from mainstem.store import Account


def show_evidence(platform: Platform, days: int, *, as_json: bool) -> None:
    """Say per region and day what ran and what it masked, and who looked again."""
    with showing("gathering the evidence") as progress:
        found = attest(platform, days, progress)
    if as_json:
        regions = [
            {
                **asdict(region),
                "days": [{**asdict(day), "all_passed": day.all_passed} for day in region.days],
            }
            for region in found.regions
        ]
        print_json({"regions": regions, "unread": found.unread, "isolated": found.isolated})
    else:
        for region in found.regions:
            _print_attestation(region)
        for name in found.isolated:
            stdout.print(
                f"{name}: isolated; run `mainstem books --evidence` with its own file, there",
                soft_wrap=True,
            )
        for name, reason in found.unread.items():
            stderr.print(f"{name}: its store was not read: {reason}", markup=False, soft_wrap=True)
    if any(not day.all_passed for region in found.regions for day in region.days):
        raise typer.Exit(1)
    if found.unread:
        raise typer.Exit(3)


def _print_attestation(region: Attestation) -> None:
    for day in region.days:
        if not day.all_passed:
            stdout.print(
                f"PROBLEM {region.region} {day.day}: {day.stored - day.passed:,} of {day.stored:,} "
                "records passed no policy that is known: no ledger entry commits to their blobs",
                highlight=False,
                soft_wrap=True,
            )
    rows = [
        (
            day.day,
            use.policy or "none",
            f"{use.first:%H:%M}",
            f"{use.last:%H:%M}",
            use.received,
            use.stored,
            _masked(use),
        )
        for day in region.days
        for use in day.policies
    ]
    if rows:
        columns = ("day", "policy", "first seal", "last", "received", "stored", "masked values")
        print_table(f"Evidence, {region.region}", columns, rows)
    for use in region.policies:
        if not use.policy:
            continue
        stdout.print(
            f"{region.region}: policy {use.policy} ran from {use.first:%Y-%m-%d %H:%M} to "
            f"{use.last:%Y-%m-%d %H:%M} UTC; {use.stored:,} stored records passed it",
            highlight=False,
            soft_wrap=True,
        )
    _print_proved(region.region, region.verified, region.scanned)


def _masked(use: PolicyUse) -> str:
    most = sorted(use.masked.items(), key=lambda item: -item[1])
    return ", ".join(f"{rule} {values:,}" for rule, values in most) or "nothing"


def show_proofs(platform: Platform) -> None:
    """Say of each region when it was last verified and scanned, and what came of it."""
    for region in platform.regions:
        try:
            verified, scanned = proved(platform, region)
        except MainstemError as error:
            stderr.print(f"{region}: {error.message}", markup=False, soft_wrap=True)
            continue
        if verified is not None or scanned:
            _print_proved(region, verified, scanned)


def _print_proved(region: str, verified: Verified | None, scanned: list[Scanned]) -> None:
    if verified is None:
        lines = ["never verified: `mainstem books --verify`"]
    else:
        lines = [f"verified {verified.at:%Y-%m-%d %H:%M} UTC: {verified.verdict}"]
    if not scanned:
        lines.append("never scanned: `mainstem scan`")
    for scan in scanned:
        found = ", ".join(f"{name} {times:,}" for name, times in scan.found.items())
        limits = "" if scan.sample_percent == 100 else f" ({scan.sample_percent:g}% of it)"
        limits += f" since {scan.since}" if scan.since else ""
        lines.append(
            f"{scan.store}{limits} scanned {scan.at:%Y-%m-%d %H:%M} UTC by an independent library: "
            f"{found or 'nothing found'}"
        )
    for line in lines:
        stdout.print(f"{region}: {line}", markup=False, highlight=False, soft_wrap=True)


def show_export(
    platform: Platform, target: Path, witness: Account | None, *, payload: bool, as_json: bool
) -> None:
    """Write a bundle, and say what is in it."""
    with showing("exporting") as progress:
        made = export_bundle(platform, target, payload=payload, witness=witness, progress=progress)
    if as_json:
        print_json(asdict(made))
    else:
        regions = ", ".join(made.regions) or "no region"
        stdout.print(
            f"{made.path}: {regions}; {made.files:,} files with {made.bytes:,} bytes. "
            "`python -I verify.py` in it verifies it",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        for region in made.isolated:
            stdout.print(f"{region}: isolated; export on its machine, with its own file")
        for region, reason in made.unread.items():
            stderr.print(f"{region}: not read: {reason}", markup=False, soft_wrap=True)
    if made.unread:
        raise typer.Exit(3)


def show_verification(platform: Platform, witness: Account | None, *, as_json: bool) -> None:
    """Verify all, record that, and say what was found."""
    with showing("verifying") as progress:
        at = time.time_ns()
        found = verify(platform, witness, progress)
        unrecorded = record_verification(platform, found, at_unix_nano=at)
    if as_json:
        print_json(
            {
                "consistent": found.consistent,
                "verdict": found.verdict,
                "unrecorded": unrecorded,
                **asdict(found),
            }
        )
    else:
        _print_verification(found)
        for region, reason in unrecorded.items():
            stderr.print(f"{region}: not recorded: {reason}", markup=False, soft_wrap=True)
    if not found.consistent:
        raise typer.Exit(1)


def _print_verification(found: Verification) -> None:
    if found.findings:
        print_table(
            "What is not as it was committed to",
            ("what", "region", "where", "place", "how it shows"),
            [(f.breach, f.region, f.store, f.place, f.detail) for f in found.findings],
        )
    for region, reason in found.unread.items():
        stdout.print(f"{region}: not looked at: {reason}", markup=False, soft_wrap=True)
    for region in found.isolated:
        stdout.print(
            f"{region}: isolated; run `mainstem books --verify` with its own file, there",
            soft_wrap=True,
        )
    for region, last in found.witnessed.items():
        held = f"holds its heads up to {last}" if last else "holds no heads of it"
        stdout.print(f"{region}: the witness {held}", highlight=False, soft_wrap=True)
    for region, reason in found.unchecked.items():
        stdout.print(f"{region}: signatures were not checked: {reason}", soft_wrap=True)
    stdout.print(
        f"{found.entries:,} entries, {found.blobs:,} blobs with {found.bytes:,} bytes and "
        f"{found.rows:,} rows, {found.heads:,} signed heads: {found.verdict}",
        highlight=False,
        soft_wrap=True,
    )
