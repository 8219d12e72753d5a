# SPDX-License-Identifier: Apache-2.0
"""/verify for tokens of other issuers: rotation, floods, outages, requests that wait, readiness, what the operator is told.
Times are scaled down: `STILL` fetches once and then only for misses, `QUICK` all the time."""
import concurrent.futures
import json
import os
import random
import select
import signal
import subprocess
import threading
import time

import pytest

import jetond
from issuer import Issuer, Key
from jetond import encode_part, eventually

STILL = "min_gap: 100ms, miss_interval: 30s, backoff_min: 200ms, backoff_max: 1s"
QUICK = ("fresh_default: 300ms, fresh_min: 100ms, fresh_max: 500ms, max_stale: 30s, miss_interval: 300ms, min_gap: 100ms, "
         "backoff_min: 100ms, backoff_max: 500ms, negative_ttl: 500ms")


@pytest.fixture
def issuer(issuers):
    return issuers()


def is_ready(server):
    return server.get("/readyz").status == 200


def start(run, *entries, more="", **options):
    server = run("trust:\n" + "".join(entries) + more, **options)
    eventually(lambda: is_ready(server))
    return server


def verdict(answer):
    if answer.status == 200:
        return 200
    body = answer.json()
    return answer.status, body["reason"], body.get("refresh")


def log_of(server):
    return [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]


def test_S1_11_known_keys_cost_no_request(run, issuer):
    server = start(run, issuer.trust(STILL))
    tokens = [issuer.sign(jti=str(i)) for i in range(20)]
    for token in tokens * 5:
        answer = server.verify(token)
        assert answer.status == 200
        assert (answer.header("X-Jeton-Subject"), answer.header("X-Jeton-Issuer")) == ("ada", issuer.url)
    assert len(issuer.fetches) == 1


def test_own_tokens_are_believed_beside_the_others(run, issuer):
    server = start(run, issuer.trust(STILL))
    assert server.verify(server.mint()).header("X-Jeton-Issuer") == server.url
    assert verdict(server.verify(issuer.sign(iss="https://nobody.example"))) == (401, "issuer_unknown", None)
    assert verdict(server.verify(issuer.sign(iss=None)))[:2] == (401, "claim_missing")
    assert verdict(server.verify(issuer.sign(iss=server.url)))[:2] == (401, "key_unknown")


def test_S1_12_S5_29_an_unknown_kid_fetches_once_and_is_then_final(run, issuer):
    server = start(run, issuer.trust(STILL + ", wait: 15s"))
    for _ in range(5):
        answer = server.verify(issuer.sign(header={"kid": "nobody"}))
        assert verdict(answer) == (401, "key_unknown", "final")
        assert "nobody" in answer.json()["error_description"]
    assert len(issuer.fetches) == 2


def test_S1_13_many_unknown_kids_fetch_as_often_as_the_bucket_allows(run, issuer):
    server = start(run, issuer.trust(STILL))
    for i in range(300):
        assert verdict(server.verify(issuer.sign(header={"kid": str(random.random())})))[:2] == (401, "key_unknown")
    time.sleep(0.5)
    assert len(issuer.fetches) <= 1 + 2


def test_S1_14_a_token_without_kid_needs_one_key_that_fits(run, issuer):
    server = start(run, issuer.trust(QUICK))
    assert server.verify(issuer.sign(header={"kid": None})).status == 200
    issuer.rotate()
    eventually(lambda: server.verify(issuer.sign()).status == 200)
    assert verdict(server.verify(issuer.sign(header={"kid": None})))[:2] == (401, "key_ambiguous")


@pytest.mark.parametrize("answer", [500, 404, 401, b"", b"<html>", b"{}", b'{"keys":[]}', b'{"keys":{}}', b"[" * 5000,
                                    b'{"keys":[{"kty":"oct","k":"AAAA"}]}'])
