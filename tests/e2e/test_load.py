# SPDX-License-Identifier: Apache-2.0
"""Many connections, many requests: memory stays where it is promised, every answer is right."""
import concurrent.futures
import resource
import time

import pytest

from jetond import SANITIZED

IDLE = 5000


def test_5000_idle_connections(run):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE + 200:
        pytest.skip(f"only {hard} open files are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE + 200), hard))
    server = run()
    connections = []
    for _ in range(IDLE):
        connection = server.socket()
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        connections.append(connection)
    for connection in connections:
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    resident = server.resident_kib()
    assert server.get("/healthz").status == 200
    if not SANITIZED:
        assert resident <= 120 * 1024, f"{resident} KiB"
    for connection in connections:
        connection.close()
    assert server.stop() == 0


def test_memory_is_flat_over_many_requests(run):
    server = run()
    token = server.mint()

    def some(_):
        return [server.verify(token).status for _ in range(250)]

    def rounds():
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for statuses in pool.map(some, range(16)):
                assert set(statuses) == {200}

    rounds()
    before = server.resident_kib()
    rounds()
    rounds()
    if not SANITIZED:
        assert server.resident_kib() <= before + 4096


def test_tokens_from_many_threads_are_all_good_and_different(run):
    server = run()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: server.mint(), range(400)))
    assert len(set(tokens)) == 400
    began = time.monotonic()
    assert {server.verify(token).status for token in tokens} == {200}
    assert time.monotonic() - began < 60
