# SPDX-License-Identifier: Apache-2.0
"""Names of other systems in the environment: which mode, whose tokens, whose keys; what must be there ends the start."""
import hmac
import json
import pathlib
import subprocess
import time

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from issuer import Issuer
from jetond import PROGRAM, encode_part, eventually

STILL = "key_source: {min_gap: 100ms, miss_interval: 30s, backoff_min: 200ms, backoff_max: 1s}\n"
SECRET = "a secret that is long enough for HS256"
KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def issuer():
    made = Issuer()
    yield made
    made.end()


def claims(**changes):
    now = int(time.time())
    all_of_them = {"iss": "https://login.example", "sub": "ada", "aud": "api", "iat": now, "exp": now + 600, **changes}
    return {name: value for name, value in all_of_them.items() if value is not None}


def rs256(**changes):
    text = encode_part({"alg": "RS256", "typ": "JWT"}) + "." + encode_part(claims(**changes))
    return text + "." + encode_part(KEY.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))


def hs256(secret=SECRET, **changes):
    text = encode_part({"alg": "HS256", "typ": "JWT"}) + "." + encode_part(claims(**changes))
    return text + "." + encode_part(hmac.digest(secret.encode(), text.encode(), "sha256"))


def reason(answer):
    return 200 if answer.status == 200 else (answer.status, answer.json()["reason"])


def said(server, message):
    return [json.loads(line) for line in server.log().splitlines() if message in line and line.startswith("{")]


def start_fails(run, environment, config=None):
    """The one line that the start ends with."""
    server = run(config, environment=environment, ready=False)
    assert server.wait_end() == 2
    lines = server.log().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def merged(issuer):
    """The file's part of an issuer on loopback."""
    return STILL + "trust:\n" + issuer.trust()


@pytest.mark.parametrize("mode", ["none", "None", " NONE \t"])
def test_S1_1_the_mode_is_read_without_case_and_trimmed(run, mode):
    server = run(environment={"AUTH_MODE": mode})
    assert server.get("/verify").status == 200
    assert said(server, "verify.mode is none")


@pytest.mark.parametrize("nothing", ["", "  ", "\t\n"])
def test_S1_1_an_empty_value_is_as_if_unset(run, nothing):
    names = ["AUTH_MODE", "AUTH_JWT_RS256_PUBLIC_KEY", "AUTH_JWT_HS256_SECRET", "AUTH_JWT_JWKS_URL", "AUTH_JWT_ISSUER",
             "AUTH_JWT_AUDIENCE", "AUTH_ISSUER", "AUTH_AUDIENCE", "LOG_LEVEL", "OIDC_PROVIDER_ISSUER"]
    server = run(environment=dict.fromkeys(names, nothing))
    assert reason(server.get("/verify")) == (401, "token_missing")
    assert reason(server.verify(server.mint())) == 200


def test_S1_2_the_canonical_name_wins(run):
    server = run(environment={"AUTH_MODE": "none", "JETON_VERIFY_MODE": "jwt"})
    assert reason(server.get("/verify")) == (401, "token_missing")
    server = run(environment={"AUTH_MODE": "what is this", "JETON_VERIFY_MODE": "none"}, name="other")
    assert server.get("/verify").status == 200


def test_S1_2_an_alias_wins_over_the_file_and_an_option_over_both(run):
    server = run("log_level: error\nissuer: https://file.example\n",
                 environment={"LOG_LEVEL": "INFO", "OIDC_PROVIDER_ISSUER": "https://alias.example"})
    assert server.get("/.well-known/openid-configuration").json()["issuer"] == "https://alias.example"
    assert said(server, "serving")
    server = run("log_level: error\n", ("--issuer", "https://option.example"), name="other",
                 environment={"OIDC_PROVIDER_ISSUER": "https://alias.example", "JETON_LOG_LEVEL": "error", "LOG_LEVEL": "info"})
    assert server.get("/.well-known/openid-configuration").json()["issuer"] == "https://option.example"
    assert not said(server, "serving")


