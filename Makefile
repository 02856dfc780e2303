# What each target does is said in CONTRIBUTING.md; the work is in scripts/.
# Every target runs from any folder (make -C …), needs no terminal, and may be
# repeated.
ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))

.DEFAULT_GOAL := build
.PHONY: build demo test check bench soak screenshots

build: ## bin/parley, the pages embedded
	@"$(ROOT)scripts/build.sh"

demo: ## WordPress with sample members and Parley in front, until Ctrl-C
	@exec "$(ROOT)scripts/demo.sh"

test: ## every test: static checks, unit, integration, end to end
	@"$(ROOT)scripts/test.sh"

check: ## format, vet, static analysis, vulnerability scan, race tests
	@"$(ROOT)scripts/check.sh"

bench: ## the benchmarks
	@"$(ROOT)scripts/bench.sh"

soak: ## members talk for ten minutes (SOAK_MINUTES) while everything fails that can
	@"$(ROOT)scripts/soak.sh"

screenshots: ## docs/images, taken of a real site in a real browser
	@"$(ROOT)scripts/screenshots.sh"
