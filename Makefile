# One target a chore; CI runs the same ones. `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# Tests start our program again and again: it is compiled once, whatever the shell says.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
BIN := $(VENV)/bin
CONSOLE := src/sightline/console/index.html
TEST_PROCESSES := 3
WEB_SOURCES := $(shell find web \( -name node_modules -o -name dist \) -prune -o -type f -print 2>/dev/null)

.PHONY: help
help: ## List the chores
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/.ready-to-run $(CONSOLE) ## Start everything with a demonstration camera, and open the console
	@exec $(BIN)/sightline demo $(DEMO_FLAGS)

.PHONY: test
test: system-packages lint $(CONSOLE) web-check ## Set up what the tests need, then run all of them
	$(BIN)/pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

.PHONY: soak
soak: $(VENV)/.ready-to-test ## What delivery promises, provoked for minutes and counted; 100,000 fuzzed frames
	$(BIN)/python -m tests.soak $(SOAK_FLAGS)
	SIGHTLINE_TEST_FUZZED_FRAMES=100000 $(BIN)/pytest tests/integration/test_attacks.py -k fuzzed -s

.PHONY: test-cluster
test-cluster: $(VENV)/.ready-to-test ## Three gateways, three engines, PostgreSQL, Redis: kill each, and count
	$(BIN)/python -m tests.cluster $(CLUSTER_FLAGS)

.PHONY: lint
lint: $(VENV)/.ready-to-test ## Style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: web-check
web-check: web/node_modules/.package-lock.json ## Style, types and tests of the console
	cd web && npm run check

.PHONY: console
console: $(CONSOLE) ## Build the console into the package

.PHONY: bench-pipeline
bench-pipeline: $(VENV)/.ready-to-test $(CONSOLE) ## Cameras a core and alert latency, beside the naive loop
	$(BIN)/python -m bench.pipeline

.PHONY: bench-recognition
bench-recognition: $(VENV)/.ready-to-test ## Errors of recognition on pictures and clips with a known truth, by tier
	$(BIN)/python -m bench.recognition

.PHONY: bench-search
bench-search: $(VENV)/.ready-to-test ## Search in the past among up to a million templates, beside numpy and faiss Flat
	$(BIN)/python -m bench.search

.PHONY: bench-frames
bench-frames: $(VENV)/.ready-to-test ## Frames a second through /ws, by number of clients
	$(BIN)/python -m bench.frames

.PHONY: bench-video
bench-video: $(VENV)/.ready-to-test $(CONSOLE) ## CPU a camera by way in, delay of live view, cost of viewers, memory
	$(BIN)/python -m bench.video $(VIDEO_FLAGS)

.PHONY: bench-workstations
bench-workstations: $(VENV)/.ready-to-test $(CONSOLE) ## 150 workstations on five engines: verdicts, how soon, and why
	$(BIN)/python -m bench.workstations

.PHONY: bench-cluster
bench-cluster: $(VENV)/.ready-to-test $(CONSOLE) ## What 1, 2, 3 gateways accept and deliver, and as many engines analyse
	$(BIN)/python -m bench.cluster $(CLUSTER_FLAGS)

.PHONY: bench-fanout
bench-fanout: $(VENV)/.ready-to-test ## Deliveries a CPU second, beside Node's ws and socket.io; delays; idle connections
	@scripts/check-node
	$(BIN)/python -m bench.fanout

.PHONY: docs
docs: $(VENV)/.ready-to-run ## Write the reference pages that come from the code
	$(BIN)/python -m scripts.reference

.PHONY: system-packages
system-packages:
	@scripts/system-packages

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf $(VENV) build dist src/sightline/console web/node_modules web/*/*/node_modules web/*/*/dist \
	  .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# ── what the chores stand on ──────────────────────────────────────────────────────────────────────────────────────

$(BIN)/python:
	@scripts/make-venv $(VENV)

$(VENV)/.ready-to-run: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.ready-to-test: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@ $(VENV)/.ready-to-run

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	@scripts/check-node
	cd web && npm ci --no-audit --no-fund
	@touch $@

$(CONSOLE): web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run build
	@touch $@
