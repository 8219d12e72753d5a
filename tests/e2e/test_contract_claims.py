# SPDX-License-Identifier: Apache-2.0
"""CONTRACT §3 from outside: times to the second, issuer, audience, typ, scope and the rest, and the order of judgement."""
import itertools
import json

import pytest

from judge.command import OK, Group, cases, check, jeton
from judge.forge import DROP, NOW, claims, compact, everything, flip, key, key_set, token

ES = key("P-256")
FILES = {"set.json": key_set(*everything())}
GROUPS = []


def group(name, *options, **more):
    GROUPS.append(Group(name, "--jwks", "set.json", *options, files=FILES, **more))
    return GROUPS[-1]


def literal(**texts):
    """Claims whose numbers stand as written here."""
    made = compact(claims(**{name: DROP for name in texts}))
    return made[:-1] + b"".join(b',"%s":%s' % (name.encode(), str(text).encode()) for name, text in texts.items()) + b"}"


# --- exp, nbf, iat at the edge: expired is now >= exp + leeway; not yet is now + leeway < nbf or iat. ---
for leeway in (None, 0, 1, 59, 60, 600):
    seconds = 60 if leeway is None else leeway
    times = group(f"leeway {leeway}", *([] if leeway is None else ["--leeway", str(leeway)]))
    edge = NOW - seconds
    for text, expected in ((edge - 1, "token_expired"), (edge, "token_expired"), (edge + 1, OK), (f"{edge}.0", "token_expired"), (f"{edge}.5", OK),
                           (f"{edge - 1}.999", "token_expired"), (f"{edge}.001", OK), (f"{edge + 1}.0", OK), (f"{edge}e0", "token_expired"),
                           (f"{edge + 1}E+0", OK), (f"{edge + 1}0e-1", OK), (f"{edge}5e-1", OK), (f"{edge}0e-1", "token_expired"),
                           (f"{edge / 10**9:.9f}e9", "token_expired"), (f"{(edge + 1) / 10**9:.9f}e9", OK),
                           # Reading: numbers are kept as written, so a billionth of a second counts.
                           (f"{edge}.000000001", OK), (f"{edge - 1}.999999999", "token_expired")):
        times.case(f"exp {text}", token(ES, payload=literal(exp=text, iat=NOW - 1000)), expected)
    edge = NOW + seconds
    for claim in ("nbf", "iat"):
        for text, expected in ((edge - 1, OK), (edge, OK), (edge + 1, "token_not_yet_valid"), (f"{edge}.0", OK), (f"{edge}.5", "token_not_yet_valid"), (f"{edge}.001", "token_not_yet_valid"),
                               (f"{edge - 1}.999", OK), (f"{edge}e0", OK), (f"{edge}5e-1", "token_not_yet_valid"), (f"{edge}.000000001", "token_not_yet_valid"), (0, OK), (1, OK)):
            times.case(f"{claim} {text}", token(ES, payload=literal(**{claim: text, "exp": NOW + 10000})), expected)
numbers = group("range", "--leeway", "0")
for text, expected in {
    "0": "token_expired", "1": "token_expired", "0.0": "token_expired", "0e99": "token_expired", "1e-9": "token_expired", "0.5": "token_expired", "1e9": "token_expired", "17e8": "token_expired",
    "17e9": OK, "9007199254740991": OK, "9007199254740992": OK, "9007199254740992.0": OK, "9007199254740992e0": OK, "9.007199254740992e15": OK, "90071992547409920e-1": OK,
    "9007199254740993": "claims_invalid", "9007199254740992.5": "claims_invalid", "9007199254740992.000001": "claims_invalid", "9.007199254740993e15": "claims_invalid", "1e16": "claims_invalid",
    "1e26": "claims_invalid", "1e308": "claims_invalid", "1e400": "claims_invalid", "1e999999999999999999999": "claims_invalid", "9223372036854775807": "claims_invalid", "9223372036854775808": "claims_invalid",
    "18446744073709551616": "claims_invalid", "18446744073709551615": "claims_invalid", "9" * 300: "claims_invalid", "-1": "claims_invalid", "-0.5": "claims_invalid", "-1e-9": "claims_invalid", "-1700000300": "claims_invalid",
    "-9223372036854775808": "claims_invalid", "-1e400": "claims_invalid", "1700000300." + "0" * 200: OK, "1700000300." + "0" * 200 + "1": OK, "4294967296": OK, "2147483648": OK, "1e15": OK,
    "null": "claims_invalid", '"1700000300"': "claims_invalid", '""': "claims_invalid", "true": "claims_invalid", "false": "claims_invalid", "[]": "claims_invalid", "[1700000300]": "claims_invalid", "{}": "claims_invalid",
}.items():
    numbers.case(f"exp {text[:40]}" + (f" ({len(text)} characters)" if len(text) > 40 else ""), token(ES, payload=literal(exp=text)), expected)
    if expected == "claims_invalid":
        numbers.case(f"nbf {text[:40]}", token(ES, payload=literal(nbf=text)), expected)
        numbers.case(f"iat {text[:40]}", token(ES, payload=literal(iat=text)), expected)