def test_S1_3_a_static_key_wins_and_nothing_is_fetched(run, issuer):
    everything = {"AUTH_JWT_ISSUER": issuer.url, "AUTH_JWT_AUDIENCE": "api", "AUTH_JWT_JWKS_URL": issuer.url + "/keys"}
    server = run(merged(issuer), environment={**everything, "AUTH_JWT_HS256_SECRET": SECRET, "AUTH_JWT_RS256_PUBLIC_KEY": PEM})
    assert reason(server.verify(rs256(iss=issuer.url))) == 200
    assert reason(server.verify(hs256(iss=issuer.url))) == (401, "alg_not_allowed")
    assert reason(server.verify(issuer.sign())) == (401, "alg_not_allowed")
    server = run(merged(issuer), environment={**everything, "AUTH_JWT_HS256_SECRET": SECRET}, name="other")
    assert reason(server.verify(hs256(iss=issuer.url))) == 200
    assert reason(server.verify(rs256(iss=issuer.url))) == (401, "alg_not_allowed")
    assert issuer.fetches == []


def test_S1_4_S1_5_keys_by_discovery_or_from_an_explicit_address_and_the_issuer_is_enforced(run, issuer):
    server = run(merged(issuer), environment={"AUTH_JWT_ISSUER": issuer.url, "AUTH_JWT_AUDIENCE": "api"})
    eventually(lambda: server.get("/readyz").status == 200)
    assert reason(server.verify(issuer.sign())) == 200
    named = issuer.trust().replace(issuer.url, "https://login.example", 1)
    server = run(STILL + "trust:\n" + named, name="other",
                 environment={"AUTH_JWT_ISSUER": "https://login.example", "AUTH_JWT_AUDIENCE": "api",
                              "AUTH_JWT_JWKS_URL": issuer.url + "/keys"})
    eventually(lambda: server.get("/readyz").status == 200)
    assert reason(server.verify(issuer.sign(iss="https://login.example"))) == 200
    assert reason(server.verify(issuer.sign())) == (401, "issuer_unknown")


def test_S1_6_an_explicit_mode_without_keys_ends_the_start_and_names_what_would_do(run):
    line = start_fails(run, {"AUTH_MODE": "jwt"})
    for name in ("AUTH_JWT_RS256_PUBLIC_KEY", "AUTH_JWT_HS256_SECRET", "AUTH_JWT_JWKS_URL", "AUTH_JWT_ISSUER"):
        assert name in line
    server = run("trust: [{issuer: 'https://login.example', audiences: [api]}]\n", environment={"AUTH_MODE": "jwt"}, name="file")
    assert reason(server.get("/verify")) == (401, "token_missing")


def test_S1_6_no_mode_and_no_key_starts_with_a_warning_and_refuses(run):
    server = run()
    assert [line["level"] for line in said(server, "trust is empty")] == ["warn"]
    assert reason(server.get("/verify")) == (401, "token_missing")
    assert reason(server.verify(rs256())) == (401, "alg_not_allowed")


def test_S1_6_an_unknown_mode_lists_the_legal_ones(run):
    assert start_fails(run, {"AUTH_MODE": "open"}) == \
        '$AUTH_MODE:1:1: verify.mode: must be one of: jwt, smoo, trusted, none; not "open"'


def test_S1_7_smoo_needs_an_issuer_and_no_audience(run, issuer):
    assert start_fails(run, {"AUTH_MODE": "smoo"}) == "$AUTH_MODE:1:1: verify.mode: smoo needs AUTH_JWT_ISSUER"
    server = run(STILL + "trust:\n" + issuer.trust(audiences="any_audience: false"), name="other",
                 environment={"AUTH_MODE": "SMOO", "AUTH_JWT_ISSUER": issuer.url})
    eventually(lambda: server.get("/readyz").status == 200)
    assert said(server, "no audience is set for this issuer")
    assert reason(server.verify(issuer.sign())) == 200  # for "api", as this server's own tokens
    assert reason(server.verify(issuer.sign(aud="elsewhere"))) == (401, "audience_mismatch")  # never any


