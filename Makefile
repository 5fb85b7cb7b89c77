# The habits of this project: `make run`, `make test`, `make check`, `make bench`, `make docs`.
# Everything happens in .venv, made from the lock files; nothing else is needed but Python 3.11 and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

# Node trusts what the machine trusts, as pip and git do: behind a proxy of one's own npm fails without.
CERTIFICATES := $(wildcard /etc/ssl/certs/ca-certificates.crt)
ifneq ($(CERTIFICATES),)
export NODE_EXTRA_CA_CERTS ?= $(CERTIFICATES)
endif

unexport PYTHONDONTWRITEBYTECODE  # without compiled modules the tests take half as long again

# Tests wait for something half of the time, so that two of them share a core.
export PYTEST_XDIST_AUTO_NUM_WORKERS ?= $(shell expr 2 \* $$(nproc 2>/dev/null || echo 2))

.DEFAULT_GOAL := help
.PHONY: help run package flood cascade node test postgres long truth contract page browser soak chaos cluster conformance check fix rules bench docs lock clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/run.stamp: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "liqbot needs Python 3.11 or newer: make run PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --requirement requirements.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	$(PIP) install --requirement requirements-dev.txt
	@touch $@

run: $(VENV)/run.stamp  ## start the bot: the simulated market and the console chat, or what liqbot.toml says
	@$(BIN)/liqbot run

test: $(VENV)/dev.stamp  ## run the tests; `make long` runs those that take long
	$(BIN)/pytest -n auto

postgres: $(VENV)/dev.stamp  ## run the tests that need PostgreSQL, kill suite and crash suite in short among them (installs Debian's)
	tests/store/postgres/postgresql.sh >/dev/null
	$(BIN)/pytest -n auto -m "postgres and not long"
	$(BIN)/pytest -n 0 -m "postgres and long"

long: $(VENV)/dev.stamp  ## run the tests that take long: whole days of markets, what the docs tell to type
	$(BIN)/pytest -n auto -m "long and not postgres"

truth: $(VENV)/dev.stamp  ## read all positions by brute force: no cluster is lacking, and none ended that had not
	LIQBOT_TEST_WHOLE=1 $(BIN)/pytest -n auto -rP --timeout 1800 tests/engine/test_no_cluster_is_lacking.py tests/engine/test_no_end_is_unexplained.py

contract: $(VENV)/dev.stamp  ## ask the public API whatever its OpenAPI document allows, and what it does not
	$(BIN)/pytest tests/web/openapi_contract.py

PAGE := liqbot/web/page
BROWSER := tests/web/browser

node: $(PAGE)/node_modules/.package-lock.json $(BROWSER)/node_modules/.package-lock.json  ## fetch what the page is built and tried with

%/node_modules/.package-lock.json: %/package-lock.json
	npm ci --prefix $* --no-progress
	@touch $@

page: $(PAGE)/node_modules/.package-lock.json  ## check and build the live page; fails where that is not what is committed (needs Node 20)
	npm run --silent --prefix $(PAGE) check
	npm run --silent --prefix $(PAGE) build

browser: $(VENV)/dev.stamp $(PAGE)/node_modules/.package-lock.json $(BROWSER)/node_modules/.package-lock.json  ## try the live page and the documentation site in Chromium (needs Node 20; installs Chromium where there is none)
	$(BIN)/mkdocs build --strict --quiet
	node $(BROWSER)/build.mjs
	CHROMIUM=$$($(BROWSER)/chromium.sh) && export CHROMIUM && \
	  LIQBOT=$(abspath $(BIN)/liqbot) PYTHON=$(abspath $(BIN)/python) node --test --test-concurrency=1 $(BROWSER)/page.test.mjs && \
	  SITE=$(abspath site) node --test $(BROWSER)/site.test.mjs

conformance: $(VENV)/dev.stamp  ## drive the counterparts with other people's clients, unchanged (needs Node 20)
	@for script in tests/counterparts/conformance/*.py; do \
	  PYTHONPATH=tests $(BIN)/python $$script || exit 1; \
	done

soak: $(VENV)/dev.stamp  ## search on for counter-examples, then kill the bot in the middle of a broadcast, again and again
	HYPOTHESIS_PROFILE=soak $(BIN)/pytest -n auto -m hypothesis
	PYTHONPATH=tests $(BIN)/python -m crash

cluster: $(VENV)/dev.stamp  ## kill the processes of a bot on PostgreSQL at random during broadcasts (installs PostgreSQL where there is none)
	tests/store/postgres/postgresql.sh >/dev/null
	PYTHONPATH=tests $(BIN)/python -m cluster

package: $(VENV)/dev.stamp  ## build sdist and wheel, and use them as a newcomer does, in an empty environment
	tests/packaged.sh

chaos: $(VENV)/dev.stamp  ## an hour of faults at random on both platforms, with kill -9 in between; counts what came of it
	PYTHONPATH=tests $(BIN)/python -m chaos

check: $(VENV)/dev.stamp  ## lint, types, import contract, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m docs.check

fix: $(VENV)/dev.stamp  ## mend what lint and the generated docs can mend themselves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m docs.check --write

docs: $(VENV)/dev.stamp  ## build the documentation site into site/; anything dubious is an error
	$(BIN)/python -m docs.check
	$(BIN)/mkdocs build --strict --quiet

rules:  ## check the alert rules for Prometheus, and which figures raise them (fetches Debian's promtool where there is none)
	PROMTOOL=$$(tests/docs/promtool.sh) && \
	  "$$PROMTOOL" check rules deploy/prometheus-rules.yaml && \
	  "$$PROMTOOL" test rules tests/docs/prometheus-rules.test.yaml

bench: $(VENV)/dev.stamp  ## measure, and print the table of README.md
	$(BIN)/python -m benchmarks

flood: $(VENV)/dev.stamp  ## flood a bot with commands, subscriptions and pictures, and measure what others wait
	PYTHONPATH=tests $(BIN)/python -m benchmarks.flooding $(FLOODS)

cascade: $(VENV)/dev.stamp  ## let hundreds of different alerts fire at once, and measure what chats wait
	PYTHONPATH=tests $(BIN)/python -m benchmarks.crowding

lock: $(VENV)/dev.stamp  ## renew the lock files from pyproject.toml
	$(PIP) install uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --group build --output-file requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --group dev --constraint requirements.txt \
	  --output-file requirements-dev.txt pyproject.toml

clean:  ## remove the environment and every cache
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis build dist site
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
