# `make` alone lists the targets. No setup is needed: each target creates what it needs.
.DEFAULT_GOAL := help
.SUFFIXES:
SHELL := /bin/sh

VENV_PYTHON := .venv/bin/python
# Provider keys and addresses never reach a test: each is unset, and no settings file is read.
# Compiled modules are kept: Temporal's sandbox imports them again for each workflow, and each session for all tests.
SCRUB := env -u XAI_API_KEY -u XAI_API_BASE -u WAVESPEED_API_KEY -u WAVESPEED_API_BASE -u DATABASE_URL \
	-u TEMPORAL_ADDRESS -u TEMPORAL_API_KEY -u PYTHONDONTWRITEBYTECODE PROMPTMILL_ENV_FILE= PROMPTMILL_SIMULATED_ONLY=true

.PHONY: help up monitor test chaos drills bench check types runbooks format lock sbom audit smoke histories screenshots clean typed-ports venv venv-dev

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: typed-ports venv ## Run the whole stack on this machine: Postgres, Temporal, simulators, worker, API
	@$(VENV_PYTHON) -m promptmill up

monitor: venv ## Watch what `make up` runs: Prometheus, Alertmanager and, where it is installed, Grafana
	@$(VENV_PYTHON) -m promptmill monitor

# Parallel sessions, each with its own servers: tests mostly wait, so more sessions than processors pay off.
SESSIONS ?= 6

test: venv-dev ## Run all tests against their own real servers (ARGS="-k cancel" for some, ARGS=tests/unit/test_docs.py SESSIONS=1 for one file)
	@$(SCRUB) $(VENV_PYTHON) -m tests.compiled
	@$(SCRUB) $(VENV_PYTHON) -m pytest -n $(SESSIONS) --dist worksteal $(ARGS)

chaos: venv-dev ## Break everything while 1,000 jobs run, then audit (ARGS="--jobs 300 --seed 8" for another run)
	@$(SCRUB) $(VENV_PYTHON) -m tests.chaos $(ARGS)

# Those in tests/drills/ci and tests/drills/page take a few minutes each, and CI runs them after the suite.
DRILLS ?= tests/drills

drills: venv-dev ## Prove at full size what `make test` proves in small: budget race, random reports, releases, endings of `make up`, every alert, every corner of the page (DRILLS=tests/drills/page ARGS="-n 6")
	@$(SCRUB) $(VENV_PYTHON) -m pytest -o python_files="drill_*.py" $(DRILLS) --show-capture=no $(ARGS)

histories: venv-dev ## Record the histories that `make test` replays, after a deliberate change to a workflow
	@$(SCRUB) $(VENV_PYTHON) -m pytest tests/replay/record.py

bench: venv-dev ## Benchmark against a bare Temporal workflow, and the API and the page on their own (ARGS=--quick)
	@$(SCRUB) $(VENV_PYTHON) -m tests.bench $(ARGS)

screenshots: venv-dev ## Retake the user guide's screenshots and the pictures that the page's appearance is compared with, after a deliberate change to the page (needs Chromium)
	@$(SCRUB) $(VENV_PYTHON) -m pytest tests/screenshots/take.py $(ARGS)

check: venv-dev ## Lint, format, types (Python and the page), import contracts, migrations
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .
	@$(VENV_PYTHON) -m mypy
	@.venv/bin/lint-imports --no-cache
	@$(VENV_PYTHON) -m tests.migration_lint
	@$(VENV_PYTHON) -m tests.node tsc

types: venv-dev ## Regenerate what clients and the page know of the API, after a deliberate change to a request or a response
	@$(VENV_PYTHON) -m tests.api_types
	@$(VENV_PYTHON) -m tests.client_models

runbooks: venv-dev ## Regenerate docs/runbooks, after a change of an alert or of its words (deploy/monitoring/runbooks.toml)
	@$(VENV_PYTHON) -m tests.runbooks

format: venv-dev ## Fix and format the code
	@$(VENV_PYTHON) -m ruff check --fix-only .
	@$(VENV_PYTHON) -m ruff format .

lock: venv-dev ## Lock the packages of pyproject.toml and package.json with hashes (ARGS=--upgrade for newer Python packages)
	@$(VENV_PYTHON) -m uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-header --quiet $(ARGS) -o requirements.txt
	@$(VENV_PYTHON) -m uv pip compile pyproject.toml --extra tracing --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-header --quiet $(ARGS) -c requirements.txt -o requirements-tracing.txt
	@$(VENV_PYTHON) -m uv pip compile pyproject.toml --group dev --extra tracing --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-header --quiet $(ARGS) -c requirements-tracing.txt -o requirements-dev.txt
	@$(VENV_PYTHON) -m uv pip compile --group pyproject.toml:supply --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-header --quiet $(ARGS) -o requirements-supply.txt
	@$(VENV_PYTHON) -m uv pip compile --group pyproject.toml:generator --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-header --quiet $(ARGS) -o requirements-generator.txt
	@$(VENV_PYTHON) -m tests.node npm install --package-lock-only --loglevel=error

sbom: venv-dev ## Write the bill of materials of what is shipped to build/sbom.json (CycloneDX, from the lock)
	@$(VENV_PYTHON) -m tests.supply sbom

audit: venv-dev ## Ask for known vulnerabilities of the locked packages; says so if nobody answered
	@$(VENV_PYTHON) -m tests.supply audit

smoke: venv ## Test the configured running API with a few requests (PROMPTMILL_URL names another)
	@$(VENV_PYTHON) -m promptmill smoke

clean: ## Delete .venv, node_modules and caches; keeps the data in .promptmill
	rm -rf .venv node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

typed-ports:
	@python=$$(PYTHON="$(PYTHON)" .ci/find-python) && "$$python" -I promptmill/local/typed_ports.py

venv:
	@python=$$(PYTHON="$(PYTHON)" .ci/find-python) && "$$python" -I promptmill/local/install.py requirements.txt

venv-dev:
	@python=$$(PYTHON="$(PYTHON)" .ci/find-python) && "$$python" -I promptmill/local/install.py requirements-dev.txt
	@cmp -s package-lock.json node_modules/.installed-lock || { \
		echo "Installing package-lock.json …" && \
		$(VENV_PYTHON) -m tests.node npm ci --loglevel=error && cp package-lock.json node_modules/.installed-lock; }
