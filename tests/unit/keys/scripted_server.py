# SPDX-License-Identifier: Apache-2.0
"""A server that misbehaves on demand: each path is a script of raw bytes. Plain or TLS, on a port the kernel picks.

Used by test_fetch.py here and by the runner of tests/cli."""
import json
import os
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import threading

KEY = {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
       "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "kid": "k1", "use": "sig", "alg": "ES256"}
SECRET_TEXT = "do-not-echo-this-body"
# A program after these words has networks and mounts of its own. Root needs no user namespace for that, and has none in
# a chroot.
NETWORK_OF_ITS_OWN = (["unshare"] + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"])
                      + ["--net", "--mount", sys.executable])


def reply(body, status="200 OK", headers=(), length=True):
    if isinstance(body, str):
        body = body.encode()
    lines = ["HTTP/1.1 " + status, "Connection: close", "Content-Type: application/json", *headers]
    if length:
        lines.append("Content-Length: %d" % len(body))
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def certificate(folder, name, names="DNS:localhost,IP:127.0.0.1"):
    """A self-made authority and nothing else: the certificate signs itself. None when openssl is not there."""
    if shutil.which("openssl") is None:
        return None
    key, cert = os.path.join(folder, name + ".key"), os.path.join(folder, name + ".pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=" + name,
                    "-addext", "subjectAltName=" + names],
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return cert, key


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, tls=None, body=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        self.scheme = "https" if tls else "http"
        self.base = "%s://127.0.0.1:%d" % (self.scheme, self.port)
        self.local = "%s://localhost:%d" % (self.scheme, self.port)
        self.body = body if body is not None else json.dumps({"keys": [KEY]})
        self.requests = []
        self.more = {}  # path: bytes, or a function of the server and the head
        self.streams = {}  # path: a function of the server, the connection and the head
        self.over = threading.Event()
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def stop(self):
        self.over.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # clients leave early here, that is the point


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        link = self.request
        link.settimeout(20)
        if self.server.context is not None:
            link = self.server.context.wrap_socket(link, server_side=True)
        head = b""
        while b"\r\n\r\n" not in head and len(head) < 65536:
            got = link.recv(4096)
            if not got:
                return
            head += got
        text = head.decode("latin-1")
        path = text.split(" ")[1]
        self.server.requests.append(text)
        try:
            self.answer(link, path, text)
        finally:
            try:
                # A clean end: close_notify for TLS, then FIN.
                if isinstance(link, ssl.SSLSocket):
                    link = link.unwrap()
                link.shutdown(socket.SHUT_RDWR)
            except (OSError, ValueError):
                pass
            link.close()

    def answer(self, link, path, head):
        server = self.server
        if path in server.streams:
            server.streams[path](server, link, head)
            return
        if path in server.more:
            made = server.more[path]
            link.sendall(made(server, head) if callable(made) else made)
            return
        step = getattr(self, "do_" + path.strip("/").replace("-", "_").split("?")[0], None)
        if step is None:
            link.sendall(reply("no such script", "404 Not Found"))
        else:
            step(link, head)

    # --- Good ones. ---

    def do_good(self, link, head):
        link.sendall(reply(self.server.body, headers=["ETag: \"v1\"", "Cache-Control: public", "cache-control: max-age=60",
                                                      "Age: 5", "Date: Tue, 24 Nov 2026 03:00:00 GMT"]))

    def do_no_length(self, link, head):
        link.sendall(reply(self.server.body, length=False))

    def do_chunked(self, link, head):
        body = self.server.body.encode()
        link.sendall(reply("", headers=["Transfer-Encoding: chunked"], length=False))
        for i in range(0, len(body), 7):
            link.sendall(b"%x\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7]))
        link.sendall(b"0\r\n\r\n")

    def do_etag(self, link, head):
        same = 'if-none-match: "v1"' in head.lower()
        link.sendall(reply("", "304 Not Modified", ["ETag: \"v1\""], length=False) if same
                     else reply(self.server.body, headers=["ETag: \"v1\""]))

    # --- Bad ones. ---

    def do_not_modified(self, link, head):
        link.sendall(reply("", "304 Not Modified", length=False))

    def do_too_large_by_length(self, link, head):
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + SECRET_TEXT.encode())

    def do_too_large_by_stream(self, link, head):
        link.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(10000):
            link.sendall(b"x" * 1000)

    def do_cut_short(self, link, head):
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + SECRET_TEXT.encode())

    def do_cut_chunk(self, link, head):
        link.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")

    def do_gzip(self, link, head):
        link.sendall(reply(SECRET_TEXT, headers=["Content-Encoding: gzip"]))

    def do_gzip_transfer(self, link, head):
        link.sendall(reply(SECRET_TEXT, headers=["Transfer-Encoding: gzip, chunked"], length=False))

    def do_redirect(self, link, head):
        link.sendall(reply(SECRET_TEXT, "302 Found", ["Location: " + self.server.base + "/good"]))

    def do_redirect_relative(self, link, head):
        link.sendall(reply(SECRET_TEXT, "307 Temporary", ["Location: /redirect"]))

    def do_redirect_for_ever(self, link, head):
        link.sendall(reply("", "301 Moved", ["Location: redirect-for-ever"]))

    def do_redirect_away(self, link, head):
        link.sendall(reply("", "302 Found", ["Location: " + self.server.away]))

    def do_redirect_to_metadata(self, link, head):
        link.sendall(reply("", "302 Found", ["Location: http://169.254.169.254/latest/meta-data/"]))

    def do_error_500(self, link, head):
        link.sendall(reply(SECRET_TEXT, "500 Oops", ["Cache-Control: max-age=31536000"]))

    def do_error_503(self, link, head):
        link.sendall(reply(SECRET_TEXT, "503 Busy", ["Retry-After: 3"]))

    def do_large_headers(self, link, head):
        link.sendall(b"HTTP/1.1 200 OK\r\n")
        for i in range(1000):
            link.sendall(b"X-%d: %s\r\n" % (i, b"y" * 200))
        link.sendall(b"Content-Length: 2\r\n\r\n{}")

    def do_early_hints_for_ever(self, link, head):
        for _ in range(3000):
            link.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")

    def do_http09(self, link, head):
        link.sendall(self.server.body.encode())

    def do_hang(self, link, head):
        self.server.over.wait(15)

    def do_drip(self, link, head):
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        for _ in range(40):
            if self.server.over.wait(0.25):
                return
            link.sendall(b" ")

    def do_html(self, link, head):
        link.sendall(reply("<html>" + SECRET_TEXT))

    def do_no_keys(self, link, head):
        link.sendall(reply('{"keys":[]}'))
