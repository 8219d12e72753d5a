# SPDX-License-Identifier: Apache-2.0
"""ML-DSA where the crypto library has it (OpenSSL 3.5 and later): keys in every form, tokens, an issuer; OpenSSL's own
command is the judge. Where it has none, that is what is said."""
import base64
import hashlib
import json
import os
import shutil
import subprocess

import pytest

from jetond import claims_of, decode_part, encode_part

PUBLIC, SIGNATURE = ({"ML-DSA-44": 1312, "ML-DSA-65": 1952, "ML-DSA-87": 2592},
                     {"ML-DSA-44": 2420, "ML-DSA-65": 3309, "ML-DSA-87": 4627})  # bytes, FIPS 204 §4
WANTED = ["--issuer", "https://tokens.example", "--audience", "api"]
pytestmark = [pytest.mark.parametrize("algorithm", list(PUBLIC)),
              pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")]


def openssl(*arguments, cwd):
    return subprocess.run(["openssl", *arguments], cwd=cwd, capture_output=True)


def jeton(*arguments, status=0, **more):
    result = subprocess.run([os.environ["JETON"], *arguments], capture_output=True, timeout=60, **more)
    assert result.returncode == status, (arguments, result.returncode, result.stdout, result.stderr)
    return result.stderr.decode() if status == 2 else result.stdout.decode()


@pytest.fixture
def place(tmp_path):
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.fixture
def here(place, algorithm):
    """Has the library of this machine the algorithm?"""
    return openssl("genpkey", "-algorithm", algorithm, "-out", "theirs.pem", cwd=place).returncode == 0


def changed(token, place):
    """One bit of the signature."""
    head, _, signature = token.rpartition(".")
    raw = bytearray(decode_part(signature))
    raw[place] ^= 1
    return head + "." + encode_part(bytes(raw))


def der_of(pem):
    return base64.b64decode("".join(line for line in pem.splitlines() if not line.startswith("-----")))


def test_a_key_is_the_same_in_every_form(place, here, algorithm):
    if not here:
        assert algorithm in jeton("key", "generate", "--alg", algorithm, "-o", "key.jwk", cwd=place, status=2)
        assert not (place / "key.jwk").exists()
        return
    jeton("key", "generate", "--alg", algorithm, "-o", "key.jwk", cwd=place)
    jwk = json.loads((place / "key.jwk").read_text())
    assert (jwk["kty"], jwk["alg"]) == ("AKP", algorithm)
    assert (len(decode_part(jwk["pub"])), len(decode_part(jwk["priv"]))) == (PUBLIC[algorithm], 32)
    required = json.dumps({name: jwk[name] for name in ("alg", "kty", "pub")}, separators=(",", ":"))  # RFC 7638, RFC 9964
    assert jwk["kid"] == encode_part(hashlib.sha256(required.encode()).digest())
    (place / "key.pem").write_text(jeton("key", "convert", "key.jwk", "--to", "pem", cwd=place))
    theirs = openssl("pkey", "-in", "key.pem", "-pubout", cwd=place).stdout.decode()
    ours = jeton("key", "public", "key.jwk", "--to", "pem", cwd=place)
    assert der_of(ours) == der_of(theirs)
    back = json.loads(jeton("key", "convert", "key.pem", "--to", "jwk", cwd=place))
    assert (back["pub"], back["priv"]) == (jwk["pub"], jwk["priv"])
    assert "priv" not in json.loads(jeton("key", "public", "key.pem", cwd=place))
    assert jeton("key", "thumbprint", "key.pem", cwd=place).strip() == jwk["kid"]


def test_tokens_go_both_ways_between_us_and_openssl(place, here, algorithm):
    if not here:
        token = encode_part({"alg": algorithm}) + "." + encode_part({}) + "." + encode_part(b"x" * SIGNATURE[algorithm])
        jeton("key", "generate", "--alg", "ES256", "-o", "key.jwk", cwd=place)
        assert "alg_not_allowed" in jeton("verify", "--key", "key.jwk", *WANTED, token, cwd=place, status=1)
        return
    token = jeton("sign", "--key", "theirs.pem", *WANTED, cwd=place).strip()
    signed, _, signature = token.rpartition(".")
    assert len(decode_part(signature)) == SIGNATURE[algorithm]
    (place / "public.jwk").write_text(jeton("key", "public", "theirs.pem", cwd=place))
    (place / "signed").write_text(signed)
    (place / "signature").write_bytes(decode_part(signature))
    of_it = ["pkeyutl", "-rawin", "-in", "signed", "-inkey", "theirs.pem"]
    assert openssl(*of_it, "-verify", "-sigfile", "signature", cwd=place).returncode == 0
    assert openssl(*of_it, "-sign", "-out", "again", cwd=place).returncode == 0
    for good in (token, signed + "." + encode_part((place / "again").read_bytes())):
        assert json.loads(jeton("verify", "--key", "public.jwk", *WANTED, good, cwd=place))["alg"] == algorithm
    for bad in (changed(token, at) for at in (0, SIGNATURE[algorithm] // 2, -1)):
        assert "signature_invalid" in jeton("verify", "--key", "public.jwk", *WANTED, bad, cwd=place, status=1)
    jeton("key", "generate", "--alg", algorithm, "-o", "other.jwk", cwd=place)
    other = jeton("sign", "--key", "other.jwk", "--kid", json.loads((place / "public.jwk").read_text())["kid"], *WANTED,
                  cwd=place).strip()
    assert "signature_invalid" in jeton("verify", "--key", "public.jwk", *WANTED, other, cwd=place, status=1)


def test_an_issuer_signs_with_it(run, here, algorithm):
    config = f"issuer: https://tokens.example\nsigning: {{algorithm: {algorithm}}}\n"
    if not here:
        server = run(config, ready=False)
        assert server.wait_end() == 2
        assert "signing.algorithm" in server.log() and "is not in the crypto library of this machine" in server.log()
        return
    server = run(config)
    token = server.mint()
    header = json.loads(decode_part(token.split(".")[0]))
    key, = server.keys()
    assert (header["alg"], header["kid"]) == (algorithm, key["kid"])
    assert (key["kty"], key["alg"], len(decode_part(key["pub"]))) == ("AKP", algorithm, PUBLIC[algorithm])
    assert "priv" not in key
    document = server.get("/.well-known/openid-configuration").json()
    assert document["id_token_signing_alg_values_supported"] == [algorithm]
    assert server.verify(token).status == 200
    refused = server.verify(changed(token, 7))
    assert (refused.status, refused.json()["reason"]) == (401, "signature_invalid")
    judged = jeton("verify", "--jwks", server.url + "/.well-known/jwks.json", "--allow-http", "--allow-private-ip", *WANTED,
                   "--typ", "at+jwt", token)
    assert json.loads(judged)["claims"]["sub"] == claims_of(token)["sub"]
    assert server.stop() == 0
    again = run(config)  # the key was sealed, and is opened
    assert [one["kid"] for one in again.keys()] == [key["kid"]]
    assert again.verify(token).status == 200
    assert json.loads(decode_part(again.mint().split(".")[0]))["kid"] == key["kid"]
