# SPDX-License-Identifier: Apache-2.0
"""Tokens that are no JWT: /verify asks their issuer (S5.14, RFC 7662), once for many, and judges what it says like
claims."""
import base64
import concurrent.futures
import http.server
import json
import threading
import time
import urllib.parse

import pytest

from issuer import Issuer
from jetond import Jetond
from parties import reason_of

SECRET = "s€cret +/%"


class Endpoint:
    """An introspection endpoint; `answer` for a token is a status, bytes of a body, or the members of an active one."""

    def __init__(self):
        self.answers = {}
        self.asked = []  # path, Authorization, Content-Type, Accept and form of each request
        self.released = threading.Event()
        self.released.set()
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                endpoint.serve(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/introspect"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def serve(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"])).decode()
        form = urllib.parse.parse_qs(body, strict_parsing=True)
        headers = request.headers
        self.asked.append((request.path, headers["Authorization"], headers["Content-Type"], headers["Accept"], form))
        answer = self.answers.get(form["token"][0], {"active": False})
        self.released.wait(30)
        if isinstance(answer, int):
            request.send_error(answer)
            return
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def knows(self, token, **changes):
        now = int(time.time())
        claims = {"active": True, "sub": "ada", "aud": "api", "exp": now + 600, "scope": "read"}
        claims.update(changes)
        self.answers[token] = {name: value for name, value in claims.items() if value is not None}
        return token

    def end(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def endpoint():
    endpoint = Endpoint()
    yield endpoint
    endpoint.end()


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.end()


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """A server, its endpoint and its issuer for tests that leave them as they are."""
    directory, endpoint, issuer = tmp_path_factory.mktemp("jetond"), Endpoint(), Issuer()
    verify = "verify:\n  policies:\n    admin: {scopes: [admin]}\n    tenant: {required_claims: [tenant_id]}\n"
    running = Jetond(directory, "trust:\n" + issuer.trust(more=entry(directory, endpoint)) + verify).wait_ready()
    running.endpoint, running.issuer = endpoint, issuer
    yield running
    assert running.stop() == 0, running.log()
    endpoint.end()
    issuer.end()


def asked_for(server, token):
    return sum(form["token"] == [token] for *_, form in server.endpoint.asked)


def entry(tmp_path, endpoint, more=""):
    (tmp_path / "secret").write_text(SECRET + "\n")
    (tmp_path / "secret").chmod(0o600)
    return (f"    introspection: {{url: '{endpoint.url}', client_id: 'je ton', client_secret_file: {tmp_path}/secret"
            f"{more}}}\n")


@pytest.fixture
def start(run, tmp_path, endpoint, issuer):
    def one(more="", key_source=""):
        return run("trust:\n" + issuer.trust(key_source, more=entry(tmp_path, endpoint, more)))
    return one


def test_S5_14_the_issuer_is_asked_as_RFC_7662_says(start, endpoint, issuer):
    server = start()
    token = endpoint.knows("opaque-~._+/token==")
    answer = server.verify(token)
    assert answer.status == 200, answer.body
    assert answer.header("X-Jeton-Subject") == "ada"
    assert answer.header("X-Jeton-Issuer") == issuer.url
    assert answer.header("X-Jeton-Scope") == "read"
    (path, authorization, content_type, accept, form), = endpoint.asked
    assert path == "/introspect"
    assert form == {"token": [token], "token_type_hint": ["access_token"]}
    assert (content_type, accept) == ("application/x-www-form-urlencoded", "application/json")
    name, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
    assert urllib.parse.unquote_plus(name) == "je ton" and urllib.parse.unquote_plus(secret) == SECRET
    assert "active" not in json.dumps(endpoint.asked)
    for line in server.log().splitlines():
        assert token not in line and SECRET not in line and authorization not in line


def test_S5_14_an_inactive_token_is_refused(standing):
    answer = standing.verify("nobody-knows-me")
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.header("WWW-Authenticate")
    assert answer.json()["reason"] == "token_malformed" and answer.json()["kind"] == "refused"
    assert asked_for(standing, "nobody-knows-me") == 1


@pytest.mark.parametrize("changes, reason", [
    ({"exp": 1}, "token_expired"), ({"exp": None}, "claim_missing"), ({"exp": "soon"}, "claims_invalid"),
    ({"nbf": int(time.time()) + 3600}, "token_not_yet_valid"), ({"iss": "https://elsewhere.example"}, "issuer_mismatch"),
    ({"iss": 7}, "claims_invalid"), ({"aud": "other"}, "audience_mismatch"), ({"aud": None}, "claim_missing"),
    ({"aud": []}, "claim_missing"), ({"sub": 1}, "claims_invalid"), ({"aud": ["x", "api"], "scope": None}, None)])
def test_S5_14_what_it_says_is_judged_like_claims(standing, changes, reason):
    token = standing.endpoint.knows("judged-" + "".join(filter(str.isalnum, str(changes))), **changes)
    assert reason_of(standing, token) == reason


def test_S5_14_scopes_and_required_claims_of_a_policy_hold_for_it(standing):
    token = standing.endpoint.knows("policy-1")
    assert reason_of(standing, token) is None
    assert reason_of(standing, token, "/verify/admin") == "scope_insufficient"
    assert reason_of(standing, token, "/verify/tenant") == "claim_missing"
    more = standing.endpoint.knows("policy-2", scope="admin read", tenant_id=7)
    assert reason_of(standing, more, "/verify/admin") is None and reason_of(standing, more, "/verify/tenant") is None
    assert asked_for(standing, token) == asked_for(standing, more) == 1  # whatever the policy


def test_SECURITY_49_the_answer_about_one_token_is_never_anothers(standing):
    good = standing.endpoint.knows("poison-1")
    near = ["poison-1=", "Poison-1", "poison-", "poison-11", "poison-1~", "1-nosiop"]
    for _ in range(2):
        assert reason_of(standing, good) is None
        assert {reason_of(standing, one) for one in near} == {"token_malformed"}
    assert [asked_for(standing, one) for one in [good, *near]] == [1] * 7


def test_S5_14_a_JWT_is_never_shown_to_anybody(standing):
    issuer, before = standing.issuer, len(standing.endpoint.asked)
    token = issuer.sign()
    deadline = time.monotonic() + 20
    while reason_of(standing, token) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert reason_of(standing, token) is None
    header, payload, signature = token.split(".")
    for jwt in (issuer.sign(exp=1), issuer.sign(iss="https://x.example"), f"{header}.{payload}.", f"{header}..{signature}",
                standing.mint()):
        standing.verify(jwt)
    assert len(standing.endpoint.asked) == before


@pytest.mark.parametrize("token", ["a b", "tok\u00e9n", "a,b", "==", "x" * 8000])
def test_S5_14_what_no_issuer_can_have_given_is_shown_to_nobody(standing, token):
    before = len(standing.endpoint.asked)
    assert standing.verify(token).status in (400, 401)
    assert len(standing.endpoint.asked) == before


def test_S5_14_an_answer_is_kept_for_its_time_and_never_past_exp(start, endpoint):
    server = start(", cache: 1h")
    good, short = endpoint.knows("good"), endpoint.knows("short", exp=int(time.time()) - 58)
    for _ in range(3):
        assert reason_of(server, good) is None
        assert reason_of(server, "bad") == "token_malformed"
    assert reason_of(server, short) is None  # within the leeway of a minute
    deadline = time.monotonic() + 20
    while reason_of(server, short) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert reason_of(server, short) == "token_expired"
    assert sorted(form["token"][0] for *_, form in endpoint.asked) == ["bad", "good", "short"]


def test_S5_14_when_its_time_is_over_it_is_asked_again(start, endpoint):
    server = start(", cache: 100ms")
    token = endpoint.knows("opaque")
    assert reason_of(server, token) is None
    endpoint.answers[token] = {"active": False}
    deadline = time.monotonic() + 20
    while reason_of(server, token) is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert reason_of(server, token) == "token_malformed"


def test_S5_14_many_at_once_ask_once_and_other_requests_go_on(start, endpoint):
    server = start()
    token = endpoint.knows("opaque")
    endpoint.released.clear()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(reason_of, server, token) for _ in range(20)]
        deadline = time.monotonic() + 20
        while not endpoint.asked and time.monotonic() < deadline:
            time.sleep(0.01)
        own = server.mint()
        for _ in range(20):  # more than there are threads that serve
            assert reason_of(server, own) is None
        assert not any(one.done() for one in waiting)
        endpoint.released.set()
        assert [one.result() for one in waiting] == [None] * 20
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize("answer", [500, 401, 302, b"", b"[]", b"{", b"{}", b'{"active":"true"}', b'{"active":1}',
                                    b'{"active":true,"active":false}', b'{"active":true}x',
                                    b'{"active":true,"x":"' + b"y" * 70000 + b'"}'])
