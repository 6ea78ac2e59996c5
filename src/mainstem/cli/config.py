"""`mainstem config`: render a template, check a configuration."""

from __future__ import annotations

from dataclasses import asdict, astuple
from pathlib import Path
from typing import Annotated

import typer

from mainstem.cli.app import app
from mainstem.cli.output import JsonOption, print_json, print_table, stdout
from mainstem.collect.check import check
from mainstem.collect.site import chosen_site
from mainstem.config.collector import read_collector
from mainstem.config.template import render
from mainstem.errors import ConfigError, Problem, UsageError
from mainstem.store.keyvault import VaultEnvironment

config_app = typer.Typer(help="Render and check a collector's configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")


@config_app.command(
    "render",
    epilog='Example: mainstem config render config.tmpl --var connection_string="$SECRET" > c.yaml',
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


@config_app.command("check", epilog="Example: mainstem config check collector.yaml")
def check_command(
    file: Annotated[Path, typer.Argument(help="A collector's configuration.")],
    platform: Annotated[
        Path | None, typer.Option(help="The platform file, for the region's overlay and store.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="The region, with --platform.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say what a configuration would run, and all that is wrong with it (exit code 2)."""
    try:
        _, site = chosen_site(platform, region)
        report = check(read_collector(file, VaultEnvironment()), site)
    except ConfigError as error:
        if not as_json:
            raise
        print_json({"problems": [asdict(problem) for problem in error.problems]})
        raise typer.Exit(error.exit_code) from None
    if as_json:
        print_json({**asdict(report), "problems": []})
        return
    columns = ("pipeline", "receives", "redacts", "stores")
    print_table(str(file), columns, [astuple(row) for row in report.rows])
    for word, lines in (("warning", report.warnings), ("note", report.notes)):
        for line in lines:
            stdout.print(f"{word}: {line}", markup=False, highlight=False, soft_wrap=True)
