"""Rebuild azurerm's schema from the bindings that were generated from it.

    python schema.py WHEEL SCHEMA.json

The provider's registry may be out of reach; PyPI is not. `cdktn-provider-azurerm` carries the
bindings' JavaScript, and that has each attribute's name, type, nesting and whether it is required,
optional or computed, as comments and calls of one shape. What it has not: which values an attribute
takes, what conflicts with what, and what is sensitive.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

KINDS = {
    "TerraformResource": "resources",
    "TerraformDataSource": "data",
    "TerraformProvider": "provider",
}
SCALARS = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getStringMapAttribute": ["map", "string"],
}
LISTS = {"getListAttribute": "string", "getNumberListAttribute": "number"}

_CLASS = re.compile(r"^class (?P<name>\w+) extends cdktn\.(?P<base>\w+) \{$", re.MULTILINE)
_ATTRIBUTE = re.compile(
    r"    // (?P<name>\w+) - computed: (?P<computed>\w+), optional: (?P<optional>\w+), "
    r"required: (?P<required>\w+)\n(?P<code>.*?)(?=\n    // (?:\w+ - computed|=====)|\Z)",
    re.DOTALL,
)
_NESTED = re.compile(
    r"= new (?P<name>\w+?)(?P<kind>List|Map|OutputReference)\(this, \"\w+\"(?:, (?P<set>\w+))?\);"
)
_GETTER = re.compile(
    r"(?P<set>Fn\.tolist\(|asNumberList\(.*?Fn\.tolist\()?this\.(?P<call>get\w+)\("
)
_NESTING = re.compile(
    r"\n\s+(?P<name>\w+): \{\n\s+value: .*\n\s+isBlock: true,\n\s+type: \"(?P<type>\w+)\""
)
_SETTING = re.compile(
    r"\n\s+(?P<name>\w+): \{\n\s+value: .*\n\s+isBlock: (?P<block>\w+),\n\s+type: \"\w+\",\n"
    r"\s+storageClassType: \"(?P<kind>\w+)\""
)
_WRITE_ONLY = re.compile(r"\n\s+(?P<name>\w+): (?:\{\n\s+value: )?this\.markWriteOnlyAttribute\(")
_TYPE = re.compile(r"static tfResourceType = \"(?P<type>\w+)\"")

Block = dict[str, Any]


def read_bindings(wheel: Path) -> dict[str, dict[str, Block] | Block]:
    """Give the schemas of all resources and data sources, by their types, and the provider's."""
    schemas: dict[str, Any] = {"resources": {}, "data": {}, "provider": {}}
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".jsii.tgz"))
        package = archive.read(name)
    with tarfile.open(fileobj=io.BytesIO(package)) as files:
        for member in files:
            if re.fullmatch(r"package/lib/[^/]+/index\.js", member.name):
                source = files.extractfile(member)
                if source is None:
                    raise ValueError(f"{member.name} is not a file")
                _read_module(source.read().decode(), schemas)
    return schemas


def _read_module(source: str, schemas: dict[str, Any]) -> None:
    starts = list(_CLASS.finditer(source))
    ends = [*(match.start() for match in starts[1:]), len(source)]
    classes = {
        match["name"]: source[match.end() : end] for match, end in zip(starts, ends, strict=False)
    }
    for match in starts:
        kind = KINDS.get(match["base"])
        if kind is None:
            continue
        text = classes[match["name"]]
        block = _block(text, _nesting(text), classes, source)
        for name in _WRITE_ONLY.finditer(text):
            block["attributes"][name["name"]]["write_only"] = True
        found = _TYPE.search(text)
        if kind == "provider":
            schemas["provider"] = block
        elif found is not None:
            schemas[kind][found["type"].removeprefix("data.")] = block


def _nesting(text: str) -> dict[str, str]:
    return {match["name"]: match["type"] for match in _NESTING.finditer(text)}


def _struct_nesting(name: str, source: str) -> dict[str, str]:
    function = f"\nfunction {name[0].lower()}{name[1:]}ToHclTerraform("
    start = source.find(function)
    return {} if start < 0 else _nesting(source[start : source.index("\n}\n", start)])


def _block(text: str, nesting: dict[str, str], classes: dict[str, str], source: str) -> Block:
    block: Block = {"attributes": {}, "blocks": {}}
    for match in _ATTRIBUTE.finditer(text):
        name, flags = match["name"], {}
        for flag in ("computed", "optional", "required"):
            flags[flag] = match[flag] == "true"
        nested = _NESTED.search(match["code"])
        if nested is None and name in nesting:
            block["blocks"][name] = _settings(name, text, source)
            continue
        if nested is None:
            block["attributes"][name] = {"type": _simple(match["code"]), **flags}
            continue
        struct = classes.get(f"{nested['name']}OutputReference")
        if struct is None:  # a list of lists, which one data source has
            block["attributes"][name] = {"type": "dynamic", **flags}
            continue
        inner = _block(struct, _struct_nesting(nested["name"], source), classes, source)
        kind = nesting.get(name, "set" if nested["set"] == "true" else "list")
        if flags["computed"]:
            # A block that the provider may fill in itself is an attribute to Terraform.
            block["attributes"][name] = {"type": [kind, _object(inner)], **flags}
            continue
        block["blocks"][name] = {
            "nesting": "single" if kind == "struct" else kind,
            "min": int(flags["required"]),
            "max": int(nested["kind"] == "OutputReference" and kind != "struct"),
            "block": inner,
        }
    return block


def _settings(name: str, text: str, source: str) -> Block:
    """Give a block of the provider itself, which has no class: all in it is optional."""
    block: Block = {"attributes": {}, "blocks": {}}
    (function,) = re.findall(
        rf"\n\s+{name}: \{{\n\s+value: [^\n]*?(\w+ToHclTerraform)(?:, true)?\)\(", text
    )
    start = source.index(f"\nfunction {function}(")
    inner = source[start : source.index("\n}\n", start)]
    for each in _SETTING.finditer(inner):
        if each["block"] == "true":
            block["blocks"][each["name"]] = _settings(each["name"], inner, source)
        else:
            kind = {"boolean": "bool"}.get(each["kind"], each["kind"])
            flags = {"computed": False, "optional": True, "required": False}
            block["attributes"][each["name"]] = {"type": kind, **flags}
    return {"nesting": "list", "min": 0, "max": 1, "block": block}


def _simple(code: str) -> Any:
    getter = _GETTER.search(code)
    if getter is None:
        return ["map", "string"] if "new cdktn.StringMap(" in code else "dynamic"
    if getter["call"] in LISTS:
        return ["set" if getter["set"] else "list", LISTS[getter["call"]]]
    return SCALARS[getter["call"]]


def _object(block: Block) -> Any:
    types = {name: each["type"] for name, each in block["attributes"].items()}
    for name, each in block["blocks"].items():
        types[name] = [each["nesting"], _object(each["block"])]
    return ["object", types]


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(read_bindings(Path(sys.argv[1]))), encoding="utf-8")
