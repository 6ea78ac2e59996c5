"""The keys `alerts` and `dashboard`: what is refused, with its place, and no secret in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mainstem.config.platform import load_platform
from mainstem.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

BASE = """\
environment: test
regions: {euc: {store: "file:./euc"}}
central: {store: "file:./central"}
"""
OPS = "{ops: {webhook: 'https://h/x'}}"
CLEAR = "{host: h, security: none, user: u, password: secret-p}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "alerts: {channels: {ops: {webhook: 'https://h/x'}}, freshness: {channels: [opps]}}",
            "alerts.freshness.channels[0]: is not one of alerts.channels (did you mean ops?)",
        ),
        (
            "alerts: {owners: {emea: [ops]}}",
            "alerts.owners.emea[0]: is not one of alerts.channels",
        ),
        (
            "alerts: {channels: {ops: {webhook: 'ftp://secret-token'}}}",
            "alerts.channels.ops.webhook: must be an address that begins with https:// or http://",
        ),
        (
            "alerts: {channels: {ops: {}}}",
            "alerts.channels.ops: needs `webhook` or `smtp`, and not both",
        ),
        (
            f"alerts: {{channels: {{m: {{sender: a@b, smtp: {CLEAR}}}}}}}",
            "would send its password in clear",
        ),
        (
            "alerts: {license_headroom: {customers: true}}",
            "alerts.license_headroom.customers: has no address to write to",
        ),
        (
            f"alerts: {{channels: {OPS}, customers: {{contacts: c.csv, via: ops}}}}",
            "alerts.customers.via: is not a channel of mail (give it smtp)",
        ),
        (
            "alerts: {licence_headroom: {}}",
            "alerts.licence_headroom: is not a key known here (did you mean license_headroom?)",
        ),
        (
            "dashboard: {access: {roles: [{groups: [g], regions: [eu]}]}}",
            "dashboard.access.roles[0].regions[0]: is not one of the regions in this file",
        ),
        (
            "dashboard: {access: {roles: [{regions: [euc]}]}}",
            "dashboard.access.roles[0]: is nobody's: name users or groups",
        ),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_key(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "mainstem.yaml"
    file.write_text(f"{BASE}{text}\n")
    with pytest.raises(ConfigError) as caught:
        load_platform(file)
    assert problem in str(caught.value)
    assert "secret" not in str(caught.value)