def test_S1_15_S2_10_whatever_comes_it_is_one_class_of_failure(run, issuer, answer):
    issuer.answer = answer
    server = run("trust:\n" + issuer.trust(QUICK))
    eventually(lambda: issuer.fetches or answer in (500, 401))
    refusal = server.verify(issuer.sign())
    assert verdict(refusal)[:2] == (503, "keys_unavailable")
    assert refusal.json()["error"] == "temporarily_unavailable"
    assert int(refusal.header("Retry-After")) > 0
    assert refusal.header("WWW-Authenticate") is None
    assert server.verify(server.mint()).status == 200
    issuer.answer = None
    eventually(lambda: server.verify(issuer.sign()).status == 200)


def test_503_without_keys_and_401_for_a_token_that_is_bad_anyway(run, issuer):
    issuer.answer = 500
    server = run("trust:\n" + issuer.trust(QUICK))
    assert verdict(server.verify(issuer.sign()))[0] == 503
    assert verdict(server.verify("a.b.c"))[0] == 401
    assert verdict(server.verify(issuer.sign(iss="https://nobody.example"))) == (401, "issuer_unknown", None)
    assert verdict(server.verify(issuer.sign(header={"alg": "none"})))[:2] == (401, "alg_not_allowed")


def test_S1_26_a_failed_fetch_cools_down_with_expired_keys_too(run, issuer):
    server = start(run, issuer.trust("fresh_default: 200ms, fresh_min: 200ms, fresh_max: 200ms, max_stale: 400ms, "
                                     "backoff_min: 20s, backoff_max: 20s, min_gap: 100ms, miss_interval: 30s"))
    issuer.answer = 500
    eventually(lambda: server.verify(issuer.sign()).status == 503)
    before = len(issuer.fetches)
    for _ in range(200):
        assert server.verify(issuer.sign()).status == 503
    assert len(issuer.fetches) - before <= 3


def test_S1_27_an_outage_shorter_than_max_stale_is_not_noticed(run, issuer):
    server = start(run, issuer.trust(QUICK))
    issuer.answer = 503
    until = time.monotonic() + 2
    while time.monotonic() < until:
        assert server.verify(issuer.sign()).status == 200
    assert 'state="stale"} 1' in server.get("/metrics").body.decode()
    assert is_ready(server)


def test_S1_28_S2_11_S3_4_misses_at_once_share_one_fetch(run, issuer):
    server = start(run, issuer.trust(STILL + ", wait: 15s"))
    issuer.hold()
    issuer.rotate()
    tokens = [issuer.sign(jti=str(i)) for i in range(200)]
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        asked = [pool.submit(server.verify, token) for token in tokens]
        eventually(lambda: len(issuer.fetches) == 2)
        time.sleep(0.5)
        assert not any(one.done() for one in asked)
        assert server.get("/healthz").status == 200  # no thread waits with them
        issuer.release()
        assert {one.result().status for one in asked} == {200}
    assert len(issuer.fetches) == 2


def test_S3_1_S3_2_what_a_refresh_cannot_mend_asks_for_none(run, issuer):
    server = start(run, issuer.trust(STILL + ", wait: 15s", "    refresh_on_bad_signature: true\n"))
    stranger = Issuer("stranger")
    now = int(time.time())
    began = time.monotonic()
    for token, reason in ((stranger.keys[-1].sign(issuer.claims(exp=now - 100)), "key_unknown"),
                          (stranger.keys[-1].sign(issuer.claims(aud="other")), "key_unknown"),
                          (issuer.sign(exp=now - 100), "token_expired"),
                          (issuer.sign(exp="x"), "claims_invalid"),
                          (issuer.sign(aud="other"), "audience_mismatch"),
                          ("a.b.c", None)):
        answer = verdict(server.verify(token))
        assert answer[0] == 401 and reason in (None, answer[1])
    assert time.monotonic() - began < 3
    assert len(issuer.fetches) == 1
    stranger.end()


