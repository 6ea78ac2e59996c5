"""`mainstem init`: a company's own repository."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mainstem.cli.app import app
from mainstem.cli.output import JsonOption, print_json, stdout
from mainstem.errors import UsageError
from mainstem.init import read_answers, write_repository
from mainstem.init.answers import given_answers


@app.command(
    "init",
    epilog="Example: mainstem init telemetry --company contoso --domain contoso.example "
    "--region euc=westeurope --region aus=australiaeast:isolated",
)
def init_command(  # noqa: PLR0917 - typer passes all of them by name
    folder: Annotated[Path, typer.Argument(help="Where it is written; nothing is overwritten.")],
    answers: Annotated[
        Path | None, typer.Option(help="A YAML file with the answers, in place of the flags.")
    ] = None,
    company: Annotated[
        str | None, typer.Option(help="Goes into names: 2 to 10 lower-case letters and digits.")
    ] = None,
    domain: Annotated[str | None, typer.Option(help="As contoso.example.")] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(help="NAME=LOCATION, or NAME=LOCATION:isolated; repeat for more."),
    ] = None,
    home: Annotated[
        str | None, typer.Option(help="The region of the warehouse; the first one if none.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="The team that owns the resources.")] = None,
    workflows: Annotated[
        str | None, typer.Option(help="Whose workflows are written: github or azure-devops.")
    ] = None,
    modules: Annotated[
        str | None,
        typer.Option(
            help="Where Terraform finds mainstem's modules, from a root: `../…` or `git::…//…`."
        ),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write a company's repository: platform file, policies, models, Terraform, workflows.

    It runs on this machine at once (`make demo` in it), and on Azure once its README is followed.
    """
    flags = {
        "company": company,
        "domain": domain,
        "regions": dict(map(_region, region)) if region else None,
        "home": home,
        "owner": owner,
        "workflows": workflows,
        "modules": modules,
    }
    given = {name: value for name, value in flags.items() if value is not None}
    if answers is not None and given:
        raise UsageError(f"--answers goes without --{next(iter(given)).removesuffix('s')}")
    found = read_answers(answers) if answers is not None else given_answers(given)
    files = write_repository(found, folder)
    if as_json:
        print_json({"folder": str(folder), "files": [path.as_posix() for path in files]})
        return
    stdout.print(f"{folder}: {len(files)} files; its README.md has the next steps", soft_wrap=True)


def _region(text: str) -> tuple[str, dict[str, str]]:
    name, equals, place = text.partition("=")
    if not equals:
        raise UsageError("--region takes NAME=LOCATION or NAME=LOCATION:isolated")
    location, colon, residency = place.partition(":")
    return name, {"location": location} | ({"residency": residency} if colon else {})