# Minus zero is nought; whether it may be written so is left open. So is a number too small to tell from nought.
numbers.case("exp -0", token(ES, payload=literal(exp="-0")), "token_expired", "claims_invalid")
numbers.case("exp 1e-400", token(ES, payload=literal(exp="1e-400")), "token_expired", "claims_invalid")
numbers.case("nbf 1e15", token(ES, nbf=10**15), "token_not_yet_valid")
early = group("--at 1", at=1)
early.case("iat later", token(ES), "token_not_yet_valid").case("exp 61, default leeway", token(ES, exp=1, iat=0), OK)
early.case("exp 0", token(ES, exp=0, iat=0), OK)  # 1 < 0 + 60
zero = group("--at 0", "--leeway", "0", at=0)
zero.case("exp 0", token(ES, exp=0, iat=0), "token_expired").case("exp 1", token(ES, exp=1, iat=0), OK)
late = group("--at 9007199254740992", at=2**53)
late.case("exp at the same second, leeway 60", token(ES, exp=2**53), OK).case("exp long ago", token(ES), "token_expired")

exp = group("exp is required")
exp.case("S1_21 none", token(ES, exp=DROP), "claim_missing").case("null", token(ES, exp=None), "claims_invalid").case("Exp", token(ES, payload=literal(exp=1)[:-8] + b'"Exp":9999999999}'), "claim_missing")
no_exp = group("--no-exp", "--no-exp")
no_exp.case("none", token(ES, exp=DROP), OK).case("there and past", token(ES, exp=NOW - 60), "token_expired").case("there and good", token(ES), OK).case("there and null", token(ES, exp=None), "claims_invalid")
no_exp.case("none, not yet", token(ES, exp=DROP, nbf=NOW + 61), "token_not_yet_valid")

age = group("--max-age 100", "--max-age", "100", "--leeway", "10")
for text, expected in ((NOW, OK), (NOW - 100, OK), (NOW - 109, OK), (NOW - 110, OK), (NOW - 111, "token_too_old"), (f"{NOW - 111}.5", "token_too_old"), (f"{NOW - 110}.5", OK), (f"{NOW - 111}.999", "token_too_old"), (0, "token_too_old")):
    age.case(f"iat {text}", token(ES, payload=literal(iat=text)), expected)
# Reading: an age cannot be judged without iat, so the claim is missing.
age.case("no iat", token(ES, iat=DROP), "claim_missing", "token_too_old")
age_default = group("--max-age 100 with the default leeway", "--max-age", "100")
age_default.case("160 s", token(ES, iat=NOW - 160), OK).case("161 s", token(ES, iat=NOW - 161), "token_too_old")

# --- Types of claims. ---
types = group("type")
for claim in ("iss", "sub", "jti"):
    for value in (1, None, True, [], {}, ["a"], 1.5):
        types.case(f"{claim} {value!r}", token(ES, **{claim: value}), "claims_invalid")
for value in (1, None, True, {}, "", [""], ["api", ""], ["api", 1], ["api", None], [["api"]], ["api", ["x"]], [{"a": 1}], {"api": 1}):
    types.case(f"aud {value!r}", token(ES, aud=value), "claims_invalid")
types.case("claims of other names may be anything", token(ES, foo=None, bar=[1, {}], name="", **{"": 1}), OK)
types.case("no sub, no jti, no iss", token(ES, sub=DROP, jti=DROP, iss=DROP), OK)
types.case("no iat, no nbf", token(ES, iat=DROP), OK)
anyone = group("--any-audience", "--any-audience", audience=())
for value, expected in ((DROP, OK), ([], OK), ("x", OK), (["x", "y"], OK), (1, "claims_invalid"), ([""], "claims_invalid"), ("", "claims_invalid"), (None, "claims_invalid")):
    anyone.case(f"aud {'absent' if value is DROP else repr(value)}", token(ES, aud=value), expected)

