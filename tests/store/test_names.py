"""Names within a store."""

from __future__ import annotations

import pytest

from mainstem.records import entry_name
from mainstem.store import central_container, entry_place, is_entry, lines_name


def test_entry_names_read_back() -> None:
    name = entry_name("2026/11/24", "0123456789abcdef", 7)
    assert entry_place(name) == ("2026/11/24", "0123456789abcdef", 7)
    assert is_entry(name)
    assert lines_name(name) == "2026/11/24/0123456789abcdef/000000000007.lines"
    assert not is_entry(lines_name(name))


def test_other_names_are_no_entries() -> None:
    with pytest.raises(ValueError, match="not the name"):
        entry_place("2026/11/24/heads.json")


def test_central_containers_are_a_regions_own() -> None:
    assert central_container("euc", "logs") == "euc-logs"
