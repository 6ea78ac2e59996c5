"""One page by itself, run as Streamlit runs it, without a browser."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING
from unittest import mock

from streamlit.testing.v1 import AppTest

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
from mainstem.config.dashboard import Page
from mainstem.dashboard.app import main
main({headers!r}, Page({page!r}))
"""


def look(
    platform_file: Path,
    page: str,
    headers: dict[str, str] | None = None,
    **filters: str,
) -> AppTest:
    """Run a page with filters in its address; what a viewer would see is in the result."""
    shown = AppTest.from_string(
        SCRIPT.format(page=str(page), headers=headers or {}), default_timeout=60
    )
    for name, value in filters.items():
        shown.query_params[name] = value
    # Streamlit leaves the page as the main module, which processes forked later would run again.
    with (
        mock.patch.dict(os.environ, {"MAINSTEM_PLATFORM": str(platform_file)}),
        mock.patch.dict(sys.modules, {"__main__": sys.modules["__main__"]}),
    ):
        shown.run()
    assert not shown.exception, shown.exception
    return shown


def answer(shown: AppTest) -> str:
    """Give the page's first line: its answer."""
    return next(
        text.value.removeprefix("### ") for text in shown.markdown if text.value.startswith("### ")
    )
