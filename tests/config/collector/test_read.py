from __future__ import annotations

from pathlib import Path

import pytest

from mainstem.config.collector import CollectorConfig, default_collector, parse_collector
from mainstem.config.template import render
from mainstem.errors import ConfigError
from mainstem.records import Signal

ARTICLE = Path(__file__).parents[3] / "examples" / "article" / "config.tmpl"
CONNECTION = "AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:10000/a"

SMALL = """\
receivers:
  otlp:
    protocols:
      grpc:
      http:
        endpoint: localhost:4418
processors:
  redaction:
    allow_all_keys: true
exporters:
  blob:
    url: file:./store
service:
  pipelines:
    logs:
      receivers: [otlp]
      processors: [redaction]
      exporters: [blob]
"""


ZIPPED_WITH_CARRIAGE_RETURNS = """
    compression: gzip
    append_blob: {separator: "\\r\\n"}"""


def read(text: str, **environment: str) -> CollectorConfig:
    return parse_collector(text, "c.yaml", Path(), environment)


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


def test_the_article_s_configuration_is_read_as_it_stands() -> None:
    config = read(render(ARTICLE.read_text(), {"connection_string": CONNECTION}, "config.tmpl"))
    grpc, http = config.receivers["otlp"].protocols.grpc, config.receivers["otlp"].protocols.http
    assert grpc is not None
    assert http is not None
    assert (grpc.endpoint, http.endpoint) == ("0.0.0.0:4317", "0.0.0.0:4318")
    assert set(config.pipelines) == {Signal.TRACES, Signal.LOGS}
    (end,) = config.pipelines["traces"].ends
    assert end.destination.address == CONNECTION
    assert end.container(Signal.TRACES) == "traces"
    assert end.name_format(Signal.TRACES) == "%Y/%m/%d/traces_%H_%M_%S.json"
    assert end.options.compression == "none"
    assert config.health is not None
    assert config.health.path == "/health/status"
    check = config.health.check_collector_pipeline
    assert (check.enabled, check.interval, check.exporter_failure_threshold) == (True, 300.0, 5)
    [step] = config.pipelines[Signal.LOGS].redactions
    [(name, redaction)] = step.processors
    assert (name, len(redaction.blocked_values)) == ("redaction", 2)
    assert [str(note) for note in config.notes] == [
        (
            "c.yaml:13:5: extensions.text_encoding.unmarshaling_separator: has no effect: "
            "no receiver here reads text"
        ),
        "c.yaml:25:3: processors.batch: is used by no pipeline",
        (
            "c.yaml:26:5: processors.batch.send_batch_size: has no effect: "
            "the spool groups requests into blobs"
        ),
        (
            "c.yaml:27:5: processors.batch.timeout: has no effect: "
            "the spool groups requests into blobs"
        ),
    ]


def test_a_secret_is_in_no_repr() -> None:
    config = read(render(ARTICLE.read_text(), {"connection_string": CONNECTION}, "config.tmpl"))
    assert "c2VjcmV0" not in repr(config)


def test_a_protocol_that_stands_there_without_a_value_is_served() -> None:
    protocols = read(SMALL).receivers["otlp"].protocols
    assert protocols.grpc is not None
    assert protocols.grpc.endpoint == "127.0.0.1:4317"
    assert protocols.http is not None
    assert protocols.http.endpoint == "127.0.0.1:4418"


def test_type_and_name_make_an_id() -> None:
    text = SMALL.replace("  redaction:", "  redaction/eu:").replace("[redaction]", "[redaction/eu]")
    [step] = read(text).pipelines[Signal.LOGS].redactions
    [(name, _)] = step.processors
    assert name == "redaction/eu"


