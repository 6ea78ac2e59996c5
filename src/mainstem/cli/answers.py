"""`mainstem answers`."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.app import app
from mainstem.cli.output import (
    DEFAULT_PLATFORM,
    JsonOption,
    PlatformOption,
    print_json,
    print_table,
    stdout,
)
from mainstem.config.platform import load_platform
from mainstem.present import Answer, answer, find_question, load_questions

if TYPE_CHECKING:
    from mainstem.model import Build


@app.command(name="answers", epilog="Example: mainstem answers license-limits")
def answers_command(
    question: Annotated[
        str | None,
        typer.Argument(
            help="Its name, such as license-limits, or its words; all of them where none is named.",
            show_default=False,
        ),
    ] = None,
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    as_json: JsonOption = False,
) -> None:
    """Answer a question of the business from what the last build published.

    docs/answers.md defines every number. Exit code 2: there is no such question, or nothing is
    published yet.
    """
    asked = list(load_questions().values()) if question is None else [find_question(question)]
    build, answers = answer(load_platform(platform).published, asked)
    if as_json:
        print_json(_document(build, answers))
        return
    for each in answers:
        _print(build, each)


def _print(build: Build, answer: Answer) -> None:
    as_of = f"Build {build.build_id}, {build.reach}."
    counted = ", ".join(f"{count:,} {reason}" for reason, count in answer.others.items())
    caption = f"{answer.question.about} {as_of}" + (f" All rows: {counted}." if counted else "")
    if not answer.rows:
        said = answer.question.empty if build.data_date else "Nothing can be said yet."
        stdout.print(f"{answer.question.question}\n{said} {caption}", soft_wrap=True)
        return
    shown = answer.question.table
    print_table(
        answer.question.question,
        list(shown.values()),
        [[_cell(column, row[column]) for column in shown] for row in answer.rows],
        caption=caption,
    )


def _cell(column: str, value: object) -> object:
    if value is None:
        return ""
    if column.endswith("_share") and isinstance(value, float):
        return f"{value:.1%}"
    if isinstance(value, Decimal):
        # Amounts of money keep their two decimals; quantities show those that they have.
        is_money = value.as_tuple().exponent == -2
        return f"{value:,.2f}" if is_money else f"{value.normalize():,f}"
    return value


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _document(build: Build, answers: list[Answer]) -> dict[str, object]:
    return {
        "build_id": build.build_id,
        "data_date": build.data_date,
        "environment": build.environment,
        "answers": [
            {
                "name": answer.question.name,
                "question": answer.question.question,
                "rows": [
                    {column: _plain(value) for column, value in row.items()} for row in answer.rows
                ],
                "others": answer.others,
            }
            for answer in answers
        ],
    }
