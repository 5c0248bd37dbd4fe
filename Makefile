# Two commands on a fresh machine: `make up` runs the desk, `make test` the whole suite.
# Needs Python 3.11 to 3.13 and make; everything else is installed into .venv.

SHELL := /bin/sh
PY := .venv/bin/python
NICE ?=

.PHONY: help up test proof check lint types imports migrations browser install install-dev clean

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

up: install ## Install what is missing, then run the desk (ARGS="--port 8001" adds options)
	@exec $(PY) manage.py up $(ARGS)

test: install-dev browser ## Install what is missing, then run every law, sampled (ARGS="-k word -n 0")
	@exec $(NICE) $(PY) -m pytest -n auto --dist loadgroup --no-loadscope-reorder -m "not proof" $(ARGS)

proof: install-dev browser ## The same laws over many seeds, kills, null tests and sweeps; takes long
	@exec $(NICE) $(PY) -m pytest -n auto --dist loadgroup --no-loadscope-reorder \
		--hypothesis-profile proof -m "proof or hypothesis" $(ARGS)

check: lint types imports migrations test ## Every gate, then the tests

lint: install-dev ## ruff: style, errors, format
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: install-dev ## mypy --strict on domain, ports and services, checked elsewhere
	$(PY) -m mypy

imports: install-dev ## The layers of the architecture
	.venv/bin/lint-imports

migrations: install-dev ## Django checks; models and migrations agree
	$(PY) manage.py check --settings config.settings.test --fail-level WARNING
	$(PY) manage.py makemigrations --check --dry-run --settings config.settings.test

install: ## The virtual environment with requirements.txt; kernels compile in the background
	@sh scripts/install.sh requirements.txt
	@nohup $(PY) manage.py kernels </dev/null >/dev/null 2>&1 &

install-dev: ## The same with requirements-dev.txt
	@sh scripts/install.sh requirements-dev.txt

browser: install-dev ## A Chromium for the browser tests
	@sh scripts/browser.sh

clean: ## Remove the virtual environment and caches; what the desk wrote stays in var/
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