# --- Audience. ---
audience = group("--audience api")
for value, expected in (("api", OK), (["api"], OK), (["x", "api", "y"], OK), (["api", "api"], OK), ("x", "audience_mismatch"), (["x"], "audience_mismatch"), ("API", "audience_mismatch"), ("api/", "audience_mismatch"),
                        ("ap", "audience_mismatch"), ("apis", "audience_mismatch"), (" api", "audience_mismatch"), ("api\0", "audience_mismatch"), ("api x", "audience_mismatch"), ("x,api", "audience_mismatch"), ("*", "audience_mismatch"),
                        (["a", "p", "i"], "audience_mismatch"), (DROP, "claim_missing"), ([], "claim_missing"), ([f"a{i}" for i in range(200)] + ["api"], OK), ([f"a{i}" for i in range(200)], "audience_mismatch")):
    audience.case(f"S1_21 aud {'absent' if value is DROP else repr(value)[:60]}", token(ES, aud=value), expected)
audience.case("aud with escapes", token(ES, payload=literal(aud='"\\u0061pi"')), OK)
several = group("two audiences", "--audience", "https://b.example/")
for value, expected in (("api", OK), ("https://b.example/", OK), ("https://b.example", "audience_mismatch"), (["x", "https://b.example/"], OK), ("c", "audience_mismatch")):
    several.case(repr(value), token(ES, aud=value), expected)

# --- Issuer. ---
one = group("--issuer", "--issuer", "https://i.example")
WRONG = ("https://i.example/", "https://i.exampl", "https://i.example.evil", "http://i.example", "HTTPS://i.example", "https://I.example", " https://i.example", "https://i.example ", "https://i.example\0", "", "i.example", "https://evil/https://i.example")
one.case("the same", token(ES), OK).case("absent", token(ES, iss=DROP), "claim_missing").case("an array", token(ES, iss=["https://i.example"]), "claims_invalid")
for value in WRONG:
    one.case(repr(value), token(ES, iss=value), "issuer_mismatch")
two = group("two issuers", "--issuer", "https://i.example", "--issuer", "https://j.example/x/")
two.case("the first", token(ES), OK).case("the second", token(ES, iss="https://j.example/x/"), OK).case("the second cut", token(ES, iss="https://j.example/x"), "issuer_unknown")
two.case("absent", token(ES, iss=DROP), "claim_missing").case("an array", token(ES, iss=["https://i.example"]), "claims_invalid").case("null", token(ES, iss=None), "claims_invalid").case("a number", token(ES, iss=5), "claims_invalid")
for value in WRONG:
    two.case(repr(value), token(ES, iss=value), "issuer_unknown")
two.case("issuer before key", token(ES, iss="https://x", header={"kid": "?"}), "issuer_unknown").case("issuer before signature", token(ES, iss="https://x", sig=flip), "issuer_unknown")
two.case("algorithm before issuer", token(ES, "none", iss="https://x", signed_as="ES256"), "alg_not_allowed").case("an unreadable payload, to choose an issuer from", token(ES, payload=b"{", sig=flip), "claims_invalid")
two.case("a payload that is no object", token(ES, payload=b"[]", sig=flip), "claims_invalid").case("absent, before signature", token(ES, iss=DROP, sig=flip), "claim_missing").case("signature before expiry", token(ES, exp=1, sig=flip), "signature_invalid")

# --- typ. ---
for option in ("at+jwt", "application/at+jwt", "AT+JWT"):
    typ = group(f"--typ {option}", "--typ", option)
    for value, expected in (("at+jwt", OK), ("AT+JWT", OK), ("At+Jwt", OK), ("application/at+jwt", OK), ("Application/AT+JWT", OK), ("JWT", "type_mismatch"), ("at+jwt ", "type_mismatch"), (" at+jwt", "type_mismatch"), ("text/at+jwt", "type_mismatch"),
                            ("at+jw", "type_mismatch"), ("at+jwtx", "type_mismatch"), ("", "type_mismatch"), ("application/", "type_mismatch"), ("application/application/at+jwt", "type_mismatch"), ("at+jwt\0", "type_mismatch"), ("at jwt", "type_mismatch"), (DROP, "type_mismatch")):
        typ.case("absent" if value is DROP else repr(value), token(ES, header={"typ": value}), expected)
any_typ = group("no --typ")
for value in ("JWT", "at+jwt", "", "anything", DROP):
    any_typ.case("absent" if value is DROP else repr(value), token(ES, header={"typ": value}), OK)

