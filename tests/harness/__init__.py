"""Machinery shared by the integration, end-to-end, VM and dashboard tests: real programs, started and ended by pid.

A test is one python3 script that ctest runs with `tests/` on PYTHONPATH (see `leakguard_python_test` in
CMakeLists.txt beside this file). Standard library and python3-yaml only.

    requirements.py  what a machine must have; a test that cannot run says why and exits 77 (ctest's SKIP_RETURN_CODE)
    process.py       Program: start, wait for a line or for HTTP, stop
    engine.py        Engine: a private Docker engine, images built from our own binaries
    libraries.py     the shared libraries a binary needs, for images and for the VM's initramfs
    vm.py            run_in_vm: a script on cgroup v2 with pressure, in a small emulated machine
    prometheus.py    Prometheus: Debian's server on loopback, scraping given targets
    dashboard.py     every query of the Grafana dashboard, asked of a real Prometheus
    workload.cc      `test_workload`: a static program that grows, burns, prints, exits or ignores SIGTERM on request
"""
