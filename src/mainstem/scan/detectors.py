"""Detectors of other people: what the collector's own cannot vouch for, these look at again.

None of the collector's code takes part. Secrets are found by Yelp's detect-secrets, by those of
its detectors that know a form and not those that guess by entropy or by a word nearby. Of personal
data, addresses of mail are checked by email-validator, telephone numbers by Google's phonenumbers
(in their international form; without a country any number could be one), IBANs and payment cards by
python-stdnum, and public IP addresses again by detect-secrets.
"""

from __future__ import annotations

import importlib.metadata
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mainstem.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LIBRARIES = ("detect-secrets", "email-validator", "phonenumbers", "python-stdnum")
SECRETS = {
    "artifactory": "ArtifactoryDetector",
    "aws_key": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "basic_auth": "BasicAuthDetector",
    "discord_token": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "jwt": "JwtTokenDetector",
    "mailchimp_key": "MailchimpDetector",
    "npm_token": "NpmDetector",
    "openai_key": "OpenAIDetector",
    "private_key": "PrivateKeyDetector",
    "public_ip": "IPPublicDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid_key": "SendGridDetector",
    "slack_token": "SlackDetector",
    "square_key": "SquareOAuthDetector",
    "stripe_key": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector",
    "twilio_key": "TwilioKeyDetector",
}
PERSONAL = ("email", "iban", "payment_card", "phone")
# A star may stand in an address; but what stands there is what was masked: `****@db.example.com`.
_MAIL = re.compile(r"[^\s*@<>()\[\],;:\"'=|/\\]{1,64}@[^\s*@<>()\[\],;:\"'=|/\\]{3,255}")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)")
_CARD = re.compile(
    r"(?<![\w.+-])(?:3[47]|4\d|5[1-5]|6[05]|2[2-7])\d{2}(?:[ -]?\d{3,6}){2,4}(?![\w.-])"
)
CARD_DIGITS = range(13, 20)


@dataclass(frozen=True)
class Detector:
    """A detector: its name, and how often it finds something in a text."""

    name: str
    count: Callable[[str], int]


def load_detectors() -> Sequence[Detector]:
    """Load all; UsageError, with what installs them, where their libraries are not there."""
    try:
        return [*_secrets(), *_personal()]
    except ImportError as missing:
        raise UsageError(
            f"`mainstem scan` looks with the detectors of other libraries, and {missing.name} is "
            "not installed",
            hint="pip install 'mainstem[scan]'",
        ) from None


def detector_names() -> list[str]:
    """Name all detectors."""
    return sorted([*SECRETS, *PERSONAL])


def library_versions() -> dict[str, str]:
    """Tell which versions of the libraries look."""
    return {name: importlib.metadata.version(name) for name in LIBRARIES}


def _secrets() -> Sequence[Detector]:
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class  # noqa: PLC0415

    known: dict[str, type[Any]] = get_mapping_from_secret_type_to_class()
    plugins = {each.__name__: each for each in known.values()}

    def detector(name: str, plugin_class: str) -> Detector:
        plugin = plugins[plugin_class]()
        return Detector(name, lambda text: sum(1 for found in plugin.analyze_string(text) if found))

    return [detector(name, plugin_class) for name, plugin_class in SECRETS.items()]


def _personal() -> Sequence[Detector]:
    import phonenumbers  # noqa: PLC0415
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415
    from stdnum import iban, luhn  # noqa: PLC0415

    def is_mail(text: str) -> bool:
        try:
            validate_email(text.strip("."), check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            return False
        return True

    def mails(text: str) -> int:
        return sum(map(is_mail, _MAIL.findall(text))) if "@" in text else 0

    def phones(text: str) -> int:
        if "+" not in text:
            return 0
        return sum(1 for _ in phonenumbers.PhoneNumberMatcher(text, None))

    def ibans(text: str) -> int:
        return sum(map(iban.is_valid, _IBAN.findall(text)))

    def is_card(text: str) -> bool:
        digits = re.sub(r"\D", "", text)
        return len(digits) in CARD_DIGITS and luhn.is_valid(digits)

    def cards(text: str) -> int:
        return sum(map(is_card, _CARD.findall(text)))

    return [
        Detector("email", mails),
        Detector("iban", ibans),
        Detector("payment_card", cards),
        Detector("phone", phones),
    ]
