# Countercheck: one word for each thing to do; the work itself is in CMake's presets and in ci/.

FUZZ_SECONDS ?= 60
ENGINE ?= libfuzzer
TSAN_SECONDS ?= 20
SUBJECT_SECONDS ?= 5
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

# $(call build,PRESET,WHAT): configures once, then builds what changed
build = @JOBS=$(JOBS) ci/build $(1) $(2)

.PHONY: all setup release debug fuzz subjects test test-gcc test-release test-schedule tsan coverage interop bench faults mutants locks canaries twin corpus lint format docs install uninstall clean help
all: release

setup: ## install what the build needs: asks for root (make fuzz and make test do so too, for what they need)
	@ci/setup build

release: ## build/release: the optimised command and the libraries; what is missing is named and not installed
	@ci/setup --tell build
	$(call build,release,countercheck_product)

debug: ## build/debug, every assertion on
	@ci/setup test
	$(call build,debug)

fuzz: ## fuzz every target for FUZZ_SECONDS (60) with ENGINE (libfuzzer, afl, soak); SUBJECT=NAME|"ADAPTER.c ALLOCATOR.c": that allocator alone
	@ci/fuzz $(ENGINE) $(FUZZ_SECONDS)

subjects: release ## each allocator that an adapter is there for, SUBJECT_SECONDS (5) each, held to its relations
	@ci/setup subjects
	@for name in $$(build/release/countercheck subject list | sed -n "s/ *built in$$//p"); do build/release/countercheck subject check $$name --seconds $(SUBJECT_SECONDS) || exit 1; done
	@subject/adapters/check --seconds $(SUBJECT_SECONDS)

test: ## all tests and the kept corpus under ASan and UBSan (clang); LEAVE=night leaves out those of our own tools
	@JOBS=$(JOBS) ci/test asan $(if $(LEAVE),-LE '^($(LEAVE))$$')

# what looks at the sources alone says the same in each build: make test runs it, and gives each kept input a process of its own
test-gcc: ## the same by gcc, but for the scripts that call the command
	@JOBS=$(JOBS) ci/test asan-gcc -LE '^(lint|script|alone)$$'

test-release: ## the same tests, -O3 by gcc, no assertion; scripts that say why once is enough are make test's
	@JOBS=$(JOBS) ci/test release-gcc -LE '^(lint|once|alone)$$'

test-schedule: ## threads on the heap under drawn schedules (clang)
	@JOBS=$(JOBS) ci/test schedule
	@ci/circles build/schedule fuzz/schedule

tsan: ## real threads under TSan: the tests that start some, then TSAN_SECONDS (20) of soak with four
# a program's fork is acted in one process, where TSan cannot know that the child's locks are new; the tests fork for real
	@JOBS=$(JOBS) ci/test tsan -R 'threads|world|osthread|descriptor|fork' -E 'corpus/.*/fork-'
	build/tsan/countercheck soak --threads 4 --seconds $(TSAN_SECONDS)

coverage: ## what the kept corpus alone reaches, file by file, and the reason beside each gap
	@ci/coverage

interop: release ## dumps of real Go programs, both byte orders and pointer sizes, through countercheck dump
	@ci/setup interop
	@ci/interop/run
	@ci/interop/public/run || [ $$? = 77 ]
	@ci/interop/page

bench: release ## the benchmarks beside their peers
	@ci/setup bench fuzz
	$(call build,release,all)
	$(call build,fuzz,bench_fuzz)
	@bench/run
	@ci/instructions --parts

faults: ## seed known bugs into a copy of the tree, and see each caught
	@ci/setup fuzz test
	@ci/faults/run

locks: ## take each lock, fence and atomic away, and see whether the schedules of threads show it
	@ci/setup mutants
	@ci/locks/run --again --unlisted --save

mutants: ## change the sources in every small way, and see how many of the changes are noticed
	@ci/setup mutants
	@ci/mutants/run
	$(call build,release,byteflips)
	build/release/byteflips $(wildcard corpus/heap/*/* corpus/dump/*/*)

twin: ## the same programs by every build: the same results, to the byte of a dump
	@ci/setup test
	@ci/twin

canaries: ## which canary makes which rule of the oracle fire
	@ci/setup test
	$(call build,asan,tests/canary.canary_oracle tests/canary.canary_dump tests/canary.canary_executor tests/canary.canary_ledger tests/canary.canary_subject)
	@ci/canaries

corpus: ## keep what fuzzing found: merge build/live into corpus/, smallest set with the same coverage
	@ci/corpus

lint: ## layers, format, clang-tidy, scripts, documents, comments, commits
	@ci/lint

format: ## clang-format every source in place
	@ci/setup lint
	@git ls-files '*.c' '*.h' | xargs clang-format -i

docs: ## regenerate the tables in the documents from the .def files
	@ci/docs

install: release ## the command, its manual and completions, the libraries, under PREFIX (/usr/local)
	@cmake --install build/release --prefix "$(PREFIX)"

uninstall: release ## removes them from there
	@ci/uninstall build/release "$(PREFIX)"

clean: ## remove build/; findings/ stays
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24
