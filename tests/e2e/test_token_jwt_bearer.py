# SPDX-License-Identifier: Apache-2.0
"""The jwt-bearer grant (RFC 7523 §2.1): a token for an assertion of an issuer that this client may bring."""
import time
import uuid

import jwt
import pytest

from issuer import Issuer, Key
from jetond import Jetond, claims_of, sign

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
WEB, PLAIN = ("web", "the secret of web"), ("plain", "the secret of plain")


def error_of(answer):
    return answer.status, answer.json()["error"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    directory = tmp_path_factory.mktemp("bearer")
    for name, secret in (WEB, PLAIN):
        (directory / name).write_text(secret)
        (directory / name).chmod(0o600)
    issuer, other = Issuer("login"), Issuer("other")
    server = Jetond(directory, f"""\
trust:
{issuer.trust()}{other.trust()}clients:
  - {{id: web, secret_file: {directory}/web, grants: [jwt-bearer], audiences: [api], scopes: [read, write],
      exchange_from: ["{issuer.url}"]}}
  - {{id: plain, secret_file: {directory}/plain, audiences: [api]}}
""").wait_ready()
    server.issuer, server.other = issuer, other
    end = time.monotonic() + 20
    while server.get("/readyz").status != 200 and time.monotonic() < end:
        time.sleep(0.05)
    yield server
    assert server.stop() == 0, server.log()
    issuer.end()
    other.end()


def assertion(server, issuer=None, key=None, **changes):
    issuer = issuer or server.issuer
    return issuer.sign(key, **{"aud": server.url, "jti": str(uuid.uuid4()), **changes})


def bring(server, text, client=WEB, **more):
    return server.ask([("grant_type", BEARER), ("assertion", text), *more.items()], client=client)


def test_a_token_for_an_assertion(world):
    answer = bring(world, assertion(world, scope="read admin"))
    assert answer.status == 200, answer.body
    assert answer.header("Cache-Control") == "no-store"
    body = answer.json()
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    claims = claims_of(body["access_token"])
    assert (claims["sub"], claims["client_id"], claims["aud"]) == (world.issuer.url + "#ada", "web", "api")
    assert claims["scope"] == body["scope"] == "read"
    assert "act" not in claims
    assert jwt.get_unverified_header(body["access_token"])["typ"] == "at+jwt"
    assert world.verify(body["access_token"]).status == 200


@pytest.mark.parametrize("changes", [
    {"aud": "api"}, {"aud": None}, {"aud": lambda url: [url, "api"]}, {"aud": lambda url: url + "/token"},
    {"exp": None}, {"exp": 1}, {"exp": 1 << 40}, {"sub": None}, {"sub": ""}, {"nbf": 1 << 40}, {"jti": ""},
    {"iss": "https://nobody.example"}, {"may_act": {"sub": "other"}}, {"may_act": "web"}, {"act": {}},
])
def test_what_an_assertion_must_show(world, changes):
    changes = {name: value(world.url) if callable(value) else value for name, value in changes.items()}
    answer = bring(world, assertion(world, **changes))
    assert error_of(answer) == (400, "invalid_grant")
    assert answer.json()["error_description"].startswith("assertion: ")
    assert bring(world, assertion(world)).status == 200


@pytest.mark.parametrize("changes", [{"aud": lambda url: [url]}, {"jti": None}, {"may_act": {"sub": "web"}},
                                     {"act": {"sub": "robot"}}])
def test_what_it_may_show(world, changes):
    changes = {name: value(world.url) if callable(value) else value for name, value in changes.items()}
    answer = bring(world, assertion(world, **changes))
    claims = claims_of(answer.json()["access_token"])
    assert (claims.get("act"), claims.get("may_act")) == (changes.get("act"), changes.get("may_act"))


def test_who_may_bring_it(world):
    assert error_of(bring(world, assertion(world), client=PLAIN)) == (400, "unauthorized_client")
    assert error_of(bring(world, assertion(world), client=("web", "wrong"))) == (401, "invalid_client")
    assert error_of(bring(world, assertion(world, world.other))) == (400, "invalid_grant")
    assert error_of(bring(world, "")) == (400, "invalid_request")


def test_bad_signatures(world):
    good = assertion(world)
    for bad in (assertion(world, key=Key("login-1")), good.rsplit(".", 1)[0] + ".", "a.b.c",
                jwt.encode(claims_of(good), None, "none")):
        assert error_of(bring(world, bad)) == (400, "invalid_grant")


def test_a_token_of_the_server_itself_is_no_assertion(world):
    now = int(time.time())
    token = sign(world.state, {"iss": world.url, "sub": "ada", "aud": world.url, "exp": now + 60, "jti": "j"})
    assert error_of(bring(world, token)) == (400, "invalid_grant")


def test_it_is_good_once(world):
    first = assertion(world, jti="once")
    assert bring(world, first).status == 200
    assert error_of(bring(world, first)) == (400, "invalid_grant")
    assert error_of(bring(world, assertion(world, jti="once"))) == (400, "invalid_grant")
    nameless = assertion(world, jti=None, sub="nameless")
    assert bring(world, nameless).status == 200
    assert error_of(bring(world, nameless)) == (400, "invalid_grant")


def test_what_did_not_pass_does_not_use_it_up(world):
    one = assertion(world, scope="read")
    assert error_of(bring(world, one, scope="write")) == (400, "invalid_scope")
    assert error_of(bring(world, one, audience="other")) == (400, "invalid_target")
    assert bring(world, one, scope="read").status == 200


def test_S5_24_it_lives_no_longer(world):
    now = int(time.time())
    assert claims_of(bring(world, assertion(world, exp=now + 100)).json()["access_token"])["exp"] <= now + 100
    assert bring(world, assertion(world, exp=now + 7200)).json()["expires_in"] == 900
    assert error_of(bring(world, assertion(world, exp=now - 5))) == (400, "invalid_grant")


def test_S5_26_scopes_narrow(world):
    assert bring(world, assertion(world, scope="read write"), scope="write").json()["scope"] == "write"
    assert error_of(bring(world, assertion(world, scope="read"), scope="write")) == (400, "invalid_scope")
    assert "scope" not in bring(world, assertion(world)).json()


def test_it_stays_used_across_a_restart(run, tmp_path, world):
    (tmp_path / "web").write_text(WEB[1])
    name = "https://tokens.example"
    config = (f"issuer: {name}\ntrust:\n{world.issuer.trust()}clients: [{{id: web, secret_file: {tmp_path}/web, "
              f"grants: [jwt-bearer], audiences: [api], exchange_from: ['{world.issuer.url}']}}]\n")
    one, two = assertion(world, aud=name), assertion(world, aud=name)

    def ready(server):
        end = time.monotonic() + 20
        while server.get("/readyz").status != 200 and time.monotonic() < end:
            time.sleep(0.05)
        return server

    first = ready(run(config))
    assert bring(first, one).status == 200
    first.stop(9)
    again = ready(run(config))
    assert error_of(bring(again, one)) == (400, "invalid_grant")
    assert bring(again, two).status == 200


def test_without_anybody_to_bring_them_from_none_passes(run, tmp_path, world):
    (tmp_path / "web").write_text(WEB[1])
    server = run(f"trust:\n{world.issuer.trust()}clients: [{{id: web, secret_file: {tmp_path}/web, audiences: [api], "
                 f"grants: [client_credentials, jwt-bearer]}}]\n")
    assert "jwt-bearer without exchange_from" in server.log()
    assert server.ask(client=WEB).status == 200
    for text in (assertion(server, world.issuer), "a.b.c"):
        assert error_of(bring(server, text)) == (400, "invalid_grant")
