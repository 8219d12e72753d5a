# SPDX-License-Identifier: Apache-2.0
"""CONTRACT §4 from outside: exit status, batches, text and JSON, signing, keys and their forms."""
import json
import os
import pty
import re
import socket
import stat
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from judge.command import PROGRAM, jeton
from judge.forge import (ALGORITHMS, EC_HASH, HASH, KINDS, NOW, b64, compact, everything, flip, key, key_set, make, signature,
                         thumbprint, token, unb64)

ES, RSA = key("P-256"), key("RSA")
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}
ASYMMETRIC = sorted(ALGORITHMS)
VERBS = ["verify", "sign", "inspect", "key generate", "key public", "key convert", "key thumbprint", "keys fetch", "keys lint",
         "issuer status", "issuer rotate", "issuer revoke", "issuer import", "issuer reseal"]


@pytest.fixture
def place(tmp_path):
    (tmp_path / "set.json").write_bytes(key_set(*everything()))
    (tmp_path / "es.jwk").write_bytes(compact(ES.jwk(private=True)))
    (tmp_path / "rsa.jwk").write_bytes(compact(RSA.jwk(private=True)))
    (tmp_path / "es.pem").write_bytes(ES.private_pem())
    (tmp_path / "es.pub").write_bytes(ES.public_pem())
    (tmp_path / "secret").write_bytes(b"0123456789abcdef" * 4)
    return tmp_path


def verify(place, *options, stdin=b"", argument=None):
    return jeton("verify", "--jwks", "set.json", *options, "--at", NOW, *([argument] if argument else []), stdin=stdin, cwd=place)


# --- Exit status and batches. ---

GOOD, BAD = token(ES).encode(), token(ES, sig=flip).encode()


@pytest.mark.parametrize("name, lines, status, codes", [
    ("one good", [GOOD], 0, [None]), ("one bad", [BAD], 1, ["signature_invalid"]), ("good, bad, good", [GOOD, BAD, GOOD], 1, [None, "signature_invalid", None]),
    ("unknown", [token(ES, header={"kid": "?"}).encode()], 1, ["key_unknown"]), ("denied", [token(ES, scope="x").encode()], 1, ["scope_insufficient"]),
    ("an empty line between", [GOOD, b"", GOOD], 1, [None, "token_missing", None]), ("CR LF", [GOOD + b"\r", b"\r", GOOD + b"\r"], 1, [None, "token_missing", None]),
    ("an over-long line between", [GOOD, b"A" * 3000000, GOOD], 1, [None, "token_too_large", None]), ("a NUL between", [GOOD, b"\0", GOOD], 1, [None, "token_malformed", None]),
    ("five hundred", [GOOD, BAD] * 250, 1, [None, "signature_invalid"] * 250),
])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_one_verdict_per_line_in_order(place, name, lines, status, codes, end):
    options = ["--scope", "read"] if name == "denied" else []
    if name == "CR LF" and not end:  # a CR that no line feed follows is part of the token
        codes = [None, "token_missing", "token_malformed"]
    result = verify(place, "--audience", "api", *options, stdin=b"\n".join(lines) + end)
    assert [json.loads(line).get("error") for line in result.stdout.splitlines()] == codes
    assert result.returncode == status


def test_a_token_as_argument(place):
    assert verify(place, "--audience", "api", argument=GOOD.decode()).returncode == 0
    assert verify(place, "--audience", "api", argument=BAD.decode()).returncode == 1
    assert verify(place, "--audience", "api", argument="-", stdin=GOOD + b"\n").returncode == 0


