# `make run` and `make test` need only Python 3.11+, make and git (and Chromium for the browser tests).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tools that attack; wapiti among them needs Python 3.12, which pyenv may have without showing it.
ATTACK := .venv-attack
OF_PYENV = $(firstword $(wildcard $(HOME)/.pyenv/versions/3.1[2-9].*/bin/python3) none)
UV := $(BIN)/uv
UV_VERSION := 0.13.9
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# Many tests wait for servers that start and die, so with more of them than there are cores the cores are busy.
WORKERS := $(shell echo $$(( $(CORES) + ($(CORES) + 1) / 2 )))
COMPILE := $(UV) pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --generate-hashes
# Containers often forbid Python to keep what it has compiled, and each start would compile all of ours anew.
unexport PYTHONDONTWRITEBYTECODE
SECRET = $(shell head -c 48 /dev/urandom | base64)
# Nothing is connected to: these only have to look like a complete configuration.
PRODUCTION = DEBUG=false SECRET_KEY='$(SECRET)' JWT_SECRET='$(SECRET)' ALLOWED_HOSTS=howtoai.example \
	DATABASE_URL=postgres://howtoai@localhost/howtoai REDIS_URL=redis://localhost

.PHONY: run test check contract roll attack chaos format lock clean help

run: $(VENV)/.installed ## start the platform on http://127.0.0.1:8000 (PORT and HOST choose another)
	@exec $(BIN)/python manage.py up

test: $(VENV)/.installed-dev ## run all tests, on a PostgreSQL and a Valkey of their own (ARGS go to pytest)
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

contract: $(VENV)/.installed-dev ## send the API what its schema allows and forbids, for ten minutes, on loopback
	@$(BIN)/python -m tests.contract.long_run $(ARGS)

roll: $(VENV)/.installed-dev ## restart what systemd would run behind nginx, under load; no request may fail (needs nginx)
	@$(BIN)/python -m pytest -m rolling tests/deploy --numprocesses 0 -rs -s $(ARGS)

check: $(VENV)/.installed-dev ## lint, types, import directions, templates, migrations, production settings
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@DEBUG=true $(BIN)/mypy .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/djlint --lint --quiet templates
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

attack: $(VENV)/.installed-dev $(ATTACK)/.installed ## attack a platform of its own in production settings, on loopback (9 minutes; ARGS name parts)
	@$(BIN)/python -m trials.attack $(ARGS)

chaos: $(VENV)/.installed-dev ## break everything in turn while people use it, and count what is lost (a quarter of an hour; ARGS name parts)
	@$(BIN)/python -m trials.chaos $(ARGS)

format: $(VENV)/.installed-dev ## rewrite the code in the house's format
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

lock: $(VENV)/.installed ## compile requirements*.in into the pinned lists
	@$(COMPILE) --upgrade requirements.in -o requirements.txt
	@$(COMPILE) --upgrade requirements-dev.in -o requirements-dev.txt
	@$(COMPILE) --upgrade requirements-attack.in -o requirements-attack.txt

clean: ## remove the virtual environment and the caches; var/, where the data is, stays
	@rm -rf $(VENV) $(ATTACK) .mypy_cache .ruff_cache .pytest_cache .hypothesis

help: ## list these targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "error: Python 3.11 or newer is needed as '$(PYTHON)'; name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "error: '$(PYTHON) -m venv' failed; on Debian and Ubuntu install python3-venv, then try again" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || \
		{ rm -rf $(VENV); echo "error: uv could not be installed; check the network and pip's settings, then try again" >&2; exit 1; }

$(VENV)/.installed: requirements.txt | $(UV)
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.txt || \
		{ echo "error: the packages could not be installed; check the network, then try again" >&2; exit 1; }
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.txt || \
		{ echo "error: the packages could not be installed; check the network, then try again" >&2; exit 1; }
	@touch $@

$(ATTACK)/.installed: requirements-attack.txt | $(UV)
	@$(UV) venv --quiet --clear --no-python-downloads --python '>=3.12' $(ATTACK) 2>/dev/null || \
		$(UV) venv --quiet --clear --no-python-downloads --python '$(OF_PYENV)' $(ATTACK) 2>/dev/null || \
		{ echo "no Python 3.12 or newer here: wapiti will be left out"; $(UV) venv --quiet --clear --python $(BIN)/python $(ATTACK); }
	@$(UV) pip install --quiet --python $(ATTACK)/bin/python --require-hashes -r requirements-attack.txt || \
		{ echo "the tools could not be installed: wapiti and sqlmap will be left out" >&2; }
	@touch $@
