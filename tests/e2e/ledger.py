# SPDX-License-Identifier: Apache-2.0
"""What a server said it did, kept outside of it: whatever it answered before it was killed must hold after it came back.

What was asked and not answered is in doubt, and stays as it was or was done, whole. Every check here raises when a promise
is broken; none is about how the server works."""
import contextlib
import http.client
import json
import random
import socket
import threading
import time
import urllib.parse
import uuid

from issuer import Key
from jetond import Jetond, basic_of, claims_of, decode_part

ISSUER = "https://tokens.example"
SECRET = "the secret of web 0123456789"
MANY = 30  # clients with a key: each may fail ten times a minute
MAX_AGE = 1
CONFIG = """\
issuer: {issuer}
signing: {{token_ttl: 2m, rotate_every: 10m, publish_ahead: 2s, jwks_max_age: {max_age}s}}
verify: {{audiences: [api]}}
clients:
  - {{id: web, secret_file: {directory}/web, grants: [client_credentials, token-exchange], audiences: [api], scopes: [read]}}
"""
BROKEN = (ConnectionError, http.client.HTTPException, socket.timeout, OSError)
GOOD, DOUBT, GONE = "good", "in doubt", "gone"


def header_of(token):
    return json.loads(decode_part(token.split(".")[0]))


class Token:
    def __init__(self, text):
        claims = claims_of(text)
        self.text, self.kid, self.until = text, header_of(text)["kid"], claims["exp"] - 20  # while it is surely good
        self.client, self.expires_at = claims["client_id"], claims["exp"]
        self.state = GOOD


class Assertion:
    def __init__(self, client, key):
        now = int(time.time())
        self.client, self.state, self.until = client, DOUBT, time.time() + 500
        self.text = key.sign({"iss": client, "sub": client, "aud": ISSUER, "iat": now, "exp": now + 600,
                              "jti": str(uuid.uuid4())})


