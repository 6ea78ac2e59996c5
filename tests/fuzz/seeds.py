"""What a fuzzer starts from: requests with every field in them, written in both encodings.

`write_seeds` makes the same small files on every machine, so that none need be kept.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf.json_format import MessageToJson

from tests.privacy.sides import REQUESTS
from tests.privacy.test_canary import SECRETS, planted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message

# What the target `redact` looks for in its output (rust/fuzz/fuzz_targets/redact.rs).
PLANTED = "to canary.anna@contoso.example now"
CASES = Path(__file__).parents[1] / "golden" / "cases"
MOST_BYTES = 600_000
PATTERNS = [
    (r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}", "10.1.2.3 1.2.3"),
    (r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}", "to anna@contoso.com"),
    (r"(?i:secret)-\d+|\bpass\w*\b", "Secret-12 password"),
    (r"\Qa.b\E+?[[:alpha:]\]&&~-]*", "a.bb]&~-"),
    (r"^(?P<n>x{2,5})(?:y|\x{1F600}|\101)$", "xxxA"),
    (r"[^\s\pL\P{Greek}]|\z", "\u03b1 b1"),
    (r"(?ms-i:^.*$)*?", "one\ntwo"),
]


def write_seeds(target: str, folder: Path) -> None:
    """Write the seeds of a target of rust/fuzz into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for number, seed in enumerate(_seeds(target)):
        written += len(seed)
        if written > MOST_BYTES:
            break
        (folder / f"seed-{number:04}").write_bytes(seed)


def _seeds(target: str) -> Iterator[bytes]:
    match target:
        case "wire":
            for index, message in _messages():
                yield bytes([index]) + message.SerializeToString()
        case "json":
            for index, message in _messages():
                yield bytes([index]) + _json(message)
        case "redact":
            for number, (index, message) in enumerate(_messages()):
                policy = number % 3 * 2
                yield bytes([policy, index]) + message.SerializeToString()
                yield bytes([policy + 1, index]) + _json(message)
        case "policy":
            # Full coverage, no processor, personal keys, no vocabulary, the wire, the signal.
            for index, message in _messages():
                yield bytes([1, 0, 1, 0, 0, index]) + message.SerializeToString()
        case "re2":
            for pattern, text in PATTERNS:
                yield f"{pattern}\0{text}".encode()
        case "ottl":
            for signal, text, body in _statements():
                yield bytes([list(REQUESTS).index(signal)]) + f"{text}\0{body}".encode()
        case _:
            raise ValueError(target)


def _messages() -> Iterator[tuple[int, Message]]:
    """Give each signal's requests: one with all of its fields, then some with one of them each."""
    for index, kind in enumerate(REQUESTS.values()):
        whole = kind()
        for _, request in planted(kind, PLANTED):
            whole.MergeFrom(request)
        yield index, whole
    chance = random.Random(1)
    texts = [PLANTED, *(text for text, _ in SECRETS.values())]
    singles = [
        (index, request)
        for index, kind in enumerate(REQUESTS.values())
        for text in texts
        for _, request in planted(kind, text)
    ]
    yield from chance.sample(singles, 300)


def _statements() -> Iterator[tuple[str, str, str]]:
    """Give the statements of the golden cases one by one, with the cases' requests."""
    for path in sorted(CASES.glob("transform_*.json")):
        case = json.loads(path.read_text())
        for step in case["steps"]:
            for given in step.get("transform", {}).values():
                for text in given if isinstance(given, list) else []:
                    if isinstance(text, str):
                        yield case["signal"], text, json.dumps(case["input"])


def _json(message: Message) -> bytes:
    return MessageToJson(message, indent=None, use_integers_for_enums=True).encode()
