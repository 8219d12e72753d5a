# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: another configuration comes to work whole, without a request noticing; a bad one changes nothing."""
import concurrent.futures
import http.client
import json
import signal
import threading
import time

from jetond import eventually

STILL = "min_gap: 100ms, miss_interval: 30s, backoff_min: 200ms, backoff_max: 1s"
OTHER = "min_gap: 110ms, miss_interval: 30s, backoff_min: 200ms, backoff_max: 1s"


def log_of(server):
    return [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]


def said(server, message):
    return [line for line in log_of(server) if line["msg"].startswith(message)]


def start(run, config):
    server = run(config)
    eventually(lambda: server.get("/readyz").status == 200)
    return server


def hang_up(server, config, outcome="reloaded"):
    """Writes `config`, asks for a reload and waits until the log tells its outcome."""
    before = len(said(server, outcome))
    (server.directory / "jetond.yaml").write_text(config)
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(said(server, outcome)) > before)


def metric(server, name):
    for line in server.get("/metrics").body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.rsplit(" ", 1)[1])
    return None


def reason(answer):
    return 200 if answer.status == 200 else (answer.status, answer.json()["reason"])


def test_an_entry_of_trust_that_comes_and_goes_takes_effect(run, issuers):
    one, other = issuers("one"), issuers("other")
    server = start(run, "trust:\n" + one.trust(STILL))
    assert reason(server.verify(one.sign())) == 200
    assert reason(server.verify(other.sign())) == (401, "issuer_unknown")
    hang_up(server, "trust:\n" + one.trust(STILL) + other.trust(STILL))
    assert reason(server.verify(one.sign())) == 200
    assert reason(server.verify(other.sign())) == 200
    assert len(one.fetches) == 1  # its keys were taken over
    hang_up(server, "trust:\n" + other.trust(STILL))
    assert reason(server.verify(one.sign())) == (401, "issuer_unknown")
    assert reason(server.verify(other.sign())) == 200
    hang_up(server, "")
    assert reason(server.verify(other.sign())) == (401, "key_unknown")
    assert reason(server.verify(server.mint())) == 200
    assert server.stop() == 0


def test_a_token_that_passed_and_was_remembered_is_judged_by_the_stricter_policy(run, issuers):
    issuer = issuers()
    server = start(run, "trust:\n" + issuer.trust(STILL))
    token = issuer.sign()
    own = server.mint()
    for _ in range(3):
        assert reason(server.verify(token)) == 200
        assert reason(server.verify(own)) == 200
    hang_up(server, "verify: {audiences: [elsewhere]}\ntrust:\n" + issuer.trust(STILL, more="    required_claims: [tenant_id]\n"))
    assert reason(server.verify(token)) == (401, "claim_missing")
    assert reason(server.verify(own)) == (401, "audience_mismatch")
    assert len(issuer.fetches) == 1


def test_a_bad_file_is_told_with_all_its_faults_and_the_old_goes_on(run, issuers):
    issuer = issuers()
    good = "trust:\n" + issuer.trust(STILL)
    server = start(run, good)
    hang_up(server, good + "log_level: loud\nlimits: {token: 1}\n", "the new configuration is refused")
    faults = [line["fault"] for line in said(server, "a fault in the new configuration")]
    assert [fault.split("jetond.yaml:")[1].split(": ")[1] for fault in faults] == ["log_level", "limits.token"]
    assert reason(server.verify(issuer.sign())) == 200
    (server.directory / "jetond.yaml").unlink()
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(said(server, "the new configuration is refused")) == 2)
    assert reason(server.verify(issuer.sign())) == 200
    hang_up(server, good)
    assert reason(server.verify(issuer.sign())) == 200


def test_what_needs_a_restart_stays_and_is_told(run):
    server = start(run, "log_level: info\n")
    hang_up(server, "log_level: info\nissuer: https://other.example\nlimits: {body: 32KiB}\nverify: {audiences: [else]}\n")
    kept = said(server, "this key stays as it was")
    assert [(line["key"], line["place"]) for line in kept] == [("issuer", "2:9"), ("limits.body", "3:16")]
    token = server.mint()
    assert reason(server.verify(token)) == (401, "audience_mismatch")  # the rest is at work
    assert server.get("/.well-known/openid-configuration").json()["issuer"] == server.url


def test_a_pipe_is_not_read_again(run, tmp_path):
    import os

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text("verify: {audiences: [nobody]}\n"))
    writer.start()
    server = run(arguments=("--config", str(pipe)))
    writer.join()
    token = server.mint()
    assert reason(server.verify(token)) == (401, "audience_mismatch")
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: said(server, "the new configuration is refused"))
    assert reason(server.verify(token)) == (401, "audience_mismatch")


def test_a_configuration_that_does_not_fit_what_stays_is_refused(run):
    server = start(run, "issuer: https://me.example\n")
    hang_up(server, "issuer: https://other.example\ntrust:\n  - {issuer: https://me.example, audiences: [api]}\n",
            "the new configuration is refused")
    assert any("is this server itself" in line["fault"] for line in said(server, "a fault"))


