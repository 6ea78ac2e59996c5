"""A team's own redaction rules and a region's overlay, as both configuration files write them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    field_serializer,
)

Rotation = Literal["never", "year", "quarter", "month"]


class RedactionRule(BaseModel):
    """One rule: where it looks, what it finds there, and what becomes of that."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$",
            description="What counts and metrics know the rule by.",
        ),
    ]
    detector: Annotated[
        str | None, Field(description="It finds what this built-in detector finds.")
    ] = None
    pattern: Annotated[
        str | None, Field(description="It finds the matches of this RE2 pattern.")
    ] = None
    keys: Annotated[
        tuple[str, ...],
        Field(
            description="It looks under these keys alone (`peer.*`: all that begin so); with "
            "neither detector nor pattern it takes the whole value."
        ),
    ] = ()
    action: Annotated[
        Literal[
            "mask", "partial", "hash", "pseudonym", "generalise", "drop_attribute", "drop_record"
        ],
        Field(description="What becomes of a find."),
    ] = "mask"
    keep: Annotated[
        Annotated[int, Field(ge=1, le=255)] | Literal["domain"] | None,
        Field(description="`partial`: so many characters of the end, or an e-mail's domain."),
    ] = None
    hash_function: Annotated[
        Literal["none", "md5", "sha1", "sha3", "hmac-sha256", "hmac-sha512"],
        Field(description="`hash`: the function, as in the redaction processor."),
    ] = "none"
    hmac_key: Annotated[SecretStr, Field(description="The key of the two HMACs; a secret.")] = (
        SecretStr("")
    )
    rotate: Annotated[
        Rotation | None, Field(description="`pseudonym`: how long one lasts; else the region's.")
    ] = None
    to: Annotated[
        Literal["network", "hour", "bucket"] | None,
        Field(description="`generalise`: an address to /24 or /48, a time, a number."),
    ] = None
    size: Annotated[float | None, Field(gt=0, description="`bucket`: its size.")] = None
    decode: Annotated[
        tuple[Literal["json", "url", "base64"], ...],
        Field(description="It also looks into what is encoded so, and at arrays as one text."),
    ] = ()
    types: Annotated[
        tuple[Literal["int", "double"], ...], Field(description="It also looks at numbers.")
    ] = ()

    @field_serializer("hmac_key", when_used="json")
    def _reveal(self, key: SecretStr) -> str:
        return key.get_secret_value()

    @property
    def matches(self) -> str:
        """Say in one line what the rule finds and where, for people."""
        found = self.pattern or (f"detector {self.detector}" if self.detector else "")
        where = f"keys {', '.join(self.keys)}" if self.keys else ""
        also = ", ".join([*self.decode, *self.types])
        return "; ".join(filter(None, (found, where, also and f"also {also}")))


class RedactionOverlay(BaseModel):
    """What is redacted beside the collector's own processors; it only ever adds."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    blocked_values: Annotated[
        tuple[str, ...], Field(description="RE2 patterns; each match becomes ****.")
    ] = ()
    detectors: Annotated[
        tuple[str, ...], Field(description="Built-in detectors by choice, such as `phone`.")
    ] = ()
    rules: Annotated[
        tuple[RedactionRule, ...], Field(description="Rules of the team's own, with actions.")
    ] = ()
    rotate: Annotated[
        Rotation | None, Field(description="How long a person keeps a pseudonym; `never` if none.")
    ] = None
    _base: RedactionOverlay | None = PrivateAttr(None)

    def on(self, base: RedactionOverlay) -> RedactionOverlay:
        """Give a region's overlay on the base that all regions have."""
        both = self.model_copy()
        both._base = base
        return both

    @property
    def layers(self) -> dict[str, RedactionOverlay]:
        """The base, if there is one, and what is laid over it, by the names that rules get."""
        base = {} if self._base is None else {"base": self._base}
        return {**base, "overlay": self}
