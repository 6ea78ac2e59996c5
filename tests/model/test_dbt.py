"""What is made of dbt's artifacts and of its complaints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mainstem.errors import Transient
from mainstem.model.dbt import BuildError, NodeResult, _failure, _without_values, read_results

if TYPE_CHECKING:
    from pathlib import Path

NODE = {
    "name": "dim_tenant",
    "resource_type": "model",
    "original_file_path": "models/marts/dim_tenant.sql",
    "schema": "gold",
    "description": "One row\nper tenant.",
    "config": {"materialized": "table", "meta": {"publish": "gold"}},
}
TEST = {
    "name": "one_row_per_dim_tenant",
    "resource_type": "test",
    "original_file_path": "models/marts/dim_tenant.yml",
    "attached_node": "model.mainstem.dim_tenant",
    "config": {"materialized": "test"},
}


def write_artifacts(target: Path, results: list[dict[str, object]]) -> None:
    nodes = {"model.mainstem.dim_tenant": NODE, "test.mainstem.one_row_per_dim_tenant.1": TEST}
    (target / "manifest.json").write_text(json.dumps({"nodes": nodes}))
    (target / "run_results.json").write_text(json.dumps({"results": results}))


def test_results_carry_what_the_manifest_knows(tmp_path: Path) -> None:
    write_artifacts(
        tmp_path,
        [
            {
                "unique_id": "model.mainstem.dim_tenant",
                "status": "success",
                "execution_time": 0.5,
                "failures": None,
                "message": "OK",
            },
            {
                "unique_id": "test.mainstem.one_row_per_dim_tenant.1",
                "status": "fail",
                "execution_time": 0.1,
                "failures": 2,
                "message": "Got 2 results",
            },
            {"unique_id": "operation.mainstem.on-run-start-0", "status": "success"},
        ],
    )
    model, test = read_results(tmp_path)
    assert (model.kind, model.publish, model.description) == (
        "model",
        "gold",
        "One row per tenant.",
    )
    assert model.passed
    assert (test.tested, test.failures, test.passed) == ("dim_tenant", 2, False)


def test_values_are_cut_from_a_databases_message() -> None:
    message = "Conversion Error: Could not convert string 'alice@example.com' to INT32\nLINE 1"
    assert "alice" not in _without_values(message)
    assert "to INT32" in _without_values(message)
    assert _without_values("Binder Error: no column 'x'") == "Binder Error: no column 'x'"


def result(status: str, message: str = "") -> NodeResult:
    return NodeResult(
        "dim_tenant", "model", status, 0, "models/dim_tenant.sql", "table", "gold", 0, message
    )


def test_skipped_models_are_counted_and_not_listed() -> None:
    error = _failure([result("error", "Binder Error: no"), result("skipped")], [])
    assert isinstance(error, BuildError)
    assert "1 of 2 models and tests failed" in str(error)
    assert "1 that depend on them were skipped" in str(error)


def test_a_lock_is_transient_wherever_it_is_met() -> None:
    assert isinstance(_failure([], ["IO Error: Could not set lock on file"]), Transient)
    assert isinstance(_failure([result("error", "Could not set lock on file")], []), Transient)
