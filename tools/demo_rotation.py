#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What happens to good tokens while their issuer rotates its keys, is flooded, goes down and comes back with odd keys?

Starts an issuer and jetond on loopback, keeps good tokens coming at /verify, and plays the phases below with times
scaled down by about sixty or more. Prints a timeline, draws it as a picture (SVG), exits 1 when a promise was broken.

    tools/demo_rotation.py BUILD_DIR [--picture FILE] [--timeline FILE] [--quick]
"""
import argparse
import base64
import http.client
import http.server
import json
import pathlib
import random
import signal
import string
import subprocess
import sys
import tempfile
import threading
import time

# Seconds. An issuer that publishes ahead shows a key PUBLISH_AHEAD before it signs: longer than a set is fresh.
TIMES = {"fresh_default": 0.5, "fresh_min": 0.2, "fresh_max": 1.0, "max_stale": 8.0, "miss_interval": 0.5,
         "miss_burst": 2, "backoff_min": 0.2, "backoff_max": 1.0, "min_gap": 0.1, "negative_ttl": 1.0}
PUBLISH_AHEAD = 1.6
ROTATE_EVERY = 0.4
MISS_INTERVAL_MAX = 4 * TIMES["miss_interval"]
STEP = 0.25  # of the picture
LOAD_THREADS = 4
SLACK = 0.5  # for a machine that is busy with other things


class Issuer:
    """Keys and documents; what it answers is set by the phases."""

    def __init__(self, jeton, folder):
        self.jeton, self.folder, self.made = jeton, folder, 0
        self.keys = []       # (kid, file, public JWK), newest last: all published
        self.signing = None  # index into keys
        self.down = False
        self.poison = None   # a document in place of the key set
        self.fetches = []    # (when, what was answered)
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request):
        discovery = request.path == "/.well-known/openid-configuration"
        if not discovery:
            self.fetches.append((time.monotonic(), "down" if self.down else "poisoned" if self.poison else "keys"))
        if self.down:
            request.send_error(503)
            return
        document = {"keys": [key[2] for key in self.keys]}
        if discovery:
            document = {"issuer": self.url, "jwks_uri": self.url + "/keys"}
        body = (self.poison if self.poison and not discovery else json.dumps(document)).encode()
        try:
            request.send_response(200)
            request.send_header("Content-Type", "application/json")
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # more than jetond takes: it has left

    def new_key(self):
        self.made += 1
        file = self.folder / f"key-{self.made}.jwk"
        kid = f"key-{self.made}"
        self.run("key", "generate", "--alg", "ES256", "--kid", kid, "-o", file)
        shown = self.run("key", "public", file)
        self.keys = self.keys[-11:] + [(kid, file, json.loads(shown))]

    def sign(self):
        return self.run("sign", "--key", self.keys[self.signing][1], "--issuer", self.url, "--audience", "demo",
                        "--subject", "ada", "--ttl", "10m").strip()

    def run(self, *arguments):
        return subprocess.run([self.jeton, *arguments], check=True, capture_output=True, text=True).stdout


class Load:
    """Good tokens at /verify, all the time, on connections that stay open."""

    def __init__(self, port):
        self.port, self.token, self.stop = port, None, False
        self.done = []  # (when, HTTP status, reason)
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(LOAD_THREADS)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        while not self.stop:
            status, reason = ask(connection, self.token)
            self.done.append((time.monotonic(), status, reason))
            time.sleep(0.004)

    def end(self):
        self.stop = True
        for thread in self.threads:
            thread.join()


class Watch:
    """What jetond says of itself, ten times a second: the state of the keys, and how many key sets there were."""

    def __init__(self, jetond):
        self.jetond, self.stop, self.seen = jetond, False, []  # (when, state, generation)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stop:
            lines = self.jetond.metrics()
            state = next((line.split('state="')[1].split('"')[0] for line in lines
                          if line.startswith("jeton_keys_state") and line.endswith(" 1")), "empty")
            self.seen.append((time.monotonic(), state, total(lines, "jeton_keys_generation")))
            time.sleep(0.1)

    def end(self):
        self.stop = True
        self.thread.join()


def total(lines, name):
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name) and line[len(name)] in "{ ")


def ask(connection, token):
    connection.request("GET", "/verify", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = answer.read()
    return answer.status, (json.loads(body).get("reason", "") if answer.status != 200 else "")


class Jetond:
    def __init__(self, program, folder, issuer_url):
        times = ", ".join(f"{name}: {value if name == 'miss_burst' else f'{int(value * 1000)}ms'}"
                          for name, value in TIMES.items())
        config = folder / "jetond.yaml"
        config.write_text(f"""state: {folder}/state