def test_S1_8_trusted_only_when_spelled_out_and_bad_input_is_nobody(run):
    server = run("verify: {headers: {X-User: sub, X-Role: role}}\n", environment={"AUTH_MODE": "trusted"})
    assert [line["level"] for line in said(server, "verify.mode is trusted")] == ["warn"]
    good = server.verify(encode_part({"sub": "ada", "role": "basic"}))
    assert (good.status, good.header("X-User"), good.header("X-Role")) == (200, "ada", "basic")
    nobody = server.verify(encode_part({}))
    assert (nobody.status, nobody.header("X-User").strip(), nobody.header("X-Role").strip()) == (200, "", "")
    for bad in ("admin", "e30=", encode_part([]), encode_part("admin"), encode_part(b"{"), "%%%"):
        answer = server.verify(bad)
        assert answer.status == 401 and answer.header("X-User") is None, bad
    assert reason(server.get("/verify")) == (401, "token_missing")


@pytest.mark.parametrize("name, value", [("AUTH_JWT_RS256_PUBLIC_KEY", "no PEM"),
                                         ("AUTH_JWT_RS256_PUBLIC_KEY", PEM.replace("M", "N")),
                                         ("AUTH_JWT_HS256_SECRET", "too short for HS256")])
def test_S1_9_a_bad_key_ends_the_start_and_is_not_shown(run, name, value):
    line = start_fails(run, {name: value, "AUTH_JWT_ISSUER": "https://login.example"})
    assert line.startswith(f"${name}:1:1: trust[0].keys: ")
    assert value not in line and PEM[30:60] not in line


def test_S1_9_a_key_of_another_kind_is_no_RS256_key(run):
    from cryptography.hazmat.primitives.asymmetric import ec

    other = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    assert "no key here fits" in start_fails(run, {"AUTH_JWT_RS256_PUBLIC_KEY": other})


def test_S1_21_exp_and_sub_are_required_and_the_issuer_where_it_is_set(run):
    server = run(environment={"AUTH_JWT_RS256_PUBLIC_KEY": PEM.replace("\n", "\\n"), "AUTH_JWT_AUDIENCE": "api, other",
                              "AUTH_JWT_ISSUER": "https://login.example"})
    assert reason(server.verify(rs256())) == 200
    assert reason(server.verify(rs256(aud="other"))) == 200
    assert reason(server.verify(rs256(aud="third"))) == (401, "audience_mismatch")
    assert reason(server.verify(rs256(sub=None))) == (401, "claim_missing")
    assert reason(server.verify(rs256(exp=None))) == (401, "claim_missing")
    assert reason(server.verify(rs256(iss="https://else.example"))) == (401, "issuer_unknown")
    assert reason(server.verify("")) == (401, "token_missing")


def test_S1_21_without_an_issuer_any_that_the_key_fits(run):
    server = run(environment={"AUTH_JWT_HS256_SECRET": SECRET, "AUTH_JWT_AUDIENCE": "api"})
    assert reason(server.verify(hs256())) == 200
    assert reason(server.verify(hs256(iss=None))) == 200
    assert reason(server.verify(hs256(iss=7))) == (401, "claims_invalid")
    assert reason(server.verify(hs256("another secret, as long as the one"))) == (401, "signature_invalid")
    assert reason(server.verify(hs256(iss=server.url))) == (401, "alg_not_allowed")  # this server's own name is its own
    assert reason(server.verify(server.mint())) == 200
    assert 'jeton_verdicts_total{issuer="*",code="ok"} 2' in server.get("/metrics").body.decode()


def test_secrets_are_taken_once_and_not_shown(run):
    server = run("log_level: debug\n", environment={"AUTH_JWT_HS256_SECRET": SECRET, "AUTH_JWT_ISSUER": "https://login.example",
                                                    "AUTH_JWT_AUDIENCE": "api"})
    server.verify(hs256())
    try:
        assert SECRET.encode() not in pathlib.Path(f"/proc/{server.process.pid}/environ").read_bytes()
    except PermissionError:
        pass
    server.process.send_signal(1)
    eventually(lambda: said(server, "reloaded"))
    assert reason(server.verify(hs256())) == 200
    assert SECRET not in server.log()


