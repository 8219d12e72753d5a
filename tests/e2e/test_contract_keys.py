# SPDX-License-Identifier: Apache-2.0
"""CONTRACT §3 from outside: which key judges a token, which keys are refused, in which forms they come."""
import datetime
import json
import unicodedata

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from judge.command import OK, Group, cases, check, jeton
from judge.forge import (ALGORITHMS, DROP, NOW, RawRsa, b64, b64_number, compact, everything, key, key_set, make, nested,
                         token, unb64)

ES, RSA, ED = key("P-256"), key("RSA"), key("Ed25519")
GROUPS = []


def group(*arguments, **options):
    GROUPS.append(Group(*arguments, **options))
    return GROUPS[-1]


def of_set(name, *jwks, decoys=True, options=()):
    """A group over a set of these keys; the decoys make every algorithm allowed, so that the key decides."""
    others = [dict(jwk, kid="decoy-" + jwk["kid"]) for jwk in everything()] if decoys else []
    return group(name, "--jwks", "set.json", *options, files={"set.json": key_set(*jwks, *others)})


# --- kid. ---
kids = group("kid", "--jwks", "set.json", files={"set.json": key_set(*everything())})
for wrong in ("?", "", "P-256-A", "p-256-a", "P-256-a ", " P-256-a", "P-256-", "P-256-a\0", "P-256-aa", "../../dev/null",
              "/dev/null", "' OR 1=1 --", "%n%s%s", "x" * 256, "\0", "\ud7ff", "P-256-a/../P-256-a", "http://127.0.0.1:9/k"):
    kids.case(f"S1_12 {wrong!r} is not there", token(ES, header={"kid": wrong}), "key_unknown")
kids.case("of a key of another type", token(ES, header={"kid": RSA.kid}), "key_unsuitable")
kids.case("of a key of another curve", token(ES, header={"kid": key("P-384").kid}), "key_unsuitable")
kids.case("of secp256k1 under ES256", token(key("secp256k1"), "ES256"), "key_unsuitable")
kids.case("of P-256 under ES256K", token(ES, "ES256K"), "key_unsuitable")
kids.case("of P-384 under ES256", token(key("P-384"), "ES256"), "key_unsuitable")
kids.case("of P-256 under ES384", token(ES, "ES384"), "key_unsuitable")
kids.case("of P-521 under ES384", token(key("P-521"), "ES384"), "key_unsuitable")
kids.case("of P-256 under RS256", token(ES, "RS256"), "key_unsuitable")
kids.case("of RSA under ES256", token(RSA, "ES256"), "key_unsuitable")
kids.case("of RSA under EdDSA", token(RSA, "EdDSA"), "key_unsuitable")
kids.case("of Ed25519 under ES256", token(ED, "ES256"), "key_unsuitable")
kids.case("of Ed25519 under Ed448", token(ED, "Ed448"), "key_unsuitable")
kids.case("of Ed448 under Ed25519", token(key("Ed448"), "Ed25519"), "key_unsuitable")
kids.case("of another key of the set that fits", token(RSA, header={"kid": ES.kid}), "key_unsuitable")
for alg, kind in ALGORITHMS.items():
    if alg not in ("EdDSA",):
        kids.case(f"S1_14 no kid, one key fits {alg}", token(key(kind), alg, header={"kid": DROP}), OK)
# Two keys of the set fit EdDSA: one of each curve.
kids.case("S1_14 no kid, two keys fit EdDSA", token(ED, "EdDSA", header={"kid": DROP}), "key_ambiguous")

names = ["", "é", unicodedata.normalize("NFD", "é"), "../../etc/passwd", "a b", "\0", "x\0y", "😀", "'\"\\", "x" * 256, "%n", "+/=", " "]
odd = group("odd kids", "--jwks", "set.json", files={"set.json": key_set(
    *[make_.jwk(kid=False) | {"kid": name} for name, make_ in [(n, key("P-256", f"odd{i}")) for i, n in enumerate(names)]])})
for i, name in enumerate(names):
    odd.case(f"{name[:20]!r} is matched byte for byte", token(key("P-256", f"odd{i}"), header={"kid": name}), OK)
    odd.case(f"{name[:20]!r} names its own key alone", token(ES, header={"kid": name}), "signature_invalid")
