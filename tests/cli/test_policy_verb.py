"""`mainstem policy` over two regions, one of which has an overlay."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from running import log_request, stand

from mainstem.cli import main
from mainstem.privacy import ensure_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Call = Callable[..., tuple[int, str]]

OWN = "[a-z]{3}-[0-9]{4}"
OVERLAY = "DE[0-9]{9}"
PROCESSOR = f"redaction: {{allow_all_keys: true, blocked_values: ['{OWN}']}}"


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Call the command line over regions `euc`, with an overlay, and `use`, without."""
    stand(tmp_path)
    collector = tmp_path / "collector.yaml"
    text = collector.read_text().replace("redaction: {allow_all_keys: true}", PROCESSOR)
    collector.write_text(text)
    (tmp_path / "mainstem.yaml").write_text(
        "environment: play\ncentral: {store: 'file:central'}\nregions:\n"
        "  euc:\n    store: file:store\n    collector: collector.yaml\n"
        f"    redaction: {{blocked_values: ['{OVERLAY}'], detectors: [phone]}}\n"
        "  use: {store: 'file:use', collector: collector.yaml}\n"
    )
    monkeypatch.setenv("MAINSTEM_PLATFORM", str(tmp_path / "mainstem.yaml"))

    def run(*arguments: str, given: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["mainstem", "policy", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().out

    return run


def rules(document: Any) -> dict[str, list[str]]:
    return {
        rule["name"]: [rule["origin"], rule["effect"], rule["matches"]]
        for rule in document["rules"]["logs"]
    }


def test_each_rule_says_where_it_is_from(call: Call, tmp_path: Path) -> None:
    code, out = call("show", "--region", "euc", "--json")
    assert code == 0
    shown = json.loads(out)
    found = rules(shown)
    assert found["redaction.blocked_values[0]"] == ["processor", "masked", OWN]
    assert found["overlay.blocked_values[0]"] == ["overlay", "masked", OVERLAY]
    assert found["phone"] == ["overlay", "masked", ""]
    assert found["email"] == ["built-in", "masked", ""]
    assert found["personal:user.id"] == ["built-in", "pseudonym", ""]
    assert "redaction.allowed_keys" not in found, "all keys are allowed"
    assert shown["fingerprints"] == {}, "there is no key yet, and showing makes none"
    ensure_key(tmp_path / "keys" / "euc.key")
    fingerprints = json.loads(call("show", "--region", "euc", "--json")[1])["fingerprints"]
    assert len(fingerprints["logs"]) == 16
    table = call("show", "--region", "euc")[1]
    assert fingerprints["logs"] in table
    assert "[a-z]" in table, "a pattern is no markup"


def test_a_rule_has_the_same_name_with_and_without_an_overlay(call: Call) -> None:
    euc, use = (
        rules(json.loads(call("show", "--region", region, "--json")[1]))
        for region in ("euc", "use")
    )
    assert set(euc) - set(use) == {"overlay.blocked_values[0]", "phone"}
    assert set(use) <= set(euc)


def test_without_a_file_what_is_built_in_is_shown(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAINSTEM_PLATFORM")
    found = rules(json.loads(call("show", "--json")[1]))
    assert {origin for origin, _, _ in found.values()} == {"built-in"}


def test_two_regions_differ_by_the_overlay(call: Call) -> None:
    code, out = call("diff", "euc", "use", "--json")
    assert code == 0
    names = [difference["name"] for difference in json.loads(out)]
    assert set(names) == {"overlay.blocked_values[0]", "phone"}
    assert OVERLAY in call("diff", "euc", "use")[1]
    assert "euc and euc have the same rules" in call("diff", "euc", "euc")[1]


def test_a_text_is_tried(call: Call) -> None:
    text = "mail a.b@example.com about abc-1234 now\n"
    assert call("try", "--region", "euc", given=text) == (0, "mail **** about **** now\n")
    tried = json.loads(call("try", "--region", "euc", "--json", given=text)[1])
    assert tried["rules"] == {"email": 1, "redaction.blocked_values[0]": 1}
    assert [piece["text"] for piece in tried["pieces"] if piece["changed"]] == ["****", "****"]
    assert tried["own_key"] is False


def test_a_request_is_tried(call: Call) -> None:
    code, out = call("try", "--region", "euc", given=log_request("to a.b@example.com").decode())
    assert code == 0
    [record] = json.loads(out)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    assert record["body"] == {"stringValue": "to ****"}
    assert call("try", "--region", "euc", given='{"resourceSpans": 1}')[0] == 2


def test_what_goes_is_told(call: Call) -> None:
    request = json.loads(log_request("hello"))
    [record] = request["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    pair = [{"key": key, "value": {"stringValue": "Ann"}} for key in ("user.name", "feature.name")]
    record["attributes"] = pair
    tried = json.loads(call("try", "--region", "euc", "--json", given=json.dumps(request))[1])
    assert tried["rules"] == {"personal:user.name": 1}
    assert [piece["text"] for piece in tried["pieces"] if piece["changed"]] == [""]
    assert "user.name" not in tried["stored"]


def test_rules_show_owner_action_and_what_they_match(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "mainstem.yaml"
    text = file.read_text()
    base = "{name: mail, detector: email, action: partial, keep: domain}"
    own = "{name: age, keys: [user.age], action: generalise, to: bucket, size: 10}"
    file.write_text(
        text.replace("regions:", f"redaction: {{rules: [{base}]}}\nregions:").replace(
            "detectors: [phone]", f"detectors: [phone], rules: [{own}], rotate: month"
        )
    )
    shown = rules(json.loads(call("show", "--region", "euc", "--json")[1]))
    assert shown["base.mail"] == ["base", "masked but for its domain", "detector email"]
    assert shown["overlay.age"] == ["overlay", "generalised to its bucket", "keys user.age"]
    assert shown["personal:user.id"] == ["built-in", "pseudonym of the month", ""]
    assert "email" not in shown
    other = rules(json.loads(call("show", "--region", "use", "--json")[1]))
    assert "base.mail" in other
    assert "overlay.age" not in other
    assert other["personal:user.id"][1] == "pseudonym"


EXAMPLES = """
region: euc
examples:
  - {name: mail, input: "mail to anna@contoso.com", expected: "mail to ****"}
  - {name: own pattern, key: note, input: abc-1234, expected: "****"}
  - {name: a person, key: user.id, input: anna, matches: "p_[0-9a-f]{8}_[0-9a-f]{32}"}
  - {name: gone, key: user.name, input: Anna, expected: null}
  - {name: numbers stay, key: n, input: [1, 2.5, true], expected: [1, 2.5, true]}
  - {name: nested, key: m, input: {a: anna@contoso.com}, expected: {a: "****"}}
  - {name: a span, signal: traces, input: GET 10.1.2.3, expected: "GET ****"}
  - {name: a metric, signal: metrics, key: peer, input: 10.1.2.3, expected: "****"}
  - name: a request
    input: {resourceLogs: [{resource: {attributes: [{key: k, value: {stringValue: a@b.io}}]}}]}
    expected: {resourceLogs: [{resource: {attributes: [{key: k, value: {stringValue: "****"}}]}}]}
"""


def test_examples_of_a_team_hold_or_show_where_they_do_not(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "examples.yaml"
    file.write_text(EXAMPLES)
    assert call("test", str(file)) == (0, "9 of 9 examples hold\n")
    file.write_text(EXAMPLES + '  - {input: "to anna@contoso.com", expected: "to ann"}\n')
    code, out = call("test", str(file))
    assert code == 1
    assert out.splitlines() == [
        "example 10",
        "  expected: to ann",
        "  stored:   to ****",
        "9 of 10 examples hold",
    ]
    code, out = call("test", str(file), "--json")
    assert code == 1
    assert json.loads(out)[-1]["pieces"] == [
        {"text": "to ", "changed": False},
        {"text": "****", "changed": True},
    ]


def test_a_file_of_examples_that_is_wrong_says_where(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "examples.yaml"
    file.write_text("examples:\n  - {input: x}\n  - {expected: y}\n")
    assert call("test", str(file))[0] == 2


def test_blobs_tell_which_detectors_fire_and_no_value(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "blobs" / "2026"
    folder.mkdir(parents=True)
    line = log_request("mail to anna@contoso.com from 10.1.2.3")
    (folder / "logs_1.json").write_bytes(line + b"\nnot a request\n")
    (folder / "logs_1.json.lines").write_bytes(b"x")
    code, out = call("learn", str(tmp_path / "blobs"))
    assert code == 0
    assert "email 1, ipv4 1" in out
    assert "anna" not in out
    code, out = call("learn", f"file:{tmp_path / 'blobs'}", "--container", "2026", "--json")
    learned = json.loads(out)
    assert (learned["blobs"], learned["records"], learned["unread"]) == (1, 1, 1)
    body = {"key": "(body)", "values": 1, "by_name": None, "finds": {"email": 1, "ipv4": 1}}
    assert body in learned["keys"]
    assert call("learn", str(tmp_path / "nowhere"))[0] == 2