def test_azure_blob_is_azureblob() -> None:
    exporter = """\
  azure_blob:
    url: https://contosoeuc.blob.core.windows.net/
    auth: {type: user_managed_identity, client_id: 00000000-0000-0000-0000-000000000000}
"""
    text = SMALL.replace("  blob:\n    url: file:./store\n", exporter)
    (end,) = read(text.replace("[blob]", "[azure_blob]")).pipelines["logs"].ends
    destination = end.destination
    assert destination.address == "https://contosoeuc.blob.core.windows.net/"
    assert destination.credentials == {"client_id": "00000000-0000-0000-0000-000000000000"}


def test_the_region_s_store_is_meant_by_a_blob_exporter_without_an_address() -> None:
    assert default_collector(Path()).pipelines["logs"].ends[0].destination.address is None


def test_the_built_in_configuration_takes_all_signals() -> None:
    config = default_collector(Path())
    assert set(config.pipelines) == set(Signal)
    assert config.pipelines["logs"].ends[0].options.compression == "zstd"


def test_metrics_readers_name_the_telemetry_s_address() -> None:
    telemetry = """\
  telemetry:
    metrics:
      readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 8889}}}}]
"""
    config = read(SMALL.replace("service:\n", "service:\n" + telemetry))
    assert config.telemetry.metrics.endpoint == "0.0.0.0:8889"
    assert read(SMALL).telemetry.metrics.endpoint == "127.0.0.1:8888"
    assert default_collector(Path()).telemetry.metrics.endpoint is None


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (
            "receivers:",
            "recievers:",
            "1:1: recievers: is not a key known here (did you mean receivers?)",
        ),
        (
            "  otlp:\n",
            "  otlpp:\n",
            "2:3: receivers.otlpp: otlpp is not a receiver known here (did you mean otlp?)",
        ),
        (
            "  redaction:\n",
            "  redactoin:\n",
            (
                "8:3: processors.redactoin: redactoin is not a processor known here "
                "(did you mean redaction?)"
            ),
        ),
        (
            "allow_all_keys",
            "allow_all_key",
            (
                "9:5: processors.redaction.allow_all_key: is not a key known here "
                "(did you mean allow_all_keys?)"
            ),
        ),
        (
            "allow_all_keys: true",
            "allow_all_keys: perhaps",
            "9:5: processors.redaction.allow_all_keys: must be true or false",
        ),
        (
            "processors:\n  redaction:\n    allow_all_keys: true\n",
            "processors: 7\n",
            "7:1: processors: must be a mapping of components",
        ),
        (
            "      grpc:\n",
            "      gprc:\n",
            ("4:7: receivers.otlp.protocols.gprc: is not a key known here (did you mean grpc?)"),
        ),
        (
            "localhost:4418",
            "4418",
            ("6:9: receivers.otlp.protocols.http.endpoint: must be text"),
        ),
        (
            "localhost:4418",
            "collector.example:4418",
            (
                "6:9: receivers.otlp.protocols.http.endpoint: must have an IP address or "
                "localhost before its port"
            ),
        ),
        (
            "endpoint: localhost:4418",
            "tls: {cert_file: x}",
            ("6:9: receivers.otlp.protocols.http.tls: needs one of key_file and key_pem"),
        ),
        (
            "    logs:\n",
            "    log:\n",
            "15:5: service.pipelines.log: log is not a signal known here (did you mean logs?)",
        ),
        (
            "exporters: [blob]",
            "exporters: [bolb]",
            (
                "18:19: service.pipelines.logs.exporters[0]: bolb is not one of the exporters in "
                "this file (did you mean blob?)"
            ),
        ),
        (
            "processors: [redaction]",
            "processors: [redaction, redaction]",
            "17:31: service.pipelines.logs.processors[1]: redaction stands here a second time",
        ),
        (
            "receivers: [otlp]",
            "receivers: []",
            "16:7: service.pipelines.logs.receivers: must name a receiver",
        ),
        (
            "    url: file:./store\n",
            "    encodings: {logs: text_encoding}\n",
            ("12:17: exporters.blob.encodings.logs: is not a text_encoding extension in this file"),
        ),
        (
            "    url: file:./store\n",
            "    container: {logs: Logs_}\n",
            (
                "12:17: exporters.blob.container.logs: must be 3 to 63 lower-case letters, digits "
                "and single hyphens"
            ),
        ),
        (
            "    url: file:./store\n",
            "    blob_name_format: {timezone: Europe/Atlantis}\n",
            (
                "12:24: exporters.blob.blob_name_format.timezone: must be a time zone's IANA "
                "name, such as Europe/Berlin"
            ),
        ),
        (
            "exporters:\n  blob:",
            "connectors: {forward: }\nexporters:\n  blob:",
            "10:1: connectors: connectors are not built yet",
        ),
    ],
)
def test_a_problem_names_its_place_and_the_nearest_known_name(
    before: str, after: str, problem: str
) -> None:
    assert f"c.yaml:{problem}" in problems(SMALL.replace(before, after, 1))