# --- Subject, required claims, scope. ---
subject = group("--subject ada", "--subject", "ada")
for value, expected in (("ada", OK), ("Ada", "subject_mismatch"), ("ad", "subject_mismatch"), ("adaa", "subject_mismatch"), ("", "subject_mismatch"), ("ada\0", "subject_mismatch"), ("ada ", "subject_mismatch"), (5, "claims_invalid")):
    subject.case(repr(value), token(ES, sub=value), expected)
subject.case("absent", token(ES, sub=DROP), "claim_missing", "subject_mismatch")
required = group("--require", "--require", "tenant_id", "--require", "jti")
required.case("both", token(ES, tenant_id="t"), OK).case("one", token(ES), "claim_missing").case("the other", token(ES, tenant_id="t", jti=DROP), "claim_missing").case("another case", token(ES, Tenant_id="t"), "claim_missing")
required.case("only nested", token(ES, x={"tenant_id": "t"}), "claim_missing").case("only in the header", token(ES, header={"tenant_id": "t"}), "claim_missing").case("nought is there", token(ES, tenant_id=0), OK).case("an empty string is there", token(ES, tenant_id=""), OK)
required.case("written with escapes", token(ES, payload=compact(claims())[:-1] + b',"\\u0074enant_id":1}'), OK).case("false is there", token(ES, tenant_id=False), OK)
scope = group("--scope read --scope write", "--scope", "read", "--scope", "write")
for value, expected in (("read write", OK), ("write read", OK), ("a read b write c", OK), ("read", "scope_insufficient"), ("write", "scope_insufficient"), ("readwrite", "scope_insufficient"), ("Read Write", "scope_insufficient"), ("read,write", "scope_insufficient"), ("", "scope_insufficient"),
                        ("read writer", "scope_insufficient"), ("xread write", "scope_insufficient"), (["read", "write"], OK), (["write", "x", "read"], OK), (["read"], "scope_insufficient"), ([], "scope_insufficient"), (DROP, "scope_insufficient")):
    scope.case(f"scope {'absent' if value is DROP else repr(value)}", token(ES, scope=value), expected)
scope.case("scp array", token(ES, scp=["read", "write"]), OK).case("scp array, one", token(ES, scp=["read"]), "scope_insufficient")
for value in (5, {"read": 1, "write": 1}, True, None, [1], ["read", "write", 1]):
    # Reading: whatever this is, it is no scope that says read and write.
    scope.case(f"scope {value!r}", token(ES, scope=value), "scope_insufficient", "claims_invalid")

# --- The order of judgement: of two faults the earlier one is told. ---
def spec():
    return {"header": {}, "claims": {"scope": "read", "tenant_id": "t"}, "payload": None, "raw_header": None, "alg": "ES256", "sig": None, "after": ""}


FAULTS = [  # in the contract's order; each changes another part of the token
    ("size", "token_too_large", lambda t: t.update(after=t["after"] + "A" * 20000)), ("shape", "token_malformed", lambda t: t.update(after="." + t["after"])),
    ("header", "header_invalid", lambda t: t.update(raw_header=b'{"alg":"ES256",}')), ("crit", "crit_unsupported", lambda t: t["header"].update(crit=["x"], x=1)), ("algorithm", "alg_not_allowed", lambda t: t.update(alg="none")),
    ("key", "key_unknown", lambda t: t["header"].update(kid="?")), ("signature", "signature_invalid", lambda t: t.update(sig=flip)), ("payload", "claims_invalid", lambda t: t.update(payload=b"[]")),
    ("types", "claims_invalid", lambda t: t["claims"].update(jti=5)), ("exp", "token_expired", lambda t: t["claims"].update(exp=NOW - 60)), ("nbf", "token_not_yet_valid", lambda t: t["claims"].update(nbf=NOW + 61)),
    ("issuer", "issuer_mismatch", lambda t: t["claims"].update(iss="https://x.example")), ("audience", "audience_mismatch", lambda t: t["claims"].update(aud="x")), ("subject", "subject_mismatch", lambda t: t["claims"].update(sub="eve")),
    ("typ", "type_mismatch", lambda t: t["header"].update(typ="other")), ("required", "claim_missing", lambda t: t["claims"].update(tenant_id=DROP)), ("age", "token_too_old", lambda t: t["claims"].update(iat=NOW - 5000)),
    ("scope", "scope_insufficient", lambda t: t["claims"].update(scope="other")),
]
ORDER_OPTIONS = ("--issuer", "https://i.example", "--subject", "ada", "--typ", "JWT", "--require", "tenant_id", "--max-age", "1000", "--scope", "read")
order = group("order", *ORDER_OPTIONS)


