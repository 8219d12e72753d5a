# SPDX-License-Identifier: Apache-2.0
"""The gateway whole, on loopback: an upstream API whose every answer is decided by the test, stores that tell what they
were asked, nginx in front of jetond, and nginx over a plain directory."""
import datetime
import hashlib
import hmac
import http.client
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
import xml.etree.ElementTree
from xml.sax.saxutils import escape

from issuer import Issuer
from jetond import Jetond, read_answer

ROOT = pathlib.Path(__file__).resolve().parents[2]
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """An HTTP server whose `serve(handler)` is its subclass's; keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.held = threading.Event()
        self.held.set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.body = self.rfile.read(length) if length else b""
                outer.asked.append((self.command, self.path, dict(self.headers), self.body))
                outer.held.wait(30)
                try:
                    outer.serve(self)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_one

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_):
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @staticmethod
    def answer(handler, status, body=b"", headers=(), kind="application/json"):
        handler.send_response(status)
        if "Content-Type" not in dict(headers):
            handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    def end(self):
        self.held.set()
        self.server.shutdown()
        self.server.server_close()


class Api(Server):
    """`documents`: path → a document, or a status, or bytes."""

    def __init__(self):
        super().__init__()
        self.documents = {}

    def product(self, account, product, connection="main", prefix=None, permissions=("read",), disabled=False):
        place = f"/products/{urllib.parse.quote(account, safe='')}"
        self.documents[f"{place}/{urllib.parse.quote(product, safe='')}"] = {
            "product_id": product, "disabled": disabled, "metadata": {
                "primary_mirror": "here", "mirrors": {"here": {
                    "connection_id": connection,
                    "prefix": f"{account}/{product}/" if prefix is None else prefix}}}}
        self.documents[f"{place}/{urllib.parse.quote(product, safe='')}/permissions"] = list(permissions)
        listed = self.documents.setdefault(place, {"products": []})["products"]
        if product not in [one["product_id"] for one in listed]:
            listed.append({"product_id": product})

    def connection(self, connection="main", kind="anonymous", bucket="bucket", read_only=False, base_prefix="data/",
                   region="eu-central-1"):
        self.documents[f"/data-connections/{connection}"] = {
            "data_connection_id": connection, "read_only": read_only, "authentication": {"type": kind},
            "details": {"provider": "s3", "bucket": bucket, "region": region, "base_prefix": base_prefix}}

    def serve(self, handler):
        answer = self.documents.get(handler.path, 404)
        if isinstance(answer, int):
            self.answer(handler, answer, b'{"error":"no"}')
        else:
            self.answer(handler, 200, answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def paths(self):
        return [path for _, path, _, _ in self.asked]


class Store(Server):
    """Tells in its answer nothing but that it was asked; `answers` to be given in turn, else a 200."""

    def __init__(self):
        super().__init__()
        self.reply = (200, b"the object", [])

    def serve(self, handler):
        status, body, headers = self.reply
        self.answer(handler, status, body, headers, "binary/octet-stream")


class Shelf(Server):
    """A small object store in memory: whole objects, ListObjectsV2; takes what is signed by `key` alone, and nothing else."""

    def __init__(self, key=None):
        super().__init__()
        self.key = key
        self.objects = {}

    def serve(self, handler):
        asked = self.asked[-1] if not self.key else (handler.command, handler.path, dict(handler.headers), handler.body)
        if self.key and not ("Authorization" in handler.headers and signature_fits(asked, *self.key)):
            self.answer(handler, 403)
            return
        path, _, query = handler.path.partition("?")
        _, bucket, *key = urllib.parse.unquote(path).split("/", 2)
        key = key[0] if key else ""
        if handler.command == "PUT":
            self.objects[key] = handler.body
            self.answer(handler, 200, headers=[("ETag", '"' + hashlib.md5(handler.body).hexdigest() + '"')])
        elif handler.command == "DELETE":
            self.objects.pop(key, None)
            self.answer(handler, 204)
        elif key == "":
            self.answer(handler, 200, self.listing(bucket, dict(urllib.parse.parse_qsl(query))), kind="application/xml")
        elif key in self.objects:
            body, status, more = self.objects[key], 200, []
            if handler.headers.get("Range"):
                first, last = handler.headers["Range"].removeprefix("bytes=").split("-")
                last = min(int(last or len(body) - 1), len(body) - 1)
                more = [("Content-Range", f"bytes {first}-{last}/{len(body)}")]
                body, status = body[int(first):last + 1], 206
            self.answer(handler, status, body, [("ETag", '"' + hashlib.md5(self.objects[key]).hexdigest() + '"'),
                                                ("Last-Modified", "Tue, 24 Nov 2026 03:00:00 GMT"), *more],
                        "binary/octet-stream")
        else:
            self.answer(handler, 404)

    def listing(self, bucket, fields):
        def shown(text):
            return urllib.parse.quote(text) if fields.get("encoding-type") else escape(text)

        prefix, delimiter = fields.get("prefix", ""), fields.get("delimiter")
        after = fields.get("continuation-token") or fields.get("start-after") or fields.get("marker") or ""
        found, most = [], int(fields.get("max-keys", 1000))
        for key in sorted(self.objects):
            if not key.startswith(prefix):
                continue
            rest = key[len(prefix):]
            name = prefix + rest.split(delimiter)[0] + delimiter if delimiter and delimiter in rest else key
            if name > after and name not in found:
                found.append(name)
        page = found[:most]
        parts = [f"<Name>{bucket}</Name><Prefix>{shown(prefix)}</Prefix><MaxKeys>{most}</MaxKeys>"
                 f"<KeyCount>{len(page)}</KeyCount><IsTruncated>{'true' if len(found) > most else 'false'}</IsTruncated>"]
        if fields.get("encoding-type"):
            parts.append("<EncodingType>url</EncodingType>")
        if len(found) > most:
            parts.append(f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>")
        for name in page:
            if name in self.objects:
                parts.append(f"<Contents><Key>{shown(name)}</Key><LastModified>2026-11-24T03:00:00.000Z</LastModified>"
                             f"<ETag>&quot;{hashlib.md5(self.objects[name]).hexdigest()}&quot;</ETag>"
                             f"<Size>{len(self.objects[name])}</Size><StorageClass>STANDARD</StorageClass></Contents>")
            else:
                parts.append(f"<CommonPrefixes><Prefix>{shown(name)}</Prefix></CommonPrefixes>")
        return ('<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
                "".join(parts) + "</ListBucketResult>").encode()


class Sts(Server):
    """Gives credentials, or the error that `error` names."""

    def __init__(self):
        super().__init__()
        self.error = None
        self.raw = None
        self.lasts = 3600
        self.given = 0

    def serve(self, handler):
        self.given += 1
        if self.raw is not None:
            self.answer(handler, 200, self.raw, kind="text/xml")
            return
        if self.error:
            body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{self.error}</Code><Message>arn:aws:iam::1:role/x" \
                   "</Message></Error></ErrorResponse>"
            self.answer(handler, 400, body.encode(), kind="text/xml")
            return
        ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.lasts)
        body = "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">" \
               f"<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA{self.given}</AccessKeyId>" \
               f"<SecretAccessKey>secret{self.given}</SecretAccessKey><SessionToken>token{self.given}</SessionToken>" \
               f"<Expiration>{ends.strftime('%Y-%m-%dT%H:%M:%SZ')}</Expiration></Credentials>" \
               "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
        self.answer(handler, 200, body.encode(), kind="text/xml")

    def forms(self):
        return [dict(urllib.parse.parse_qsl(body.decode())) for _, _, _, body in self.asked]


class Nginx:
    def __init__(self, directory, text, port):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        conf = self.directory / "nginx.conf"
        conf.write_text(("user root;\n" if os.geteuid() == 0 else "") + text)
        self.errors = open(self.directory / "stderr", "wb")
        self.process = subprocess.Popen([NGINX, "-p", str(self.directory), "-c", str(conf), "-g", "daemon off;"],
                                        stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < until, self.log()
                time.sleep(0.02)

    def log(self):
        return (self.directory / "stderr").read_text(errors="replace")

    def end(self):
        self.process.terminate()
        self.process.wait(20)
        self.errors.close()

    def request(self, method, target, headers=(), body=None, host=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        if not any(name.lower() == "host" for name, _ in headers):
            connection.putheader("Host", host or f"127.0.0.1:{self.port}")
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return read_answer(connection)

    def get(self, target, headers=()):
        return self.request("GET", target, headers)


def gateway_conf(run, port, jetond, body_max="64m"):
    text = (ROOT / "packaging/gateway/nginx.conf").read_text()
    authorities = "/etc/ssl/certs/ca-certificates.crt"
    for name, value in (("LISTEN", f"127.0.0.1:{port}"), ("JETOND", jetond.url.removeprefix("http://")),
                        ("RUN", str(run)), ("CA", authorities), ("RESOLVER", ""), ("BODY_MAX", body_max)):
        text = text.replace(f"@{name}@", value)
    return text


def directory_conf(run, port, root):
    """A plain nginx over a directory: the simplest store for reads that nobody signs."""
    return f"""worker_processes 1; pid {run}/nginx.pid; error_log {run}/error.log;
