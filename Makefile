# Every verb of the house; CI and people call the same ones.
VENV := .venv
BIN := $(VENV)/bin
UV := .tools/bin/uv

.PHONY: setup demo test test-all prove bench format lint clean
.DEFAULT_GOAL := help

help: ## Show the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## Make .venv with mainstem in it

$(UV):
	python3 -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

$(VENV)/.ready: pyproject.toml uv.lock Cargo.toml Cargo.lock $(shell find rust -name '*.rs' -o -name Cargo.toml) | $(UV)
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --frozen
	@touch $@

test: setup ## Pass every test that needs nothing but this repository
	cargo test --workspace --locked --quiet
	$(BIN)/pytest -n 2 -m "not all and not prove"

format: setup ## Format Rust, Python and SQL
	cargo fmt --all
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: setup ## Check formats, types, layers and styles
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
