# SPDX-License-Identifier: Apache-2.0
"""HTTP as hostile clients speak it: heads and bodies over their limits, repeated headers, dripping, pipelining; and the
weaknesses of libmicrohttpd that jetond refuses by itself."""
import json
import socket
import time

import pytest

from jetond import read_all

HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture
def hasty(run):
    return run("limits: {head_timeout: 500ms}\n")


def status_of(answer):
    assert answer.startswith(b"HTTP/1.1 "), answer[:80]
    return int(answer.split(b" ", 2)[1])


def statuses_of(answers):
    return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("path", ["/nope", "/healthz/", "/HEALTHZ", "//", "/.well-known/", "/token/x", "/..", "/%2e"])
def test_unknown_paths(server, path):
    answer = server.get(path)
    assert (answer.status, answer.json()) == (404, {"error": "not_found"})


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/.well-known/jwks.json",
                                  "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"])
def test_methods_of_what_is_read(server, path):
    answer = server.get(path)
    assert answer.status == 200
    assert answer.header("X-Content-Type-Options") == "nosniff"
    head = server.request("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert head.header("Content-Type") == answer.header("Content-Type")
    if path != "/metrics":
        assert head.header("Content-Length") == str(len(answer.body))
    assert server.get(path + "?query=1").status == 200
    for method in ("POST", "PUT", "DELETE"):
        wrong = server.request(method, path, body=b"x")
        assert (wrong.status, wrong.header("Allow")) == (405, "GET, HEAD, OPTIONS")
        assert wrong.json() == {"error": "method_not_allowed"}
    options = server.request("OPTIONS", path)
    assert (options.status, options.header("Allow")) == (204, "GET, HEAD, OPTIONS")


def test_S4_40_public_documents_may_be_read_from_any_page(server):
    for path in ("/.well-known/jwks.json", "/.well-known/openid-configuration"):
        assert server.get(path).header("Access-Control-Allow-Origin") == "*"
        assert server.get(path).header("Access-Control-Allow-Credentials") is None
    assert server.get("/healthz").header("Access-Control-Allow-Origin") is None
    assert server.request("OPTIONS", "/token").header("Access-Control-Allow-Origin") is None


def test_S4_6_S5_17_metadata_follow_keys_and_routes(server):
    answer = server.get("/.well-known/openid-configuration")
    assert answer.header("Content-Type") == "application/json"
    assert answer.body == server.get("/.well-known/oauth-authorization-server").body
    document = answer.json()
    assert document["issuer"] == server.url
    assert document["jwks_uri"] == server.url + "/.well-known/jwks.json"
    assert document["token_endpoint"] == server.url + "/token"
    assert document["grant_types_supported"] == ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange",
                                                 "urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert document["token_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post",
                                                                 "private_key_jwt"]
    assert document["id_token_signing_alg_values_supported"] == ["ES256"]
    assert document["subject_types_supported"] == ["public"]
    assert document["response_types_supported"]