def test_each_verdict_is_written_when_known(place):
    process = subprocess.Popen([PROGRAM, "verify", "--jwks", "set.json", "--audience", "api", "--at", str(NOW)], cwd=place,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        for _ in range(3):
            process.stdin.write(GOOD + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["valid"] is True
    finally:
        process.stdin.close()
        assert process.wait(20) == 0
        process.stdout.close()


def test_S2_20_without_an_audience_nothing_is_judged(place):
    result = verify(place, stdin=GOOD + b"\n")
    assert result.returncode == 2 and b"valid" not in result.stdout
    assert b"--audience" in result.stderr and b"--any-audience" in result.stderr


@pytest.mark.parametrize("options", [
    ["--no-such-option"], ["--leeway", "601"], ["--leeway", "-1"], ["--leeway", "x"], ["--leeway", ""], ["--leeway", "1.5x"], ["--alg", "none"], ["--alg", "XY"], ["--max-size", "x"], ["--max-size", "-5"],
    ["--at", "x"], ["--at", ""], ["--max-age", "x"], ["--max-age", "-1"], ["--format", "xml"], ["--leeway"], ["--key", "absent"], ["--jwks", "absent.json"], ["--secret", "absent"], ["--cacert", "absent", "--jwks", "https://127.0.0.1:9/"],
    ["--timeout", "x"], ["more", "than one"]], ids=" ".join)
def test_usage_and_configuration_end_with_2(place, options):
    result = jeton("verify", "--jwks", "set.json", "--audience", "api", *options, stdin=GOOD + b"\n", cwd=place)
    assert result.returncode == 2 and result.stderr and not result.stdout


def test_no_key_source_ends_with_2(place):
    assert jeton("verify", "--audience", "api", stdin=GOOD + b"\n", cwd=place).returncode == 2


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_keys_that_cannot_be_had_end_with_3_which_wins_over_1(place):
    url = f"http://127.0.0.1:{closed_port()}/jwks.json"
    result = jeton("verify", "--jwks", url, "--allow-http", "--allow-private-ip", "--timeout", "2", "--audience", "api", stdin=GOOD + b"\nx\n", cwd=place)
    assert result.returncode == 3
    verdict = json.loads(result.stdout.splitlines()[0])
    assert (verdict["valid"], verdict["error"], verdict["kind"]) == (False, "keys_unavailable", "unavailable")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb):
    result = jeton(*verb.split(), "--help")
    assert result.returncode == 0 and b"--help" in result.stdout and not result.stderr


def test_version():
    result = jeton("--version")
    assert result.returncode == 0 and re.match(rb"jeton \d+\.\d+", result.stdout)


@pytest.mark.parametrize("arguments", [[], ["nosuch"], ["key"], ["key", "nosuch"], ["keys"], ["sign"], ["key", "generate"], ["key", "convert"], ["jws", "sign"], ["jwe", "encrypt"], ["issuer"], ["issuer", "nosuch"]], ids=" ".join)
def test_what_is_no_verb_ends_with_2(arguments):
    assert jeton(*arguments).returncode == 2


# --- Text and JSON. ---

def on_a_terminal(*arguments, cwd):
    master, slave = pty.openpty()
    process = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, cwd=cwd)
    os.close(slave)
    said = b""
    while True:
        try:
            more = os.read(master, 65536)
        except OSError:
            break
        if not more:
            break
        said += more
    os.close(master)
    return process.wait(20), said


def test_json_lines_in_a_pipe_and_text_on_a_terminal(place):
    piped = verify(place, "--audience", "api", stdin=GOOD + b"\n").stdout
    assert len(piped.splitlines()) == 1 and json.loads(piped)["valid"] is True
    status, said = on_a_terminal("verify", "--jwks", "set.json", "--audience", "api", "--at", str(NOW), GOOD.decode(), cwd=place)
    assert status == 0 and not said.startswith(b"{")
    status, said = on_a_terminal("verify", "--jwks", "set.json", "--audience", "api", "--format", "json", "--at", str(NOW), GOOD.decode(), cwd=place)
    assert status == 0 and json.loads(said)["valid"] is True


def test_text_names_the_code_and_cannot_steer_a_terminal(place):
    result = verify(place, "--audience", "x", "--format", "text", stdin=GOOD + b"\n")
    assert result.returncode == 1 and b"audience_mismatch" in result.stdout and not result.stdout.startswith(b"{")
    evil = token(ES, sub="a\x1b[2Jb\u202ec\nvalid").encode()
    for arguments in (["verify", "--jwks", "set.json", "--audience", "api", "--at", str(NOW), "--format", "text"], ["inspect", "--format", "text"]):
        said = jeton(*arguments, stdin=evil + b"\n", cwd=place).stdout
        assert b"\x1b" not in said and "\u202e".encode() not in said


