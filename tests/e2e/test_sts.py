# SPDX-License-Identifier: Apache-2.0
"""/.sts of a real jetond: who gets temporary credentials, who does not, and in which words."""
import base64
import datetime
import json
import os
import re
import signal
import subprocess
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import sigv4
from issuer import Issuer, Key
from jetond import PROGRAM, Jetond, encode_part

SPACE = "{https://sts.amazonaws.com/doc/2011-06-15/}"
ARN = "arn:aws:iam::123456789012:role/"
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def role(issuer, name="_default", audiences="[web, app]", subjects='["*"]', more="", scopes=None):
    scopes = scopes or '[{bucket: "{org}", prefix: "", actions: [read]}]'
    return (f"  - {{name: {name}, issuers: [{issuer.url}], audiences: {audiences}, subjects: {subjects}, {more}"
            f"scopes: {scopes}}}\n")


def configuration(issuer, keys, roles, more=""):
    return (f"trust:\n{issuer.trust(key_source='min_gap: 100ms, miss_interval: 100ms, miss_burst: 100')}"
            f"roles:\n{roles}sessions: {{key_files: [{', '.join(str(key) for key in keys)}]}}\n{more}")


def key_file(directory, name="current", raw=True):
    file = directory / name
    secret = os.urandom(32)
    file.write_bytes(secret if raw else base64.b64encode(secret) + b"\n")
    file.chmod(0o600)
    return file


@pytest.fixture(scope="module")
def issuer():
    issuer = Issuer("login")
    yield issuer
    issuer.end()


@pytest.fixture(scope="module")
def sealing(tmp_path_factory):
    return key_file(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def server(tmp_path_factory, issuer, sealing):
    """Its log is looked at in the end: nothing that it was sent or gave may stand there."""
    roles = (role(issuer) + role(issuer, "short", more="max_session: 30m, ") +
             role(issuer, "acme-only", subjects="['repo:acme/*', 'ann']") +
             role(issuer, "plain", scopes='[{bucket: b, prefix: "{team}/", actions: [read, write]}]') +
             role(issuer, "nobody", audiences="[]"))
    running = Jetond(tmp_path_factory.mktemp("sts"), configuration(issuer, [sealing], roles)).wait_ready()
    ready(running)
    yield running
    assert running.stop() == 0, running.log()


def ready(server):
    until = time.monotonic() + 20
    while server.get("/readyz").status != 200:
        assert time.monotonic() < until, server.log()
        time.sleep(0.02)
    return server


def parameters(token, **changes):
    fields = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": ARN + "_default",
              "RoleSessionName": "tests", "WebIdentityToken": token, **changes}
    return urllib.parse.urlencode({name: value for name, value in fields.items() if value is not None})


def assume(server, token, path="/.sts", **changes):
    return server.get(f"{path}?{parameters(token, **changes)}")


def good(issuer, **changes):
    return issuer.sign(**{"aud": "web", "org": "acme", **changes})


def credentials_of(answer):
    assert answer.status == 200, answer.body
    found = ElementTree.fromstring(answer.body).find(f".//{SPACE}Credentials")
    return tuple(found.find(SPACE + name).text for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))


def expires_in(answer):
    text = ElementTree.fromstring(answer.body).find(f".//{SPACE}Expiration").text
    then = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    return then.timestamp() - time.time()


def error_of(answer):
    root = ElementTree.fromstring(answer.body)
    assert root.tag == SPACE + "ErrorResponse", answer.body
    assert answer.header("Content-Type") == "text/xml"
    identifier = root.find(SPACE + "RequestId").text
    assert identifier and answer.header("x-amzn-RequestId") == identifier
    error = root.find(SPACE + "Error")
    assert error.find(SPACE + "Type").text == ("Sender" if answer.status < 500 else "Receiver")
    return answer.status, error.find(SPACE + "Code").text


def identity(server, credentials, **more):
    query = "Action=GetCallerIdentity&Version=2011-06-15"
    headers = sigv4.sign(credentials, "GET", "/.sts", query, [("Host", "sts.example")], **more)
    return server.get(f"/.sts?{query}", headers)


# --- Where, and how it is asked ---

def test_S4_13_the_path_with_and_without_a_slash_at_its_end(server, issuer):
    assert assume(server, good(issuer)).status == 200
    assert assume(server, good(issuer), path="/.sts/").status == 200
    assert server.get("/.sts/other").status == 404
    assert server.get("/.stsx").status == 404
    assert server.request("PUT", "/.sts").status == 405


