# SPDX-License-Identifier: Apache-2.0
"""/verify: who passes, what the proxy is told about him, and what everybody else is told."""
import json
import time

import pytest

from jetond import claims_of, decode_part, encode_part, sign


def good(server, **changes):
    now = int(time.time())
    claims = {"iss": server.url, "sub": "ada", "aud": "api", "iat": now, "exp": now + 600, "jti": "1", "scope": "read"}
    claims.update(changes)
    return {name: value for name, value in claims.items() if value is not None}


def forge(server, header=None, **changes):
    return sign(server.state, good(server, **changes), header)


def reason_of(answer):
    return answer.status, answer.json()["reason"]


def test_S5_31_a_good_token_of_its_own(server):
    answer = server.verify(server.mint())
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("X-Jeton-Subject") == "first"
    assert answer.header("X-Jeton-Issuer") == server.url
    assert answer.header("X-Jeton-Scope") == "read write"
    assert answer.header("X-Jeton-Claims") is None
    assert answer.header("WWW-Authenticate") is None
    assert answer.header("Content-Length") == "0"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "FOO"])
def test_any_method_is_judged(server, method):
    token = server.mint()
    body = b"x" if method in ("POST", "PUT") else None
    assert server.request(method, "/verify", [("Authorization", f"Bearer {token}")], body).status == 200
    assert server.request(method, "/verify", [], body).status == 401


def test_the_scheme_is_read_without_case(server):
    token = server.mint()
    for scheme in ("bearer", "BEARER", "Bearer  "):
        assert server.request("GET", "/verify", [("Authorization", f"{scheme} {token}")]).status == 200


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic Zmlyc3Q6eA==", "Digest x", "Bearerx"])
def test_S5_15_no_token_gets_the_plain_challenge(server, authorization):
    headers = [] if authorization is None else [("Authorization", authorization)]
    answer = server.get("/verify", headers)
    assert reason_of(answer) == (401, "token_missing")
    assert answer.header("WWW-Authenticate") == f'Bearer realm="{server.url}"'
    assert answer.json()["kind"] == "request"


def test_two_authorization_headers_are_a_bad_request(server):
    token = server.mint()
    answer = server.verify(token, headers=[("Authorization", f"Bearer {token}")])
    assert reason_of(answer) == (400, "request_invalid")
    assert answer.json()["error"] == "invalid_request"
    assert 'error="invalid_request"' in answer.header("WWW-Authenticate")


def test_a_refusal_says_why_in_header_and_body(server):
    answer = server.verify(forge(server, exp=int(time.time()) - 100))
    assert answer.status == 401
    body = answer.json()
    assert body["error"] == "invalid_token"
    assert (body["reason"], body["kind"]) == ("token_expired", "refused")
    assert answer.header("WWW-Authenticate") == (
        f'Bearer realm="{server.url}", error="invalid_token", error_description="{body["error_description"]}"')
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("X-Jeton-Subject") is None


@pytest.mark.parametrize("changes, reason", [
    ({"exp": None}, "claim_missing"),
    ({"exp": "tomorrow"}, "claims_invalid"),
    ({"exp": 1e26}, "claims_invalid"),
    ({"nbf": 2 ** 40}, "token_not_yet_valid"),
    ({"iat": 2 ** 40}, "token_not_yet_valid"),
    ({"iss": "http://other.example"}, "issuer_mismatch"),
    ({"iss": None}, "claim_missing"),
    ({"aud": "apix"}, "audience_mismatch"),
    ({"aud": ["x", "y"]}, "audience_mismatch"),
    ({"aud": []}, "claim_missing"),
    ({"aud": None}, "claim_missing"),
    ({"aud": [1]}, "claims_invalid"),
    ({"sub": 7}, "claims_invalid"),
])
def test_claims(server, changes, reason):
    assert reason_of(server.verify(forge(server, **changes))) == (401, reason)


def test_forged_tokens_of_this_test_are_good_when_nothing_is_changed(server):
    answer = server.verify(forge(server))
    assert (answer.status, answer.header("X-Jeton-Subject")) == (200, "ada")
    assert server.verify(forge(server, aud=["x", "api"])).status == 200


def test_expiry_has_a_minute_of_leeway(server):
    assert server.verify(forge(server, exp=int(time.time()) - 50)).status == 200
    assert reason_of(server.verify(forge(server, exp=int(time.time()) - 61))) == (401, "token_expired")


