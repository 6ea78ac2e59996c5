"""The parts of a page: its answer in words, filters that live in the address, picture, table."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import altair as alt
import pyarrow as pa
import pyarrow.csv
import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mainstem.dashboard.opened import View

SHOWN_ROWS = 1000
"""Rows that a page shows; a download has all."""
_MARKUP = re.compile(r"([\\`*_\[\]<>$:~#|!])")
SHARE = st.column_config.NumberColumn(format="percent")
CATEGORIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c")
"""Okabe and Ito's colours, which people of every sight tell apart, on light and on dark."""


LEGEND = alt.Legend(title=None, orient="bottom", columns=4, labelLimit=200)
ALL_LABELS = alt.Axis(title=None, labelOverlap=False)


def plain(text: object) -> str:
    """Write a name so that no character of it is read as markup."""
    return _MARKUP.sub(r"\\\1", str(text))


def note(text: str) -> None:
    """Say what is behind the answer, or why there is none."""
    st.caption(text)


def lacks(view: View, table: str, *columns: str) -> bool:
    """Say in words why a table cannot be shown, if it cannot; True then."""
    if view.published.has(table, *columns):
        return False
    if table in view.published.withheld:
        regions = ", ".join(sorted(view.viewer.regions or ()))
        st.info(f"This adds up over regions, and your role shows {regions} alone.")
    elif not view.published.has(table):
        st.info(f"The build has no table `{table}`: it was made by other models than this page.")
    else:
        missing = [name for name in columns if not view.published.has(table, name)]
        st.info(f"`{table}` has no column {', '.join(missing)}: other models made it.")
    return True


def choose(
    label: str, options: Sequence[str], key: str, *, all_of: str | None = None
) -> str | None:
    """Let one of the options be chosen, in the address as `key`; None stands for all."""
    chosen: str | None = st.selectbox(
        label,
        options,
        index=None,
        key=key,
        bind="query-params",
        placeholder=all_of or f"all of {len(options):,}",
    )
    return chosen


def region_filter(view: View) -> list[str]:
    """Let regions be chosen, in the address as `region`; gives all where none is."""
    known = sorted(view.viewer.regions or view.platform.regions)
    chosen: list[str] = st.multiselect(
        "Regions", known, key="region", bind="query-params", placeholder="all regions"
    )
    return chosen or known


def figures(values: Mapping[str, str]) -> None:
    """Show a row of figures with their headings."""
    for column, (label, value) in zip(st.columns(len(values)), values.items(), strict=True):
        column.metric(label, value)


def picture(chart: Any, said: str) -> None:
    """Show a chart; `said` is what a reader without eyes is told of it."""
    themed = chart.configure_range(category=list(CATEGORIES)).configure_axis(labelLimit=320)
    st.altair_chart(themed, width="stretch", alt=said)


def bars(
    rows: pa.Table, x: str, y: str, colour: str | None, *, said: str, height: int = 260
) -> None:
    """Show amounts by category or day as bars, stacked by colour."""
    encodings: dict[str, Any] = {
        "x": alt.X(x),
        "y": alt.Y(y, axis=ALL_LABELS if y.endswith(":N") else alt.Axis()),
        "tooltip": [alt.Tooltip(name) for name in rows.column_names],
    }
    if colour is not None:
        encodings["color"] = alt.Color(colour, legend=LEGEND)
    picture(alt.Chart(rows).mark_bar().encode(**encodings).properties(height=height), said)


def table(
    name: str, rows: pa.Table, columns: Mapping[str, Any] | None = None, *, key: str | None = None
) -> None:
    """Show rows as a table, and offer all of them as a file."""
    shown = rows.slice(0, SHOWN_ROWS)
    if rows.num_rows == 0:
        note("No rows.")
        return
    st.dataframe(shown, hide_index=True, width="stretch", column_config=dict(columns or {}))
    more = f" ({SHOWN_ROWS:,} of {rows.num_rows:,} are shown)" if rows.num_rows > SHOWN_ROWS else ""
    st.download_button(
        f"Download {rows.num_rows:,} rows as CSV{more}",
        lambda: as_csv(rows),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"download-{key or name}",
        on_click="ignore",
    )


def as_csv(rows: pa.Table) -> bytes:
    """Write rows as CSV; a text that a spreadsheet would run begins with an apostrophe."""
    safe = rows
    for index, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            texts = [
                f"'{text}" if text and text[0] in "=+-@\t\r" else text
                for text in rows.column(index).to_pylist()
            ]
            safe = safe.set_column(index, field.name, pa.array(texts, pa.string()))
    written = io.BytesIO()
    pyarrow.csv.write_csv(safe, written)
    return written.getvalue()


def in_list(names: Iterable[str]) -> str:
    """Give placeholders for a list of values: `?, ?`."""
    return ", ".join("?" for _ in names) or "NULL"


def are(number: int) -> str:
    """Write a number of things with its verb."""
    return f"{number:,} {'is' if number == 1 else 'are'}"


def count(number: int, thing: str, things: str | None = None) -> str:
    """Write a number with what it counts."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