def test_S3_3_a_key_replaced_under_its_id_is_found_by_one_refresh(run, issuer):
    server = start(run, issuer.trust(STILL, "    refresh_on_bad_signature: true\n"))
    assert server.verify(issuer.sign()).status == 200
    issuer.rotate(keep=False, kid=issuer.keys[0].kid)
    assert server.verify(issuer.sign()).status == 200
    assert len(issuer.fetches) == 2
    forged = issuer.sign()
    forged = forged[:-10] + ("A" * 10)
    assert verdict(server.verify(forged)) == (401, "signature_invalid", "final")


def test_S5_28_S5_33_a_bad_signature_under_a_known_key_never_fetches_by_default(run, issuer):
    server = start(run, issuer.trust(STILL))
    issuer.rotate(keep=False, kid=issuer.keys[0].kid)
    for _ in range(20):
        assert verdict(server.verify(issuer.sign())) == (401, "signature_invalid", None)
    time.sleep(0.3)
    assert len(issuer.fetches) == 1


def test_S3_5_S3_7_forgeries_fetch_no_more_than_the_bucket_allows(run, issuer):
    server = start(run, issuer.trust(STILL + ", wait: 100ms, negative_ttl: 100ms",
                                     "    refresh_on_bad_signature: true\n"))
    header, payload, _ = issuer.sign().split(".")
    for _ in range(20):
        forged = f"{header}.{payload}.{encode_part(os.urandom(64))}"
        answer = verdict(server.verify(forged))
        assert answer[:2] == (401, "signature_invalid") and answer[2] in ("pending", "final")
    assert len(issuer.fetches) <= 3


def test_S3_6_rotations_need_no_restart(run, issuer):
    server = start(run, issuer.trust(QUICK + ", wait: 15s"))
    for _ in range(8):
        old = issuer.sign()
        issuer.rotate()
        assert server.verify(issuer.sign()).status == 200
        assert server.verify(old).status == 200


def test_keys_that_are_gone_are_believed_no_more_cached_or_not(run, issuer):
    server = start(run, issuer.trust(QUICK))
    old = issuer.sign()
    assert server.verify(old).status == 200
    issuer.rotate(keep=False)
    eventually(lambda: server.verify(old).status == 401)
    assert server.verify(issuer.sign()).status == 200


def test_a_cached_token_ends_when_it_ends(run, issuer):
    server = start(run, issuer.trust(STILL, "    leeway: 0s\n"))
    token = issuer.sign(exp=int(time.time()) + 2)
    assert server.verify(token).status == server.verify(token).status == 200
    eventually(lambda: verdict(server.verify(token)) == (401, "token_expired", None), 5)
    assert "jeton_token_cache_entries 1" in server.get("/metrics").body.decode()


def test_pending_without_waiting_and_found_a_moment_later(run, issuer):
    server = start(run, issuer.trust(STILL))
    issuer.hold()
    issuer.rotate()
    token = issuer.sign()
    assert verdict(server.verify(token)) == (401, "key_unknown", "pending")
    assert verdict(server.verify(token)) == (401, "key_unknown", "pending")
    issuer.release()
    eventually(lambda: server.verify(token).status == 200)


def test_a_wait_ends_with_its_time(run, issuer):
    server = start(run, issuer.trust(STILL + ", wait: 400ms"))
    issuer.hold()
    issuer.rotate()
    began = time.monotonic()
    assert verdict(server.verify(issuer.sign())) == (401, "key_unknown", "pending")
    assert 0.3 < time.monotonic() - began < 8