def not_there(answer):
    assert answer.status == 501
    root = ElementTree.fromstring(answer.body)
    assert root.tag == "Error" and root.find("Code").text == "NotImplemented"
    assert root.find("Message").text == "STS token exchange is not configured"


def test_S4_14_without_roles_it_is_not_there(run, issuer):
    server = run(f"trust:\n{issuer.trust()}")
    not_there(assume(server, good(issuer)))
    not_there(server.get("/.sts"))


def test_S4_14_a_role_without_an_audience_is_never_there_and_a_warning_says_so(run, issuer):
    server = ready(run(f"trust:\n{issuer.trust()}roles:\n{role(issuer, audiences='[]')}"))
    not_there(assume(server, good(issuer)))
    not_there(assume(server, good(issuer, aud=None)))
    assert '"level":"warn","msg":"this role has no audience' in server.log()


def test_S4_14_beside_others_it_is_not_there_either(server, issuer):
    not_there(assume(server, good(issuer), RoleArn=ARN + "nobody"))


def test_S4_15_any_audience_of_the_token_that_is_one_of_the_roles(server, issuer):
    for aud in ("web", "app", ["web"], ["other", "app"]):
        answer = assume(server, good(issuer, aud=aud))
        assert answer.status == 200
        assert ElementTree.fromstring(answer.body).find(f".//{SPACE}Audience").text in ("web", "app")
    for aud in ("api", "we", "web ", ["other"], [], None):
        assert error_of(assume(server, good(issuer, aud=aud))) == (400, "InvalidIdentityToken")


def post(server, form, headers=(FORM,), path="/.sts"):
    return server.request("POST", path, headers, form if isinstance(form, bytes) else form.encode())


def test_S4_16_parameters_come_from_a_form_too(server, issuer):
    form = parameters(good(issuer))
    assert post(server, form).status == 200
    assert post(server, form, [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]).status == 200
    assert error_of(post(server, form, [("Content-Type", "text/plain")])) == (400, "InvalidAction")
    assert error_of(post(server, form, [])) == (400, "InvalidAction")


def test_S4_16_the_query_wins_and_is_never_merged_with_the_form(server, issuer):
    form = parameters(good(issuer))
    asked = post(server, form, path="/.sts?Action=AssumeRoleWithWebIdentity&RoleArn=_default")
    assert error_of(asked) == (400, "InvalidParameterValue") and b"missing WebIdentityToken" in asked.body
    assert post(server, form, path="/.sts?unrelated=1").status == 200
    assert error_of(post(server, form, path="/.sts?Action=Other")) == (400, "InvalidAction")


def test_S4_16_a_body_is_read_when_its_length_was_said_and_is_at_most_64_KiB(server, issuer):
    form = parameters(good(issuer)).encode()
    chunked = f"{len(form):x}\r\n".encode() + form + b"\r\n0\r\n\r\n"
    assert error_of(server.request("POST", "/.sts", [FORM, ("Transfer-Encoding", "chunked")], chunked)) == \
        (400, "InvalidAction")
    full = form + b"&x=" + b"y" * (65536 - len(form) - 3)
    assert post(server, full).status == 200
    assert post(server, full + b"y").status == 413


def test_S4_17_what_must_be_there(server, issuer):
    token = good(issuer)
    assert error_of(server.get("/.sts")) == (400, "InvalidAction")
    assert error_of(assume(server, token, Action="AssumeRole")) == (400, "InvalidAction")
    for name in ("RoleArn", "WebIdentityToken"):
        answer = assume(server, token, **{name: None})
        assert error_of(answer) == (400, "InvalidParameterValue") and f"missing {name}".encode() in answer.body
    assert error_of(assume(server, token, Version="2020-01-01")) == (400, "InvalidParameterValue")
    assert assume(server, token, Version=None).status == 200
    assert error_of(server.get(f"/.sts?{parameters(token)}&RoleArn=short")) == (400, "InvalidParameterValue")
    assert error_of(server.get("/.sts?Action=%zz")) == (400, "InvalidParameterValue")


def about(seconds, expected):
    return expected - 5 < seconds <= expected + 1


