"""What a person may see is what any of their roles shows."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mainstem.config.dashboard import Access, Page
from mainstem.dashboard.access import EVERYBODY, viewer_of
from mainstem.dashboard.frame import as_csv

ACCESS = Access.model_validate(
    {
        "roles": [
            {"groups": ["eu"], "regions": ["euc"], "pages": ["licenses"]},
            {"groups": ["us"], "regions": ["use"], "pages": ["tenant"]},
            {"users": ["root@x"]},
        ]
    }
)


def test_without_access_rules_everybody_sees_all() -> None:
    assert viewer_of(None, {}) is EVERYBODY


def test_roles_add_up() -> None:
    viewer = viewer_of(ACCESS, {"X-FORWARDED-EMAIL": "a@x", "x-forwarded-groups": "eu,us"})
    assert viewer is not None
    assert viewer.regions == {"euc", "use"}
    assert viewer.pages == (Page.LICENSES, Page.TENANT)


def test_a_role_without_regions_shows_all() -> None:
    viewer = viewer_of(ACCESS, {"X-Forwarded-Email": "root@x", "X-Forwarded-Groups": "eu"})
    assert viewer is not None
    assert viewer.regions is None
    assert viewer.pages == tuple(Page)


@pytest.mark.parametrize("headers", [{"X-Forwarded-Groups": "eu"}, {"X-Forwarded-Email": "b@x"}])
def test_a_group_without_a_name_and_a_name_without_a_role_see_nothing(
    headers: dict[str, str],
) -> None:
    assert viewer_of(ACCESS, headers) is None


def test_a_spreadsheet_runs_nothing_of_a_download() -> None:
    rows = pa.table({"feature": ["=cmd()", "map", None], "uses": [-1, 2, 3]})
    assert as_csv(rows) == b'"feature","uses"\n"\'=cmd()",-1\n"map",2\n,3\n'
