# SPDX-License-Identifier: Apache-2.0
"""Token exchange (RFC 8693): who gets which token for another one, and for whom it never is."""
import json
import subprocess
import time
import urllib.parse

import jwt
import pytest

from issuer import Issuer, Key
from jetond import PROGRAM, Jetond, claims_of, encode_part, sign

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
FILES = "https://files.example/"
WEB, DEEP, FAR, PLAIN = (("web", "the secret of web"), ("deep", "the secret of deep"), ("far", "the secret of far"),
                         ("plain", "the secret of plain"))
CONFIG = """\
limits: {{token: 16KiB}}
signing: {{token_ttl: 10m}}
trust:
{trust}{other}clients:
  - {{id: web, secret_file: {0}/web, grants: [client_credentials, token-exchange], audiences: [api, "{files}"],
      scopes: [read, write], exchange_from: ["{issuer}"]}}
  - {{id: deep, secret_file: {0}/deep, grants: [client_credentials, {exchange}], audiences: [deep-api], scopes: [read]}}
  - {{id: far, secret_file: {0}/far, grants: [client_credentials, token-exchange], audiences: [far-api, deep, api]}}
  - {{id: plain, secret_file: {0}/plain, audiences: [api], scopes: [read]}}
"""


def error_of(answer):
    return answer.status, answer.json()["error"]


