# Every verb of the house; CI, pre-commit and people call the same ones.
SHELL := /bin/bash
BIN := .venv/bin
UV := .tools/bin/uv
RUST := $(shell find rust -name '*.rs' -o -name Cargo.toml)

.DEFAULT_GOAL := help
.PHONY: help tools setup demo test test-all prove peers spark delivery terraform browser pictures bench bench-models bench-collector format lint docs clean

help: ## Show the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

tools:
	@scripts/check-tools

$(UV): | tools
	python3 -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

# uv builds the Rust core in release mode and puts it into .venv with everything else that is locked.
.venv/.ready: pyproject.toml uv.lock Cargo.toml Cargo.lock $(RUST) | $(UV)
	UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --frozen
	@touch $@

setup: .venv/.ready ## Make .venv with mainstem in it

# The extra, and the jars of Delta from Maven Central.
.tools/spark/.ready: .venv/.ready scripts/spark/pom.xml
	@scripts/check-tools spark
	UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --frozen --inexact --extra spark
	mvn -q -B -f scripts/spark/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/.tools/spark
	@touch $@

spark: .tools/spark/.ready ## Add Spark with Delta (needs Java 17 and Maven)

# In an environment of their own: no test of the product needs them.
.tools/delivery/.ready: scripts/delivery/install scripts/delivery/requirements.txt | $(UV)
	@scripts/check-tools delivery
	scripts/delivery/install
	@touch $@

delivery: .tools/delivery/.ready ## Add the linters of images, charts and workflows (needs Go)

# Also in an environment of its own, since Terraform's protocol wants an older protobuf.
.tools/terraform/.ready: scripts/terraform/install $(wildcard tools/terraform-provider-stub/*)
	scripts/terraform/install
	@touch $@

terraform: .tools/terraform/.ready ## Add Terraform and a stub of azurerm, to check terraform/ without Azure

demo: setup ## Run the main job: four regions, from instrumented products to answers
	$(BIN)/python -m examples.contoso.demo

test: setup ## Pass every test that needs nothing but this repository
	cargo test --workspace --locked --quiet
	$(BIN)/pytest -n 2 --dist loadfile -m "not all and not prove"

# Playwright drives the system's own Chromium over the pages.
.tools/.browser: .venv/.ready
	@scripts/check-tools browser
	UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --frozen --inexact --group browser
	@touch $@

browser: .tools/.browser ## Add what drives Chromium over the pages (needs Chromium)

pictures: browser ## Take the dashboard's pictures in docs/ from what `make demo` left
	$(BIN)/python scripts/pictures.py demo/mainstem.yaml docs/pictures

test-all: setup spark delivery terraform browser ## The rest: foreign parts, and the demo as a test
	$(BIN)/pytest -m "all and not prove"

prove: setup peers ## The long campaigns: kills, crashes, corruption, fuzzing, soak
	MAINSTEM_CAMPAIGN=long cargo test --workspace --locked --release
	$(BIN)/pytest -m prove --timeout 7200

peers: ## Build the OpenTelemetry Collector that mainstem is compared with (needs Go)
	bench/peers/build

bench: setup ## Measure the core, the load and the collector, side by side with others
	UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --frozen --inexact --group bench
	$(BIN)/python -m bench.core
	$(BIN)/python -m bench.load
	$(BIN)/python -m bench.reading
	$(BIN)/python -m bench.collector

bench-models: setup ## Measure load and build at three scales and on each engine: OPTIONS="--tenants 200"
	$(BIN)/python -m bench.models $(OPTIONS)

bench-collector: setup peers ## Measure collectors side by side: OPTIONS="--seconds 1 --cells grpc,100"
	$(BIN)/python -m bench.collector $(OPTIONS)

format: setup ## Format Rust, Python and SQL
	cargo fmt --all
	cargo fmt --manifest-path rust/fuzz/Cargo.toml
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --quiet dbt

lint: setup ## Check formats, types, layers, models and the stub of the core
	cargo fmt --all --check
	cargo fmt --manifest-path rust/fuzz/Cargo.toml --check
	cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m mypy.stubtest mainstem._core
	$(BIN)/sqlfluff lint dbt

docs: setup ## Write the generated pages of docs/ anew
	$(BIN)/python -m mainstem.cli.reference docs/cli.md
	$(BIN)/python -m mainstem.config.schema docs/mainstem.schema.json
	$(BIN)/python -m mainstem.config.collector.reference docs/collector-settings.md

clean: ## Remove what the verbs made
	rm -rf .venv .tools target demo bench/peers/_build
