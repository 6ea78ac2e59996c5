"""Writes the repository: fills the templates of this folder in, and overwrites nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem.config.template import render
from mainstem.errors import UsageError
from mainstem.init import terraform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mainstem.init.answers import Answers, RegionAnswer

_HERE = Path(__file__).parent
_WORKFLOWS_AT = {"github": ".github/workflows", "azure-devops": "azure-pipelines"}
_PLAIN = ("Makefile", "README.md", "mainstem.yaml")
_RUN = frozenset({"demo", "terraform.sh"})
"""Files that are programs."""


@dataclass(frozen=True)
class _Root:
    """A folder of Terraform with a state of its own."""

    name: str
    shared: str
    home: str
    regions: Mapping[str, RegionAnswer]
    closed: Mapping[str, RegionAnswer]
    residency: str
    platform_file: str


def write_repository(answers: Answers, folder: Path) -> list[Path]:
    """Write a company's repository into a folder and give its files, relative to it.

    UsageError where one of them is there already: nothing is written then.
    """
    files = dict(_files(answers))
    there = sorted(name for name in files if (folder / name).exists())
    if there:
        raise UsageError(
            f"{folder} has {', '.join(there[:3])}{' and more' if len(there) > 3 else ''} already",
            hint="Name an empty folder; nothing is overwritten, and nothing was written.",
        )
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if path.name in _RUN:
            path.chmod(0o755)
    return [Path(name) for name in files]


def _files(answers: Answers) -> Iterator[tuple[str, str]]:
    central, closed = terraform.central_regions(answers), terraform.closed_regions(answers)
    facts = {
        "company": answers.company,
        "domain": answers.domain,
        "home": answers.home,
        "owner": answers.owner,
        "version": answers.version,
        "regions": _regions(answers),
        "central_regions": " ".join(central),
        "closed_regions": " ".join(closed),
        "workflows_at": f"`{_WORKFLOWS_AT[answers.workflows]}/`",
    }
    yield ".gitignore", _filled("gitignore", facts)
    for name in _PLAIN:
        yield name, _filled(name, facts)
    for folder in ("business", "dbt", "demo"):
        for path in sorted((_HERE / "filled" / folder).rglob("*")):
            if path.is_file():
                name = path.relative_to(_HERE / "filled").as_posix()
                yield name, _filled(name, facts)
    for region, answer in answers.regions.items():
        own = facts | {"region": region, "location": answer.location}
        yield f"policy/{region}.yaml", _filled("policy.yaml", own)
        if region in closed:
            yield f"regions/{region}/mainstem.yaml", _filled("closed.yaml", own)
    yield from _environments(answers, facts)
    source = _HERE / "verbatim" / answers.workflows
    for path in sorted(source.rglob("*")):
        if path.is_file():
            name = f"{_WORKFLOWS_AT[answers.workflows]}/{path.relative_to(source).as_posix()}"
            yield name, path.read_text(encoding="utf-8")


def _regions(answers: Answers) -> str:
    """Write the regions of mainstem.yaml: of a closed one its name and place alone."""
    lines = []
    for name, region in answers.regions.items():
        if region.residency == "central":
            lines += [f"  {name}:", f"    location: {region.location}"]
            lines += [f'    store: "file:./stores/{name}"']
            lines += ["    routes: {logs: replicate, traces: none, metrics: none}"]
        else:
            lines.append(f"  {name}: {{location: {region.location}, residency: isolated}}")
    return "\n".join(lines)


def _environments(answers: Answers, facts: dict[str, str]) -> Iterator[tuple[str, str]]:
    central, closed = terraform.central_regions(answers), terraform.closed_regions(answers)
    # Four folders below the top, whatever they are called.
    top = "../../../.."
    roots = [
        _Root("company", "shared", answers.home, central, closed, "central", f"{top}/mainstem.yaml")
    ]
    roots += [
        _Root(
            name,
            f"{name}-shared",
            name,
            {name: region},
            {},
            region.residency,
            f"{top}/regions/{name}/mainstem.yaml",
        )
        for name, region in closed.items()
    ]
    for environment in terraform.ENVIRONMENTS:
        for root in roots:
            yield from _root(answers, facts, environment, root)


def _root(
    answers: Answers, facts: dict[str, str], environment: str, root: _Root
) -> Iterator[tuple[str, str]]:
    own_registry = "" if root.home == answers.home else root.home
    suffix = "" if environment == "prod" else environment
    filling = facts | {
        "environment": environment,
        "home": root.home,
        "residency": root.residency,
        "platform_file": root.platform_file,
        "registry": f"{answers.company}acr{own_registry}{suffix}",
        "locations": terraform.locations(dict(root.regions)),
        "networks": terraform.networks(root.regions, environment),
        "closed": terraform.closed(dict(root.closed)),
        "shards": terraform.shards(root.regions),
        "sources": terraform.sources(root.regions).replace("    ", "  "),
        "module_shared": terraform.module_source(answers, "shared"),
        "module_platform": terraform.module_source(answers, "platform"),
    }
    for kind, name in (("shared", root.shared), ("platform", root.name)):
        folder = f"terraform/environments/{environment}/{name}"
        yield f"{folder}/main.tf", _filled(f"terraform/{kind}.tf", filling)
        yield f"{folder}/variables.tf", _filled(f"terraform/variables.{kind}.tf", filling)
        yield f"{folder}/versions.tf", _filled("terraform/versions.tf", filling | {"root": name})
        if kind == "platform":
            yield f"{folder}/terraform.tfvars", _filled("terraform/platform.tfvars", filling)


def _filled(name: str, variables: Mapping[str, str]) -> str:
    return render((_HERE / "filled" / name).read_text(encoding="utf-8"), variables, name)
