# SPDX-License-Identifier: Apache-2.0
import contextlib
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from issuer import Issuer  # noqa: E402
from jetond import PROGRAM, Jetond  # noqa: E402


@pytest.fixture
def run(tmp_path):
    """Starts servers that end with the test; gives the function that starts one. `name` is a directory of its own."""
    with contextlib.ExitStack() as stack:
        def start(config=None, arguments=(), environment=None, listen="127.0.0.1:0", name="jetond", ready=True,
                  program=PROGRAM):
            directory = tmp_path / name
            directory.mkdir(exist_ok=True)
            server = Jetond(directory, config, arguments, environment, listen, program)
            stack.callback(server.stop)
            return server.wait_ready() if ready else server
        yield start


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server on its embedded default for tests that do not change it."""
    running = Jetond(tmp_path_factory.mktemp("jetond")).wait_ready()
    yield running
    assert running.stop() == 0, running.log()


@pytest.fixture
def issuers():
    """Other issuers, with the name of their key; they end with the test."""
    made = []

    def make(name="key"):
        made.append(Issuer(name))
        return made[-1]
    yield make
    for issuer in made:
        issuer.end()
