"""Whom the listeners let in, from the configuration and its files to the plan; what is refused."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mainstem.collect.listeners import LOOK_AT_TOKENS_S, Listeners, listeners
from mainstem.collect.site import local_site
from mainstem.config.collector import parse_collector
from mainstem.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

BCRYPT = "$2y$05$" + "a" * 53
CONFIGURATION = """\
receivers:
  otlp: {protocols: {http: {endpoint: "ADDRESS:4318", GUARD}}}
processors: {redaction: {allow_all_keys: true}}
exporters: {blob: {url: "file:./store"}}
extensions: {EXTENSION}
service:
  extensions: [NAME]
  pipelines:
    traces: {receivers: [otlp], processors: [redaction], exporters: [blob]}
"""


def planned(
    folder: Path,
    extension: str,
    *,
    address: str = "127.0.0.1",
    guard: str = "",
    strict: bool = False,
) -> Listeners:
    name = extension.partition(":")[0]
    guard = guard or f"auth: {{authenticator: {name}}}"
    text = (
        CONFIGURATION.replace("ADDRESS", address)
        .replace("GUARD", guard)
        .replace("EXTENSION", extension)
        .replace("NAME", name)
    )
    site = replace(local_site(), base=folder, strict=strict)
    return listeners(parse_collector(text, "c.yaml", folder, {}), site)


def senders(folder: Path, extension: str) -> dict[str, Any]:
    found = planned(folder, extension).core["otlp"]["http"]["senders"]
    assert isinstance(found, dict)
    return found


def refused(folder: Path, extension: str, **more: Any) -> str:
    with pytest.raises(ConfigError) as error:
        planned(folder, extension, **more)
    return str(error.value)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_htpasswd_is_read_with_each_kind_of_hash(tmp_path: Path) -> None:
    sha1 = base64.b64encode(hashlib.sha1(b"three").digest()).decode()
    (tmp_path / "users").write_text(
        f"# people\n\nfirst:{BCRYPT}\nsecond:two:with colon\nthird:{{SHA}}{sha1}\n"
    )
    found = senders(tmp_path, "basicauth: {htpasswd: {file: users}}")
    assert found["users"] == [
        {"identity": {"name": "first"}, "hash": {"bcrypt": BCRYPT}},
        {"identity": {"name": "second"}, "hash": {"sha256": sha256("two:with colon")}},
        {"identity": {"name": "third"}, "hash": {"sha1": hashlib.sha1(b"three").hexdigest()}},
    ]


def test_htpasswd_inline_counts_before_the_file_and_the_file_is_watched(tmp_path: Path) -> None:
    (tmp_path / "users").write_text("same:of the file\nother:kept\n")
    extension = 'basicauth: {htpasswd: {file: users, inline: "same:of the line"}}'
    plan = planned(tmp_path, extension)
    users = {
        user["identity"]["name"]: user["hash"]
        for user in plan.core["otlp"]["http"]["senders"]["users"]
    }
    assert users == {
        "same": {"sha256": sha256("of the line")},
        "other": {"sha256": sha256("kept")},
    }
    assert plan.files == (tmp_path / "users",)
    assert plan.look_every_s == LOOK_AT_TOKENS_S
    assert "of the line" not in str(plan.core), "no password in the plan"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"first:one\nsecond\n", "line 2 is not user:password"),
        (b":secret\n", "line 1 is not user:password"),
        (b"user:\n", "line 1 is not user:password"),
        (b"user:$apr1$salt$hash\n", "line 1 has a hash of a kind not known here"),
        (b"user:{SSHA}hash\n", "make it with `htpasswd -B`"),
        (b"# nobody\n\n", "has no user"),
        (b"user:\xff\xfe\n", "names a file that cannot be read"),
    ],
)
def test_htpasswd_that_cannot_be_taken_is_told_by_line(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "users").write_bytes(content)
    said = refused(tmp_path, "basicauth: {htpasswd: {file: users}}")
    assert reason in said
    assert "c.yaml:5:" in said, "the place in the configuration"
    assert "basicauth.htpasswd" in said
    assert "secret" not in said
    assert "salt" not in said


def test_htpasswd_that_is_not_there_is_told(tmp_path: Path) -> None:
    said = refused(tmp_path, "basicauth: {htpasswd: {file: nowhere}}")
    assert "names a file that cannot be read" in said


def test_tokens_of_a_file_are_hashed(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("  first \n\nsecond\n")
    plan = planned(tmp_path, "bearertokenauth: {filename: tokens, scheme: Token}")
    found = plan.core["otlp"]["http"]["senders"]
    assert (found["header"], found["scheme"]) == ("authorization", "Token")
    assert [each["sha256"] for each in found["tokens"]] == [sha256("first"), sha256("second")]
    assert plan.files == (tmp_path / "tokens",)
    (tmp_path / "tokens").write_text("\n \n")
    said = refused(tmp_path, "bearertokenauth: {filename: tokens}")
    assert "names a file without a token" in said


def test_senders_bind_each_proof_to_whom_it_stands_for(tmp_path: Path) -> None:
    one, two = sha256("one"), sha256("two")
    found = senders(
        tmp_path,
        "senders: {header: X-Token, scheme: '', clients: ["
        f"{{name: shop, token_sha256: [{one}, {two}], region: euc, tenant: acme}},"
        "{name: use, certificates: [use.example.org], may_forward_for: [use]}]}",
    )
    assert (found["header"], found["scheme"]) == ("x-token", "")
    shop = {"name": "shop", "region": "euc", "tenant": "acme", "may_forward_for": []}
    assert found["tokens"] == [{"sha256": one, "identity": shop}, {"sha256": two, "identity": shop}]
    assert found["certificates"] == [
        {
            "name": "use.example.org",
            "identity": {"name": "use", "region": None, "tenant": None, "may_forward_for": ["use"]},
        }
    ]


@pytest.mark.parametrize(
    ("clients", "reason"),
    [
        ("[]", "clients"),
        ("[{name: shop}]", "needs token_sha256 or certificates"),
        (
            "[{name: a, certificates: [x]}, {name: b, certificates: [x]}]",
            "share one of certificates",
        ),
        ("[{name: shop, token_sha256: [plain-token]}]", "token_sha256"),
    ],
)
def test_senders_that_cannot_be_told_apart_are_refused(
    tmp_path: Path, clients: str, reason: str
) -> None:
    said = refused(tmp_path, f"senders: {{clients: {clients}}}")
    assert reason in said
    assert "plain-token" not in said


OPEN = "OTLP is open on 0.0.0.0:4318 to everyone who can reach it"
CLEAR = "tokens and passwords come to 0.0.0.0:4318 in clear"
TOKEN = "bearertokenauth: {token: secret}"


@pytest.mark.parametrize(
    ("guard", "reason"),
    [("include_metadata: false", OPEN), ("auth: {authenticator: bearertokenauth}", CLEAR)],
)
def test_strict_refuses_what_is_warned_of_otherwise(
    tmp_path: Path, guard: str, reason: str
) -> None:
    (warning,) = planned(tmp_path, TOKEN, address="0.0.0.0", guard=guard).warnings
    assert reason in warning
    said = refused(tmp_path, TOKEN, address="0.0.0.0", guard=guard, strict=True)
    assert reason in said
    assert "security is strict for" in said
    assert "receivers.otlp.protocols.http" in said
    assert "c.yaml:2:" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("address", "guard"),
    [
        ("127.0.0.1", "include_metadata: false"),
        ("[::1]", "include_metadata: false"),
        ("0.0.0.0", 'ip_allowlist: ["10.0.0.0/8"]'),
    ],
)
def test_strict_takes_what_is_guarded(tmp_path: Path, address: str, guard: str) -> None:
    assert planned(tmp_path, TOKEN, address=address, guard=guard, strict=True).warnings == ()