def test_the_members_of_a_good_verdict(place):
    verdict = json.loads(verify(place, "--audience", "api", stdin=GOOD + b"\n").stdout)
    assert set(verdict) == {"valid", "alg", "kid", "thumbprint", "issuer", "subject", "expires_at", "header", "claims"}
    assert verdict["thumbprint"] == thumbprint(ES.jwk())
    assert (verdict["issuer"], verdict["subject"], verdict["expires_at"]) == ("https://i.example", "ada", NOW + 300)


def test_a_token_of_a_secret_has_neither_kid_nor_thumbprint(place):
    made = sign(place, "--secret", "secret", "--audience", "api", "--at", NOW)
    arguments = ["verify", "--secret", "secret", "--audience", "api", "--at", NOW]
    assert set(json.loads(jeton(*arguments, stdin=made, cwd=place).stdout)) == {"valid", "alg", "expires_at", "header", "claims"}
    said = jeton(*arguments, "--format", "text", stdin=made, cwd=place).stdout
    assert b"HS256" in said and b"thumbprint" not in said


def test_the_members_of_a_refusal(place):
    verdict = json.loads(verify(place, "--audience", "api", "--leeway", "0", stdin=token(ES, exp=NOW - 12).encode() + b"\n").stdout)
    assert verdict == {"valid": False, "error": "token_expired", "kind": "refused", "detail": "expired 12 s ago (leeway 0 s)", "rule": "RFC 7519 §4.1.4"}


def test_S53_no_refusal_tells_the_right_signature(place):
    made = token(b"0123456789abcdef" * 4, "HS256").encode()
    result = jeton("verify", "--secret", "secret", "--audience", "api", "--explain", "--at", NOW, stdin=made[:-3] + b"AAA\n" + token(b"x" * 64, "HS256").encode() + b"\n", cwd=place)
    assert result.returncode == 1
    assert made.split(b".")[2] not in result.stdout + result.stderr and b"0123456789abcdef" not in result.stdout + result.stderr


def test_inspect_says_that_nothing_was_verified(place):
    for form in ("text", "json"):
        result = jeton("inspect", "--format", form, BAD.decode())
        assert result.returncode == 0 and b"NOT VERIFIED" in result.stdout and b"ada" in result.stdout
    assert jeton("inspect", "x.y").returncode == 1


# --- Signing. ---

def parts(made):
    header, payload, mac = made.strip().split(b".")
    return json.loads(unb64(header.decode())), json.loads(unb64(payload.decode())), unb64(mac.decode())


def sign(place, *options, stdin=b""):
    result = jeton("sign", *options, stdin=stdin, cwd=place)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count(b"\n") == 1
    return result.stdout


def check_signature(by, alg, made):
    """With the cryptography package; raises when it is wrong."""
    text, mac = made.strip().rsplit(b".", 1)
    mac, public = unb64(mac.decode()), by.private.public_key()
    if by.kind == "RSA":
        digest = HASH[alg[2:]]()
        public.verify(mac, text, padding.PSS(padding.MGF1(digest), digest.digest_size) if alg[0] == "P" else padding.PKCS1v15(), digest)
    elif by.kind in EC_HASH:
        half = len(mac) // 2
        public.verify(encode_dss_signature(int.from_bytes(mac[:half], "big"), int.from_bytes(mac[half:], "big")), text, ec.ECDSA(HASH[EC_HASH[by.kind]]()))
    else:
        public.verify(mac, text)


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_sign_is_good_to_python_and_to_verify(place, alg):
    by = key(ALGORITHMS[alg])
    (place / "key.pem").write_bytes(by.private_pem())
    made = sign(place, "--key", "key.pem", "--alg", alg, "--audience", "api", "--at", NOW)
    check_signature(by, alg, made)
    header, payload, _ = parts(made)
    assert header == {"alg": alg, "typ": "JWT", "kid": thumbprint(by.jwk())}
    (place / "pub.pem").write_bytes(by.public_pem())
    assert jeton("verify", "--key", "pub.pem", "--audience", "api", "--at", NOW, stdin=made, cwd=place).returncode == 0
    assert jeton("verify", "--key", "pub.pem", "--audience", "x", "--at", NOW, stdin=made, cwd=place).returncode == 1


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_sign_by_secret(place, alg):
    made = sign(place, "--secret", "secret", "--alg", alg, "--audience", "api", "--at", NOW)
    header, _, mac = parts(made)
    assert header == {"alg": alg, "typ": "JWT"}  # no kid for a secret
    assert mac == signature(alg, b"0123456789abcdef" * 4, made.rsplit(b".", 1)[0])
    assert jeton("verify", "--secret", "secret", "--audience", "api", "--at", NOW, stdin=made, cwd=place).returncode == 0


