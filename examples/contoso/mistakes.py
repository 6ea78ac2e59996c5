"""The mistakes that real products make: secrets and personal data where telemetry goes.

Every value here that must never be stored carries a marker, so that a search for `MARKERS` in what
was written finds it, however it got there. This module is the only place where a marker is
written down: nothing below the demo's folder holds one.
"""

from __future__ import annotations

EMAIL_IN_LOG = "lena.qzmarkmail@fabrikam.example"
EMAIL_IN_SPAN_NAME = "noah.qzmarkspan@adatum.example"
NAME_IN_SQL = "Qzmarksql Oyelaran"
CITY_IN_SQL = "Qzmarkville"
TOKEN_IN_EXCEPTION = "ctk_qzmarktoken5e1fA9c2B7d40e6F"  # noqa: S105 planted on purpose
JWT_IN_ATTRIBUTE = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    ".eyJzdWIiOiJjb250b3NvLWRlbW8iLCJleHAiOjE3OTk5OTk5OTl9"
    ".qzmarkjwt0kX3uYtqW5lqCwM1rB8sT2vN4hJ6gF9dSa0"
)
CLIENT_ADDRESS = "203.0.113.157"
USER_ID = "qzmark-user-7781"
QUERY_IN_URL = "qzmarkquery"
CARD_IN_LOG = "4532015112830366"
VAT_ID_IN_LOG = "DE811907980"
ACCOUNT_KEY = (
    "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey="
    "cXptYXJrYWNjb3VudGtleXF6bWFya2FjY291bnRrZXlx"
    "em1hcmthY2NvdW50a2V5cXptYXJrYWNjb3VudGtleQ=="
)

TOKEN_PATTERN = r"ctk_[A-Za-z0-9]{20,}"  # noqa: S105 the shape, not a token
"""Contoso's own API tokens: a shape that no built-in detector can know."""
VAT_ID_PATTERN = r"\bDE[0-9]{9}\b"
"""German VAT ids, which only Europe's overlay redacts, as only Europe's logs hold them."""

MARKERS = {
    "e-mail in a log body": "qzmarkmail",
    "e-mail in a span name": "qzmarkspan",
    "name in SQL text": "Qzmarksql",
    "city in SQL text": "Qzmarkville",
    "token in an exception": "qzmarktoken",
    "JWT in an attribute": "qzmarkjwt",
    "client address": CLIENT_ADDRESS,
    "user id": "qzmark-user",
    "query of a URL": QUERY_IN_URL,
    "card number in a log body": CARD_IN_LOG,
    "VAT id in a log body": VAT_ID_IN_LOG,
    "account key in a log body": "cXptYXJrYWNjb3VudGtleX",
}
"""What to search for, by what was planted."""


LOG_BODY_KINDS = (
    "e-mail in a log body",
    "card number in a log body",
    "account key in a log body",
    "VAT id in a log body",
)
"""What each of `log_bodies` holds."""


def log_bodies() -> tuple[str, ...]:
    """Give log bodies that a careless developer writes; the last one only in Europe."""
    return (
        f"invitation mailed to {EMAIL_IN_LOG}, second reminder",
        f"payment retried for card {CARD_IN_LOG} after a timeout",
        f"export target set: {ACCOUNT_KEY};EndpointSuffix=core.windows.net",
        f"buyer {VAT_ID_IN_LOG} checked against the registry",
    )


def span_name() -> str:
    """Give a span name made from a path with a person's address in it."""
    return f"GET /users/{EMAIL_IN_SPAN_NAME}/preferences"


def sql_text() -> str:
    """Give SQL with its values written into it."""
    return (
        "SELECT id, name FROM master_records "
        f"WHERE contact = '{NAME_IN_SQL}' AND city = '{CITY_IN_SQL}' AND score > 75"
    )


def exception_message() -> str:
    """Give the message of an error that quotes its request's credential."""
    return f"401 from partner.fabrikam.example: token {TOKEN_IN_EXCEPTION} was refused"


def stack_trace() -> str:
    """Give a stack trace as an SDK writes it, the message in its last line."""
    return (
        "Traceback (most recent call last):\n"
        '  File "/srv/contoso/sync.py", line 88, in push\n    client.post(batch)\n'
        f"contoso.sync.PartnerError: {exception_message()}\n"
    )
