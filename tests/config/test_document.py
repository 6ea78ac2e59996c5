from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mainstem.config.document import Document, Place, key_text, parse_document
from mainstem.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = {"HOST": "10.0.0.1", "PORT": "4317", "LIST": "[a, b]", "SECRET": "a: b: c"}


def read(text: str, directory: Path) -> Document:
    return parse_document(text, "c.yaml", directory, ENVIRONMENT)


def problems(text: str, directory: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text, directory)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${env:HOST}:${env:PORT}", "10.0.0.1:4317"),
        ("${HOST}", "10.0.0.1"),
        ("${env:PORT}", 4317),
        ("'${env:PORT}'", "4317"),
        ("${env:LIST}", ["a", "b"]),
        ("${env:NONE:-7}", 7),
        ("${env:NONE:-}", None),
        ("x${env:NONE:-y}", "xy"),
        ("$${env:HOST}", "${env:HOST}"),
        ("'^a$'", "^a$"),
        ("${file:token}", "from a file"),
    ],
)
def test_references_are_filled_in_as_the_collector_does(
    tmp_path: Path, text: str, value: object
) -> None:
    (tmp_path / "token").write_text("from a file\n")
    assert read(f"a: {text}\n", tmp_path).value == {"a": value}


def test_a_variable_that_is_not_set_is_empty_and_said(tmp_path: Path) -> None:
    document = read("a:\n  b: ${env:NONE}\n", tmp_path)
    assert document.value == {"a": {"b": None}}
    assert [str(note) for note in document.notes] == [
        "c.yaml:2:6: a.b: environment variable NONE is not set and counts as empty"
    ]


def test_a_problem_quotes_a_reference_and_not_what_it_stands_for(tmp_path: Path) -> None:
    document = parse_document(
        "id: ${env:ID}\nmany: ${env:MANY}", "c.yaml", tmp_path, {"ID": "s3cret", "MANY": "[t0ken]"}
    )
    problem = document.problem(("id",), "s3cret is not known", "did you mean s3cret or t0ken?")
    assert str(problem) == (
        "c.yaml:1:1: id: ${env:ID} is not known (did you mean ${env:ID} or ${env:MANY}?)"
    )


def test_places_are_those_of_keys_and_of_a_list_s_items(tmp_path: Path) -> None:
    document = read("a:\n  b: [x,\n    y]\n", tmp_path)
    assert document.place(("a", "b")) == Place(2, 3)
    assert document.place(("a", "b", 1)) == Place(3, 5)
    assert document.place(("a", "b", "unknown")) == Place(2, 3)
    assert key_text(("a", "b", 1, "c")) == "a.b[1].c"


def test_anchors_and_merges_are_read(tmp_path: Path) -> None:
    document = read("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", tmp_path)
    assert document.value["b"] == {"x": 1, "y": 3}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "c.yaml:1:5: (file): is not YAML: expected the node content"),
        ("a: 1\na: 2\n", "c.yaml:2:1: a: stands here a second time"),
        ("a: &a\n  b: *a\n", "c.yaml:1:4: a.b: an alias here holds itself"),
        ("[1]: 2\n", "c.yaml:1:1: (file): a key must be plain text"),
        ("a: ${file:none}\n", "c.yaml:1:4: a: the file none that it names cannot be read"),
        (
            "a: ${vault:x}\n",
            "c.yaml:1:4: a: `${vault:...}` is not known here: use env, file or keyvault",
        ),
        ("a: ${env:SECRET}\n", "c.yaml:1:4: a: stands for text that is not YAML"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(
    tmp_path: Path, text: str, problem: str
) -> None:
    assert problems(text, tmp_path)[0].startswith(problem)
