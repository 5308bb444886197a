# The front door. `make run` and `make test` are each enough by themselves on a fresh Debian 12.

BUILD := build/release
JOBS  := $(shell nproc)

.PHONY: run test build packages test-packages clean

run: build
	@PATH="$(CURDIR)/$(BUILD)/chatcore:$$PATH" exec $(BUILD)/agent/leakguard run

build: packages
	@[ -f $(BUILD)/build.ninja ] || cmake --preset release -DLEAKGUARD_TESTS=OFF > /dev/null
	@cmake --build $(BUILD) --target leakguard chatcore -j $(JOBS) -- --quiet

test: test-packages
	@tests/run $(BUILD)

packages:
	@.ci/install-packages build

test-packages:
	@.ci/install-packages test

clean:
	rm -rf build
