# Every command of the project. `make help` is made from the lines below that carry two hashes.
.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test check format types bench faults lock clean
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

help: ## Say what each command does
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1#\2/p' $(MAKEFILE_LIST) | awk -F'#' '{printf "%-18s %s\n", $$1, $$2}'

demo: base ## Start the whole site with its own bucket and its own Stripe (PORT=9000 moves it)
	@$(BIN)/python -m sandbox --port $(PORT)

demo-reset: base ## Start the demo anew: everything in it is thrown away
	@$(BIN)/python -m sandbox --port $(PORT) --reset

test: dev ## Run every test this machine can run, on SQLite and on PostgreSQL, and name what was left out (COMPLETE=1 tries more)
	@$(BIN)/python -m tests $(if $(COMPLETE),--complete)

check: dev ## Formatting, lint, types, templates, import rules, migrations, settings
	@$(BIN)/python -m tests.check

format: dev ## Format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix --quiet .

bench: dev ## Measure, print the figures and write var/bench.json
	@$(BIN)/python -m bench

faults: dev ## Break things on purpose and count what goes wrong (three hours; RUN="edges silence" for some)
	@$(BIN)/python -m bench.faults $(RUN)

lock: ## Make the hashed locks from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate -q -o requirements/base.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate -q -c requirements/base.txt -o requirements/dev.txt

clean: ## Remove caches; the demo's data and .venv stay
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

.PHONY: base dev
base:
	@$(PYTHON) requirements/install.py base

dev:
	@$(PYTHON) requirements/install.py dev
