"""YAML as a person wrote it: plain values, and the line and column that each came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from mainstem.config.expand import expand
from mainstem.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ruamel.yaml.nodes import Node

TAG = "tag:yaml.org,2002:"
MERGE = TAG + "merge"
# What stands in place of a shorter text would be found in words that have nothing to do with it.
SHORTEST_HIDDEN = 4
# Aliases can make a small file a huge tree; no configuration comes near this many values.
MOST_VALUES = 100_000


class Place(NamedTuple):
    """A line and a column, both from 1."""

    line: int
    column: int


KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A file's plain values, with the place of each key (in lists: of each item).

    `filled` has the texts that came from references, each with what stands in the file for it.
    """

    file: str
    value: Any
    places: Mapping[KeyPath, Place]
    notes: tuple[Problem, ...] = ()
    filled: Mapping[str, str] = field(default_factory=dict, repr=False)

    def place(self, path: KeyPath) -> Place:
        """Tell where a path stands, or else the nearest path above it that is in the file."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1))

    def problem(self, path: KeyPath, reason: str, hint: str | None = None) -> Problem:
        """Say what is wrong at a path, quoting the file and not what its references stand for."""
        line, column = self.place(path)
        for text, written in self.filled.items():
            reason = reason.replace(text, written)
            hint = hint and hint.replace(text, written)
        return Problem(self.file, line, column, key_text(path), reason, hint)


def key_text(path: KeyPath) -> str:
    """Write a path as `exporters.azureblob.auth` or `pipelines.logs.receivers[0]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text or "(file)"


def read_document(path: Path, environment: Mapping[str, str]) -> Document:
    """Read a YAML file; ConfigError where it cannot be read or is not YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError([Problem(str(path), 1, 1, "(file)", "there is no such file")]) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not UTF-8 text" if isinstance(error, ValueError) else error.strerror
        raise ConfigError(
            [Problem(str(path), 1, 1, "(file)", f"cannot be read: {reason}")]
        ) from None
    return parse_document(text, str(path), path.parent, environment)


def parse_document(
    text: str, file: str, directory: Path, environment: Mapping[str, str]
) -> Document:
    """Read YAML text; `${env:NAME}` and `${file:path}` (from `directory`) are filled in."""
    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        reason = f"is not YAML: {error.problem or error.context}"
        raise ConfigError([Problem(file, line, column, "(file)", reason)]) from None
    except YAMLError:
        raise ConfigError([Problem(file, 1, 1, "(file)", "is not YAML")]) from None
    walk = _Walk(yaml, file, directory, environment)
    value = walk.read(root, ()) if root is not None else None
    if walk.problems:
        raise ConfigError(walk.problems)
    return Document(file, value, walk.places, tuple(walk.notes), walk.filled)


@dataclass
class _Walk:
    yaml: YAML
    file: str
    directory: Path
    environment: Mapping[str, str]
    places: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    inside: list[int] = field(default_factory=list)
    filled: dict[str, str] = field(default_factory=dict)

    def read(self, node: Node, path: KeyPath) -> Any:
        self.places.setdefault(path, _place(node))
        if len(self.places) > MOST_VALUES:
            raise ConfigError([self._problem(node, path, "holds too many values")])
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if id(node) in self.inside:
            self.problems.append(self._problem(node, path, "an alias here holds itself"))
            return None
        self.inside.append(id(node))
        try:
            if isinstance(node, SequenceNode):
                return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._mapping(node, path) if isinstance(node, MappingNode) else None
        finally:
            self.inside.pop()

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == MERGE:
                sources = value.value if isinstance(value, SequenceNode) else [value]
                for source in reversed(sources):
                    given = self.read(source, path)
                    merged |= given if isinstance(given, dict) else {}
                continue
            if not isinstance(key, ScalarNode):
                self.problems.append(self._problem(key, path, "a key must be plain text"))
                continue
            child = (*path, key.value)
            if key.value in own:
                self.problems.append(self._problem(key, child, "stands here a second time"))
                continue
            self.places[child] = _place(key)
            own[key.value] = self.read(value, child)
        return merged | own

    def _scalar(self, node: ScalarNode, path: KeyPath) -> Any:
        if node.tag != TAG + "str":
            try:
                return self.yaml.constructor.construct_object(node)
            except (YAMLError, ValueError):
                self.problems.append(self._problem(node, path, "is a kind of value not known here"))
                return None
        result = expand(node.value, self.directory, self.environment)
        for reason in result.problems:
            self.problems.append(self._problem(node, path, reason))
        for reason in result.notes:
            self.notes.append(self._problem(node, path, reason))
        # As the Collector does: text that is one reference and no more, without quotes, takes the
        # type of what it stands for (a number, a list); within other text it stays text.
        typed = result.whole and node.style is None
        value = self._typed(result.text, node, path) if typed else result.text
        if result.text != node.value:
            for text in {result.text, *_texts(value)}:
                if len(text) >= SHORTEST_HIDDEN:
                    self.filled[text] = node.value
        return value

    def _typed(self, text: str, node: ScalarNode, path: KeyPath) -> Any:
        if not text:
            return None
        try:
            return YAML(typ="safe", pure=True).load(text)
        except YAMLError:
            # The parser's message would quote what may be a secret.
            self.problems.append(self._problem(node, path, "stands for text that is not YAML"))
            return None

    def _problem(self, node: Node, path: KeyPath, reason: str) -> Problem:
        return Problem(self.file, *_place(node), key_text(path), reason)


def _texts(value: Any) -> Iterator[str]:
    """Give the texts in a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _texts(pair)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _place(node: Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