def test_the_log_level_and_clients_follow(run, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("a long enough secret\n")
    server = start(run, "log_level: info\n")
    hang_up(server, f"log_level: debug\nclients:\n  - {{id: web, secret_file: {secret}, audiences: [api]}}\n")
    assert server.ask(client=("web", "a long enough secret")).status == 200
    assert server.ask().status == 401  # the first one counts only where no other is named
    hang_up(server, "log_level: info\n")
    assert server.ask().status == 200


def test_one_whose_times_change_keeps_serving_while_its_new_source_fetches(run, issuers):
    issuer = issuers()
    server = start(run, "trust:\n" + issuer.trust(STILL))
    misses = metric(server, f'jeton_verdicts_total{{issuer="{issuer.url}",code="ok"}}') or 0
    issuer.hold()
    (server.directory / "jetond.yaml").write_text("trust:\n" + issuer.trust(OTHER + ", last_known_good: false"))
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(issuer.fetches) == 2)
    assert reason(server.verify(issuer.sign())) == 200
    assert said(server, "reloaded") == []
    issuer.release()
    eventually(lambda: said(server, "reloaded"))
    assert reason(server.verify(issuer.sign())) == 200
    assert metric(server, f'jeton_verdicts_total{{issuer="{issuer.url}",code="ok"}}') == misses + 2


def test_an_issuer_that_is_down_delays_no_reload_but_the_one_that_brings_it(run, issuers):
    down = issuers()
    down.answer = 500
    server = run("")
    before = time.monotonic()
    hang_up(server, "trust:\n" + down.trust(STILL))
    assert time.monotonic() - before > 4
    assert said(server, "the keys of some trusted issuers have not come yet")
    assert reason(server.verify(down.sign())) == (503, "keys_unavailable")
    before = time.monotonic()
    hang_up(server, "trust:\n" + down.trust(STILL) + "log_level: debug\n")
    assert time.monotonic() - before < 4
    assert reason(server.verify(server.mint())) == 200


def test_a_reload_that_is_overtaken_leaves_the_later_one(run, issuers):
    down, up = issuers("down"), issuers("up")
    down.hold()
    server = run("")
    (server.directory / "jetond.yaml").write_text("trust:\n" + down.trust(STILL))
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: down.fetches)
    hang_up(server, "trust:\n" + up.trust(STILL))
    assert len(said(server, "reloaded")) == 1
    assert reason(server.verify(up.sign())) == 200
    assert reason(server.verify(down.sign())) == (401, "issuer_unknown")
    (server.directory / "jetond.yaml").write_text("trust:\n" + down.trust(STILL))
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(down.fetches) == 2)
    assert server.stop() == 0  # while it is pending


def test_S4_4_keys_are_read_once_and_again_at_a_reload(run, issuers, tmp_path):
    from cryptography.hazmat.primitives import serialization

    issuer, file = issuers(), tmp_path / "key.pem"
    key = issuer.keys[-1].private.public_key()
    file.write_bytes(key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    config = f"trust: [{{issuer: a, audiences: [api], keys: {{key_files: [{file}]}}}}]\n"
    server = run(config)
    text = file.read_bytes()
    file.unlink()
    assert reason(server.verify(issuer.sign(iss="a"))) == 200
    hang_up(server, config, "the new configuration is refused")
    assert reason(server.verify(issuer.sign(iss="a"))) == 200
    file.write_bytes(text)
    issuer.rotate()
    hang_up(server, config)
    assert reason(server.verify(issuer.sign(iss="a"))) == (401, "signature_invalid")
    key = issuer.keys[-1].private.public_key()
    file.write_bytes(key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    hang_up(server, config)
    assert reason(server.verify(issuer.sign(iss="a"))) == 200


def test_a_request_that_waits_for_keys_is_judged_by_the_new_configuration(run, issuers):
    issuer = issuers()
    server = start(run, "trust:\n" + issuer.trust(STILL + ", wait: 20s"))
    issuer.rotate()
    issuer.hold()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(server.verify, issuer.sign())
        eventually(lambda: len(issuer.fetches) == 2)
        hang_up(server, "")
        assert reason(waiting.result(15)) == (401, "key_unknown")


def load(server, tokens, end, failures, counts):
    """Requests on one connection; every answer must be 200."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    while not end.is_set():
        for token in tokens:
            try:
                connection.request("GET", "/verify", headers={"Authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200:
                    failures.append((answer.status, body))
            except OSError as error:
                failures.append(repr(error))
                connection.close()
            counts.append(1)
    connection.close()


def test_twenty_reloads_under_load_cost_no_request(run, issuers):
    stays, changes = issuers("stays"), issuers("changes")
    configs = ["trust:\n" + stays.trust(STILL) + changes.trust(source) + f"verify: {{policies: {{p{i}: {{}}}}}}\n"
               for i, source in enumerate((STILL, OTHER))]
    server = start(run, configs[0])
    own = server.mint()
    tokens = [[own, stays.sign(jti=str(i)), changes.sign(jti=str(i))] for i in range(3)]
    end, failures, counts = threading.Event(), [], []
    before = {}
    threads = [threading.Thread(target=load, args=(server, some, end, failures, counts)) for some in tokens]
    for thread in threads:
        thread.start()
    try:
        for i in range(20):
            hang_up(server, configs[(i + 1) % 2])
            assert server.get(f"/verify/p{(i + 1) % 2}").status == 401
            assert server.get(f"/verify/p{i % 2}").status == 404
            for name in ("jeton_token_cache_hits", "jeton_token_cache_misses", 'jeton_http_requests_total{route="verify",status="200"}',
                         f'jeton_keys_fetches_total{{issuer="{changes.url}",cause="start",result="changed"}}',
                         f'jeton_verdicts_total{{issuer="{changes.url}",code="ok"}}'):
                value = metric(server, name) or 0
                assert value >= before.get(name, 0), name
                before[name] = value
    finally:
        end.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert len(counts) > 100
    assert len(stays.fetches) == 1
    assert server.stop() == 0
