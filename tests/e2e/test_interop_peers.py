# SPDX-License-Identifier: Apache-2.0
"""Do others agree? For every algorithm that both sides have: their token by jeton, ours by them, and one refusal each
way. The peers: npm's jose (put below the build directory by npm ci), PyJWT, libjwt."""
import json
import os
import subprocess

import pytest

from judge.command import jeton
from judge.forge import NOW, b64, unb64
from npm_packages import HERE, folder

SECRET = b"0123456789abcdef" * 4
CLAIMS = {"iss": "https://i.example", "sub": "ada", "aud": "api", "iat": NOW, "exp": 4000000000, "n": [1, {"x": "é"}]}
RSA_EC = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
HS = ["HS256", "HS384", "HS512"]


class Refused(Exception):
    pass


class Jose:
    """npm's jose 6: WebCrypto, so no secp256k1 and no Ed448."""
    algorithms = RSA_EC + ["PS256", "PS384", "PS512", "EdDSA", "Ed25519"] + HS

    def __init__(self, tmp):
        build = folder(tmp)
        self.process = subprocess.Popen(["node", HERE / "peer_jose.mjs", build], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **question):
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    def material(self, keys, alg):
        return {"secret": b64(SECRET)} if alg in HS else {"jwk": keys.private(alg)}

    def sign(self, keys, alg, kid):
        header = {"alg": alg} if alg in HS else {"alg": alg, "kid": kid}
        return self.ask(op="sign", alg=alg, header=header, claims=CLAIMS, **self.material(keys, alg))["token"]

    def verify(self, keys, alg, token, audience):
        # The public keys as jeton publishes them.
        material = {"secret": b64(SECRET)} if alg in HS else {"set": keys.set(alg)}
        return self.ask(op="verify", alg=alg, token=token, audience=audience, **material)["claims"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


class PyJwt:
    algorithms = RSA_EC + ["PS256", "PS384", "PS512", "ES256K", "EdDSA"] + HS

    def __init__(self, _):
        self.jwt = pytest.importorskip("jwt", reason="no python3-jwt here")

    def sign(self, keys, alg, kid):
        key = SECRET if alg in HS else self.jwt.algorithms.get_default_algorithms()[alg].from_jwk(json.dumps(keys.private(alg)))
        return self.jwt.encode(CLAIMS, key, alg, headers={} if alg in HS else {"kid": kid})

    def verify(self, keys, alg, token, audience):
        key = SECRET if alg in HS else self.jwt.PyJWKSet.from_dict(keys.set(alg)).keys[0].key
        try:
            return self.jwt.decode(token, key, [alg], audience=audience)
        except self.jwt.PyJWTError as error:
            raise Refused(error) from error

    def close(self):
        pass


class LibJwt:
    """libjwt 1 reads PEM, judges signatures alone: the audience is not its concern."""
    algorithms = RSA_EC + HS

    def __init__(self, _):
        self.program = os.environ.get("PEER_LIBJWT")
        if not self.program:
            pytest.skip("no libjwt of a known interface here")

    def run(self, verb, file, alg, text):
        result = subprocess.run([self.program, verb, file, alg, text], capture_output=True, timeout=30)
        if result.returncode:
            raise Refused(result.returncode)
        return result.stdout.decode().strip()

    def sign(self, keys, alg, kid):
        return self.run("sign", keys.file("secret" if alg in HS else f"{alg}.pem"), alg, json.dumps(CLAIMS))

    def verify(self, keys, alg, token, audience):
        claims = json.loads(self.run("verify", keys.file("secret" if alg in HS else f"{alg}.pub.pem"), alg, token))
        if audience not in claims["aud"]:
            raise Refused("audience")
        return claims

    def close(self):
        pass


PEERS = {"jose": Jose, "PyJWT": PyJwt, "libjwt": LibJwt}
CASES = [(name, alg) for name, peer in PEERS.items() for alg in peer.algorithms]


class Keys:
    """Keys made by jeton, one per algorithm, in every form."""

    def __init__(self, directory):
        self.directory = directory
        (directory / "secret").write_bytes(SECRET)

    def file(self, name):
        alg = name.split(".")[0]
        if alg != "secret" and not (self.directory / f"{alg}.jwk").exists():
            for arguments in (["generate", "--alg", alg, "-o", f"{alg}.jwk"], ["convert", f"{alg}.jwk", "--to", "pem", "-o", f"{alg}.pem"],
                              ["public", f"{alg}.jwk", "--to", "pem", "-o", f"{alg}.pub.pem"], ["public", f"{alg}.jwk", "--to", "jwks", "-o", f"{alg}.set"]):
                assert jeton("key", *arguments, cwd=self.directory).returncode == 0
        return self.directory / name

    def private(self, alg):
        return json.loads(self.file(f"{alg}.jwk").read_text())

    def set(self, alg):
        return json.loads(self.file(f"{alg}.set").read_text())

    def options(self, alg):
        return ("--secret", self.file("secret")) if alg in HS else ("--jwks", self.file(f"{alg}.set"))

    def signed(self, alg, *options):
        by = ("--secret", self.file("secret")) if alg in HS else ("--key", self.file(f"{alg}.jwk"))
        result = jeton("sign", *by, "--alg", alg, "--issuer", CLAIMS["iss"], "--subject", "ada", "--audience", "api",
                       "--claim-json", "n=" + json.dumps(CLAIMS["n"]), *options)
        assert result.returncode == 0, result.stderr
        return result.stdout.decode().strip()

    def judged(self, alg, token, audience="api"):
        result = jeton("verify", *self.options(alg), "--audience", audience, stdin=token.encode() + b"\n")
        return result.returncode, json.loads(result.stdout)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return Keys(tmp_path_factory.mktemp("interop"))


@pytest.fixture(scope="module")
def peers(tmp_path_factory):
    started = {}

    def get(name):
        if name not in started:
            try:
                started[name] = PEERS[name](tmp_path_factory.mktemp("peer"))
            except pytest.skip.Exception as reason:
                started[name] = reason
        if isinstance(started[name], BaseException):
            pytest.skip(str(started[name]))
        return started[name]

    yield get
    for peer in started.values():
        if not isinstance(peer, BaseException):
            peer.close()


def tampered(token):
    """Other claims under the old signature."""
    header, payload, mac = token.split(".")
    return f"{header}.{b64(json.dumps(json.loads(unb64(payload)) | {'sub': 'eve'}))}.{mac}"


@pytest.mark.parametrize("name, alg", CASES)
def test_theirs_is_good_to_jeton_and_changed_it_is_not(peers, keys, name, alg):
    peer = peers(name)
    kid = None if alg in HS else keys.private(alg)["kid"]
    made = peer.sign(keys, alg, kid)
    if name == "libjwt" and alg not in HS:
        # It writes no kid; the one key of the set that fits is the one.
        assert "kid" not in json.loads(unb64(made.split(".")[0]))
    status, verdict = keys.judged(alg, made)
    assert (status, verdict["valid"]) == (0, True), verdict
    assert verdict["claims"] == CLAIMS
    assert keys.judged(alg, tampered(made))[1]["error"] == "signature_invalid"
    assert keys.judged(alg, made, "other")[1]["error"] == "audience_mismatch"


@pytest.mark.parametrize("name, alg", CASES)
def test_ours_is_good_to_them_and_changed_it_is_not(peers, keys, name, alg):
    peer = peers(name)
    made = keys.signed(alg)
    claims = peer.verify(keys, alg, made, "api")
    assert (claims["sub"], claims["n"]) == ("ada", CLAIMS["n"])
    for bad, audience in ((tampered(made), "api"), (made, "other")):
        with pytest.raises(Refused):
            peer.verify(keys, alg, bad, audience)