@pytest.mark.parametrize("kind, alg", [("RSA", "RS256"), ("P-256", "ES256"), ("P-384", "ES384"), ("P-521", "ES512"), ("secp256k1", "ES256K"), ("Ed25519", "EdDSA"), ("Ed448", "EdDSA")])
def test_the_default_algorithm_is_that_of_the_key(place, kind, alg):
    (place / "k").write_bytes(key(kind).private_pem())
    assert parts(sign(place, "--key", "k"))[0]["alg"] == alg


def test_the_default_of_a_secret_is_HS256(place):
    assert parts(sign(place, "--secret", "secret"))[0]["alg"] == "HS256"


def test_defaults_of_a_signed_token(place):
    header, payload, _ = parts(sign(place, "--key", "es.jwk", "--at", NOW))
    assert header == {"alg": "ES256", "typ": "JWT", "kid": ES.kid}
    assert set(payload) == {"iat", "nbf", "exp", "jti"}  # the kid is in the header only (S2.5)
    assert payload["iat"] == payload["nbf"] == NOW and payload["exp"] == NOW + 900
    assert payload["jti"] != parts(sign(place, "--key", "es.jwk", "--at", NOW))[1]["jti"]


def test_options_of_sign(place):
    header, payload, _ = parts(sign(place, "--key", "es.jwk", "--kid", "k1", "--typ", "at+jwt", "--issuer", "I", "--subject", "S", "--audience", "A", "--audience", "B", "--ttl", "2h", "--at", NOW,
                                    "--claim", "a=b=c", "--claim", "e=", "--claim", "n=5", "--claim-json", 'o={"x":[1,null]}', "--claim-json", "t=true"))
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}
    assert {name: payload[name] for name in ("iss", "sub", "aud", "exp", "a", "e", "n", "o", "t")} == {
        "iss": "I", "sub": "S", "aud": ["A", "B"], "exp": NOW + 7200, "a": "b=c", "e": "", "n": "5", "o": {"x": [1, None]}, "t": True}
    assert parts(sign(place, "--key", "es.jwk", "--audience", "A"))[1]["aud"] in ("A", ["A"])


def test_claims_from_a_file_and_from_standard_input(place):
    (place / "claims.json").write_text('{"sub":"ada","n":1.50,"jti":"mine"}')
    for arguments, stdin in ((["claims.json"], b""), (["-"], (place / "claims.json").read_bytes())):
        made = sign(place, "--key", "es.jwk", *arguments, stdin=stdin)
        assert b'"n":1.50' in unb64(made.split(b".")[1].decode())
        assert parts(made)[1]["sub"] == "ada"


@pytest.mark.parametrize("ttl, seconds", [("90s", 90), ("15m", 900), ("24h", 86400), ("30d", 2592000)])
def test_ttl(place, ttl, seconds):
    payload = parts(sign(place, "--key", "es.jwk", "--ttl", ttl, "--at", NOW))[1]
    assert payload["exp"] - payload["iat"] == seconds


