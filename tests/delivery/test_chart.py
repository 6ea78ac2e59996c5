"""The chart as helm renders it: valid Kubernetes, confined, and a configuration that collects."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from ruamel.yaml import YAML
from typer.testing import CliRunner

from mainstem.cli import add_verbs
from mainstem.cli.app import app
from tests.beside import npm_install
from tests.delivery.installed import ROOT, TOOLS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.all

CHART = ROOT / "charts" / "mainstem-collector"
KUBERNETES = ("1.29.0", "1.34.0", "1.37.0")
DEPLOYMENTS = sorted(path.stem for path in (CHART / "ci").glob("*.yaml"))
REGIONS = {"euc": "euc", "replicas": "use", "isolated": "aus"}
Manifest = dict[str, Any]


def helm(
    verb: str, deployment: str, *more: str, kubernetes: str = "1.34.0"
) -> subprocess.CompletedProcess[str]:
    values = CHART / "ci" / f"{deployment}.yaml"
    command = [TOOLS / "helm", verb, *(["otel"] if verb == "template" else []), CHART]
    command += ["--values", values, "--kube-version", kubernetes, "--namespace", "telemetry", *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rendered(deployment: str, *more: str) -> list[Manifest]:
    done = helm("template", deployment, *more)
    assert done.returncode == 0, done.stderr
    return [each for each in YAML(typ="safe").load_all(done.stdout) if each]


def kind(manifests: list[Manifest], name: str) -> Manifest:
    return next(each for each in manifests if each["kind"] == name)


def pod(manifests: list[Manifest]) -> Manifest:
    spec: Manifest = kind(manifests, "StatefulSet")["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_helm_finds_nothing_to_say(deployment: str) -> None:
    done = helm("lint", deployment, "--strict")
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout


@pytest.mark.parametrize("kubernetes", KUBERNETES)
@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_each_object_is_what_kubernetes_knows(
    deployment: str, kubernetes: str, tmp_path: Path
) -> None:
    """By the schemas of the versions, strict: a key that they do not know is refused."""
    done = helm("template", deployment, kubernetes=kubernetes)
    documents = [text for text in done.stdout.split("\n---") if "cert-manager.io/" not in text]
    (tmp_path / "rendered.yaml").write_text("\n---".join(documents))
    command = [TOOLS / "kubernetes-validate", "--strict", "--kubernetes-version", kubernetes]
    valid = subprocess.run(
        [*command, tmp_path / "rendered.yaml"], capture_output=True, text=True, check=False
    )
    said = valid.stdout + valid.stderr
    assert valid.returncode == 0, said
    assert "WARN" not in said
    assert said.count("passed for resource") == len(rendered(deployment)) - done.stdout.count(
        "\nkind: Certificate\n"
    )


@pytest.mark.parametrize("deployment", ["euc", "replicas"])
def test_the_certificate_is_what_cert_manager_knows(deployment: str) -> None:
    package = ROOT / "tests" / "delivery" / "certificates"
    checked = subprocess.run(
        ["node", "--input-type=module", "--eval", (package / "check.mjs").read_text()],
        cwd=npm_install(package),
        input=json.dumps(kind(rendered(deployment), "Certificate")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


@dataclass(frozen=True)
class Mounted:
    """The configuration as the pod sees it, with its places moved into a test's folder."""

    folder: Path

    def write(self, manifests: list[Manifest]) -> None:
        for name, text in kind(manifests, "ConfigMap")["data"].items():
            for place in ("/etc/mainstem", "/run/mainstem", "/var/lib/mainstem"):
                text = text.replace(place, str(self.folder))  # noqa: PLW2901
            (self.folder / name).write_text(text)
        (self.folder / "tls").mkdir()
        authority = trustme.CA()
        issued = authority.issue_cert("otel-mainstem-collector")
        issued.cert_chain_pems[0].write_to_path(self.folder / "tls" / "tls.crt")
        issued.private_key_pem.write_to_path(self.folder / "tls" / "tls.key")
        authority.cert_pem.write_to_path(self.folder / "tls" / "ca.crt")


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_the_collector_takes_the_configuration(
    deployment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HMAC_KEY", "a key of thirty-two bytes or more")
    Mounted(tmp_path).write(rendered(deployment))
    add_verbs(["config"])
    checked = CliRunner().invoke(
        app,
        [
            *("config", "check", str(tmp_path / "collector.yaml")),
            *("--platform", str(tmp_path / "mainstem.yaml")),
            *("--region", REGIONS[deployment], "--json"),
        ],
        catch_exceptions=False,
    )
    report = json.loads(checked.stdout)
    assert checked.exit_code == 0, report
    assert {row["pipeline"] for row in report["rows"]} == {"traces", "logs", "metrics"}
    assert report["warnings"] == []


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_the_pod_may_nothing_that_it_does_not_need(deployment: str) -> None:
    manifests = rendered(deployment)
    spec = pod(manifests)
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    for container in [*spec["containers"], *spec.get("initContainers", [])]:
        confined = container["securityContext"]
        assert confined["readOnlyRootFilesystem"] is True
        assert confined["allowPrivilegeEscalation"] is False
        assert confined["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
    policy = kind(manifests, "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert all(rule["from"] and rule["ports"] for rule in policy["ingress"])
    assert all(rule["to"] and rule["ports"] for rule in policy["egress"])


def test_what_is_acknowledged_lies_on_a_claim_that_outlives_the_release() -> None:
    spec = kind(rendered("euc"), "StatefulSet")["spec"]
    assert spec["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Retain"
    (claim,) = spec["volumeClaimTemplates"]
    mounts = {
        each["name"]: each["mountPath"]
        for each in pod(rendered("euc"))["containers"][0]["volumeMounts"]
    }
    assert mounts[claim["metadata"]["name"]] == "/var/lib/mainstem"
    platform = YAML(typ="safe").load(kind(rendered("euc"), "ConfigMap")["data"]["mainstem.yaml"])
    assert platform["regions"]["euc"]["durability"] == "disk"
    assert platform["regions"]["euc"]["spool"].startswith("/var/lib/mainstem/")


def test_workload_identity_stands_on_the_account_and_on_the_pod() -> None:
    manifests = rendered("euc")
    account = kind(manifests, "ServiceAccount")["metadata"]["annotations"]
    assert account["azure.workload.identity/client-id"].startswith("00000000-")
    labels = kind(manifests, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    assert labels["azure.workload.identity/use"] == "true"


@pytest.mark.parametrize(
    ("deployment", "setting", "reason"),
    [
        ("euc", "replicas=2", "keys.existingSecret"),
        ("euc", "service.type=LoadBalancer", "loadBalancerSourceRanges"),
        ("euc", "region.store=", "region.store is needed"),
        ("euc", "central.store=", "central.store is needed"),
        ("euc", "tls.issuer.name=", "tls.issuer.name is needed"),
        ("replicas", "tls.enabled=false", "clientCertificates needs tls.enabled"),
        ("euc", "networkPolicy.senders=null", "senders"),
        ("euc", "region.durability=memory", "durability"),
        ("euc", "relpicas=2", "relpicas"),
        ("euc", "image.digest=latest", "digest"),
    ],
)
def test_what_would_go_wrong_is_refused(deployment: str, setting: str, reason: str) -> None:
    done = helm("template", deployment, "--set", setting)
    assert done.returncode == 1
    assert reason in done.stderr
