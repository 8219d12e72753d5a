# SPDX-License-Identifier: Apache-2.0
"""The end: no new connections, requests in flight get their answers, ten seconds at most."""
import signal
import socket
import time

from jetond import SANITIZED, eventually, read_all

FORM = (b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 4\r\n"
        b"Expect: 100-continue\r\n\r\n")


def begin(connection):
    """A request of which the server has read the head, as it says, and half of the body was sent."""
    connection.sendall(FORM)
    assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
    connection.sendall(b"a=")


def takes_no_more(server):
    try:
        server.socket().close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        pass  # it had got into the queue when the listener was closed
    return False


def test_a_request_in_flight_gets_its_answer_and_no_new_connection_comes_in(run):
    server = run()
    with server.socket() as connection:
        begin(connection)
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: takes_no_more(server), 5)
        assert server.process.poll() is None
        connection.sendall(b"bc")
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"Connection: close" in answer
    assert server.wait_end() == 0


def test_idle_connections_do_not_hold_it_up(run):
    server = run()
    connections = [server.socket() for _ in range(20)]
    for connection in connections[10:]:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(4096)
    server.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert server.wait_end() == 0
    assert time.monotonic() - began < 5
    for connection in connections:
        connection.close()


def test_a_hanging_client_does_not_hold_it_longer_than_ten_seconds(run):
    server = run("limits: {head_timeout: 1m}\n")
    with server.socket() as connection:
        begin(connection)
        server.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert server.wait_end() == 0
        assert time.monotonic() - began < (15 if SANITIZED else 10.5)


def test_the_port_is_free_again(run):
    server = run()
    where = server.url.removeprefix("http://")
    with server.socket() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(4096)
        assert server.stop() == 0
    again = run(listen=where)
    assert again.get("/healthz").status == 200


def test_an_answer_never_read_does_not_hold_it_up(run):
    server = run()
    connection = server.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
    time.sleep(0.2)
    server.process.send_signal(signal.SIGTERM)
    assert server.wait_end() == 0
    connection.close()