odd.case("x, where x NUL y is there", token(key("P-256", "odd6"), header={"kid": "x"}), "key_unknown")
odd.case("no kid, many fit", token(key("P-256", "odd0"), header={"kid": DROP}), "key_ambiguous")

kidless = of_set("S1_14 one key without kid in a set", ES.jwk(kid=False), decoys=False)
kidless.case("a token without kid", token(ES, header={"kid": DROP}), OK)
kidless.case("a token with a kid matches only keys with that kid", token(ES), "key_unknown")
kidless.case("a token with an empty kid", token(ES, header={"kid": ""}), "key_unknown")
two = of_set("two keys without kid", ES.jwk(kid=False), key("P-256", "b").jwk(kid=False), RSA.jwk(kid=False), decoys=False)
two.case("both fit", token(ES, header={"kid": DROP}), "key_ambiguous")
two.case("the other of the two", token(key("P-256", "b"), header={"kid": DROP}), "key_ambiguous")
two.case("one fits RS256", token(RSA, header={"kid": DROP}), OK)
narrowed = of_set("narrowed by alg, use and key_ops", RSA.jwk(kid=False, alg="RS256"), key("RSA", "b").jwk(kid=False, alg="PS256"),
                  key("P-256", "b").jwk(kid=False, use="enc"), ES.jwk(kid=False), key("P-256", "c").jwk(kid=False, key_ops=["sign"]), decoys=False)
narrowed.case("RS256", token(RSA, "RS256", header={"kid": DROP}), OK)
narrowed.case("PS256", token(key("RSA", "b"), "PS256", header={"kid": DROP}), OK)
narrowed.case("RS256 by the key for PS256", token(key("RSA", "b"), "RS256", header={"kid": DROP}), "signature_invalid")
narrowed.case("ES256, the others are for other uses", token(ES, header={"kid": DROP}), OK)
none = of_set("--alg allows what no key can", RSA.jwk(), decoys=False, options=("--alg", "ES384", "--alg", "RS256"))
none.case("no kid: none fits", token(key("P-384"), header={"kid": DROP}), "key_unknown")
none.case("a kid that is there", token(key("P-384"), header={"kid": RSA.kid}), "key_unsuitable")
none.case("a kid that is not", token(key("P-384")), "key_unknown")

# --- Several keys under one kid. ---
same = [key("P-256", f"same{i}") for i in range(5)]
four = of_set("four keys under one kid", *[k.jwk(kid=False) | {"kid": "k"} for k in same[:4]])
for i in range(4):
    four.case(f"the {i + 1}. of them", token(same[i], header={"kid": "k"}), OK)
four.case("none of them", token(same[4], header={"kid": "k"}), "signature_invalid")
five = of_set("five keys under one kid", *[k.jwk(kid=False) | {"kid": "k"} for k in same])
# Beyond four the contract leaves open whether the fifth is left out or nobody is asked; it is never good.
five.case("the fifth", token(same[4], header={"kid": "k"}), "signature_invalid", "key_ambiguous")
mixed = of_set("one kid for keys of several types", *[key(kind).jwk(kid=False) | {"kid": "k"} for kind in
                                                      ("RSA", "P-256", "P-384", "P-521", "Ed25519", "Ed448", "secp256k1")])
for alg, kind in ALGORITHMS.items():
    mixed.case(alg, token(key(kind), alg, header={"kid": "k"}), OK)
keycloak = of_set("sig and enc share a kid", key("RSA", "enc").jwk(kid=False, use="enc", alg="RSA-OAEP") | {"kid": "k"},
                  RSA.jwk(kid=False, use="sig", alg="RS256") | {"kid": "k"})
keycloak.case("the sig key signs", token(RSA, header={"kid": "k"}), OK)
keycloak.case("the enc key does not", token(key("RSA", "enc"), header={"kid": "k"}), "signature_invalid")

