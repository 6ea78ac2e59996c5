"""What `mainstem init` has to know of a company: by flags, or by one file (docs/init.md)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from mainstem import __version__
from mainstem.config.document import read_document
from mainstem.config.validate import validate
from mainstem.config.values import FrozenModel
from mainstem.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RegionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,4}$")]


class RegionAnswer(FrozenModel):
    """A region."""

    location: Annotated[
        str, Field(pattern=r"^[a-z0-9]+$", description="The cloud's name for the place.")
    ]
    residency: Annotated[
        Literal["central", "isolated"],
        Field(description="`isolated`: the region has its own file, warehouse and Terraform root."),
    ] = "central"


class Answers(FrozenModel):
    """What the repository is made of."""

    company: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9]{1,9}$",
            description="Goes into names of accounts: 2 to 10 lower-case letters and digits.",
        ),
    ]
    domain: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$",
            description="Collectors are <region>.otel.<environment>.<domain>.",
        ),
    ]
    regions: Annotated[
        dict[RegionName, RegionAnswer], Field(min_length=1, description="The regions by name.")
    ]
    home: Annotated[str, Field(description="Where the warehouse is; the first region if none.")] = (
        ""
    )
    owner: Annotated[
        str, Field(pattern=r"^[\w .@-]+$", description="The team that owns the resources.")
    ] = "devops"
    workflows: Annotated[
        Literal["github", "azure-devops"], Field(description="Whose workflows are written.")
    ] = "github"
    modules: Annotated[
        str,
        Field(
            pattern=r"^(\.\.?/|[^\"\s$%]+[^:]//)[^\"\s$%]+$",
            description="Where Terraform finds mainstem's modules, seen from a root: a folder that "
            "begins with `../`, or `git::https://…/mainstem.git//terraform/modules?ref=v0.1.0`.",
        ),
    ] = "../../../../../mainstem/terraform/modules"
    version: Annotated[
        str,
        Field(
            pattern=r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$",
            description="The version of mainstem, and of both images.",
        ),
    ] = __version__

    @model_validator(mode="after")
    def _has_a_home(self) -> Self:
        central = [name for name, region in self.regions.items() if region.residency == "central"]
        if not central:
            raise ValueError("names no region that is central: one at least is loaded at home")
        if not self.home:
            return self.model_copy(update={"home": central[0]})
        if self.home not in central:
            raise ValueError(f"has a home that is no central region: {', '.join(central)}")
        return self


def read_answers(file: Path) -> Answers:
    """Read a file of answers; ConfigError tells all that is wrong with it, with line and key."""
    answers, problems = validate(Answers, read_document(file, os.environ))
    if answers is None or problems:
        raise ConfigError(sorted(problems, key=lambda problem: (problem.line, problem.column)))
    return answers


def given_answers(given: Mapping[str, object]) -> Answers:
    """Take answers from flags; UsageError names the flags that are wrong."""
    try:
        return Answers.model_validate(given)
    except ValidationError as error:
        told = []
        for problem in error.errors(include_input=False, include_url=False):
            flag = ".".join(str(part) for part in problem["loc"]) or "answers"
            told.append(f"{flag}: {problem['msg']}")
        raise UsageError("; ".join(told), hint="`mainstem init --help` has an example") from None
