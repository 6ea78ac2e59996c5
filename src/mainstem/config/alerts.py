"""What is worth an alert, and whom it reaches: the key `alerts` of the platform file.

A webhook's address and a mail server's password are secrets: write them as `${env:NAME}` or
`${file:path}`, and no message, log or error shows them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, Field, SecretStr, model_validator

from mainstem.config.values import FrozenModel, LocalPath


class Rule(StrEnum):
    """The rules, by the key of the file that turns each on."""

    LICENSE_HEADROOM = "license_headroom"
    USAGE_VS_BILLING = "usage_vs_billing"
    SPIKES = "spikes"
    SILENCE = "silence"
    BOOKS = "books"
    PRIVACY = "privacy"
    FRESHNESS = "freshness"


class Shape(StrEnum):
    """What a webhook's receiver expects."""

    JSON = "json"
    SLACK = "slack"
    TEAMS = "teams"


def _http(address: SecretStr) -> SecretStr:
    parts = urlsplit(address.get_secret_value())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address that begins with https:// or http://")
    return address


class MailServer(FrozenModel):
    """A mail server to hand messages to."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Field(description="How the connection is secured; `none` takes no password."),
    ] = "starttls"
    user: str | None = None
    password: Annotated[
        SecretStr | None, Field(description="As `${env:NAME}` or `${file:path}`.", repr=False)
    ] = None

    @model_validator(mode="after")
    def _password_is_not_sent_in_clear(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("needs user and password together, or neither")
        if self.password is not None and self.security == "none":
            raise ValueError("would send its password in clear: set security to starttls or tls")
        return self


class Channel(FrozenModel):
    """One way to people: a webhook, or mail."""

    webhook: Annotated[
        Annotated[SecretStr, AfterValidator(_http)] | None,
        Field(description="Where a message is posted to, as `${env:NAME}`.", repr=False),
    ] = None
    shape: Annotated[
        Shape, Field(description="What the webhook's receiver expects: `json`, `slack`, `teams`.")
    ] = Shape.JSON
    smtp: Annotated[MailServer | None, Field(description="The server that takes its mail.")] = None
    sender: Annotated[str, Field(description="The address that mail is from.")] = ""
    to: Annotated[
        tuple[str, ...],
        Field(description="Whom mail goes to; none for mail to customers alone.", repr=False),
    ] = ()

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if (self.webhook is None) == (self.smtp is None):
            raise ValueError("needs `webhook` or `smtp`, and not both")
        if self.smtp is not None and "@" not in self.sender:
            raise ValueError("has no sender: the address that its mail is from")
        return self


class RuleSettings(FrozenModel):
    """What every rule has."""

    channels: Annotated[
        tuple[str, ...],
        Field(description="Where it goes, by name of `alerts.channels`; to all of them if none."),
    ] = ()


class LicenseHeadroom(RuleSettings):
    """Who nears a limit."""

    share: Annotated[float, Field(gt=0, le=10, description="Share of a limit that is used.")] = 0.9
    days: Annotated[
        int, Field(ge=0, le=365, description="Days within which a limit will be reached.")
    ] = 30
    customers: Annotated[
        bool, Field(description="Whether the customer is told as well (`alerts.customers`).")
    ] = False


class UsageVsBilling(RuleSettings):
    """Where usage and invoices differ."""

    above: Annotated[
        float, Field(ge=0, description="The difference, in the invoice's currency, that counts.")
    ] = 100.0


class Spikes(RuleSettings):
    """Days unlike others."""

    days: Annotated[int, Field(ge=1, le=60, description="Days back that are looked at.")] = 3


class Silence(RuleSettings):
    """Who is not heard of."""

    tenant_days: Annotated[
        int, Field(ge=1, le=365, description="Days without use of a tenant that used to.")
    ] = 7
    region_hours: Annotated[
        int, Field(ge=1, le=8760, description="Hours without a word of a region's collector.")
    ] = 24


class BooksRule(RuleSettings):
    """Records that are not accounted for, and what was changed."""


class Privacy(RuleSettings):
    """What scans found, and what passed no policy."""


class Freshness(RuleSettings):
    """How old the answers are."""

    hours: Annotated[int, Field(ge=1, le=8760, description="Age of the newest load.")] = 36


class Customers(FrozenModel):
    """Where a customer's address is read, at the moment of sending; it is stored nowhere."""

    contacts: Annotated[LocalPath, Field(description="A CSV or Parquet file of the CRM's.")]
    account: Annotated[str, Field(description="Its column with the account's id.")] = "account_id"
    address: Annotated[str, Field(description="Its column with the address of mail.")] = "email"
    via: Annotated[str, Field(description="The channel of mail that takes the messages.")]


class Mute(FrozenModel):
    """A window in which what fits is not sent; it is sent after it if it still holds."""

    since: AwareDatetime
    until: AwareDatetime
    rule: Annotated[Rule | None, Field(description="One rule; all if none.")] = None
    region: str | None = None
    tenant: str | None = None
    account: str | None = None
    reason: str = ""

    def covers(self, at: AwareDatetime, **of: str | None) -> bool:
        """Tell whether a finding of this rule, region, tenant and account is muted at a time."""
        wanted = {name: getattr(self, name) for name in ("rule", "region", "tenant", "account")}
        return self.since <= at < self.until and all(
            value is None or of.get(name) == value for name, value in wanted.items()
        )


class Alerts(FrozenModel):
    """The whole key; a rule that stands here is on."""

    channels: Annotated[
        dict[str, Channel], Field(default_factory=dict, description="The ways to people, by name.")
    ]
    owners: Annotated[
        dict[str, tuple[str, ...]],
        Field(
            default_factory=dict,
            description="By an account's `owner`: the channels of what is of that account.",
        ),
    ]
    customers: Customers | None = None
    mutes: Annotated[tuple[Mute, ...], Field(description="Windows in which nothing is sent.")] = ()
    state: Annotated[
        LocalPath | None,
        Field(description="The file of episodes; `<published>/.state/alerts.sqlite` if none."),
    ] = None
    license_headroom: LicenseHeadroom | None = None
    usage_vs_billing: UsageVsBilling | None = None
    spikes: Spikes | None = None
    silence: Silence | None = None
    books: BooksRule | None = None
    privacy: Privacy | None = None
    freshness: Freshness | None = None

    @property
    def rules(self) -> dict[Rule, RuleSettings]:
        """The rules that are on."""
        found = {rule: getattr(self, rule.value) for rule in Rule}
        return {rule: settings for rule, settings in found.items() if settings is not None}