@pytest.mark.parametrize("name, options, stdin", [
    ("S2_3 a public key", ["--key", "es.pub"], b""), ("an RSA algorithm by an EC key", ["--key", "es.jwk", "--alg", "RS256"], b""), ("ES384 by P-256", ["--key", "es.jwk", "--alg", "ES384"], b""), ("HS256 by a private key", ["--key", "es.jwk", "--alg", "HS256"], b""),
    ("none", ["--key", "es.jwk", "--alg", "none"], b""), ("ES256 by a secret", ["--secret", "secret", "--alg", "ES256"], b""), ("no key at all", ["--subject", "x"], b""), ("S2_3 a short secret", ["--secret", "short"], b""), ("HS512 by a secret of 48 bytes", ["--secret", "s48", "--alg", "HS512"], b""),
    ("key and secret", ["--key", "es.jwk", "--secret", "secret"], b""), ("bad JSON of a claim", ["--key", "es.jwk", "--claim-json", "x={"], b""), ("a claim without =", ["--key", "es.jwk", "--claim", "x"], b""), ("a bad ttl", ["--key", "es.jwk", "--ttl", "x"], b""), ("a negative ttl", ["--key", "es.jwk", "--ttl", "-5s"], b""),
    ("claims that are no object", ["--key", "es.jwk", "-"], b"[]"), ("claims with a duplicate", ["--key", "es.jwk", "-"], b'{"a":1,"a":2}'), ("claims cut", ["--key", "es.jwk", "-"], b'{"a":1'), ("a missing file", ["--key", "es.jwk", "absent.json"], b""), ("a missing key", ["--key", "absent"], b""),
    ("a key of 1024 bits", ["--key", "weak"], b""), ("S5_18 d of another key", ["--key", "mismatch"], b"")], ids=lambda value: value if isinstance(value, str) else "")
def test_what_sign_refuses(place, name, options, stdin):
    (place / "short").write_bytes(b"s" * 31)
    (place / "s48").write_bytes(b"s" * 48)
    (place / "weak").write_bytes(make("RSA", bits=1024).private_pem())
    (place / "mismatch").write_bytes(compact(ES.jwk(private=True) | {"d": key("P-256", "b").jwk(private=True)["d"]}))
    result = jeton("sign", *options, stdin=stdin, cwd=place)
    assert result.returncode == 2 and result.stderr and not result.stdout


# --- Keys. ---

