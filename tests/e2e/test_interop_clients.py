# SPDX-License-Identifier: Apache-2.0
"""Unmodified clients run every grant against a real jetond: npm's openid-client and oauth4webapi, Python's Authlib and
requests-oauthlib. And npm's oidc-provider is the issuer whose tokens are verified and exchanged."""
import base64
import json
import subprocess
import time
import urllib.parse
import urllib.request
import uuid

import pytest
from cryptography.hazmat.primitives import serialization

from issuer import Issuer, Key
from jetond import claims_of, encode_part
from npm_packages import HERE, folder, node_major

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
WEB = ("web", "p+q r%&=é:")
FILES = "https://files.example/"


@pytest.fixture
def key():
    return Key("batch-1")


@pytest.fixture
def issuer():
    issuer = Issuer("login")
    yield issuer
    issuer.end()


@pytest.fixture
def server(run, tmp_path, issuer, key):
    (tmp_path / "web").write_text(WEB[1])
    (tmp_path / "web").chmod(0o600)
    (tmp_path / "batch.json").write_text(json.dumps(key.jwk()))
    rest = (f"grants: [client_credentials, token-exchange, jwt-bearer], audiences: [api, '{FILES}'], "
            f"scopes: [read], exchange_from: ['{issuer.url}']}}")
    server = run(f"trust:\n{issuer.trust()}clients:\n  - {{id: web, secret_file: {tmp_path}/web, {rest}\n"
                 f"  - {{id: batch, keys: {{key_files: [{tmp_path}/batch.json]}}, {rest}\n")
    return ready(server)


def ready(server):
    end = time.monotonic() + 20
    while server.get("/readyz").status != 200:
        assert time.monotonic() < end, server.log()
        time.sleep(0.05)
    return server


def assertion(server, issuer):
    return issuer.sign(aud=server.url, jti=str(uuid.uuid4()), scope="read")


def private_jwk(key):
    number = key.private.private_numbers().private_value
    return {**key.jwk(), "d": encode_part(number.to_bytes(32, "big"))}


# --- npm ---

@pytest.fixture
def npm(tmp_path):
    build = folder(tmp_path)
    if node_major() < 20:
        pytest.skip("these clients need Node 20")
    return build


def test_openid_client_and_oauth4webapi_run_every_grant(server, issuer, key, npm):
    job = {"issuer": server.url, "web": {"id": WEB[0], "secret": WEB[1]}, "batch": "batch", "key": private_jwk(key),
           "resource": FILES, "assertions": [assertion(server, issuer) for _ in range(9)]}
    result = subprocess.run(["node", HERE / "clients.mjs", npm], input=json.dumps(job), capture_output=True, text=True,
                            timeout=60)
    assert result.returncode == 0, result.stderr + server.log()
    answer = json.loads(result.stdout)
    for way, client in (("basic", "web"), ("post", "web"), ("private_key_jwt", "batch")):
        theirs = answer["openidClient"]
        claims = claims_of(theirs[way])
        assert (claims["sub"], claims["client_id"], claims["aud"], claims["scope"]) == (client, client, FILES, "read")
        claims = claims_of(theirs[f"{way} exchange"])
        assert (claims["sub"], claims["act"], claims["aud"]) == (client, {"sub": client}, "api")
        assert claims_of(theirs[f"{way} jwt-bearer"])["sub"] == issuer.url + "#ada"
        assert theirs[f"{way} active"] is True and theirs[f"{way} revoked"] is True
        theirs = answer["oauth4webapi"]
        assert theirs[way] == theirs[f"{way} exchange"] == client
        assert theirs[f"{way} issued"] == ACCESS
        assert theirs[f"{way} jwt-bearer"] == issuer.url + "#ada"
        assert theirs[f"{way} other audience"] == "OAUTH_JWT_CLAIM_COMPARISON_FAILED"
        assert theirs[f"{way} not narrowed"] == "invalid_scope"
        assert theirs[f"{way} id_token"] == "invalid_request"
    assert answer["openidClient"]["wrong secret"] == "basic"  # the challenge that came with the 401


