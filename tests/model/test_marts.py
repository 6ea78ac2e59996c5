"""The marts against truth that is reckoned here by hand, by the definitions in docs/answers.md."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from bronze import (
    Event,
    at,
    load_business,
    load_events,
    load_spans,
    make_platform,
    make_warehouse,
)
from pages import answer as first_line
from pages import look

from mainstem.alert.rules import evaluate
from mainstem.backup import back_up, restore
from mainstem.config.alerts import Alerts, Rule
from mainstem.config.dashboard import Page
from mainstem.config.platform import load_platform
from mainstem.model import DATABASE, BuildOutcome, build
from mainstem.present import answer, load_questions
from mainstem.present.published import reading
from mainstem.store import Account

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.config.platform import Platform


FIRST = date(2026, 10, 20)
LAST = date(2026, 11, 12)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)

# By tenant: how `license.used` stands at noon of each day, oldest first, and its limit.
NOISY = [400, 431, 455, 490, 533, 551, 570, 612, 655, 671, 702, 741, 760, 803]
LICENSES: dict[str, tuple[list[int], int | None]] = {
    "t-straight": ([9000 - 100 * n for n in reversed(range(14))], 10000),
    "t-noisy": (NOISY, 1000),
    "t-reached": ([99, 100], 100),
    "t-level": ([95] * 14, 100),
    "t-clear": ([10, 9, 10, 9], 100),
    "t-slow": ([100 + n for n in range(14)], 1000),
    "t-contract": ([40, 50, 60, 70], None),
    "t-nowhere": ([5], None),
}

# By account: the reason that its October gets, and its invoice lines (quantity, amount, currency).
# Each used 14 transformations under a contract of 310.00 a month for 31, 2.50 for each above, that
# began on 20 October: 12 of 31 days are 120.00 for 12, so 125.00.
BILLED: dict[str, list[tuple[int, str, str]]] = {
    "matches": [(14, "125.00", "EUR")],
    "over_billed": [(14, "135.00", "EUR")],
    "under_billed": [(10, "115.00", "EUR")],
    "missing_invoice": [],
    "duplicate_invoice": [(14, "125.00", "EUR")] * 2,
    "currency_differs": [(14, "125.00", "USD")],
    "quantity_differs": [(13, "125.00", "EUR")],
    "no_contract": [(14, "125.00", "EUR")],
    "partial_usage": [(14, "125.00", "EUR")],
    "usage_elsewhere": [(14, "125.00", "EUR")],
    "unknown_account": [(14, "125.00", "EUR")],
}


PAYING = [
    name for name in BILLED if name not in ("no_contract", "unknown_account", "usage_elsewhere")
]
"""Accounts here with a contract of 310.00 a month."""


@dataclass(frozen=True)
class World:
    """A built platform, and a way to ask what it published."""

    platform: Platform
    outcome: BuildOutcome

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with duckdb.connect(str(self.outcome.folder / DATABASE), read_only=True) as connection:
            result = connection.execute(sql)
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def row(self, sql: str) -> dict[str, Any]:
        (row,) = self.rows(sql)
        return row


def account(account_id: str, region: str = "euc") -> dict[str, Any]:
    return {
        "account_id": account_id,
        "account_name": account_id.title(),
        "industry": "retail",
        "segment": "enterprise",
        "region": region,
    }


def tenant(tenant_id: str, account_id: str, environment: str = "production") -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "account_id": account_id,
        "debtor_no": "10001",
        "environment": environment,
        "valid_from": FIRST,
    }


def contract(account_id: str, metric: str, **values: Any) -> dict[str, Any]:
    return {
        "contract_line_id": f"{account_id}/{metric}",
        "contract_id": account_id,
        "account_id": account_id,
        "plan": "pro",
        "metric": metric,
        "charge": "recurring",
        "included": 31,
        "amount": 310,
        "currency": "EUR",
        "unit_price": Decimal("2.5"),
        "billing_period": "month",
        "billing_timezone": "UTC",
        "valid_from": FIRST,
        "valid_to": None,
    } | values


def events() -> list[Event]:
    made = [
        Event(
            at(LAST - timedelta(days=len(used) - 1 - place)),
            "license.usage",
            tenant,
            {"license.metric": "master_records", "license.used": value}
            | ({} if limit is None else {"license.limit": limit}),
        )
        for tenant, (used, limit) in LICENSES.items()
        for place, value in enumerate(used)
    ]
    made += [
        # Reported long ago: silent since.
        license_event(at(LAST - timedelta(days=8)), "t-stale", 99, 100),
        # Within one day the last event by its time counts, whatever the order of arrival.
        license_event(at(LAST, 20), "t-order", 70, 100),
        license_event(at(LAST, 8), "t-order", 90, 100),
        # A license that starts anew each month: only November's days are fitted, and the
        # limit lies beyond the month's end.
        *(
            license_event(at(day), "t-monthly", used, 100, "month")
            for day, used in [
                (date(2026, 10, 30), 80),
                (date(2026, 10, 31), 90),
                *((date(2026, 11, 1 + n), 3 * (n + 1)) for n in range(12)),
            ]
        ),
    ]
    for name in BILLED:
        made += [
            Event(at(day), "resource.consumed", f"t-{name}", consumed(7))
            for day in (date(2026, 10, 21), date(2026, 10, 31))
        ]
        made.append(Event(at(LAST), "resource.consumed", f"t-{name}", consumed(1)))
    made += [
        Event(at(date(2026, 10, 31), 13, 29, 59), "resource.consumed", "t-adelaide", calls(1)),
        Event(at(date(2026, 10, 31), 13, 30), "resource.consumed", "t-adelaide", calls(2)),
        Event(at(LAST), "resource.consumed", "t-inside", consumed(5)),
        Event(at(date(2026, 10, 31), 23, 59, 59), "resource.consumed", "t-nobody", consumed(2)),
        Event(at(NOVEMBER), "resource.consumed", None, consumed(3)),
        Event(at(FIRST), "feature.used", "t-straight", {"feature.name": "map"}),
    ]
    made += [feature("t-straight", "map"), feature("t-straight", "map")]
    made += [feature("t-straight", "export"), feature("t-straight", "api")]
    made += [feature("t-second", "map"), feature("t-nobody", "map")]
    made += [
        Event(at(LAST), "feature.used", "t-straight", {}),
        Event(
            at(LAST, 13),
            "transformation.failed",
            "t-reached",
            {"error.type": "LimitReached", "transformation.id": "r"},
        ),
        Event(at(LAST), "transformation.failed", "t-noisy", {"error.type": "Timeout"}, severity=17),
        Event(at(LAST), "", "t-noisy", {"exception.type": "KeyError"}, severity=17),
        Event(at(LAST), "", "t-noisy", {}, severity=16),
        Event(at(LAST), "session.start", "t-noisy", {"session.id": "s"}, region="use"),
    ]
    return made


def license_event(
    moment: datetime, tenant: str, used: int, limit: int, period: str = "total"
) -> Event:
    return Event(
        moment,
        "license.usage",
        tenant,
        {
            "license.metric": "master_records",
            "license.used": used,
            "license.limit": limit,
            "license.period": period,
        },
    )


def consumed(quantity: float) -> dict[str, Any]:
    return {"resource.metric": "transformations", "resource.quantity": quantity}


def calls(quantity: float) -> dict[str, Any]:
    return {"resource.metric": "calls", "resource.quantity": quantity}


def feature(tenant: str, name: str) -> Event:
    return Event(at(LAST), "feature.used", tenant, {"feature.name": name})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    directory: Path = tmp_path_factory.mktemp("marts")
    platform = make_platform(directory)
    warehouse = platform.warehouse_path
    make_warehouse(warehouse)
    load_events(warehouse, 1, events())
    load_spans(warehouse, 2, [(at(LAST), "t-noisy", 2), (at(LAST), "t-noisy", 1)])
    licensed = ["straight", "second", "noisy", "contract", "idle", "adelaide", "inside"]
    load_business(
        warehouse,
        "accounts",
        [account(name) for name in licensed]
        + [
            account(name, region="aus" if name == "usage_elsewhere" else "euc")
            for name in BILLED
            if name != "unknown_account"
        ],
    )
    load_business(
        warehouse,
        "map_tenant_account",
        [tenant("t-straight", "straight"), tenant("t-second", "straight")]
        + [tenant("t-contract", "contract"), tenant("t-adelaide", "adelaide")]
        + [tenant("t-inside", "inside", "internal")]
        + [tenant(f"t-{name}", name) for name in BILLED],
    )
    load_business(
        warehouse,
        "contract_lines",
        [
            contract("straight", "master_records", amount=Decimal("1000.01"), included=10000)
            # Of lines that begin on one day, the last by its id tells the account's plan.
            | {"contract_line_id": "straight/x"},
            contract("straight", "transformations", amount=200, plan="basic"),
            contract("contract", "master_records", included=50, valid_to=date(2026, 11, 13)),
            contract("contract", "master_records")
            | {"contract_line_id": "x", "included": 1, "valid_from": date(2026, 11, 13)},
            contract("idle", "transformations", included=None, amount=30),
            contract("inside", "transformations"),
            contract("adelaide", "calls", currency="USD", amount=1860, billing_period="quarter")
            | {"billing_timezone": "Australia/Adelaide", "contract_line_id": "adelaide/seats"}
            | {"metric": "seats"},
            contract("adelaide", "calls", charge="usage", amount=0, currency="USD")
            | {"billing_timezone": "Australia/Adelaide"},
        ]
        + [
            contract(name, "transformations", valid_from=OCTOBER)
            if name == "partial_usage"
            else contract(name, "transformations")
            for name in BILLED
            if name not in ("no_contract", "unknown_account")
        ],
    )
    load_business(
        warehouse,
        "invoice_lines",
        [
            {
                "invoice_id": name,
                "line_no": str(place),
                "account_id": name,
                "service_from": OCTOBER,
                "service_to": NOVEMBER,
                "kind": "invoice",
                "metric": "transformations",
                "quantity": quantity,
                "net": Decimal(amount),
                "currency": currency,
                "invoiced_at": at(NOVEMBER),
            }
            for name, lines in BILLED.items()
            for place, (quantity, amount, currency) in enumerate(lines)
        ],
    )
    load_business(
        warehouse,
        "fx_rates",
        [
            {"currency": "USD", "base": "EUR", "valid_from": month, "rate": rate}
            for month, rate in [(OCTOBER, Decimal("0.9")), (NOVEMBER, Decimal("0.8"))]
        ],
    )
    load_business(
        warehouse,
        "postings",
        [
            {
                "batch": "b",
                "line_no": place,
                "invoice_id": name,
                "debtor_no": "10001",
                "amount": Decimal("125.00"),
                "debit_credit": "S",
                "currency": "EUR",
                "posted_on": date(2026, 11, 2),
            }
            for place, name in enumerate(("matches", "over_billed", "strange"))
        ],
    )
    load_business(
        warehouse,
        "region_bills",
        [{"region": "euc", "bill_month": OCTOBER, "currency": "EUR", "amount": Decimal("99.99")}],
    )
    return World(platform, build(platform))


def test_every_mart_is_the_same_on_postgresql(world: World, tmp_path: Path, postgres: str) -> None:
    file = tmp_path / "mainstem.yaml"
    file.write_text(
        (world.platform.directory / "mainstem.yaml").read_text()
        + f"warehouse: {{address: '{postgres}', password: 'env:MAINSTEM_TEST_PASSWORD'}}\n"
    )
    server = load_platform(file)
    backups = Account.open("file:./backups", tmp_path)
    back_up(world.platform, backups)
    restore(server, backups)
    other = World(server, build(server))
    assert [table.name for table in other.outcome.build.tables] == [
        table.name for table in world.outcome.build.tables
    ]
    for table in world.outcome.build.tables:
        if table.name != "models":  # How long each took.
            sql = f"FROM {table.kind}.{table.name} ORDER BY ALL"
            for row, expected in zip(other.rows(sql), world.rows(sql), strict=True):
                assert row == {name: close_to(value) for name, value in expected.items()}, table
    questions = list(load_questions().values())
    _, answers = answer(server.published, questions)
    for said, expected in zip(answers, answer(world.platform.published, questions)[1], strict=True):
        assert said.others == expected.others
        assert said.rows == [
            {name: close_to(value) for name, value in row.items()} for row in expected.rows
        ]
    assert build(server).nothing_new


def close_to(value: Any) -> Any:
    """Let doubles differ in their last digits: engines add them up in different orders."""
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


def headroom(world: World, tenant: str) -> dict[str, Any]:
    return world.row(f"FROM gold.mart_license_headroom WHERE tenant_id = '{tenant}'")


def test_the_data_date_is_the_last_day_with_a_product_event(world):
    assert world.outcome.build.data_date == str(LAST)


@pytest.mark.parametrize(
    ("tenant", "status"),
    [
        ("t-straight", "nearing"),
        ("t-noisy", "nearing"),
        ("t-reached", "reached"),
        ("t-level", "nearing"),
        ("t-clear", "clear"),
        ("t-slow", "clear"),
        ("t-contract", "reached"),
        ("t-nowhere", "no_limit"),
        ("t-stale", "stale"),
        ("t-order", "clear"),
        ("t-monthly", "clear"),
    ],
)
def test_license_status(world, tenant, status):
    assert headroom(world, tenant)["limit_status"] == status


def test_a_straight_line_is_projected_to_the_day_without_doubt(world):
    row = headroom(world, "t-straight")
    assert (row["used"], row["headroom"], row["used_share"]) == (9000, 1000, 0.9)
    assert row["growth_per_day"] == pytest.approx(100)
    days = {row[f"projected_{which}"] for which in ("on", "earliest", "latest")}
    assert days == {LAST + timedelta(days=10)}


def test_the_interval_is_that_of_the_definition(world):
    """The same formula, written the long way: bisection instead of the closed form."""
    row = headroom(world, "t-noisy")
    days = list(range(len(NOISY)))
    slope = statistics.linear_regression(days, NOISY).slope
    steps = [later - earlier for earlier, later in pairwise(NOISY)]
    m, t, distance = len(steps), 2.1788, 1000 - NOISY[-1]
    s = math.sqrt(statistics.variance(steps))

    def days_until(sign: int) -> float:
        low, high = 0.0, 365.0
        while high - low > 1e-9:
            k = (low + high) / 2
            reached = slope * k + sign * t * s * math.sqrt(k + k * k / m) >= distance
            low, high = (low, k) if reached else (k, high)
        return high

    noon = at(LAST)
    assert row["growth_per_day"] == pytest.approx(slope)
    assert row["projected_on"] == (noon + timedelta(days=distance / slope)).date()
    assert row["projected_earliest"] == (noon + timedelta(days=days_until(1))).date()
    assert row["projected_latest"] == (noon + timedelta(days=days_until(-1))).date()
    assert row["projected_earliest"] < row["projected_on"] < row["projected_latest"]


def test_nothing_is_projected_where_nothing_grows_or_the_day_is_far(world):
    for tenant in ("t-level", "t-clear", "t-slow", "t-reached", "t-nowhere", "t-stale"):
        row = headroom(world, tenant)
        dates = (row["projected_on"], row["projected_earliest"], row["projected_latest"])
        assert dates == (None, None, None), tenant


def test_a_license_of_a_month_is_fitted_within_the_month_and_ends_with_it(world):
    row = headroom(world, "t-monthly")
    assert (row["days_fitted"], row["projected_on"]) == (12, None)
    assert row["growth_per_day"] == pytest.approx(3)


def test_the_last_event_of_a_day_counts_and_the_highest_is_kept(world):
    row = world.row("FROM gold.fct_license_usage_daily WHERE tenant_id = 't-order'")
    assert (row["used"], row["used_max"], row["reports"]) == (70, 90, 2)


def test_a_limit_that_no_event_names_is_the_contracts(world):
    row = headroom(world, "t-contract")
    assert (row["license_limit"], row["contract_limit"]) == (50, 50)


def test_revenue_by_feature_is_that_of_its_users_and_does_not_add_up(world):
    rows = world.rows("FROM gold.mart_feature_revenue WHERE account_group = 'all'")
    found = {row["feature_name"]: (row["mrr_of_users"], row["using_accounts"]) for row in rows}
    # Both tenants of `straight` count as one account; nobody else that pays used a feature.
    straight = Decimal("1200.01")
    assert found == dict.fromkeys(("map", "export", "api"), (straight, 1))
    row = rows[0]
    others = [*PAYING, "contract", "idle", "adelaide"]
    assert row["other_accounts"] == len(others)
    assert row["mrr_of_others"] == 310 * len(PAYING) + 310 + 30 + Decimal("558.00")
    assert row["mean_mrr_difference"] == pytest.approx(
        1200.01 - float(row["mrr_of_others"]) / len(others), abs=0.01
    )


def test_recurring_revenue_begins_with_the_first_month_that_is_over(world):
    rows = world.rows("FROM gold.fct_mrr_monthly")
    assert {(row["mrr_month"], row["movement"]) for row in rows} == {(OCTOBER, "new")}
    row = next(row for row in rows if row["account_id"] == "adelaide")
    # A quarter of 1860 US dollars, at the rate of the contract's month.
    assert (row["mrr"], row["currency"], row["reporting_mrr"]) == (620, "USD", 558)
    assert "inside" not in {row["account_id"] for row in rows}


@pytest.mark.parametrize("reason", BILLED)
def test_october_gets_the_reason_that_was_planted(world, reason):
    row = world.row(
        "FROM gold.mart_usage_vs_billing WHERE metric = 'transformations' "
        f"AND period_from = DATE '2026-10-01' AND customer_key = '{reason}'"
    )
    assert row["reason"] == reason
    assert (row["metered_quantity"], row["usage_basis"]) == (14, "consumed")
    lines = BILLED[reason]
    assert row["invoiced_net"] == sum((Decimal(line[1]) for line in lines), Decimal(0))
    if reason not in ("no_contract", "unknown_account", "partial_usage"):
        assert row["contracted_amount"] == Decimal("125.00")
    compared = row["amount_difference"] is not None
    assert compared == (row["quantity_difference"] is not None)
    if compared:
        assert row["amount_difference"] == row["invoiced_net"] - Decimal("125.00")


def test_usage_of_no_account_is_shown_by_tenant_and_month(world):
    rows = world.rows(
        "SELECT tenant_id, period_from, metered_quantity FROM gold.mart_usage_vs_billing "
        "WHERE reason = 'unmapped' AND metric = 'transformations' ORDER BY tenant_id"
    )
    assert rows == [
        {"tenant_id": "(unknown)", "period_from": NOVEMBER, "metered_quantity": 3},
        {"tenant_id": "t-nobody", "period_from": OCTOBER, "metered_quantity": 2},
    ]


def test_the_running_month_is_open_and_not_compared(world):
    rows = world.rows(
        "SELECT DISTINCT reason, amount_difference FROM gold.mart_usage_vs_billing "
        "WHERE period_from = DATE '2026-11-01' AND customer_key IN ('matches', 'over_billed')"
    )
    assert rows == [{"reason": "open_period", "amount_difference": None}]


def test_a_level_is_billed_by_its_peak(world):
    row = world.row(
        "FROM gold.mart_usage_vs_billing WHERE customer_key = 'straight' "
        "AND metric = 'master_records' AND period_from = DATE '2026-10-01'"
    )
    # 30 and 31 October lie within the 14 days: 7700 and 7800.
    assert (row["metered_quantity"], row["usage_basis"]) == (7800, "peak")
    assert row["contracted_amount"] == Decimal("387.10")
    assert row["reason"] == "missing_invoice"


def test_days_of_bills_begin_in_the_zone_of_the_contract(world):
    """Adelaide's November began at 13:30 UTC, so what was used a second later is not October's."""
    rows = world.rows(
        "FROM gold.mart_usage_vs_billing WHERE customer_key = 'adelaide' AND metric = 'calls' "
        "ORDER BY period_from"
    )
    assert [(row["period_from"], row["metered_quantity"]) for row in rows] == [
        (OCTOBER, 1),
        (NOVEMBER, 2),
    ]
    days = world.rows(
        "SELECT billing_date, used FROM gold.fct_license_usage_daily "
        "WHERE tenant_id = 't-adelaide' ORDER BY billing_date"
    )
    assert [tuple(day.values()) for day in days] == [(date(2026, 10, 31), 1), (NOVEMBER, 2)]


def test_a_tenant_that_is_not_in_production_is_neither_billed_nor_revenue(world):
    classes = world.rows(
        "SELECT tenant_class, tenants, used FROM gold.mart_tenant_classes "
        "WHERE metric = 'transformations' ORDER BY tenant_class"
    )
    assert [tuple(row.values()) for row in classes] == [
        ("internal", 1, 5),
        ("production", len(BILLED), len(BILLED) * 15),
        ("unmapped", 2, 5),
    ]
    assert not world.rows("FROM gold.mart_usage_vs_billing WHERE customer_key = 'inside'")


def test_postings_are_reconciled_by_invoice(world):
    rows = world.rows("SELECT invoice_id, reason FROM gold.mart_invoice_postings")
    reasons = {row["invoice_id"]: row["reason"] for row in rows}
    assert reasons["matches"] == "matches"
    assert reasons["over_billed"] == "amount_differs"
    assert reasons["strange"] == "unknown_invoice"


def test_a_bill_is_split_by_consumption_to_the_cent(world):
    rows = world.rows("FROM gold.mart_cost_allocation")
    assert sum(row["allocated_amount"] for row in rows) == Decimal("99.99")
    shares = {row["tenant_id"]: row["consumption_share"] for row in rows}
    # Two metrics weigh alike: of October's calls one tenant has all.
    assert shares["t-adelaide"] == 0.5
    assert shares["t-nobody"] == pytest.approx(0.5 * 2 / (len(BILLED) * 14 + 2), abs=1e-6)


def test_an_error_counts_once_by_its_source(world):
    rows = world.rows(
        "SELECT error_source, error_type, errors FROM gold.fct_errors_daily ORDER BY ALL"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("log", "KeyError", 1),
        ("span", "(unknown)", 1),
        ("transformation", "LimitReached", 1),
        ("transformation", "Timeout", 1),
    ]


def test_a_failure_is_told_with_the_use_before_it(world):
    row = world.row("FROM gold.mart_failures_before_limit")
    assert (row["tenant_id"], row["error_type"]) == ("t-reached", "LimitReached")
    assert (row["used"], row["used_share"], row["used_at"]) == (100, 1, at(LAST))
    assert row["preceded_by"] == "limit"


def test_adoption_is_counted_over_active_tenants_of_a_segment(world):
    row = world.row(
        "FROM gold.mart_feature_adoption WHERE slice = 'retail' AND feature_name = 'map'"
    )
    assert (row["using_tenants"], row["uses"]) == (2, 4)
    # Of known accounts in production: four by name, and those that consumed.
    active = 4 + len(BILLED) - 1
    assert row["active_tenants"] == active
    assert row["adoption_share"] == round(2 / active, 4)


def test_who_is_mapped_to_nobody_is_adoption_under_its_own_name(world):
    row = world.row(
        "FROM gold.mart_feature_adoption WHERE dimension = 'segment' AND slice = 'unmapped'"
    )
    assert (row["feature_name"], row["using_tenants"]) == ("map", 1)


def test_tenants_are_those_seen_or_known(world):
    rows = world.rows("FROM gold.dim_tenant")
    by_tenant = {row["tenant_id"]: row for row in rows}
    assert by_tenant["t-straight"]["first_seen_on"] == FIRST
    assert by_tenant["t-nobody"]["industry"] == "(unknown)"
    assert "(unknown)" in by_tenant


def test_the_answers_show_what_matters_first(world):
    build_read, answers = answer(world.platform.published, list(load_questions().values()))
    assert build_read == world.outcome.build
    said = {each.question.name: each for each in answers}
    limits, revenue, billing = said["license-limits"], said["feature-revenue"], said["billing"]
    assert said["regional-counts"].rows == []
    assert [row["tenant_id"] for row in limits.rows] == [
        "t-contract",
        "t-reached",
        "t-noisy",
        "t-straight",
        "t-level",
    ]
    assert limits.others["clear"] == 4 + len(BILLED) - 2
    assert [row["account_group"] for row in revenue.rows] == ["high_value"] * 3
    reasons = {row["reason"] for row in billing.rows}
    assert "matches" not in reasons
    assert {"over_billed", "missing_invoice", "unmapped"} <= reasons
    assert sum(billing.others.values()) > len(billing.rows)


def test_the_evidence_and_the_status_are_published(world):
    tables = {(table.kind, table.name): table for table in world.outcome.build.tables}
    events_published = tables["evidence", "int_product_events"]
    assert events_published.rows == sum(1 for event in events() if event.name)
    assert world.row("SELECT count(*) AS models FROM status.models WHERE kind = 'model'")["models"]
    regions = world.rows("SELECT region, signal FROM status.regions ORDER BY ALL")
    assert [tuple(row.values()) for row in regions] == [
        ("euc", "logs"),
        ("euc", "traces"),
        ("use", "logs"),
    ]
    for table in tables.values():
        assert table.description.startswith("One row per"), table.name
        parquet = world.outcome.folder / table.parquet
        assert world.row(f"SELECT count(*) AS n FROM '{parquet}'")["n"] == table.rows


@pytest.mark.parametrize("page", list(Page))
def test_every_page_of_the_dashboard_finds_its_columns(world, page):
    shown = look(world.platform.directory / "mainstem.yaml", page)
    assert first_line(shown)
    assert not shown.error
    assert not shown.info


@pytest.mark.parametrize(
    ("page", "filters"),
    [
        ("licenses", {"customer": "straight"}),
        ("billing", {"customer": "over_billed", "since": "2026-10-01"}),
        ("features", {"by": "plan"}),
        ("tenant", {"tenant": "t-over_billed"}),
    ],
)
def test_what_a_page_leads_to_finds_its_columns(world, page, filters):
    shown = look(world.platform.directory / "mainstem.yaml", page, **filters)
    assert not shown.info
    assert all("Not in this build" not in text.value for text in shown.caption)
    assert len(shown.dataframe[0].value)


def test_every_rule_of_alerts_decides(world):
    alerts = {rule.value: {} for rule in Rule} | {"usage_vs_billing": {"above": 9}}
    with reading(world.platform.published) as opened:
        found = evaluate(opened, Alerts.model_validate(alerts), datetime.now(UTC))
    assert not found.undecided
    why = {each.subject: each.why for each in found.findings}
    assert (
        "135.00 EUR are billed for 14; use and contract give 125.00 EUR for 14"
        in (why["over_billed/2026-10-01/transformations"])
    )
    since = {each.subject: each.since for each in found.findings}
    assert since["tenant:t-reached/master_records"] == str(LAST - timedelta(days=1))
