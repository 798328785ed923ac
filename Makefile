# make          build bin/lab: one file with everything in it
# make start    install what the machine lacks, build, and start a lab
# make test     all tests; those on real labs need root
# make soak     200 faults under load, and a judgement of all that clients were told; needs root, 10 minutes
# make bench    measure start, memory and recovery on this machine; needs root
# make tour     show the screen in docs/tour.cast and docs/map.svg, from a recording; 40 seconds
# make fmt vet  format and check the code
# make clean    remove what was built
#
# The lab binary carries an archive (core/assets) of helper binaries and container images, all built here
# from Go modules. Only runc needs a C compiler.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: build start system test soak bench tour fmt vet clean

# One setting for everything: another one would compile all of Kubernetes a second time.
export CGO_ENABLED := 0
# sudo hides the usual place of Go.
export PATH := $(PATH):/usr/local/go/bin

WORK     := bin/.work
HELPERS  := $(WORK)/helpers
PROGRAMS := $(WORK)/programs
DATA     := core/assets/data

TAGS := no_btrfs,no_devmapper,no_zfs

# The version of a module in go.mod, for example v1.37.2.
module = $(shell awk '$$1 == "$(1)" { print $$2; exit }' go.mod)
STRIP := -s -w

build: bin/lab

# ---------------------------------------------------------------------------------------------- lab

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
# Kubernetes' build date is the commit's: with the time of day every make would link again.
DATE    := $(shell git log -1 --format=%cI 2>/dev/null || echo 1970-01-01T00:00:00Z)

# Nodes and kubectl show these. A tag names the commit that we cannot know from the module alone.
KUBE = $(call module,k8s.io/kubernetes)
kubeversion = -X $(1).gitVersion=$(2) -X $(1).gitCommit=$(2) -X $(1).gitTreeState=clean -X $(1).buildDate=$(DATE) \
	-X $(1).gitMajor=$(word 1,$(subst ., ,$(2:v%=%))) -X $(1).gitMinor=$(word 2,$(subst ., ,$(2:v%=%)))
labversions = $(call kubeversion,k8s.io/component-base/version,$(1)) $(call kubeversion,k8s.io/client-go/pkg/version,$(1)) \
	-X github.com/containerd/containerd/v2/version.Version=$(patsubst v%,%,$(call module,github.com/containerd/containerd/v2)) \
	-X main.version=$(VERSION)

# Always asked for: go build knows best whether there is anything to do.
.PHONY: bin/lab
bin/lab: $(DATA)/assets.id
	@go run ./core/assets/build/progress lab -buildvcs=false -tags $(TAGS) \
		-ldflags '$(STRIP) $(call labversions,$(KUBE))' -o $@ ./lab
	@echo "bin/lab $(VERSION), $$(du -m $@ | cut -f1) MB"

# ------------------------------------------------------------------------------------------- assets

# What the nodes execute. Each is a Go package, from a module named in go.mod or from here.
pkg.runc                    := github.com/opencontainers/runc
pkg.containerd-shim-runc-v2 := ./core/node/cmd/containerd-shim-runc-v2
pkg.node-init               := ./core/node/cmd/node-init
pkg.bridge                  := github.com/containernetworking/plugins/plugins/main/bridge
pkg.loopback                := github.com/containernetworking/plugins/plugins/main/loopback
pkg.host-local              := github.com/containernetworking/plugins/plugins/ipam/host-local
pkg.portmap                 := github.com/containernetworking/plugins/plugins/meta/portmap
pkg.crictl                  := sigs.k8s.io/cri-tools/cmd/crictl
helpers := runc containerd-shim-runc-v2 node-init bridge loopback host-local portmap crictl

# What the images run.
pkg.pause   := ./core/images/pause
pkg.coredns := ./core/images/coredns
pkg.demo    := ./core/images/demo
programs := pause coredns demo
# The toolbox is one binary of many commands, listed in a Go file.
toolbox := $(shell sed -n 's/^\t_ "\(.*\)".*/\1/p' core/images/toolbox/commands.go)

cniversion = -X github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion=$(call module,github.com/containernetworking/plugins)
ld.bridge     = $(cniversion)
ld.loopback   = $(cniversion)
ld.host-local = $(cniversion)
ld.portmap    = $(cniversion)
ld.crictl     = -X sigs.k8s.io/cri-tools/pkg/version.Version=$(call module,sigs.k8s.io/cri-tools)

