"""How the listeners speak and whom they let in: from the configuration to the data plane's plan.

Tokens and passwords given in plain are hashed here, so that the plan holds no secret that lets
anyone send.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from mainstem.config.collector.receivers import Grpc
from mainstem.config.collector.security import BasicAuth, BearerTokenAuth, Senders
from mainstem.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mainstem.collect.site import Site
    from mainstem.config.collector import CollectorConfig
    from mainstem.config.collector.receivers import Http, Otlp
    from mainstem.config.collector.security import TlsServer
    from mainstem.config.document import KeyPath

BCRYPT = re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}")
SHA1 = re.compile(r"\{SHA\}(?P<digest>[A-Za-z0-9+/]{27}=)")
# md5-crypt, SHA-crypt and salted SHA-1.
OTHER_HASHES = ("$apr1$", "$1$", "$5$", "$6$", "{SSHA}")
LOOK_AT_TOKENS_S = 10.0


@dataclass(frozen=True)
class Listeners:
    """Each receiver's `listeners`; `files` are read again when one of them changes."""

    core: dict[str, dict[str, Any]]
    warnings: tuple[str, ...]
    files: tuple[Path, ...]
    look_every_s: float


def listeners(config: CollectorConfig, site: Site) -> Listeners:
    """Plan the listeners; ConfigError where they do not fit together or security forbids it."""
    planner = _Planner(config, site)
    for id_, receiver in config.receivers.items():
        planner.receive(id_, receiver)
    if config.health is not None and config.health.tls is not None:
        planner.watch_tls(config.health.tls)
    return planner.planned()


