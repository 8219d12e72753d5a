# SPDX-License-Identifier: Apache-2.0
"""POST /introspect: who is told what about a token (RFC 7662), and who is not."""
import time

import pytest

from issuer import Issuer
from jetond import Jetond, claims_of, encode_part, sign
from parties import FORM, clients_in, introspect, mint, post


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("jetond")
    running = Jetond(directory, clients_in(directory)).wait_ready()
    yield running
    assert running.stop() == 0, running.log()


INACTIVE = {"active": False}


def test_a_client_learns_what_its_own_token_says(server):
    token = mint(server, "web", "files")
    answer = post(server, "/introspect", {"token": token})
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    assert answer.header("Cache-Control") == "no-store"
    claims = claims_of(token)
    assert answer.json() == {"active": True, "token_type": "Bearer", **claims}
    assert claims.keys() == {"iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope"}


def test_who_is_told(server):
    """Whoever it was issued to and whoever has its audience; nobody else, and not why."""
    for_api, for_files = mint(server, "web", "api"), mint(server, "web", "files")
    assert introspect(server, for_api, "web")["active"] is True
    assert introspect(server, for_api, "peer")["sub"] == "web"
    assert introspect(server, for_files, "web")["active"] is True
    assert introspect(server, for_files, "peer") == INACTIVE
    assert introspect(server, for_api, "other") == INACTIVE
    assert introspect(server, mint(server, "other", "elsewhere"), "web") == INACTIVE


def test_numbers_arrays_and_the_chain_of_actors_go_as_they_are(server):
    now = int(time.time())
    claims = {"iss": server.url, "sub": "ada", "aud": ["api", "elsewhere"], "iat": now, "nbf": now - 5, "exp": now + 60.5,
              "jti": "1\u00e9\"", "client_id": "web", "scope": "read write",
              "act": {"sub": "peer", "act": {"sub": "https://a.example#x"}}, "secret": "not told"}
    told = introspect(server, sign(server.state, claims), "peer")
    assert told == {"active": True, "token_type": "Bearer", **{n: v for n, v in claims.items() if n != "secret"}}
    assert introspect(server, sign(server.state, claims), "other")["active"] is True


def test_scope_written_as_scp_is_told_as_scope(server):
    now = int(time.time())
    token = sign(server.state, {"iss": server.url, "aud": "api", "exp": now + 60, "scp": ["a", "b"]})
    assert introspect(server, token, "peer")["scope"] == "a b"


def test_what_is_no_good_is_not_active(server):
    now = int(time.time())
    token = mint(server)
    header, payload, _ = token.split(".")
    claims = claims_of(token)
    for bad in ("x", "a.b.c", "A" * 20000, f"{header}.{payload}.", encode_part({"alg": "none"}) + f".{payload}.",
                sign(server.state, {**claims, "exp": now - 61}), sign(server.state, {**claims, "nbf": now + 65}),
                sign(server.state, {**claims, "iss": "https://elsewhere.example"}), sign(server.state, claims, {"typ": "JWT"}),
                sign(server.state, claims, {"kid": "unknown"}), sign(server.state, {**claims, "exp": None})):
        assert introspect(server, bad) == INACTIVE, bad


def test_a_token_that_only_says_it_is_the_clients_own_is_not(server):
    """client_id counts in our own tokens alone."""
    assert introspect(server, mint(server, "web", "files"), "peer") == INACTIVE
    now = int(time.time())
    token = sign(server.state, {"iss": server.url, "aud": "nobody", "exp": now + 60, "client_id": "peer"})
    assert introspect(server, token, "peer")["active"] is True
    assert introspect(server, token, "web") == INACTIVE


def test_tokens_of_trusted_issuers_are_told_to_those_they_are_for(run, tmp_path):
    issuer = Issuer()
    try:
        server = run(clients_in(tmp_path) + "trust:\n" + issuer.trust(audiences="audiences: [api, files]"))
        token = issuer.sign(client_id="other")
        deadline = time.monotonic() + 20
        while server.verify(token).status == 503 and time.monotonic() < deadline:
            time.sleep(0.02)
        told = introspect(server, token, "peer")
        assert (told["active"], told["iss"], told["sub"]) == (True, issuer.url, "ada")
        assert introspect(server, token, "other") == INACTIVE  # its client_id is of another issuer's making
        assert introspect(server, issuer.sign(aud="elsewhere"), "other") == INACTIVE  # not believed here at all
        assert introspect(server, issuer.sign(exp=int(time.time()) - 3600), "peer") == INACTIVE
    finally:
        issuer.end()


def test_a_token_that_cannot_be_judged_now_is_not_called_inactive(run, tmp_path):
    issuer = Issuer()
    issuer.answer = 500
    try:
        server = run(clients_in(tmp_path) + "trust:\n" + issuer.trust())
        answer = post(server, "/introspect", {"token": issuer.sign()}, "peer")
        assert (answer.status, answer.json()["error"]) == (503, "temporarily_unavailable")
        assert answer.header("Retry-After") is not None
    finally:
        issuer.end()


def test_a_hint_changes_nothing(server):
    token = mint(server)
    for hint in ("access_token", "refresh_token", "nonsense"):
        assert introspect(server, token, token_type_hint=hint)["active"] is True


def test_clients_alone_are_answered(server):
    token = mint(server)
    answer = post(server, "/introspect", {"token": token}, None)
    assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
    bearer = post(server, "/introspect", {"token": token}, None, [("Authorization", f"Bearer {token}")])
    assert bearer.status == 401
    assert post(server, "/introspect", {}).json()["error"] == "invalid_request"
    assert server.request("POST", "/introspect", [FORM], b"token=" + b"A" * 70000).status == 413


def test_both_metadata_documents_name_the_endpoints(server):
    for name in ("openid-configuration", "oauth-authorization-server"):
        document = server.get(f"/.well-known/{name}").json()
        for endpoint, path in (("introspection", "/introspect"), ("revocation", "/revoke")):
            assert document[f"{endpoint}_endpoint"] == server.url + path
            assert document[f"{endpoint}_endpoint_auth_methods_supported"] == document["token_endpoint_auth_methods_supported"]