# --- alg, use, key_ops of a JWK. ---
for title, by, members, answers in [
    ("S1_19 alg RS256", RSA, {"alg": "RS256"}, {"RS256": OK, "RS384": "key_unsuitable", "PS256": "key_unsuitable"}),
    ("S1_19 alg PS512", RSA, {"alg": "PS512"}, {"PS512": OK, "PS256": "key_unsuitable", "RS512": "key_unsuitable"}),
    ("S1_19 alg ES256", ES, {"alg": "ES256"}, {"ES256": OK, "ES384": "key_unsuitable", "RS256": "key_unsuitable"}),
    ("alg EdDSA", ED, {"alg": "EdDSA"}, {"EdDSA": OK, "Ed25519": OK, "Ed448": "key_unsuitable"}),
    ("alg Ed25519", ED, {"alg": "Ed25519"}, {"EdDSA": OK, "Ed25519": OK, "Ed448": "key_unsuitable"}),
    ("alg EdDSA on Ed448", key("Ed448"), {"alg": "EdDSA"}, {"EdDSA": OK, "Ed448": OK, "Ed25519": "key_unsuitable"}),
    ("alg Ed448", key("Ed448"), {"alg": "Ed448"}, {"EdDSA": OK, "Ed448": OK, "Ed25519": "key_unsuitable"}),
    ("alg RSA-OAEP", RSA, {"alg": "RSA-OAEP"}, {"RS256": "key_unsuitable"}),
    ("alg of no name", RSA, {"alg": "XY"}, {"RS256": "key_unsuitable"}),
    ("alg none", RSA, {"alg": "none"}, {"RS256": "key_unsuitable"}),
    ("alg HS256 on a public key", RSA, {"alg": "HS256"}, {"RS256": "key_unsuitable", "HS256": "alg_not_allowed"}),
    ("alg in lower case", ES, {"alg": "es256"}, {"ES256": "key_unsuitable"}),
    ("S2_8 use sig", ES, {"use": "sig"}, {"ES256": OK}), ("S2_8 use enc", ES, {"use": "enc"}, {"ES256": "key_unsuitable"}),
    ("S2_8 use of another name", ES, {"use": "signature"}, {"ES256": "key_unsuitable"}),
    ("S2_8 use Sig", ES, {"use": "Sig"}, {"ES256": "key_unsuitable"}),
    ("S2_8 key_ops verify", ES, {"key_ops": ["verify"]}, {"ES256": OK}),
    ("S2_8 key_ops sign and verify", ES, {"key_ops": ["sign", "verify"]}, {"ES256": OK}),
    ("S2_8 key_ops sign", ES, {"key_ops": ["sign"]}, {"ES256": "key_unsuitable"}),
    ("S2_8 key_ops encrypt", RSA, {"key_ops": ["encrypt", "wrapKey"]}, {"RS256": "key_unsuitable"}),
    ("S2_8 key_ops of none", ES, {"key_ops": []}, {"ES256": "key_unsuitable"}),
    ("S2_8 use sig, key_ops encrypt", RSA, {"use": "sig", "key_ops": ["encrypt"]}, {"RS256": "key_unsuitable"}),
    ("use enc, key_ops verify", RSA, {"use": "enc", "key_ops": ["verify"]}, {"RS256": "key_unsuitable"}),
    ("unknown members count for nothing", ES, {"x5u": "http://127.0.0.1:9/", "issuer": "{tenant}", "": [1, {"a": None}]}, {"ES256": OK}),
    # The certificate of another key: never trusted, never read.
    ("x5c of another key", ES, {"x5c": ["AAAA"], "x5t": "x"}, {"ES256": OK}),
]:
    found = of_set(title, by.jwk(**members))
    for alg, expected in answers.items():
        found.case(alg, token(by, alg, signed_as=alg if ALGORITHMS.get(alg) == by.kind else
                              next(a for a, k in ALGORITHMS.items() if k == by.kind)) if alg[0] != "H" else
                   token(by.public_pem(), alg, header={"kid": by.kid}), expected)
# A contradiction within the key: it fits nothing, or it is no key.
for title, by, alg in [("ES256 on P-384", key("P-384"), "ES256"), ("ES384 on P-256", ES, "ES384"), ("RS256 on EC", ES, "RS256"),
                       ("Ed448 on Ed25519", ED, "Ed448"), ("ES256 on RSA", RSA, "ES256")]:
    contradiction = of_set(f"alg {title}", by.jwk(alg=alg))
    own = next(a for a, k in ALGORITHMS.items() if k == by.kind)
    contradiction.case(own, token(by, own), "key_unsuitable", "key_unknown")
    contradiction.case(alg, token(by, alg, signed_as=own), "key_unsuitable", "key_unknown")

# --- One bad key in a set is skipped, the others go on (S2.9). ---
POINT = ES.jwk()
OTHER = key("P-256", "b").jwk()
RSA_JWK, ED_JWK, P521 = RSA.jwk(), ED.jwk(), key("P-521").jwk()


