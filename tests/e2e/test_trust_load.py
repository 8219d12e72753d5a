# SPDX-License-Identifier: Apache-2.0
"""What issue "key source" promises of jetond as figures: latency beside a hanging issuer, fetches and memory in a flood."""
import http.client
import random
import statistics
import string
import time

from jetond import SANITIZED, encode_part, eventually
from test_trust import QUICK, STILL, is_ready

ROUNDS, ASKED, FLOOD = 7, 1500, 20000 if SANITIZED else 300000


class Asker:
    """One connection that stays open."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("jetond", timeout=20)
        self.connection.sock = server.socket()

    def ask(self, token):
        began = time.perf_counter()
        self.connection.request("GET", "/verify", headers={"Authorization": f"Bearer {token}"})
        answer = self.connection.getresponse()
        answer.read()
        return answer.status, time.perf_counter() - began


def median_latency(asker, token, other):
    took = []
    for i in range(ASKED):
        status, seconds = asker.ask(token)
        assert status == 200
        took.append(seconds)
        if i % 10 == 0:
            asker.ask(other)  # of the issuer beside it; not counted
    return statistics.median(took)


def test_a_hanging_issuer_does_not_slow_the_others(run, issuers):
    good, healthy, hanging = issuers("good"), issuers("healthy"), issuers("hanging")
    hanging.hold()
    without = run("trust:\n" + good.trust(STILL) + healthy.trust(QUICK), name="without")
    beside = run("trust:\n" + good.trust(STILL) + hanging.trust(QUICK), name="beside")
    for server in (without, beside):
        eventually(lambda: server.verify(good.sign()).status == 200)
    token, askers = good.sign(), (Asker(without), Asker(beside))
    others = (healthy.sign(), hanging.sign())
    ratios, medians = [], []
    for _ in range(ROUNDS):
        pair = [median_latency(asker, token, other) for asker, other in zip(askers, others)]
        medians.append(pair)
        ratios.append(pair[1] / pair[0])
    print("medians in µs, without and beside:", [[round(1e6 * one) for one in pair] for pair in medians])
    print("ratio, median of", ROUNDS, "interleaved rounds:", round(statistics.median(ratios), 3))
    assert statistics.median(ratios) <= (1.5 if SANITIZED else 1.1)


def test_a_flood_of_random_kids_costs_few_fetches_and_no_memory(run, issuers):
    issuer = issuers()
    server = run("trust:\n" + issuer.trust("miss_interval: 2s, min_gap: 100ms"))
    eventually(lambda: is_ready(server))
    _, payload, signature = issuer.sign().split(".")

    def flood(count):
        with server.socket(60) as connection:
            for _ in range(count // 50):
                requests = []
                for _ in range(50):
                    kid = "".join(random.choices(string.ascii_letters, k=20))
                    header = encode_part({"alg": "ES256", "typ": "JWT", "kid": kid})
                    requests.append(f"GET /verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                                    f"{header}.{payload}.{signature}\r\n\r\n")
                connection.sendall("".join(requests).encode())
                received = b""
                while received.count(b'"reason":"key_unknown"') < 50:
                    more = connection.recv(65536)
                    assert more, received[-300:]
                    received += more
                assert received.count(b"HTTP/1.1 401 ") == 50
    flood(FLOOD // 10)
    before, began = server.resident_kib(), time.monotonic()
    fetches = len(issuer.fetches)
    flood(FLOOD)
    took, after = time.monotonic() - began, server.resident_kib()
    more = len(issuer.fetches) - fetches
    print(f"{FLOOD} random kids in {took:.1f} s: {more} fetches; resident {before} KiB before, {after} KiB after")
    assert more <= 2 + took / 2
    if not SANITIZED:
        assert after <= before + 512
    issuer.rotate()
    began = time.monotonic()
    eventually(lambda: server.verify(issuer.sign()).status == 200, 15)
    print(f"a rotation right after it was believed after {time.monotonic() - began:.2f} s (interval 2 s, grown 8 s)")
    assert time.monotonic() - began <= 8 + 2
