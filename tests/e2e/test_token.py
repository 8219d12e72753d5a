# SPDX-License-Identifier: Apache-2.0
"""POST /token: who gets a token, which one, and what everybody else is told (RFC 6749 §5.2, RFC 9068, RFC 8707)."""
import base64
import re
import time

import jwt
import pytest

from jetond import basic_of, claims_of, decode_part

FORM = "application/x-www-form-urlencoded"
CLIENTS = """\
clients:
  - {{id: web, secret_file: {0}/web, audiences: [api, "https://files.example/"], scopes: [read, write, admin]}}
  - {{id: one, secret_file: {0}/one, audiences: [api]}}
  - {{id: "odd:id%+", secret_file: {0}/odd, audiences: [api]}}
"""
ODD_SECRET = "p+q r%&=é:"


@pytest.fixture
def clients(run, tmp_path):
    (tmp_path / "web").write_text("the secret of web\n")
    (tmp_path / "one").write_text("the secret of one")
    (tmp_path / "odd").write_text(ODD_SECRET)
    for name in ("web", "one", "odd"):
        (tmp_path / name).chmod(0o600)
    return run(CLIENTS.format(tmp_path))


WEB = ("web", "the secret of web")
GRANT = ("grant_type", "client_credentials")


def error_of(answer):
    return answer.status, answer.json()["error"]


def test_an_access_token_by_RFC_9068(server):
    before = int(time.time())
    answer = server.ask()
    assert answer.status == 200
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("Pragma") == "no-cache"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    body = answer.json()
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 900, "read write")
    header = jwt.get_unverified_header(body["access_token"])
    key, = server.get("/.well-known/jwks.json").json()["keys"]
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": key["kid"]}
    claims = claims_of(body["access_token"])
    assert claims.keys() == {"iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope"}
    assert claims["iss"] == server.url
    assert claims["sub"] == claims["client_id"] == "first"
    assert claims["aud"] == "api"
    assert before <= claims["iat"] <= int(time.time())
    assert claims["exp"] == claims["iat"] + 900
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", claims["jti"])


def test_others_verify_it_by_the_published_keys(server):
    token = server.mint()
    key, = server.get("/.well-known/jwks.json").json()["keys"]
    claims = jwt.decode(token, jwt.PyJWK(key).key, algorithms=["ES256"], audience="api", issuer=server.url)
    assert claims["client_id"] == "first"


def test_no_two_tokens_are_alike(server):
    assert claims_of(server.mint())["jti"] != claims_of(server.mint())["jti"]


def test_client_secret_post(server):
    client = server.client()
    form = [GRANT, ("client_id", client["client_id"]), ("client_secret", client["client_secret"])]
    assert server.ask(form, basic=False).status == 200


def test_both_ways_at_once_are_refused(server):
    client = server.client()
    form = [GRANT, ("client_id", client["client_id"]), ("client_secret", client["client_secret"])]
    assert error_of(server.ask(form)) == (400, "invalid_request")


def test_the_id_alone_may_stand_in_the_form_too(server):
    assert server.ask([GRANT, ("client_id", "first")]).status == 200
    assert error_of(server.ask([GRANT, ("client_id", "second")])) == (400, "invalid_request")


def test_id_and_secret_are_form_encoded_in_the_header(clients):
    odd = ("odd:id%+", ODD_SECRET)
    assert clients.ask(client=odd).status == 200
    raw = "Basic " + base64.b64encode(f"{odd[0]}:{odd[1]}".encode()).decode()
    assert error_of(clients.ask(headers=[("Authorization", raw)], basic=False)) == (401, "invalid_client")


@pytest.mark.parametrize("client", [("first", "wrong"), ("nobody", "wrong"), ("first", "")])
def test_wrong_clients_are_told_the_same(server, client):
    answer = server.ask(client=client)
    assert error_of(answer) == (401, "invalid_client")
    assert answer.header("WWW-Authenticate") == f'Basic realm="{server.url}"'
    assert answer.header("Cache-Control") == "no-store"
    assert answer.json()["error_description"] == "the client is unknown or its secret does not fit"