def without(jwk, *members):
    return {name: value for name, value in jwk.items() if name not in members}


def swapped(text):
    return ("B" if text[0] == "A" else "A") + text[1:]


bad = {
    "a string": "x", "null": None, "a number": 1, "an array": [], "an empty object": {}, "true": True,
    "no kty": without(POINT, "kty"), "kty a number": POINT | {"kty": 1}, "kty null": POINT | {"kty": None}, "kty in lower case": POINT | {"kty": "ec"},
    "kty unknown": POINT | {"kty": "XYZ"}, "kty empty": POINT | {"kty": ""}, "kty RSA on a point": POINT | {"kty": "RSA"}, "kty OKP on a point": POINT | {"kty": "OKP"},
    "no crv": without(POINT, "crv"), "crv unknown": POINT | {"crv": "P-255"}, "crv a number": POINT | {"crv": 256}, "crv P-192": POINT | {"crv": "P-192"},
    "crv of another size": POINT | {"crv": "P-384"}, "crv of the same size": POINT | {"crv": "secp256k1"}, "crv in lower case": POINT | {"crv": "p-256"},
    "no x": without(POINT, "x"), "no y": without(POINT, "y"), "x empty": POINT | {"x": ""}, "y empty": POINT | {"y": ""}, "x a number": POINT | {"x": 1},
    "x null": POINT | {"x": None}, "x an array": POINT | {"x": [POINT["x"]]}, "x short": POINT | {"x": b64(unb64(POINT["x"])[:31])},
    "x long": POINT | {"x": b64(b"\0" + unb64(POINT["x"]))}, "y long": POINT | {"y": b64(b"\0" + unb64(POINT["y"]))},
    "x with padding": POINT | {"x": POINT["x"] + "="}, "x with a blank": POINT | {"x": POINT["x"][:-1] + " "}, "x with plus": POINT | {"x": "+" + POINT["x"][1:]},
    "x with trailing bits": POINT | {"x": POINT["x"][:-1] + {"A": "B", "E": "F", "I": "J", "M": "N", "Q": "R", "U": "V", "Y": "Z", "c": "d", "g": "h", "k": "l",
                                                             "o": "p", "s": "t", "w": "x", "0": "1", "4": "5", "8": "9"}[POINT["x"][-1]]},
    "off the curve": POINT | {"y": OTHER["y"]}, "the other x": POINT | {"x": OTHER["x"]}, "y one bit off": POINT | {"y": swapped(POINT["y"])},
    "the point 0, 0": POINT | {"x": b64(bytes(32)), "y": b64(bytes(32))}, "x over the field": POINT | {"x": b64(b"\xff" * 32)}, "P-521 with 65 bytes": P521 | {"x": b64(unb64(P521["x"])[1:])},
    "d of another key": POINT | {"d": key("P-256", "b").jwk(private=True)["d"]}, "d zero": POINT | {"d": b64(bytes(32))},
    "d short": POINT | {"d": b64(bytes([1] * 31))}, "d over the order": POINT | {"d": b64(b"\xff" * 32)}, "d a number": POINT | {"d": 1},
    "no n": without(RSA_JWK, "n"), "no e": without(RSA_JWK, "e"), "n empty": RSA_JWK | {"n": ""}, "e empty": RSA_JWK | {"e": ""}, "n a number": RSA_JWK | {"n": 7},
    "e a number": RSA_JWK | {"e": 65537}, "e 0": RSA_JWK | {"e": "AA"}, "e 1": RSA_JWK | {"e": "AQ"}, "e 2": RSA_JWK | {"e": "Ag"}, "e 65536": RSA_JWK | {"e": "AQAA"},
    "e 2^64+1": RSA_JWK | {"e": b64_number(2**64 + 1)}, "e as long as n": RSA_JWK | {"e": RSA_JWK["n"]}, "n with standard base64": RSA_JWK | {"n": RSA_JWK["n"][:-1] + "/"},
    "n with blanks": RSA_JWK | {"n": RSA_JWK["n"][:100] + "\n" + RSA_JWK["n"][100:]}, "n with padding": RSA_JWK | {"n": RSA_JWK["n"] + "=="}, "n zero": RSA_JWK | {"n": "AA"},
    "n even": RSA_JWK | {"n": b64_number(int.from_bytes(unb64(RSA_JWK["n"]), "big") ^ 1)}, "n of 1024 bits": make("RSA", "x", bits=1024).jwk(),
    "n of 512 bits": RSA_JWK | {"n": b64(b"\xff" * 64)}, "n of 8 bits": RSA_JWK | {"n": "_w"}, "n of 2047 bits": RSA_JWK | {"n": b64_number(2**2047 - 1)},
    "n of 8193 bits": RSA_JWK | {"n": b64_number(2**8192 + 1)}, "n of 16384 bits": RSA_JWK | {"n": b64_number(2**16384 - 1)}, "d without n": {"kty": "RSA", "d": "AQAB"},
    "private, d of another key": RSA.jwk(private=True) | {"d": key("RSA", "b").jwk(private=True)["d"]}, "private, p of another key": RSA.jwk(private=True) | {"p": key("RSA", "b").jwk(private=True)["p"]},
    "OKP without crv": without(ED_JWK, "crv"), "OKP without x": without(ED_JWK, "x"), "OKP x short": ED_JWK | {"x": b64(unb64(ED_JWK["x"])[:31])}, "OKP x long": ED_JWK | {"x": b64(unb64(ED_JWK["x"]) + b"\0")},
    "OKP x of Ed448 size": ED_JWK | {"x": key("Ed448").jwk()["x"]}, "OKP crv P-256": ED_JWK | {"crv": "P-256"}, "X25519": ED_JWK | {"crv": "X25519"}, "Ed448 of 32 bytes": ED_JWK | {"crv": "Ed448"},
    "OKP d of another key": ED_JWK | {"d": key("Ed25519", "b").jwk(private=True)["d"]}, "OKP d short": ED_JWK | {"d": b64(bytes(31))}, "oct without k": {"kty": "oct"},
    "oct of 16 bytes": {"kty": "oct", "k": b64(bytes(16))}, "oct empty": {"kty": "oct", "k": ""}, "oct k a number": {"kty": "oct", "k": 1}, "alg a number": POINT | {"alg": 1}, "alg null": POINT | {"alg": None},
    "use a number": POINT | {"use": 1}, "use an array": POINT | {"use": ["sig"]}, "key_ops a string": POINT | {"key_ops": "verify"}, "key_ops of numbers": POINT | {"key_ops": [1]},
    "AKP without pub": {"kty": "AKP", "alg": "ML-DSA-44"}, "AKP short": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
}
for name, jwk in bad.items():
    jwk = dict(jwk, kid="bad") if isinstance(jwk, dict) else jwk
    skipped = of_set(f"S2_9 a bad key in a set: {name}", jwk, ES.jwk(kid=False) | {"kid": "good"})
    skipped.case("the good one goes on", token(ES, header={"kid": "good"}), OK)
    # Reading: a skipped key is not there, so key_unknown; key_unsuitable says the same of one that fits nothing.
    for by in (ES, RSA, ED):
        skipped.case(f"{by.kind} by the bad one", token(by, header={"kid": "bad"}), "key_unknown", "key_unsuitable")
