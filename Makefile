# Works with Python 3.11 or newer, pip and make. Node and npm are needed by the interop tests alone.

PYTHON ?= python3
ARGS ?=
PEERS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PACKAGE := pyproject.toml hatch_build.py
# Modules are compiled once, even where the environment says that Python writes no bytecode: tests start many processes.
# Four workers on few cores too, because many tests wait more than they work.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses 4 --dist worksteal
NODE := $(shell command -v node >/dev/null && command -v npm >/dev/null && echo yes)
INTEROP := $(if $(NODE),tests/interop/node_modules/.package-lock.json)
OTHERS := $(VENV)/.bench $(VENV)/.bench-apart $(if $(NODE),benchmarks/node/node_modules/.package-lock.json)
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make pins"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup serve test check bench pins clean

help: ## Show the tasks
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.corral ## Make .venv with .venv/bin/corral

serve: setup ## Run the server; ARGS="--port 9000" are its flags
	@exec $(BIN)/corral serve $(ARGS)

test: setup $(VENV)/.dev $(INTEROP) ## Run every test
ifeq ($(NODE),)
	@echo "Without Node and npm these tests are left out: tests/interop"
	CORRAL_NO_NODE=1 $(PYTEST) $(ARGS)
else
	$(PYTEST) $(ARGS)
endif

check: setup $(VENV)/.dev ## Lint, check the format, the types and the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: setup $(INTEROP) $(if $(PEERS),$(OTHERS)) ## Compare corral with BullMQ; PEERS=1 with other queues too
	$(BIN)/python -m benchmarks $(ARGS)

pins: ## Choose the versions in requirements/ anew (needs uv)
	$(COMPILE) pyproject.toml --upgrade --output-file requirements/runtime.txt
	$(COMPILE) pyproject.toml --upgrade --group dev --output-file requirements/dev.txt
	$(COMPILE) requirements/bench.in --upgrade --output-file requirements/bench.txt
	$(COMPILE) requirements/bench-apart.in --upgrade --output-file requirements/bench-apart.txt

clean: ## Remove everything that the tasks above made, but no data
	rm -rf $(VENV) build dist tests/interop/node_modules benchmarks/node/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "corral needs Python 3.11 or newer: make PYTHON=...")'
	@# Debian keeps ensurepip in a package of its own; then the pip at hand fills the environment.
	@$(PYTHON) -m venv $(VENV) >/dev/null || { $(PYTHON) -m venv --clear --without-pip $(VENV) && \
		$(PYTHON) -m pip --quiet --python $(BIN)/python install pip; }

$(VENV)/.runtime: requirements/runtime.txt | $(BIN)/python
	$(PIP) install --require-hashes -r $<
	@touch $@

$(VENV)/.corral: $(PACKAGE) $(VENV)/.runtime
	$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/.runtime
	$(PIP) install --require-hashes -r $<
	@touch $@

# The other queues want versions of their own, and not all the same: so they have two environments of their own.
$(VENV)/.bench $(VENV)/.bench-apart: $(VENV)/.%: requirements/%.txt | $(BIN)/python
	@$(PYTHON) -m venv $(VENV)/$*
	$(VENV)/$*/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r $<
	@touch $@

%/node_modules/.package-lock.json: %/package-lock.json
	npm ci --prefix $* --ignore-scripts --loglevel=error
	@touch $@
