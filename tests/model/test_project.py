"""The dbt project says what the vocabulary and the docs say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from mainstem.model.project import packaged_project
from mainstem.vocabulary import load_vocabulary

DOCS = Path(__file__).parents[2] / "docs"
PRODUCT_EVENTS = "models/intermediate/int_product_events.sql"


def models() -> list[Path]:
    return sorted((packaged_project() / "models").rglob("*.sql"))


def test_product_events_are_those_of_the_vocabulary() -> None:
    sql = (packaged_project() / PRODUCT_EVENTS).read_text()
    listed = re.findall(r"'([a-z]+\.[a-z]+)'", sql[sql.index("event_name in (") :])
    assert listed == list(load_vocabulary().events)


def test_every_attribute_of_the_vocabulary_is_a_column() -> None:
    sql = (packaged_project() / PRODUCT_EVENTS).read_text()
    for attribute in load_vocabulary().attributes.values():
        assert re.search(rf"\b{attribute.name.replace('.', '_')}\b", sql), attribute.name
        # Promoted at load, for all records, and so not read from the attributes again.
        if attribute.name not in ("tenant.id", "error.type"):
            kind = "json_text" if attribute.type == "string" else "json_number"
            assert f"{kind}('log_attributes', '{attribute.name}')" in sql


@pytest.mark.parametrize("path", models(), ids=lambda path: path.stem)
def test_a_model_has_its_yml_its_row_and_its_end(path: Path) -> None:
    sql, yml = path.read_text(), path.with_suffix(".yml").read_text()
    assert re.search(r"description: (>-\n\s+)?\"?One row per ", yml)
    assert f"- name: {path.stem}\n" in yml
    assert sql.endswith("\n)\n\nselect * from final\n")
    assert path.stem in (DOCS / "models.md").read_text()


@pytest.mark.parametrize(
    "path",
    [path for path in models() if "touched_days'" in path.read_text()],
    ids=lambda path: path.stem,
)
def test_a_fact_says_how_each_column_takes_a_late_row(path: Path) -> None:
    """Else no detail could decay; docs/decay.md has the rules.

    `fail` on a change of the schema would take PostgreSQL's text for another type than varchar.
    """
    assert "on_schema_change='append_new_columns'" in path.read_text()
    if "'grain': 'detail'" in path.read_text():
        return
    (model,) = YAML(typ="safe").load(path.with_suffix(".yml").read_text())["models"]
    rules = {
        column["name"]: column.get("config", {}).get("meta", {}).get("merge")
        for column in model["columns"]
    }
    assert [name for name, rule in rules.items() if rule is None] == []
    assert [rules["event_date"], rules["region"]] == ["key", "key"]


def test_the_vocabulary_page_lists_all_of_it() -> None:
    page = (DOCS / "vocabulary.md").read_text()
    vocabulary = load_vocabulary()
    for event in vocabulary.events.values():
        required = ", ".join(f"`{name}`" for name in event.required)
        optional = ", ".join(f"`{name}`" for name in event.optional)
        assert f"| `{event.name}` | {required} | {optional}".rstrip() in page
    for attribute in vocabulary.attributes.values():
        assert f"| `{attribute.name}` | {attribute.type} |" in page
        assert all(f"`{alias}`" in page for alias in attribute.aliases)
    page = (DOCS / "sources.md").read_text()
    for table in vocabulary.business.values():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{table.name}`"))
        assert re.findall(r"`([a-z_]+)`", row)[1:] == [column.name for column in table.columns]


def test_the_answers_page_names_every_reason_and_status() -> None:
    page = (DOCS / "answers.md").read_text()
    for model in ("mart_usage_vs_billing", "mart_license_headroom"):
        sql = (packaged_project() / "models" / "marts" / f"{model}.sql").read_text()
        words = re.findall(r"(?:then|else) '([a-z_]+)'", sql)
        assert words
        assert all(f"`{word}`" in page for word in words), model