def test_S4_7_S5_18_the_key_set(server):
    answer = server.get("/.well-known/jwks.json")
    assert answer.header("Content-Type") == "application/jwk-set+json"
    assert answer.header("Cache-Control") == "public, max-age=900"
    key, = answer.json()["keys"]
    assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
    import base64
    import hashlib
    members = json.dumps({name: key[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).rstrip(b"=").decode()
    assert key["kid"] == thumbprint


def test_an_etag_saves_the_body(server):
    tag = server.get("/.well-known/jwks.json").header("ETag")
    for value in (tag, f'"x", {tag}', "*", f"W/{tag}"):
        answer = server.get("/.well-known/jwks.json", [("If-None-Match", value)])
        assert (answer.status, answer.body, answer.header("ETag")) == (304, b"", tag)
    assert server.get("/.well-known/jwks.json", [("If-None-Match", '"other"')]).status == 200


def test_max_age_is_configurable(run):
    server = run("signing: {jwks_max_age: 90s}\n")
    assert server.get("/.well-known/jwks.json").header("Cache-Control") == "public, max-age=90"


# --- Heads ---

@pytest.mark.parametrize("size", [11, 13, 16, 21, 40, 400])
def test_a_head_over_its_limit_is_431(server, size):
    head = HEAD + b"X-Pad: " + b"x" * (size * 1024) + b"\r\n\r\n"
    if size < 12:
        assert status_of(server.raw(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))) == 200
    else:
        assert status_of(server.raw(head)) == 431


def test_many_small_headers_are_431(server):
    assert status_of(server.raw(HEAD + b"".join(b"X-%d: y\r\n" % i for i in range(150)) + b"\r\n")) == 431


def test_the_largest_token_and_identity_fit_together(run):
    import time as clock

    from jetond import sign
    server = run("verify: {headers: {X-A: pad, X-B: sub, X-Jeton-Claims: all}}\n")
    now = int(clock.time())
    claims = {"iss": server.url, "sub": "s" * 600, "aud": "api", "iat": now, "exp": now + 60}
    token = sign(server.state, {**claims, "pad": "x" * 600})
    filler = ("X-Fill", "y" * 4000)
    answer = server.verify(token, headers=[filler])
    assert answer.status == 200
    large = sign(server.state, {**claims, "pad": "x" * 4300})
    answer = server.verify(large, headers=[filler])
    assert answer.status == 403


@pytest.mark.parametrize("extra", [
    b"Content-Length: 1\r\nContent-Length: 1\r\n",
    b"Content-Length: 1\r\nContent-Length: 2\r\n",
    b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: identity\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: +1\r\n",
    b"Content-Length: 0x10\r\n",
    b"Content-Length: 1, 1\r\n",
    b"Host: y\r\n",
    b"Na me: x\r\n",
    b"Name : x\r\n",
    b"Na\x01me: x\r\n",
])
def test_heads_that_smuggle_are_refused_and_the_connection_ends(server, extra):
    request = b"POST /verify HTTP/1.1\r\nHost: x\r\n" + extra + b"\r\n"
    answer = server.raw(request + b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    # libmicrohttpd 0.9.75 writes the head of its own 400 twice; what counts is that nothing after it is answered.
    assert set(statuses_of(answer)) == {400}, answer


def test_no_host_is_refused(server):
    assert status_of(server.raw(b"GET /healthz HTTP/1.1\r\n\r\n")) == 400


@pytest.mark.parametrize("junk", [b"\r\n\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"GET\r\n\r\n",
                                  b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"\x00" * 100 + b"\r\n\r\n",
                                  b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET  /  HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_junk_never_gets_a_good_answer_and_does_no_harm(hasty, junk):
    with hasty.socket() as connection:
        connection.sendall(junk)
        connection.shutdown(socket.SHUT_WR)
        answer = read_all(connection)
    assert b"200 OK" not in answer or junk.startswith(b"GET  /")
    assert hasty.get("/healthz").status == 200


def test_an_absolute_address_is_as_good_as_its_path(server):
    for address in (b"http://any.example/healthz", b"http://any.example:1/healthz"):
        answer = server.raw(b"GET " + address + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert status_of(answer) == 200


def test_pipelined_requests_are_answered_in_order(server):
    one = HEAD + b"\r\n"
    two = b"GET /nope HTTP/1.1\r\nHost: x\r\n\r\n"
    three = b"GET /verify HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert statuses_of(server.raw(one + two + one + three)) == [200, 404, 200, 401]


def test_a_body_that_nobody_reads_does_not_become_a_request(server):
    body = HEAD + b"\r\n"
    request = b"POST /verify HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    last = b"GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert statuses_of(server.raw(request + last)) == [401, 404]


# --- Bodies ---

def post(body, extra=b""):
    return b"POST /token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + FORM + extra + b"\r\n" + body


def test_a_body_at_its_limit_is_read_and_one_byte_more_is_413(server):
    body = b"a=" + b"x" * (65536 - 2)
    assert status_of(server.raw(post(body, b"Content-Length: %d\r\n" % len(body)))) == 401
    body += b"x"
    assert status_of(server.raw(post(body, b"Content-Length: %d\r\n" % len(body)))) == 413


@pytest.mark.parametrize("length", [70000, 5000000])
def test_a_longer_body_is_413_on_every_path(server, length):
    for path in (b"/token", b"/verify", b"/nope"):
        head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % length
        assert status_of(server.raw(head + b"x" * length)) == 413


def test_megabytes_are_refused_before_they_come(server):
    answer = server.raw(b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
    assert status_of(answer) == 413


def chunked(parts):
    return b"".join(b"%x\r\n" % len(part) + part + b"\r\n" for part in parts) + b"0\r\n\r\n"


def test_a_chunked_body(server):
    good = post(chunked([b"grant_type=client_", b"credentials"]), b"Transfer-Encoding: chunked\r\n")
    assert status_of(server.raw(good)) == 401
    large = post(chunked([b"x" * 60000] * 2), b"Transfer-Encoding: chunked\r\n")
    assert status_of(server.raw(large)) == 413


def test_the_body_limit_is_configurable(run):
    server = run("limits: {body: 2KiB}\n")
    assert status_of(server.raw(post(b"x" * 2049, b"Content-Length: 2049\r\n"))) == 413


# --- Time ---

def drip(connection, data, every=0.05, seconds=10):
    """Sends byte by byte; gives the time after which the server had enough, and what it said."""
    began = time.monotonic()
    connection.settimeout(every)
    for at in range(len(data)):
        if time.monotonic() - began > seconds:
            return None, b""
        try:
            connection.sendall(data[at:at + 1])
            received = connection.recv(4096)
            return time.monotonic() - began, received
        except socket.timeout:
            continue
        except OSError:
            return time.monotonic() - began, b""
    return None, b""


def test_a_dripping_head_is_ended(hasty):
    with hasty.socket() as connection:
        after, answer = drip(connection, HEAD + b"X-Pad: " + b"x" * 1000)
    assert after is not None and 0.4 < after < 3
    assert status_of(answer) == 408


def test_a_silent_connection_is_ended(hasty):
    began = time.monotonic()
    with hasty.socket() as connection:
        read_all(connection)
    assert 0.4 < time.monotonic() - began < 5


def test_a_dripping_head_after_a_good_request_is_ended(hasty):
    with hasty.socket() as connection:
        connection.sendall(HEAD + b"\r\n")
        assert status_of(connection.recv(4096)) == 200
        time.sleep(0.2)
        after, answer = drip(connection, HEAD + b"X-Pad: " + b"x" * 1000)
    assert after is not None and 0.4 < after < 3
    assert status_of(answer) == 408


def test_a_dripping_body_is_ended(hasty):
    with hasty.socket() as connection:
        connection.sendall(b"POST /token HTTP/1.1\r\nHost: x\r\n" + FORM + b"Content-Length: 1000\r\n\r\n")
        after, answer = drip(connection, b"x" * 900)
    assert after is not None and 0.4 < after < 3


def test_an_idle_connection_outlives_the_head_timeout(hasty):
    with hasty.socket() as connection:
        connection.sendall(HEAD + b"\r\n")
        assert status_of(connection.recv(4096)) == 200
        time.sleep(1.5)
        connection.sendall(HEAD + b"\r\n")
        assert status_of(connection.recv(4096)) == 200


def test_dripping_clients_do_not_stop_others(hasty):
    slow = [hasty.socket() for _ in range(50)]
    for connection in slow:
        connection.sendall(b"GET /ver")
    assert hasty.get("/healthz").status == 200
    for connection in slow:
        connection.close()


def test_more_connections_than_allowed_wait_and_do_not_fail(run):
    server = run("limits: {connections: 16, head_timeout: 1s}\n")
    held = [server.socket() for _ in range(40)]
    assert server.get("/healthz").status == 200
    for connection in held:
        connection.close()
