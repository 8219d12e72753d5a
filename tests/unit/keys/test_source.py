# SPDX-License-Identifier: Apache-2.0
"""Do sources come up, rotate and outlast an issuer over real sockets and TLS? source_probe against a server that misbehaves.

The rows are those of KEY-SOURCE 4.6; the clock is real, so all times are short, and a test waits for what it expects with a
deadline, never for a time. Output is TAP."""
import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from scripted_server import NETWORK_OF_ITS_OWN, SECRET_TEXT, Server, certificate, reply  # noqa: E402

PROBE = sys.argv[1]
ENVIRONMENT = {**os.environ, "http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}
PATIENCE = 30  # seconds until a test gives up; nothing is measured with it
POINTS = [("eSbt9oGxCtwbEE0eGyHnLdUAfLpoJS4gJBpaFtbohaw", "q7iJyINNUJDqO0o5qAtJDi3PN1ZptAmOa02GAnhSFQQ"),
          ("ZAisEGmqJ2xih73W-3YEgrHTJZjSt2ONCIFaoH8uu6s", "alx5mTnTA9MdOj5AyJMCtMhyjeT7b4H8KuI4D72JM6Y"),
          ("msGcwtWzBsfozqz8T9cl0-GknbOeiabDor8JcuM6C4A", "WFr96X6LO_l7lGVlc4F7Lr986gQ2HNIysQb_HY0-n9o")]
SHORT = {"default": 100000, "min": 100, "max": 100000, "stale": 100000, "miss": 100, "burst": 20, "backoff": 100,
         "backoff-max": 200, "gap": 100, "negative": 60000, "timeout": 5000}
TESTS = []


def case(function):
    TESTS.append(function)
    return function


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def ec(kid, point=0, **more):
    return {"kty": "EC", "crv": "P-256", "kid": kid, "x": POINTS[point][0], "y": POINTS[point][1], **more}


def rsa(seed, bits=2048, **more):
    """The shape of a key: an odd number of the right size."""
    octets = b"".join(hashlib.sha256(b"%s %d" % (seed.encode(), i)).digest() for i in range(bits // 256))
    octets = bytes([octets[0] | 0x80]) + octets[1:-1] + bytes([octets[-1] | 1])
    return {"kty": "RSA", "n": base64url(octets), "e": "AQAB", **more}


def keys(*list_of):
    return json.dumps({"keys": list(list_of)})


class Probe:
    def __init__(self, world, **options):
        arguments = {**SHORT, "ca": world.cert, "private": 1, **options}
        self.lines, self.news, self.seen = [], threading.Condition(), 0
        flat = [part for name, value in arguments.items() for part in ("--" + name.replace("_", "-"), str(value))]
        self.process = subprocess.Popen([PROBE, *flat], env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.process.kill()
            self.process.wait()
            return
        self.end()

    def read(self):
        for line in self.process.stdout:
            with self.news:
                self.lines.append(json.loads(line))
                self.news.notify_all()
        with self.news:
            self.lines.append({"gone": True})
            self.news.notify_all()

    def expect(self, patience=PATIENCE, **wanted):
        """The next line that says all this; lines before it are passed over."""
        until = time.monotonic() + patience
        with self.news:
            while True:
                while self.seen < len(self.lines):
                    line = self.lines[self.seen]
                    self.seen += 1
                    if all(line.get(name) == value for name, value in wanted.items()):
                        return line
                    assert "gone" not in line, "the probe ended; expected %s" % wanted
                left = until - time.monotonic()
                assert left > 0, "waited for %s, got %s" % (wanted, self.lines[-8:])
                self.news.wait(left)

    def ask(self, command, answer):
        """An answer, wherever it stands among events; these stay to be expected."""
        with self.news:
            before = sum(answer in line for line in self.lines)
        self.process.stdin.write((command + "\n").encode())
        self.process.stdin.flush()
        until = time.monotonic() + PATIENCE
        with self.news:
            while True:
                found = [line for line in self.lines if answer in line]
                if len(found) > before:
                    return found[before]
                assert not any("gone" in line for line in self.lines), "the probe ended at " + command
                assert time.monotonic() < until, command
                self.news.wait(0.5)

    def open(self, address, name="s", kind="url"):
        got = self.ask("open %s %s %s" % (name, kind, address), "open")
        assert got["open"] == "ok", got

    def look(self, kid, name="s"):
        return self.ask("look %s %s" % (name, kid), "look")["look"]

    def health(self, name="s"):
        return self.ask("health " + name, "health")

    def refresh(self, name="s"):
        self.process.stdin.write(("refresh %s\n" % name).encode())
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        got = self.expect(end="ok")
        assert self.process.wait(timeout=PATIENCE) == 0, "the probe failed"
        return got["took"]


def asked(server, path):
    return [head for head in server.requests if head.startswith("GET %s " % path)]


def stays(probe, world, path, bad, **options):
    """After a good set came, `bad` (bytes or a stream) is served: it is refused, and the good set stays."""
    world.https.streams.pop(path, None)
    world.https.more[path] = reply(keys(ec("a")), headers=['ETag: "good"'])
    with Probe(world, **options) as one:
        one.open(world.https.base + path)
        one.expect(event="fetched", changed=True)
        if callable(bad):
            world.https.streams[path] = bad
        else:
            world.https.more[path] = bad
        one.refresh()
        failed = one.expect(event="failed")
        assert one.look("a") == "found"
        assert one.health()["generation"] == 1
        assert SECRET_TEXT not in json.dumps(failed), "a body is echoed"
        world.https.streams.pop(path, None)
        world.https.more[path] = reply(keys(ec("b", 1)))
        one.expect(event="fetched", changed=True)
        assert one.look("b") == "found" and one.look("a") != "found"
    return failed


# --- 1 to 6: what a server can do to us. ---

@case
def R01_a_server_that_hangs_before_headers_or_in_the_body_costs_readers_nothing(world):
    def before(server, link, head):
        server.over.wait(20)

    def within(server, link, head):
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"keys\":[")
        server.over.wait(20)

    for number, hang in enumerate((before, within)):
        path = "/r01-%d" % number
        world.https.more[path] = reply(keys(ec("a")))
        with Probe(world, timeout=1500) as one:
            one.open(world.https.base + path)
            one.expect(event="fetched")
            quiet = one.ask("spin s a", "spin")["p99"]
            world.https.streams[path] = hang
            one.refresh()
            while one.health()["fetch"] != "inflight":
                pass
            spin = one.ask("spin s a", "spin")
            failed = one.expect(event="failed")
            assert spin["spin"] == "found" and spin["p99"] < max(20 * quiet, 1000000), (spin, quiet)
            assert 1300 <= failed["took"] < 10000 and "timeout is 1500 ms" in failed["detail"], failed
            assert one.health()["fetch"] == "backoff" or len(asked(world.https, path)) > 2
            assert one.look("a") == "found"


@case
def R02_a_drip_is_cut_off_by_its_speed(world):
    def drip(server, link, head):
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        while not server.over.wait(0.2):
            link.sendall(b" ")

    failed = stays(None, world, "/r02", drip, low_for=1, timeout=60000)
    assert failed["took"] < 20000 and "slowly" in failed["detail"], failed


@case
def R03_a_truncated_body_is_refused_and_its_etag_forgotten(world):
    half = keys(ec("b", 1), ec("c", 2))[:60].encode()
    for number, bad in enumerate((
            b"HTTP/1.1 200 OK\r\nETag: \"cut\"\r\nContent-Length: 1000\r\n\r\n" + half,
            b"HTTP/1.1 200 OK\r\nETag: \"cut\"\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(half), half),
            b"HTTP/1.0 200 OK\r\nETag: \"cut\"\r\n\r\n" + half)):
        path = "/r03-%d" % number
        stays(None, world, path, bad)
        assert not any('"cut"' in head for head in asked(world.https, path))


@case
def R03_a_tls_connection_cut_in_a_body_without_length_is_refused(world):
    def cut(server, link, head):
        link.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + keys(ec("b", 1), ec("c", 2)).encode()[:-2])
        os.close(link.detach())  # no close_notify

    failed = stays(None, world, "/r03-tls", cut)
    assert failed["detail"] != "", failed


@case
def R04_freshness_of_an_error_is_ignored_and_failures_are_spaced(world):
    times = []

    def error(server, link, head):
        times.append(time.monotonic())
        link.sendall(reply(SECRET_TEXT, "500 Oops", ["Cache-Control: max-age=31536000"]))

    world.https.streams["/r04"] = error
    with Probe(world, backoff=3000, backoff_max=3000) as one:  # a tenth of it while there are no keys
        one.open(world.https.base + "/r04")
        for _ in range(6):
            one.expect(event="failed")
    gaps = [later - before for before, later in zip(times, times[1:])]
    assert all(0.14 <= gap for gap in gaps), gaps


@case
def R04_S1_26_retry_after_is_kept_and_garbage_is_as_if_absent(world):
    for number, status in enumerate(("503 Busy", "429 Slow")):
        times, waits = [], ["1", "soon", "-5", "99999999999999999999x"]

        def busy(server, link, head):
            times.append(time.monotonic())
            link.sendall(reply("", status, ["Retry-After: " + waits[min(len(times) - 1, 3)]]))

        path = "/r04-after-%d" % number
        world.https.streams[path] = busy
        with Probe(world) as one:
            one.open(world.https.base + path)
            for _ in range(4):
                one.expect(event="failed", detail="HTTP status %s instead of 200" % status[:3])
        assert times[1] - times[0] >= 0.95, times
        assert times[3] - times[1] < 5, times


@case
def R05_304_keeps_a_set_and_is_nothing_to_who_asked_for_all(world):
    path, first = "/r05", []

    def serve(server, link, head):
        if 'if-none-match: "v1"' in head.lower():
            link.sendall(reply("", "304 Not Modified", length=False))
        elif not first:
            first.append(1)
            link.sendall(reply("", "304 Not Modified", length=False))  # nobody asked for that
        else:
            link.sendall(reply(server.set, headers=['ETag: "v1"']))

    world.https.set = keys(ec("a"))
    world.https.streams[path] = serve
    with Probe(world, full=2500) as one:
        one.open(world.https.base + path)
        assert "304" in one.expect(event="failed")["detail"]
        one.expect(event="fetched", changed=True)
        world.https.set = keys(ec("b", 1))  # and the server goes on to say 304
        one.refresh()
        one.expect(event="fetched", changed=False)
        assert one.look("a") == "found"
        for _ in range(100):
            one.refresh()
            if one.expect(event="fetched")["changed"]:
                break
        assert one.look("b") == "found"


@case
def R06_what_is_too_large_is_cut_off_and_memory_stays(world):
    def stream(server, link, head):
        link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(10000):
            link.sendall(b" " * 1000)

    def headers(server, link, head):
        link.sendall(b"HTTP/1.1 200 OK\r\n")
        for i in range(5000):
            link.sendall(b"X-%d: %s\r\n" % (i, b"y" * 200))

    bomb = base64.b64decode("H4sIAAAAAAAAA+3BAQ0AAADCoPdPbQ8HFAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")
    many = ('{"keys":[' + ",".join(['{"kty":"X"}'] * 40000) + "]}").encode()
    world.https.more["/r06"] = reply(keys(ec("a")))
    with Probe(world) as one:
        one.open(world.https.base + "/r06")
        one.expect(event="fetched")
        resident = resident_of(one)
        for bad, words in ((reply(b" " * 10000000), "over 524288 bytes"), (stream, "over 524288 bytes"),
                           (reply(bomb, headers=["Content-Encoding: gzip"]), "compressed"), (reply(many), ""),
                           (reply(b'{"keys":' + b"[" * 100000), ""), (headers, "headers are over"),
                           (reply(keys(ec("k" * 100000))), "")):
            world.https.streams.pop("/r06", None)
            if callable(bad):
                world.https.streams["/r06"] = bad
            else:
                world.https.more["/r06"] = bad
            one.refresh()
            assert words in one.expect(event="failed")["detail"]
        assert one.look("a") == "found" and one.health()["generation"] == 1
        assert resident_of(one) - resident < 64 << 20


def resident_of(one):
    with open("/proc/%d/statm" % one.process.pid, encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# --- 7: where it would send us. ---

@case
def R07_redirects_lead_nowhere(world):
    others = ["http://169.254.169.254/latest/", "https://[::ffff:a9fe:a9fe]/", "https://[64:ff9b::a9fe:a9fe]/",
              world.http.base + "/r07-seen", world.other.base + "/r07-seen", "https://127.0.0.1:1/",
              world.https.base + "/r07", "//elsewhere.example/", "file:///etc/passwd"]
    for number, other in enumerate(others):
        for status in ("301 Moved", "302 Found", "307 Temporary", "308 Permanent"):
            if number > 0 and status != "302 Found":
                continue
            failed = stays(None, world, "/r07", reply("", status, ["Location: " + other]))
            assert "redirects are not followed" in failed["detail"], failed
    assert not asked(world.http, "/r07-seen") and not asked(world.other, "/r07-seen")


@case
def R07_S5_10_a_name_that_is_private_is_told_with_the_key_that_would_allow_it(world):
    before = len(world.https.requests)
    with Probe(world, private=0) as one:
        one.open(world.https.local + "/r07-name")
        failed = one.expect(event="failed")
        assert "loopback" in failed["detail"] and "allow_private_ip would allow it" in failed["detail"], failed
        health = one.health()
        assert health["refused"] >= 1 and "allow_private_ip" in health["fault"], health
        assert one.look("a") == "unavailable"
    assert len(world.https.requests) == before


@case
def S5_32_the_two_allowances_are_independent_and_each_is_named(world):
    for options, url, words in (({"http": 0, "private": 1}, world.http.base, "allow_http would allow it"),
                                ({"http": 1, "private": 0}, world.http.base, "allow_private_ip would allow it")):
        with Probe(world, **options) as one:
            got = one.ask("open s url %s/good" % url, "open")
            assert got["open"] == "config_invalid" and words in got["detail"], got
    with Probe(world, http=1, private=1) as one:
        one.open(world.http.base + "/good")
        one.expect(event="fetched")


@case
def R07_a_discovery_document_can_point_nowhere_else_inside(world):
    for uri in (world.other.base + "/r07-doc", world.http.base + "/r07-doc", "https://10.0.0.1/keys",
                "https://169.254.169.254/keys", world.https.local + "/r07-doc"):
        issuer = world.https.base + "/inside"
        world.https.more["/inside/.well-known/openid-configuration"] = reply(
            json.dumps({"issuer": issuer, "jwks_uri": uri}))
        with Probe(world, http=1) as one:
            one.open(issuer, kind="issuer")
            failed = one.expect(event="failed")
            assert failed["detail"] != "", failed
            assert one.look("a") == "unavailable"
    assert not any(asked(server, "/r07-doc") for server in (world.https, world.http, world.other))


@case
def R07_refused_addresses_get_no_packet_in_a_network_of_its_own(world):
    ran = subprocess.run(NETWORK_OF_ITS_OWN + [os.path.join(HERE, "refused_sources.py"), PROBE, world.folder],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100, check=False)
    text = ran.stdout.decode()
    if ran.returncode == 77 or (ran.returncode == 1 and text.startswith("unshare:")):
        return "no network of one's own here: " + text.strip().split("\n")[-1]
    assert ran.returncode == 0, text
    return None


# --- 8 to 10: what a body can be. ---

@case
def R08_content_type_is_advice_and_what_is_no_json_is_refused(world):
    world.https.more["/r08-type"] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (
        len(keys(ec("a"))), keys(ec("a")).encode())
    with Probe(world) as one:
        one.open(world.https.base + "/r08-type")
        one.expect(event="fetched", keys=1)
    good = keys(ec("b", 1))
    for bad in ("<html>" + SECRET_TEXT, b"\xef\xbb\xbf" + good.encode(), good + "x", good + good,
                '{"keys":[],"keys":%s' % good[len('{"keys":'):]):
        stays(None, world, "/r08", reply(bad))


@case
def R09_what_holds_no_key_is_refused(world):
    for bad in ("not json", "", "[]", "{}", '{"keys":{}}', '{"keys":[]}', '{"keys":null}', keys(ec("e", 1, use="enc")),
                keys({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "kid": "q"}),
                keys({"kty": "oct", "k": base64url(b"k" * 64), "kid": "o"})):
        stays(None, world, "/r09", reply(bad))


@case
def R10_S2_9_one_bad_key_among_good_ones_is_left_out_and_counted(world):
    private = ec("private", 1, d="870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE")
    world.https.more["/r10"] = reply(keys(
        ec("a"), {"kty": "XYZ", "pub": "AAAA"}, {"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "weak"}, private, {"kty": "oct", "k": base64url(b"k" * 64)},
        ec("a"), ec("a", 1, use="enc"), rsa("one", kid="r", alg="RS256"), rsa("two", kid="r", alg="RS512"),
        {name: value for name, value in ec("", 2).items() if name != "kid"}, ec(7), "text", {"kty": "EC", "crv": "P-256"}))
    with Probe(world) as one:
        one.open(world.https.base + "/r10")
        got = one.expect(event="fetched")
        assert one.look("a") == "found" and one.look("r") == "found"
        assert one.look("private") != "found" and one.look("weak") != "found"
        health = one.health()
    skipped = {name: health[name] for name in ("type_unknown", "curve_unknown", "key_weak", "private", "symmetric",
                                               "duplicate", "use", "kid_invalid", "not_object", "member_missing")}
    assert skipped == dict.fromkeys(skipped, 1), skipped
    assert got["keys"] == 4, got


# --- 15, 17, 18: time, and who is who. ---

@case
def R15_an_issuer_that_is_down_at_the_start_is_found_when_it_comes_up(world):
    world.https.more["/r15"] = reply("", "500 Oops")
    with Probe(world) as one:
        one.open(world.https.base + "/r15")
        one.expect(event="failed")
        assert one.look("a") == "unavailable"
        world.https.more["/r15"] = reply(keys(ec("a")))
        one.expect(event="fetched")
        assert one.look("a") == "found"


@case
def R15_S1_27_stale_keys_are_used_until_their_hard_end_and_not_after(world):
    world.https.more["/r15-stale"] = reply(keys(ec("a")))
    with Probe(world, default=300, min=300, max=300, stale=4000) as one:
        one.open(world.https.base + "/r15-stale")
        one.expect(event="state", state="fresh")
        world.https.more["/r15-stale"] = reply("", "503 Busy")
        one.expect(event="state", state="stale")
        assert one.look("a") == "found"
        one.expect(event="state", state="expired")
        assert one.look("a") == "unavailable"
        world.https.more["/r15-stale"] = reply(keys(ec("a")))
        one.expect(event="state", state="fresh")
        assert one.look("a") == "found"


@case
def R15_a_restart_during_an_outage_has_the_keys_of_before(world):
    saved = os.path.join(world.folder, "saved")
    world.https.more["/r15-saved"] = reply(keys(ec("a")))
    with Probe(world, saved=saved) as one:
        one.open(world.https.base + "/r15-saved")
        one.expect(event="fetched")
    world.https.more["/r15-saved"] = reply("", "500 Oops")
    with Probe(world, saved=saved) as one:
        one.open(world.https.base + "/r15-saved")
        one.expect(event="state", state="stale")
        assert one.look("a") == "found"
        one.expect(event="failed")
        assert one.look("a") == "found"


@case
def R17_a_key_that_is_gone_or_replaced_under_its_id_is_gone_at_once(world):
    world.https.more["/r17"] = reply(keys(ec("a"), ec("b", 1)))
    with Probe(world) as one:
        one.open(world.https.base + "/r17")
        one.expect(event="fetched")
        before = one.ask("look s b", "look")["thumbprint"]
        world.https.more["/r17"] = reply(keys(ec("b", 2)))
        one.refresh()
        one.expect(event="disjoint")
        one.expect(event="fetched", changed=True, keys=1)
        assert one.look("a") != "found"
        assert one.look("b") == "found" and one.ask("look s b", "look")["thumbprint"] != before


@case
def R18_two_sources_with_the_same_kid_stay_apart_and_one_that_hangs_holds_up_nobody(world):
    world.https.more["/r18-a"] = reply(keys(ec("same")))
    world.https.more["/r18-b"] = reply(keys(ec("same", 1)))
    world.https.streams["/r18-hang"] = lambda server, link, head: server.over.wait(20)
    with Probe(world, timeout=20000) as one:
        one.open(world.https.base + "/r18-hang", "h")
        one.open(world.https.base + "/r18-a", "a")
        one.open(world.https.base + "/r18-b", "b")
        for name in "a", "b":
            one.ask("look %s same" % name, "look")
        one.expect(event="fetched")
        one.expect(event="fetched")
        prints = [one.ask("look %s same" % name, "look")["thumbprint"] for name in ("a", "b")]
        assert prints[0] != prints[1] and "" not in prints, prints
        assert one.look("same", "h") == "unavailable"
        world.https.more["/r18-b"] = reply(keys(ec("other", 2)))
        one.refresh("b")
        one.expect(event="fetched", source="b")
        assert one.look("same", "a") == "found" and one.look("same", "b") != "found"


# --- 19: forks and ends. ---

@case
def R19_a_fork_with_a_fetch_in_flight_disturbs_nobody(world):
    go = threading.Event()

    def slow(server, link, head):
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(keys(ec("b", 1))))
        go.wait(20)
        link.sendall(keys(ec("b", 1)).encode())

    world.https.more["/r19"] = reply(keys(ec("a")))
    with Probe(world) as one:
        one.open(world.https.base + "/r19")
        one.expect(event="fetched")
        world.https.streams["/r19"] = slow
        count = len(asked(world.https, "/r19"))
        one.refresh()
        while len(asked(world.https, "/r19")) == count:  # it is being answered
            assert one.look("a") == "found"
        for _ in range(3):
            assert one.ask("fork s a", "fork")["fork"] == "ok"
        go.set()
        got = one.expect(event="fetched", changed=True)
        assert one.look("b") == "found", got
        assert not any(line.get("event") == "failed" for line in one.lines), one.lines


@case
def R19_ending_with_a_hanging_fetch_takes_no_time(world):
    def hang(server, link, head):
        server.over.wait(20)

    world.https.streams["/r19-hang"] = hang
    one = Probe(world, timeout=20000)
    one.open(world.https.base + "/r19-hang")
    one.open(world.https.base + "/r19-hang", "t")
    while len(asked(world.https, "/r19-hang")) < 2:
        one.health()
    took = one.ask("close t", "close")["took"]
    assert took < 2000, took
    took = one.end()
    assert took < 2000, took


@case
def R19_an_old_set_lives_while_a_reader_is_inside(world):
    world.https.more["/r19-read"] = reply(keys(ec("a")))
    with Probe(world) as one:
        one.open(world.https.base + "/r19-read")
        one.expect(event="fetched")
        one.ask("hold", "hold")
        for i in range(12):  # more sets than are kept for readers
            world.https.more["/r19-read"] = reply(keys(ec("k%d" % i, i % 3)))
            one.refresh()
            while True:
                told = one.expect()
                if told.get("event") in ("fetched", "failed"):
                    break
        assert "older sets" in one.health()["fault"]
        assert one.look("k6") == "found" or one.look("k7") == "found"
        one.ask("leave", "leave")
        one.expect(event="fetched", changed=True)
        assert one.look("k11") == "found"


# --- 22: what real issuers serve (KEY-SOURCE 3), keys made here. ---

def sha1ish(seed):
    return hashlib.sha1(seed.encode()).digest()


CERTIFICATE = base64.b64encode(b"\x30\x82" + b"c" * 1400).decode()
SHAPES = {
    "keycloak": (["Cache-Control: no-cache"], 1, [
        rsa("kc1", kid="C2e0yJcuSRBVsmVj0NrJDqr5oMdM6l8Up6W91fbjbnU", alg="RS256", use="sig", x5c=[CERTIFICATE],
            x5t="AAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        rsa("kc2", kid="C2e0yJcuSRBVsmVj0NrJDqr5oMdM6l8Up6W91fbjbnU", alg="RSA-OAEP", use="enc", x5c=[CERTIFICATE])]),
    "entra": (["Cache-Control: max-age=86400, private"], 8, [
        rsa("entra%d" % i, kid=base64url(sha1ish(str(i))), use="sig", x5t=base64url(sha1ish(str(i))), x5c=[CERTIFICATE],
            cloud_instance_name="microsoftonline.com" if i % 2 else "microsoftonline.us",
            issuer="https://login.microsoftonline.com/{tenantid}/v2.0") for i in range(8)]),
    "google": (["Cache-Control: public, max-age=24873, must-revalidate, no-transform", "Age: 5059"], 2, [
        rsa("g1", alg="RS256", kid=hashlib.sha1(b"1").hexdigest(), use="sig"),
        dict(reversed(list(rsa("g2", alg="RS256", kid=hashlib.sha1(b"2").hexdigest(), use="sig").items())))]),
    "auth0": (["Cache-Control: public, max-age=15, stale-while-revalidate=15, stale-if-error=15"], 2, [
        rsa("a%d" % i, kid="NzA2QTZFQjlFNzI5REQ1OEY0NkUyMjg3RkE4MDNDNDI5RDVFM0M0%d" % i, alg="RS256", use="sig",
            x5c=[CERTIFICATE], x5t="AAAAAAAAAAAAAAAAAAAAAAAAAAA") for i in range(2)]),
    "okta": (["Cache-Control: max-age=3293198, must-revalidate"], 2, [
        rsa("o%d" % i, kid=base64url(hashlib.sha256(b"%d" % i).digest()), alg="RS256", use="sig") for i in range(2)]),
    "cognito": ([], 2, [
        rsa("c1", kid="abcdefghijklmnopqrsexample/+ABCDEFGHIJKLMN0=", alg="RS256", use="sig"),
        rsa("c2", kid="fgjhlkhjlkhexample+/ABCDEFGHIJKLMNOPQRSTU12=", use="sig")]),
    "github": ([], 4, [
        rsa("gh1", kid="cc413527-173f-5a05-976e-9c52b1d7b431", alg="RS256", use="sig"),
        rsa("gh2", kid=sha1ish("gh2").hex().upper(), alg="RS256", use="sig", x5c=[CERTIFICATE],
            x5t=base64url(sha1ish("gh2"))),
        rsa("gh3", kid=sha1ish("gh3").hex().upper(), alg="RS256", use="sig", x5c=[CERTIFICATE],
            x5t=base64url(sha1ish("gh3"))),
        rsa("gh4", kid="38826b17-6a30-5f9b-b169-8beb8202f723", alg="RS256", use="sig", x5c=[CERTIFICATE])]),
    "kubernetes": (["Cache-Control: public, max-age=3600", "Content-Type: application/jwk-set+json"], 1, [
        rsa("k8s", kid=base64url(hashlib.sha256(b"spki").digest()), alg="RS256", use="sig")]),
    "eks": (["Cache-Control: public, max-age=604800"], 2, [
        rsa("eks%d" % i, kid=sha1ish("eks%d" % i).hex(), alg="RS256", use="sig") for i in range(2)]),
    "apple": (["Cache-Control: no-store", "Pragma: no-cache"], 3, [
        rsa("apple%d" % i, kid=kid, alg="RS256", use="sig") for i, kid in enumerate(("W6WcOKB", "fh6Bs8C", "pggnQeNCOU"))]),
    "gitlab": ([], 3, [
        rsa("gl%d" % i, bits=4096 if i == 0 else 2048, kid=base64url(hashlib.sha256(b"gl%d" % i).digest()), alg="RS256",
            use="sig") for i in range(3)]),
}


@case
def R22_sets_shaped_like_those_of_real_issuers_are_taken_whole(world):
    with Probe(world) as one:
        for name, (headers, count, list_of) in SHAPES.items():
            world.https.more["/r22-" + name] = reply(json.dumps({"keys": list_of}, indent=2), headers=headers)
            one.open(world.https.base + "/r22-" + name, name)
            got = one.expect(event="fetched", source=name)
            assert got["keys"] == count, (name, got)
            for key in list_of:
                assert one.look(key["kid"], name) == "found", (name, key["kid"])


@case
def R22_discovery_documents_of_real_shape_lead_to_the_keys(world):
    issuer = world.https.base + "/realms/main"
    world.https.more["/realms/main/.well-known/openid-configuration"] = reply(json.dumps({
        "issuer": issuer, "authorization_endpoint": issuer + "/auth", "token_endpoint": issuer + "/token",
        "jwks_uri": issuer + "/certs", "grant_types_supported": ["authorization_code"],
        "mtls_endpoint_aliases": {"token_endpoint": issuer + "/token"}, "claims_parameter_supported": True}))
    world.https.more["/realms/main/certs"] = reply(json.dumps({"keys": SHAPES["keycloak"][2]}),
                                                   headers=SHAPES["keycloak"][0])
    with Probe(world) as one:
        one.open(issuer, kind="issuer")
        assert one.expect(event="fetched")["keys"] == 1


# --- The bearer. ---

@case
def S5_12_the_bearer_goes_to_the_typed_host_alone_and_is_never_told(world):
    secret = "t0p-secret-bearer"
    path = os.path.join(world.folder, "bearer")
    with open(path, "w", encoding="ascii") as file:
        file.write(secret + "\n")
    world.https.more["/bearer"] = reply(keys(ec("a")))
    issuer = world.https.base + "/bearer-issuer"
    world.https.more["/bearer-issuer/.well-known/openid-configuration"] = reply(
        json.dumps({"issuer": issuer, "jwks_uri": world.https.base + "/bearer-own"}))
    world.https.more["/bearer-own"] = reply(keys(ec("a")))
    with Probe(world, bearer=path) as one:
        one.open(world.https.base + "/bearer", "one")
        one.expect(event="fetched")
        one.open(issuer, "two", "issuer")
        one.expect(event="fetched", source="two")
        with open(path, "w", encoding="ascii") as file:
            file.write("an0ther-secret")  # read again for each request
        world.https.more["/bearer"] = reply("no", "401 Unauthorized")
        one.refresh("one")
        one.expect(event="failed")
        os.unlink(path)
        one.refresh("two")
        failed = one.expect(event="failed", source="two")
        assert "bearer" in failed["detail"], failed
        told = json.dumps(one.lines)
        assert secret not in told and "an0ther" not in told
    for where in ("/bearer", "/bearer-own"):
        assert "Authorization: Bearer %s\r\n" % secret in asked(world.https, where)[0], where
    assert "Authorization: Bearer an0ther-secret\r\n" in asked(world.https, "/bearer")[-1]


class World:
    def __init__(self, folder):
        self.folder = folder
        made = certificate(folder, "localhost")
        self.cert = made[0]
        self.http = Server()
        self.https, self.other = Server(tls=made), Server(tls=made)

    def stop(self):
        for server in (self.http, self.https, self.other):
            server.stop()


def main():
    bad = 0
    chosen = [test for test in TESTS if not sys.argv[2:] or any(word in test.__name__ for word in sys.argv[2:])]
    print("1..%d" % len(chosen))
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder)
        for number, test in enumerate(chosen, 1):
            try:
                skipped = test(world)
                print("ok %d - %s%s" % (number, test.__name__, " # SKIP " + skipped if skipped else ""), flush=True)
            except (AssertionError, subprocess.TimeoutExpired, OSError, ValueError) as error:
                bad += 1
                print("not ok %d - %s" % (number, test.__name__))
                print("\n".join("# " + line for line in repr(error).split("\n")), flush=True)
        world.stop()
    return 1 if bad else 0


sys.exit(main())