def test_S5_14_no_proper_answer_is_no_judgement(standing, answer):
    token = f"improper-{abs(hash(answer))}"
    standing.endpoint.answers[token] = answer
    refused = standing.verify(token)
    assert refused.status == 503
    assert refused.header("Retry-After") is not None
    assert refused.json()["reason"] == "keys_unavailable"
    assert "cannot be asked about tokens that are no JWT" in standing.log()


def test_S5_14_what_came_of_questions_is_counted(standing):
    def counts():
        return {line.split('"')[1]: int(line.split()[1]) for line in standing.get("/metrics").body.decode().splitlines()
                if line.startswith("jeton_introspections_total{")}

    before = counts()
    standing.verify(standing.endpoint.knows("counted"))
    standing.verify("counted")
    standing.verify("counted-too")
    standing.endpoint.answers["counted-badly"] = 500
    standing.verify("counted-badly")
    assert counts() == {name: number + 1 for name, number in before.items()}
    assert before.keys() == {"active", "inactive", "failed"}


def test_S5_14_an_answer_of_64_KiB_is_read(standing):
    assert reason_of(standing, standing.endpoint.knows("large", more="y" * 60000)) is None


def test_S5_14_an_endpoint_that_is_slow_is_given_up_and_asked_again_later(start, endpoint):
    server = start(key_source="timeout: 300ms, connect_timeout: 300ms")
    token = endpoint.knows("opaque")
    endpoint.released.clear()
    began = time.monotonic()
    assert server.verify(token).status == 503
    assert time.monotonic() - began < 10
    endpoint.released.set()
    deadline = time.monotonic() + 20
    while server.verify(token).status == 503 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert reason_of(server, token) is None
    assert "can be asked about tokens again" in server.log()


