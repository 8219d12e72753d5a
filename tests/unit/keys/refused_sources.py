# SPDX-License-Identifier: Apache-2.0
"""Does an engine leave refused addresses in peace? As refused_addresses.py, whose network this borrows: every address as a
literal, behind a name, and as jwks_uri of a discovery document, with each of the two allowances. The listener on all of
them must stay silent; it is reached where it may be, so it does listen.

Exit 0 good, 1 not, 77 when this kernel does not let one."""
import json
import os
import subprocess
import sys
import threading

sys.argv += [""] * (3 - len(sys.argv))
import refused_addresses as network  # noqa: E402  (reads sys.argv, runs nothing but its main)

PROBE, FOLDER = sys.argv[1], sys.argv[2]
SHORT = ["--default", "100000", "--min", "100", "--max", "100000", "--stale", "100000", "--backoff", "50000",
         "--backoff-max", "100000", "--gap", "100", "--timeout", "3000", "--http", "1"]


def run(commands, count, private):
    """The events of `count` first fetches that ended, by source; and the answers to open."""
    process = subprocess.Popen([PROBE, *SHORT, "--private", "1" if private else "0"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    watch = threading.Timer(60, process.kill)
    watch.start()
    process.stdin.write("".join(line + "\n" for line in commands).encode())
    process.stdin.flush()
    opened, ended = [], {}
    while len(opened) < len(commands) or len(ended) < count - sum(got["open"] != "ok" for got in opened):
        line = process.stdout.readline()
        assert line, "the probe ended"
        got = json.loads(line)
        if "open" in got:
            opened.append(got)
        elif got["event"] in ("fetched", "failed"):
            ended.setdefault(got["source"], got)
    process.stdin.close()
    process.stdout.read()
    process.wait()
    watch.cancel()
    return opened, ended


def judge(listener, url, allowed, private):
    before = listener.count
    opened, ended = run(["open s url " + url], 1, private)
    reached = listener.count - before
    got = ended.get("s", opened[0])
    words = ("refused (" in got["detail"] or "never dialled (" in got["detail"])
    named = ("allow_private_ip would" in got["detail"]) == allowed
    good = reached == 1 if allowed and private else reached == 0 and words and named
    if not good:
        print("# %s %s: %s, %d connections" % (url, private, got, reached))
    return good


def judge_document(listener, document, text, private):
    """A document at the operator's own place points at `text`: never dialled, unless it is that very origin."""
    before, asked = listener.count, document.count
    host = "[%s]" % text if ":" in text else text
    document.uri = "http://%s:%d/" % (host, listener.port)
    ended = run(["open s issuer " + document.issuer], 1, private)[1]
    good = listener.count == before and ended["s"]["event"] == "failed" and \
        document.count == asked + (1 if private else 0)
    if not good:
        print("# document to %s %s: %s, %d connections" % (text, private, ended, listener.count - before))
    return good


class Document(threading.Thread):
    """A discovery document on a port of its own, at a name that resolves to loopback."""

    def __init__(self):
        super().__init__(daemon=True)
        self.count, self.uri = 0, ""
        self.socket = network.socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(16)
        self.issuer = "http://issuer.test:%d" % self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            link, _ = self.socket.accept()
            self.count += 1
            link.recv(4096)
            body = json.dumps({"issuer": self.issuer, "jwks_uri": self.uri}).encode()
            link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
            link.close()


def main():
    hosts = os.path.join(FOLDER, "hosts-of-sources")
    try:
        six = network.set_up()
        listener = network.Listener(six)
        addresses = network.ADDRESSES4 + (network.ADDRESSES6 if six else [])
        with open(hosts, "w", encoding="ascii") as file:
            file.write("127.0.0.1 issuer.test\n")
            for i, (text, _) in enumerate(addresses):
                file.write("%s name%d.test\n" % (text, i))
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(error)
        return 77
    document = Document()
    good = True
    for i, (text, allowed) in enumerate(addresses):
        host = "[%s]" % text if ":" in text else text
        for private in (False, True):
            good &= judge(listener, "http://%s:%d/" % (host, listener.port), allowed, private)
            good &= judge(listener, "http://name%d.test:%d/" % (i, listener.port), allowed, private)
        good &= judge_document(listener, document, text, True)
    good &= judge_document(listener, document, "10.1.2.3", False)
    return 0 if good else 1


sys.exit(main())