@pytest.mark.parametrize("alg", [alg for alg in ASYMMETRIC])
def test_key_generate_and_back(tmp_path, alg):
    """Made, shown, turned into every form and back; the same key all the way, and good for its algorithm."""
    assert jeton("key", "generate", "--alg", alg, "-o", "k.jwk", cwd=tmp_path).returncode == 0
    assert stat.S_IMODE((tmp_path / "k.jwk").stat().st_mode) == 0o600
    private = json.loads((tmp_path / "k.jwk").read_text())
    assert private["kid"] == thumbprint(private)
    public = json.loads(jeton("key", "public", "k.jwk", cwd=tmp_path).stdout)
    assert not PRIVATE & set(public) and thumbprint(public) == thumbprint(private) and public["kid"] == private["kid"]
    assert {"kty", "kid", "use", "alg"} <= set(public) and public["use"] == "sig"
    assert jeton("key", "thumbprint", "k.jwk", cwd=tmp_path).stdout.decode().strip() == thumbprint(private)
    ring = json.loads(jeton("key", "public", "k.jwk", "--to", "jwks", cwd=tmp_path).stdout)
    assert ring == {"keys": [public]}
    pem = jeton("key", "public", "k.jwk", "--to", "pem", cwd=tmp_path).stdout
    der = jeton("key", "public", "k.jwk", "--to", "der", cwd=tmp_path).stdout
    spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert serialization.load_pem_public_key(pem).public_bytes(*spki) == serialization.load_der_public_key(der).public_bytes(*spki) == der
    for form in ("pem", "der"):
        data = jeton("key", "convert", "k.jwk", "--to", form, cwd=tmp_path).stdout
        load = serialization.load_pem_private_key if form == "pem" else serialization.load_der_private_key
        assert load(data, None).public_key().public_bytes(*spki) == der
        (tmp_path / form).write_bytes(data)
        back = json.loads(jeton("key", "convert", form, "--to", "jwk", cwd=tmp_path).stdout)
        same = {"kty", "crv", "x", "y", "n", "e", *PRIVATE}
        assert {n: v for n, v in back.items() if n in same} == {n: v for n, v in private.items() if n in same}
        assert not PRIVATE & set(json.loads(jeton("key", "public", form, cwd=tmp_path).stdout))
    made = jeton("sign", "--key", "k.jwk", "--audience", "a", cwd=tmp_path).stdout
    assert parts(made)[0] == {"alg": alg, "typ": "JWT", "kid": private["kid"]}
    (tmp_path / "set").write_text(json.dumps(ring))
    assert jeton("verify", "--jwks", "set", "--audience", "a", stdin=made, cwd=tmp_path).returncode == 0
    assert jeton("keys", "lint", "set", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_generated_secret(tmp_path, alg):
    made = json.loads(jeton("key", "generate", "--alg", alg).stdout)
    assert made["kty"] == "oct" and len(unb64(made["k"])) >= int(alg[2:]) // 8
    (tmp_path / "k").write_text(json.dumps(made))
    result = jeton("key", "public", "k", cwd=tmp_path)
    assert result.returncode != 0 and made["k"].encode() not in result.stdout + result.stderr


def test_S2_16_a_public_RSA_key_has_exactly_these_members(tmp_path):
    jeton("key", "generate", "--alg", "RS256", "-o", "k", cwd=tmp_path)
    public = json.loads(jeton("key", "public", "k", cwd=tmp_path).stdout)
    assert set(public) == {"kty", "n", "e", "kid", "use", "alg"} and (public["use"], public["alg"]) == ("sig", "RS256")
    assert len(unb64(public["n"])) == 256 and "=" not in public["n"]


@pytest.mark.parametrize("bits, good", [("2048", True), ("3072", True), ("2047", False), ("1024", False), ("0", False), ("-1", False), ("8193", False), ("16384", False), ("x", False)])
def test_bits(bits, good):
    result = jeton("key", "generate", "--alg", "RS256", "--bits", bits)
    assert result.returncode == (0 if good else 2)
    if good:
        assert int.from_bytes(unb64(json.loads(result.stdout)["n"]), "big").bit_length() == int(bits)


def test_kid_of_ones_own(tmp_path):
    assert json.loads(jeton("key", "generate", "--alg", "ES256", "--kid", "mine").stdout)["kid"] == "mine"


@pytest.mark.parametrize("alg", ["none", "XY", "RSA-OAEP", "es256", ""])
def test_no_key_for_what_is_no_algorithm(alg):
    assert jeton("key", "generate", "--alg", alg).returncode == 2


def test_the_example_of_RFC_7638(tmp_path):
    n = ("0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Qvz"
         "qY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw")
    (tmp_path / "k").write_bytes(compact({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}))
    assert jeton("key", "thumbprint", "k", cwd=tmp_path).stdout.strip() == b"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize("kind", KINDS)
def test_public_never_shows_a_private_member_of_any_input(tmp_path, kind):
    by = key(kind)
    (tmp_path / "jwk").write_bytes(compact(by.jwk(private=True, alg=None)))
    (tmp_path / "pem").write_bytes(by.private_pem())
    (tmp_path / "set").write_bytes(key_set(by.jwk(private=True), key(kind, "b").jwk(private=True)))
    for name in ("jwk", "pem", "set"):
        for form in ("jwk", "jwks", "pem", "der"):
            result = jeton("key", "public", name, "--to", form, cwd=tmp_path)
            if name != "set":
                assert result.returncode == 0, result.stderr
            for private in (by, key(kind, "b")):
                members = private.jwk(private=True)
                for member in PRIVATE & set(members):
                    assert members[member].encode() not in result.stdout + result.stderr
                    assert unb64(members[member]) not in result.stdout
            assert b"PRIVATE" not in result.stdout


def test_lint_names_what_is_wrong(tmp_path):
    jeton("key", "generate", "--alg", "ES256", "-o", "k", cwd=tmp_path)
    good = json.loads(jeton("key", "public", "k", cwd=tmp_path).stdout)
    (tmp_path / "bad.json").write_bytes(key_set(good, good | {"kid": "off", "y": b64(bytes(32))}, RSA.jwk(private=True)))
    result = jeton("keys", "lint", "bad.json", cwd=tmp_path)
    assert b"off" in result.stdout
    assert RSA.jwk(private=True)["d"].encode() not in result.stdout + result.stderr
