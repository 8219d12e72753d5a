# SPDX-License-Identifier: Apache-2.0
"""POST /revoke: a client's own token, and no other, is refused from then on, everywhere and for good (RFC 7009)."""
import concurrent.futures
import http.client
import json
import signal
import sqlite3
import threading
import time

import pytest

from issuer import Key
from jetond import Jetond, claims_of, encode_part, sign
from parties import FORM, clients_in, introspect, mint, post, reason_of, revoke, who

VERIFY = "verify:\n  audiences: [api, files]\n  policies: {admin: {scopes: [admin]}}\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("jetond")
    running = Jetond(directory, clients_in(directory) + VERIFY).wait_ready()
    yield running
    assert running.stop() == 0, running.log()


def test_a_revoked_token_is_refused_at_once_and_its_neighbour_is_not(server):
    token, neighbour = mint(server), mint(server)
    assert reason_of(server, token) is None and reason_of(server, token) is None  # the second from the cache
    answer = revoke(server, token)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("Cache-Control") == "no-store"
    refused = server.verify(token)
    assert refused.status == 401
    assert 'error="invalid_token"' in refused.header("WWW-Authenticate")
    assert refused.json() == {"error": "invalid_token", "error_description": "the token was revoked",
                              "reason": "token_revoked", "kind": "refused"}
    assert introspect(server, token) == {"active": False}
    assert reason_of(server, neighbour) is None
    assert introspect(server, neighbour)["active"] is True


def test_revoked_stands_before_scope_in_the_order_of_judgement(server):
    token = mint(server)
    assert reason_of(server, token, "/verify/admin") == "scope_insufficient"
    assert revoke(server, token).status == 200
    assert reason_of(server, token, "/verify/admin") == "token_revoked"


def test_revoking_twice_is_revoking_once(server):
    token = mint(server)
    assert [revoke(server, token).status for _ in range(2)] == [200, 200]
    assert reason_of(server, token) == "token_revoked"


@pytest.mark.parametrize("client", ["peer", "other"])
def test_a_client_revokes_only_its_own(server, client):
    token = mint(server)
    answer = revoke(server, token, client)
    assert (answer.status, answer.body) == (200, b"")
    assert reason_of(server, token) is None


def test_SECURITY_54_a_forged_token_revokes_nothing(server):
    """The payload is the real one's; nothing may be done on its word before the signature was checked."""
    token = mint(server)
    header, payload, signature = token.split(".")
    other = mint(server).split(".")[2]
    unsigned = encode_part({"alg": "none", "typ": "at+jwt"})
    flipped = signature[:-2] + ("A" if signature[-2] != "A" else "Q") + signature[-1]
    for forged in (f"{header}.{payload}.{other}", f"{header}.{payload}.", f"{unsigned}.{payload}.", f"{header}.{payload}.{flipped}"):
        answer = revoke(server, forged)
        assert (answer.status, answer.body) == (200, b""), forged
        assert reason_of(server, token) is None
    assert revoke(server, token).status == 200
    assert reason_of(server, token) == "token_revoked"


@pytest.mark.parametrize("token", ["x", "a.b.c", "....", "\N{SNOWMAN}", "A" * 20000])
def test_what_is_no_token_is_answered_like_a_success(server, token):
    assert revoke(server, token).status == 200


def test_an_expired_token_is_answered_like_a_success(server):
    now = int(time.time())
    claims = claims_of(mint(server))
    token = sign(server.state, {**claims, "iat": now - 7200, "exp": now - 3600})
    assert revoke(server, token).status == 200
    assert reason_of(server, token) == "token_expired"