def test_S1_24_a_secret_is_right_or_wrong_as_a_whole(run, tmp_path):
    file = tmp_path / "client"
    file.write_text(SECRET)
    server = run(f"clients: [{{id: web, secret_file: {file}, audiences: [api]}}]\n")
    for wrong in (SECRET[:-1], SECRET + "x", "x" + SECRET[1:], SECRET[:-1] + "x", SECRET.upper()):
        assert server.ask(client=("web", wrong)).status == 401
    assert server.ask(client=("web", SECRET)).status == 200


def test_S4_1_an_issuer_by_discovery_with_its_audiences(run, issuer):
    server = run(STILL + "trust:\n" + issuer.trust(audiences="audiences: [else]"),
                 environment={"AUTH_ISSUER": issuer.url, "AUTH_AUDIENCE": " api ,, other,"})
    eventually(lambda: server.get("/readyz").status == 200)
    assert reason(server.verify(issuer.sign())) == 200
    assert reason(server.verify(issuer.sign(aud="other"))) == 200
    assert reason(server.verify(issuer.sign(aud="else"))) == (401, "audience_mismatch")


def test_S4_3_what_is_missing_ends_the_start_and_is_named(run):
    assert "AUTH_ISSUER is not set" in start_fails(run, {"AUTH_AUDIENCE": "api"})
    assert "AUTH_JWT_ISSUER" in start_fails(run, {"AUTH_MODE": "smoo", "AUTH_JWT_ISSUER": " "})


SIX = {"OIDC_PROVIDER_KEY": KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                              serialization.NoEncryption()).decode(),
       "OIDC_PROVIDER_KID": "one", "OIDC_PROVIDER_ISSUER": "https://data.example", "SESSION_TOKEN_KEY": "A" * 43 + "=",
       "AUTH_ISSUER": "https://login.example", "SOURCE_API_URL": "https://api.example"}


def test_S4_1_all_six_names_start_a_server(run):
    server = run(environment=SIX)
    keys = server.get("/.well-known/jwks.json").json()["keys"]
    assert [key["kid"] for key in keys if key["kty"] == "RSA"] == ["one"]
    assert server.get("/.well-known/openid-configuration").json()["issuer"] == "https://data.example"


@pytest.mark.parametrize("value", [None, "", " "])
@pytest.mark.parametrize("name", SIX)
def test_S4_3_one_of_the_six_missing_ends_the_start_with_one_line(run, name, value):
    environment = {**SIX, name: value}
    line = start_fails(run, {name: value for name, value in environment.items() if value is not None})
    assert name in line.split(":")[0]
    for secret in ("OIDC_PROVIDER_KEY", "SESSION_TOKEN_KEY"):
        assert SIX[secret] not in line


def test_S4_5_an_empty_secret_counts_as_missing(run, tmp_path):
    line = start_fails(run, {"AUTH_MODE": "jwt", "AUTH_JWT_HS256_SECRET": " \n"})
    assert "AUTH_JWT_HS256_SECRET" in line
    empty = tmp_path / "empty"
    empty.write_text("\n")
    line = start_fails(run, {}, f"clients: [{{id: web, secret_file: {empty}, audiences: [api]}}]\n")
    assert "clients[0].secret_file: the file is empty" in line
    empty.write_text("")
    line = start_fails(run, {}, f"trust: [{{issuer: a, audiences: [api], keys: {{secret_file: {empty}}}}}]\n")
    assert "trust[0].keys.secret_file: " in line


@pytest.mark.parametrize("secret, good", [("x" * 31, False), ("x" * 32, True)])
def test_the_nearest_secret_that_is_long_enough(tmp_path, secret, good):
    import os

    result = subprocess.run([PROGRAM, "--check"], capture_output=True, text=True, timeout=30,
                            env={**os.environ, "AUTH_JWT_HS256_SECRET": secret})
    assert result.returncode == (0 if good else 2), result.stdout
    assert secret not in result.stdout