def test_S5_14_the_end_of_the_server_waits_for_no_endpoint(start, endpoint):
    server = start(key_source="timeout: 60s")
    endpoint.knows("opaque")
    endpoint.released.clear()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.verify, "opaque")
        deadline = time.monotonic() + 20
        while not endpoint.asked and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not waiting.done()
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 10
        assert waiting.result().status == 503


def test_S5_14_a_private_address_is_dialled_only_when_that_is_allowed(run, tmp_path, endpoint, issuer):
    trust = issuer.trust(more=entry(tmp_path, endpoint)).replace("allow_private_ip: true", "allow_private_ip: false")
    trust = trust.replace("allow_http: true", "allow_http: true\n    keys: {jwks_file: " + str(tmp_path / "keys") + "}")
    (tmp_path / "keys").write_text(json.dumps({"keys": [issuer.keys[0].jwk()]}))
    server = run("trust:\n" + trust, ready=False)
    assert server.wait_end() == 2
    assert "trust[0].introspection.url:" in server.log() and "allow_private_ip" in server.log()
    assert endpoint.asked == []


@pytest.mark.parametrize("given, fault", [
    ("{url: 'https://a.example/i'}", "needs url, client_id and client_secret_file"),
    ("{client_id: x}", "needs url, client_id and client_secret_file"),
    ("{url: 'http://a.example/i', client_id: x, client_secret_file: SECRET}", "allow_http"),
    ("{url: 'https://a.example/i', client_id: x, client_secret_file: /nowhere}", "client_secret_file"),
    ("{url: 'https://a.example/i', client_id: x, client_secret_file: SECRET, cache: 2h}", "cache")])
def test_S5_14_faults_of_the_configuration(run, tmp_path, given, fault):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "keys").write_text('{"keys":[]}')
    server = run(f"trust:\n  - issuer: https://a.example\n    audiences: [api]\n    keys: {{jwks_file: {tmp_path}/keys}}\n"
                 f"    introspection: {given.replace('SECRET', str(tmp_path / 'secret'))}\n", ready=False)
    assert server.wait_end() == 2
    assert "trust[0].introspection" in server.log() and fault in server.log()


def test_S5_14_one_entry_alone_may_ask(run, tmp_path, endpoint, issuer):
    other = Issuer()
    try:
        both = issuer.trust(more=entry(tmp_path, endpoint)) + other.trust(more=entry(tmp_path, endpoint))
        server = run("trust:\n" + both, ready=False)
        assert server.wait_end() == 2
        assert "trust[1].introspection.url: another entry has one" in server.log()
    finally:
        other.end()


def test_S5_14_without_it_such_a_token_is_malformed(run, issuer):
    assert reason_of(run("trust:\n" + issuer.trust()), "opaque") == "token_malformed"


def test_S5_14_a_reload_begins_and_ends_it(run, tmp_path, endpoint, issuer):
    import signal
    server = run("trust:\n" + issuer.trust())
    token = endpoint.knows("opaque")
    assert reason_of(server, token) == "token_malformed"
    for more, expected in ((entry(tmp_path, endpoint), None), ("", "token_malformed")):
        (server.directory / "jetond.yaml").write_text("trust:\n" + issuer.trust(more=more))
        server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 20
        while reason_of(server, token) != expected and time.monotonic() < deadline:
            time.sleep(0.02)
        assert reason_of(server, token) == expected
