#!/usr/bin/env python3
"""Runs a program with a real PostgreSQL: its URL is in CHATCORE_TEST_POSTGRES_URL, an unprivileged user's without any
tables in CHATCORE_TEST_POSTGRES_STRANGER_URL. Ends with the program's exit code."""

import os
import subprocess
import sys

from harness.postgres import ESCAPED_PASSWORD, Postgres

with Postgres() as server:
    server.psql("CREATE ROLE stranger LOGIN PASSWORD 'p'")
    stranger = server.url.replace(f"chatcore:{ESCAPED_PASSWORD}@", "stranger:p@")
    environment = os.environ | {"CHATCORE_TEST_POSTGRES_URL": server.url,
                                "CHATCORE_TEST_POSTGRES_STRANGER_URL": stranger}
    code = subprocess.run(sys.argv[1:], env=environment, check=False).returncode
sys.exit(code)