def test_more_than_1024_are_answered_at_once(run, issuer):
    server = start(run, issuer.trust(STILL + ", wait: 15s"), more="limits: {connections: 4000}\n")
    issuer.hold()
    issuer.rotate()
    connections = [server.socket() for _ in range(1100)]
    token = issuer.sign().encode()
    for connection in connections:
        connection.sendall(b"GET /verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + b"\r\n\r\n")
    poll = select.poll()
    for connection in connections:
        poll.register(connection, select.POLLIN)
    eventually(lambda: len(poll.poll(0)) == 1100 - 1024, 5)
    time.sleep(0.5)
    assert len(poll.poll(0)) == 1100 - 1024
    issuer.release()
    statuses = [connection.recv(12) for connection in connections]
    for connection in connections:
        connection.close()
    assert sorted(statuses) == [b"HTTP/1.1 200"] * 1024 + [b"HTTP/1.1 401"] * (1100 - 1024)
    assert server.stop() == 0


def test_draining_answers_those_that_wait(run, issuer):
    server = start(run, issuer.trust(STILL + ", wait: 30s"))
    issuer.hold()
    issuer.rotate()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(server.verify, issuer.sign(jti=str(i))) for i in range(20)]
        eventually(lambda: len(issuer.fetches) == 2)
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        assert {verdict(one.result()) for one in asked} <= {(401, "key_unknown", "pending")}
    began = time.monotonic()
    assert server.wait_end() == 0
    assert time.monotonic() - began < 8