for value in (1, None, [], {}, True):
    skipped = of_set(f"S2_9 a bad key in a set: kid {value!r}", ES.jwk() | {"kid": value}, RSA.jwk(), decoys=False)
    skipped.case("the good one goes on", token(RSA), OK)

# --- RSA at its edges; each signature here is right, so only the rule refuses it. ---
for bits, e, expected in ((2047, 65537, "key_unknown"), (2048, 65537, OK), (2056, 65537, OK), (4096, 65537, OK), (8191, 65537, OK), (8192, 65537, OK),
                          (8193, 65537, "key_unknown"), (1024, 65537, "key_unknown"), (2048, 3, OK), (2048, 1, "key_unknown"), (2048, 5, OK),
                          (2048, 2**64 - 1, OK), (2048, 2**64 + 1, "key_unknown"), (2048, 2**63 + 9, OK)):
    raw = RawRsa(bits, e, kid=f"rsa{bits}")
    of_set(f"RSA of {bits} bits, e {e}", raw.jwk()).case("RS256", token(raw), expected)

# --- Key files of every form, each given on its own. ---


def certificate(by, form="PEM"):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "judge")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(by.private.public_key()).serial_number(1) \
        .not_valid_before(datetime.datetime(2020, 1, 1)).not_valid_after(datetime.datetime(2021, 1, 1)) \
        .sign(by.private, None if by.kind.startswith("Ed") else hashes.SHA256())
    return made.public_bytes(serialization.Encoding[form])


