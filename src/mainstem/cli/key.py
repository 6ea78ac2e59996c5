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
from mainstem.privacy import (
    SigningKey,
    load_key,
    load_signing_key,
    new_key,
    new_signing_key,
    pseudonyms,
    read_public_keys,
    retired_keys,
    rotate_key,
    rotate_signing_key,
)
from mainstem.store.keyvault import PREFIX

key_app = typer.Typer(
    help="Make, rotate and show a region's key; make tokens for senders.", no_args_is_help=True
)
app.add_typer(key_app, name="key")

FileArgument = Annotated[
    Path | None, typer.Argument(metavar="PATH", help="The key file; else the region's.")
]


SigningOption = Annotated[
    bool, typer.Option("--signing", help="The key that signs the heads of the region's chains.")
]


def _signing_files(
    path: Path | None, platform: Path | None, region: str | None
) -> tuple[Path, Path]:
    """Give the signing key's file and the list of public keys, beside a path that was given."""
    if path is not None:
        return path, path.with_name(f"{path.stem}.public.json")
    site = chosen_site(platform, region)[1]
    if site.signing_key.startswith(PREFIX):
        raise UsageError(
            f"the signing key is a secret in a vault: {site.signing_key}",
            hint="Make a key file with `mainstem key new --signing PATH`, put its line into the "
            "vault, remove it, and reload the collector (SIGHUP).",
        )
    return Path(site.signing_key), site.public_keys


def _tell_signing(key: SigningKey, file: Path, public: Path, more: str = "") -> None:
    stdout.print(f"{file}: signing key {key.id}{more}", highlight=False, soft_wrap=True)
    stdout.print(f"{public}: its public key, for whoever verifies", highlight=False, soft_wrap=True)


def _file(path: Path | None, platform: Path | None, region: str | None) -> Path:
    return path if path is not None else chosen_site(platform, region)[1].key


@key_app.command("new", epilog="Example: mainstem key new --platform mainstem.yaml --region euc")
def new_command(
    path: FileArgument = None,
    platform: OwnPlatformOption = None,
    region: RegionOption = None,
    *,
    signing: SigningOption = False,
) -> None:
    """Make a key where there is none, for the region's backup before the first start."""
    if signing:
        file, public = _signing_files(path, platform, region)
        _tell_signing(new_signing_key(file, public), file, public)
        return
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
    signing: SigningOption = False,
    digests: Annotated[
        bool,
        typer.Option(
            "--digests", help="Change the key of request digests too: retries are known no longer."
        ),
    ] = False,
) -> None:
    """Put a new key in the place of the one there is, which is kept beside it.

    Pseudonyms begin anew once the collector has reloaded (SIGHUP): who is seen under both keys
    counts as two. With --signing: heads are signed anew after a reload, and the old key's
    signatures count for what is older than a day from now.
    """
    if signing:
        file, public = _signing_files(path, platform, region)
        before, after = rotate_signing_key(file, public)
        more = f" in place of {before.id}; reload the collector (SIGHUP)"
        _tell_signing(after, file, public, more)
        return
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
    signing: SigningOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check the key file, and show its key's id and those of the keys before; never a key.

    With --signing: the public keys, with the times that they were in use.
    """
    if signing:
        _show_signing(*_signing_files(path, platform, region), as_json=as_json)
        return
    file = _file(path, platform, region)
    key, retired = load_key(file), retired_keys(file)
    if as_json:
        found = [asdict(one) for one in retired]
        print_json({"path": str(key.path), "id": key.id, "retired": found})
        return
    rows = [(key.id, "in use"), *((one.id, f"retired {one.at}") for one in reversed(retired))]
    print_table(str(file), ("key", "state"), rows)


def _show_signing(file: Path, public: Path, *, as_json: bool) -> None:
    key, known = load_signing_key(file), read_public_keys(public)
    if as_json:
        keys = [asdict(one) for one in known]
        print_json({"path": str(file), "id": key.id, "public_keys": keys})
        return
    rows = [(one.id, one.public_key, one.since, one.until or "in use") for one in known]
    print_table(str(public), ("key", "public key (Ed25519)", "since", "until"), rows)


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
