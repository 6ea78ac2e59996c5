"""Handing a message to a receiver: a webhook over HTTP, or a mail server over SMTP.

What goes wrong is told by the receiver's code alone: an address, a header or an answer's text may
hold a secret or a person's name, and the reason is kept and shown.
"""

from __future__ import annotations

import http.client
import json
import smtplib
import socket
import ssl
import urllib.error
import urllib.request
from email.message import EmailMessage
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mainstem import __version__
from mainstem.alert.message import Message, document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstem.config.alerts import Channel, MailServer

TIMEOUT_S = 15


class Refused(Exception):
    """A receiver did not take a message, and why, in words that hold no secret."""

    def __init__(self, reason: str, *, may_pass: bool) -> None:
        super().__init__(reason)
        self.may_pass = may_pass
        """Whether a repetition in a moment may be taken."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the message to an address that nobody wrote down."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def post(message: Message, channel: Channel) -> None:
    """Post a message to a channel's webhook; Refused where it is not taken."""
    if channel.webhook is None:
        raise Refused("the channel has no webhook", may_pass=False)
    request = urllib.request.Request(  # noqa: S310 - the platform file allows http and https alone
        channel.webhook.get_secret_value(),
        data=json.dumps(document(message, channel.shape)).encode(),
        headers={
            "Content-Type": "application/json",
            "User-Agent": f"mainstem/{__version__}",
            # The same over repetitions, for receivers that take each once.
            "Idempotency-Key": f"mainstem-{message.environment}-{message.delivery.id}",
        },
        method="POST",
    )
    try:
        with _OPENER.open(request, timeout=TIMEOUT_S) as answer:
            answer.read(1 << 16)
    except urllib.error.HTTPError as error:
        error.close()
        passing = error.code == HTTPStatus.TOO_MANY_REQUESTS or error.code >= 500
        raise Refused(f"HTTP {error.code}", may_pass=passing) from None
    except (OSError, http.client.HTTPException) as error:
        raise Refused(_why(error), may_pass=True) from None
    except ValueError:
        raise Refused("the address is none that can be called", may_pass=False) from None


def mail(message: Message, channel: Channel, to: Sequence[str], text: str | None = None) -> None:
    """Hand a message to a channel's mail server; Refused where it is not taken.

    `text` replaces what colleagues would read: a customer is told other words.
    """
    if channel.smtp is None or not to:
        raise Refused("the channel has no mail server or nobody to write to", may_pass=False)
    letter = EmailMessage()
    letter["Subject"] = _one_line(
        message.title if text is None else message.delivery.episode.finding.title
    )
    letter["From"] = channel.sender
    letter["To"] = ", ".join(to)
    letter["Date"] = formatdate(usegmt=True)
    domain = channel.sender.rpartition("@")[2].strip("<> ")
    letter["Message-ID"] = f"<mainstem-{message.environment}-{message.delivery.id}@{domain}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text if text is None else text)
    try:
        with _server(channel.smtp) as server:
            # Where some are refused the others have it, and sending again would give it to them
            # twice: it counts as delivered.
            server.send_message(letter)
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        passing = all(code < 500 for code in codes)
        raise Refused(f"recipients refused: {_codes(codes)}", may_pass=passing) from None
    except smtplib.SMTPResponseException as error:
        passing = error.smtp_code < 500
        raise Refused(f"SMTP {error.smtp_code}", may_pass=passing) from None
    except (OSError, smtplib.SMTPException) as error:
        raise Refused(_why(error), may_pass=True) from None


def _server(settings: MailServer) -> smtplib.SMTP:
    """Connect, secure the connection, sign in."""
    context = ssl.create_default_context()
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.host, settings.port, timeout=TIMEOUT_S, context=context
        )
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_S)
    try:
        if settings.security == "starttls":
            server.starttls(context=context)
        if settings.user is not None and settings.password is not None:
            server.login(settings.user, settings.password.get_secret_value())
    except BaseException:
        server.close()
        raise
    return server


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _codes(codes: Sequence[int]) -> str:
    return ", ".join(f"SMTP {code}" for code in codes)


def _why(error: Exception) -> str:
    """Say why there was no answer, in words that are ours."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, ssl.SSLError):
        return "no secure connection (TLS)"
    if isinstance(reason, socket.gaierror):
        return "its name is not known"
    if isinstance(reason, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(reason, smtplib.SMTPNotSupportedError):
        return "the server does not offer what is configured (STARTTLS or a sign-in)"
    return f"no answer ({type(reason).__name__})"
