# `make` alone lists what there is. Nothing needs to be set up before: each target makes what it needs.
.DEFAULT_GOAL := help
.SUFFIXES:
SHELL := /bin/sh

VENV_PYTHON := .venv/bin/python
# Provider keys and addresses never reach a test: `env -u` each, and no settings file.
SCRUB := env -u XAI_API_KEY -u XAI_API_BASE -u WAVESPEED_API_KEY -u WAVESPEED_API_BASE -u DATABASE_URL \
	-u TEMPORAL_ADDRESS -u TEMPORAL_API_KEY PROMPTMILL_ENV_FILE= PROMPTMILL_SIMULATED_ONLY=true

.PHONY: help up test chaos bench check format lock smoke histories screenshots clean venv venv-dev

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: venv ## Start everything on this machine: Postgres, Temporal, simulators, worker, API
	@$(VENV_PYTHON) -m promptmill up

# Sessions at once, each with servers of its own: tests mostly wait, so more than there are processors pay off.
SESSIONS ?= 4

test: venv-dev ## Run all tests on real servers of their own (ARGS="-k cancel" for some, ARGS=tests/unit/test_docs.py SESSIONS=1 for one file)
	@$(SCRUB) $(VENV_PYTHON) -m pytest -n $(SESSIONS) --dist worksteal $(ARGS)

chaos: venv-dev ## Break everything while 1,000 jobs run, then audit (ARGS="--jobs 300 --seed 8" for another run)
	@$(SCRUB) $(VENV_PYTHON) -m tests.chaos $(ARGS)

histories: venv-dev ## Record the histories that `make test` replays, after a wanted change of a workflow
	@$(SCRUB) $(VENV_PYTHON) -m pytest tests/replay/record.py

bench: venv-dev ## Measure against a bare Temporal workflow, the API and the page by themselves (ARGS=--quick)
	@$(SCRUB) $(VENV_PYTHON) -m tests.bench $(ARGS)

screenshots: venv-dev ## Take the user guide's pictures anew, after a wanted change of the page (needs Chromium)
	@$(SCRUB) $(VENV_PYTHON) -m pytest tests/screenshots/take.py $(ARGS)

check: venv-dev ## Lint, format, types, import contracts
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .
	@$(VENV_PYTHON) -m mypy
	@.venv/bin/lint-imports --no-cache

format: venv-dev ## Bring the code into form
	@$(VENV_PYTHON) -m ruff check --fix-only .
	@$(VENV_PYTHON) -m ruff format .

lock: venv-dev ## Lock the packages of pyproject.toml, with hashes (ARGS=--upgrade for newer ones)
	@$(VENV_PYTHON) -m uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-header --quiet $(ARGS) -o requirements.txt
	@$(VENV_PYTHON) -m uv pip compile pyproject.toml --group dev --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-header --quiet $(ARGS) -c requirements.txt -o requirements-dev.txt

smoke: venv ## Try the running API of the settings with a few requests (PROMPTMILL_URL names another)
	@$(VENV_PYTHON) -m promptmill smoke

clean: ## Delete .venv and caches; the data in .promptmill stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv:
	@python=$$(PYTHON="$(PYTHON)" .ci/find-python) && "$$python" -I promptmill/local/install.py requirements.txt

venv-dev:
	@python=$$(PYTHON="$(PYTHON)" .ci/find-python) && "$$python" -I promptmill/local/install.py requirements-dev.txt
