from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mainstem.cli import main

ARTICLE = Path(__file__).parents[2] / "examples" / "article" / "config.tmpl"


def run(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Call the command line; gives its exit code."""
    monkeypatch.setattr(sys, "argv", ["mainstem", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture
def config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    variable = "connection_string=UseDevelopmentStorage=true"
    arguments = ("config", "render", str(ARTICLE), "--var", variable)
    assert run(*arguments, monkeypatch=monkeypatch) == 0
    path = tmp_path / "config.yaml"
    path.write_text(capsys.readouterr().out)
    return path


def test_what_the_article_s_configuration_would_run_is_a_table(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("config", "check", str(config), "--json", monkeypatch=monkeypatch) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["pipeline"] for row in report["rows"]] == ["traces", "logs"]
    assert report["rows"][0]["receives"] == "grpc 0.0.0.0:4317, http 0.0.0.0:4318"
    assert report["rows"][0]["redacts"].startswith("2 own patterns, ")
    assert report["rows"][0]["stores"] == "azureblob: traces/%Y/%m/%d/traces_%H_%M_%S.json"
    assert report["warnings"][-1].startswith("metrics: no pipeline")
    assert report["problems"] == []
    assert run("config", "check", str(config), monkeypatch=monkeypatch) == 0
    assert "note: " in capsys.readouterr().out


def test_patterns_that_do_not_compile_are_all_named_in_their_place(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        config.read_text()
        .replace("'(?:[0-9]", "'(?=x)(?:[0-9]")
        .replace("'[a-zA-Z0-9._%", "'([a-zA-Z0-9._%")
    )
    config.write_text(text)
    assert run("config", "check", str(config), "--json", monkeypatch=monkeypatch) == 2
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [(p["line"], p["key"]) for p in problems] == [
        (34, "processors.redaction.blocked_values[0]"),
        (36, "processors.redaction.blocked_values[1]"),
    ]


def test_a_policy_that_redacts_nothing_needs_to_be_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "collector.yaml"
    config.write_text(
        "receivers: {otlp: {protocols: {http: }}}\n"
        "processors: {redaction: {allow_all_keys: true, coverage: attributes}}\n"
        "exporters: {blob: }\n"
        "service:\n  pipelines:\n"
        "    logs: {receivers: [otlp], processors: [redaction], exporters: [blob]}\n"
    )
    platform = tmp_path / "mainstem.yaml"
    text = (
        "environment: play\ncentral: {store: 'file:c'}\n"
        "regions: {euc: {store: 'file:s', unredacted: refuse}}\n"
    )
    platform.write_text(text)
    call = (
        "config",
        "check",
        str(config),
        "--platform",
        str(platform),
        "--region",
        "euc",
        "--json",
    )
    assert run(*call, monkeypatch=monkeypatch) == 2
    [problem] = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["key"], problem["reason"]) == ("service.pipelines.logs", "redacts nothing")
    platform.write_text(text.replace("refuse", "allow"))
    assert run(*call, monkeypatch=monkeypatch) == 0
    warnings = json.loads(capsys.readouterr().out)["warnings"]
    assert any("nothing is redacted" in warning for warning in warnings)


def test_an_error_is_text_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("config", "render", str(ARTICLE), monkeypatch=monkeypatch) == 2
    assert "connection_string: has no value (give --var connection_string=VALUE)" in (
        capsys.readouterr().err
    )
    assert run("config", "check", "none.yaml", monkeypatch=monkeypatch) == 2
    assert "none.yaml:1:1: (file): there is no such file" in capsys.readouterr().err
