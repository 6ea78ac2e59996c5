"""The pages in a real Chromium: rendered, filtered, dark, empty, broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from published_build import publish
from tables import TABLES

from mainstem.config.dashboard import Page, place
from scripts.pictures import browser_page, served, settle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.all
PLATFORM = """\
environment: test
regions: {euc: {store: "file:stores/euc"}, use: {store: "file:stores/use"}}
central: {store: "file:stores/central"}
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("pages") / "mainstem.yaml"
    file.write_text(PLATFORM)
    publish(file.parent / "published", TABLES)
    with served(file) as found:
        yield found


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser_page() as found:
        yield found


@pytest.mark.parametrize("page", list(Page))
def test_each_page_is_drawn(address: str, tab: Tab, page: Page) -> None:
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.goto(f"{address}/{place(page)}")
    settle(tab)
    assert tab.locator("h3").first.inner_text()
    if page is not Page.TENANT:
        assert tab.locator("[data-testid=stVegaLiteChart] canvas, svg.marks").count() > 0
        assert tab.get_by_role("button", name=re.compile("Download")).count() > 0
    assert not tab.locator("[data-testid=stException]").count()
    assert not problems


def test_a_filter_goes_into_the_address_and_comes_from_it(address: str, tab: Tab) -> None:
    tab.goto(f"{address}/licenses")
    settle(tab)
    tab.get_by_role("combobox", name=re.compile("Metric")).click()
    tab.get_by_role("option", name="seats").click()
    tab.wait_for_url(re.compile("metric=seats"))
    tab.goto(f"{address}/licenses?region=use")
    settle(tab)
    assert "Of 2 license limits" in tab.locator("h3").first.inner_text()


def test_dark_is_dark(address: str, tab: Tab) -> None:
    tab.emulate_media(color_scheme="dark")
    tab.goto(f"{address}/licenses")
    settle(tab)
    colour = tab.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert colour == "rgb(17, 23, 29)"


def test_an_empty_warehouse_and_a_broken_build_are_told(tmp_path: Path, tab: Tab) -> None:
    file = tmp_path / "mainstem.yaml"
    file.write_text(PLATFORM)
    with served(file) as address:
        tab.goto(address)
        tab.get_by_text("Nothing is published yet").wait_for()
        folder = publish(tmp_path / "published", TABLES)
        (folder / "published.duckdb").write_bytes(b"broken" * 900)
        tab.goto(address)
        tab.get_by_text("cannot be read").wait_for()