def test_S4_18_a_duration_is_held_between_900_and_what_the_role_allows(server, issuer):
    for asked, given in ((None, 3600), ("900", 900), ("1", 900), ("0", 900), ("-5", 900), ("2000", 2000),
                         ("3600", 3600), ("43200", 3600)):
        assert about(expires_in(assume(server, good(issuer), DurationSeconds=asked)), given), asked
    for asked, given in ((None, 1800), ("3600", 1800), ("1000", 1000)):
        assert about(expires_in(assume(server, good(issuer), RoleArn="short", DurationSeconds=asked)), given), asked


@pytest.mark.parametrize("value, given, warned", [("7200", 7200, False), ("a lot", 3600, True), ("60", 900, True)])
def test_S4_18_the_most_from_the_environment(run, tmp_path, issuer, value, given, warned):
    server = ready(run(configuration(issuer, [key_file(tmp_path)], role(issuer)),
                       environment={"STS_MAX_SESSION_DURATION_SECS": value}))
    assert about(expires_in(assume(server, good(issuer), DurationSeconds="40000")), given)
    assert ("STS_MAX_SESSION_DURATION_SECS" in server.log()) == warned


def test_S4_19_a_role_by_its_name_or_any_arn_of_it(server, issuer):
    for arn in ("_default", ARN + "_default", "arn:aws-cn:iam:::role/_default", "arn:aws:iam::0:role/_default"):
        assert assume(server, good(issuer), RoleArn=arn).status == 200, arn
    for arn in (ARN + "team/_default", ARN + "not_default", ARN, "role/_default", ARN + "_default/", "arn:role/_default",
                "arn:aws:iam::0:user/_default", "arn:aws:iam::0:extra:role/_default", "_Default"):
        assert error_of(assume(server, good(issuer), RoleArn=arn)) == (400, "MalformedPolicyDocument"), arn


def test_S4_20_the_role_is_looked_at_before_the_token(server, issuer):
    assert error_of(assume(server, "junk", RoleArn="none")) == (400, "MalformedPolicyDocument")
    assert error_of(assume(server, "junk")) == (400, "InvalidIdentityToken")


def test_S4_20_a_stranger_or_a_bad_algorithm_asks_for_no_keys(server, issuer):
    other = Issuer("other")
    seen = len(issuer.fetches)
    assert error_of(assume(server, other.sign(aud="web", org="acme"))) == (400, "InvalidIdentityToken")
    for alg in ("none", "HS256", "RSA-OAEP"):
        assert error_of(assume(server, good(issuer, header={"alg": alg}))) == (400, "InvalidIdentityToken")
    assert not other.fetches and len(issuer.fetches) == seen
    other.end()


def test_S4_21_keys_come_by_discovery_and_are_kept(server, issuer):
    seen = len(issuer.fetches)
    for _ in range(10):
        assert assume(server, good(issuer)).status == 200
    assert len(issuer.fetches) == seen


def test_S4_22_a_role_is_for_the_subjects_that_it_names(server, issuer):
    for subject in ("repo:acme/site", "repo:acme/", "ann"):
        assert assume(server, good(issuer, sub=subject), RoleArn="acme-only").status == 200
    for subject in ("repo:acme2/site", "xrepo:acme/site", "anna", "Ann"):
        assert error_of(assume(server, good(issuer, sub=subject), RoleArn="acme-only")) == (403, "AccessDenied")
    assert error_of(assume(server, good(issuer, sub=None))) == (400, "InvalidIdentityToken")


# --- What is said ---

def test_S4_23_the_answer_is_what_aws_clients_read(server, issuer):
    answer = assume(server, good(issuer, sub="ann & co"), RoleSessionName="my-session")
    assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<AssumeRoleWithWebIdentityResponse ')
    root = ElementTree.fromstring(answer.body)
    result = root.find(SPACE + "AssumeRoleWithWebIdentityResult")
    key, secret, token = credentials_of(answer)
    assert re.fullmatch(r"STSPRXY[A-Za-z0-9]{1,16}", key) and re.fullmatch(r"[A-Za-z0-9]{1,40}", secret)
    assert len(token.split(".")) == 5
    assert json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "==")).items() >= \
        {"alg": "dir", "enc": "A256GCM"}.items()
    user = result.find(SPACE + "AssumedRoleUser")
    assert user.find(SPACE + "AssumedRoleId").text == "_default:my-session"
    assert user.find(SPACE + "Arn").text == "arn:aws:sts::000000000000:assumed-role/_default/my-session"
    assert result.find(SPACE + "SubjectFromWebIdentityToken").text == "ann & co"
    assert result.find(SPACE + "Audience").text == "web"
    assert result.find(SPACE + "Provider").text == issuer.url
    assert root.find(f"{SPACE}ResponseMetadata/{SPACE}RequestId").text == answer.header("x-amzn-RequestId")
    assert answer.header("Cache-Control") == "no-store"


