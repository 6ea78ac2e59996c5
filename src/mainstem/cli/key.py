"""`mainstem key`: a region's key, and tokens for senders."""

from __future__ import annotations

import hashlib
import secrets
import sys
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Annotated

import typer

from mainstem.cli.app import app
from mainstem.cli.output import JsonOption, print_json, print_table, stdout
from mainstem.cli.spool import OwnPlatformOption, RegionOption
from mainstem.collect.site import chosen_site
from mainstem.errors import UsageError
from mainstem.privacy import load_key, new_key, pseudonyms, retired_keys, rotate_key

key_app = typer.Typer(
    help="Make, rotate and show a region's key; make tokens for senders.", no_args_is_help=True
)
app.add_typer(key_app, name="key")

FileArgument = Annotated[
    Path | None, typer.Argument(metavar="PATH", help="The key file; else the region's.")
]


def _file(path: Path | None, platform: Path | None, region: str | None) -> Path:
    return path if path is not None else chosen_site(platform, region)[1].key


@key_app.command("new", epilog="Example: mainstem key new --platform mainstem.yaml --region euc")
def new_command(
    path: FileArgument = None,
    platform: OwnPlatformOption = None,
    region: RegionOption = None,
) -> None:
    """Make a key where there is none, for the region's backup before the first start."""
    made = new_key(_file(path, platform, region))
    stdout.print(f"{made.path}: key {made.id}", highlight=False, soft_wrap=True)


@key_app.command(
    "rotate", epilog="Example: mainstem key rotate --platform mainstem.yaml --region euc"
)
def rotate_command(
    path: FileArgument = None,
    platform: OwnPlatformOption = None,
    region: RegionOption = None,
    *,
    digests: Annotated[
        bool,
        typer.Option(
            "--digests", help="Change the key of request digests too: retries are known no longer."
        ),
    ] = False,
) -> None:
    """Put a new key in the place of the one there is, which is kept beside it.

    Pseudonyms begin anew once the collector has reloaded (SIGHUP): who is seen under both keys
    counts as two.
    """
    old, new = rotate_key(_file(path, platform, region), digests=digests)
    stdout.print(
        f"{new.path}: key {new.id} in place of {old.id}; reload the collector (SIGHUP)",
        highlight=False,
        soft_wrap=True,
    )


@key_app.command("show", epilog="Example: mainstem key show --platform mainstem.yaml --region euc")
def show_command(
    path: FileArgument = None,
    platform: OwnPlatformOption = None,
    region: RegionOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Check the key file, and show its key's id and those of the keys before; never a key."""
    file = _file(path, platform, region)
    key, retired = load_key(file), retired_keys(file)
    if as_json:
        found = [asdict(one) for one in retired]
        print_json({"path": str(key.path), "id": key.id, "retired": found})
        return
    rows = [(key.id, "in use"), *((one.id, f"retired {one.at}") for one in reversed(retired))]
    print_table(str(file), ("key", "state"), rows)


@key_app.command(
    "pseudonym",
    epilog="Example: mainstem key pseudonym --platform mainstem.yaml --region euc < address.txt",
)
def pseudonym_command(
    path: FileArgument = None,
    platform: OwnPlatformOption = None,
    region: RegionOption = None,
    *,
    period: Annotated[
        str | None, typer.Option(help="A period (2026-11), where pseudonyms rotate by date.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what a text on standard input becomes under each key, to find what is stored of it."""
    text = sys.stdin.read().rstrip("\n")
    if not text:
        raise UsageError("there is no text on standard input")
    made = pseudonyms(_file(path, platform, region), text, period)
    if as_json:
        print_json([asdict(one) for one in made])
    else:
        print_table("pseudonyms", ("key", "pseudonym"), [astuple(one) for one in made])


@key_app.command("token", epilog="Example: mainstem key token")
def token_command(*, as_json: JsonOption = False) -> None:
    """Make a bearer token for a sender: shown once, and its hash for `senders`."""
    token = secrets.token_urlsafe(32)
    sha256 = hashlib.sha256(token.encode()).hexdigest()
    if as_json:
        print_json({"token": token, "sha256": sha256})
        return
    for name, value in (("token (for the sender, shown once)", token), ("token_sha256", sha256)):
        stdout.print(f"{name}: {value}", markup=False, highlight=False, soft_wrap=True)
