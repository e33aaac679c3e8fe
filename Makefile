# `make run` and `make test` need Python 3.11 or newer and nothing else; ARGS="…" is passed on.
PYTHON ?= python3
COMMANDS = run test bench faults lint lock sbom audit translations

$(COMMANDS):
	@$(PYTHON) dev.py $@ $(ARGS)

.PHONY: $(COMMANDS)
.DEFAULT_GOAL := run