def test_S4_24_and_26_each_fault_has_the_code_that_aws_has(server, issuer):
    now = int(time.time())
    stranger = Key(issuer.keys[-1].kid)
    cases = {
        "expired": (good(issuer, exp=now - 61), (400, "ExpiredTokenException")),
        "not yet": (good(issuer, nbf=now + 120), (400, "InvalidIdentityToken")),
        "forged": (stranger.sign(issuer.claims(aud="web", org="acme")), (400, "InvalidIdentityToken")),
        "no token": ("a.b.c", (400, "InvalidIdentityToken")),
        "within leeway": (good(issuer, exp=now - 30), None),
    }
    for name, (token, expected) in cases.items():
        answer = assume(server, token)
        assert answer.status == 200 if expected is None else error_of(answer) == expected, name
    assert error_of(assume(server, good(issuer), Policy='{"Version":"2012-10-17"}')) == (400, "MalformedPolicyDocument")
    assert error_of(assume(server, good(issuer), RoleSessionName="a b")) == (400, "InvalidParameterValue")


def test_S4_25_what_the_client_said_is_escaped(server, issuer):
    hostile = "</Message><Code>Ok</Code>&'"
    answer = assume(server, good(issuer), RoleArn=hostile)
    assert error_of(answer) == (400, "MalformedPolicyDocument")
    root = ElementTree.fromstring(answer.body)
    assert len(root.findall(f".//{SPACE}Code")) == 1
    assert hostile in root.find(f".//{SPACE}Message").text


def test_S4_26_keys_that_cannot_be_had_are_no_fault_of_the_token(run, tmp_path):
    down = Issuer("down")
    down.answer = 503
    server = run(configuration(down, [key_file(tmp_path)], role(down)))
    assert error_of(assume(server, down.sign(aud="web", org="acme"))) == (400, "IDPCommunicationError")
    down.end()


def test_S4_26_a_session_that_is_too_large_is_not_given(run, tmp_path, issuer):
    scopes = ", ".join(f'{{bucket: "{{org}}", prefix: "{"p" * 900}{number}"}}' for number in range(8))
    server = ready(run(configuration(issuer, [key_file(tmp_path)], role(issuer, scopes=f"[{scopes}]"))))
    assert error_of(assume(server, good(issuer))) == (400, "PackedPolicyTooLarge")


def test_S4_27_a_token_without_exp_is_refused(server, issuer):
    assert error_of(assume(server, good(issuer, exp=None))) == (400, "InvalidIdentityToken")


def test_S4_28_a_new_key_is_fetched_while_its_first_client_waits(server, issuer):
    issuer.rotate()
    assert assume(server, good(issuer)).status == 200


def test_S4_28_a_key_that_nobody_has_is_refused_after_the_fetch(server, issuer):
    seen = len(issuer.fetches)
    forged = Key("nobody-has-this").sign(issuer.claims(aud="web", org="acme"))
    assert error_of(assume(server, forged)) == (400, "InvalidIdentityToken")
    assert len(issuer.fetches) == seen + 1


def test_S4_29_a_duration_that_is_no_number_is_refused(server, issuer):
    for duration in ("an hour", "1e3", "3600.0", "0x384", " 900", "99999999999999999999", "--5", "-"):
        assert error_of(assume(server, good(issuer), DurationSeconds=duration)) == (400, "InvalidParameterValue")


def test_S4_30_claims_that_cannot_stand_in_a_scope_are_denied(server, issuer):
    for org in (None, "", 7, ["acme"], {"a": "b"}, True, "{sub}", "a}", "a/b", "..", "a..b", "*", ".", "a\u0000b"):
        assert error_of(assume(server, good(issuer, org=org))) == (403, "AccessDenied"), org
    assert error_of(assume(server, good(issuer, team="{org}"), RoleArn="plain")) == (403, "AccessDenied")
    assert error_of(assume(server, good(issuer), RoleArn="plain")) == (403, "AccessDenied")
    assert assume(server, good(issuer, team="red"), RoleArn="plain").status == 200


