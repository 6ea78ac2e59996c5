"""The article's template, curl and container, as they stand, against Azure's emulator."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from running import MAINSTEM, Running, collector, get

from mainstem.store import Account

if TYPE_CHECKING:
    from collections.abc import Iterator

ARTICLE = Path(__file__).parents[2] / "examples" / "article"
CURL = ARTICLE / "send-span.sh"


@pytest.fixture
def running(azurite_account: str, tmp_path: Path) -> Iterator[Running]:
    variable = f"connection_string={azurite_account}"
    rendered = subprocess.run(
        [*MAINSTEM, "config", "render", str(ARTICLE / "config.tmpl"), "--var", variable],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    # The article's ports are fixed, and tests run side by side: any free ones in their place.
    for port in (4317, 4318, 13133):
        rendered = rendered.replace(f"0.0.0.0:{port}", "127.0.0.1:0")
    rendered = rendered.replace("service:\n", "service:\n  telemetry: {metrics: {level: none}}\n")
    config = tmp_path / "config.yaml"
    config.write_text(rendered)
    environment = {"XDG_STATE_HOME": str(tmp_path / "state"), "PATH": "/usr/bin:/bin"}
    with collector(["--config", str(config)], environment) as started:
        yield started


def test_the_article_s_curl_leads_to_a_blob_of_json_lines(
    running: Running, azurite_account: str
) -> None:
    sent = subprocess.run(
        ["sh", str(CURL)],
        env={"PATH": "/usr/bin:/bin", "COLLECTOR": running.ready["http"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(sent.stdout) == {}
    assert get(running.ready["health"])[0] == 200
    assert running.ready["health"].endswith("/health/status")
    assert running.stop() == 0

    account = Account.open(azurite_account)
    [blob] = account.container("traces").list()
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/traces_\d\d_\d\d_\d\d_[0-9a-f]{16}\.json", blob.name)
    [line] = account.container("traces").read(blob.name).decode().splitlines()
    [resource] = json.loads(line)["resourceSpans"]
    [span] = resource["scopeSpans"][0]["spans"]
    assert span == {
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": "b7ad6b7169203331",
        "name": "test-span",
        "startTimeUnixNano": "1614556800000000000",
        "endTimeUnixNano": "1614556801000000000",
    }
    assert resource["resource"]["attributes"] == [
        {"key": "service.name", "value": {"stringValue": "test-service"}}
    ]


def test_the_containers_are_made_in_an_empty_account(
    running: Running, azurite_account: str
) -> None:
    assert running.ready
    made = [e["container"] for e in running.events if e["event"] == "container created"]
    assert sorted(made) == ["ledger", "logs", "traces"]
    assert list(Account.open(azurite_account).container("logs").list()) == []