@pytest.mark.parametrize("typ", ["JWT", None, "at+jwtx", "id+jwt"])
def test_only_access_tokens_of_its_own(server, typ):
    assert reason_of(server.verify(forge(server, {"typ": typ}))) == (401, "type_mismatch")


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_typ_is_read_as_a_media_type(server, typ):
    assert server.verify(forge(server, {"typ": typ})).status == 200


@pytest.mark.parametrize("header, reason", [
    ({"alg": "none"}, "alg_not_allowed"),
    ({"alg": "HS256"}, "alg_not_allowed"),
    ({"alg": "RS256"}, "alg_not_allowed"),
    ({"kid": "nobody"}, "key_unknown"),
    ({"crit": ["exp"], "exp": 1}, "crit_unsupported"),
])
def test_headers(server, header, reason):
    answer = server.verify(forge(server, header))
    assert reason_of(answer) == (401, reason)


def test_an_unknown_key_is_final_for_own_tokens(server):
    body = server.verify(forge(server, {"kid": "nobody"})).json()
    assert (body["kind"], body["refresh"]) == ("unknown", "final")


def test_S5_13_a_token_without_kid_is_judged_by_the_one_key(server):
    assert server.verify(forge(server, {"kid": None})).status == 200


def test_a_changed_byte_anywhere_is_refused(server):
    header, payload, signature = server.mint().split(".")
    claims = json.loads(decode_part(payload))
    claims["sub"] = "root"
    assert reason_of(server.verify(f"{header}.{encode_part(claims)}.{signature}")) == (401, "signature_invalid")
    flipped = ("B" if signature[0] != "B" else "C") + signature[1:]
    assert reason_of(server.verify(f"{header}.{payload}.{flipped}")) == (401, "signature_invalid")
    assert reason_of(server.verify(f"{header}.{payload}.")) == (401, "signature_invalid")


@pytest.mark.parametrize("token", ["abc", "a.b", "a.b.c.d", "..", "e30.e30.", "=.=.=", "a b c", '"', "\\"])
def test_what_is_no_token(server, token):
    answer = server.verify(token)
    assert answer.status == 401
    assert answer.json()["kind"] == "refused"
    assert '\\"' not in answer.header("WWW-Authenticate")


def test_a_token_over_its_limit_is_too_large_and_just_under_is_not(server):
    token = forge(server, pad="x" * 4950)
    assert 6900 < len(token) <= 7168
    assert server.verify(token).status == 200
    large = forge(server, pad="x" * 5200)
    assert len(large) > 7168
    assert reason_of(server.verify(large)) == (401, "token_too_large")


def test_the_limit_is_configurable(run):
    server = run("limits: {token: 1KiB}\n")
    assert server.verify(server.mint()).status == 200
    assert reason_of(server.verify(forge(server, pad="x" * 800))) == (401, "token_too_large")


def test_a_path_below_that_is_no_policy(server):
    for path in ("/verify/", "/verify/none", "/verify/../verify", "/verifyx", "/%76erify", "/verify%00"):
        assert server.verify(server.mint(), path).status == 404


POLICIES = """\
verify:
  audiences: [api]
  token_header: X-Auth-Token
  headers: {X-User: sub, X-Number: n, X-Flag: f, X-List: l, X-Email: email, X-Jeton-Claims: all}
  policies:
    admin: {scopes: [admin, read]}
    tenants: {required_claims: [tenant_id]}
    other: {audiences: [other]}
"""


@pytest.fixture
def policies(run):
    return run(POLICIES)


def test_named_policies(policies):
    token = forge(policies)
    assert policies.verify(token).status == 200
    answer = policies.verify(token, "/verify/admin")
    assert reason_of(answer) == (403, "scope_insufficient")
    assert answer.json()["error"] == "insufficient_scope"
    assert answer.header("WWW-Authenticate").endswith('scope="admin read"')
    assert policies.verify(forge(policies, scope="read admin"), "/verify/admin").status == 200
    assert reason_of(policies.verify(token, "/verify/tenants")) == (401, "claim_missing")
    assert policies.verify(forge(policies, tenant_id="t"), "/verify/tenants").status == 200
    assert reason_of(policies.verify(token, "/verify/other")) == (401, "audience_mismatch")
    assert policies.verify(forge(policies, aud="other"), "/verify/other").status == 200
    assert reason_of(policies.verify(forge(policies, aud="other"))) == (401, "audience_mismatch")


def test_every_configured_header_is_always_sent(policies):
    answer = policies.verify(forge(policies, n=1.50, f=True, l=["a", "b"]))
    assert answer.header("X-User") == "ada"
    assert answer.header("X-Number") == "1.5"
    assert answer.header("X-Flag") == "true"
    assert answer.header("X-List") == "a b"
    assert answer.header("X-Email") == ""
    assert answer.header("X-Jeton-Subject") is None
    assert json.loads(decode_part(answer.header("X-Jeton-Claims")))["sub"] == "ada"