# --- Sessions ---

def unsealed(token, sealing):
    header, _, nonce, text, tag = token.split(".")
    decode = lambda part: base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))  # noqa: E731
    return json.loads(AESGCM(sealing.read_bytes()).decrypt(decode(nonce), decode(text) + decode(tag), header.encode()))


def test_S4_31_a_session_holds_what_was_decided(server, issuer, sealing):
    key, secret, token = credentials_of(assume(server, good(issuer, team="red"), RoleArn="plain"))
    session = unsealed(token, sealing)
    assert session["access_key_id"] == key and session["secret_access_key"] == secret
    assert session["allowed_scopes"] == [{"bucket": "b", "prefix": "red/", "actions": ["read", "write"]}]
    assert session["assumed_role_id"] == "plain"
    assert session["source_identity"] == "ada" and session["source_issuer"] == issuer.url
    assert session["not_before"] == 0


def test_S4_31_and_32_the_older_layout_is_read_and_its_end_kept(server, sealing):
    def older(seconds):
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
        text = json.dumps({"access_key_id": "STSPRXYOLD", "secret_access_key": "older", "session_token": "",
                           "expiration": expires, "allowed_scopes": [], "assumed_role_id": "_default",
                           "source_identity": "ann"}).encode()
        nonce = os.urandom(12)
        return "STSPRXYOLD", "older", encode_part(nonce + AESGCM(sealing.read_bytes()).encrypt(nonce, text, b""))
    assert identity(server, older(60)).status == 200
    assert error_of(identity(server, older(-1))) == (403, "ExpiredToken")


def test_S4_31_the_older_layout_is_written_when_asked_for(run, tmp_path, issuer):
    keys = [key_file(tmp_path)]
    config = configuration(issuer, keys, role(issuer)).replace("sessions: {", "sessions: {format: legacy, ")
    server = ready(run(config))
    credentials = credentials_of(assume(server, good(issuer)))
    assert "." not in credentials[2]
    assert identity(server, credentials).status == 200


def test_who_has_a_session_is_told_whose_it_is(server, issuer):
    answer = identity(server, credentials_of(assume(server, good(issuer), RoleSessionName="me")))
    assert answer.status == 200, answer.body
    result = ElementTree.fromstring(answer.body).find(SPACE + "GetCallerIdentityResult")
    assert result.find(SPACE + "Arn").text == "arn:aws:sts::000000000000:assumed-role/_default/me"
    assert result.find(SPACE + "UserId").text == "_default:me"
    assert result.find(SPACE + "Account").text == "000000000000"


def test_S4_32_a_token_that_is_not_ours_is_denied(server, issuer):
    key, secret, token = credentials_of(assume(server, good(issuer)))
    for foreign in ("", "AAAA", "FwoGZXIvYXdzEBYaDHqa0AP1TuQ", token[:-1], token + "A", token.replace("..", ".AA.")):
        assert error_of(identity(server, (key, secret, foreign))) == (403, "AccessDenied"), foreign


def test_S4_33_a_changed_session_id_or_secret_is_refused(server, issuer):
    key, secret, token = credentials_of(assume(server, good(issuer)))
    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1:]
        assert error_of(identity(server, (key, secret, changed)))[0] == 403
    assert error_of(identity(server, (key[:-1] + "-", secret, token))) == (403, "SignatureDoesNotMatch")
    assert error_of(identity(server, (key, secret[:-1] + "-", token))) == (403, "SignatureDoesNotMatch")
    assert identity(server, (key, secret, token)).status == 200


def test_S4_33_a_request_changed_after_signing_is_refused(server, issuer):
    credentials = credentials_of(assume(server, good(issuer)))
    query = "Action=GetCallerIdentity&Version=2011-06-15"
    headers = sigv4.sign(credentials, "GET", "/.sts", query, [("Host", "sts.example"), ("X-Other", "1")])
    assert server.get(f"/.sts?{query}", headers).status == 200
    for index, (name, value) in enumerate(headers):
        changed = list(headers)
        changed[index] = (name, value[:-1] + ("0" if value[-1] != "0" else "1"))
        answer = server.get(f"/.sts?{query}", changed)
        assert answer.status in (400, 403), (name, answer.body)
        assert server.get(f"/.sts?{query}", headers[:index] + headers[index + 1:]).status in (400, 403), name
    assert error_of(server.get(f"/.sts?{query}&x=1", headers)) == (403, "SignatureDoesNotMatch")
    assert error_of(server.get(f"/.sts/?{query}", headers)) == (403, "SignatureDoesNotMatch")
    assert error_of(server.request("POST", f"/.sts?{query}", headers)) == (403, "SignatureDoesNotMatch")
    assert error_of(server.get(f"/.sts?{query}", [*headers, ("X-Amz-Extra", "1")])) == (400, "IncompleteSignature")
    assert error_of(server.get(f"/.sts?{query}")) == (403, "MissingAuthenticationToken")