events {{ worker_connections 512; }}
http {{ client_body_temp_path {run}/body; proxy_temp_path {run}/proxy; fastcgi_temp_path {run}/unused;
    uwsgi_temp_path {run}/unused; scgi_temp_path {run}/unused; access_log {run}/access.log; sendfile on;
    default_type application/octet-stream;
    server {{ listen 127.0.0.1:{port}; root {root}; autoindex off; }} }}
"""


def signature_fits(asked, access_key_id, secret, service="s3", region="eu-central-1"):
    """Does a request that a store got carry the AWS Signature Version 4 of this secret?"""
    method, target, headers, _ = asked
    low = {name.lower(): value for name, value in headers.items()}
    fields = dict(part.strip().split("=", 1) for part in low["authorization"].split(" ", 1)[1].split(","))
    key_id, day, where, what, end = fields["Credential"].split("/")
    assert (key_id, where, what, end) == (access_key_id, region, service, "aws4_request"), fields
    path, _, query = target.partition("?")
    canonical_query = "&".join(sorted(part if "=" in part else part + "=" for part in query.split("&") if part))
    names = fields["SignedHeaders"].split(";")
    canonical = "\n".join([method, path, canonical_query, *[f"{name}:{low[name]}" for name in names], "",
                           ";".join(names), low["x-amz-content-sha256"]])
    text = "\n".join(["AWS4-HMAC-SHA256", low["x-amz-date"], "/".join([day, where, what, end]),
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (day, where, what, end):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), fields["Signature"])


def code_of(answer):
    tree = xml.etree.ElementTree.fromstring(answer.body)
    assert tree.tag == "Error" and [child.tag for child in tree] == ["Code", "Message", "Resource", "RequestId"]
    assert answer.header("Content-Type") == "application/xml"
    return answer.status, tree.findtext("Code")


BODY = bytes(range(256)) * 40


class World:
    """Everything between a client and its object."""

    def __init__(self, stack, directory, more="", store=None):
        self.api, self.store, self.sts, self.issuer = Api(), store or Store(), Sts(), Issuer("caller")
        for server in (self.api, self.store, self.sts, self.issuer):
            stack.callback(server.end)
        self.root = directory / "objects"
        objects = self.root / "bucket/data/acme/maps"
        objects.mkdir(parents=True)
        (objects / "tile.bin").write_bytes(BODY)
        (objects / "a b+c&d.txt").write_bytes(b"odd")
        (objects / "deep").mkdir()
        (objects / "deep/one.txt").write_bytes(b"one")
        port = free_port()
        self.plain = Nginx(directory / "plain", directory_conf(directory / "plain", port, self.root), port)
        stack.callback(self.plain.end)
        secret = directory / "store.secret"
        secret.write_text("not told\n")
        secret.chmod(0o600)
        loose = "allow_http: true, allow_private_ip: true"
        self.config = f"""