@pytest.mark.parametrize(
    ("exporter", "problem"),
    [
        (
            "auth: {type: connection_string}",
            "auth: type connection_string needs connection_string",
        ),
        (
            "auth: {type: service_principal, client_id: x}",
            "auth: type service_principal needs tenant_id and client_secret",
        ),
        (
            "auth: {type: system_managed_identity}",
            "auth type system_managed_identity needs url, the account's blob endpoint",
        ),
        (
            "auth: {connection_string: x}\n    append_blob: {enabled: true, separator: ','}",
            "append_blob.separator: must be '\\n' or '\\r\\n'",
        ),
        (
            f"auth: {{connection_string: x}}{ZIPPED_WITH_CARRIAGE_RETURNS}",
            "append_blob.separator has no place between compressed frames",
        ),
        ("auth: {connection_string: x}\n    format: xml", "format: must be 'json' or 'proto'"),
        (
            "auth: {connection_string: x}\n    format: proto\n    append_blob: {enabled: true}",
            "format proto has no place in append_blob: its messages are not lines",
        ),
    ],
)
def test_an_azureblob_exporter_says_what_it_lacks(exporter: str, problem: str) -> None:
    text = SMALL.replace("  blob:\n    url: file:./store", f"  azureblob:\n    {exporter}")
    found = problems(text.replace("[blob]", "[azureblob]"))
    assert len(found) == 1
    assert found[0].endswith(problem)


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        SMALL.replace("allow_all_keys", "allow")
        .replace("file:./store", "[]")
        .replace("[otlp]", "[otlq]")
    )
    assert [line.split(": ")[1] for line in problems(text)] == [
        "processors.redaction.allow",
        "exporters.blob.url",
        "service.pipelines.logs.receivers[0]",
    ]


def test_what_does_its_work_otherwise_is_accepted_and_said() -> None:
    text = SMALL.replace("    url: file:./store\n", "    sending_queue: {enabled: true}\n")
    assert [str(note) for note in read(text).notes] == [
        (
            "c.yaml:12:5: exporters.blob.sending_queue: has no effect: the spool keeps segments "
            "and retries until the store has them"
        )
    ]


def test_a_pipeline_without_a_redaction_processor_says_what_still_applies() -> None:
    config = read(SMALL.replace("processors: [redaction]", "processors: []"))
    assert any("the built-in detectors and keys still apply" in str(n) for n in config.notes)


def test_a_signal_s_pipelines_have_classes_of_their_own() -> None:
    second = "    logs/audit: {receivers: [otlp], exporters: [blob]}\n"
    config = read(SMALL + second)
    assert [one.segment_class for one in config.pipelines.values()] == ["logs", "logs-audit"]
    first = SMALL.replace("    logs:\n", "    logs/a:\n") + second
    assert [one.segment_class for one in read(first).pipelines.values()] == ["logs", "logs-audit"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("logs/Audit", "needs a name of lower-case letters, digits and hyphens behind its `/`"),
        ("logs/local", "local is a name that the ledger has for something else"),
    ],
)
def test_a_pipeline_s_name_becomes_a_class_s(name: str, reason: str) -> None:
    text = f"{SMALL}    {name}: {{receivers: [otlp], exporters: [blob]}}\n"
    assert problems(text)[0].endswith(reason)


