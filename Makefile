# Short names for ./run and ./test.
.PHONY: run test clean

run:
	@./run

test:
	@./test

clean:
	rm -rf build