signing: {{nbf_skew: 5s}}
trust:
{self.issuer.trust()}
verify: {{audiences: [api]}}
gateway:
  upstream_api: {self.api.url}
  allow_http: true
  allow_private_ip: true
  timeout: 700ms
  domain: s3.example
  ttl: {{product: 5m, connection: 5m, list: 1m, permissions: 1m}}
  backends:
    main: {{endpoint: "{self.plain.url}", auth: anonymous, {loose}}}
    told: {{endpoint: "{self.store.url}", auth: anonymous, {loose}}}
    own: {{endpoint: "{self.store.url}", auth: static, access_key_id: AKIDOWN, secret_access_key_file: {secret}, {loose}}}
    fed: {{endpoint: "{self.store.url}", auth: federated, sts_endpoint: "{self.sts.url}/", role_arn: "arn:aws:iam::1:role/reader", {loose}}}
{more.replace("ISSUER", self.issuer.url)}"""
        (directory / "jetond").mkdir()
        self.jetond = Jetond(directory / "jetond", self.config).wait_ready()
        stack.callback(self.jetond.stop)
        port = free_port()
        self.run = directory / "gateway"
        self.gateway = Nginx(self.run, gateway_conf(self.run, port, self.jetond), port)
        stack.callback(self.gateway.end)
        for kind, connection in (("anonymous", "main"), ("anonymous", "told"), ("static", "own"), ("federated", "fed")):
            self.api.connection(connection, kind)
        for product, connection in (("maps", "main"), ("told", "told"), ("own", "own"), ("fed", "fed")):
            self.api.product("acme", product, connection)

    def bearer(self, subject="ada", **changes):
        return [("Authorization", "Bearer " + self.issuer.sign(sub=subject, **changes))]