def forms(by):
    yield "SPKI PEM", by.public_pem()
    yield "SPKI DER", by.public_pem("DER")
    yield "PKCS8 PEM", by.private_pem()
    yield "PKCS8 DER", by.private_pem("DER")
    if not by.kind.startswith("Ed"):
        yield "traditional PEM", by.private_pem(form="TraditionalOpenSSL")
        yield "traditional DER", by.private_pem("DER", "TraditionalOpenSSL")
    yield "certificate PEM", certificate(by)
    yield "certificate DER", certificate(by, "DER")
    yield "public JWK", compact(by.jwk(kid=False))
    yield "private JWK", compact(by.jwk(private=True, kid=False))
    yield "JWK with spaces", json.dumps(by.jwk(kid=False), indent=3).encode() + b"\n"
    yield "JWK set", key_set(by.jwk())


for kind in ("RSA", "P-256", "P-384", "P-521", "secp256k1", "Ed25519", "Ed448"):
    for form, data in forms(key(kind)):
        alone = group(f"S5_18 --key {kind} as {form}", "--key", "file", files={"file": data})
        for alg in [a for a, k in ALGORITHMS.items() if k == kind]:
            alone.case(alg, token(key(kind), alg), OK)
        alone.case("another key", token(key(kind, "b"), header={"kid": key(kind).kid}), "signature_invalid")
        if form != "JWK set":
            alone.case("no kid", token(key(kind), header={"kid": DROP}), OK)
            alone.case("any kid", token(key(kind), header={"kid": "any"}), OK)
rsa1 = group("S5_18 PKCS1 public PEM", "--key", "file", files={"file": RSA.private.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)})
rsa1.case("RS256", token(RSA), OK)

own = group("--key JWK with a kid is matched by it", "--key", "k.jwk", files={"k.jwk": compact(ES.jwk())})
own.case("its kid", token(ES), OK).case("another kid", token(ES, header={"kid": "other"}), "key_unknown").case("no kid", token(ES, header={"kid": DROP}), OK)
pems = {f"{i}.pem": same[i].public_pem() for i in range(5)}
four = group("four keys on their own", *[o for i in range(4) for o in ("--key", f"{i}.pem")], files=pems)
for i in range(4):
    four.case(f"the {i + 1}.", token(same[i]), OK).case(f"the {i + 1}., no kid", token(same[i], header={"kid": DROP}), OK)
four.case("none of them", token(same[4]), "signature_invalid")
five = group("five keys on their own", *[o for i in range(5) for o in ("--key", f"{i}.pem")], files=pems)
five.case("the first", token(same[0]), "key_ambiguous").case("the fifth", token(same[4], header={"kid": DROP}), "key_ambiguous")
several = group("five keys on their own, of several types", *[o for kind in ("RSA", "P-256", "P-384", "Ed25519", "Ed448") for o in ("--key", kind)],
                files={kind: key(kind).public_pem() for kind in ("RSA", "P-256", "P-384", "Ed25519", "Ed448")})
for kind in ("RSA", "P-256", "P-384", "Ed25519", "Ed448"):
    several.case(kind, token(key(kind)), OK)
beside = group("a PEM beside a set", "--key", "own.pem", "--jwks", "set.json", files={"own.pem": ES.public_pem(), "set.json": key_set(key("P-256", "b").jwk())})
beside.case("the set's key by its kid", token(key("P-256", "b")), OK).case("the PEM under any kid", token(ES, header={"kid": "?"}), OK)
# Reading: the PEM fits any kid, also one that the set knows.
beside.case("the PEM under the kid of the set's key", token(ES, header={"kid": key("P-256", "b").kid}), OK)
beside.case("neither", token(key("P-256", "c")), "signature_invalid")
sets = group("two sets", "--jwks", "a.json", "--jwks", "b.json", files={"a.json": key_set(ES.jwk()), "b.json": key_set(RSA.jwk())})
sets.case("a key of the first", token(ES), OK).case("a key of the second", token(RSA), OK).case("of neither", token(ED), "alg_not_allowed")