def test_the_other_way_to_write_a_signature_is_no_way_around(server):
    """(r, n - s) is a signature of the same bytes: the token's text changes, the token does not."""
    from jetond import decode_part
    order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
    token = mint(server)
    head, signature = token.rsplit(".", 1)
    raw = decode_part(signature)
    twin = head + "." + encode_part(raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big"))
    assert twin != token and reason_of(server, twin) is None
    assert revoke(server, token).status == 200
    assert reason_of(server, twin) == "token_revoked"


def test_a_hint_changes_nothing(server):
    for hint in ("access_token", "refresh_token", "nonsense"):
        token = mint(server)
        assert revoke(server, token, token_type_hint=hint).status == 200
        assert reason_of(server, token) == "token_revoked"


def test_another_kind_of_own_token_is_of_an_unsupported_type(server):
    token = sign(server.state, claims_of(mint(server)), {"typ": "JWT"})
    answer = revoke(server, token)
    assert (answer.status, answer.json()["error"]) == (400, "unsupported_token_type")


def test_without_proof_of_the_client_nothing_is_revoked(server):
    token = mint(server)
    for answer in (revoke(server, token, client=None),
                   post(server, "/revoke", {"token": token, "client_id": "web"}, None),
                   post(server, "/revoke", {"token": token, "client_id": "web", "client_secret": "wrong"}, None)):
        assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
        assert answer.header("WWW-Authenticate").startswith("Basic ")
    assert reason_of(server, token) is None
    by_form = {"token": token, "client_id": "web", "client_secret": who("web")[1]}
    assert post(server, "/revoke", by_form, None).status == 200
    assert reason_of(server, token) == "token_revoked"


def test_bad_requests(server):
    token = mint(server)
    assert post(server, "/revoke", {}).json()["error"] == "invalid_request"
    assert post(server, "/revoke", [("token", token), ("token", token)]).json()["error"] == "invalid_request"
    plain = server.request("POST", "/revoke", [("Content-Type", "text/plain")], b"token=x")
    assert (plain.status, plain.json()["error"]) == (400, "invalid_request")
    assert server.request("POST", "/revoke", [FORM], b"token=" + b"A" * 70000).status == 413
    assert reason_of(server, token) is None


def test_methods(server):
    for path in ("/revoke", "/introspect"):
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            answer = server.request(method, path)
            assert (answer.status, answer.header("Allow")) == (405, "POST, OPTIONS")
        options = server.request("OPTIONS", path)
        assert (options.status, options.header("Allow")) == (204, "POST, OPTIONS")
        assert options.header("Access-Control-Allow-Origin") is None  # S4.40 concerns what is public
        assert server.get(path + "/x").status == 404


def test_the_log_says_who_revoked_and_never_what(server):
    token = mint(server)
    revoke(server, token)
    log = server.log()
    assert "a client revoked a token" in log and claims_of(token)["jti"] in log
    assert token not in log and token.split(".")[2] not in log


def test_ten_failures_close_the_client_for_all_endpoints_together(run, tmp_path):
    server = run(clients_in(tmp_path))
    wrong = {"client_id": "peer", "client_secret": "wrong", "token": "x"}
    paths = ["/revoke", "/introspect", "/token"]
    for i in range(10):
        assert post(server, paths[i % 3], {**wrong, "grant_type": "client_credentials"}, None).status == 401
    for path in paths:
        closed = post(server, path, {"token": "x", "grant_type": "client_credentials"}, "peer")
        assert closed.status == 429
        assert 0 < int(closed.header("Retry-After")) <= 60
    assert post(server, "/revoke", {"token": "x"}, "web").status == 200


def test_the_number_of_revoked_tokens_is_told(server):
    def count():
        line, = (line for line in server.get("/metrics").body.decode().splitlines() if line.startswith("jeton_tokens_revoked "))
        return int(line.split()[1])

    before, token = count(), mint(server)
    revoke(server, token)
    revoke(server, token)
    revoke(server, mint(server), "peer")
    assert count() == before + 1


def test_SECURITY_49_an_assertion_is_good_once_at_all_endpoints_together(run, tmp_path):
    key = Key("k")
    (tmp_path / "keys").write_text(json.dumps({"keys": [key.jwk()]}))
    server = run(clients_in(tmp_path) + f"  - {{id: batch, keys: {{jwks_file: {tmp_path}/keys}}, audiences: [api]}}\n")
    now = int(time.time())

    def prove(path, jti):
        assertion = key.sign({"iss": "batch", "sub": "batch", "aud": server.url, "exp": now + 60, "jti": jti})
        form = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": assertion, "token": "x", "grant_type": "client_credentials"}
        return post(server, path, form, None)

    paths = ("/token", "/introspect", "/revoke")
    for i, first in enumerate(paths):
        assert prove(first, f"jti-{i}").status == 200
        for other in paths:
            answer = prove(other, f"jti-{i}")
            assert (answer.status, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_revocation_outlives_the_process(run, tmp_path, how):
    server = run(clients_in(tmp_path) + VERIFY + "issuer: https://tokens.example\n")
    revoked, good = mint(server), mint(server)
    assert revoke(server, revoked).status == 200
    server.stop(how)
    again = run(clients_in(tmp_path) + VERIFY + "issuer: https://tokens.example\n")
    assert reason_of(again, revoked) == "token_revoked"
    assert reason_of(again, good) is None


def test_a_kill_amid_revocations_forgets_none_that_was_answered(run, tmp_path):
    config = clients_in(tmp_path) + VERIFY + "issuer: https://tokens.example\n"
    for kill_after in (3, 17, 40):
        server = run(config)
        tokens = [mint(server) for _ in range(60)]
        answered, lock = [], threading.Lock()

        def one(token):
            try:
                status = revoke(server, token).status
            except (OSError, http.client.HTTPException):
                return
            with lock:
                if status == 200:
                    answered.append(token)
                if len(answered) == kill_after:
                    server.process.kill()

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(one, tokens))
        server.stop(signal.SIGKILL)
        assert len(answered) >= kill_after
        again = run(config)
        assert {reason_of(again, token) for token in answered} == {"token_revoked"}
        assert reason_of(again, mint(again)) is None
        again.stop()


def test_what_has_ended_leaves_the_state(run, tmp_path):
    config = clients_in(tmp_path) + VERIFY + "issuer: https://tokens.example\n"
    server = run(config)
    token = mint(server)
    assert revoke(server, token).status == 200
    server.stop()
    with sqlite3.connect(server.state / "jetond.db") as database:
        assert database.execute("SELECT count(*) FROM revoked").fetchone() == (1,)
        database.execute("UPDATE revoked SET until = ?", (int(time.time()) - 1,))
    server = run(config)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with sqlite3.connect(f"file:{server.state}/jetond.db?mode=ro", uri=True) as database:
            left, = database.execute("SELECT count(*) FROM revoked").fetchone()
        if left == 0:
            break
        time.sleep(0.02)
    assert left == 0


def test_revocation_reaches_every_thread_while_others_verify(server):
    """Each worker sees its own token refused from the answer of /revoke on, whatever the others do."""
    def one(_):
        token = mint(server)
        before = reason_of(server, token)
        assert revoke(server, token).status == 200
        return before, {reason_of(server, token) for _ in range(3)}

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for before, after in pool.map(one, range(24)):
            assert before is None and after == {"token_revoked"}
