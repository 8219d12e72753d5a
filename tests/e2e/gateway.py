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

from jetond import Answer, read_answer

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

    def request(self, method, target, headers=(), body=None, host="127.0.0.1"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        if not any(name.lower() == "host" for name, _ in headers):
            connection.putheader("Host", host)
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


__all__ = ["Answer", "Api", "Nginx", "Store", "Sts", "directory_conf", "free_port", "gateway_conf", "signature_fits"]