@pytest.mark.parametrize("authorization", [None, "Basic", "Basic ", "Basic ????", "Basic Zmlyc3Q=", "Bearer abc",
                                           "Basic " + base64.b64encode(b"first:%zz").decode(),
                                           "Basic " + base64.b64encode(b":secret").decode()])
def test_no_readable_client_is_invalid_client(server, authorization):
    headers = [] if authorization is None else [("Authorization", authorization)]
    assert error_of(server.ask(headers=headers, basic=False)) == (401, "invalid_client")


def test_the_last_byte_of_a_secret_counts(server):
    client = server.client()
    secret = client["client_secret"]
    almost = secret[:-1] + ("A" if secret[-1] != "A" else "E")
    assert error_of(server.ask(client=("first", almost))) == (401, "invalid_client")


def test_one_line_feed_is_not_part_of_a_secret_file(clients):
    assert clients.ask([GRANT, ("audience", "api")], client=WEB).status == 200
    assert error_of(clients.ask(client=("web", WEB[1] + "\n"))) == (401, "invalid_client")


def test_ten_failures_in_a_minute_close_a_client(clients):
    for _ in range(10):
        assert error_of(clients.ask(client=("one", "wrong"))) == (401, "invalid_client")
    answer = clients.ask(client=("one", "the secret of one"))
    assert answer.status == 429
    assert 1 <= int(answer.header("Retry-After")) <= 60
    assert clients.ask([GRANT, ("audience", "api")], client=WEB).status == 200


def test_unknown_clients_are_counted_as_well(clients):
    for _ in range(10):
        clients.ask(client=("stranger", "wrong"))
    assert clients.ask(client=("stranger", "wrong")).status == 429


def test_nine_failures_do_not(clients):
    for _ in range(9):
        clients.ask(client=("one", "wrong"))
    assert clients.ask(client=("one", "the secret of one")).status == 200


@pytest.mark.parametrize("form, error", [
    ([], "invalid_request"),
    ([("grant_type", "")], "invalid_request"),
    ([("grant_type", "password")], "unsupported_grant_type"),
    ([("grant_type", "Client_Credentials")], "unsupported_grant_type"),
    ([GRANT, GRANT], "invalid_request"),
    ([GRANT, ("scope", "read"), ("scope", "write")], "invalid_request"),
    ([GRANT, ("x", "1"), ("x", "2")], "invalid_request"),
    ([GRANT, ("scope", "admin")], "invalid_scope"),
    ([GRANT, ("scope", "read admin")], "invalid_scope"),
    ([GRANT, ("scope", "rea")], "invalid_scope"),
    ([GRANT, ("audience", "other")], "invalid_target"),
    ([GRANT, ("resource", "api")], "invalid_target"),
    ([GRANT, ("resource", "https://api.example")], "invalid_target"),
])
def test_bad_parameters(server, form, error):
    assert error_of(server.ask(form)) == (400, error)


@pytest.mark.parametrize("body", [b"grant_type=client%5", b"grant_type=%zz", b"grant_type=a b", b"grant_type=%00",
                                  b"grant_type=%ff", b"\xff=1", b"&".join(b"a%d=1" % i for i in range(40))])
def test_forms_that_are_none(server, body):
    assert error_of(server.ask(body)) == (400, "invalid_request")


def test_unknown_parameters_and_those_without_value_are_as_if_absent(server):
    answer = server.ask([GRANT, ("scope", ""), ("unknown", "x"), ("audience", "")])
    assert answer.json()["scope"] == "read write"


def test_scopes_narrow(server):
    answer = server.ask([GRANT, ("scope", "write  write")])
    assert answer.json()["scope"] == "write"
    assert claims_of(answer.json()["access_token"])["scope"] == "write"