class Provider:
    """npm's oidc-provider; `token` is for the audience of that number."""

    def __init__(self, npm, *audiences):
        self.process = subprocess.Popen(["node", HERE / "provider.mjs", npm, *audiences], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.url = self.process.stdout.readline().decode().strip()
        assert self.url, self.process.stderr.read()

    def token(self, number=0, scope="read"):
        form = {"grant_type": "client_credentials", "resource": f"https://for.example/{number}", "scope": scope}
        basic = base64.b64encode(b"machine:the+secret+of+machine").decode()
        request = urllib.request.Request(self.url + "/token", urllib.parse.urlencode(form).encode(),
                                         {"Authorization": f"Basic {basic}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["access_token"]

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        self.process.stderr.close()


def test_oidc_provider_is_an_issuer_whose_tokens_are_verified_and_exchanged(run, npm, tmp_path):
    name = "https://tokens.example"
    provider = Provider(npm, "api", "elsewhere", name)
    try:
        (tmp_path / "web").write_text(WEB[1])
        (tmp_path / "web").chmod(0o600)
        config = (f"issuer: {name}\n"
                  f"trust: [{{issuer: '{provider.url}', audiences: [api], types: [at+jwt], allow_http: true, allow_private_ip: true}}]\n"
                  f"clients: [{{id: web, secret_file: {tmp_path}/web, grants: [token-exchange, jwt-bearer], audiences: [files], "
                  f"scopes: [read], exchange_from: ['{provider.url}']}}]\n")
        refused = run(config.replace("allow_http: true, ", ""), name="refused", ready=False)
        assert refused.wait_end() == 2  # plain http needs its flag, on loopback too
        assert "trust[0].issuer: " in refused.log() and "allow_http" in refused.log()
        server = ready(run(config))
        good, other = provider.token(), provider.token(1)
        assert server.verify(good).header("X-Jeton-Issuer") == provider.url
        assert server.verify(other).json()["reason"] == "audience_mismatch"

        def exchange(token):
            return server.ask([("grant_type", EXCHANGE), ("subject_token", token), ("subject_token_type", ACCESS)], client=WEB)

        claims = claims_of(exchange(good).json()["access_token"])
        assert (claims["sub"], claims["aud"], claims["scope"]) == (provider.url + "#machine", "files", "read")
        assert claims["act"] == {"sub": "web"}
        assert exchange(other).json()["error"] == "invalid_request"
        form = [("grant_type", BEARER), ("assertion", provider.token(2))]
        assert claims_of(server.ask(form, client=WEB).json()["access_token"])["sub"] == provider.url + "#machine"
        assert server.ask(form, client=WEB).json()["error"] == "invalid_grant"  # once
        assert server.ask([form[0], ("assertion", good)], client=WEB).json()["error"] == "invalid_grant"
    finally:
        provider.end()


# --- Python ---

def test_authlib_runs_every_grant(server, issuer, key):
    client_of = pytest.importorskip("authlib.integrations.requests_client", reason="no python3-authlib here").OAuth2Session
    from authlib.oauth2.rfc7523 import PrivateKeyJWT
    pem = key.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption())
    url = server.url + "/token"
    # Its client_secret_basic does not form-encode id and secret (RFC 6749 §2.3.1), which this secret needs.
    for client, method in ((WEB, "client_secret_post"), (("batch", pem), "private_key_jwt")):
        session = client_of(*client, scope="read", token_endpoint_auth_method=method)
        session.register_client_auth_method(PrivateKeyJWT(server.url, alg="ES256"))
        first = session.fetch_token(url, grant_type="client_credentials", resource=FILES)
        assert claims_of(first["access_token"])["sub"] == client[0]
        second = session.fetch_token(url, grant_type=EXCHANGE, subject_token=first["access_token"],
                                     subject_token_type=ACCESS, audience="api")
        assert claims_of(second["access_token"])["act"] == {"sub": client[0]}
        third = session.fetch_token(url, grant_type=BEARER, assertion=assertion(server, issuer), audience="api")
        assert claims_of(third["access_token"])["sub"] == issuer.url + "#ada"
        with pytest.raises(Exception, match="invalid_target"):
            session.fetch_token(url, grant_type="client_credentials", resource="https://other.example/")
        session.close()


def test_requests_oauthlib_gets_a_token(server, monkeypatch):
    session_of = pytest.importorskip("requests_oauthlib", reason="no python3-requests-oauthlib here").OAuth2Session
    from oauthlib.oauth2 import BackendApplicationClient
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    session = session_of(client=BackendApplicationClient(WEB[0], scope="read"))
    token = session.fetch_token(server.url + "/token", client_id=WEB[0], client_secret=WEB[1], include_client_id=True,
                                auth=False, audience="api")
    assert claims_of(token["access_token"])["client_id"] == "web"
    answer = session.get(server.url + "/verify")
    assert (answer.status_code, answer.headers["X-Jeton-Subject"]) == (200, "web")
    with pytest.raises(Exception, match="invalid_scope"):
        session_of(client=BackendApplicationClient(WEB[0], scope="admin")).fetch_token(
            server.url + "/token", client_id=WEB[0], client_secret=WEB[1], include_client_id=True, auth=False, audience="api")
    session.close()