class _Planner:
    def __init__(self, config: CollectorConfig, site: Site) -> None:
        self._config = config
        self._site = site
        self._receivers: dict[str, dict[str, Any]] = {}
        self._receiver = ""
        self._core: dict[str, Any] = {}
        self._warnings: list[str] = []
        self._files: dict[Path, float] = {}

    def planned(self) -> Listeners:
        return Listeners(
            core=self._receivers,
            warnings=tuple(self._warnings),
            files=tuple(self._files),
            look_every_s=min(self._files.values(), default=LOOK_AT_TOKENS_S),
        )

    def receive(self, id_: str, receiver: Otlp) -> None:
        """Plan a receiver's listeners."""
        self._receiver = id_
        self._core = self._receivers[id_] = {}
        grpc, http = receiver.protocols.grpc, receiver.protocols.http
        for name, given in (("grpc", grpc), ("http", http)):
            if given is not None:
                self._add(name, given)
        # Port 0 is another one each time.
        if grpc and http and grpc.endpoint == http.endpoint and not grpc.endpoint.endswith(":0"):
            self._share_address()

    def _add(self, name: str, given: Grpc | Http) -> None:
        self._core[name] = {
            "tls": self._tls(given.tls) if given.tls else None,
            "senders": self._senders(given.auth.authenticator) if given.auth else None,
            "ip_allowlist": list(given.ip_allowlist),
            "trusted_proxies": list(given.trusted_proxies),
            "limits": _limits(given),
        }
        self._judge(name, given)

    def watch_tls(self, given: TlsServer) -> None:
        """Look at the files of a TLS that is not a listener's."""
        self._tls(given)

    def _share_address(self) -> None:
        """Let one listener have what both protocols ask of it, and refuse what they ask apart."""
        grpc, http = self._core["grpc"], self._core["http"]
        apart = [key for key in grpc if key != "limits" and grpc[key] != http[key]]
        if apart:
            raise self._wrong(
                (
                    "receivers",
                    self._receiver,
                    "protocols",
                    "grpc",
                    apart[0].replace("senders", "auth"),
                ),
                "differs from http's, and the two share an address",
            )
        limits = {**http["limits"], **grpc["limits"]}
        grpc["limits"] = http["limits"] = limits

    def _judge(self, name: str, given: Grpc | Http) -> None:
        """Warn of a listener that anyone can reach without a guard; `security: strict` refuses."""
        if ip_address(given.endpoint.rpartition(":")[0].strip("[]")).is_loopback:
            return
        at: KeyPath = ("receivers", self._receiver, "protocols", name)
        verified = given.tls is not None and given.tls.client_ca_file is not None
        if not (verified or given.auth or given.ip_allowlist):
            self._say(
                at,
                f"OTLP is open on {given.endpoint} to everyone who can reach it",
                "put a guard in front, or give it client_ca_file, auth or ip_allowlist",
            )
        if given.auth and given.tls is None:
            self._say(
                at,
                f"tokens and passwords come to {given.endpoint} in clear",
                "give it tls, or end TLS in front",
            )

    def _say(self, at: KeyPath, what: str, remedy: str) -> None:
        if self._site.strict:
            raise self._wrong(at, what, f"security is strict for {self._site.region}: {remedy}")
        place = "" if len(self._config.receivers) == 1 else f"{self._receiver} "
        self._warnings.append(f"{place}{at[-1]}: {what}: {remedy}")

    def _tls(self, given: TlsServer) -> dict[str, Any]:
        def pem(file: str | None, text: str | None) -> dict[str, str] | None:
            if file is not None:
                path = self._watch(file, given.reload_interval)
                return {"file": str(path)}
            return None if text is None else {"text": text}

        secret = given.key_pem.get_secret_value() if given.key_pem else None
        return {
            "certificate": pem(given.cert_file, given.cert_pem),
            "key": pem(given.key_file, secret),
            "client_authority": pem(given.client_ca_file, None),
            "min_version": given.min_version or "1.2",
            "max_version": given.max_version or "1.3",
            "cipher_suites": list(given.cipher_suites),
            "curve_preferences": list(given.curve_preferences),
        }

    def _senders(self, id_: str) -> dict[str, Any]:
        authenticator = self._config.authenticators[id_]
        core: dict[str, Any] = {
            "header": "authorization",
            "scheme": "Bearer",
            "tokens": [],
            "users": [],
            "certificates": [],
        }
        match authenticator:
            case BearerTokenAuth():
                core |= {
                    "header": authenticator.header.lower(),
                    "scheme": authenticator.scheme,
                    "tokens": [
                        {"sha256": _sha256(token), "identity": {"name": id_}}
                        for token in self._tokens(id_, authenticator)
                    ],
                }
            case BasicAuth():
                core["users"] = list(self._users(id_, authenticator))
            case Senders():
                core |= {"header": authenticator.header.lower(), "scheme": authenticator.scheme}
                for client in authenticator.clients:
                    identity = {
                        "name": client.name,
                        "region": client.region,
                        "tenant": client.tenant,
                        "may_forward_for": list(client.may_forward_for),
                    }
                    core["tokens"] += [
                        {"sha256": token, "identity": identity} for token in client.token_sha256
                    ]
                    core["certificates"] += [
                        {"name": name, "identity": identity} for name in client.certificates
                    ]
        return core

    def _tokens(self, id_: str, given: BearerTokenAuth) -> list[str]:
        # In the Collector's order.
        if given.tokens:
            return [token.get_secret_value() for token in given.tokens]
        if given.token is not None:
            return [given.token.get_secret_value()]
        at: KeyPath = ("extensions", id_, "filename")
        lines = self._read(given.filename or "", at).splitlines()
        tokens = [line.strip() for line in lines if line.strip()]
        if not tokens:
            raise self._wrong(at, "names a file without a token")
        return tokens

    def _users(self, id_: str, given: BasicAuth) -> Iterator[dict[str, Any]]:
        at: KeyPath = ("extensions", id_, "htpasswd")
        if given.htpasswd is None:
            raise TypeError("a listener's basicauth has htpasswd, or the configuration is refused")
        texts: list[tuple[KeyPath, str]] = []
        if given.htpasswd.file:
            texts.append(((*at, "file"), self._read(given.htpasswd.file, (*at, "file"))))
        if given.htpasswd.inline:
            texts.append(((*at, "inline"), given.htpasswd.inline.get_secret_value()))
        users: dict[str, dict[str, str]] = {}
        for place, text in texts:
            for number, line in enumerate(text.splitlines(), start=1):
                if not line.strip() or line.lstrip().startswith("#"):
                    continue
                user, colon, password = line.strip().partition(":")
                if not colon or not user or not password:
                    raise self._wrong(place, f"line {number} is not user:password")
                if password.startswith(OTHER_HASHES):
                    raise self._wrong(
                        place,
                        f"line {number} has a hash of a kind not known here",
                        "make it with `htpasswd -B`",
                    )
                users[user] = _password(password)
        if not users:
            raise self._wrong(at, "has no user")
        for user, hashed in users.items():
            yield {"identity": {"name": user}, "hash": hashed}

    def _read(self, name: str, at: KeyPath) -> str:
        path = self._watch(name, LOOK_AT_TOKENS_S)
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise self._wrong(at, "names a file that cannot be read") from None

    def _watch(self, name: str, every_s: float) -> Path:
        path = self._site.base / name
        self._files[path] = min(every_s, self._files.get(path, every_s))
        return path

    def _wrong(self, at: KeyPath, reason: str, hint: str | None = None) -> ConfigError:
        return ConfigError([self._config.document.problem(at, reason, hint)])


def _limits(given: Grpc | Http) -> dict[str, Any]:
    """Give what the configuration sets; the data plane has its own values for the rest."""
    ms: dict[str, float | None]
    if isinstance(given, Grpc):
        parameters = given.keepalive.server_parameters
        ms = {
            "idle_timeout_ms": parameters.max_connection_idle,
            "max_age_ms": parameters.max_connection_age,
            "max_age_grace_ms": parameters.max_connection_age_grace,
            "ping_every_ms": parameters.time,
            "ping_timeout_ms": parameters.timeout,
        }
        rest: dict[str, Any] = {"max_streams": given.max_concurrent_streams or None}
    else:
        ms = {
            "header_timeout_ms": given.read_header_timeout,
            "body_timeout_ms": given.read_timeout,
            "idle_timeout_ms": given.idle_timeout,
        }
        rest = {"keep_alive": given.keep_alives_enabled}
    limits = {key: max(1, round(seconds * 1000)) for key, seconds in ms.items() if seconds}
    return limits | {key: value for key, value in rest.items() if value is not None}


def _password(password: str) -> dict[str, str]:
    if BCRYPT.fullmatch(password):
        return {"bcrypt": password}
    if (sha1 := SHA1.fullmatch(password)) is not None:
        return {"sha1": base64.b64decode(sha1["digest"]).hex()}
    return {"sha256": _sha256(password)}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
