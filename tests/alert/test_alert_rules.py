"""What each rule finds in what is published, and in which words."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from published_build import NOW, TODAY, headroom, publish
from published_platform import HEARD, billing, tenant

from mainstem.alert.rules import evaluate
from mainstem.config.alerts import Alerts, Rule
from mainstem.present.published import reading

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.alert.rules import Evaluation


def decide(published: Path, tables: dict[str, Any], alerts: dict[str, Any]) -> Evaluation:
    publish(published, tables)
    with reading(published) as opened:
        return evaluate(opened, Alerts.model_validate(alerts), NOW.replace(tzinfo=UTC))


def usage(day: int, used: int, limit: int = 100) -> dict[str, Any]:
    return {
        "billing_date": date(2026, 11, day),
        "region": "euc",
        "tenant_id": "t-1",
        "license_metric": "seats",
        "usage_kind": "level",
        "used": Decimal(used),
        "license_limit": Decimal(limit),
    }


def test_since_is_the_first_day_over_the_share_without_a_break(tmp_path: Path) -> None:
    days = [usage(18, 95), usage(19, 80), usage(21, 91), usage(22, 93), usage(24, 95)]
    tables = {
        "gold.mart_license_headroom": [headroom("t-1", 95, 100)],
        "gold.fct_license_usage_daily": days,
    }
    (found,) = decide(tmp_path, tables, {"license_headroom": {}}).findings
    assert found.since == "2026-11-21"


def test_an_owner_is_that_of_the_accounts_newest_version(tmp_path: Path) -> None:
    versions = [
        {"account_id": "A-t-1", "is_current": current, "owner": owner}
        for current, owner in ((False, "team-north"), (True, "team-south"))
    ]
    tables = {
        "gold.mart_license_headroom": [headroom("t-1", 95, 100)],
        "gold.dim_account": versions,
    }
    (found,) = decide(tmp_path, tables, {"license_headroom": {}}).findings
    assert found.owner == "team-south"


def test_a_limit_without_recent_reports_is_no_alert(tmp_path: Path) -> None:
    rows = [headroom("t-1", 95, 100, limit_status="stale"), headroom("t-2", 80, 100)]
    assert not decide(
        tmp_path, {"gold.mart_license_headroom": rows}, {"license_headroom": {}}
    ).findings


def test_a_difference_above_the_amount_is_told_either_way(tmp_path: Path) -> None:
    rows = [
        billing("121.00"),
        billing("-120.00", metric="seats", reason="missing_invoice"),
        billing("100.00", metric="at the amount"),
        billing("0.00", metric="open", reason="open_period", amount_difference=None),
    ]
    tables = {"gold.mart_usage_vs_billing": rows}
    found = decide(tmp_path, tables, {"usage_vs_billing": {"above": 100}}).findings
    assert [each.title for each in found] == [
        "transformed_records from 2026-10-01: 121.00 EUR more is billed than was used",
        "seats from 2026-10-01: 120.00 EUR less is billed than was used",
    ]
    assert found[0].why == (
        "Until 2026-11-01 (not included), 1,738.06 EUR are billed for 183,045; use and contract "
        "give 1,617.06 EUR for 162,706: over billed."
    )
    assert found[0].page == "billing?customer=A1005&since=2026-10-01"


def test_silence_of_a_tenant_counts_from_the_newest_data(tmp_path: Path) -> None:
    tables = {
        "gold.dim_tenant": [
            tenant("speaks", TODAY),
            tenant("silent", TODAY - timedelta(days=7)),
            tenant("tried once", TODAY - timedelta(days=20), active_days=1),
        ],
        "operations.regions": [HEARD],
    }
    (found,) = decide(tmp_path, tables, {"silence": {"tenant_days": 7}}).findings
    assert (found.tenant_id, found.since) == ("silent", "2026-11-17")
    assert "7 days before the newest data, after 30 days with use" in found.why


def test_silence_of_a_region_is_told_unless_it_is_isolated_or_unread(tmp_path: Path) -> None:
    old = NOW - timedelta(hours=30)
    regions = [
        {**HEARD, "last_entry": old},
        {**HEARD, "region": "use"},
        {**HEARD, "region": "aus", "isolated": True, "last_entry": None},
        {**HEARD, "region": "cac", "last_entry": old, "unread": "its store did not answer"},
    ]
    tables = {"gold.dim_tenant": [tenant("speaks", TODAY)], "operations.regions": regions}
    (found,) = decide(tmp_path, tables, {"silence": {"region_hours": 24}}).findings
    assert (found.region, found.since) == ("euc", "2026-11-23T02:00:00Z")
    assert "30 hours ago" in found.why


def test_books_tell_imbalances_and_findings_by_region_and_no_notes(tmp_path: Path) -> None:
    tables = {
        "operations.problems": [
            {"region": "euc", "kind": "problem", "problem": "euc logs 2026-11-24T05: off by +3"},
            {"region": "euc", "kind": "problem", "problem": "euc logs 2026-11-24T06: off by +1"},
            {"region": "use", "kind": "note", "problem": "use: an hour is open"},
        ],
        "operations.verifications": [
            {"region": "use", "verified_at": NOW, "verdict": "not consistent", "found": 2}
        ],
    }
    found = decide(tmp_path, tables, {"books": {}}).findings
    assert [each.subject for each in found] == ["balance/euc", "verification/use"]
    assert found[0].why.startswith("2 problems; the first: euc logs 2026-11-24T05: off by +3.")
    assert found[1].why.startswith("2 findings of 2026-11-24 08:00 UTC: not consistent.")


def test_privacy_tells_what_scans_found_by_store(tmp_path: Path) -> None:
    scan = {"region": "euc", "scanned_at": NOW, "sample_percent": 100.0}
    tables = {
        "operations.scans": [
            {**scan, "store": "centre", "found": 3},
            {**scan, "store": "region", "found": 0},
        ],
        "operations.scan_finds": [
            {"region": "euc", "store": "centre", "detector": "email", "found": 2},
            {"region": "euc", "store": "centre", "detector": "iban", "found": 1},
        ],
        "operations.problems": [
            {"region": "use", "kind": "policy", "problem": "use 2026-11-24: 5 records"}
        ],
    }
    found = decide(tmp_path, tables, {"privacy": {}}).findings
    assert [each.subject for each in found] == ["scan/euc/centre", "policy/use"]
    assert "3 finds by independent detectors on 2026-11-24 08:00 UTC: email 2, iban 1." in (
        found[0].why
    )


def test_freshness_counts_from_the_newest_load(tmp_path: Path) -> None:
    assert not decide(tmp_path, {}, {"freshness": {"hours": 1}}).findings
    alerts = Alerts.model_validate({"freshness": {"hours": 1}})
    with reading(tmp_path) as opened:
        later = NOW.replace(tzinfo=UTC) + timedelta(hours=40)
        (found,) = evaluate(opened, alerts, later).findings
    assert found.since == "2026-11-24T07:00:00Z"
    assert "2026-11-24 07:00 UTC, 41 hours ago" in found.why


def test_every_rule_says_what_it_lacks(tmp_path: Path) -> None:
    every = {rule.value: {} for rule in Rule}
    tables = {"gold.mart_usage_vs_billing": [{"customer_key": "A-1"}]}
    found = decide(tmp_path, tables, every)
    assert found.undecided[Rule.SPIKES] == "the build has no table gold.mart_usage_spikes"
    assert found.undecided[Rule.USAGE_VS_BILLING] == (
        "gold.mart_usage_vs_billing has no column "
        "amount_difference, period_from, contracted_amount, invoiced_net, credited_net, reason"
    )
    assert found.decided == {Rule.BOOKS, Rule.PRIVACY, Rule.FRESHNESS}
