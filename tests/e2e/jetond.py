# SPDX-License-Identifier: Apache-2.0
"""A real jetond on loopback, and ways to talk to it: proper requests, and bytes that no proper client sends."""
import base64
import http.client
import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.parse

PROGRAM = os.environ["JETOND"]
SANITIZED = os.environ.get("JT_SANITIZED") == "true"
START_SECONDS = 30


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def header(self, name):
        return self.headers.get(name)

    def json(self):
        return json.loads(self.body)


def eventually(condition, seconds=60):
    """What `condition` gives once that is true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it never came to be")


class Jetond:
    """One run of the program. `directory` holds its state, its configuration and what it wrote."""

    def __init__(self, directory, config=None, arguments=(), environment=None, listen="127.0.0.1:0", program=PROGRAM):
        self.directory = pathlib.Path(directory)
        self.state = self.directory / "state"
        self.errors = self.directory / "stderr"
        self.listen = listen
        command = [program]
        if config is not None:
            file = self.directory / "jetond.yaml"
            file.write_text(config)
            command += ["--config", str(file)]
        if listen is not None:
            command += ["--listen", listen]
        command += ["--state", str(self.state), *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=open(self.errors, "wb"), env={**os.environ, **(environment or {})})
        self.url = None

    def log(self):
        return self.errors.read_text(errors="replace")

    def wait_ready(self):
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            for line in self.log().splitlines():
                if line.startswith("jetond: listening on "):
                    self.url = line.removeprefix("jetond: listening on ")
                    return self
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise AssertionError(f"jetond did not start: {self.process.poll()}\n{self.log()}")

    def wait_end(self, seconds=START_SECONDS):
        return self.process.wait(seconds)

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(20)
        self.process.stdout.close()
        return status

    def socket(self, timeout=20):
        if self.url.startswith("unix:"):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(timeout)
            connection.connect(self.url.removeprefix("unix:"))
            return connection
        where = urllib.parse.urlsplit(self.url)
        return socket.create_connection((where.hostname, where.port), timeout)

    def request(self, method, path, headers=(), body=None):
        """`headers` is a list of pairs: one name may come twice."""
        connection = http.client.HTTPConnection("jetond", timeout=20)
        connection.sock = self.socket()
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        names = {name.lower() for name, _ in headers}
        if "host" not in names:
            connection.putheader("Host", "jetond")
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return read_answer(connection)

    def get(self, path, headers=()):
        return self.request("GET", path, headers)

    def client(self):
        return json.loads((self.state / "first-client.json").read_text())

    def ask(self, form=None, headers=(), client=None, basic=True):
        """POST /token for the first client, or for `client` (id, secret)."""
        if client is None and basic:
            first = self.client()
            client = (first["client_id"], first["client_secret"])
        headers = list(headers)
        if basic:
            headers.append(("Authorization", basic_of(*client)))
        fields = [("grant_type", "client_credentials")] if form is None else form
        body = fields if isinstance(fields, bytes) else urllib.parse.urlencode(fields).encode()
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        return self.request("POST", "/token", headers, body)

    def mint(self, form=None, client=None):
        answer = self.ask(form, client=client)
        assert answer.status == 200, answer.body
        return answer.json()["access_token"]

    def verify(self, token, path="/verify", headers=()):
        return self.request("GET", path, [("Authorization", f"Bearer {token}"), *headers])

    def raw(self, data, timeout=20):
        """Sends bytes, gives everything that comes back until the server closes."""
        with self.socket(timeout) as connection:
            try:
                connection.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return read_all(connection)

    def issuer(self, *arguments, status=0, input=None):
        """jeton issuer …; gives its answer, or what it says on standard error when it is to end with another status."""
        result = subprocess.run([os.environ["JETON"], "issuer", arguments[0], "--state", str(self.state),
                                 *arguments[1:]], capture_output=True, timeout=60, input=input)
        assert result.returncode == status, (result.returncode, result.stdout, result.stderr)
        return json.loads(result.stdout) if status == 0 else result.stderr.decode()

    def keys(self):
        return self.get("/.well-known/jwks.json").json()["keys"]

    def kids(self, state):
        return [key["kid"] for key in self.issuer("status")["keys"] if key["state"] == state]

    def resident_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")


def read_answer(connection):
    response = connection.getresponse()
    answer = Answer(response.status, response.headers, response.read())
    connection.close()
    return answer


def read_all(connection):
    received = b""
    while True:
        try:
            more = connection.recv(65536)
        except ConnectionResetError:
            return received
        if not more:
            return received
        received += more


def basic_of(client, secret):
    quoted = urllib.parse.quote_plus(client) + ":" + urllib.parse.quote_plus(secret)
    return "Basic " + base64.b64encode(quoted.encode()).decode()


def decode_part(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encode_part(data):
    if not isinstance(data, bytes):
        data = json.dumps(data, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_of(token):
    return json.loads(decode_part(token.split(".")[1]))


def unsealed_key(state):
    """The server's own private key, opened as documented: nonce, AES-256-GCM, tag; bound to its row."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    with sqlite3.connect(f"file:{state}/jetond.db?mode=ro", uri=True) as database:
        kid, algorithm, where, sealed = database.execute("SELECT kid, algorithm, state, sealed FROM keys").fetchone()
    bond = b"jetond key 1"
    for part in (kid, algorithm, where):
        bond += len(part).to_bytes(4, "big") + part.encode()
    plain = AESGCM((pathlib.Path(state) / "seal.key").read_bytes()).decrypt(sealed[:12], sealed[12:], bond)
    return kid, algorithm, load_der_private_key(plain, None)


def sign(state, claims, header=None):
    """A token over any claims with the server's own ES256 key."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    kid, algorithm, key = unsealed_key(state)
    full = {"alg": algorithm, "typ": "at+jwt", "kid": kid, **(header or {})}
    full = {name: value for name, value in full.items() if value is not None}
    text = encode_part(full) + "." + encode_part(claims)
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return text + "." + encode_part(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
