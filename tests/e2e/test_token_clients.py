# SPDX-License-Identifier: Apache-2.0
"""private_key_jwt (RFC 7523 §2.2, §3): a client that proves itself by its own keys, and everything that proves nothing."""
import itertools
import json
import signal
import subprocess
import time
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from issuer import Issuer, Key
from jetond import PROGRAM, Jetond, basic_of, claims_of, eventually

GRANT = ("grant_type", "client_credentials")
TYPE = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
MANY = 60  # clients with one key: each may fail ten times a minute


def error_of(answer):
    return answer.status, answer.json()["error"]


def assertion_of(server, client, key, header=None, **changes):
    now = int(time.time())
    claims = {"iss": client, "sub": client, "aud": server.url, "iat": now, "exp": now + 60, "jti": str(uuid.uuid4())}
    claims.update(changes)
    return key.sign({name: value for name, value in claims.items() if value is not None}, header)


def ask(server, assertion, more=(), grant=GRANT, kind=TYPE, headers=()):
    return server.ask([grant, kind, ("client_assertion", assertion), *more], headers, basic=False)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    directory = tmp_path_factory.mktemp("many")
    key, secret = Key("batch-key"), directory / "secret"
    (directory / "key.json").write_text(json.dumps(key.jwk()))
    secret.write_text("the secret of web")
    secret.chmod(0o600)
    clients = "".join(f"  - {{id: c{i}, keys: {{key_files: [{directory}/key.json]}}, audiences: [api], scopes: [read]}}\n"
                      for i in range(MANY))
    running = Jetond(directory, f"clients:\n  - {{id: web, secret_file: {secret}, audiences: [api]}}\n{clients}").wait_ready()
    running.key = key
    running.names = (f"c{i}" for i in itertools.count())
    yield running
    assert running.stop() == 0, running.log()


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.end()


def test_an_assertion_proves_its_client(many):
    name = next(many.names)
    answer = ask(many, assertion_of(many, name, many.key))
    assert answer.status == 200, answer.body
    assert answer.header("Cache-Control") == "no-store"
    claims = claims_of(answer.json()["access_token"])
    assert (claims["sub"], claims["client_id"], claims["scope"]) == (name, name, "read")
    assert ask(many, assertion_of(many, name, many.key), [("client_id", name)]).status == 200


@pytest.mark.parametrize("changes", [
    {"aud": lambda url: [url]},
    {"nbf": lambda _: int(time.time()) + 30},
    {"exp": lambda _: int(time.time()) + 3600},
    {"exp": lambda _: int(time.time()) - 30},  # within the leeway of a minute
    {"iat": lambda _: None},
])
def test_what_an_assertion_may_say(many, changes):
    name = next(many.names)
    changes = {claim: value(many.url) for claim, value in changes.items()}
    assert ask(many, assertion_of(many, name, many.key, **changes)).status == 200


@pytest.mark.parametrize("typ", [None, "JWT", "client-authentication+jwt"])
def test_types_of_an_assertion(many, typ):
    assert ask(many, assertion_of(many, next(many.names), many.key, {"typ": typ})).status == 200


@pytest.mark.parametrize("changes", [
    {"iss": lambda _: "web"},
    {"sub": lambda _: "web"},
    {"sub": lambda _: None},
    {"aud": lambda _: "api"},
    {"aud": lambda _: None},
    {"aud": lambda url: url + "/token"},
    {"aud": lambda url: url + "/"},
    {"aud": lambda url: [url, "https://other.example"]},
    {"exp": lambda _: None},
    {"exp": lambda _: int(time.time()) - 61},
    {"exp": lambda _: int(time.time()) + 3700},
    {"exp": lambda _: str(int(time.time()) + 60)},
    {"nbf": lambda _: int(time.time()) + 120},
    {"jti": lambda _: None},
    {"jti": lambda _: ""},
    {"jti": lambda _: 7},
])
def test_what_an_assertion_may_not_say(many, changes):
    name = next(many.names)
    changes = {claim: value(many.url) for claim, value in changes.items()}
    answer = ask(many, assertion_of(many, name, many.key, **changes), [("client_id", name)])
    assert error_of(answer) == (401, "invalid_client")
    assert answer.header("WWW-Authenticate") == f'Basic realm="{many.url}"'
    assert answer.header("Cache-Control") == "no-store"
    assert ask(many, assertion_of(many, name, many.key)).status == 200


