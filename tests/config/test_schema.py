from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from mainstem.config.schema import platform_schema

SCHEMA = Path(__file__).parents[2] / "docs" / "mainstem.schema.json"


def test_the_schema_in_docs_is_the_models_own() -> None:
    """Written by `make docs`."""
    assert SCHEMA.read_text() == platform_schema()


def test_the_schema_takes_a_good_file_and_refuses_an_unknown_key() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(platform_schema()))
    good = {"environment": "play", "regions": {"euc": {"store": "file:./euc"}}}
    assert not list(validator.iter_errors(good))
    assert list(validator.iter_errors(good | {"regionz": {}}))