def built(*faults):
    made = spec()
    for _, _, fault in faults:
        fault(made)
    payload = made["payload"] if made["payload"] is not None else claims(**made["claims"])
    return token(ES, made["alg"], payload=payload, header=made["header"], raw_header=made["raw_header"], signed_as="ES256", sig=made["sig"]) + made["after"]


order.case("no fault", built(), OK)
for fault in FAULTS:
    order.case(f"{fault[0]} alone", built(fault), fault[1])
for first, second in itertools.combinations(FAULTS, 2):
    order.case(f"{first[0]} before {second[0]}", built(first, second), first[1])
for start in range(len(FAULTS)):
    order.case(f"{FAULTS[start][0]} before all that follow", built(*FAULTS[start:]), FAULTS[start][1])
order.case("exp missing before nbf", token(ES, exp=DROP, nbf=NOW + 61, tenant_id="t", scope="read"), "claim_missing")


@pytest.mark.parametrize("judged, index", cases(*GROUPS))
def test_verdict(judged, index):
    check(judged, index)


def explained(tmp_path, made, *options):
    (tmp_path / "set.json").write_bytes(FILES["set.json"])
    result = jeton("verify", "--jwks", "set.json", "--audience", "api", "--at", NOW, "--explain", *options, stdin=made.encode() + b"\n", cwd=tmp_path)
    verdict = json.loads(result.stdout)
    for entry in verdict["checks"]:
        assert isinstance(entry["check"], str) and isinstance(entry["result"], str)
    return verdict, [(entry["check"], entry["result"]) for entry in verdict["checks"]]


def test_explain_of_a_good_token(tmp_path):
    verdict, checks = explained(tmp_path, token(ES))
    assert verdict["valid"] is True
    assert ("signature", "passed") in checks
    assert len({check for check, _ in checks}) == len(checks)
    assert {"checks"} < set(verdict)


def test_explain_shows_all_that_could_be_judged(tmp_path):
    """Every claim check after the first failure is judged too: three faults, three that did not pass."""
    verdict, checks = explained(tmp_path, token(ES, exp=NOW - 600, aud="x", sub="eve"), "--subject", "ada")
    assert verdict["error"] == "token_expired"
    assert ("signature", "passed") in checks
    good = {result for check, result in checks if check in ("signature", "size")}
    assert good == {"passed"}
    failed = {check for check, result in checks if result not in ("passed", "skipped")}
    assert len(failed) == 3, checks


def test_explain_of_a_bad_signature_judges_no_claims(tmp_path):
    verdict, checks = explained(tmp_path, token(ES, exp=NOW - 600, aud="x", secret_claim="zebra", sig=flip))
    assert verdict["error"] == "signature_invalid"
    assert "claims" not in verdict and "zebra" not in json.dumps(verdict)
    assert ("signature", "passed") not in checks


def test_without_explain_there_are_no_checks(tmp_path):
    (tmp_path / "set.json").write_bytes(FILES["set.json"])
    result = jeton("verify", "--jwks", "set.json", "--audience", "api", "--at", NOW, stdin=token(ES).encode() + b"\n", cwd=tmp_path)
    assert "checks" not in json.loads(result.stdout)


def test_numbers_are_shown_as_written(tmp_path):
    (tmp_path / "set.json").write_bytes(FILES["set.json"])
    made = token(ES, payload=literal(exp=f"{NOW + 300}.50", n="12345678901234567890123.4500e-7", z="-0.0", big="1E400"))
    line = jeton("verify", "--jwks", "set.json", "--audience", "api", "--at", NOW, stdin=made.encode() + b"\n", cwd=tmp_path).stdout
    for text in (b'"n":12345678901234567890123.4500e-7', b'"z":-0.0', b'"big":1E400'):
        assert text in line


def test_expires_at_is_there_when_exp_is(tmp_path):
    (tmp_path / "set.json").write_bytes(FILES["set.json"])
    lines = jeton("verify", "--jwks", "set.json", "--audience", "api", "--at", NOW, "--no-exp", cwd=tmp_path,
                  stdin=f"{token(ES)}\n{token(ES, exp=DROP)}\n".encode()).stdout.splitlines()
    assert json.loads(lines[0])["expires_at"] == NOW + 300
    assert "expires_at" not in json.loads(lines[1])