def test_a_token_of_another_kind_is_no_assertion(many):
    assert error_of(ask(many, assertion_of(many, next(many.names), many.key, {"typ": "at+jwt"}))) == (401, "invalid_client")


def test_another_key_a_secret_and_none_prove_nothing(many):
    name = next(many.names)
    public = many.key.private.public_key().public_bytes(serialization.Encoding.PEM,
                                                        serialization.PublicFormat.SubjectPublicKeyInfo)
    claims = claims_of(assertion_of(many, name, many.key))
    good = assertion_of(many, name, many.key)
    for assertion in (assertion_of(many, name, Key("batch-key")),
                      jwt.api_jws.PyJWS().encode(json.dumps(claims).encode(), "s" * 32, "HS256"),
                      jwt.encode(claims, None, "none"),
                      good[:-1] + ("A" if good[-1] != "A" else "Q"), good.rsplit(".", 1)[0] + ".", "a.b.c", "x"):
        assert error_of(ask(many, assertion, [("client_id", name)])) == (401, "invalid_client")
    assert public not in many.errors.read_bytes()


def test_the_client_id_beside_must_be_the_same(many):
    name, other = next(many.names), next(many.names)
    assert error_of(ask(many, assertion_of(many, name, many.key), [("client_id", other)])) == (401, "invalid_client")


def test_ways_are_not_mixed(many):
    name = next(many.names)
    basic = ("Authorization", basic_of("web", "the secret of web"))
    for more, headers in (([("client_secret", "s")], []), ([], [basic]), ([("client_id", name), ("client_secret", "s")], [])):
        assert error_of(ask(many, assertion_of(many, name, many.key), more, headers=headers)) == (400, "invalid_request")
    twice = ("client_assertion", assertion_of(many, name, many.key))
    assert error_of(ask(many, assertion_of(many, name, many.key), [twice])) == (400, "invalid_request")


