# SPDX-License-Identifier: Apache-2.0
"""/.well-known/oauth-protected-resource and what challenges say of it (RFC 9728, S5.15, S5.16); S4.40 for the public
documents."""
import pytest

from issuer import Issuer

PATH = "/.well-known/oauth-protected-resource"
API = "issuer: https://tokens.example\npublic_url: https://jeton.example\nverify:\n  resource: https://api.example/v1/\n"


def test_S5_16_the_document_names_resource_server_and_method(server):
    answer = server.get(PATH)
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    assert answer.header("Cache-Control") == "public, max-age=3600"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.json() == {"resource": server.url, "authorization_servers": [server.url],
                             "bearer_methods_supported": ["header"], "scopes_supported": ["read", "write"]}


def test_S5_16_any_page_may_read_it_and_none_with_credentials(server):
    for origin in ((), (("Origin", "https://page.example"),)):
        answer = server.get(PATH, origin)
        assert answer.header("Access-Control-Allow-Origin") == "*"
        assert answer.header("Access-Control-Allow-Credentials") is None
    options = server.request("OPTIONS", PATH, [("Origin", "https://page.example"), ("Access-Control-Request-Method", "GET")])
    assert (options.status, options.body) == (204, b"")
    assert options.header("Access-Control-Allow-Origin") == "*"
    assert options.header("Access-Control-Allow-Methods") == "GET, HEAD, OPTIONS"
    assert options.header("Access-Control-Max-Age") == "86400"


def test_S5_16_every_other_well_known_path_is_not_found(server):
    for path in ("/.well-known/", "/.well-known/nope", PATH + "/", PATH + "/v1", PATH + "x", "/.well-known/openid-configuration/x",
                 "/.well-known/jwks.json/x"):
        answer = server.get(path)
        assert (answer.status, answer.json()) == (404, {"error": "not_found"}), path


@pytest.mark.parametrize("path", ["/.well-known/jwks.json", "/.well-known/openid-configuration",
                                  "/.well-known/oauth-authorization-server", PATH])
def test_S4_40_every_answer_of_a_public_document_carries_the_same_headers(server, path):
    for method in ("GET", "HEAD", "OPTIONS", "POST"):
        answer = server.request(method, path)
        assert answer.header("Access-Control-Allow-Origin") == "*"
        assert answer.header("Access-Control-Allow-Methods") == "GET, HEAD, OPTIONS"
        assert answer.header("Access-Control-Allow-Headers") == "*"
        assert answer.header("Access-Control-Expose-Headers") == "*"


def test_S4_40_what_takes_secrets_is_shared_with_no_page(server):
    for path in ("/token", "/introspect", "/revoke", "/verify", "/metrics"):
        for method in ("OPTIONS", "POST"):
            assert server.request(method, path).header("Access-Control-Allow-Origin") is None


def test_S5_15_challenges_name_the_document_once_a_resource_is_configured(run):
    server = run(API)
    address = 'resource_metadata="https://jeton.example/.well-known/oauth-protected-resource/v1"'
    none = server.get("/verify", [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example")])
    assert none.status == 401
    assert none.header("WWW-Authenticate") == f'Bearer realm="https://tokens.example", {address}'
    assert none.json()["reason"] == "token_missing"
    bad = server.verify("a.b.c")
    assert bad.header("WWW-Authenticate").startswith('Bearer realm="https://tokens.example", error="invalid_token", error_description="')
    assert bad.header("WWW-Authenticate").endswith(", " + address)
    document = server.get(PATH + "/v1").json()
    assert document["resource"] == "https://api.example/v1/"
    assert document["authorization_servers"] == ["https://tokens.example"]
    assert server.get(PATH).json() == document
    assert server.get(PATH + "/v2").status == 404


def test_S5_15_without_a_resource_a_challenge_names_none(server):
    answer = server.get("/verify")
    assert answer.header("WWW-Authenticate") == f'Bearer realm="{server.url}"'


def test_S5_15_a_missing_scope_is_named_beside_it(run):
    server = run("verify:\n  resource: https://api.example\n  policies: {admin: {scopes: [admin]}}\n")
    challenge = server.verify(server.mint(), "/verify/admin").header("WWW-Authenticate")
    assert 'error="insufficient_scope"' in challenge and 'scope="admin"' in challenge
    assert challenge.endswith(f', resource_metadata="{server.url}/.well-known/oauth-protected-resource"')


def test_S5_16_no_resource_no_document(run):
    server = run("verify: {resource: none}\n")
    answer = server.get(PATH)
    assert (answer.status, answer.json()) == (404, {"error": "not_found"})
    assert server.get("/verify").header("WWW-Authenticate") == f'Bearer realm="{server.url}"'


def test_S5_16_trusted_issuers_are_named_once_a_resource_is_configured(run):
    issuer = Issuer()
    try:
        plain = run("trust:\n" + issuer.trust(), name="plain")
        assert plain.get(PATH).json()["authorization_servers"] == [plain.url]
        server = run("verify: {resource: https://api.example}\ntrust:\n" + issuer.trust())
        assert server.get(PATH).json()["authorization_servers"] == [server.url, issuer.url]
    finally:
        issuer.end()


def test_S5_16_scopes_are_those_that_clients_may_get_else_openid(run, tmp_path):
    (tmp_path / "secret").write_text("0123456789abcdef0123456789abcdef")
    (tmp_path / "secret").chmod(0o600)
    client = "clients:\n  - {{id: a, secret_file: {}/secret, audiences: [api]{}}}\n"
    assert run(client.format(tmp_path, ", scopes: [b, a]"), name="with").get(PATH).json()["scopes_supported"] == ["b", "a"]
    assert run(client.format(tmp_path, ""), name="without").get(PATH).json()["scopes_supported"] == ["openid"]


@pytest.mark.parametrize("resource", ["api.example", "ftp://api.example", "https://api.example/#x", "https://a\\\"b.example"])
def test_S5_16_a_resource_that_is_no_address_is_a_fault(run, resource):
    server = run(f'verify:\n  resource: "{resource}"\n', ready=False)
    assert server.wait_end() == 2
    assert "verify.resource:" in server.log()


def test_S5_17_an_issuer_with_a_path_has_its_metadata_behind_the_well_known_path_too(run):
    server = run("issuer: https://tokens.example/tenant\n")
    for name in ("openid-configuration", "oauth-authorization-server"):
        document = server.get(f"/.well-known/{name}/tenant")
        assert document.status == 200 and document.json()["issuer"] == "https://tokens.example/tenant"
        assert server.get(f"/.well-known/{name}").body == document.body
        assert server.get(f"/.well-known/{name}/tenan").status == 404
