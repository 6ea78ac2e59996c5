"""SIGHUP on a running collector, renewed files, and its health while its spool is in trouble."""

from __future__ import annotations

import itertools
import json
import signal
import ssl
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trustme
from running import Running, collector, get, log_request, stand

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NUMBERS = itertools.count()
JSON = {"content-type": "application/json"}


def configure(folder: Path, *changes: tuple[str, str]) -> list[str]:
    """A platform and a configuration with changes to the usual one; gives the arguments."""
    arguments = stand(folder)
    file = folder / "collector.yaml"
    text = file.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    file.write_text(text)
    return arguments


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def count(running: Running, event: str) -> int:
    return sum(1 for each in running.events if each["event"] == event)


def hang_up(running: Running, event: str) -> dict[str, Any]:
    """Send SIGHUP and wait for what it says of it."""
    before = count(running, event)
    running.process.send_signal(signal.SIGHUP)
    wait_for(lambda: count(running, event) > before)
    return [each for each in running.events if each["event"] == event][-1]


REFUSED = "not reloaded, the configuration that was there stays"


def test_sighup_takes_another_configuration_and_no_connection_ends(tmp_path: Path) -> None:
    arguments = configure(tmp_path)
    file = tmp_path / "collector.yaml"
    with collector(arguments) as running, httpx.Client(base_url=running.otlp) as client:

        def send(text: str = "unread") -> int:
            content = log_request(f"{text} {next(NUMBERS)}")
            return client.post("/v1/logs", content=content, headers=JSON).status_code

        assert send("SKU-1234") == 200
        text = file.read_text()
        file.write_text(text.replace("allow_all_keys: true", "allow_all_keys: true, oops: 1"))
        said = hang_up(running, REFUSED)
        assert "collector.yaml:4:" in said["reason"]
        assert "oops" in said["reason"]
        assert send() == 200
        masks = "allow_all_keys: true, blocked_values: ['SKU-\\d+']"
        file.write_text(text.replace("allow_all_keys: true", masks))
        assert hang_up(running, "reloaded")["pipelines"] == ["traces", "logs", "metrics"]
        assert send("SKU-1234") == 200
        file.write_text(text.replace("health_check:\n", "health_check:\n    path: /other\n"))
        assert "health_check cannot change" in hang_up(running, REFUSED)["reason"]
        assert "mainstem_open_connections 1.0" in get(running.ready["metrics"])[1]
        assert running.stop() == 0
    bodies = [
        json.loads(line)["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["body"]["stringValue"]
        for blob in sorted((tmp_path / "store" / "logs").rglob("*.json"))
        for line in blob.read_text().splitlines()
    ]
    texts = sorted(body.rpartition(" ")[0] for body in bodies)
    assert texts == ["****", "SKU-1234", "unread"]


@pytest.fixture
def ca(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made


def issue(ca: trustme.CA, folder: Path) -> None:
    issued = ca.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(folder / "server.pem")
    issued.private_key_pem.write_to_path(folder / "server.key")


TLS = "tls: {cert_file: server.pem, key_file: server.key, reload_interval: 100ms}"


def test_a_renewed_certificate_is_taken_without_a_signal(tmp_path: Path, ca: trustme.CA) -> None:
    issue(ca, tmp_path)
    arguments = configure(
        tmp_path,
        ('http: {endpoint: "127.0.0.1:0"', f'http: {{endpoint: "127.0.0.1:0", {TLS}'),
        ("endpoint: 127.0.0.1:0\n", f"endpoint: 127.0.0.1:0\n    {TLS}\n"),
    )
    trusted = ssl.create_default_context(cafile=tmp_path / "ca.pem")

    def seen(running: Running, part: str) -> str:
        host, port = running.ready[part].removeprefix("https://").partition("/")[0].split(":")
        return ssl.get_server_certificate((host, int(port)), ca_certs=str(tmp_path / "ca.pem"))

    with collector(arguments) as running:
        before = seen(running, "http")
        assert before == seen(running, "health")
        assert httpx.get(running.ready["health"], verify=trusted).status_code == 200
        (tmp_path / "server.key").write_text("half a key")
        running.event("not renewed, what was there stays")
        assert seen(running, "http") == before
        issue(ca, tmp_path)
        running.event("renewed")
        assert seen(running, "http") == seen(running, "health") != before
        url = f"https://{running.ready['http']}/v1/logs"
        sent = httpx.post(url, content=log_request("x"), headers=JSON, verify=trusted)
        assert sent.status_code == 200
        assert running.stop() == 0


def test_tokens_and_passwords_show_nowhere(tmp_path: Path) -> None:
    secrets = ("canary-token-4711", "canary-filed-4712", "canary-password-4713")
    (tmp_path / "tokens").write_text(f"{secrets[1]}\n")
    extensions = f"""\
extensions:
  bearertokenauth: {{filename: tokens}}
  bearertokenauth/unused: {{token: {secrets[0]}}}
  basicauth: {{htpasswd: {{inline: "ada:{secrets[2]}"}}}}
"""
    arguments = configure(
        tmp_path,
        (
            'http: {endpoint: "127.0.0.1:0"',
            'http: {endpoint: "127.0.0.1:0", auth: {authenticator: basicauth}',
        ),
        (
            'grpc: {endpoint: "127.0.0.1:0"',
            'grpc: {endpoint: "127.0.0.1:0", auth: {authenticator: bearertokenauth}',
        ),
        ("extensions:\n", extensions),
        ("extensions: [health_check]", "extensions: [health_check, bearertokenauth, basicauth]"),
    )
    with collector(arguments) as running:
        url = f"{running.otlp}/v1/logs"
        for user, password, status in (
            ("ada", secrets[2], 200),
            ("ada", "canary-wrong-4714", 401),
            ("canary-user-4715", secrets[2], 401),
        ):
            sent = httpx.post(url, content=log_request("x"), headers=JSON, auth=(user, password))
            assert sent.status_code == status
            assert "canary" not in sent.text
        bearer = {**JSON, "authorization": f"Bearer {secrets[1]}"}
        sent = httpx.post(
            f"http://{running.ready['grpc']}/v1/logs", content=log_request("y"), headers=bearer
        )
        assert sent.status_code == 200
        _, page = get(running.ready["metrics"])
        assert 'mainstem_refused_requests{reason="unauthenticated",transport="http"} 2.0' in page
        hang_up(running, "reloaded")
        assert running.stop() == 0
    written = [
        path.read_bytes()
        for folder in ("store", "spool")
        for path in (tmp_path / folder).rglob("*")
        if path.is_file()
    ]
    assert written
    assert not any(b"canary" in content for content in written)
    assert "canary" not in str(running.events) + page


def test_health_tells_of_what_waits_too_long_and_of_its_recovery(tmp_path: Path) -> None:
    arguments = configure(
        tmp_path,
        (
            "check_collector_pipeline: {enabled: true",
            "max_spool_age: 1s\n    check_collector_pipeline: {enabled: false",
        ),
    )
    (tmp_path / "store").write_text("no folder")
    with collector(arguments) as running:
        health = running.ready["health"]
        wait_for(lambda: get(health)[0] == 503)
        assert "has waited" in json.loads(get(health)[1])["reason"]
        assert get(health.rpartition("/")[0] + "/live")[0] == 200
        (tmp_path / "store").unlink()
        wait_for(lambda: get(health)[0] == 200)
        assert running.stop() == 0


def test_what_a_hold_keeps_back_outlives_sighup_and_goes_as_it_was_configured(
    tmp_path: Path,
) -> None:
    sampling = (
        "  tail_sampling:\n    decision_wait: 2s\n"
        "    policies: [{name: all, type: always_sample}]\nexporters:\n"
    )
    traces = "traces: {receivers: [otlp], processors: [redaction"
    arguments = configure(
        tmp_path, ("exporters:\n", sampling), (traces, f"{traces}, tail_sampling")
    )
    span = {"traceId": "ab" * 16, "spanId": "cd" * 8}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    with collector(arguments) as running:
        url = f"{running.otlp}/v1/traces"
        assert httpx.post(url, content=body, headers=JSON).status_code == 200
        file = tmp_path / "collector.yaml"
        # From now on nothing is kept; the trace that waits goes by the earlier policy.
        nothing = "type: span_count, span_count: {min_spans: 100}"
        file.write_text(file.read_text().replace("type: always_sample", nothing))
        hang_up(running, "reloaded")
        span["traceId"] = "ef" * 16
        body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
        assert httpx.post(url, content=body, headers=JSON).status_code == 200
        wait_for(lambda: "mainstem_held_records" in get(running.ready["metrics"])[1])
        wait_for(lambda: _held_records(running) == 0)
        assert running.stop() == 0, running.events
    lines = [path.read_text() for path in (tmp_path / "store" / "traces").rglob("*.json*")]
    assert len(lines) == 1
    assert "ab" * 16 in lines[0]


def _held_records(running: Running) -> float:
    _, text = get(running.ready["metrics"])
    told = [line for line in text.splitlines() if line.startswith("mainstem_held_records{")]
    return sum(float(line.rpartition(" ")[2]) for line in told)
