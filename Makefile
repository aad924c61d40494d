# Everything one does with this repository from a shell. `make` alone lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup play test check train train-paper results bench-train bench-decode bench-timing bench-cutoff \
	bench-capture bench-sync bench-startup bench-gestures soak torture fuzz lock audit picture stage-pictures demo rigs site wheel clean

VENV := .venv
BIN := $(VENV)/bin
PLAYABLE := $(VENV)/.playable
INSTALLED := $(VENV)/.installed

# (It would recommend another program each time.)
SITE := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

# A Python that fits: the version, and the two modules that Debian keeps in a package of its own.
FITS := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
NO_PYTHON := Glisser needs Python 3.11 or 3.12 with its venv module: install one of them (on Debian: python3-venv) and run make again.
NO_INSTALL := The installation failed, see above: if it was building python-rtmidi, install the system packages for that (on Debian: build-essential python3-dev libasound2-dev libjack-jackd2-dev python3-venv) and run make again.

# What pip installs of Glisser, in the versions that it is tested with; then the target is there.
define install
$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '$(1)' \
	|| { echo '$(NO_INSTALL)' >&2; exit 1; }; touch $@
endef

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r target promise; do \
		printf 'make %-14s %s\n' "$$target" "$$promise"; done

setup: $(INSTALLED) ## build .venv and install Glisser and its tools; again when pyproject.toml changes

# What plays, without what tests: a newcomer hears it sooner.
$(PLAYABLE): pyproject.toml constraints.txt
	@rm -f $@ $(INSTALLED)
	@if ! $(BIN)/python -c 'import pip' 2>/dev/null; then \
		for python in python3 python3.12 python3.11 none; do \
			"$$python" -c '$(FITS)' 2>/dev/null && break; done; \
		if [ "$$python" = none ]; then echo '$(NO_PYTHON)' >&2; exit 1; fi; \
		echo "Building $(VENV) with $$("$$python" --version); the first time takes some minutes."; \
		"$$python" -m venv --clear $(VENV); fi
	@$(call install,.)

$(INSTALLED): $(PLAYABLE)
	@$(call install,.[dev])

# The page's usual port, or one of the ten after it if another program has that.
play: $(PLAYABLE) ## play the shipped checkpoint on whatever is here, and on a page; eight bars without a terminal
	@mkdir -p takes
	@if [ -t 0 ] && [ -t 1 ]; then bars=; else bars='--bars 8'; fi; \
		$(BIN)/glisser play --stage --stage-at 127.0.0.1:8129-8139 $$bars --take takes/first.mid

# It opens JACK clients in the tests' own process, and twice in a whole run nothing arrived at them:
# they begin in a process that has seen no other server die.
OWN_JACK := tests/test_input_link.py

test: setup ## run all tests; those that need a part that is missing here say so and are skipped
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m 'not real' -n auto --dist loadfile
	@$(BIN)/python -m pytest -m 'real and beside' -n 2 --dist loadfile
	@$(BIN)/python -m pytest -m 'real and not beside' --ignore=$(OWN_JACK)
	@$(BIN)/python -m pytest -m 'real and not beside' $(OWN_JACK)

check: setup ## check style, types, walls between rooms and links between pages, as CI does
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(SITE) --quiet --site-dir build/site

# glibc gives large tensors back to the kernel after every step unless it is told to keep them;
# keeping them makes training on a CPU much faster.
train train-paper: export MALLOC_MMAP_THRESHOLD_ := 4000000000
train train-paper: export MALLOC_TRIM_THRESHOLD_ := 16000000000
train train-paper: export MALLOC_TOP_PAD_ := 1000000000
train: PARTS := stage-one-knob stage-four-knobs stage-spread stage-steps stage
train-paper: PARTS := paper-256-first paper-256
train: ## train the stage checkpoint in its five parts, in runs/; what was interrupted goes on
train-paper: ## train the paper-256 checkpoint in its two parts, likewise
train train-paper: setup
	@set -e; for part in $(PARTS); do \
		if [ -f runs/$$part/state.safetensors ]; then more=--resume; else more=; fi; \
		$(BIN)/glisser train --config engine/configs/$$part.toml --out runs/$$part $$more; done