def test_an_empty_value_is_a_single_space_on_the_wire(policies):
    token = forge(policies)
    answer = policies.raw(b"GET /verify HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " +
                          token.encode() + b"\r\n\r\n")
    assert b"\r\nX-Email:  \r\n" in answer or b"\r\nX-Email: \r\n" in answer


@pytest.mark.parametrize("value", ["a\nb", "é", "a  b", " a", "a ", "\u0000", "\x7f", {"a": 1}, None, ["a", 1], ["a b"],
                                   [""], [["a"]]])
def test_what_cannot_travel_in_a_header_is_refused(policies, value):
    claims = good(policies)
    claims["email"] = value
    answer = policies.verify(sign(policies.state, claims))
    assert reason_of(answer) == (403, "claims_unmappable")
    assert answer.header("X-User") is None


@pytest.mark.parametrize("value", ["a b c", "a", "~!@#$%^&*()", "", 5, -1.5e3, False, [], ["x"]])
def test_what_can_travel(policies, value):
    assert policies.verify(forge(policies, email=value)).status == 200


def test_all_claims_travel_up_to_2_KiB(policies):
    assert policies.verify(forge(policies, pad="x" * 1300)).status == 200
    assert reason_of(policies.verify(forge(policies, pad="x" * 1500))) == (403, "claims_unmappable")


def test_the_token_may_come_in_the_configured_header(policies):
    token = forge(policies)
    assert policies.get("/verify", [("X-Auth-Token", token)]).status == 200
    assert policies.get("/verify", [("x-auth-token", token), ("Authorization", "Basic eA==")]).status == 200
    for headers in ([("X-Auth-Token", token), ("Authorization", f"Bearer {token}")],
                    [("X-Auth-Token", token), ("X-Auth-Token", token)]):
        assert reason_of(policies.get("/verify", headers)) == (400, "request_invalid")


def test_by_default_the_header_counts_for_nothing(server):
    assert server.get("/verify", [("X-Auth-Token", server.mint())]).status == 401


def test_without_audiences_those_of_the_first_client_count(run, tmp_path):
    (tmp_path / "secret").write_text("a secret of some length")
    server = run(f"clients:\n"
                 f"  - {{id: a, secret_file: {tmp_path}/secret, audiences: [one]}}\n"
                 f"  - {{id: b, secret_file: {tmp_path}/secret, audiences: [two]}}\n")
    assert server.verify(server.mint(client=("a", "a secret of some length"))).status == 200
    other = server.mint(client=("b", "a secret of some length"))
    assert reason_of(server.verify(other)) == (401, "audience_mismatch")


def test_tokens_of_another_server_are_refused(run, server):
    other = run()
    answer = server.verify(other.mint())
    assert answer.status == 401
    assert answer.json()["reason"] in ("key_unknown", "issuer_mismatch")


def test_forwarded_headers_count_for_nothing(server):
    token = server.mint()
    forwarded = [("X-Forwarded-Host", "evil.example"), ("X-Original-URL", "/verify/none"), ("Forwarded", "host=evil")]
    assert server.verify(token, headers=forwarded).status == 200
    document = server.get("/.well-known/openid-configuration", forwarded + [("Host", "evil.example")])
    assert b"evil" not in document.body


def test_verdicts_are_counted(run):
    server = run()
    server.verify(server.mint())
    server.verify(forge(server, aud="x"))
    server.get("/verify")
    text = server.get("/metrics").body.decode()
    issuer = server.url
    for line in (f'jeton_verdicts_total{{issuer="{issuer}",code="ok"}} 1',
                 f'jeton_verdicts_total{{issuer="{issuer}",code="audience_mismatch"}} 1',
                 f'jeton_verdicts_total{{issuer="{issuer}",code="token_missing"}} 1',
                 "jeton_verify_duration_seconds_count 2",
                 'jeton_tokens_issued_total{grant="client_credentials"} 1',
                 'jeton_http_requests_total{route="verify",status="401"} 2',
                 'jeton_http_request_duration_seconds_count{route="token"} 1'):
        assert line in text.splitlines(), text
    kid = server.get("/.well-known/jwks.json").json()["keys"][0]["kid"]
    assert f'jeton_issuer_key_state{{kid="{kid}",state="active"}} 1' in text


def test_claims_of_a_token_are_those_of_its_client(server):
    assert claims_of(server.mint())["sub"] == server.verify(server.mint()).header("X-Jeton-Subject")
