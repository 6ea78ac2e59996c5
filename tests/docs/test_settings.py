"""What the pages say of settings and commands is what the code reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from mainstem.cli.reference import reference as cli_reference
from mainstem.config.collector.differences import difference
from mainstem.config.collector.read import COMPONENTS
from mainstem.config.collector.reference import keys
from mainstem.config.collector.reference import reference as collector_reference
from mainstem.config.collector.service import Service
from mainstem.config.platform import Platform, Region
from mainstem.config.routes import RecordRule, SignalRoute
from mainstem.config.sources import Postings, Sources

DOCS = Path(__file__).parents[2] / "docs"


def test_the_commands_page_is_the_commands_own_help() -> None:
    """Written by `make docs`."""
    assert (DOCS / "cli.md").read_text() == cli_reference()


def test_the_settings_page_is_the_models_own() -> None:
    """Written by `make docs`."""
    assert (DOCS / "collector-settings.md").read_text() == collector_reference()


def test_every_component_says_how_it_differs_from_the_collectors_own() -> None:
    unsaid = [
        (kind, name)
        for kind, components in COMPONENTS.items()
        for name in components
        if difference(kind, name) is None
    ]
    assert unsaid == []


def test_every_key_of_a_component_says_what_it_does() -> None:
    models = [model for kinds in COMPONENTS.values() for model in kinds.values()]
    silent = [
        f"{model.__name__}.{key}"
        for model in [*models, Service]
        for key, _, mark in keys(model)
        if mark is None
    ]
    assert silent == []


def test_the_platform_page_has_every_key_and_no_other() -> None:
    page = (DOCS / "configuration.md").read_text()
    region = page[page.index("## A region") : page.index("## An isolated region")]
    whole = page[page.index("## The whole file") : page.index("## A region")]
    assert _rows(whole) == set(_leaves(Platform))
    assert _rows(region) == set(_leaves(Region))


def test_the_sources_page_names_every_key() -> None:
    page = (DOCS / "sources.md").read_text()
    assert set(re.findall(r"`?([a-z_]+)[`:]", page)) >= set(Postings.model_fields)


def test_the_routing_page_names_every_key() -> None:
    page = (DOCS / "routing.md").read_text()
    named = set(re.findall(r"`([a-z_]+)[`:]", page))
    assert {*SignalRoute.model_fields, *RecordRule.model_fields} <= named


def _rows(text: str) -> set[str]:
    return set(re.findall(r"^\| `([a-z_.]+)` \|", text, flags=re.MULTILINE))


def _leaves(model: type[BaseModel], prefix: str = "") -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        apart = name in {"regions", "routes", "rules"} or model is Sources
        inner = None if apart else _model(field.annotation)
        found += _leaves(inner, f"{prefix}{name}.") if inner else [f"{prefix}{name}"]
    return found


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model, get_args(annotation))), None)
