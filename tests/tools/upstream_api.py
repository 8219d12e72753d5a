#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A small upstream API for the gateway: who may read what, and where it lies (doc/GATEWAY.md).

usage: upstream_api.py PORT DOCUMENTS.json     serves on 127.0.0.1 until it is ended

DOCUMENTS.json: {"connections": {ID: document}, "products": {"ACCOUNT/PRODUCT": {"connection": ID, "prefix": TEXT,
"readers": ["*" or the `sub` of a caller, ...]}}}. The caller is told by the short token that jetond sends, whose
signature is checked with jetond's published keys when python3-jwt is there."""
import base64
import http.server
import json
import sys
import urllib.parse
import urllib.request

try:
    import jwt
except ImportError:
    jwt = None


def caller_of(header, api):
    """The `sub` of a good token for this API; None for nobody; False for a token that is not good."""
    if not header:
        return None
    token = header.removeprefix("Bearer ")
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        if jwt is not None:
            keys = jwt.PyJWKClient(claims["iss"] + "/.well-known/jwks.json")
            claims = jwt.decode(token, keys.get_signing_key_from_jwt(token).key, ["ES256", "RS256", "EdDSA"],
                                audience=api, leeway=5)
        return claims["sub"] if claims["aud"] == api else False
    except Exception:  # whatever is wrong with it, it is nobody's
        return False


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world = {}
    api = ""

    def say(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def product(self, name, caller):
        product = self.world["products"].get(name)
        if product is None:
            return None
        return product if "*" in product["readers"] or caller in product["readers"] else None

    def do_GET(self):
        parts = [urllib.parse.unquote(part) for part in self.path.strip("/").split("/")]
        caller = caller_of(self.headers.get("Authorization"), self.api)
        if caller is False:
            self.say(401, {"error": "invalid_token"})
        elif parts[0] == "data-connections" and len(parts) == 2 and parts[1] in self.world["connections"]:
            self.say(200, self.world["connections"][parts[1]])
        elif parts[0] == "products" and len(parts) == 2:
            listed = [name.split("/")[1] for name in self.world["products"]
                      if name.startswith(parts[1] + "/") and self.product(name, caller)]
            self.say(200, {"products": [{"product_id": name} for name in listed]}) if listed else self.say(404, {})
        elif parts[0] == "products" and self.product("/".join(parts[1:3]), caller):
            product = self.product("/".join(parts[1:3]), caller)
            self.say(200, ["read"] if parts[3:] == ["permissions"] else {
                "product_id": parts[2], "disabled": False, "metadata": {"primary_mirror": "main", "mirrors": {
                    "main": {"connection_id": product["connection"], "prefix": product["prefix"]}}}})
        else:
            self.say(404, {"error": "not_found"})

    def log_message(self, *_):
        pass


def main():
    port = int(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        Handler.world = json.load(file)
    Handler.api = f"http://127.0.0.1:{port}"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


main()
