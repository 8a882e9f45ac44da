# SPDX-License-Identifier: Apache-2.0
# Thin verbs over swift(1). `make run` shows it at work, `make test` proves it.

SWIFT ?= swift
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=
JOBS ?= $(shell nproc)

# A compiler that hangs is stopped and asked once more. It writes what macros make below TMPDIR; where that belongs to another user, it
# leaves files with odd names here instead, so it gets a directory of its own.
build_once = mkdir -p .build/tmp && TMPDIR=$(CURDIR)/.build/tmp timeout $(if $(CI),,--foreground) $(1) $(SWIFT) build --jobs $(JOBS) $(2)
patient = $(call build_once,900,$(1)) || { [ $$? = 124 ] && echo "the compiler hung; once more" && $(call build_once,900,$(1)); }

# The servers that the tests start need root; the build does not.
ifeq ($(shell id -u),0)
as_root =
else
as_root = sudo env "PATH=$$PATH" $(if $(CI),CI=$(CI))
endif

# With libstdc++ inside too, an idle daemon takes 1.4 MiB less. The linker takes the archive where it finds nothing else of that name.
static = .build/static
release = -c release -Xlinker -L$(CURDIR)/$(static)

room = $(CURDIR)/run
PORT ?= 2525

.DEFAULT_GOAL = help
.PHONY: run test check build install put format bench fuzz soak help

help:
	@echo 'make run      build, and take mail on 127.0.0.1:2525 into a Maildir under run/'
	@echo 'make test     install what the tests need, and run them all'
	@echo 'make check    what a change must pass: format, no warnings, all tests'
	@echo 'make build    the programs as they are shipped, in .build/release'
	@echo 'make install  ... put in place under DESTDIR and PREFIX ($(PREFIX))'
	@echo 'make fuzz     let libFuzzer look for bytes that break a rule; SECONDS_EACH=60 for each of its targets'
	@echo 'make soak     crashes by the thousand: power cuts, kills, faults of the disk, random histories; CUTS=200 SEEDS=20000'
	@echo 'make bench    measure it beside its peers; ARGS="--help" shows what there is'
	@echo 'make format   lay out the sources as they should be'

run:
	@.ci/packages build
	@$(call patient,--product posthoused)
	@$(call patient,--product posthouse)
	@mkdir -p run && chmod 700 run
	@printf '%s\n' '[Relay]' 'Hostname=localhost.localdomain' '' '[Listen]' 'Address=127.0.0.1:$(PORT)' '' \
	    '[Upstream]' 'Host=capture:$(room)/mail' '' '[Spool]' 'Directory=$(room)/spool' 'Reserve=16M' '' \
	    '[Control]' 'Socket=$(room)/control' >run/posthouse.conf
	@chmod 600 run/posthouse.conf
	@printf '%s\n' '' \
	    'Posthouse takes mail on 127.0.0.1:$(PORT) and keeps it in run/mail. In another terminal, in this directory:' '' \
	    "  printf 'Subject: hello\\n\\nA first letter.\\n' >letter" \
	    '  curl smtp://127.0.0.1:$(PORT) --mail-from me@example.org --mail-rcpt you@example.org --crlf -T letter' \
	    '  .build/debug/posthouse --config run/posthouse.conf captured' \
	    '  .build/debug/posthouse --config run/posthouse.conf status' '' \
	    'Ctrl-C ends it.' ''
	@exec .build/debug/posthoused --config run/posthouse.conf

test:
	@.ci/packages test
	@$(call patient,--build-tests)
	$(as_root) $(SWIFT) test --skip-build; status=$$?; \
	    $(if $(as_root),sudo chown -R "$$(id -u):$$(id -g)" .build;) exit $$status

# Warnings are errors in every target, so that building is checking.
check:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests
	@$(MAKE) --no-print-directory test

build: $(static)/libstdc++.a
	@.ci/packages build
	@$(call patient,$(release) --product posthoused)
	@$(call patient,$(release) --product posthouse)

$(static)/libstdc++.a:
	@mkdir -p $(static)
	@ln -sf "$$($${CC:-gcc} -print-file-name=libstdc++.a)" $@

install: build put

# The programs that `build` has made, or others, are put in place with everything that belongs to them.
BUILT ?= .build/release