def test_each_pipeline_takes_from_the_receivers_that_it_names() -> None:
    other = "    traces: {receivers: [otlp, otlp/2], exporters: [blob]}\n"
    second = "receivers:\n  otlp/2: {protocols: {grpc: {endpoint: 127.0.0.1:4319}}}\n"
    config = read(SMALL.replace("receivers:\n", second, 1) + other)
    assert {id_: one.receivers for id_, one in config.pipelines.items()} == {
        "logs": ("otlp",),
        "traces": ("otlp", "otlp/2"),
    }
    assert sorted(config.receivers) == ["otlp", "otlp/2"]


def test_two_receivers_cannot_listen_on_one_address() -> None:
    other = "    traces: {receivers: [otlp/2], exporters: [blob]}\n"
    text = SMALL.replace("receivers:\n", "receivers:\n  otlp/2: {protocols: {grpc: }}\n", 1) + other
    assert "127.0.0.1:4317 is the address of otlp/2 already" in problems(text)[0]


def test_a_pipeline_that_only_counts_stores_nothing_and_is_refused() -> None:
    text = SMALL.replace("  blob:\n    url: file:./store", "  debug: {verbosity: detailed}")
    reason = "must name an exporter that stores what is acknowledged, or sends it on"
    assert problems(text.replace("[blob]", "[debug]"))[0].endswith(reason)
    both = SMALL.replace("  blob:\n", "  debug:\n  blob:\n").replace("[blob]", "[blob, debug]")
    assert read(both).pipelines["logs"].counted


@pytest.mark.parametrize(
    ("options", "strftime"),
    [
        ("logs_format: 2006/logs.json", "%Y/logs.json"),
        ("{logs_format: 2006/logs%.json, time_parser_enabled: false}", "2006/logs%%.json"),
        (
            "{logs_format: v2006/2006/01_x.json, time_parser_ranges: [6-10, 11-13]}",
            "v2006/%Y/%m_x.json",
        ),
        (
            "{logs_format: 2006.json, serial_num_range: 9, template_enabled: true, params: {}}",
            "%Y.json",
        ),
    ],
)
def test_blob_names_are_the_collector_s(options: str, strftime: str) -> None:
    text = SMALL.replace("url: file:./store", f"url: file:./store\n    blob_name_format: {options}")
    if not options.startswith("{"):
        text = text.replace(options, f"{{{options}}}")
    (end,) = read(text).pipelines["logs"].ends
    assert end.name_format(Signal.LOGS) == strftime


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            "{logs_format: '{{.x}}.json', template_enabled: true}",
            (
                "logs_format is a template: a blob holds many requests, so its name comes from no "
                "record"
            ),
        ),
        (
            "{time_parser_ranges: [4-2]}",
            "must be two offsets such as 0-10, the second behind the first",
        ),
        ("{time_parser_ranges: [0-4, 2-6]}", "has time_parser_ranges that overlap"),
    ],
)
def test_names_that_no_blob_can_have_are_refused(options: str, reason: str) -> None:
    text = SMALL.replace("url: file:./store", f"url: file:./store\n    blob_name_format: {options}")
    assert problems(text)[0].endswith(reason)


def test_the_file_exporter_s_options_are_taken_or_refused_with_a_reason() -> None:
    text = SMALL.replace(
        "  blob:\n    url: file:./store", "  file: {path: ./out, group_by: OPTIONS}"
    )
    text = text.replace("[blob]", "[file]")
    options = "{enabled: false}, rotation: {max_days: 3}, append: true, flush_interval: 1s"
    notes = [str(note) for note in read(text.replace("OPTIONS", options)).notes]
    assert sum("has no effect" in note for note in notes) == 3
    found = problems(text.replace("OPTIONS", "{enabled: true}"))
    assert found[0].endswith("must be false: a blob holds many requests, and is no resource's")