def test_a_signed_body_is_the_one_that_was_signed(server, issuer):
    credentials = credentials_of(assume(server, good(issuer)))
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    headers = sigv4.sign(credentials, "POST", "/.sts", "", [("Host", "sts.example"), FORM], body)
    assert server.request("POST", "/.sts", headers, body).status == 200
    assert error_of(server.request("POST", "/.sts", headers, body + b"&x=1")) == (403, "SignatureDoesNotMatch")


def test_a_request_signed_more_than_a_quarter_of_an_hour_ago_is_refused(server, issuer):
    credentials = credentials_of(assume(server, good(issuer)))
    assert identity(server, credentials, at=time.time() - 890).status == 200
    for at in (time.time() - 905, time.time() + 910):
        assert error_of(identity(server, credentials, at=at)) == (403, "RequestExpired")
    assert error_of(identity(server, credentials, service="s3")) == (400, "IncompleteSignature")


def test_S4_35_two_sealing_keys_overlap_in_a_rotation(run, tmp_path, issuer):
    old, new = key_file(tmp_path, "old", raw=False), key_file(tmp_path, "new")
    server = ready(run(configuration(issuer, [old], role(issuer))))
    first = credentials_of(assume(server, good(issuer)))
    reload(server, configuration(issuer, [new, old], role(issuer)))
    second = credentials_of(assume(server, good(issuer)))
    assert identity(server, first).status == identity(server, second).status == 200
    reload(server, configuration(issuer, [new], role(issuer)))
    assert error_of(identity(server, first)) == (403, "AccessDenied")
    assert identity(server, second).status == 200


def reload(server, config):
    count = server.log().count('"msg":"reloaded"')
    (server.directory / "jetond.yaml").write_text(config)
    server.process.send_signal(signal.SIGHUP)
    until = time.monotonic() + 20
    while server.log().count('"msg":"reloaded"') == count:
        assert time.monotonic() < until, server.log()
        time.sleep(0.02)


def test_S4_36_a_raised_epoch_or_the_end_of_a_role_ends_its_sessions(run, tmp_path, issuer):
    keys = [key_file(tmp_path)]
    server = ready(run(configuration(issuer, keys, role(issuer) + role(issuer, "other"))))
    first = credentials_of(assume(server, good(issuer)))
    other = credentials_of(assume(server, good(issuer), RoleArn="other"))
    reload(server, configuration(issuer, keys, role(issuer, more=f"not_before: {int(time.time())}, ") +
                                 role(issuer, "other")))
    assert error_of(identity(server, first)) == (403, "AccessDenied")
    assert identity(server, other).status == 200
    assert identity(server, credentials_of(assume(server, good(issuer)))).status == 200
    reload(server, configuration(issuer, keys, role(issuer)))
    assert error_of(identity(server, other)) == (403, "AccessDenied")


# --- Around it ---

def test_S4_40_any_page_may_ask(server, issuer):
    answers = [assume(server, good(issuer)), server.get("/.sts"), server.request("OPTIONS", "/.sts"),
               server.request("OPTIONS", "/.sts/")]
    for answer in answers:
        assert answer.header("Access-Control-Allow-Origin") == "*"
        assert answer.header("Access-Control-Allow-Headers") == "*"
        assert answer.header("Access-Control-Expose-Headers") == "*"
        assert answer.header("Access-Control-Allow-Methods") == "GET, HEAD, POST, OPTIONS"
    assert answers[-1].status == answers[-2].status == 204
    assert server.request("HEAD", f"/.sts?{parameters(good(issuer))}").status == 200


