"""`mainstem config`: render a template, check a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mainstem.cli.app import app, example
from mainstem.config.template import render
from mainstem.errors import ConfigError, Problem, UsageError

config_app = typer.Typer(help="Render and check a collector's configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")


@config_app.command(
    "render",
    epilog=example(
        'mainstem config render config.tmpl --var connection_string="$CONNECTION" > c.yaml'
    ),
)
def render_command(
    template: Annotated[Path, typer.Argument(help="A template of Terraform's `templatefile`.")],
    var: Annotated[
        list[str] | None, typer.Option("--var", help="A variable, as NAME=VALUE; repeat for more.")
    ] = None,
) -> None:
    """Fill in a template as Terraform's templatefile does, and print the result."""
    variables = {}
    for given in var or []:
        name, equals, value = given.partition("=")
        if not equals:
            raise UsageError("--var takes NAME=VALUE")
        variables[name] = value
    try:
        text = template.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError([Problem(str(template), 1, 1, "(file)", "cannot be read")]) from None
    typer.echo(render(text, variables, str(template)), nl=False)