trust:
  - issuer: {issuer_url}
    audiences: [demo]
    allow_http: true
    allow_private_ip: true
    key_source: {{{times}}}
""")
        self.log = open(folder / "jetond.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen([program, "--config", config, "--listen", "127.0.0.1:0"], stderr=self.log)
        self.port = self.wait_for_port()

    def wait_for_port(self):
        end = time.monotonic() + 10
        while time.monotonic() < end and self.process.poll() is None:
            for line in pathlib.Path(self.log.name).read_text(encoding="utf-8").splitlines():
                if line.startswith("jetond: listening on http://127.0.0.1:"):
                    return int(line.rsplit(":", 1)[1])
            time.sleep(0.02)
        sys.exit("jetond did not start:\n" + pathlib.Path(self.log.name).read_text(encoding="utf-8"))

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode().splitlines()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


class Demo:
    def __init__(self, build, folder, quick):
        self.issuer = Issuer(build / "jeton", folder)
        self.quick, self.phases, self.faults, self.rotations = quick, [], [], []
        self.flood, self.lines, self.results = [], [], []
        self.issuer.new_key()
        self.issuer.signing = 0
        self.jetond = Jetond(build / "jetond", folder, self.issuer.url)
        self.load = Load(self.jetond.port)
        self.load.token = self.issuer.sign()
        end = time.monotonic() + 5
        while time.monotonic() < end and self.probe(self.load.token)[0] != 200:
            time.sleep(0.02)
        self.began = time.monotonic()
        self.watch = Watch(self.jetond)
        self.load.start()

    def probe(self, token):
        return ask(http.client.HTTPConnection("127.0.0.1", self.jetond.port, timeout=5), token)

    def say(self, text):
        self.lines.append(f"{time.monotonic() - self.began:7.2f} s  {text}")
        print(self.lines[-1], flush=True)

    def phase(self, short, name):
        self.phases.append((time.monotonic(), short, name))
        self.say(f"--- {name}")

    def refusals(self, since, until=None):
        return [row for row in list(self.load.done)
                if row[0] >= since and (until is None or row[0] < until) and row[1] != 200]

    def served(self, since):
        return sum(1 for row in list(self.load.done) if row[0] >= since)

    def promise(self, kept, text):
        self.say(("kept:   " if kept else "BROKEN: ") + text)
        self.results.append((len(self.phases), kept, text))
        if not kept:
            self.faults.append(text)

    def rotate(self, signing=-1):
        """A new key is published; which one signs from now on."""
        self.issuer.new_key()
        self.issuer.signing = len(self.issuer.keys) - 1 if signing == -1 else len(self.issuer.keys) - 1 - signing
        token = self.issuer.sign()
        self.rotations.append(time.monotonic())
        self.load.token = token
        return self.rotations[-1]

    # --- The phases ---

    def publishes_ahead(self):
        count = 10 if self.quick else 50
        self.phase("published ahead", f"{count} rotations, each key published {PUBLISH_AHEAD:g} s before it signs")
        ahead = int(PUBLISH_AHEAD / ROTATE_EVERY)
        for _ in range(ahead):
            self.issuer.new_key()
        since = time.monotonic()
        time.sleep(PUBLISH_AHEAD)
        for _ in range(count):
            self.rotate(ahead)
            time.sleep(ROTATE_EVERY)
        bad = self.refusals(since)
        self.promise(not bad, f"{len(bad)} of {self.served(since)} good tokens refused")

    def signs_at_once(self):
        count = 2 if self.quick else 5
        self.phase("signs at once", f"{count} rotations by an issuer that signs with a new key at once")
        worst = 0.0
        for _ in range(count):
            time.sleep(MISS_INTERVAL_MAX)  # time for the bucket to fill
            worst = max(worst, self.lag_after(self.rotate()))
        limit = TIMES["miss_interval"] + TIMES["min_gap"] + SLACK
        self.promise(worst <= limit, f"a new key was believed after {worst:.2f} s at the latest "
                                     f"(allowed: miss interval, gap and fetch, {limit:g} s)")

    def lag_after(self, since):
        """Until good tokens pass for good; 5 s when they do not."""
        end = since + 5
        while time.monotonic() < end:
            time.sleep(0.02)
            rows = [row for row in list(self.load.done)[-300:] if row[0] >= since]
            bad = [row[0] for row in rows if row[1] != 200]
            good = [row[0] for row in rows if row[1] == 200 and row[0] > max(bad, default=since)]
            if good and time.monotonic() - max(bad, default=since) > 0.2:
                return max(bad, default=since) - since
        return 5.0

    def flooded(self):
        count = 2000 if self.quick else 10000
        self.phase("flood", f"{count} tokens with random key ids, and a rotation amid them")
        _, payload, signature = self.load.token.split(".")
        since, before = time.monotonic(), len(self.issuer.fetches)
        connection = http.client.HTTPConnection("127.0.0.1", self.jetond.port, timeout=5)
        rotated = since
        for i in range(count):
            kid = "".join(random.choices(string.ascii_letters, k=20))
            ask(connection, f"{encode({'alg': 'ES256', 'typ': 'JWT', 'kid': kid})}.{payload}.{signature}")
            self.flood.append(time.monotonic())
            if i == count // 2:
                rotated = self.rotate()
        time.sleep(MISS_INTERVAL_MAX + 0.5)
        took = time.monotonic() - since
        fetches = len(self.issuer.fetches) - before
        most = TIMES["miss_burst"] + took / TIMES["miss_interval"] + took / (TIMES["fresh_default"] * 0.5) + 2
        self.promise(fetches <= most, f"{fetches} fetches for {count} unknown key ids in {took:.1f} s "
                                      f"(bucket and schedule allow {most:.0f})")
        late = max((row[0] for row in self.refusals(rotated)), default=rotated) - rotated
        limit = MISS_INTERVAL_MAX + TIMES["min_gap"] + SLACK
        self.promise(late <= limit, f"the rotation amid the flood was believed after {late:.2f} s "
                                    f"(allowed: the grown interval, {limit:g} s)")

    def down_for(self, span):
        since = time.monotonic()
        self.issuer.down = True
        time.sleep(span)
        self.issuer.down = False
        return since

    def down(self):
        span = TIMES["max_stale"] * 0.6
        self.phase("down, briefly", f"the issuer is down for {span:.1f} s; its keys are believed for "
                                    f"{TIMES['max_stale']:g} s")
        since = self.down_for(span)
        bad = self.refusals(since)
        self.promise(not bad, f"{len(bad)} of {self.served(since)} good tokens refused")
        time.sleep(TIMES["backoff_max"] + 0.5)

    def poisoned(self):
        self.phase("odd documents", "it answers with odd documents")
        good = json.dumps({"keys": [k[2] for k in self.issuer.keys]})
        odd = ["", "{}", '{"keys":[]}', "<html>sign in</html>", "[" * 100000, good[:-3],
               '{"keys":[{"kty":"oct","k":"AAAA"}]}',
               json.dumps({"keys": [{"kty": "RSA", "n": "AQ", "e": "AQ"}, 7, {"kty": "EC", "crv": "P-999"}, None]}),
               " " * (600 * 1024) + good]
        since = time.monotonic()
        for document in odd:
            self.issuer.poison = document
            time.sleep(TIMES["backoff_max"] * 0.5)
        self.issuer.poison = json.dumps({"keys": [1, {"kty": "AKP"}, *[k[2] for k in self.issuer.keys],
                                                  {"kty": "RSA", "n": "!"}]})
        time.sleep(2 * TIMES["backoff_max"])
        self.issuer.poison = None
        time.sleep(TIMES["fresh_max"])
        bad = self.refusals(since)
        self.promise(not bad, f"{len(bad)} of {self.served(since)} good tokens refused")

    def down_too_long(self):
        span = TIMES["max_stale"] * 1.15
        self.phase("down, too long", f"the issuer is down for {span:.1f} s: longer than its keys are believed")
        since = self.down_for(span)
        back = time.monotonic()
        time.sleep(TIMES["backoff_max"] + 1)
        bad = self.refusals(since)
        late = max((row[0] for row in self.refusals(back)), default=back) - back
        others = [row for row in bad if row[1:] != (503, "keys_unavailable")]
        self.promise(bad and not others, f"{len(bad)} good tokens answered with 503 keys_unavailable, {len(others)} "
                                         "with anything else but 200")
        limit = TIMES["backoff_max"] + SLACK
        asked = next((row[0] - back for row in list(self.issuer.fetches) if row[0] >= back), 99.0)
        self.promise(late <= limit, f"good again {late:.3f} s after it came back, asked for keys after {asked:.3f} s "
                                    f"(allowed: {limit:g} s)")

    def run(self):
        self.publishes_ahead()
        self.signs_at_once()
        self.flooded()
        self.down()
        self.poisoned()
        self.down_too_long()
        self.phase("end", "end")
        self.load.end()
        self.watch.end()
        sets = total(self.jetond.metrics(), "jeton_keys_generation")
        self.say(f"{len(self.load.done)} requests, {len(self.refusals(0))} not passed, {len(self.issuer.fetches)} "
                 f"fetches, {sets:.0f} key sets, {len(self.rotations)} rotations")
        self.promise(self.jetond.end() == 0, "jetond ended cleanly")


def encode(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


# --- The picture ---

WIDTH, LEFT, RIGHT = 1240, 150, 24
GOOD, REFUSED, UNAVAILABLE, ODD, TURN = "#2e7d4f", "#c62828", "#ef8a17", "#8d6e00", "#5b3a8c"
STATES = {"empty": "#c9c9c9", "fresh": "#9ccfa9", "stale": "#f4d58d", "expired": "#e79a94"}
KINDS = {"keys": "#1f5f99", "down": UNAVAILABLE, "poisoned": ODD}


class Picture:
    """Lanes over one time axis; every lane says at its left what it shows."""

    def __init__(self, demo):
        self.demo, self.parts = demo, []
        self.began, self.ended = demo.began, demo.phases[-1][0]
        self.steps = int((self.ended - self.began) / STEP) + 1

    def x(self, when):
        when = min(max(when, self.began), self.ended)
        return LEFT + (when - self.began) / (self.ended - self.began) * (WIDTH - LEFT - RIGHT)

    def text(self, x, y, words, size=13, colour="#222", more=""):
        words = words.replace("&", "&amp;").replace("<", "&lt;")
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}"{more}>{words}</text>')

    def box(self, x, y, width, height, colour, more=""):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                          f'fill="{colour}"{more}/>')

    def line(self, x1, y1, x2, y2, colour, width=1):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
                          f'stroke-width="{width}"/>')

    def label(self, y, words, below=""):
        self.text(LEFT - 12, y, words, 13, "#222", ' text-anchor="end" font-weight="bold"')
        if below:
            self.text(LEFT - 12, y + 15, below, 11, "#666", ' text-anchor="end"')

    def counts(self, rows):
        counts = [0] * self.steps
        for when in rows:
            index = int((when - self.began) / STEP)
            if 0 <= index < self.steps:
                counts[index] += 1
        return counts

    def phases(self, top, bottom):
        for i, (when, short, _) in enumerate(self.demo.phases[:-1]):
            until = self.demo.phases[i + 1][0]
            self.box(self.x(when), top, self.x(until) - self.x(when), bottom - top, ["#f3f6fa", "#ffffff"][i % 2])
            above = 8 + 17 * (i % 2)  # neighbours do not run into each other
            self.line(self.x(when), top - above - 12, self.x(when), bottom, "#b8c2cf")
            self.text(self.x(when) + 5, top - above, f"{i + 1} {short}", 12.5, "#222", ' font-weight="bold"')

    def requests(self, base, height):
        rows = self.demo.load.done
        layers = [(GOOD, self.counts([row[0] for row in rows if row[1] == 200])),
                  (UNAVAILABLE, self.counts([row[0] for row in rows if row[1] == 503])),
                  (REFUSED, self.counts([row[0] for row in rows if row[1] not in (200, 503)]))]
        most = max(sum(layer[1][i] for layer in layers) for i in range(self.steps))
        width = (WIDTH - LEFT - RIGHT) / self.steps
        for i in range(self.steps):
            under = 0.0
            for colour, counts in layers:
                tall = counts[i] / most * height
                if tall > 0:
                    tall = max(tall, 2.0)  # one refusal must be seen
                    self.box(self.x(self.began + i * STEP), base - under - tall, width + 0.2, tall, colour)
                under += tall
        self.line(LEFT, base, WIDTH - RIGHT, base, "#888")
        self.label(base - height / 2 - 4, "good tokens", f"up to {most / STEP:.0f} a second")

    def flood(self, base, height):
        counts = self.counts(self.demo.flood)
        most = max(max(counts), 1)
        width = (WIDTH - LEFT - RIGHT) / self.steps
        for i, count in enumerate(counts):
            if count:
                self.box(self.x(self.began + i * STEP), base - count / most * height, width + 0.2,
                         count / most * height, "#777")
        self.line(LEFT, base, WIDTH - RIGHT, base, "#888")
        self.label(base - height / 2, "unknown key ids", f"up to {most / STEP:.0f} a second")

    def states(self, top, height):
        seen = [*self.demo.watch.seen, (self.ended, "", 0)]
        start, state = self.began, seen[0][1]
        for when, now, _ in seen:
            if now != state:
                self.box(self.x(start), top, self.x(when) - self.x(start), height, STATES[state])
                if self.x(when) - self.x(start) > 40:
                    self.text((self.x(start) + self.x(when)) / 2, top + height - 6, state, 11, "#333",
                              ' text-anchor="middle"')
                start, state = when, now
        self.label(top + height - 6, "keys are")

    def fetches(self, base, height):
        for when, kind in self.demo.issuer.fetches:
            if self.began <= when <= self.ended:
                self.line(self.x(when), base - height, self.x(when), base, KINDS[kind], 1.6)
        self.line(LEFT, base, WIDTH - RIGHT, base, "#888")
        self.label(base - height / 2, "fetches", f"{len(self.demo.issuer.fetches)} in all")

    def rotations(self, base, height):
        seen = self.demo.watch.seen
        low, high = seen[0][2], max(seen[-1][2], seen[0][2] + 1)
        points = []
        for when, _, generation in seen:
            if points:
                points.append(f"{self.x(when):.1f},{points[-1].split(',')[1]}")
            points.append(f"{self.x(when):.1f},{base - (generation - low) / (high - low) * height:.1f}")
        self.parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{TURN}" stroke-width="1.5"/>')
        for when in self.demo.rotations:
            self.parts.append(f'<path d="M{self.x(when):.1f} {base + 3} l-4 8 h8 z" fill="{TURN}"/>')
        self.line(LEFT, base, WIDTH - RIGHT, base, "#888")
        self.label(base - height / 2, "key sets seen", f"{high:.0f}; triangle: rotation")

    def axis(self, y):
        span = self.ended - self.began
        for second in range(0, int(span) + 1, 5 if span > 40 else 2):
            at = self.x(self.began + second)
            self.line(at, y - 14, at, y - 10, "#888")
            self.text(at, y, f"{second} s", 11, "#555", ' text-anchor="middle"')

    def legend(self, y):
        x = LEFT
        for colour, words in ((GOOD, "200 passed"), (REFUSED, "401 refused"),
                              (UNAVAILABLE, "503 no keys / issuer down"), (KINDS["keys"], "fetch answered"),
                              (ODD, "odd document"), ("#777", "tokens with random key ids")):
            self.box(x, y - 10, 12, 12, colour)
            self.text(x + 17, y, words, 12)
            x += 40 + 6.6 * len(words)

    def results(self, y):
        for i, (_, _, name) in enumerate(self.demo.phases[:-1], 1):
            kept = [result for result in self.demo.results if result[0] == i]
            self.text(30, y, f"{i}  {name}", 13, "#222", ' font-weight="bold"')
            for _, good, words in kept:
                y += 17
                self.text(50, y, ("kept: " if good else "BROKEN: ") + words, 12.5, GOOD if good else REFUSED)
            y += 22
        return y

    def draw(self, path):
        self.text(30, 28, "Good tokens at jetond /verify while their issuer rotates, is flooded, goes down, lies", 18,
                  "#111", ' font-weight="bold"')
        times = ", ".join(f"{name} {value:g}{'' if name == 'miss_burst' else ' s'}" for name, value in TIMES.items())
        self.text(30, 47, "times scaled down: " + times, 11, "#666")
        self.phases(96, 482)
        self.requests(208, 110)
        self.states(222, 22)
        self.rotations(320, 60)
        self.fetches(386, 36)
        self.flood(450, 40)
        self.axis(482)
        self.legend(508)
        height = self.results(544)
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
                'font-family="Helvetica, Arial, sans-serif"><title>Key rotation under load</title>'
                f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>')
        pathlib.Path(path).write_text("\n".join([head, *self.parts, "</svg>"]) + "\n", encoding="utf-8")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("build", type=pathlib.Path, help="where jeton and jetond are")
    options.add_argument("--picture", default="demo-rotation.svg")
    options.add_argument("--timeline", help="a file for what is printed")
    options.add_argument("--quick", action="store_true", help="fewer rotations, for the tests")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="jeton-demo-") as folder:
        demo = Demo(chosen.build.resolve(), pathlib.Path(folder), chosen.quick)
        try:
            demo.run()
        finally:
            if demo.jetond.process.poll() is None:
                demo.jetond.end()
        Picture(demo).draw(chosen.picture)
    if chosen.timeline:
        pathlib.Path(chosen.timeline).write_text("\n".join(demo.lines) + "\n", encoding="utf-8")
    print(f"picture: {chosen.picture}")
    for fault in demo.faults:
        print(f"broken: {fault}")
    return 1 if demo.faults else 0


if __name__ == "__main__":
    sys.exit(main())