results: setup ## train and measure the five models of docs/results.md, hours; what is done is kept
	@$(BIN)/python -m benchmarks.results $(if $(JOBS),--jobs $(JOBS))

bench-train: setup ## how fast the exact tangent trains, against double backward and a plain VAE
	@$(BIN)/python -W ignore -m benchmarks.train_speed

bench-decode: setup ## how fast a phrase is decoded, against onnxruntime; writes docs/decoding.md
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@$(BIN)/python -W ignore -m benchmarks.decode

bench-timing: setup ## how even the beat is, against a bare loop, isobar and mido; idle machine, hours
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@$(BIN)/python -m benchmarks.timing $(if $(ONSETS),--onsets $(ONSETS)) $(if $(ROUNDS),--rounds $(ROUNDS))

bench-cutoff: setup ## how late a knob may be moved and be heard at the bar line; writes docs/cutoff.md
	@$(BIN)/python -W ignore -m benchmarks.cutoff

bench-capture: setup ## how much of two bars played by hand comes back; writes docs/capture.md
	@$(BIN)/python -W ignore -m benchmarks.capture

bench-sync: setup ## somebody's MIDI clock followed and ours sent, judged outside; writes docs/sync.md
	@$(BIN)/python -W ignore -m benchmarks.sync

bench-startup: setup ## from the command to the first note, and what the player weighs
	@$(BIN)/python -W ignore -m benchmarks.startup

bench-gestures: setup ## a thousand gestures at random while it plays, judged outside; writes docs/gestures.md
	@$(BIN)/python -W ignore -m benchmarks.gestures $(if $(ACTIONS),--actions $(ACTIONS))

soak: setup ## an hour in real time and 100,000 bars offline: drift, misses, notes left open, memory
	@$(BIN)/python -W ignore -m benchmarks.soak $(if $(MINUTES),--minutes $(MINUTES))

torture: setup ## kill and pull what can be, while it plays; idle machine, two hours, resumable
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@$(BIN)/python -W ignore -m benchmarks.torture

fuzz: setup ## a million broken datagrams and a storm of knobs, while it plays; idle machine
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@$(BIN)/python -W ignore -m benchmarks.fuzz

lock: setup ## write down the versions that are installed, with every extra, as those to be tested with
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,bench,jack,alsa,link,oscquery]'
	@head -n 1 constraints.txt > constraints.new
	@$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu//' >> constraints.new
	@mv constraints.new constraints.txt

audit: setup ## ask the public list of holes about every locked version; needs the network
	@$(BIN)/python -m venv .audit && .audit/bin/python -m pip install --quiet pip-audit
	@.audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip

demo: setup ## write the demonstration: docs/demo.mid and its picture
	@$(BIN)/glisser demo docs/demo.mid --sheet docs/demo.png

picture: setup ## draw the README's picture from the shipped checkpoint
	@$(BIN)/python -m engine.figures docs/knob.png

stage-pictures: setup ## draw the stage page as it looks, docs/stage.png and docs/stage-phone.png
	@$(BIN)/python -m benchmarks.stage_pictures

rigs: setup ## write the patches for Max, Live, Pd and TouchOSC anew, from the instrument's own lists
	@$(BIN)/python -m patches.making

site: setup ## build the documentation as a site, in site/; a link that leads nowhere is an error
	@$(SITE) --quiet --site-dir site && echo "site/index.html"

wheel: setup ## build a wheel, checkpoint and patches inside, in dist/
	@rm -rf build
	@$(BIN)/python -m build --wheel

clean: ## remove what builds and tests leave behind; .venv, runs and takes stay
	@rm -rf build dist site *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find engine instrument tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
