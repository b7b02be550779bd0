# Two commands for everybody: `make demo` and `make test`; both set up what they need.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
MUTANTS := .venv-mutants
MUTMUT := 3.8.1
FOR    ?=
SPEED  ?= 60
export UV_SYSTEM_CERTS = 1
# the environment is the project's own, whatever the caller has activated
export UV_PROJECT_ENVIRONMENT = $(VENV)
unexport VIRTUAL_ENV
# Tests and demo start many processes: each would compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-long test-servers coverage mutants lint types bench bench-suspicion kills clean

setup: $(VENV)/.ready

$(UV):
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "dustwatch needs Python 3.11 or newer, found: $(PYTHON); name one with PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

$(VENV)/.ready: $(UV) pyproject.toml uv.lock alerts/web/package-lock.json deploy/embedded/kafka-jars.txt deploy/embedded/artemis-jars.txt
	@echo "setting up: pinned Python packages"
	@$(UV) sync --quiet --frozen --all-extras --inexact
	@echo "setting up: Kafka and Artemis"
	@$(BIN)/python -m deploy.embedded.prepare
	@echo "setting up: browser code and texts"
	@$(BIN)/python -m deploy.assets
	@touch $@

demo: setup
	@$(BIN)/dustwatch demo --speed $(SPEED) $(if $(FOR),--for $(FOR))

# what waits for processes comes first, so that nobody waits for it at the end
FOLDERS := tests/integration tests/e2e tests/faults tests/property tests/conformance tests/unit
ORDERED := -n 3 --dist loadfile --no-loadscope-reorder
# to collect thousands of tests for the sake of two hundred takes each worker longer than some files
LONG = $(shell grep -rl --include='test_*.py' 'mark\.long' $(FOLDERS))

# mostly waiting, so two at a time; each worker starts servers of its own, the longest outages come first
ON_SERVERS := -n 2 --dist loadfile --no-loadscope-reorder \
	tests/faults tests/integration tests/e2e tests/conformance tests/servers

# TIMES=1: what costs most, in processor time
TIMES  ?=
test: setup
	@$(BIN)/pytest -q -m "not servers and not browser and not long" $(if $(TIMES),-p tests.times) $(ORDERED) $(FOLDERS)

# SHARE=8: of the laws and the runs with kills every eighth example; which ones says PHASE, by default the commit
SHARE  ?=
PHASE  ?= $(shell printf %d 0x$$(git rev-parse --short=7 HEAD 2>/dev/null) 2>/dev/null)
LAWS   = $(if $(SHARE),LAWS_SHARE=$(SHARE) LAWS_PHASE=$(PHASE))
# what has run cannot be told from `pytest -q`, and a failure is to be had again
SAID   = $(if $(SHARE),echo "of many examples one in $(SHARE); the same again: make $@ SHARE=$(SHARE) PHASE=$(PHASE)",true)

test-long: setup
	@$(SAID)
	@$(LAWS) $(BIN)/pytest -q -m long $(if $(SHARE),--hypothesis-seed=$(PHASE)) $(if $(TIMES),-p tests.times) \
		$(ORDERED) $(LONG)

test-servers: setup
	@$(SAID)
	@tests/servers/install.sh
	@echo "building InfluxDB, where it is not there yet: no test waits so long"
	@$(BIN)/python -m tests.servers.influxdb
	@$(LAWS) $(BIN)/pytest -q -m "servers or browser" $(if $(TIMES),-p tests.times) $(ON_SERVERS)

# branch coverage of the pure modules of processors/ by the tests that need no server; fails under 95 %
coverage: setup
	@$(BIN)/pytest -q -n 4 --dist loadfile -m "not servers and not browser" --cov --cov-report=term \
		tests/unit tests/property tests/conformance

# mutation score of the pure core, hours for all of it: ONLY=processors/verdicts/judge.py, SAMPLE=20, REPORT=1 (run nothing)
mutants: $(MUTANTS)/.ready
	@$(MUTANTS)/bin/python -m tests.mutants $(if $(ONLY),--only $(ONLY)) $(if $(SAMPLE),--sample $(SAMPLE)) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(if $(REPORT),--report)

# an environment of its own: mutmut brings a terminal interface, and another click than Faust's
$(MUTANTS)/.ready: $(VENV)/.ready
	@echo "setting up: mutmut $(MUTMUT)"
	@UV_PROJECT_ENVIRONMENT=$(MUTANTS) $(UV) sync --quiet --frozen --all-extras --inexact
	@$(UV) pip install --quiet --python $(MUTANTS)/bin/python mutmut==$(MUTMUT)
	@touch $@

lint: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/vulture

types: setup
	@$(BIN)/mypy

bench: setup
	@$(BIN)/python -m bench

bench-suspicion: setup
	@$(BIN)/python -m bench suspicion

# kill -9 of every part in turn under readings, on one running county; about 10 s a round. STORES=servers: InfluxDB and
# PostgreSQL (make test-servers installs them), SEED=2: another order
ROUNDS ?= 200
STORES ?= sqlite
SEED   ?= 1
kills: setup
	@$(BIN)/python -m bench kills --rounds $(ROUNDS) --stores $(STORES) --seed $(SEED)

clean:
	rm -rf $(VENV) $(MUTANTS) mutants var dist alerts/web/node_modules alerts/web/static/vendor