def test_a_client_with_several_audiences_must_ask(clients):
    assert error_of(clients.ask(client=WEB)) == (400, "invalid_target")
    assert claims_of(clients.mint([GRANT, ("audience", "api")], WEB))["aud"] == "api"
    files = "https://files.example/"
    assert claims_of(clients.mint([GRANT, ("resource", files)], WEB))["aud"] == files
    assert claims_of(clients.mint([GRANT, ("resource", files), ("audience", files)], WEB))["aud"] == files
    for form in ([("resource", files), ("resource", files)], [("resource", files), ("audience", "api")],
                 [("resource", "https://files.example")], [("resource", files + "#a")]):
        assert error_of(clients.ask([GRANT, *form], client=WEB)) == (400, "invalid_target")


def test_a_client_without_scopes_gets_none(clients):
    answer = clients.ask(client=("one", "the secret of one"))
    assert "scope" not in answer.json()
    assert "scope" not in claims_of(answer.json()["access_token"])
    assert error_of(clients.ask([GRANT, ("scope", "read")], client=("one", "the secret of one"))) == (400, "invalid_scope")


def test_configured_clients_take_the_place_of_the_first_one(run, tmp_path):
    first = run()
    known = first.client()
    first.stop()
    (tmp_path / "web").write_text("the secret of web")
    again = run(f"clients: [{{id: web, secret_file: {tmp_path}/web, audiences: [api]}}]\n")
    assert error_of(again.ask(client=(known["client_id"], known["client_secret"]))) == (401, "invalid_client")
    assert again.ask(client=("web", "the secret of web")).status == 200


def test_another_media_type_is_refused(server):
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencodedx"):
        assert error_of(server.ask(headers=[("Content-Type", kind)])) == (400, "invalid_request")
    assert server.ask(headers=[("Content-Type", FORM.upper() + " ; charset=UTF-8")]).status == 200


def test_two_authorization_headers_are_refused(server):
    client = server.client()
    basic = basic_of(client["client_id"], client["client_secret"])
    assert error_of(server.ask(headers=[("Authorization", basic)])) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "FOO"])
def test_only_post(server, method):
    answer = server.request(method, "/token")
    assert answer.status == 405
    assert answer.header("Allow") == "POST, OPTIONS"


def test_parameters_in_the_address_do_not_count(server):
    client = server.client()
    basic = basic_of(client["client_id"], client["client_secret"])
    answer = server.request("POST", "/token?grant_type=client_credentials",
                            [("Authorization", basic), ("Content-Type", FORM)], b"")
    assert error_of(answer) == (400, "invalid_request")


def test_a_signature_is_of_the_JOSE_form(server):
    assert len(decode_part(server.mint().split(".")[2])) == 64


def test_S4_9_nbf_lies_before_for_clocks_that_are_behind(run):
    plain, skewed = run(), run("signing: {nbf_skew: 30s}\n", name="skewed")
    assert "nbf" not in claims_of(plain.mint())
    token = skewed.mint()
    claims = claims_of(token)
    assert claims["nbf"] == claims["iat"] - 30
    assert skewed.verify(token).status == 200
    none = run("signing: {nbf_skew: 0s}\n", name="none")
    claims = claims_of(none.mint())
    assert claims["nbf"] == claims["iat"]
    bad = run("signing: {nbf_skew: 1500ms}\n", name="bad", ready=False)
    assert bad.wait_end() == 2
    assert ":1:21: signing.nbf_skew: must be whole seconds" in bad.log()


def test_S5_20_S4_8_the_life_of_a_token_has_bounds(run):
    day = run("signing: {token_ttl: 24h, rotate_every: 30d}\n")
    assert day.ask().json()["expires_in"] == 86400
    for number, ttl in enumerate(("86401s", "0s", "500ms")):
        bad = run(f"signing: {{token_ttl: {ttl}}}\n", name=f"bad{number}", ready=False)
        assert bad.wait_end() == 2
        assert ":1:22: signing.token_ttl: " in bad.log()


def test_S5_21_a_resource_is_an_http_address(clients):
    files = "https://files.example/"
    assert clients.ask([GRANT, ("resource", files)], client=WEB).status == 200
    for resource in ("urn:files", "ftp://files.example/", "https:files.example", "files.example", files + "?a#b"):
        assert error_of(clients.ask([GRANT, ("resource", resource)], client=WEB)) == (400, "invalid_target")
