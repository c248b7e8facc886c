# Timonel's commands. Only python3 (3.11+), git and make are needed: the rest is installed into .venv.
#   make demo ARGS="--port 8080"      make test ARGS="tests/workloads -k policy"

PYTHON ?= python3
ARGS ?=
RUN := .venv/bin/python
SOURCES := controlplane agents workloads knowledge tests requirements manage.py
WITH_SERVERS := $(RUN) -m tests.servers
# Without stored bytecode each of the many processes would take twice as long to start.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONWARNINGS ?= ignore::UserWarning:platformdirs

.DEFAULT_GOAL := help
.PHONY: help demo up test test-slow test-cluster test-cluster-slow test-exhaustive bench bench-scale bench-knowledge bench-cluster bench-pages check lock install install-dev browser \
	format lint types law templates migrations deployable budgets

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

demo: install ## Install, start everything, deploy the sample application; Ctrl-C stops it
	@$(RUN) manage.py up --demo $(ARGS)

up: install ## Install and start everything, without the sample application
	@$(RUN) manage.py up $(ARGS)

test: install-dev browser ## Run every test that is not slow by nature
	$(RUN) -m pytest -n 4 --dist worksteal -m "not slow and not exhaustive" $(ARGS)

test-slow: install-dev browser ## Run the slow tests: storms, kills, whole installations, the whole story under 50 requests a second
	$(RUN) -m pytest -n 3 --dist worksteal -m "slow and not alone and not cluster" --timeout=1800 $(ARGS)
	$(RUN) -m pytest -m "slow and alone and not cluster" --timeout=1800 $(ARGS)

test-cluster: install-dev ## Run the tests that need a Kubernetes cluster, at the one that KUBECONFIG names
	$(RUN) -m pytest -m "cluster and not slow and not exhaustive" --timeout=900 $(ARGS)

test-cluster-slow: install-dev ## The same, with every kill, every right taken away and two dozen real faults
	$(RUN) -m pytest -m "cluster and slow" --timeout=1800 $(ARGS)

test-exhaustive: install-dev browser ## Ask the API 200 requests an operation as four identities; every naughty string in every field
	$(RUN) -m pytest -n 2 --dist worksteal -m exhaustive --timeout=3600 $(ARGS)

bench: install-dev ## Measure: first and second start with the demo
	$(RUN) -m tests.bench $(ARGS)

bench-scale: install-dev ## Measure the lists of the dashboard with 10,000 applications and 1,000,000 runs
	$(WITH_SERVERS) -m tests.bench_scale

bench-knowledge: install-dev ## Measure the knowledge base: reading beside the bare model, searching beside the exact scan
	$(WITH_SERVERS) -m tests.bench_knowledge

bench-cluster: install-dev ## Measure reading 10,000 pods beside the typed client (ARGS="--real 10000": of a cluster with KWOK)
	$(RUN) -m tests.bench_cluster $(ARGS)

bench-pages: install-dev browser ## Measure the first paint and the weight of every kind of page
	$(RUN) -m pytest -m slow tests/journeys/test_first_paint.py $(ARGS)

check: install-dev format lint types law templates migrations deployable budgets ## Check the house: style, types, law, settings, budgets
	@echo "The house is in order"

lock: install-dev ## Write the pinned requirements from base.in and dev.in
	cd requirements && ../.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header $(ARGS) base.in -o base.txt
	cd requirements && ../.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header $(ARGS) dev.in -o dev.txt

install:
	@$(PYTHON) requirements/install.py base

install-dev:
	@$(PYTHON) requirements/install.py base dev

browser: install-dev
	@$(RUN) -m tests.browser

format:
	$(RUN) -m ruff format --check .

lint:
	$(RUN) -m ruff check .

types:
	$(RUN) -m mypy $(SOURCES)

law:
	.venv/bin/lint-imports

templates:
	.venv/bin/djlint templates --check --lint --quiet

migrations:
	$(WITH_SERVERS) manage.py makemigrations --check --dry-run

deployable:
	$(RUN) -m tests.deployable

budgets:
	$(RUN) -m tests.budgets
