# SPDX-License-Identifier: Apache-2.0
"""An issuer on loopback whose every answer is decided by the test: rotates, lies, hangs, goes down, comes back."""
import http.server
import json
import threading
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from jetond import encode_part


class Key:
    """An ES256 key under a key id."""

    def __init__(self, kid):
        self.kid = kid
        self.private = ec.generate_private_key(ec.SECP256R1())

    def jwk(self):
        numbers = self.private.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
                "x": encode_part(numbers.x.to_bytes(32, "big")), "y": encode_part(numbers.y.to_bytes(32, "big"))}

    def sign(self, claims, header=None):
        full = {"alg": "ES256", "typ": "JWT", "kid": self.kid, **(header or {})}
        full = {name: value for name, value in full.items() if value is not None}
        text = encode_part(full) + "." + encode_part(claims)
        r, s = decode_dss_signature(self.private.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return text + "." + encode_part(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


class Issuer:
    """`keys` are published, the last one signs; `answer` (None: the key set) takes the place of what is served: a number
    is a status, bytes are a body; `held` makes every request for keys wait until it is cleared."""

    def __init__(self, name="key"):
        self.name, self.made = name, 0
        self.keys = []
        self.answer = None
        self.headers = {}
        self.released = threading.Event()
        self.released.set()
        self.fetches = []  # when keys were asked for, and with which Authorization
        self.rotate()
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.serve(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def rotate(self, keep=True, kid=None):
        self.made += 1
        key = Key(kid or f"{self.name}-{self.made}")
        self.keys = (self.keys if keep else []) + [key]
        return key

    def serve(self, request):
        discovery = request.path == "/.well-known/openid-configuration"
        if not discovery:
            self.fetches.append((time.monotonic(), request.headers.get("Authorization")))
            # What is sent is what there was when the request came.
            document = {"keys": [key.jwk() for key in self.keys]}
            self.released.wait(60)
        else:
            document = {"issuer": self.url, "jwks_uri": self.url + "/keys"}
        if isinstance(self.answer, int):
            request.send_error(self.answer)
            return
        body = self.answer if isinstance(self.answer, bytes) and not discovery else json.dumps(document).encode()
        try:
            request.send_response(200)
            request.send_header("Content-Type", "application/json")
            request.send_header("Content-Length", str(len(body)))
            for name, value in self.headers.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def hold(self):
        self.released.clear()

    def release(self):
        self.released.set()

    def claims(self, **changes):
        now = int(time.time())
        claims = {"iss": self.url, "sub": "ada", "aud": "api", "iat": now, "exp": now + 600}
        claims.update(changes)
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, key=None, header=None, **changes):
        return (key or self.keys[-1]).sign(self.claims(**changes), header)

    def trust(self, key_source="", more="", audiences="audiences: [api]"):
        """An entry of `trust` for it."""
        return (f"  - issuer: {self.url}\n    {audiences}\n    allow_http: true\n    allow_private_ip: true\n" +
                (f"    key_source: {{{key_source}}}\n" if key_source else "") + more)

    def end(self):
        self.release()
        self.server.shutdown()
        self.server.server_close()
