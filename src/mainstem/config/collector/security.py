"""The keys by which a listener is guarded: TLS, authenticators, and the networks that may send.

https://github.com/open-telemetry/opentelemetry-collector/tree/main/config/configtls
https://github.com/open-telemetry/opentelemetry-collector/tree/main/config/configauth
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from mainstem.config.collector.values import Component, Duration, Means, NoEffect, NotBuilt

SHA256 = re.compile(r"[0-9a-fA-F]{64}")
# https://go.dev/src/crypto/tls/cipher_suites.go
GO_SUITES = frozenset(
    f"TLS_{name}"
    for name in (
        "AES_128_GCM_SHA256",
        "AES_256_GCM_SHA384",
        "CHACHA20_POLY1305_SHA256",
        *(
            f"ECDHE_{key}_WITH_{cipher}"
            for key in ("ECDSA", "RSA")
            for cipher in (
                "AES_128_CBC_SHA",
                "AES_256_CBC_SHA",
                "AES_128_CBC_SHA256",
                "AES_128_GCM_SHA256",
                "AES_256_GCM_SHA384",
                "CHACHA20_POLY1305",
                "CHACHA20_POLY1305_SHA256",
            )
        ),
    )
)

_OF_CLIENTS = NoEffect("a listener verifies its clients by `client_ca_file`")


def _version(value: Any) -> Any:
    text = str(value or "")
    if text in ("1.0", "1.1"):
        raise ValueError('must be "1.2" or "1.3": the older ones are broken')
    return text or None


def _suites(names: tuple[str, ...]) -> tuple[str, ...]:
    if not GO_SUITES.issuperset(names):
        raise ValueError("must be names of suites that Go counts as secure")
    return names


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise ValueError("must be a network such as 10.0.0.0/8 or 2001:db8::/32") from None


def _token_hash(text: str) -> str:
    if not SHA256.fullmatch(text):
        raise ValueError("must be a SHA-256 in 64 hex digits, as `mainstem key token` prints it")
    return text.lower()


TlsVersion = Annotated[Literal["1.2", "1.3"] | None, BeforeValidator(_version)]
Network = Annotated[str, AfterValidator(_network)]
TokenHash = Annotated[str, AfterValidator(_token_hash)]


class TlsServer(Component):
    """`tls` of a listener; paths are relative as those of stores are."""

    cert_file: Annotated[str | None, Means("The certificate and its chain, in PEM.")] = None
    cert_pem: Annotated[str | None, Means("The same as text.")] = None
    key_file: Annotated[str | None, Means("The certificate's private key, in PEM.")] = None
    key_pem: Annotated[SecretStr | None, Means("The same as text; a secret.")] = None
    client_ca_file: Annotated[
        str | None,
        Means("Clients must show a certificate that one of these authorities signed."),
    ] = None
    min_version: Annotated[TlsVersion, Means("`1.2` (if none) or `1.3`.")] = None
    max_version: Annotated[TlsVersion, Means("`1.2` or `1.3` (if none).")] = None
    cipher_suites: Annotated[
        tuple[str, ...],
        AfterValidator(_suites),
        Means("TLS 1.2's suites by Go's names; those with CBC are left out. Empty for all."),
    ] = ()
    curve_preferences: Annotated[
        tuple[Literal["X25519", "P256", "P384", "P521"], ...],
        Means("The key exchanges, the preferred first; `P521` is refused. Empty for all."),
    ] = ()
    reload_interval: Annotated[
        Duration,
        Field(gt=0),
        Means("How often the files are looked at; one that changed is read again."),
    ] = 60.0
    client_ca_file_reload: Annotated[Any, NoEffect("it is read again as the others are")] = None
    ca_file: Annotated[Any, _OF_CLIENTS] = None
    ca_pem: Annotated[Any, _OF_CLIENTS] = None
    include_system_ca_certs_pool: Annotated[Any, _OF_CLIENTS] = None
    include_insecure_cipher_suites: Annotated[Any, NotBuilt("they are broken")] = None
    tpm: Annotated[Any, NotBuilt("keys are read from files")] = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name in ("cert", "key"):
            given = [getattr(self, f"{name}_{form}") is not None for form in ("file", "pem")]
            if sum(given) != 1:
                raise ValueError(f"needs one of {name}_file and {name}_pem")
        return self


class Auth(Component):
    """`auth` of a listener."""

    authenticator: Annotated[
        str, Means("The id of `bearertokenauth`, `basicauth` or `senders` in `extensions`.")
    ]
    request_params: Annotated[Any, NotBuilt("credentials are taken from headers alone")] = None


class BearerTokenAuth(Component):
    """The `bearertokenauth` extension: whoever has one of its tokens is let in.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/extension/bearertokenauthextension
    """

    header: Annotated[str, Means("The header that holds the token.")] = "Authorization"
    scheme: Annotated[str, Means("What stands before it; empty for nothing.")] = "Bearer"
    token: Annotated[SecretStr | None, Means("The token; a secret.")] = None
    tokens: Annotated[tuple[SecretStr, ...], Means("Several tokens, in place of `token`.")] = ()
    filename: Annotated[
        str | None, Means("A file with a token a line, if none stands here; read as it changes.")
    ] = None

    @field_validator("token")
    @classmethod
    def _not_empty(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not token.get_secret_value():
            raise ValueError("is empty")
        return token

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.token is None and not self.tokens and not self.filename:
            raise ValueError("needs token, tokens or filename")
        if not all(token.get_secret_value() for token in self.tokens):
            raise ValueError("tokens holds an empty one")
        return self


class Htpasswd(Component):
    """`basicauth.htpasswd`: lines of `user:password`, hashed by `htpasswd -B` or in plain."""

    file: Annotated[str | None, Means("A file of them; read again as it changes.")] = None
    inline: Annotated[
        SecretStr | None, Means("The lines themselves, which count before the file's; a secret.")
    ] = None


class ClientAuth(Component):
    """`basicauth.client_auth`: what an exporter says of itself."""

    username: Annotated[str, Means("The exporter's user.")] = ""
    password: Annotated[SecretStr, Means("Its password; a secret.")] = SecretStr("")


class BasicAuth(Component):
    """The `basicauth` extension: users and passwords.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/extension/basicauthextension
    """

    htpasswd: Htpasswd | None = None
    client_auth: ClientAuth | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.htpasswd is None) == (self.client_auth is None):
            raise ValueError("needs one of htpasswd (for receivers) and client_auth")
        return self


class Client(Component):
    """One of `senders.clients`."""

    name: Annotated[str, Field(min_length=1), Means("What it is called here.")]
    token_sha256: Annotated[
        tuple[TokenHash, ...], Means("Its bearer tokens' hashes, as `mainstem key token` prints.")
    ] = ()
    certificates: Annotated[
        tuple[str, ...],
        Means("The names (SAN of DNS or URI, or the subject's CN) in its client certificates."),
    ] = ()
    region: Annotated[
        str | None,
        Means("Its region, written on its resources; at another region's collector it gets 403."),
    ] = None
    tenant: Annotated[
        str | None,
        Means("Its tenant, written on its resources; records that claim another are rejected."),
    ] = None
    may_forward_for: Annotated[
        tuple[str, ...], Means("The regions whose forwarded requests are believed from it.")
    ] = ()

    @model_validator(mode="after")
    def _knowable(self) -> Self:
        if not self.token_sha256 and not self.certificates:
            raise ValueError("needs token_sha256 or certificates, by which it is known")
        return self


class Senders(Component):
    """The `senders` extension, mainstem's own: binds tokens and certificates to region and tenant.

    Tokens stand here as hashes alone, so that whoever reads the file cannot send.
    """

    header: Annotated[str, Means("The header that holds a token.")] = "Authorization"
    scheme: Annotated[str, Means("What stands before it; empty for nothing.")] = "Bearer"
    clients: Annotated[tuple[Client, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        for key in ("token_sha256", "certificates"):
            known = [proof for client in self.clients for proof in getattr(client, key)]
            if len(known) != len(set(known)):
                raise ValueError(f"two of the clients share one of {key}")
        return self


Authenticator = BearerTokenAuth | BasicAuth | Senders