def test_S4_41_a_known_request_id_is_said_again(server):
    answer = server.get("/.sts", [("X-Request-Id", "edge-1234.a")])
    assert answer.header("X-Request-Id") == answer.header("x-amzn-RequestId") == "edge-1234.a"
    assert b"<RequestId>edge-1234.a</RequestId>" in answer.body
    for hostile in ("a b", "x" * 65, "<id>", ""):
        assert server.get("/.sts", [("X-Request-Id", hostile)]).header("X-Request-Id") is None


def test_S4_1_the_names_of_the_environment(run, issuer):
    key = base64.b64encode(os.urandom(32)).decode()
    server = ready(run(f"trust:\n{issuer.trust()}", environment={
        "AUTH_ISSUER": issuer.url, "AUTH_AUDIENCE": " web , ,app", "SESSION_TOKEN_KEY": key}))
    credentials = credentials_of(assume(server, issuer.sign(aud="app")))
    assert identity(server, credentials).status == 200
    assert key not in server.log()


def test_S4_14_without_AUTH_AUDIENCE_it_is_not_there(run, issuer):
    key = base64.b64encode(os.urandom(32)).decode()
    server = ready(run(f"trust:\n{issuer.trust()}", environment={"AUTH_ISSUER": issuer.url, "SESSION_TOKEN_KEY": key}))
    not_there(assume(server, issuer.sign(aud="api"), RoleArn="_default"))
    assert '"msg":"this role has no audience' in server.log()


@pytest.mark.parametrize("environment", [{}, {"SESSION_TOKEN_KEY": ""}, {"SESSION_TOKEN_KEY": "AAAA"}])
def test_S4_3_roles_without_a_key_to_seal_sessions_end_the_start(run, issuer, environment):
    server = run(f"trust:\n{issuer.trust()}roles:\n{role(issuer)}", environment=environment, ready=False)
    assert server.wait_end() == 2
    assert "SESSION_TOKEN_KEY" in server.log()


def faults_of(tmp_path, config):
    file = tmp_path / "checked.yaml"
    file.write_text(config)
    result = subprocess.run([PROGRAM, "--check", "--config", str(file)], capture_output=True, text=True, timeout=30)
    assert result.returncode == 2
    return result.stdout


def test_faults_of_roles_are_told_with_their_place(tmp_path, issuer):
    key = key_file(tmp_path)
    short = tmp_path / "short"
    short.write_bytes(b"x" * 31)
    twin = tmp_path / "twin"
    twin.write_bytes(key.read_bytes())
    config = configuration(issuer, [key, twin], role(issuer) + role(issuer) + role(issuer, "two").replace(
        issuer.url, "https://stranger.example") + role(issuer, "three", more="max_session: 10m, ",
                                                       scopes='[{bucket: "{a", prefix: "}", actions: [fly]}]'))
    log = faults_of(tmp_path, config)
    for what in ("roles[1].name: is the name of roles[0] too", "roles[2].issuers: is no issuer of trust",
                 "roles[3].max_session: ", "roles[3].scopes[0].bucket: has a brace",
                 "roles[3].scopes[0].prefix: has a brace", "roles[3].scopes[0].actions: must be of: read write",
                 "sessions.key_files: hold one key twice"):
        assert what in log, log
    assert "32 bytes, or their base64" in faults_of(tmp_path, configuration(issuer, [short], role(issuer)))


def test_an_issuer_with_a_secret_gives_no_role(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * 32)
    secret.chmod(0o600)
    log = faults_of(tmp_path, "trust:\n  - {issuer: https://a.example, audiences: [api], keys: {secret_file: " +
                    f"{secret}}}}}\nroles:\n  - {{name: r, issuers: [https://a.example], audiences: [web]}}\n"
                    f"sessions: {{key_files: [{key_file(tmp_path)}]}}\n")
    assert "only asymmetric signatures are taken here" in log


def test_S4_34_no_token_session_secret_or_query_is_logged(server, issuer, sealing):
    token = good(issuer)
    answer = assume(server, token)
    credentials = credentials_of(answer)
    identity(server, credentials)
    assume(server, token, RoleArn="none", RoleSessionName="a-name-of-mine")
    post(server, parameters(token))
    log = server.log()
    for secret in (token, token.split(".")[1], *credentials, "a-name-of-mine", "WebIdentityToken", "X-Amz-Signature",
                   sealing.read_bytes().hex(), base64.b64encode(sealing.read_bytes()).decode()):
        assert secret not in log, secret
