"""Fuzz the readers of both files: `python -m tests.fuzz.reader [OPTIONS OF LIBFUZZER]`.

Half of the inputs are YAML by bytes; the other half are working configurations, changed in a few
places that the input chooses. Whatever comes, a reader gives a configuration or says what is wrong
and where, and quotes no value that it took from the environment. Needs atheris, which
`test_targets.py` installs apart.
"""

from __future__ import annotations

import copy
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import atheris
from ruamel.yaml import YAML

with atheris.instrument_imports(include=["mainstem"]):
    from mainstem.collect.plan import make_plan
    from mainstem.collect.site import Site
    from mainstem.config.collector import parse_collector
    from mainstem.config.document import parse_document
    from mainstem.config.platform import Durability, Platform
    from mainstem.config.validate import validate
    from mainstem.errors import ConfigError, MainstemError, UsageError

SECRET = "canary-s3cret-value"
ENVIRONMENT = {
    "SECRET": SECRET,
    "STORE": f"az://{SECRET}",
    "LIST": "[a, b]",
    "NUMBER": "7",
    "BROKEN": "{" + SECRET,
}
COLLECTOR = """\
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}}}
processors:
  batch: {timeout: 1s, send_batch_size: 512}
  memory_limiter: {check_interval: 1s, limit_mib: 100}
  redaction:
    allow_all_keys: true
    blocked_values: ['[0-9]+']
    hash_function: hmac-sha256
    hmac_key: "${env:SECRET}"
    summary: debug
  attributes: {actions: [{key: a, value: 1, action: upsert}, {key: b, action: delete}]}
  resource: {attributes: [{key: c, from_attribute: a, action: insert}]}
  filter: {error_mode: ignore, log_conditions: ['log.severity_number < 9']}
  transform:
    log_statements:
      - context: log
        statements: ['set(attributes["a"], "${env:SECRET}") where body == "x"']
  probabilistic_sampler: {sampling_percentage: 15.3, mode: proportional}
exporters:
  azureblob:
    url: https://example.blob.core.windows.net/
    auth: {type: connection_string, connection_string: "${env:SECRET}"}
    container: {logs: logs, metrics: metrics, traces: traces}
    blob_name_format: {logs_format: 2006/01/02/logs_15_04_05.json, timezone: Europe/Berlin}
    compression: zstd
  blob: {url: "file:store"}
  otlp_grpc:
    endpoint: localhost:4317
    headers: {authorization: "${env:SECRET}"}
    tls: {insecure: true}
extensions:
  health_check: {endpoint: "127.0.0.1:0"}
service:
  extensions: [health_check]
  telemetry: {metrics: {address: "127.0.0.1:8888"}}
  pipelines:
    traces:
      receivers: [otlp]
      processors: [redaction, resource, probabilistic_sampler, batch]
      exporters: [blob, otlp_grpc]
    logs:
      receivers: [otlp]
      processors: [memory_limiter, redaction, attributes, filter, transform]
      exporters: [blob]
"""
PLATFORM = """\
environment: play
regions:
  euc: {store: "file:euc", residency: central, routes: {logs: replicate}, redaction: {}}
  use: {store: "${env:STORE}", durability: disk}
central: {store: "file:central"}
warehouse: duckdb:warehouse.duckdb
"""
SCALARS = [
    None, True, 0, -1, 7, 2**70, 1.5, float("inf"), "", " ", ".", "..", "/", "none", "otlp", "logs",
    "1s", "-1h", "1e9", "zstd", "file:x", "az://c", "${env:SECRET}", "${SECRET}", "${env:LIST}",
    "${env:BROKEN}", "${env:}", "${file:missing}", "$$", "${", "127.0.0.1:0", "[::1]:4317", ":0",
    "0.0.0.0:99999", "[0-9]+", "(?=a)", "a{1001}", "2006-01-02", "é", "\x00", "x" * 300,
    [], {}, ["otlp"], {"otlp": None}, [[]], [None],
]  # fmt: skip
DIRECTORY = Path(tempfile.mkdtemp())
SITE = Site(
    "euc",
    "play",
    DIRECTORY / "spool",
    DIRECTORY / "key",
    Durability.DISK,
    DIRECTORY,
    signing_key=str(DIRECTORY / "signing"),
    public_keys=DIRECTORY / "public.json",
)
plain = YAML(typ="safe", pure=True)
BASES: list[Any] = [plain.load(COLLECTOR), plain.load(PLATFORM)]
BASES = [json.loads(json.dumps(base)) for base in BASES]


def read(text: str, *, platform: bool) -> MainstemError | None:
    """Read a text as one of the files; gives what is wrong with it."""
    try:
        if platform:
            document = parse_document(text, "mainstem.yaml", DIRECTORY, ENVIRONMENT)
            _, problems = validate(Platform, document, context={"directory": DIRECTORY})
            return ConfigError(problems) if problems else None
        make_plan(parse_collector(text, "collector.yaml", DIRECTORY, ENVIRONMENT), SITE)
    except (ConfigError, UsageError) as error:
        return error
    return None


def check(error: MainstemError) -> None:
    """Check that an error helps, and tells no secret."""
    assert SECRET not in str(error), "a secret is quoted"
    if isinstance(error, ConfigError):
        assert error.problems
        for problem in error.problems:
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.reason


def changed(data: atheris.FuzzedDataProvider, base: Any) -> Any:
    """Change a few places of a configuration."""
    document = copy.deepcopy(base)
    for _ in range(data.ConsumeIntInRange(1, 4)):
        held, part = _place(data, document)
        if held is None:
            return document
        match data.ConsumeIntInRange(0, 4):
            case 0:
                held[part] = copy.deepcopy(data.PickValueInList(SCALARS))
            case 1:
                del held[part]
            case 2 if isinstance(held, dict):
                held[f"{part}{data.PickValueInList(['', '/x', 's', '/', '_'])}"] = held.pop(part)
            case 3:
                held[part] = data.ConsumeUnicodeNoSurrogates(12)
            case _:
                donor, other = _place(data, document)
                if donor is not None:
                    held[part] = copy.deepcopy(donor[other])
    return document


def _place(data: atheris.FuzzedDataProvider, document: Any) -> tuple[Any, Any]:
    """Choose a container in a document and a key or an index in it."""
    held, part = None, None
    while isinstance(document, dict | list) and document:
        held = document
        keys = list(held) if isinstance(held, dict) else range(len(held))
        part = keys[data.ConsumeIntInRange(0, len(keys) - 1)]
        document = held[part]
        if data.ConsumeIntInRange(0, 3) == 0:
            break
    return held, part


def one_input(given: bytes) -> None:
    """Take one of the fuzzer's inputs."""
    data = atheris.FuzzedDataProvider(given)
    platform = data.ConsumeBool()
    if data.ConsumeBool():
        text = json.dumps(changed(data, BASES[platform]), ensure_ascii=data.ConsumeBool())
    else:
        text = data.ConsumeUnicodeNoSurrogates(4096)
    # A configuration may name any file of the machine; a fuzzer had better not.
    if "file:/" not in text and ".." not in text:
        error = read(text, platform=platform)
        if error is not None:
            check(error)


def main() -> None:
    """Run until libFuzzer's options say stop."""
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