# --- Secrets. ---
for length, answers in ((32, {"HS256": OK, "HS384": "alg_not_allowed", "HS512": "alg_not_allowed"}), (47, {"HS256": OK, "HS384": "alg_not_allowed"}),
                        (48, {"HS256": OK, "HS384": OK, "HS512": "alg_not_allowed"}), (63, {"HS512": "alg_not_allowed", "HS384": OK}), (64, {"HS256": OK, "HS384": OK, "HS512": OK}),
                        (500, {"HS256": OK, "HS512": OK})):
    secret = bytes(range(1, 1 + length)) if length < 200 else b"ab\0c\xff" * 100
    hs = group(f"a secret of {length} bytes", "--secret", "s", files={"s": secret})
    for alg, expected in answers.items():
        hs.case(alg, token(secret, alg), expected).case(f"{alg} with a kid", token(secret, alg, header={"kid": "any"}), expected)
        if expected == OK:
            for cut in (0, 1, 16, len(secret) and int(alg[2:]) // 8 - 1):
                hs.case(f"S2_3 {alg} cut to {cut} bytes", token(secret, alg, sig=lambda s, cut=cut: s[:cut]), "signature_invalid")
            hs.case(f"{alg} over another secret", token(secret[::-1], alg), "signature_invalid")
            hs.case(f"{alg} with a zero after the secret", token(secret + b"\0", alg), OK if length < 64 or (length < 128 and alg != "HS256") else "signature_invalid")
    hs.case("none", token(secret, "none", signed_as="HS256", sig=lambda s: b""), "alg_not_allowed")
    hs.case("RS256", token(RSA), "alg_not_allowed")
line_feed = group("every byte of a secret's file counts", "--secret", "s", files={"s": b"0123456789abcdef0123456789abcdef\n"})
line_feed.case("with the line feed", token(b"0123456789abcdef0123456789abcdef\n", "HS256"), OK)
line_feed.case("without", token(b"0123456789abcdef0123456789abcdef", "HS256"), "signature_invalid")
secrets = group("two secrets", "--secret", "a", "--secret", "b", files={"a": b"a" * 32, "b": b"b" * 32})
secrets.case("the first", token(b"a" * 32, "HS256"), OK).case("the second", token(b"b" * 32, "HS256"), OK).case("neither", token(b"c" * 32, "HS256"), "signature_invalid")

# --- The set as a document. ---
limit = 30  # a set is an object, its keys an array, a key an object: member values begin at depth 3
document = group("depth 32 in a set", "--jwks", "set.json", files={"set.json": compact({"keys": [ES.jwk()]})[:-1] + b',"x":' + nested(31).encode() + b"}"})
document.case("is read", token(ES), OK)
group("depth 32 in a key", "--jwks", "set.json", files={"set.json": key_set(ES.jwk(x5c=json.loads(nested(29))))}).case("is read", token(ES), OK)
group("spaces and unknown members", "--jwks", "set.json", files={"set.json": b" \n" + json.dumps({"a": 1, "keys": [ES.jwk()], "z": {}}, indent=1).encode() + b"\r\n"}).case("is read", token(ES), OK)


@pytest.mark.parametrize("judged, index", cases(*GROUPS))
def test_verdict(judged, index):
    check(judged, index)


GOOD_SET = key_set(ES.jwk())
SECOND = compact(ES.jwk())


@pytest.mark.parametrize("name, data", {
    "empty file": b"", "a space": b" ", "no JSON": b"hello", "an array": b"[]", "null": b"null", "a string": b'"x"', "BOM": b"\xef\xbb\xbf" + GOOD_SET,
    "a letter after": GOOD_SET + b"x", "a NUL after": GOOD_SET + b"\0", "two sets": GOOD_SET * 2, "cut": GOOD_SET[:-1], "a trailing comma": GOOD_SET[:-1] + b",}",
    "keys twice": GOOD_SET[:-1] + b',"keys":[]}', "keys twice, escaped": GOOD_SET[:-1] + b',"\\u006beys":[]}', "a duplicate in a key": b'{"keys":[' + SECOND[:-1] + b',"kid":"other"}]}',
    "a duplicate in a second key": GOOD_SET[:-2] + b',{"kty":"RSA","kty":"EC"}]}', "depth 33": GOOD_SET[:-1] + b',"x":' + nested(32).encode() + b"}",
    "depth 100000": b'{"keys":' + nested(100000).encode() + b"}", "not UTF-8": GOOD_SET[:-1] + b',"x":"\xff"}', "keys a string": b'{"keys":"x"}', "keys an object": b'{"keys":{}}', "keys null": b'{"keys":null}',
    "keys a number": b'{"keys":1}', "a comment": b"/**/" + GOOD_SET, "NaN": GOOD_SET[:-1] + b',"x":NaN}', "HTML": b"<html></html>",
}.items(), ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("option", ["--jwks", "--key"])
def test_a_set_that_cannot_be_read_ends_with_2(tmp_path, option, name, data):
    (tmp_path / "set").write_bytes(data)
    result = jeton("verify", option, tmp_path / "set", "--any-audience", "--at", NOW, stdin=token(ES).encode() + b"\n")
    assert result.returncode == 2, result
    assert result.stderr and b'"valid":true' not in result.stdout


BAD_KEYS = {
    "empty": b"", "text": b"hello\n", "an empty PEM": b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "a cut PEM": RSA.public_pem()[:-60], "an encrypted key": RSA.private_pem(password=b"x"),
    "a cut DER": RSA.public_pem("DER")[:-5], "RSA 1024": make("RSA", bits=1024).public_pem(), "RSA 1024 JWK": compact(make("RSA", bits=1024).jwk()), "an unknown kty": b'{"kty":"XYZ"}', "no kty": b"{}",
    "OKP d of another key": compact(ED.jwk(d=key("Ed25519", "b").jwk(private=True)["d"])), "EC d of another key": compact(ES.jwk(d=key("P-256", "b").jwk(private=True)["d"])), "off the curve": compact(ES.jwk(y=OTHER["y"])),
    "RSA d of another key": compact(RSA.jwk(private=True) | {"d": key("RSA", "b").jwk(private=True)["d"]}), "X25519": compact(ED.jwk(crv="X25519")), "a duplicate name": compact(ES.jwk())[:-1] + b',"kty":"EC"}', "RSA e 1": compact(RSA.jwk(e="AQ")),
    "BOM": b"\xef\xbb\xbf" + compact(ES.jwk()), "two JWKs": compact(ES.jwk()) * 2, "a certificate request": b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "DER and more": RSA.public_pem("DER") + b"\0",
    "an oct of 16 bytes": compact({"kty": "oct", "k": b64(bytes(16))}), "a DSA key": b"-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n",
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_S1_9_a_bad_key_file_ends_with_2(tmp_path, name):
    (tmp_path / "key").write_bytes(BAD_KEYS[name])
    result = jeton("verify", "--key", tmp_path / "key", "--any-audience", "--at", NOW, stdin=token(ES).encode() + b"\n")
    assert result.returncode == 2, result
    assert result.stderr and b'"valid":true' not in result.stdout


@pytest.mark.parametrize("option", ["--key", "--jwks", "--secret"])
def test_a_missing_file_ends_with_2(tmp_path, option):
    result = jeton("verify", option, tmp_path / "absent", "--any-audience", stdin=token(ES).encode() + b"\n")
    assert result.returncode == 2 and b"absent" in result.stderr


@pytest.mark.parametrize("length", [0, 1, 16, 31])
def test_a_short_secret_ends_with_2(tmp_path, length):
    (tmp_path / "s").write_bytes(b"s" * length)
    assert jeton("verify", "--secret", tmp_path / "s", "--any-audience", stdin=b"x\n").returncode == 2


def test_a_secret_that_ends_in_a_line_feed_brings_a_warning(tmp_path):
    (tmp_path / "s").write_bytes(b"s" * 32 + b"\n")
    (tmp_path / "t").write_bytes(b"s" * 32)
    made = token(b"s" * 32 + b"\n", "HS256").encode() + b"\n"
    warned = jeton("verify", "--secret", tmp_path / "s", "--audience", "api", "--at", NOW, stdin=made)
    assert warned.returncode == 0 and warned.stderr
    assert not jeton("verify", "--secret", tmp_path / "t", "--audience", "api", "--at", NOW, stdin=made).stderr


@pytest.mark.parametrize("data", [b'{"keys":[]}', b"{}", b'{"a":1}'])
def test_S2_7_an_empty_set_from_a_file_is_an_empty_set_with_a_warning(tmp_path, data):
    (tmp_path / "set").write_bytes(data)
    result = jeton("verify", "--jwks", tmp_path / "set", "--any-audience", "--at", NOW, stdin=token(ES).encode() + b"\n")
    assert result.returncode in (1, 3) and result.stderr
    assert json.loads(result.stdout)["valid"] is False