def test_who_leaves_while_waiting_leaves_nothing_behind(run, issuer):
    server = start(run, issuer.trust(STILL + ", wait: 2s"))
    issuer.hold()
    issuer.rotate()
    token = issuer.sign().encode()
    for _ in range(50):
        with server.socket() as connection:
            connection.sendall(b"GET /verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + b"\r\n\r\n")
    time.sleep(0.2)
    issuer.release()
    eventually(lambda: server.verify(issuer.sign()).status == 200)
    assert server.stop() == 0


def test_a_restart_during_an_outage_has_keys_at_once(run, issuer):
    server = start(run, issuer.trust(STILL))
    server.stop()
    issuer.answer = 500
    again = run("trust:\n" + issuer.trust(STILL), arguments=["--issuer", server.url])
    eventually(lambda: again.verify(issuer.sign()).status == 200, 5)
    assert is_ready(again)


def test_last_known_good_can_be_off(run, issuer):
    entry = issuer.trust(STILL + ", last_known_good: false")
    server = start(run, entry)
    server.stop()
    assert not list(server.state.glob("keys-*"))
    issuer.answer = 500
    again = run("trust:\n" + entry, arguments=["--issuer", server.url])
    time.sleep(0.5)
    assert again.verify(issuer.sign()).status == 503


def test_a_damaged_saved_set_is_ignored_with_a_warning(run, issuer):
    server = start(run, issuer.trust(STILL))
    server.stop()
    saved, = server.state.glob("keys-*.json")
    saved.write_text(saved.read_text().replace("key-1", "key-2"))
    issuer.answer = 500
    again = run("trust:\n" + issuer.trust(STILL), arguments=["--issuer", server.url])
    eventually(lambda: "damaged" in again.log())
    assert again.verify(issuer.sign()).status == 503


def test_two_issuers_with_one_kid_are_never_mixed_up(run, issuers):
    one, other = issuers("same"), issuers("same")
    server = start(run, one.trust(STILL), other.trust(STILL))
    assert server.verify(one.sign()).status == server.verify(other.sign()).status == 200
    assert verdict(server.verify(one.keys[-1].sign(other.claims())))[:2] == (401, "signature_invalid")
    assert verdict(server.verify(other.keys[-1].sign(one.claims())))[:2] == (401, "signature_invalid")
    assert verdict(server.verify(one.keys[-1].sign({**one.claims(), "iss": server.url, "aud": "api"})))[0] == 401


def test_an_issuer_that_hangs_holds_up_nobody_else(run, issuers):
    good, hangs = issuers("good"), issuers("hangs")
    hangs.hold()
    server = run("trust:\n" + good.trust(STILL) + hangs.trust(QUICK))
    eventually(lambda: server.verify(good.sign()).status == 200)
    for _ in range(50):
        began = time.monotonic()
        assert server.verify(good.sign(jti=str(random.random()))).status == 200
        assert time.monotonic() - began < 1
        assert server.verify(hangs.sign()).status == 503
    ready = server.get("/readyz")
    assert (ready.status, ready.json()) == (503, {"status": "not ready", "lacks": [{"keys_of": hangs.url}]})
    assert ready.header("Retry-After")
    hangs.release()
    eventually(lambda: is_ready(server))


def test_each_issuer_has_its_own_rules(run, issuers):
    plain, strict = issuers("plain"), issuers("strict")
    server = start(run, plain.trust(STILL, audiences="any_audience: true"),
                   strict.trust(STILL, "    algorithms: [RS256, ES256]\n    types: [at+jwt]\n    leeway: 0s\n"
                                       "    required_claims: [tenant_id]\n", audiences="audiences: [one, two]"))
    access = {"typ": "at+jwt"}
    now = int(time.time())
    assert server.verify(plain.sign(aud="whoever", exp=now - 30)).status == 200
    assert server.verify(strict.sign(header=access, aud="two", tenant_id="t")).status == 200
    assert verdict(server.verify(strict.sign(header=access, aud="api", tenant_id="t")))[1] == "audience_mismatch"
    assert verdict(server.verify(strict.sign(aud="one", tenant_id="t")))[1] == "type_mismatch"
    assert verdict(server.verify(strict.sign(header=access, aud="one")))[1] == "claim_missing"
    assert verdict(server.verify(strict.sign(header=access, aud="one", tenant_id="t", exp=now - 2)))[1] == "token_expired"


def test_named_policies_hold_for_other_issuers_too(run, issuer):
    server = start(run, issuer.trust(STILL), more="verify: {policies: {admin: {scopes: [admin]}, other: {audiences: [b]}, "
                                                  "tenants: {required_claims: [tenant_id]}}}\n")
    token = issuer.sign(scope="read")
    for _ in range(2):
        assert server.verify(token).status == 200
        assert verdict(server.verify(token, "/verify/admin"))[:2] == (403, "scope_insufficient")
        assert verdict(server.verify(token, "/verify/tenants"))[:2] == (401, "claim_missing")
        assert verdict(server.verify(token, "/verify/other"))[:2] == (401, "audience_mismatch")
    assert server.verify(issuer.sign(scope="admin"), "/verify/admin").status == 200
    assert server.verify(issuer.sign(aud="b"), "/verify/other").status == 200
    assert server.verify(server.mint(), "/verify/tenants").status == 401


def test_S5_12_the_bearer_token_goes_to_the_place_of_keys(run, issuer, tmp_path):
    (tmp_path / "bearer").write_text("a-secret-word\n")
    server = start(run, issuer.trust(STILL, f"    bearer_file: {tmp_path}/bearer\n"))
    assert issuer.fetches[0][1] == "Bearer a-secret-word"
    assert "a-secret-word" not in server.log()


def test_S5_9_S2_20_flags_that_weaken_are_told_at_the_start(run, issuer):
    server = start(run, issuer.trust(STILL, audiences="any_audience: true"))
    warned = [line["msg"] for line in log_of(server) if line.get("issuer") == issuer.url and line["level"] == "warn"]
    for word in ("any_audience", "allow_http", "allow_private_ip"):
        assert any(word in line for line in warned), warned


def test_S5_32_logs_tell_cause_and_remedy_and_no_secret(run, issuer):
    issuer.answer = b'{"keys":"a word of the body"}'
    server = run("trust:\n" + issuer.trust(QUICK) + "log_level: debug\n")
    token = issuer.sign()
    eventually(lambda: "could not be fetched" in server.log())
    server.verify(token)
    line = next(line for line in log_of(server) if "could not be fetched" in line["msg"])
    assert line["issuer"] == issuer.url and line["level"] == "warn" and line["detail"]
    assert "a word of the body" not in server.log()
    assert token not in server.log() and token.split(".")[2] not in server.log()


def test_S5_32_a_refused_address_names_the_flag(run, issuer):
    port = issuer.server.server_port
    server = run(f"trust:\n  - {{issuer: 'http://localhost:{port}', audiences: [api], allow_http: true}}\n")
    eventually(lambda: "allow_private_ip would allow it" in server.log())
    assert not issuer.fetches
    assert f'jeton_keys_addresses_refused_total{{issuer="http://localhost:{port}"}} ' in server.get("/metrics").body.decode()


def test_metrics_of_keys_and_cache(run, issuer):
    server = start(run, issuer.trust(STILL))
    token = issuer.sign()
    server.verify(token)
    server.verify(token)
    server.verify(issuer.sign(header={"kid": "nobody"}))
    text = server.get("/metrics").body.decode().splitlines()
    label = f'issuer="{issuer.url}"'
    for line in (f'jeton_verdicts_total{{{label},code="ok"}} 2', f'jeton_verdicts_total{{{label},code="key_unknown"}} 1',
                 "jeton_token_cache_hits 1", "jeton_token_cache_entries 1",
                 f'jeton_keys_fetches_total{{{label},cause="start",result="changed"}} 1',
                 f"jeton_keys_generation{{{label}}} 1", f"jeton_keys_usable{{{label}}} 1",
                 f'jeton_keys_state{{{label},state="fresh"}} 1', f'jeton_keys_state{{{label},state="expired"}} 0',
                 f'jeton_keys_misses_total{{{label},result="new"}} 1',
                 f"jeton_keys_addresses_refused_total{{{label}}} 0"):
        assert line in text, line
    for name in ("jeton_token_cache_misses", "jeton_keys_fetch_duration_seconds_sum",
                 "jeton_keys_fetch_duration_seconds_count", "jeton_keys_last_success_timestamp_seconds"):
        assert any(line.startswith(name) for line in text), name
    assert sum(line.startswith("# TYPE ") for line in text) == len({l for l in text if l.startswith("# TYPE ")})


def test_the_cache_can_be_off(run, issuer):
    server = start(run, issuer.trust(STILL), more="limits: {token_cache: 0}\n")
    token = issuer.sign()
    assert server.verify(token).status == server.verify(token).status == 200
    assert "jeton_token_cache_hits 0" in server.get("/metrics").body.decode()


def test_S2_9_one_bad_key_takes_no_good_one_with_it(run, issuer):
    issuer.answer = json.dumps({"keys": [7, {"kty": "EC", "crv": "P-999"}, {"kty": "RSA", "n": "!", "e": "AQAB"},
                                         issuer.keys[0].jwk()]}).encode()
    server = start(run, issuer.trust(STILL))
    assert server.verify(issuer.sign()).status == 200
    text = server.get("/metrics").body.decode()
    assert f'jeton_keys_skipped{{issuer="{issuer.url}",reason="curve_unknown"}} 1' in text


def test_keys_of_files_and_a_file_that_changes(run, issuers, tmp_path):
    file, pem, secret = issuers("file"), issuers("pem"), tmp_path / "secret"
    jwks = tmp_path / "set.json"
    jwks.write_text(json.dumps({"keys": [key.jwk() for key in file.keys]}))
    (tmp_path / "key.jwk").write_text(json.dumps({**pem.keys[0].jwk(), "kid": None} | {"kid": pem.keys[0].kid}))
    secret.write_bytes(b"0123456789abcdef0123456789abcdef")
    server = run(f"trust:\n"
                 f"  - {{issuer: file, keys: {{jwks_file: {jwks}}}, audiences: [api], key_source: {{{QUICK}}}}}\n"
                 f"  - {{issuer: pem, keys: {{key_files: [{tmp_path}/key.jwk]}}, audiences: [api]}}\n"
                 f"  - {{issuer: hmac, keys: {{secret_file: {secret}}}, audiences: [api], algorithms: [HS256]}}\n")
    eventually(lambda: is_ready(server))
    assert server.verify(file.sign(iss="file")).status == 200
    assert server.verify(pem.sign(iss="pem")).status == 200
    import hashlib
    import hmac
    text = encode_part({"alg": "HS256"}) + "." + encode_part(file.claims(iss="hmac"))
    token = text + "." + encode_part(hmac.digest(secret.read_bytes(), text.encode(), hashlib.sha256))
    assert server.verify(token).status == 200
    assert verdict(server.verify(pem.sign(iss="hmac")))[0] == 401
    jwks.write_text('{"keys":[')
    time.sleep(0.6)
    assert server.verify(file.sign(iss="file")).status == 200
    file.rotate(keep=False)
    jwks.write_text(json.dumps({"keys": [key.jwk() for key in file.keys]}))
    eventually(lambda: server.verify(file.sign(iss="file")).status == 200)


def test_S5_31_S5_6_the_wired_server_verifies_its_own_token_without_network(run, tmp_path):
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode != 0:
        pytest.skip("no network namespace can be made here")
    blocked = tmp_path / "blocked"
    blocked.write_text(f'#!/bin/sh\nexec unshare -n {jetond.PROGRAM} "$@"\n')
    blocked.chmod(0o755)
    key = Key("batch")
    (tmp_path / "key.json").write_text(json.dumps(key.jwk()))
    server = run(f"""\
issuer: https://tokens.example
clients:
  - {{id: batch, keys: {{key_files: [{tmp_path}/key.json]}}, audiences: [api], scopes: [read],
      grants: [client_credentials, token-exchange]}}
""", listen=f"unix:{tmp_path}/jetond.sock", program=str(blocked))
    assert os.readlink(f"/proc/{server.process.pid}/ns/net") != os.readlink("/proc/self/ns/net")
    assert is_ready(server)

    def ask(*form):
        """By private_key_jwt: the client's keys need no network either."""
        now = int(time.time())
        proof = key.sign({"iss": "batch", "sub": "batch", "aud": "https://tokens.example", "exp": now + 60,
                          "jti": str(time.monotonic_ns())})
        kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        answer = server.ask([*form, kind, ("client_assertion", proof)], basic=False)
        assert answer.status == 200, answer.body
        return answer.json()["access_token"]

    token = ask(("grant_type", "client_credentials"))
    assert server.verify(token).header("X-Jeton-Issuer") == "https://tokens.example"
    other = ask(("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token", token),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"))
    assert server.verify(other).header("X-Jeton-Subject") == "batch"


def test_S1_8_trusted_takes_what_is_said_and_says_so_at_the_start(run):
    server = run("verify: {mode: trusted}\n")
    assert any("trusted" in line["msg"] and line["level"] == "warn" for line in log_of(server))
    answer = server.verify(encode_part({"sub": "ada", "scope": "read"}))
    assert (answer.status, answer.header("X-Jeton-Subject"), answer.header("X-Jeton-Scope")) == (200, "ada", "read")
    for word in ("x", "!", encode_part(b"[]"), encode_part(b'{"sub":1,"sub":2}'), encode_part(b"")):
        assert server.verify(word).status == 401
    assert server.get("/verify").status == 401
    assert verdict(server.verify(encode_part({"sub": "a\nb"})))[:2] == (403, "claims_unmappable")


def test_S1_8_none_lets_pass_without_an_identity_and_only_when_spelled_out(run):
    server = run("verify: {mode: none}\n")
    assert any("none" in line["msg"] and line["level"] == "warn" for line in log_of(server))
    for answer in (server.get("/verify"), server.verify("anything")):
        assert (answer.status, answer.header("X-Jeton-Subject")) == (200, "")


def test_readers_see_no_gap_while_keys_turn_fast(run, issuer):
    server = start(run, issuer.trust(QUICK + ", wait: 15s"))
    token, bad, stop = [issuer.sign()], [], threading.Event()

    def ask():
        while not stop.is_set():
            answer = server.verify(token[0])
            if answer.status != 200:
                bad.append(answer.body)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        issuer.rotate()
        issuer.keys = issuer.keys[-3:]
        token[0] = issuer.sign()
        time.sleep(0.2)
    stop.set()
    for thread in threads:
        thread.join()
    assert not bad
