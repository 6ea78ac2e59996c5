"""The script that Streamlit runs for each look: who it is, what they may see, and the page."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from mainstem.config.dashboard import Page
from mainstem.config.platform import load_platform
from mainstem.dashboard.access import viewer_of
from mainstem.dashboard.opened import open_for
from mainstem.dashboard.serve import PLATFORM
from mainstem.errors import MainstemError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mainstem.config.platform import Platform
    from mainstem.dashboard.access import Viewer

TITLES = {
    Page.OVERVIEW: ("Overview", ":material/water:"),
    Page.LICENSES: ("Licenses", ":material/speed:"),
    Page.FEATURES: ("Features", ":material/extension:"),
    Page.BILLING: ("Usage and billing", ":material/receipt_long:"),
    Page.TENANT: ("A tenant", ":material/person_search:"),
    Page.PRIVACY: ("Privacy", ":material/shield:"),
    Page.OPERATIONS: ("Operations", ":material/settings:"),
}


def main(headers: Mapping[str, str], only: Page | None = None) -> None:
    """Show the page that the address names, or one by itself."""
    st.set_page_config(page_title="mainstem", page_icon=":material/water:", layout="wide")
    try:
        platform = load_platform(Path(os.environ[PLATFORM]))
    except MainstemError as error:
        st.error("The platform file cannot be read; its owner sees why in `mainstem dashboard`.")
        print(error)
        return
    viewer = viewer_of(platform.dashboard.access, headers)
    if viewer is None:
        st.error("You have no role here. Ask who runs this dashboard for one.")
        return
    shown = {page: _shower(platform, viewer, page) for page in viewer.pages}
    if only is not None:
        shown[only]()
        return
    pages = [
        st.Page(
            show,
            title=TITLES[page][0],
            icon=TITLES[page][1],
            url_path=page.value,
            default=page is viewer.pages[0],
        )
        for page, show in shown.items()
    ]
    st.navigation(pages).run()


def _shower(platform: Platform, viewer: Viewer, page: Page) -> Callable[[], None]:
    def show() -> None:
        try:
            view = open_for(platform, viewer)
        except MainstemError as error:
            st.error(error.message)
            if error.hint:
                st.caption(error.hint)
            return
        if view is None:
            st.markdown("### Nothing is published yet")
            st.caption("`mainstem build` publishes what these pages show.")
            return
        import_module(f"mainstem.dashboard.pages.{page.value}").page(view)
        build = view.published.build
        who = f" · {viewer.name}" if viewer.name else ""
        st.caption(f"Build {build.build_id} · {build.reach} · {build.environment}{who}")

    return show


if __name__ == "__main__":
    main(st.context.headers)