@pytest.mark.parametrize("kind", [("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
                                  ("client_assertion_type", ""), ("other", "x")])
def test_another_type_of_assertion_is_refused(many, kind):
    assert error_of(ask(many, assertion_of(many, next(many.names), many.key), kind=kind)) == (401, "invalid_client")


def test_a_type_without_an_assertion_is_refused(many):
    assert error_of(many.ask([GRANT, TYPE, ("client_id", "web")], basic=False)) == (401, "invalid_client")


def test_a_client_has_one_way_only(many):
    name = next(many.names)
    for secret in ("the secret of web", ""):
        assert error_of(many.ask(client=(name, secret))) == (401, "invalid_client")
        assert error_of(many.ask([GRANT, ("client_id", name), ("client_secret", secret)], basic=False)) == (401, "invalid_client")
    assert error_of(ask(many, assertion_of(many, "web", many.key))) == (401, "invalid_client")
    assert error_of(ask(many, assertion_of(many, "nobody", many.key))) == (401, "invalid_client")
    assert many.ask(client=("web", "the secret of web")).status == 200


def test_an_assertion_is_good_once(many):
    name, other = next(many.names), next(many.names)
    assertion = assertion_of(many, name, many.key, jti="the same")
    assert ask(many, assertion).status == 200
    assert error_of(ask(many, assertion)) == (401, "invalid_client")
    assert error_of(ask(many, assertion_of(many, name, many.key, jti="the same"))) == (401, "invalid_client")
    assert ask(many, assertion_of(many, other, many.key, jti="the same")).status == 200


def test_ten_failures_close_it_and_name_no_reason(many):
    name = next(many.names)
    for _ in range(10):
        answer = ask(many, assertion_of(many, name, Key("batch-key")))
        assert answer.json()["error_description"] == "the client is unknown or its secret does not fit"
    answer = ask(many, assertion_of(many, name, many.key))
    assert answer.status == 429
    assert 1 <= int(answer.header("Retry-After")) <= 60
    assert '"client":"%s","code":"signature_invalid"' % name in many.log()


def test_the_metadata_says_so(many):
    document = many.get("/.well-known/oauth-authorization-server").json()
    assert document["token_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post",
                                                                 "private_key_jwt"]
    algorithms = document["token_endpoint_auth_signing_alg_values_supported"]
    assert {"RS256", "PS256", "ES256", "EdDSA"} <= set(algorithms)
    assert not [name for name in algorithms if name.startswith("HS") or name == "none"]


def test_an_assertion_stays_used_across_a_restart(run, tmp_path):
    key = Key("k")
    (tmp_path / "key.json").write_text(json.dumps({"keys": [key.jwk()]}))
    config = (f"issuer: https://tokens.example\n"
              f"clients: [{{id: batch, keys: {{jwks_file: {tmp_path}/key.json}}, audiences: [api]}}]\n")
    first = run(config)
    first.issuer = "https://tokens.example"
    assertion = assertion_of(first, "batch", key, aud=first.issuer)
    eventually(lambda: ask(first, assertion).status == 200)  # until the file was read nothing is judged
    first.stop(9)
    again = run(config)
    eventually(lambda: ask(again, assertion_of(again, "batch", key, aud=first.issuer)).status == 200)
    assert error_of(ask(again, assertion)) == (401, "invalid_client")


@pytest.mark.parametrize("private, algorithm", [
    (lambda: rsa.generate_private_key(65537, 2048), "RS256"), (lambda: rsa.generate_private_key(65537, 2048), "PS512"),
    (lambda: ec.generate_private_key(ec.SECP384R1()), "ES384"), (ed25519.Ed25519PrivateKey.generate, "EdDSA")])
def test_keys_of_every_kind(run, tmp_path, private, algorithm):
    key = private()
    (tmp_path / "key.pem").write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM,
                                                                     serialization.PublicFormat.SubjectPublicKeyInfo))
    server = run(f"clients: [{{id: batch, keys: {{key_files: [{tmp_path}/key.pem]}}, audiences: [api]}}]\n")
    now = int(time.time())
    claims = {"iss": "batch", "sub": "batch", "aud": server.url, "exp": now + 60, "jti": "1"}
    assert ask(server, jwt.encode(claims, key, algorithm)).status == 200


def remote(issuer, key_source="miss_interval: 1s, min_gap: 100ms, backoff_min: 100ms"):
    return (f"key_source: {{{key_source}}}\n"
            f"clients: [{{id: batch, keys: {{jwks_url: {issuer.url}/keys}}, allow_http: true, allow_private_ip: true, "
            f"audiences: [api]}}]\n")


def test_keys_come_from_an_address_and_rotate_there(run, issuer):
    server = run(remote(issuer))
    eventually(lambda: ask(server, assertion_of(server, "batch", issuer.keys[-1])).status == 200)
    issuer.rotate()
    eventually(lambda: ask(server, assertion_of(server, "batch", issuer.keys[-1])).status == 200)


def test_a_request_waits_for_a_key_on_its_way_and_uses_its_assertion_once(run, issuer):
    server = run(remote(issuer, "miss_interval: 1s, min_gap: 100ms, wait: 10s"))
    eventually(lambda: ask(server, assertion_of(server, "batch", issuer.keys[-1])).status == 200)
    issuer.rotate()
    assertion = assertion_of(server, "batch", issuer.keys[-1])
    assert ask(server, assertion).status == 200
    assert error_of(ask(server, assertion)) == (401, "invalid_client")


def test_without_keys_it_is_not_judged(run, issuer):
    issuer.answer = 500
    server = run(remote(issuer))
    for _ in range(12):  # not counted as failures either
        answer = ask(server, assertion_of(server, "batch", issuer.keys[-1]))
        assert error_of(answer) == (503, "temporarily_unavailable")
        assert int(answer.header("Retry-After")) > 0
    issuer.answer = None
    eventually(lambda: ask(server, assertion_of(server, "batch", issuer.keys[-1])).status == 200)


