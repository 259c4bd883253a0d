# Two commands do all the set-up on a machine with Python 3.11, pip and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FILES := qsession_core qsession_qiskit qsession_cirq tests examples benchmarks

.PHONY: demo test check format bench clean

demo: $(VENV)/.demo
	@QDK_PYTHON_TELEMETRY=none $(BIN)/python examples/demo.py

test: check
	@$(MAKE) --no-print-directory demo

# The one command: format, lint, types, imports, tests
check: $(VENV)/.test
	$(BIN)/ruff format --check $(FILES)
	$(BIN)/ruff check $(FILES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	QDK_PYTHON_TELEMETRY=none $(BIN)/pytest -n 2

format: $(VENV)/.test
	$(BIN)/ruff format $(FILES)
	$(BIN)/ruff check --fix $(FILES)

$(VENV)/.demo: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[all]"
	touch $@

$(VENV)/.test: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --group dev --editable ".[all]"
	touch $@

# Ours against the installed peers, in an environment of its own; writes benchmarks/RESULTS.md
bench: .venv-bench/.ready
	QDK_PYTHON_TELEMETRY=none .venv-bench/bin/python benchmarks/run.py

.venv-bench/.ready: pyproject.toml
	test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --upgrade pip
	.venv-bench/bin/python -m pip install --quiet --group bench --editable ".[all]"
	touch $@

clean:
	rm -rf $(VENV) .venv-bench build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