put:
	install -D -s -m 755 $(BUILT)/posthoused $(DESTDIR)$(PREFIX)/bin/posthoused
	install -D -s -m 755 $(BUILT)/posthouse $(DESTDIR)$(PREFIX)/bin/posthouse
	install -d $(DESTDIR)$(PREFIX)/sbin
	@$(call link,../bin/posthouse,sbin/sendmail,sendmail)
	@$(call link,posthouse,bin/mailq,queue)
	@$(call link,posthouse,bin/newaliases,sendmail -bi)
	install -D -m 644 conf/posthouse.conf $(DESTDIR)$(PREFIX)/share/doc/posthouse/posthouse.conf
	[ -e $(DESTDIR)$(SYSCONFDIR)/posthouse/posthouse.conf ] || \
	    install -D -m 644 conf/posthouse.conf $(DESTDIR)$(SYSCONFDIR)/posthouse/posthouse.conf
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's,/usr/bin/posthoused,$(PREFIX)/bin/posthoused,' systemd/posthoused.service \
	    >$(DESTDIR)$(PREFIX)/lib/systemd/system/posthoused.service
	install -m 644 systemd/posthoused.socket $(DESTDIR)$(PREFIX)/lib/systemd/system/posthoused.socket
	install -D -m 644 systemd/posthouse.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/posthouse.conf
	for page in docs/man/*; do \
	    install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; \
	done

# A name by which other programs call; whoever has it already, keeps it.
link = place=$(DESTDIR)$(PREFIX)/$(2); \
    if [ "$$(readlink "$$place")" = "$(1)" ]; then :; \
    elif [ -e "$$place" ] || [ -L "$$place" ]; then echo "$$place is there already and stays as it is; the same is: posthouse $(3)"; \
    else echo "ln -s $(1) $$place"; ln -s "$(1)" "$$place"; fi

format:
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests

# Measured beside its peers, and beside the least that a relay can cost. Give words in ARGS; about twenty minutes without.
bench: $(static)/libstdc++.a
	@.ci/packages test
	@.ci/peers .build/peers
	@$(call patient,$(release) --product posthoused)
	@$(call patient,$(release) --product posthouse)
	@$(call patient,$(release) --product bench-peer)
	@$(call patient,$(release) --product bare-ceiling)
	@$(call patient,$(release) --product posthouse-bench)
	$(as_root) env POSTHOUSE_PEERS=$(CURDIR)/.build/peers .build/release/posthouse-bench --json .build/bench.json $(ARGS)

# What the tests try a part of, in full: every crash point with every error, CUTS power cuts on ext4 and as many on XFS, and SEEDS
# histories of a simulated spool. A seed that fails is printed; POSTHOUSE_SEED=n POSTHOUSE_SEEDS=1 repeats it.
CUTS ?= 200
SEEDS ?= 20000

soak:
	@.ci/packages test
	@$(call patient,--build-tests)
	$(if $(as_root),$(as_root),env) POSTHOUSE_SOAK=1 POSTHOUSE_CUTS=$(CUTS) POSTHOUSE_SEEDS=$(SEEDS) $(SWIFT) test --skip-build \
	    --filter 'CrashTests|SpoolModelTests'; status=$$?; \
	    $(if $(as_root),sudo chown -R "$$(id -u):$$(id -g)" .build;) exit $$status

# libFuzzer and the address sanitizer are in the Swift toolchain; the program needs a build of its own. What it finds worth keeping stays
# in .build/corpus, and FUZZ_TARGET=… .build/fuzz/release/Fuzz -merge=1 NEW OLD… chooses from it. A failure is written beside it, and
# belongs into Tests/FuzzTargets/corpus once it is mended.
SECONDS_EACH ?= 60
FUZZ_TARGETS ?= commands paths sessions cuts headers
fuzz_build = .build/fuzz

fuzz:
	@.ci/packages build
	POSTHOUSE_FUZZ=1 timeout 1200 $(SWIFT) build --jobs $(JOBS) --scratch-path $(fuzz_build) -c release --product Fuzz \
	    -Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld -Xcc -fsanitize=fuzzer-no-link,address
	@for target in $(FUZZ_TARGETS); do \
	    mkdir -p .build/corpus/$$target; \
	    echo "fuzzing $$target for $(SECONDS_EACH) seconds"; \
	    SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0 FUZZ_TARGET=$$target \
	        $(fuzz_build)/release/Fuzz .build/corpus/$$target Tests/FuzzTargets/corpus/$$target \
	        -max_total_time=$(SECONDS_EACH) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
	        -artifact_prefix=.build/corpus/$$target- -dict=Tests/FuzzTargets/words.dict -verbosity=0 || exit 1; \
	done
