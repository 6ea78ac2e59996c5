"""A provider `azurerm` that knows Azure's schema and does nothing.

    python server.py SCHEMA.json FOLDER

Serves Terraform's plugin protocol 6 on a socket, and prints one line for TF_REATTACH_PROVIDERS.
With it `terraform init -backend=false`, `validate`, `test` with mock providers, and `plan` run
without the provider and without Azure. Served are the types that some `.tf` under FOLDER names: all
1,500 would take Terraform seconds at each command.

A plan marks what the provider would compute as unknown. A data source answers with texts made from
its own type and name. Nothing can be applied.

https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import msgpack
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

ADDRESS = "registry.terraform.io/hashicorp/azurerm"
UNKNOWN = msgpack.ExtType(0, b"\x00")
# Field 11 of an attribute's schema, which the generated classes are too old to know.
WRITE_ONLY = b"\x58\x01"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
_NESTING = pb.Schema.NestedBlock.NestingMode
_USED = re.compile(r'^\s*(?:resource|data)\s+"(azurerm_\w+)"', re.MULTILINE)

Block = dict[str, Any]
Value = dict[str, Any]


class Provider(rpc.ProviderServicer):  # type: ignore[misc]
    """Answers what Terraform asks of a provider until it would change something."""

    def __init__(self, schemas: dict[str, Any], used: set[str]) -> None:
        self._schemas = schemas
        self._used = used

    def GetProviderSchema(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Give the schemas of the types that are used."""
        answer = pb.GetProviderSchema.Response(
            provider=pb.Schema(block=_block_schema(self._schemas["provider"]))
        )
        for kind, schemas in (
            ("resources", answer.resource_schemas),
            ("data", answer.data_source_schemas),
        ):
            for name, block in self._schemas[kind].items():
                if name in self._used:
                    schemas[name].CopyFrom(pb.Schema(block=_block_schema(block)))
        return answer

    def ValidateProviderConfig(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Accept what the schema does."""
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Accept what the schema does."""
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Accept what the schema does."""
        return pb.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Sign in nowhere."""
        return pb.ConfigureProvider.Response()

    def ReadDataSource(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Answer with texts made from the type and the name."""
        block = self._schemas["data"][request.type_name]
        config = msgpack.unpackb(request.config.msgpack, strict_map_key=False)
        if config.get("id") is None:
            config["id"] = _made_id(request.type_name, config)
        state = _fill(block, config, lambda kind, name: _made(request.type_name, kind, name))
        return pb.ReadDataSource.Response(state=pb.DynamicValue(msgpack=msgpack.packb(state)))

    def PlanResourceChange(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Plan what is proposed, with all that the provider computes unknown."""
        proposed = msgpack.unpackb(request.proposed_new_state.msgpack, strict_map_key=False)
        if proposed is not None:
            block = self._schemas["resources"][request.type_name]
            proposed = _fill(block, proposed, lambda _kind, _name: UNKNOWN)
        return pb.PlanResourceChange.Response(
            planned_state=pb.DynamicValue(msgpack=msgpack.packb(proposed))
        )

    def ApplyResourceChange(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Refuse."""
        return pb.ApplyResourceChange.Response(
            diagnostics=[
                pb.Diagnostic(
                    severity=pb.Diagnostic.ERROR,
                    summary="this is a stub of azurerm: it plans and changes nothing",
                )
            ]
        )

    def StopProvider(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Stop nothing."""
        return pb.StopProvider.Response()


def _block_schema(block: Block) -> Any:
    schema = pb.Schema.Block()
    for name, each in block["attributes"].items():
        attribute = pb.Schema.Attribute(
            name=name,
            type=json.dumps(each["type"]).encode(),
            required=each["required"],
            optional=each["optional"],
            computed=each["computed"],
        )
        if each.get("write_only"):
            attribute.MergeFromString(WRITE_ONLY)
        schema.attributes.append(attribute)
    for name, each in block["blocks"].items():
        schema.block_types.append(
            pb.Schema.NestedBlock(
                type_name=name,
                block=_block_schema(each["block"]),
                nesting=_NESTING.Value(each["nesting"].upper()),
                min_items=each["min"] if each["nesting"] != "single" else 0,
                max_items=each["max"],
            )
        )
    return schema


def _fill(block: Block, value: Value, make: Any) -> Value:
    """Give a block with each computed attribute that is null made."""
    filled = dict(value)
    for name, each in block["attributes"].items():
        if each.get("write_only"):
            filled[name] = None
        elif each["computed"] and filled.get(name) is None:
            filled[name] = make(each["type"], name)
    for name, each in block["blocks"].items():
        inner = filled.get(name)
        if isinstance(inner, list):
            filled[name] = [_fill(each["block"], one, make) for one in inner]
    return filled


def _made(type_name: str, kind: Any, name: str) -> Any:
    if kind == "string":
        if name in ("tenant_id", "subscription_id", "object_id", "client_id", "principal_id"):
            return SUBSCRIPTION
        return f"{type_name}-{name}".replace("_", "-")
    if kind == "number":
        return 0
    if kind == "bool":
        return False
    return {} if kind[0] == "map" else []


def _made_id(type_name: str, config: Value) -> str:
    group = config.get("resource_group_name") or config.get("name") or "none"
    name = config.get("name") or "default"
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{type_name}/{name}"


def used_types(folder: Path) -> set[str]:
    """Give the types of azurerm that Terraform files under a folder name."""
    return {
        name
        for file in folder.rglob("*.tf")
        for name in _USED.findall(file.read_text(encoding="utf-8"))
    }


def serve(schemas: dict[str, Any], used: set[str]) -> None:
    """Serve until the process is ended; say first how Terraform reaches it."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=8),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    rpc.add_ProviderServicer_to_server(Provider(schemas, used), server)
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/provider.sock"
        server.add_insecure_port(f"unix:{socket}")
        server.start()
        reach = {"Network": "unix", "String": socket}
        attach = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True}
        print(json.dumps({ADDRESS: {**attach, "Addr": reach}}), flush=True)
        sys.stdin.read()  # until whoever started it closes the pipe, or ends
        server.stop(grace=None).wait()


if __name__ == "__main__":
    serve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), used_types(Path(sys.argv[2])))
