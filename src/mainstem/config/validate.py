"""Values against a pydantic model: every mismatch becomes a problem with its place in the file."""

from __future__ import annotations

import difflib
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mainstem.config.document import Document, KeyPath
    from mainstem.errors import Problem

Model = TypeVar("Model", bound=BaseModel)

REASONS = {
    "missing": "is missing",
    "extra_forbidden": "is not a key known here",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "path_type": "must be a path",
    "date_type": "must be a date: 2026-11-01",
    "date_parsing": "must be a date: 2026-11-01",
    "date_from_datetime_parsing": "must be a date: 2026-11-01",
    "date_from_datetime_inexact": "must be a date: 2026-11-01",
}


def validate(
    model: type[Model],
    document: Document,
    path: KeyPath = (),
    *,
    context: Mapping[str, Any] | None = None,
) -> tuple[Model | None, list[Problem]]:
    """Read the value at a path of a document as a model; a value is never quoted back."""
    value: Any = document.value
    for part in path:
        value = value[part]
    try:
        return model.model_validate({} if value is None else value, context=context), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return None, [_problem(model, document, path, dict(item)) for item in found]


def as_mapping(value: object) -> dict[str, Any]:
    """Give a raw value as a mapping; one that is none is told by the model, and empty here."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Give a raw value as a list; one that is none is told by the model, and empty here."""
    return value if isinstance(value, list) else []


def _problem(
    model: type[BaseModel], document: Document, path: KeyPath, error: dict[str, Any]
) -> Problem:
    # A part in brackets is pydantic's: a key is meant, or one kind of value out of several.
    location: KeyPath = tuple(part for part in error["loc"] if not str(part).startswith("["))
    kind: str = error["type"]
    hint = None
    if kind == "extra_forbidden":
        known = _keys(model, location[:-1])
        hint = nearest(str(location[-1]), known)
    reason = REASONS.get(kind) or _sentence(error)
    return document.problem((*path, *location), reason, hint)


def _sentence(error: dict[str, Any]) -> str:
    """Turn pydantic's sentence into ours; it names what is allowed and not what was given."""
    message = str(error["msg"])
    message = message.removeprefix("Value error, ")
    return message.replace("Input should be", "must be")


def _keys(model: type[BaseModel], location: KeyPath) -> list[str]:
    """List the keys that a model knows at a location within it."""
    at: Any = model
    for part in location:
        if _is_model(at):
            at = next(
                (f.annotation for n, f in at.model_fields.items() if part in (n, f.alias)), None
            )
        else:  # a dict's, a list's or a tuple's item
            items = [item for item in get_args(at) if item is not Ellipsis]
            at = items[-1] if items else None
        at = _model_in(at)
    if _is_model(at):
        return [field.alias or name for name, field in at.model_fields.items()]
    return []


def _model_in(annotation: Any) -> Any:
    """Look through `Annotated`, `X | None` and `X | Y`: to the model, where one is among them."""
    if get_origin(annotation) is Annotated:
        return _model_in(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        members = [_model_in(item) for item in get_args(annotation) if item is not type(None)]
        return next(filter(_is_model, members), members[0])
    return annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Hint at the known name that is nearest, or list them where none is near."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"known: {', '.join(sorted(names))}" if names else None