def description_of(answer):
    return answer.json()["error_description"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """An issuer whose tokens web may exchange, one that is trusted for /verify alone, and the server."""
    directory = tmp_path_factory.mktemp("exchange")
    for name, secret in (WEB, DEEP, FAR, PLAIN):
        (directory / name).write_text(secret)
        (directory / name).chmod(0o600)
    issuer, other = Issuer("login"), Issuer("other")
    config = CONFIG.format(directory, trust=issuer.trust(), other=other.trust(), files=FILES, issuer=issuer.url,
                           exchange=EXCHANGE)
    server = Jetond(directory, config).wait_ready()
    server.issuer, server.other = issuer, other
    end = time.monotonic() + 20
    while server.get("/readyz").status != 200 and time.monotonic() < end:
        time.sleep(0.05)
    yield server
    assert server.stop() == 0, server.log()
    issuer.end()
    other.end()


def exchange(server, subject, client=WEB, kind=ACCESS, actor=None, actor_kind=ACCESS, audience="api", **more):
    form = [("grant_type", EXCHANGE), ("subject_token", subject), ("subject_token_type", kind)]
    if actor is not None:
        form += [("actor_token", actor), ("actor_token_type", actor_kind)]
    if audience is not None:
        form.append(("audience", audience))
    return server.ask(form + list(more.items()), client=client)


def own(server, **changes):
    """A token of the server itself, for web, about a user."""
    now = int(time.time())
    claims = {"iss": server.url, "sub": "ada", "aud": "web", "client_id": "plain", "iat": now, "exp": now + 300,
              "jti": f"t{time.monotonic_ns()}", "scope": "read write admin"}
    claims.update(changes)
    return sign(server.state, {name: value for name, value in claims.items() if value is not None})


# --- What one gets ---

def test_S5_24_an_own_token_is_exchanged(world):
    subject = own(world)
    answer = exchange(world, subject)
    assert answer.status == 200, answer.body
    assert answer.header("Cache-Control") == "no-store"
    body = answer.json()
    assert body.keys() == {"access_token", "issued_token_type", "token_type", "expires_in", "scope"}
    assert (body["issued_token_type"], body["token_type"], body["scope"]) == (ACCESS, "Bearer", "read write")
    claims = claims_of(body["access_token"])
    assert jwt.get_unverified_header(body["access_token"])["typ"] == "at+jwt"
    assert claims.keys() == {"iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "act"}
    assert (claims["iss"], claims["sub"], claims["aud"]) == (world.url, "ada", "api")
    assert (claims["client_id"], claims["act"]) == ("web", {"sub": "web"})
    assert claims["exp"] - claims["iat"] == body["expires_in"] <= 300
    assert claims["jti"] != claims_of(subject)["jti"]
    assert world.verify(body["access_token"]).status == 200


@pytest.mark.parametrize("kind", [ACCESS, JWT])
def test_S5_23_types_that_are_taken(world, kind):
    assert exchange(world, own(world), kind=kind).status == 200
    assert exchange(world, own(world), kind=kind, requested_token_type=ACCESS).status == 200


def test_a_token_of_client_credentials_is_exchanged_by_whom_it_is_for(world):
    token = world.mint(client=PLAIN)  # for api, one of web's audiences
    claims = claims_of(exchange(world, token, audience=FILES).json()["access_token"])
    assert (claims["sub"], claims["client_id"], claims["act"], claims["aud"]) == ("plain", "web", {"sub": "web"}, FILES)
    assert claims["scope"] == "read"


@pytest.mark.parametrize("kind", [ACCESS, JWT])
def test_S5_25_an_external_subject_is_namespaced(world, kind):
    answer = exchange(world, world.issuer.sign(scope="read"), kind=kind)
    assert answer.status == 200, answer.body
    claims = claims_of(answer.json()["access_token"])
    assert claims["sub"] == world.issuer.url + "#ada"
    assert (claims["act"], claims["client_id"], claims["scope"]) == ({"sub": "web"}, "web", "read")
    assert world.verify(answer.json()["access_token"]).header("X-Jeton-Subject") == world.issuer.url + "#ada"


# --- Parameters ---

@pytest.mark.parametrize("left_out", ["subject_token", "subject_token_type", "actor_token", "actor_token_type"])
def test_S5_23_what_must_be_given_together(world, left_out):
    fields = {"subject_token": own(world), "subject_token_type": ACCESS,
              "actor_token": world.mint([("grant_type", "client_credentials"), ("audience", "api")], WEB),
              "actor_token_type": ACCESS}
    form = [("grant_type", EXCHANGE), ("audience", "api")]
    assert world.ask(form + list(fields.items()), client=WEB).status == 200
    del fields[left_out]
    assert error_of(world.ask(form + list(fields.items()), client=WEB)) == (400, "invalid_request")


@pytest.mark.parametrize("kind", ["urn:ietf:params:oauth:token-type:id_token", "urn:ietf:params:oauth:token-type:refresh_token",
                                  "urn:ietf:params:oauth:token-type:saml2", "access_token", ACCESS.upper()])
def test_S5_23_other_types_are_refused(world, kind):
    actor = world.mint([("grant_type", "client_credentials"), ("audience", "api")], WEB)
    assert error_of(exchange(world, own(world), kind=kind)) == (400, "invalid_request")
    assert error_of(exchange(world, own(world), actor=actor, actor_kind=kind)) == (400, "invalid_request")
    assert error_of(exchange(world, own(world), requested_token_type=kind)) == (400, "invalid_request")


def test_S5_23_no_JWT_is_issued_on_request(world):
    assert error_of(exchange(world, own(world), requested_token_type=JWT)) == (400, "invalid_request")


def test_S5_22_only_clients_registered_for_it(world):
    assert error_of(exchange(world, own(world), client=PLAIN)) == (400, "unauthorized_client")
    assert error_of(exchange(world, own(world), client=("web", "wrong"))) == (401, "invalid_client")
    assert error_of(world.ask([("grant_type", "token-exchange")], client=WEB)) == (400, "unsupported_grant_type")


def test_S5_22_a_client_without_a_secret_is_nobody(world):
    form = [("grant_type", EXCHANGE), ("client_id", "web"), ("subject_token", own(world)), ("subject_token_type", ACCESS)]
    assert error_of(world.ask(form, basic=False)) == (401, "invalid_client")


# --- The subject token ---

@pytest.mark.parametrize("changes", [
    {"exp": None}, {"sub": None}, {"sub": ""}, {"sub": 7}, {"aud": None}, {"aud": []}, {"aud": "other"},
    {"iss": "https://other.example"}, {"exp": 1}, {"nbf": 1 << 40}, {"may_act": "web"}, {"act": "web"},
])
def test_S5_26_what_a_subject_token_must_show(world, changes):
    assert exchange(world, own(world)).status == 200
    assert error_of(exchange(world, own(world, **changes))) == (400, "invalid_request")


def test_S5_23_a_bad_subject_token_is_an_invalid_request(world):
    good = own(world)
    for bad in ("x", good[:-1] + ("A" if good[-1] != "A" else "Q"), good.rsplit(".", 1)[0] + ".",
                jwt.encode(claims_of(good), None, "none"), Key("login-1").sign(world.issuer.claims())):
        answer = exchange(world, bad)
        assert error_of(answer) == (400, "invalid_request")
        assert description_of(answer).startswith("subject_token: ")


def test_only_access_tokens_of_its_own(world):
    now = int(time.time())
    claims = {"iss": world.url, "sub": "ada", "aud": "web", "exp": now + 60}
    for typ in ("JWT", None, "id+jwt"):
        assert error_of(exchange(world, sign(world.state, claims, {"typ": typ}))) == (400, "invalid_request")
    assert exchange(world, sign(world.state, claims, {"typ": "application/AT+JWT"})).status == 200


def test_row_51_own_tokens_are_exchanged_by_whom_they_are_for_alone(world):
    """For web, or one of its audiences; not for another client, whatever audience that one asks for."""
    assert exchange(world, own(world, aud="web")).status == 200
    assert exchange(world, own(world, aud=["x", FILES])).status == 200
    for aud in ("deep", "deep-api", "far-api", "ada", "we"):
        assert error_of(exchange(world, own(world, aud=aud))) == (400, "invalid_request")
    assert error_of(exchange(world, own(world, aud="web"), client=FAR)) == (400, "invalid_request")


def test_trust_for_verify_is_none_for_exchange(world):
    token = world.other.sign()
    assert world.verify(token).status == 200
    answer = exchange(world, token)
    assert error_of(answer) == (400, "invalid_request")
    assert exchange(world, world.issuer.sign()).status == 200
    assert error_of(exchange(world, world.issuer.sign(), client=FAR)) == (400, "invalid_request")


def test_external_tokens_are_judged_by_the_policy_of_their_entry(world):
    assert exchange(world, world.issuer.sign(aud="api")).status == 200
    for changes in ({"aud": "web"}, {"aud": FILES}, {"aud": None}, {"exp": None}, {"sub": None}, {"sub": ""}):
        assert error_of(exchange(world, world.issuer.sign(**changes))) == (400, "invalid_request")


def test_a_revoked_token_is_exchanged_no_more(world):
    token = world.mint(client=PLAIN)
    assert exchange(world, token).status == 200
    client = [("client_id", PLAIN[0]), ("client_secret", PLAIN[1])]
    body = urllib.parse.urlencode([("token", token), *client]).encode()
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    assert world.request("POST", "/revoke", form, body).status == 200
    answer = exchange(world, token)
    assert error_of(answer) == (400, "invalid_request")
    assert "revoked" in description_of(answer)


# --- Life ---

def test_S5_24_never_longer_than_the_subject_token(world):
    now = int(time.time())
    for token in (own(world, exp=now + 100), world.issuer.sign(exp=now + 100)):
        claims = claims_of(exchange(world, token).json()["access_token"])
        assert claims["exp"] <= now + 100


def test_S5_24_never_longer_than_other_tokens(world):
    assert exchange(world, own(world, exp=int(time.time()) + 7200)).json()["expires_in"] == 600


def test_S5_20_the_cap_of_a_delegation(run, tmp_path):
    (tmp_path / "web").write_text(WEB[1])
    config = (f"signing: {{token_ttl: 1hCAP}}\nclients: [{{id: web, secret_file: {tmp_path}/web, audiences: [api], "
              f"grants: [client_credentials, token-exchange]}}]\n")
    for name, cap, seconds in (("default", "", 900), ("short", ", delegation_ttl: 1m", 60)):
        server = run(config.replace("CAP", cap), name=name)
        token = server.ask(client=WEB).json()
        assert token["expires_in"] == 3600
        assert exchange(server, token["access_token"]).json()["expires_in"] == seconds


def test_S5_24_what_is_left_of_its_leeway_is_no_life(world):
    now = int(time.time())
    assert error_of(exchange(world, own(world, exp=now - 5))) == (400, "invalid_request")
    assert error_of(exchange(world, world.issuer.sign(exp=now - 5))) == (400, "invalid_request")
    assert exchange(world, own(world, exp=now + 5)).json()["expires_in"] <= 5


# --- Narrowing ---

def test_S5_26_scopes_narrow(world):
    assert exchange(world, own(world, scope="read")).json()["scope"] == "read"
    assert exchange(world, own(world), scope="write").json()["scope"] == "write"
    for token, scope in ((own(world, scope="read"), "write"), (own(world), "admin"), (own(world, scope=None), "read"),
                         (world.issuer.sign(), "read"), (own(world, scope="readx"), "read")):
        assert error_of(exchange(world, token, scope=scope)) == (400, "invalid_scope")
    assert "scope" not in exchange(world, own(world, scope=None)).json()
    assert "scope" not in exchange(world, world.issuer.sign(scope="admin")).json()


def test_scopes_may_be_written_as_an_array(world):
    assert exchange(world, world.issuer.sign(scp=["read", "admin"])).json()["scope"] == "read"


def test_S5_26_row_51_audiences_are_the_clients(world):
    for audience in ("api", FILES):
        assert claims_of(exchange(world, own(world), audience=audience).json()["access_token"])["aud"] == audience
    for audience in ("deep-api", "other", "web", world.url):
        assert error_of(exchange(world, own(world), audience=audience)) == (400, "invalid_target")
    assert error_of(exchange(world, own(world), audience=None)) == (400, "invalid_target")  # two: which?
    assert exchange(world, own(world, aud="deep"), client=DEEP, audience=None).status == 200


def test_S5_21_resources(world):
    assert claims_of(exchange(world, own(world), audience=None, resource=FILES).json()["access_token"])["aud"] == FILES
    for resource in ("api", "urn:api", FILES + "#a", FILES[:-1], "https:files.example", "ftp://files.example/", "https://"):
        assert error_of(exchange(world, own(world), audience=None, resource=resource)) == (400, "invalid_target")
    form = [("grant_type", EXCHANGE), ("subject_token", own(world)), ("subject_token_type", ACCESS)]
    for name, value in (("resource", FILES), ("audience", "api")):
        assert world.ask(form + [(name, value)], client=WEB).status == 200
        assert error_of(world.ask(form + 2 * [(name, value)], client=WEB)) == (400, "invalid_target")


# --- Actors ---

def test_S5_25_the_chain_grows_by_each_client(world):
    first = exchange(world, world.issuer.sign(scope="read"), audience="api").json()["access_token"]
    second = claims_of(exchange(world, first, client=FAR, audience="deep").json()["access_token"])
    assert second["sub"] == world.issuer.url + "#ada"
    assert second["act"] == {"sub": "far", "act": {"sub": "web"}}
    third = exchange(world, sign(world.state, second), client=DEEP, audience="deep-api").json()["access_token"]
    assert claims_of(third)["act"] == {"sub": "deep", "act": {"sub": "far", "act": {"sub": "web"}}}


def chain(length):
    act = None
    for i in range(length):
        act = {"sub": f"a{i}", **({"act": act} if act else {})}
    return act


def test_S5_25_a_chain_has_at_most_ten_actors(world):
    claims = claims_of(exchange(world, own(world, act=chain(9))).json()["access_token"])
    assert claims["act"] == {"sub": "web", "act": chain(9)}
    assert error_of(exchange(world, own(world, act=chain(10)))) == (400, "invalid_request")


def test_S5_25_a_chain_has_at_most_8_KiB(world):
    beside = len(json.dumps({"sub": "web", "act": {"sub": ""}}, separators=(",", ":")))
    claims = claims_of(exchange(world, own(world, act={"sub": "x" * (8192 - beside)})).json()["access_token"])
    assert len(json.dumps(claims["act"], separators=(",", ":"))) == 8192
    assert error_of(exchange(world, own(world, act={"sub": "x" * (8193 - beside)}))) == (400, "invalid_request")


@pytest.mark.parametrize("act", [None, "web", [], 1, {}, {"sub": ""}, {"sub": 1}, {"act": {"sub": "a"}},
                                 {"sub": "a", "act": "b"}, {"sub": "a", "act": {"act": {"sub": "c"}}}])
def test_S5_25_what_is_no_chain(world, act):
    now = int(time.time())
    claims = {"iss": world.url, "sub": "ada", "aud": "web", "exp": now + 60, "act": act}
    assert error_of(exchange(world, sign(world.state, claims))) == (400, "invalid_request")


def actor_of(server, **changes):
    return own(server, **{"sub": "robot", "aud": "api", "client_id": "web", **changes})


def test_S5_25_an_actor_token(world):
    answer = exchange(world, world.issuer.sign(scope="read"), actor=actor_of(world))
    assert claims_of(answer.json()["access_token"])["act"] == {"sub": "robot"}
    answer = exchange(world, own(world, act={"sub": "x"}), actor=actor_of(world), actor_kind=JWT)
    assert claims_of(answer.json()["access_token"])["act"] == {"sub": "robot", "act": {"sub": "x"}}


def test_S5_25_an_actor_token_is_its_own_and_the_clients(world):
    now = int(time.time())
    for actor in (world.issuer.sign(client_id="web"), actor_of(world, client_id="plain"), actor_of(world, client_id=None),
                  actor_of(world, exp=now - 5), actor_of(world, exp=None), actor_of(world, aud="other"),
                  actor_of(world, sub=None), "x", sign(world.state, claims_of(actor_of(world)), {"typ": "JWT"})):
        answer = exchange(world, own(world), actor=actor)
        assert error_of(answer) == (400, "invalid_request")
        assert description_of(answer).startswith("actor_token")


@pytest.mark.parametrize("may_act, actor", [
    ({"sub": "web"}, None), ({"client_id": "web"}, None), ({"sub": "web", "client_id": "web"}, None),
    ({"sub": "robot"}, "robot"), ({"sub": "robot", "client_id": "web"}, "robot"),
])
def test_S5_25_may_act_is_honoured(world, may_act, actor):
    good = exchange(world, own(world, may_act=may_act), actor=actor and actor_of(world, sub=actor))
    assert good.status == 200, good.body
    assert claims_of(good.json()["access_token"])["may_act"] == may_act  # for whoever exchanges it next
    other = exchange(world, own(world, may_act={**may_act, "sub": "somebody"}), actor=actor and actor_of(world, sub=actor))
    assert error_of(other) == (400, "invalid_request")


def test_S5_25_may_act_of_this_issuer(world):
    assert exchange(world, own(world, may_act={"iss": world.url, "sub": "web"})).status == 200
    assert error_of(exchange(world, own(world, may_act={"iss": world.issuer.url, "sub": "web"}))) == (400, "invalid_request")


def test_S5_25_may_act_reaches_past_the_first_exchange(world):
    subject = world.issuer.sign(may_act={"sub": "web"}, scope="read")
    first = exchange(world, subject).json()["access_token"]
    assert error_of(exchange(world, first, client=FAR, audience="deep")) == (400, "invalid_request")
    assert exchange(world, first, audience=FILES).status == 200


@pytest.mark.parametrize("may_act", ["web", [], ["web"], 1, {}, {"sub": ["web"]}, {"sub": None}, {"sub": ""},
                                     {"iss": "x"}, {"sub": "web", "x": {}}, {"sub": "web", "email": "a@example"}])
def test_S5_25_a_malformed_may_act_is_refused(world, may_act):
    assert error_of(exchange(world, own(world, may_act=may_act))) == (400, "invalid_request")


def test_a_token_that_would_be_too_long_is_not_made(world):
    room = (16384 - len(own(world, sub="", act={"sub": "y" * 6000}))) * 3 // 4
    assert exchange(world, own(world, sub="x" * (room - 60), act={"sub": "y" * 6000})).status == 200
    answer = exchange(world, own(world, sub="x" * (room - 4), act={"sub": "y" * 6000}))
    assert error_of(answer) == (400, "invalid_request")
    assert description_of(answer) == "the token would be longer than a token may be here"


def test_the_sub_of_a_client_is_no_users(world, run, tmp_path):
    """A client cannot be called as a user of another issuer is here."""
    server = run(f"clients: [{{id: '{world.issuer.url}#ada', secret_file: {world.directory}/web, audiences: [api]}}]\n",
                 ready=False)
    assert server.wait_end() == 2
    assert ":1:16: clients[0].id: may hold no #" in server.log()


# --- Keys that are not there ---

def test_without_keys_of_the_issuer_it_is_not_judged(run, tmp_path):
    issuer = Issuer()
    issuer.answer = 500
    (tmp_path / "web").write_text(WEB[1])
    server = run(f"trust:\n{issuer.trust()}clients: [{{id: web, secret_file: {tmp_path}/web, audiences: [api], "
                 f"grants: [token-exchange], exchange_from: ['{issuer.url}']}}]\n")
    answer = exchange(server, issuer.sign())
    assert error_of(answer) == (503, "temporarily_unavailable")
    assert int(answer.header("Retry-After")) > 0
    issuer.end()


def test_it_waits_for_a_key_on_its_way(run, tmp_path):
    issuer = Issuer()
    (tmp_path / "web").write_text(WEB[1])
    server = run(f"trust:\n{issuer.trust('wait: 10s, miss_interval: 1s, min_gap: 100ms')}"
                 f"clients: [{{id: web, secret_file: {tmp_path}/web, audiences: [api], grants: [token-exchange], "
                 f"exchange_from: ['{issuer.url}']}}]\n")
    end = time.monotonic() + 20
    while exchange(server, issuer.sign()).status != 200 and time.monotonic() < end:
        time.sleep(0.05)
    issuer.rotate()
    assert exchange(server, issuer.sign()).status == 200
    issuer.end()


def test_tokens_issued_are_counted_by_grant(world):
    def count(grant):
        for line in world.get("/metrics").body.decode().splitlines():
            if line.startswith(f'jeton_tokens_issued_total{{grant="{grant}"}} '):
                return int(line.rsplit(" ", 1)[1])
        raise AssertionError(grant)

    before = count("token-exchange"), count("client_credentials")
    token = own(world)
    exchange(world, token)
    exchange(world, token, audience="other")
    world.mint(client=PLAIN)
    assert (count("token-exchange"), count("client_credentials")) == (before[0] + 1, before[1] + 1)


def test_the_metadata_names_the_grants(world):
    assert world.get("/.well-known/oauth-authorization-server").json()["grant_types_supported"] == [
        "client_credentials", EXCHANGE, "urn:ietf:params:oauth:grant-type:jwt-bearer"]


# --- Configuration ---

TRUST = "trust: [{issuer: 'https://login.example', audiences: [api]}, {issuer: 'https://any.example', any_audience: true}]\n"


@pytest.mark.parametrize("client, fault", [
    ("exchange_from: ['https://any.example']", ":4:21: clients[0].exchange_from: has any_audience in trust"),
    ("exchange_from: ['https://other.example']", ":4:21: clients[0].exchange_from: is the issuer of no entry of trust"),
    ("exchange_from: ['https://own.example']", ":4:21: clients[0].exchange_from: is this server itself"),
])
def test_S5_30_whose_tokens_may_be_exchanged(run, tmp_path, client, fault):
    (tmp_path / "web").write_text(WEB[1])
    head = f"issuer: https://own.example\n{TRUST}clients: [{{id: web, secret_file: {tmp_path}/web, audiences: [api], "
    good = head + "grants: [token-exchange],\n    exchange_from: ['https://login.example']}]\n"
    bad = head + "grants: [token-exchange],\n    " + client + "}]\n"
    for name, text, status in (("good", good, 0), ("bad", bad, 2)):
        (tmp_path / name).write_text(text)
        result = subprocess.run([PROGRAM, "--check", "--config", str(tmp_path / name)], capture_output=True, text=True,
                                timeout=30)
        assert result.returncode == status, result.stderr
    assert fault in result.stderr + result.stdout


def test_bodies_that_hold_junk_are_refused_without_a_word_of_them(world):
    junk = encode_part({"alg": "ES256"}) + "." + encode_part({"iss": world.issuer.url, "sub": "a\"\\\n"}) + ".AAAA"
    answer = exchange(world, junk)
    assert error_of(answer) == (400, "invalid_request")