def test_plain_http_needs_its_flag(run, issuer, tmp_path):
    server = run(remote(issuer).replace("allow_http: true, ", ""), ready=False)
    assert server.wait_end() == 2
    assert "clients[0].keys.jwks_url: " in server.log()


def test_a_reload_takes_other_keys(run, tmp_path):
    first, second = Key("k"), Key("k")
    file = tmp_path / "key.json"
    file.write_text(json.dumps(first.jwk()))
    server = run(f"clients: [{{id: batch, keys: {{key_files: [{file}]}}, audiences: [api]}}]\n")
    assert ask(server, assertion_of(server, "batch", first)).status == 200
    file.write_text(json.dumps(second.jwk()))
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: ask(server, assertion_of(server, "batch", second)).status == 200)
    assert error_of(ask(server, assertion_of(server, "batch", first))) == (401, "invalid_client")


def test_a_reload_keeps_what_was_fetched_and_what_was_used(run, issuer, tmp_path):
    server = run(remote(issuer))
    eventually(lambda: ask(server, assertion_of(server, "batch", issuer.keys[-1])).status == 200)
    used = assertion_of(server, "batch", issuer.keys[-1])
    assert ask(server, used).status == 200
    issuer.answer = 500
    (server.directory / "jetond.yaml").write_text(remote(issuer) + "log_level: debug\n")
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: '"msg":"reloaded"' in server.log())
    assert ask(server, assertion_of(server, "batch", issuer.keys[-1])).status == 200
    assert error_of(ask(server, used)) == (401, "invalid_client")


@pytest.mark.parametrize("client, fault", [
    ("secret_file: DIR/good", None),
    ("keys: {key_files: [DIR/key.json]}", None),
    ("keys: {jwks_file: DIR/set.json}", None),
    ("keys: {jwks_url: 'https://batch.example/keys'}", None),
    ("grants: [client_credentials]", ":1:16: clients[0].secret_file: must be given, or keys"),
    ("secret_file: DIR/good, keys: {key_files: [DIR/key.json]}", ":1:36: clients[0].secret_file: and keys are named"),
    ("keys: {key_files: [DIR/key.json], jwks_file: DIR/set.json}", ":1:16: clients[0].keys: must name one of"),
    ("keys: {}", ":1:16: clients[0].secret_file: must be given, or keys"),
    ("keys: {key_files: [DIR/good]}", ":1:42: clients[0].keys.key_files: "),
    ("keys: {key_files: [DIR/none]}", ":1:42: clients[0].keys.key_files: "),
    ("keys: {jwks_file: DIR/key.json}", ":1:41: clients[0].keys.jwks_file: "),
    ("keys: {jwks_url: 'http://batch.example/keys'}", ":1:40: clients[0].keys.jwks_url: "),
    ("keys: {jwks_url: 'https://127.0.0.1/keys'}", ":1:40: clients[0].keys.jwks_url: "),
    ("keys: {discovery: true}", ":1:30: clients[0].keys.discovery: is no known key"),
    ("keys: {jwks_url: 'https://batch.example/keys'}, ca_file: DIR/none", "clients[0].ca_file: "),
    ("secret_file: DIR/empty", ":1:36: clients[0].secret_file: the file is empty"),
    ("secret_file: DIR/good, grants: [password]", "clients[0].grants: must be of"),
    ("secret_file: DIR/good, grants: [token-exchange], exchange_from: ['https://login.example']",
     "clients[0].exchange_from: is the issuer of no entry of trust"),
])
def test_check_tells_what_is_wrong_with_a_client(tmp_path, client, fault):
    for name, text in (("good", "a secret of sixteen bytes"), ("empty", "\n"), ("key.json", json.dumps(Key("k").jwk())),
                       ("set.json", json.dumps({"keys": [Key("k").jwk()]}))):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    (tmp_path / "jetond.yaml").write_text(f"clients: [{{id: batch, {client.replace('DIR', '.')}, audiences: [api]}}]\n")
    result = subprocess.run([PROGRAM, "--check", "--config", "jetond.yaml"], capture_output=True, text=True, timeout=30,
                            cwd=tmp_path)
    assert (result.returncode == 0) == (fault is None), result.stdout
    assert (fault or "") in result.stdout
