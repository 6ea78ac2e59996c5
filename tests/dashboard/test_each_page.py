"""Each page answers its question, with filters, roles, an empty build and a broken one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pages import answer, look
from published_build import declared, publish
from tables import GOLD, TABLES

from mainstem.config.dashboard import Page

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM = """\
environment: test
regions:
  euc: {store: "file:stores/euc"}
  use: {store: "file:stores/use"}
  aus: {residency: isolated}
central: {store: "file:stores/central"}
"""
ROLES = """\
dashboard:
  access:
    roles:
      - {groups: [support-eu], regions: [euc], pages: [overview, licenses, features, tenant]}
      - {users: [dpo@contoso.example], pages: [privacy]}
"""


@pytest.mark.parametrize("table", GOLD)
def test_rows_have_the_columns_of_the_models(table: str) -> None:
    assert set(GOLD[table][0]) <= declared(table.partition(".")[2])


@pytest.fixture
def platform_file(tmp_path: Path) -> Path:
    file = tmp_path / "mainstem.yaml"
    file.write_text(PLATFORM)
    return file


@pytest.fixture
def published(platform_file: Path) -> Path:
    publish(platform_file.parent / "published", TABLES)
    return platform_file


ANSWERS = {
    Page.OVERVIEW: "1,800 records came in from 2 regions: 1,300 are in the warehouse, 500 stay "
    "where they were collected, and the books balance",
    Page.LICENSES: "Of 3 license limits, 1 is reached and 1 is near; next is Fourth Clinics with "
    "seats on 2026-11-30",
    Page.FEATURES: "map is used by most: 2 of 2 tenants with use in 28 days, 140 times; export by "
    "the fewest, 1",
    Page.BILLING: "1 line of 2 differ, together by +20.00 EUR; most often: over billed (1)",
    Page.TENANT: "Choose one of 2 tenants to see what happened with it",
    Page.PRIVACY: "48 values were masked by 2 rules in 2 regions, most by email; last verified "
    "2026-11-24: consistent; last scan 2026-11-24: nothing found",
    Page.OPERATIONS: "2 of 2 regions were heard of in the last day, 80 records wait, and the books "
    "have no problem",
}


@pytest.mark.parametrize("page", list(Page))
def test_a_page_answers_in_words_with_numbers(published: Path, page: Page) -> None:
    shown = look(published, page)
    assert answer(shown) == ANSWERS[page]
    assert not shown.error
    assert not shown.info


def test_an_empty_warehouse_is_told_in_words(platform_file: Path) -> None:
    assert answer(look(platform_file, "licenses")) == "Nothing is published yet"


@pytest.mark.parametrize("page", list(Page))
def test_a_build_without_the_pages_tables_says_which(platform_file: Path, page: Page) -> None:
    publish(platform_file.parent / "published", {})
    shown = look(platform_file, page)
    if page in (Page.OVERVIEW, Page.PRIVACY, Page.OPERATIONS):
        assert answer(shown)
    else:
        assert "The build has no table" in shown.info[0].value


@pytest.mark.parametrize("file", ["build.json", "published.duckdb", "operations.duckdb"])
def test_a_broken_file_says_what_to_do(published: Path, file: str) -> None:
    root = published.parent / "published"
    folder = root / (root / "current").read_text().strip()
    (root / file if file == "operations.duckdb" else folder / file).write_bytes(b"broken" * 900)
    (root / "current").touch()
    shown = look(published, "licenses")
    assert "cannot be read" in shown.error[0].value
    assert "mainstem build --full-refresh" in shown.caption[0].value


def test_filters_live_in_the_address(published: Path) -> None:
    shown = look(published, "licenses", region="use", metric="seats")
    assert "Of 2 license limits, 1 is reached and 0 are near" in answer(shown)
    assert shown.multiselect[0].value == ["use"]


def test_a_customers_trend_is_shown_from_a_link_of_an_alert(published: Path) -> None:
    shown = look(published, "licenses", customer="A-contoso-euc-006", metric="seats")
    assert len(shown.dataframe[0].value) == 1
    assert "Dashed: the limit" in " ".join(text.value for text in shown.caption)


def test_a_value_in_the_address_that_is_none_is_dropped(published: Path) -> None:
    shown = look(published, "licenses", customer="nobody", region="mars")
    assert answer(shown) == ANSWERS[Page.LICENSES]


def test_a_difference_leads_to_its_events(published: Path) -> None:
    shown = look(published, "billing", customer="A-contoso-euc-006", since="2026-10-01")
    events = shown.dataframe[1].value
    assert list(events["quantity"]) == [1000.0]


def test_a_tenants_time_line_has_the_command_of_its_region(published: Path) -> None:
    shown = look(published, "tenant", tenant="contoso-euc-006")
    assert answer(shown) == (
        "Fourth Clinics (contoso-euc-006) was last used on 2026-11-24, on 55 days in all, with "
        "1 day of errors"
    )
    assert shown.code[0].value == (
        "mainstem traces --region euc --tenant contoso-euc-006 "
        "--since 2026-11-23T00:00:00Z --until 2026-11-24T00:00:00Z"
    )
    kinds = set(shown.dataframe[0].value["kind"])
    assert kinds == {"error", "release", "invoice"}


def test_a_name_is_no_markup(platform_file: Path) -> None:
    row = {**TABLES["gold.dim_tenant"][0], "account_name": "**[x](http://evil)** $a$"}
    publish(platform_file.parent / "published", {**TABLES, "gold.dim_tenant": [row]})
    shown = look(platform_file, "tenant", tenant="contoso-euc-006")
    assert answer(shown).startswith(r"\*\*\[x\](http\://evil)\*\* \$a\$ (")


def test_nothing_of_an_isolated_region_is_there_but_its_name(published: Path) -> None:
    said = " ".join(text.value for text in look(published, "overview").caption)
    assert "aus is isolated: nothing of it is here" in said


EU = {"x-forwarded-email": "ada@contoso.example", "X-Forwarded-Groups": "sales, support-eu"}


def test_a_role_of_a_region_sees_that_regions_rows_alone(published: Path) -> None:
    published.write_text(PLATFORM + ROLES)
    limits = look(published, "licenses", EU)
    assert answer(limits).startswith("Of 1 license limit, 0 are reached and 1 is near")
    assert list(limits.dataframe[0].value["account"]) == ["Fourth Clinics"]
    assert answer(look(published, "overview", EU)).startswith("1,500 records came in from 1 region")
    asked = look(published, "licenses", EU, region="use", customer="A-contoso-use-001")
    assert list(asked.dataframe[0].value["account"]) == ["Fourth Clinics"]
    tenants = look(published, "tenant", EU, tenant="contoso-use-001")
    assert answer(tenants) == "Choose one of 1 tenant to see what happened with it"


def test_what_adds_up_over_regions_is_not_for_a_role_of_one(published: Path) -> None:
    published.write_text(PLATFORM + ROLES)
    shown = look(published, "features", EU)
    assert {text.value for text in shown.info} == {
        "This adds up over regions, and your role shows euc alone."
    }


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-Email": "eve@contoso.example"}])
def test_who_has_no_role_sees_nothing(published: Path, headers: dict[str, str]) -> None:
    published.write_text(PLATFORM + ROLES)
    shown = look(published, "licenses", headers)
    assert shown.error[0].value.startswith("You have no role here.")
    assert not shown.dataframe