# runc enters namespaces in C before Go runs, and filters system calls with libseccomp. Linked statically it
# runs in any node.
cgo.runc  := CGO_ENABLED=1
tags.runc := -tags seccomp,netgo,osusergo,urfave_cli_no_docs
ld.runc   := -extldflags -static

$(DATA)/assets.id: $(helpers:%=$(HELPERS)/%) $(programs:%=$(PROGRAMS)/%) $(PROGRAMS)/toolbox \
		$(filter-out %_test.go,$(wildcard core/assets/build/*.go core/images/*.go core/images/archive/*.go))
	@go run ./core/assets/build -bin $(HELPERS) -programs $(PROGRAMS) -commands '$(notdir $(toolbox))' -out $(DATA)

# $(1): package. The files of this module that it is made of, as dependencies for make; a file that is
# removed later must not stop make, hence the empty rules.
sources = go list -deps -f '{{$$p := .}}{{with .Module}}{{if .Main}}{{range $$p.GoFiles}}{{$$p.Dir}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}' $(1) \
	| awk -v target=$@ '{ line = line " " $$0; rules = rules $$0 ":\n" } END { print target ":" line "\n" rules }' > $(WORK)/$(@F).d

define compile
@mkdir -p $(@D)
@$(cgo.$(@F)) go run ./core/assets/build/progress $(@F) -buildvcs=false $(tags.$(@F)) -ldflags '$(STRIP) $(ld.$(@F))' -o $@ $(pkg.$(@F))
@touch $@
@$(call sources,$(pkg.$(@F)))
endef

$(HELPERS)/%: $(WORK)/modules
	$(compile)
$(PROGRAMS)/%: $(WORK)/modules
	$(compile)
-include $(wildcard $(WORK)/*.d)

# makebb makes one binary of the sources of many.
$(PROGRAMS)/toolbox: $(WORK)/modules $(filter-out %_test.go,$(wildcard core/images/toolbox/*.go core/images/toolbox/*/*.go core/images/pause/*.go))
	@mkdir -p $(@D); rm -rf $(WORK)/toolbox
	@go tool makebb -gen-dir $(CURDIR)/$(WORK)/toolbox -o $@ $(toolbox) > $(WORK)/toolbox.log 2>&1 || { cat $(WORK)/toolbox.log; exit 1; }
	@rm -rf $(WORK)/toolbox $(WORK)/toolbox.log

# Assets are built anew when a module they are made of has another version, not whenever go.mod changes:
# modules keeps its time unless its content differs.
$(WORK)/modules: $(WORK)/modules.checked ;
$(WORK)/modules.checked: go.mod core/images/toolbox/commands.go Makefile
	@mkdir -p $(@D)
	@{ go version; go list -deps -f '{{with .Module}}{{.Path}} {{.Version}}{{end}}' \
		$(foreach name,$(helpers) $(programs),$(pkg.$(name))) $(toolbox) | sort -u; } > $(WORK)/modules.new
	@cmp -s $(WORK)/modules.new $(WORK)/modules || cp $(WORK)/modules.new $(WORK)/modules
	@rm $(WORK)/modules.new; touch $@

# ------------------------------------------------------------------------------------------- system

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

start: system
	@$(MAKE) --no-print-directory build
	$(SUDO) bin/lab start

# Installs only what is missing, and says so. Whether runc can be built is tried out: compiler, static C
# library, libseccomp and pkg-config in one go.
system:
	@needed="Go $$(sed -n 's/^go //p' go.mod) or later builds lab: https://go.dev/dl"; \
	command -v go >/dev/null || { echo "There is no Go on this machine. $$needed"; exit 1; }; \
	go list -m >/dev/null || { echo "The Go on this machine is too old, see above. $$needed"; exit 1; }
	@nft() { PATH=$$PATH:/usr/sbin:/sbin type -P nft; }; \
	git() { type -P git; }; \
	ssh() { type -P ssh && type -P ssh-keygen; }; \
	cc() { \
		printf '#include <seccomp.h>\nint main(void) { seccomp_version(); return 0; }' | \
			gcc -static -x c - -o /dev/null $$(pkg-config --cflags --libs --static libseccomp); \
	}; \
	apt=() dnf=(); \
	lacks() { ! "$$1" >/dev/null 2>&1 && echo "Missing: $$2"; }; \
	if lacks nft "nft, by which kube-proxy routes and links are cut"; then \
		apt+=(nftables); dnf+=(nftables); fi; \
	if lacks cc "gcc, static libseccomp and pkg-config, of which runc is built"; then \
		apt+=(gcc libc6-dev libseccomp-dev pkg-config); dnf+=(gcc glibc-static libseccomp-devel libseccomp-static pkgconf-pkg-config); fi; \
	if lacks git "git, which names the version that is built"; then \
		apt+=(git); dnf+=(git); fi; \
	if lacks ssh "ssh, by which the tests attach as people from other machines do"; then \
		apt+=(openssh-client); dnf+=(openssh-clients); fi; \
	if [ $${#apt[@]} = 0 ]; then exit 0; fi; \
	if type -P apt-get >/dev/null; then \
		echo "Installing with apt-get: $${apt[*]}"; \
		$(SUDO) apt-get update -qq; \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${apt[@]}"; \
	elif type -P dnf >/dev/null; then \
		echo "Installing with dnf: $${dnf[*]}"; \
		$(SUDO) dnf install -y -q "$${dnf[@]}"; \
	else \
		echo "Here is neither apt-get nor dnf. Install what is missing in this system's way, then run this again."; \
		exit 1; \
	fi

# -------------------------------------------------------------------------------------------- tests

# gotestsum counts; the counts of both runs are added up in the last line. A package that does not build
# counts as a failure.
COUNTS := $(WORK)/counts
gotestsum = go tool gotestsum --format-hide-empty-pkg --hide-summary=skipped \
	--post-run-command "bash -c 'echo \$$TESTS_TOTAL \$$((TESTS_FAILED ? TESTS_FAILED : TESTS_ERRORS)) \$$TESTS_SKIPPED >> $(COUNTS)'"

test: $(if $(SUDO),,build)
	@mkdir -p $(WORK); rm -f $(COUNTS); status=0; \
	$(gotestsum) --format pkgname -- -tags $(TAGS) $$(go list -tags $(TAGS) ./... | grep -v /lab/e2e$$) || status=1; \
	if [ -z '$(SUDO)' ]; then \
		LAB_BIN=$(CURDIR)/bin/lab $(gotestsum) --format testname -- -tags $(TAGS) -count=1 -timeout 60m ./lab/e2e || status=1; \
	else \
		echo "Left out: the end-to-end tests in lab/e2e, and tests that make mounts and network namespaces. They need root: sudo make test"; \
	fi; \
	[ -s $(COUNTS) ] || status=1; \
	awk '{ total += $$1; failed += $$2; skipped += $$3 } END { passed = total - failed - skipped; \
		print (passed > 0 ? passed : 0) " passed, " failed + 0 " failed, " skipped + 0 " skipped" }' $(COUNTS); \
	exit $$status

# SOAK_SEED=N repeats the faults of an earlier run, which has printed its seed.
soak: build
	@[ -z '$(SUDO)' ] || { echo "Labs need root: sudo make soak"; exit 1; }
	SOAK_FAULTS=$${SOAK_FAULTS:-200} LAB_BIN=$(CURDIR)/bin/lab \
		go test -tags $(TAGS) -count=1 -timeout 60m -run 'TestSoak$$' -v ./lab/e2e

bench: build
	@[ -z '$(SUDO)' ] || { echo "Labs need root: sudo make bench"; exit 1; }
	LAB_BIN=$(CURDIR)/bin/lab go run -tags $(TAGS) ./lab/bench

# LAB_BIN=FILE shows another binary, and builds none.
tour: $(if $(LAB_BIN),,build)
	go run -tags $(TAGS) ./lab/tour

fmt:
	@gofmt -l -w core lab $(wildcard tui exercises)

vet:
	@test -z "$$(gofmt -l core lab $(wildcard tui exercises))" || { gofmt -l core lab $(wildcard tui exercises); echo "These files are not formatted: make fmt"; exit 1; }
	go vet -tags $(TAGS) ./...

clean:
	rm -rf bin $(DATA)/assets.*