class Ledger:
    """One state, run after run."""

    def __init__(self, directory, seed):
        self.directory, self.random = directory, random.Random(seed)
        self.key = Key("batch-key")
        self.lock = threading.Lock()
        self.tokens, self.assertions = [], []
        self.keys = {}  # kid: GOOD, DOUBT or GONE, by what was revoked of them
        self.kept, self.fetched_at = None, 0.0  # the set of a party that keeps it for max-age, and when it asked
        self.turn = self.emergencies = 0
        self.counts = dict.fromkeys(("tokens", "revoked", "exchanged", "asserted", "rotated", "keys revoked", "known ahead"), 0)
        config = CONFIG.format(issuer=ISSUER, directory=directory, max_age=MAX_AGE)
        (directory / "web").write_text(SECRET)
        (directory / "web").chmod(0o600)
        (directory / "key.json").write_text(json.dumps(self.key.jwk()))
        self.config = config + "".join(
            f"  - {{id: c{i}, keys: {{key_files: [{directory}/key.json]}}, audiences: [api]}}\n" for i in range(MANY))

    def start(self, ready=True):
        server = Jetond(self.directory, self.config)
        return server.wait_ready() if ready else server

    # --- What a client does; an answer that does not come leaves a doubt ---

    def mint(self, server):
        gone = self.gone()
        answer = server.ask([("grant_type", "client_credentials")], client=("web", SECRET))
        assert answer.status == 200, answer.body
        self.took(server, answer, gone)

    def gone(self):
        with self.lock:
            return {kid for kid, state in self.keys.items() if state == GONE}

    def took(self, server, answer, gone):
        """`gone`: the keys that were revoked when it was asked for."""
        token = Token(answer.json()["access_token"])
        assert token.kid not in gone, "signed by a revoked key"
        with self.lock:
            self.tokens.append(token)
            self.counts["tokens"] += 1
        self.judge_by_kept_set(server, token)
        return token

    def assert_once(self, server):
        with self.lock:
            self.turn += 1
            assertion = Assertion(f"c{self.turn % MANY}", self.key)
            self.assertions.append(assertion)
        gone = self.gone()
        answer = self.send(server, assertion)
        assert answer.status == 200, answer.body
        assertion.state = GONE
        self.counts["asserted"] += 1
        self.took(server, answer, gone)

    @staticmethod
    def send(server, assertion):
        return server.ask([("grant_type", "client_credentials"), ("client_assertion", assertion.text),
                           ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")],
                          basic=False)

    def revoke_one(self, server):
        with self.lock:
            good = [token for token in self.tokens if token.state == GOOD and token.client == "web"]
            if len(good) < 5:
                return
            token = self.random.choice(good)
            token.state = DOUBT
        answer = self.send_revocation(server, token)
        if self.keys.get(token.kid, GOOD) == GOOD:
            assert answer.status == 200, answer.body
            token.state = GONE
            self.counts["revoked"] += 1

    def exchange(self, server):
        """A new token for one of its own: none for a revoked one, and none that lives longer."""
        with self.lock:
            good = [token for token in self.tokens if token.state == GOOD]
            if not good:
                return
            token = self.random.choice(good)
        gone = self.gone()
        answer = self.send_exchange(server, token)
        if answer.status == 200:
            new = self.took(server, answer, gone)
            assert new.expires_at <= token.expires_at
            self.counts["exchanged"] += 1
        else:  # revoked meanwhile, or its key
            assert token.state != GOOD or self.is_revoked(token.kid), answer.body

    @staticmethod
    def send_exchange(server, token):
        return server.ask([("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token", token.text),
                           ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token")], client=("web", SECRET))

    @staticmethod
    def send_revocation(server, token):
        return server.request("POST", "/revoke", [("Authorization", basic_of("web", SECRET)), (
            "Content-Type", "application/x-www-form-urlencoded")], urllib.parse.urlencode({"token": token.text}).encode())

    def header(self, server):
        """Of a token that is not written down."""
        return header_of(server.mint([("grant_type", "client_credentials")], client=("web", SECRET)))

    # --- What an operator does ---

    def control(self, server, **request):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)
            connection.connect(str(server.state / "control.sock"))
            connection.sendall(json.dumps(request).encode() + b"\n")
            text = b""
            while not text.endswith(b"\n"):
                more = connection.recv(65536)
                if not more:
                    raise ConnectionError("no answer")
                text += more
        return json.loads(text)

    def rotate(self, server):
        answer = self.control(server, do="rotate")
        assert answer["ok"], answer
        self.counts["rotated"] += 1

    def reseal(self, server):
        answer = self.control(server, do="reseal")
        assert answer["ok"], answer

    def revoke_key(self, server):
        with self.lock:
            kid = self.random.choice(list(self.published(server)))
            self.keys[kid] = DOUBT
            self.kept = None  # an emergency keeps no promise to those who keep the set
            self.emergencies += 1
        answer = self.control(server, do="revoke", kid=kid)
        assert answer["ok"], answer
        with self.lock:
            self.keys[kid] = GONE
            self.kept = None
            self.emergencies += 1
            self.counts["keys revoked"] += 1

    # --- What a relying party sees ---

    @staticmethod
    def published(server):
        answer = server.get("/.well-known/jwks.json")
        assert answer.status == 200
        assert answer.header("Cache-Control") == f"public, max-age={MAX_AGE}"
        keys = {key["kid"] for key in answer.json()["keys"]}
        assert all("d" not in key for key in answer.json()["keys"])
        return keys

    def judge_by_kept_set(self, server, token):
        """A party that keeps the set for exactly max-age, through kills and all, knows the key of every token it gets."""
        with self.lock:
            now, emergencies = time.monotonic(), self.emergencies
            if self.kept is not None and now - self.fetched_at <= MAX_AGE:
                assert token.kid in self.kept or self.is_revoked(token.kid) or self.revoking(), \
                    f"signed by {token.kid}, which nobody could know {now - self.fetched_at:.3f} s ago: {self.kept}"
                self.counts["known ahead"] += 1
                return
        keys = self.published(server)
        with self.lock:
            assert token.kid in keys or self.is_revoked(token.kid), f"signed by {token.kid}, which is not published: {keys}"
            if emergencies == self.emergencies and not self.revoking():
                self.kept, self.fetched_at = keys, now
            for kid in keys:
                self.keys.setdefault(kid, GOOD)

    def is_revoked(self, kid):
        """Or perhaps."""
        return self.keys.get(kid, GOOD) != GOOD

    def revoking(self):
        return DOUBT in self.keys.values()

    # --- After it came back ---

    def check(self, server, tokens=12, assertions=4):
        """All that was answered holds. Of tokens and assertions the latest, and some others."""
        keys = self.published(server)
        self.check_keys(keys)
        now = time.time()
        self.tokens = [token for token in self.tokens if token.until > now]
        self.assertions = [assertion for assertion in self.assertions if assertion.until > now]
        for token in self.some(self.tokens, tokens):
            self.check_token(server, token)
        for token in self.some([token for token in self.tokens if token.state == GONE], 2):
            answer = self.send_exchange(server, token)
            assert (answer.status, answer.json()["error"]) == (400, "invalid_request"), answer.body
        for assertion in self.some(self.assertions, assertions):
            if assertion.state == GONE:
                answer = self.send(server, assertion)
                assert answer.status != 200, "an assertion was good twice"
                assert (answer.status, answer.json()["error"]) == (401, "invalid_client"), answer.body

    def some(self, items, count):
        return items[-count // 2:] + self.random.sample(items, min(count // 2, len(items)))

    def check_keys(self, keys):
        for kid, state in self.keys.items():
            if state == DOUBT:  # now it is known: it was done, or it was not
                self.keys[kid] = GOOD if kid in keys else GONE
        lost = {kid for kid, state in self.keys.items() if state == GOOD} - keys
        assert not lost, f"keys were lost: {lost}"
        back = {kid for kid, state in self.keys.items() if state == GONE} & keys
        assert not back, f"revoked keys are back: {back}"
        for kid in keys:
            self.keys.setdefault(kid, GOOD)

    def check_token(self, server, token):
        answer = server.verify(token.text)
        reason = None if answer.status == 200 else answer.json()["reason"]
        if self.keys[token.kid] == GONE:
            assert reason == "key_unknown", f"a token of a revoked key: {reason}"
        elif token.state == DOUBT:
            assert reason in (None, "token_revoked"), reason
            token.state = GOOD if reason is None else GONE
        else:
            wanted = None if token.state == GOOD else "token_revoked"
            assert reason == wanted, f"a token that was {token.state}: {reason}"


class Load:
    """Clients and an operator at work until the server is gone; a failure that is no broken connection is kept."""

    def __init__(self, ledger, server, works):
        self.ledger, self.server = ledger, server
        self.failures, self.stopped = [], threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(work,)) for work in works]

    def run(self, work):
        try:
            while not self.stopped.is_set():
                work(self.server)
        except BROKEN:
            pass
        except BaseException as failure:  # pylint: disable=broad-except
            self.failures.append(failure)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise self.failures[0]


@contextlib.contextmanager
def ended(server):
    """The server is gone when this ends, however it ends."""
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.process.wait()
        server.process.stdout.close()
