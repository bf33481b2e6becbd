PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready

.PHONY: setup lock demo test check serve bench fuzz drills shots clean

setup: $(STAMP)

# uv lives in a folder of this checkout: nothing is installed outside it.
.tools/bin/uv:
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv

$(STAMP): requirements.lock pyproject.toml | .tools/bin/uv
	.tools/bin/uv venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	.tools/bin/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	.tools/bin/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

lock: | .tools/bin/uv
	.tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" --group dev pyproject.toml -o requirements.lock

check: setup
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/ruff format --check --quiet src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	@awk 'FNR==1{n=0} {n++} n==601{print FILENAME ": over 600 lines"; bad=1} END{exit bad}' $$(git ls-files 'src/*.py' 'tests/*.py' 'src/*.js' 'src/*.css')

test: setup
	$(BIN)/pytest -n 2
