# Python 3.11, else a later one.
PYTHON ?= $(or $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name)))),python3)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
CHROMIUM ?= /usr/bin/chromium
# What one sends to `make demo`: DEMO_FLAGS=--once stops again when all is well.
DEMO_FLAGS ?=
# Compiled modules are kept even where the surroundings say otherwise (many containers do): without them every process
# compiles all that it imports, and a start takes twice as long.
export PYTHONDONTWRITEBYTECODE :=
# How many tests run at once: a test of a call waits more than it computes.
WORKERS ?= 2
# Debian's lists of packages are fetched once an hour, not once for each package that is missing.
APT_INSTALL := { find .tools/apt-updated -mmin -60 2>/dev/null | grep -q . || { apt-get update -qq && touch .tools/apt-updated; }; } \
  && apt-get install -y -qq --no-install-recommends

.PHONY: setup lock demo serve test test-long sound check bench fuzz soak soak-calls barber-postgres drills mutants chromium postgres softhsm sipp shots clean

setup: $(STAMP)

# uv lives in a folder of this checkout: nothing is installed outside it.
.tools/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "$(PYTHON) is not Python 3.11 or later: install one, or name it, as in make $(or $(MAKECMDGOALS),setup) PYTHON=/usr/bin/python3.12"; exit 1; }
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv

$(STAMP): requirements.lock pyproject.toml | .tools/bin/uv
	.tools/bin/uv venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	.tools/bin/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	.tools/bin/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	$(BIN)/python -c "import ringfence.cli.main, ringfence.roles.api, ringfence.roles.dispatcher, ringfence.roles.simulator"
	touch $@

lock: | .tools/bin/uv
	.tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" --all-extras --group dev pyproject.toml -o requirements.lock

demo: setup
	@$(BIN)/ringfence up --check $(DEMO_FLAGS)

serve: setup
	@$(BIN)/ringfence up

test: setup chromium postgres softhsm sipp
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

# What takes minutes and seldom changes: the example authenticator, drills on PostgreSQL, other programs' codecs.
test-long: setup chromium postgres softhsm sipp sound
	$(BIN)/pytest -m long

check: setup
	$(BIN)/ruff check --no-cache src tests benchmarks examples
	$(BIN)/ruff format --check --quiet src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	@awk 'FNR==1{n=0} {n++} n==601{print FILENAME ": over 600 lines"; bad=1} END{exit bad}' $$(git ls-files 'src/*.py' 'tests/*.py' 'src/*.js' 'src/*.css')

# Every drill at its full size, on both builds: ours and the control.
drills: setup sipp
	$(BIN)/ringfence drill

bench: setup
	@for program in $(filter-out benchmarks/call_soak.py,$(wildcard benchmarks/*.py)); do echo "== $$program"; $(BIN)/python $$program || exit 1; done

# Every fault on both stores, again and again for SOAK_MINUTES (10), and the table of docs/explanation/faults.md.
soak: setup postgres
	$(BIN)/pytest -s tests/faults/soak.py

# SOAK_CALLS (500) recorded calls at once for SOAK_MINUTES (60): an error where anything of the installation grows.
soak-calls: setup
	$(BIN)/python benchmarks/call_soak.py

# The barber's story with PostgreSQL as the store: it is told at a reader's pace.
barber-postgres: setup postgres
	$(BIN)/pytest tests/postgres/barber.py

# The property tests again, with many more examples each.
fuzz: setup
	$(BIN)/pytest -n 2 -m "not browser and not slow" --hypothesis-profile=fuzz

# Which changes of one module no test notices, as make mutants MODULE=src/… TESTS="tests/unit/…".
mutants: setup
	$(BIN)/python tests/mutants.py $(MODULE) $(TESTS)

# Browser tests drive Debian's Chromium; without it they are skipped, and say so.
chromium: | .tools/bin/uv
	@if [ -x $(CHROMIUM) ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing Chromium for the browser tests"; \
	  $(APT_INSTALL) chromium >/dev/null \
	    || echo "Chromium could not be installed: browser tests will be skipped"; \
	else echo "no $(CHROMIUM): browser tests will be skipped (as root: apt-get install chromium)"; fi

# The contract of the store is tried on a real PostgreSQL; without one its tests are skipped, and say so.
postgres: | .tools/bin/uv
	@if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing PostgreSQL for the tests of the store"; \
	  mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf; \
	  $(APT_INSTALL) postgresql >/dev/null \
	    || echo "PostgreSQL could not be installed: its tests will be skipped"; \
	else echo "no PostgreSQL: its tests will be skipped (as root: apt-get install postgresql)"; fi

# Keys in a token are tried with SoftHSM; without it their tests are skipped, and say so.
softhsm: | .tools/bin/uv
	@if command -v softhsm2-util >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing SoftHSM for the tests of keys"; \
	  $(APT_INSTALL) softhsm2 >/dev/null \
	    || echo "SoftHSM could not be installed: its tests will be skipped"; \
	else echo "no SoftHSM: its tests will be skipped (as root: apt-get install softhsm2)"; fi

# Calls are tried against others' phones, switches and scanners; what is not there is skipped by its tests, which say so.
SIP_TOOLS := sipp:sip-tester baresip:baresip-core kamailio:kamailio svmap:sipvicious linphonec:linphone-cli
sipp: | .tools/bin/uv
	@missing=; for tool in $(SIP_TOOLS); do \
	  PATH="$$PATH:/usr/sbin" command -v $${tool%%:*} >/dev/null || missing="$$missing $${tool##*:}"; done; \
	ls /usr/lib/*/kamailio/modules/tls.so >/dev/null 2>&1 || missing="$$missing kamailio-tls-modules"; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing$$missing for the tests of calls"; \
	  $(APT_INSTALL) $$missing >/dev/null \
	    || echo "$$missing could not be installed: their tests will be skipped"; \
	else echo "not there:$$missing; their tests will be skipped (as root: apt-get install$$missing)"; fi

# Our codecs and files of sound are held against others'; what is not there is skipped by its tests, which say so.
sound: | .tools/bin/uv
	@missing=; for tool in ffmpeg lame; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing$$missing for the tests of sound"; \
	  $(APT_INSTALL) $$missing >/dev/null \
	    || echo "$$missing could not be installed: their tests will be skipped"; \
	else echo "not there:$$missing; their tests will be skipped (as root: apt-get install$$missing)"; fi

# Pictures of the pages for the README.
shots: setup chromium
	RINGFENCE_SHOTS=docs/images $(BIN)/pytest tests/browser -m browser -k picture

clean:
	rm -rf $(VENV) .tools dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
